/**
 * ROW_NUMBER() OVER (PARTITION BY … ORDER BY …), and the condition above it that says which rows are kept: Top-N, and
 * with the first row alone deduplication. Within a window, where the window's columns are in PARTITION BY.
 */
import { sqlType } from '../core/types.js';
import { conjunction } from '../plan/conjunction.js';
import { columnRef, columnsOf, literal, substitute, type Expression } from '../plan/expression.js';
import { isUpdating } from '../plan/changes.js';
import type { AggregateCall, PlanNode, SortKey } from '../plan/plan.js';
import { inputsOf, isRowtime, withInputs } from '../plan/trace.js';
import { Projection, projectNode } from './projection.js';
import type { Relation, WindowRole } from './relation.js';
import { sqlUnsupported } from './sql-error.js';
import type { VirtualCall } from './virtuals.js';

type RankNode = Extract<PlanNode, { kind: 'rank' | 'window-rank' }>;

const numberType = sqlType('BIGINT', false);

/**
 * Puts a rank without bounds on `relation`: what is above must give it some. `calls` and `items` are as in `lowerOvers`:
 * virtual column k is `relation.columns.length + k`.
 */
export function lowerRanking(
  relation: Relation, calls: readonly (VirtualCall | null)[], items: readonly Expression[], timeToLive: number | null,
): { readonly node: PlanNode; readonly items: readonly Expression[] } {
  const base = relation.columns.length;
  const [call, other] = calls.filter((one) => one !== null);
  const { over, place } = call!;
  if (other !== undefined) throw sqlUnsupported(other.place, 'ROW_NUMBER beside another OVER call is not supported', 'Compute one of them in a sub-query.');
  const below = new Projection(relation.node);
  const partition = [...new Set(over!.partition.map((expression) => below.add(expression)))];
  const order = over!.sort!.map(({ expression, descending, nullsLast }): SortKey => ({ column: below.add(expression), descending, nullsLast }));
  for (const item of items) {
    for (const index of columnsOf(item)) if (index < base) below.add(columnRef(index, relation.node.schema[index]!.type));
  }
  const input = below.node();
  const bound = (role: WindowRole): number => {
    const column = over!.partition.find((expression) => expression.kind === 'column' && relation.columns[expression.index]?.role === role);
    return column === undefined ? -1 : below.add(column);
  };
  const attached = { start: bound('start'), end: bound('end') };
  const common = {
    input, partition, order, from: 1, to: Infinity, numbered: true, place,
    schema: [...input.schema, { name: 'row_number', type: numberType }], rowtime: input.rowtime,
  };
  const node: RankNode = attached.start >= 0 && attached.end >= 0 ? { ...common, kind: 'window-rank', attached } : { ...common, kind: 'rank', ttl: timeToLive };
  const at = (index: number): Expression =>
    index < base ? columnRef(below.add(columnRef(index, relation.node.schema[index]!.type)), relation.node.schema[index]!.type) : columnRef(input.schema.length, numberType);
  return { node, items: items.map((item) => substitute(item, at)) };
}

/** Filters above a rank without bounds, with projections in between: the rank takes its bounds from their condition. */
export function withRankBounds(node: PlanNode): PlanNode {
  if (node.kind !== 'filter') return node;
  const below = withRankBounds(node.input);
  const found = rankBelow(below);
  const condition = { ...node, input: below };
  if (found === null) return condition;
  const number = found.outputs.findIndex((expression) => isNumber(expression, found.rank));
  if (number < 0) return condition;
  const parts = conjuncts(node.condition);
  const bounds = parts.map((part) => boundsOf(part, (column) => isNumber(found.outputs[column]!, found.rank)));
  const from = Math.max(1, ...bounds.map((one) => one?.from ?? 1));
  const to = Math.min(...bounds.map((one) => one?.to ?? Infinity));
  if (to === Infinity) return condition;
  const bounded = bound(found.rank, from, Math.max(to, 0));
  const above = projectNode(bounded.node, found.outputs.map((output) => substitute(output, bounded.at)), below.schema);
  const rest = parts.filter((_, index) => bounds[index] === null);
  // No row has a number between them.
  if (to < from) rest.push(literal(false, sqlType('BOOLEAN', false)));
  if (rest.length === 0) return above;
  return { kind: 'filter', input: above, condition: rest.reduce(conjunction), schema: above.schema, rowtime: above.rowtime };
}

/**
 * The same plan with ranks that nobody bounds as OVER counts, where they follow the rowtime: then a row's number stays.
 * Refuses others: every row would have to be kept for ever.
 */
export function withRowNumbers(root: PlanNode): PlanNode {
  const node = withInputs(root, inputsOf(root).map(withRowNumbers));
  if ((node.kind !== 'rank' && node.kind !== 'window-rank') || node.to < Infinity) return node;
  const { input, partition, order: [key, ...more], place, schema } = node;
  if (more.length > 0 || key!.descending || !isRowtime(input, key!.column) || isUpdating(input)) {
    throw sqlUnsupported(place, 'ROW_NUMBER without a condition on it would number every row for ever', 'Put it into a sub-query and say which rows you want: SELECT … FROM (SELECT *, ROW_NUMBER() OVER (…) AS rn FROM t) WHERE rn <= 10. Or order it by the rowtime alone.');
  }
  const count: AggregateCall = { name: 'COUNT', argument: null, distinct: false, filter: null, type: numberType, place };
  return { kind: 'over', input, time: key!.column, partition, frame: { kind: 'rows', preceding: null }, aggregates: [count], place, schema, rowtime: key!.column };
}

/** The number of a single rank is known, and no column any more. */
function bound(rank: RankNode, from: number, to: number): { readonly node: RankNode; readonly at: (index: number) => Expression } {
  const first = rank.input.schema.length;
  const last = Math.max(from, to);
  if (from < last) return { node: { ...rank, from, to: last }, at: (index) => columnRef(index, rank.schema[index]!.type) };
  const node = { ...rank, from, to: last, numbered: false, schema: rank.input.schema };
  return { node, at: (index) => (index === first ? literal(from, numberType) : columnRef(index, rank.schema[index]!.type)) };
}

interface RankBelow {
  readonly rank: RankNode;
  /** Columns of the node above, over the rank's. */
  readonly outputs: readonly Expression[];
}

function rankBelow(node: PlanNode): RankBelow | null {
  if (node.kind === 'rank' || node.kind === 'window-rank') {
    return node.to === Infinity ? { rank: node, outputs: node.schema.map(({ type }, index) => columnRef(index, type)) } : null;
  }
  if (node.kind !== 'project') return null;
  const below = rankBelow(node.input);
  return below === null ? null : { ...below, outputs: node.expressions.map((expression) => substitute(expression, (index) => below.outputs[index]!)) };
}

const isNumber = (expression: Expression, rank: RankNode): boolean => expression.kind === 'column' && expression.index === rank.input.schema.length;

function conjuncts(condition: Expression): readonly Expression[] {
  return condition.kind === 'call' && condition.name === 'AND' ? condition.args.flatMap(conjuncts) : [condition];
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };

/** What a comparison of the number with a literal lets through; null where the condition is something else. */
function boundsOf(condition: Expression, isNumbered: (column: number) => boolean): Bounds | null {
  if (condition.kind !== 'call') return null;
  const { name, args } = condition;
  const isColumn = (expression: Expression | undefined): boolean => {
    const inner = uncast(expression);
    return inner?.kind === 'column' && isNumbered(inner.index);
  };
  const [first, second, third] = args;
  if (name === 'BETWEEN') {
    const [low, high] = [numberOf(second), numberOf(third)];
    return isColumn(first) && low !== null && high !== null ? { from: Math.ceil(low), to: Math.floor(high) } : null;
  }
  if (mirrored[name] === undefined || args.length !== 2) return null;
  const [operator, value] = isColumn(first) ? [name, numberOf(second)] : isColumn(second) ? [mirrored[name], numberOf(first)] : [name, null];
  if (value === null) return null;
  switch (operator) {
    case '<': return { from: 1, to: Math.ceil(value) - 1 };
    case '<=': return { from: 1, to: Math.floor(value) };
    case '>': return { from: Math.floor(value) + 1, to: Infinity };
    case '>=': return { from: Math.ceil(value), to: Infinity };
    default: return Number.isInteger(value) ? { from: value, to: value } : null;
  }
}

/** What a comparison of two types casts is the same number. */
function uncast(expression: Expression | undefined): Expression | undefined {
  return expression?.kind === 'call' && expression.name === 'CAST' ? uncast(expression.args[0]) : expression;
}

function numberOf(expression: Expression | undefined): number | null {
  const inner = uncast(expression);
  // Of a decimal the value is unscaled.
  return inner?.kind === 'literal' && typeof inner.value === 'number' && inner.type.kind !== 'DECIMAL' ? inner.value : null;
}
