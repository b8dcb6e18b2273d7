/**
 * How large a plan becomes once views and sub-queries are put in where they are read: twenty views, each of which reads
 * the one before twice, are a million. Measured on the shared plan, so that measuring is quick.
 */
import type { Expression, Place } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { inputsOf } from '../plan/trace.js';
import { sqlInvalid } from './sql-error.js';

/** Parts of a plan: nodes and parts of expressions. Ten thousand take the compiler some tenths of a second. */
const partsMax = 50_000;

interface Size {
  /** Parts of each column's expression, over the last operator that keeps state. */
  readonly columns: readonly number[];
  readonly parts: number;
}

export function checkPlanSize(root: PlanNode, place: Place): void {
  const { parts } = sizeOf(root, new Map());
  if (parts > partsMax) {
    throw sqlInvalid(place, `the statement has more than ${partsMax} parts once its views and sub-queries are put in`, 'Read each view once, and name intermediate results in fewer steps.');
  }
}

function sizeOf(node: PlanNode, known: Map<PlanNode, Size>): Size {
  const before = known.get(node);
  if (before !== undefined) return before;
  const size = measure(node, known);
  known.set(node, size);
  return size;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function measure(node: PlanNode, known: Map<PlanNode, Size>): Size {
  if (node.kind === 'scan') {
    const columns = node.table.columns.map(({ expression }) => partsOf(expression, []));
    return { columns, parts: 1 + columns.length };
  }
  if (node.kind === 'union') {
    const inputs = node.inputs.map((input) => sizeOf(input, known));
    return { columns: node.schema.map((_, index) => Math.max(...inputs.map((input) => input.columns[index]!))), parts: 1 + sum(inputs.map((input) => input.parts)) };
  }
  if (node.kind !== 'filter' && node.kind !== 'project') {
    return { columns: node.schema.map(() => 1), parts: sum(inputsOf(node).map((input) => sizeOf(input, known).parts)) + node.schema.length };
  }
  const input = sizeOf(node.input, known);
  if (node.kind === 'filter') return { columns: input.columns, parts: input.parts + partsOf(node.condition, input.columns) };
  const columns = node.expressions.map((expression) => partsOf(expression, input.columns));
  return { columns, parts: input.parts + sum(columns) };
}

/** Parts of an expression, each column counting as what it stands for. */
function partsOf(expression: Expression, columns: readonly number[]): number {
  if (expression.kind === 'column') return columns[expression.index] ?? 1;
  return expression.kind === 'literal' ? 1 : 1 + sum(expression.args.map((arg) => partsOf(arg, columns)));
}
