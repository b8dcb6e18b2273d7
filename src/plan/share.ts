/**
 * Window aggregates of several statements over the same rows, keys and windows become one operator that computes the
 * aggregates of all: rows are then looked up and their panes kept once. Statements stay apart in what can fail.
 */
import { assert } from '../core/errors.js';
import { timestampType, type Field } from '../core/types.js';
import { columnRef, substitute, type Expression } from './expression.js';
import { columnsRead, mayFail, resultMayFail, withColumns } from './failing.js';
import { identityOf } from './identity.js';
import type { AggregateCall, Pipeline, PlanNode, Statement } from './plan.js';
import { inputsOf, withInputs } from './trace.js';

type WindowAggregateNode = Extract<PlanNode, { kind: 'window-aggregate' }>;
type ScanNode = Extract<PlanNode, { kind: 'scan' }>;

/** A chain of projections and filters over a scan, as one of each. */
interface Flat {
  readonly scan: ScanNode;
  readonly filter: Expression | null;
  readonly columns: readonly Expression[];
}

interface Group {
  readonly flat: Flat;
  readonly node: WindowAggregateNode;
  /** Columns of the shared input: event time, keys, then arguments and filters of aggregates. */
  readonly columns: { readonly expression: Expression; readonly field: Field }[];
  readonly columnAt: Map<string, number>;
  readonly aggregates: { readonly call: AggregateCall; readonly field: Field }[];
  readonly aggregateAt: Map<string, number>;
  members: number;
}

export function shareWindowAggregates(pipeline: Pipeline): Pipeline {
  const groups = new Map<string, Group>();
  const places = new Map<WindowAggregateNode, { group: Group; aggregates: number[] }>();
  const visit = (node: PlanNode): void => {
    if (node.kind === 'window-aggregate') join(node, groups, places);
    for (const input of inputsOf(node)) visit(input);
  };
  for (const { root } of pipeline.statements) visit(root);
  if ([...groups.values()].every(({ members }) => members < 2)) return pipeline;
  const built = new Map<Group, PlanNode>();
  const rewrite = (node: PlanNode): PlanNode => {
    const place = node.kind === 'window-aggregate' ? places.get(node) : undefined;
    if (place !== undefined && place.group.members > 1) return member(node as WindowAggregateNode, place, built);
    return withInputs(node, inputsOf(node).map(rewrite));
  };
  return { ...pipeline, statements: pipeline.statements.map((statement): Statement => ({ ...statement, root: rewrite(statement.root) })) };
}

function join(node: WindowAggregateNode, groups: Map<string, Group>, places: Map<WindowAggregateNode, { group: Group; aggregates: number[] }>): void {
  const flat = node.window === null ? null : flatten(node.input);
  if (flat === null) return;
  const key = identityOf([flat.scan.table.name, flat.filter, flat.columns[node.time], node.keys.map((column) => flat.columns[column]), node.window, failingOf(node, flat)]);
  let group = groups.get(key);
  if (group === undefined) groups.set(key, group = newGroup(flat, node));
  const at = (column: number) => columnAt(group, flat.columns[column]!, node.input.schema[column]!);
  const first = node.keys.length;
  const aggregates = node.aggregates.map((call, index) => {
    return aggregateAt(group, withColumns(call, at), node.schema[first + index]!);
  });
  group.members += 1;
  places.set(node, { group, aggregates });
}

/** Aggregates that can fail, as texts: what one statement loses by them, a statement without them keeps. */
function failingOf(node: WindowAggregateNode, { columns }: Flat): readonly string[] {
  const failing = node.aggregates.filter((call) => resultMayFail(call) || columnsRead(call).some((column) => mayFail(columns[column]!)));
  const texts = failing.map(({ argument, filter, defaultColumn, more, ...call }) =>
    identityOf([call, ...[argument, filter, defaultColumn ?? null, ...(more ?? [])].map((column) => (column === null ? null : columns[column]))]));
  return [...new Set(texts)].sort();
}

function newGroup(flat: Flat, node: WindowAggregateNode): Group {
  const columns = [node.time, ...node.keys].map((column) => ({ expression: flat.columns[column]!, field: node.input.schema[column]! }));
  const columnAt = new Map<string, number>();
  columns.forEach(({ expression }, index) => { if (!columnAt.has(identityOf(expression))) columnAt.set(identityOf(expression), index); });
  return { flat, node, columns, columnAt, aggregates: [], aggregateAt: new Map(), members: 0 };
}

function columnAt(group: Group, expression: Expression, field: Field): number {
  const text = identityOf(expression);
  let index = group.columnAt.get(text);
  if (index === undefined) {
    index = group.columns.length;
    group.columns.push({ expression, field });
    group.columnAt.set(text, index);
  }
  return index;
}

function aggregateAt(group: Group, call: AggregateCall, field: Field): number {
  const text = identityOf(call);
  let index = group.aggregateAt.get(text);
  if (index === undefined) {
    index = group.aggregates.length;
    group.aggregates.push({ call, field });
    group.aggregateAt.set(text, index);
  }
  return index;
}

/** A member of a group as a projection of the shared operator. */
function member(node: WindowAggregateNode, { group, aggregates }: { group: Group; aggregates: readonly number[] }, built: Map<Group, PlanNode>): PlanNode {
  let shared = built.get(group);
  if (shared === undefined) built.set(group, shared = sharedNode(group));
  const { schema } = shared;
  const first = group.node.keys.length;
  const windowAt = first + group.aggregates.length;
  const from = [...node.keys.keys(), ...aggregates.map((index) => first + index), windowAt, windowAt + 1, windowAt + 2];
  assert(from.length === node.schema.length, 'a shared aggregate delivers the columns of each member');
  return {
    kind: 'project', input: shared, schema: node.schema, rowtime: node.rowtime,
    expressions: from.map((column) => columnRef(column, schema[column]!.type)),
  };
}

function sharedNode(group: Group): PlanNode {
  const { flat, node } = group;
  const below: PlanNode = flat.filter === null ? flat.scan
    : { kind: 'filter', input: flat.scan, condition: flat.filter, schema: flat.scan.schema, rowtime: flat.scan.rowtime };
  const input: PlanNode = {
    kind: 'project', input: below, expressions: group.columns.map(({ expression }) => expression),
    schema: group.columns.map(({ field }) => field), rowtime: 0,
  };
  const keys = node.keys.map((column) => node.input.schema[column]!);
  const bounds = ['window_start', 'window_end', 'window_time'].map((name) => ({ name, type: timestampType(3, false) }));
  const schema = [...keys, ...group.aggregates.map(({ field }) => field), ...bounds];
  return {
    ...node, input, time: 0, keys: node.keys.map((_, index) => index + 1), schema, rowtime: schema.length - 1,
    aggregates: group.aggregates.map(({ call }) => call),
  };
}

function flatten(node: PlanNode): Flat | null {
  if (node.kind === 'scan') return { scan: node, filter: null, columns: node.schema.map((field, index) => columnRef(index, field.type)) };
  if (node.kind !== 'project' && node.kind !== 'filter') return null;
  const below = flatten(node.input);
  if (below === null) return null;
  const inside = (expression: Expression) => substitute(expression, (index) => below.columns[index]!);
  if (node.kind === 'project') return { ...below, columns: node.expressions.map(inside) };
  // Two filters one above the other stay two: only the usual single one is shared.
  return below.filter !== null ? null : { ...below, filter: inside(node.condition) };
}
