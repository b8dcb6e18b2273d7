/** What can fail: a row that an expression refuses, a result that does not fit its type. */
import { kernelOf } from '../functions/scalar.js';
import { columnsOf, type Expression } from './expression.js';
import type { AggregateCall, PlanNode } from './plan.js';
import { joinedColumn } from './trace.js';

/** Whether the expression can refuse a row. */
export function mayFail(expression: Expression): boolean {
  if (expression.kind !== 'call') return false;
  return (expression.name !== 'TRY_CAST' && kernelOf(expression)?.fails === true) || expression.args.some(mayFail);
}

/** Whether the result of an aggregate may not fit: sums of integers, and what grows as they do. */
export function resultMayFail({ name, type }: AggregateCall): boolean {
  if (name === 'USER') return true;
  const grows = name === 'SUM' || name.startsWith('VAR') || name.startsWith('STDDEV');
  return grows && (type.kind === 'TINYINT' || type.kind === 'SMALLINT' || type.kind === 'INT' || type.kind === 'BIGINT');
}

/** Input columns that an aggregate reads. */
export const columnsRead = ({ argument, filter, defaultColumn, more }: AggregateCall): readonly number[] =>
  [argument, filter, defaultColumn ?? null, ...(more ?? [])].filter((column) => column !== null);

/** The call over other columns: `at(column)` stands for input column `column`. */
export function withColumns(call: AggregateCall, at: (column: number) => number): AggregateCall {
  const moved = (column: number | null): number | null => (column === null ? null : at(column));
  const base = { ...call, argument: moved(call.argument), filter: moved(call.filter) };
  if (call.more !== undefined) return { ...base, more: call.more.map(at) };
  return call.defaultColumn == null ? base : { ...base, defaultColumn: at(call.defaultColumn) };
}

/** Whether asking for this column of the node can cost a row that would be there if nobody asked. */
export function columnMayFail(node: PlanNode, column: number): boolean {
  switch (node.kind) {
    case 'scan': return mayFail(node.table.columns[column]!.expression);
    case 'filter': case 'changelog': return columnMayFail(node.input, column);
    case 'project': {
      const expression = node.expressions[column]!;
      return mayFail(expression) || [...columnsOf(expression)].some((below) => columnMayFail(node.input, below));
    }
    case 'union': return node.inputs.some((input) => columnMayFail(input, column));
    case 'window': return column < node.input.schema.length && columnMayFail(node.input, column);
    // Its code is run in any case, and so are a match's measures.
    case 'process': case 'halts': case 'match': return false;
    case 'rank': case 'window-rank': return column < node.input.schema.length && columnMayFail(node.input, column);
    case 'interval-join': case 'temporal-join': case 'join': case 'window-join': {
      const joined = joinedColumn(node, column);
      return columnMayFail(joined.input, joined.column);
    }
    case 'over': case 'window-aggregate': case 'group-aggregate': case 'global-window': {
      const first = node.kind === 'over' ? node.input.schema.length : node.keys.length;
      // Keys are asked for in any case.
      if (column < first) return node.kind === 'over' && columnMayFail(node.input, column);
      const call = node.aggregates[column - first];
      return call !== undefined && (resultMayFail(call) || columnsRead(call).some((below) => columnMayFail(node.input, below)));
    }
  }
}
