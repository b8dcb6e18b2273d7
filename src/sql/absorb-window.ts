/**
 * An aggregate over a window table needs no row per window: it takes the rows below the table function and assigns
 * windows itself. That holds where nothing between the two, and no argument, reads a window column. Of sessions it holds
 * where they are told apart by the aggregate's own keys, and where rows left out in between are all those of a key: any
 * other row makes its session, whatever becomes of it later.
 */
import { isUpdating } from '../plan/changes.js';
import { columnRef, columnsOf, substitute, usesClock } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import type { PlanNode, WindowSpec } from '../plan/plan.js';
import { columnsRead, withColumns } from '../plan/failing.js';
import { projectNode } from './projection.js';

export type WindowAggregate = Extract<PlanNode, { kind: 'window-aggregate' }>;
type WindowTable = Extract<PlanNode, { kind: 'window' }>;

/** The aggregate on the rows below its window table, or the same node where that cannot be. */
export function absorbWindow(node: WindowAggregate): WindowAggregate {
  if (node.attached === null) return node.window?.kind === 'hop' && isUpdating(node.input) ? withOwnWindows(node, node.window) : node;
  const { attached } = node;
  const chain = downToWindow(node.input);
  if (chain === null) return node;
  const { table, conditions, outputs } = chain;
  const width = table.input.schema.length;
  const isColumn = (expression: Expression | undefined, index: number): boolean => expression?.kind === 'column' && expression.index === index;
  if (!isColumn(outputs[attached.start], width) || !isColumn(outputs[attached.end], width + 1)) return node;

  const needed = neededColumns(node);
  const read = [...conditions, ...needed.map((index) => outputs[index]!)];
  if (read.some((expression) => [...columnsOf(expression)].some((index) => index >= width))) return node;

  // Rows that carry their windows need no merging, which rows that are taken back do not bear.
  if (table.window.kind !== 'tumble' && isUpdating(table.input)) return node;
  if (table.window.kind !== 'tumble' && node.aggregates.some(({ user }) => user !== undefined && user.code.merge === undefined)) return node;
  if (table.window.kind === 'session' && !sessionsAreGroups(table, conditions, node.keys.map((key) => outputs[key]!))) return node;

  let below = table.input;
  for (const condition of conditions) below = { kind: 'filter', input: below, condition, schema: below.schema, rowtime: below.rowtime };
  const expressions = [columnRef(table.time, below.schema[table.time]!.type), ...needed.map((index) => outputs[index]!)];
  const fields = [below.schema[table.time]!, ...needed.map((index) => node.input.schema[index]!)];
  const moved = (index: number): number => needed.indexOf(index) + 1;
  return {
    ...node,
    input: projectNode(below, expressions, fields),
    time: 0,
    window: table.window,
    attached: null,
    keys: node.keys.map(moved),
    aggregates: node.aggregates.map((call) => withColumns(call, moved)),
  };
}

/** GROUP BY HOP(…) of rows that may be taken back: as over the window table. */
function withOwnWindows(node: WindowAggregate, window: WindowSpec): WindowAggregate {
  const { input, time, place } = node;
  const width = input.schema.length;
  const bounds = node.schema.slice(-3);
  const table: WindowTable = { kind: 'window', input, time, window, partition: [], place, schema: [...input.schema, ...bounds], rowtime: width + 2 };
  return { ...node, input: table, time: width + 1, window: null, attached: { start: width, end: width + 1 } };
}

function sessionsAreGroups({ partition }: WindowTable, conditions: readonly Expression[], keys: readonly Expression[]): boolean {
  const isKey = (expression: Expression): boolean => expression.kind === 'column' && partition.includes(expression.index);
  const ofKeys = (condition: Expression): boolean => [...columnsOf(condition)].every((index) => partition.includes(index));
  return keys.every(isKey) && partition.every((column) => keys.some((key) => key.kind === 'column' && key.index === column))
    && conditions.every((condition) => ofKeys(condition) && !usesClock(condition));
}

function neededColumns({ keys, aggregates }: WindowAggregate): readonly number[] {
  const columns = [...keys, ...aggregates.flatMap(columnsRead)];
  return [...new Set(columns)];
}

interface Chain {
  readonly table: WindowTable;
  /** Conditions in between, over the window table's columns, the lowest first. */
  readonly conditions: readonly Expression[];
  /** The top's columns, over the window table's. */
  readonly outputs: readonly Expression[];
}

/** Filters and projections from `node` down to a window table; null when something else is in between. */
function downToWindow(node: PlanNode): Chain | null {
  if (node.kind === 'window') {
    return { table: node, conditions: [], outputs: node.schema.map(({ type }, index) => columnRef(index, type)) };
  }
  if (node.kind !== 'project' && node.kind !== 'filter') return null;
  const below = downToWindow(node.input);
  if (below === null) return null;
  const over = (expression: Expression): Expression => substitute(expression, (index) => below.outputs[index]!);
  if (node.kind === 'project') return { ...below, outputs: node.expressions.map(over) };
  return { ...below, conditions: [...below.conditions, over(node.condition)] };
}
