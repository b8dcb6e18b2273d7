/** OVER aggregates of one SELECT: one over node, and the expressions that stand on it. */
import { columnRef, columnsOf, substitute } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { aggregateCall, callText } from './grouping.js';
import { Projection } from './projection.js';
import { columnNames } from './relation.js';
import type { Relation } from './relation.js';
import { sqlUnsupported, sqlInvalid } from './sql-error.js';
import { windowKey } from './virtuals.js';
import type { BoundWindow, VirtualCall } from './virtuals.js';
import { checkRowtime, rowtimeHelp } from './window-tables.js';

/**
 * Puts an over node on `relation` for `calls`: virtual column k is `relation.columns.length + k`, and null where it is
 * not an OVER call (grouped already). Returns the node and `items` over it. Columns that nothing needs stay below.
 */
export function lowerOvers(relation: Relation, calls: readonly (VirtualCall | null)[], items: readonly Expression[]): { readonly node: PlanNode; readonly items: readonly Expression[] } {
  const base = relation.columns.length;
  const overs = calls.filter((call) => call !== null);
  const window = sharedWindow(overs);
  const below = new Projection(relation.node);
  const time = below.add(timeOf(relation, window));
  const partition = window.partition.map((expression) => below.add(expression));
  const aggregates = overs.map((call) => aggregateCall(call, below));
  for (const item of items) {
    for (const index of columnsOf(item)) if (index < base) below.add(columnRef(index, relation.node.schema[index]!.type));
  }
  const input = below.node();
  const names = columnNames(relation);
  const schema = [...input.schema, ...overs.map((call) => ({ name: `${callText(call, names)} OVER`, type: call.type }))];
  const node: PlanNode = { kind: 'over', input, time, partition: [...new Set(partition)], frame: window.frame, aggregates, place: window.place, schema, rowtime: time };
  const at = (index: number): Expression => {
    if (index < base) return columnRef(below.add(columnRef(index, relation.node.schema[index]!.type)), relation.node.schema[index]!.type);
    const call = calls[index - base]!;
    return columnRef(input.schema.length + overs.indexOf(call), call.type);
  };
  return { node, items: items.map((item) => substitute(item, at)) };
}

/** Flink wants one window for all OVER aggregates of a SELECT. */
function sharedWindow(overs: readonly VirtualCall[]): BoundWindow {
  const first = overs[0]!.over!;
  const other = overs.find((call) => windowKey(call.over!) !== windowKey(first));
  if (other !== undefined) {
    throw sqlUnsupported(other.place, 'the OVER windows of one SELECT differ', 'Compute one of them in a sub-query: SELECT *, … OVER … FROM (SELECT *, … OVER … FROM t).');
  }
  return first;
}

function timeOf(relation: Relation, { order, orderPlace }: BoundWindow): Expression {
  if (order.kind !== 'column') throw sqlInvalid(orderPlace, 'OVER is ordered by the rowtime column, not by an expression', rowtimeHelp);
  checkRowtime(relation, order.index, orderPlace, 'ORDER BY of OVER');
  return order;
}
