/** What a join's conditions say: which sides they read, keys, and bounds on event times. */
import { withNullable, type SqlType } from '../core/types.js';
import type { Session } from '../functions/kernel.js';
import { makeCall } from '../functions/scalar.js';
import { columnsOf, literal } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';

/** Parts that must all be true. */
export function conjunctsOf(condition: Expression): readonly Expression[] {
  return condition.kind === 'call' && condition.name === 'AND' ? condition.args.flatMap(conjunctsOf) : [condition];
}

/** All of them as one condition; null for none. */
export function allOf(conjuncts: readonly Expression[], place: Place, session: Session): Expression | null {
  return conjuncts.length === 0 ? null : conjuncts.reduce((all, one) => makeCall('AND', [all, one], place, session));
}

export type Reads = 'left' | 'right' | 'both' | 'none';

/** Which side's columns an expression reads, the right's beginning at `first`. */
export function readsOf(expression: Expression, first: number): Reads {
  const columns = [...columnsOf(expression)];
  if (columns.length === 0) return 'none';
  return columns.every((column) => column < first) ? 'left' : columns.every((column) => column >= first) ? 'right' : 'both';
}

/** An equality of the left with the right, each side by itself. */
export interface KeyPair {
  readonly left: Expression;
  readonly right: Expression;
}

/** The equalities that `=`, or IS NOT DISTINCT FROM, comes to; none for other conditions. */
export function keyPairsOf(conjunct: Expression, first: number, session: Session): readonly KeyPair[] {
  if (conjunct.kind !== 'call' || (conjunct.name !== '=' && conjunct.name !== 'IS NOT DISTINCT FROM')) return [];
  const { args: [one, other], place } = conjunct;
  const reads = `${readsOf(one!, first)} ${readsOf(other!, first)}`;
  if (reads !== 'left right' && reads !== 'right left') return [];
  const [left, right] = reads === 'left right' ? [one!, other!] : [other!, one!];
  if (conjunct.name === '=' || (!left.type.nullable && !right.type.nullable)) return [{ left, right }];
  // Keys are never equal by NULL, so what stands for it is compared: whether there is a value, and the value.
  const isNull = (side: Expression): Expression => makeCall('IS NULL', [side], place, session);
  const value = (side: Expression): Expression => makeCall('COALESCE', [side, neutral(side.type)], place, session);
  return [{ left: isNull(left), right: isNull(right) }, { left: value(left), right: value(right) }];
}

/** Some value of a type. */
function neutral(type: SqlType): Expression {
  return literal(type.kind === 'STRING' ? '' : type.kind === 'BOOLEAN' ? false : 0, withNullable(type, false));
}

/** Milliseconds by which the event time in column `left` may differ from that in `right` (over both sides' columns). */
export interface TimeBounds {
  readonly left: number;
  readonly right: number;
  readonly lower: number;
  readonly upper: number;
}

/** What one comparison says of the difference of two event times; null when it is none. `isTime` tells event times. */
export function timeBoundOf(conjunct: Expression, first: number, isTime: (column: number) => boolean): TimeBounds | null {
  if (conjunct.kind !== 'call') return null;
  const [one, other] = conjunct.args.map(shiftedColumn);
  if (one == null || other == null || !isTime(one.column) || !isTime(other.column) || (one.column < first) === (other.column < first)) return null;
  const isLeft = one.column < first;
  const bounds = { left: (isLeft ? one : other).column, right: (isLeft ? other : one).column, lower: -Infinity, upper: Infinity };
  // one.time + one.shift <op> other.time + other.shift, read as a difference left - right.
  const difference = isLeft ? other.shift - one.shift : one.shift - other.shift;
  const operator = isLeft ? conjunct.name : (mirrored[conjunct.name] ?? '');
  switch (operator) {
    case '=': return { ...bounds, lower: difference, upper: difference };
    case '>': return { ...bounds, lower: difference + 1 };
    case '>=': return { ...bounds, lower: difference };
    case '<': return { ...bounds, upper: difference - 1 };
    case '<=': return { ...bounds, upper: difference };
    default: return null;
  }
}

const mirrored: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** A column, and the constant number of milliseconds added to it. */
function shiftedColumn(expression: Expression): { readonly column: number; readonly shift: number } | null {
  if (expression.kind === 'column') return { column: expression.index, shift: 0 };
  if (expression.kind !== 'call') return null;
  const { name, args: [one, other] } = expression;
  // A finer timestamp of the same instant; a coarser one would be another instant.
  if (name === 'CAST' && (expression.type.kind === 'TIMESTAMP' || expression.type.kind === 'TIMESTAMP_LTZ')) {
    return expression.type.kind === one!.type.kind && (expression.type.precision ?? 6) >= 3 ? shiftedColumn(one!) : null;
  }
  if (name !== '+' && name !== '-') return null;
  const left = shiftedColumn(one!);
  const right = millisOf(other!);
  if (left !== null && right !== null) return { column: left.column, shift: left.shift + (name === '+' ? right : -right) };
  if (name === '-') return null;
  const added = millisOf(one!);
  const column = shiftedColumn(other!);
  return added === null || column === null ? null : { column: column.column, shift: column.shift + added };
}

/** Milliseconds of a constant interval. */
function millisOf(expression: Expression): number | null {
  if (expression.type.kind !== 'INTERVAL_DAY') return null;
  if (expression.kind === 'literal') return typeof expression.value === 'number' && Number.isSafeInteger(expression.value) ? expression.value : null;
  if (expression.kind !== 'call') return null;
  const parts = expression.args.map(millisOf);
  if (parts.some((part) => part === null)) return null;
  const [one, other] = parts as number[];
  switch (expression.name) {
    case 'NEG': return -one!;
    case '+': return one! + other!;
    case '-': return one! - other!;
    default: return null;
  }
}

/** Whether the condition cannot be true where the columns that `isPadded` tells are NULL. */
export function rejectsNull(condition: Expression, isPadded: (column: number) => boolean): boolean {
  return condition.kind === 'call' && (strictConditions.has(condition.name)) && condition.args.some((arg) => isNullWith(arg, isPadded));
}

const strictConditions = new Set(['=', '<>', '<', '<=', '>', '>=', 'LIKE', 'IS NOT NULL', 'IS TRUE', 'IS FALSE']);
const strictFunctions = new Set(['+', '-', '*', 'NEG', 'CAST']);

/** Whether the expression is NULL where those columns are. */
function isNullWith(expression: Expression, isPadded: (column: number) => boolean): boolean {
  if (expression.kind === 'column') return isPadded(expression.index);
  return expression.kind === 'call' && strictFunctions.has(expression.name) && expression.args.some((arg) => isNullWith(arg, isPadded));
}
