/** Expressions over the columns of a row, or over rows together, as typed objects that write themselves as SQL. */
import type { DeclaredType } from '../functions/declared-types.js';
import type { FunctionDeclaration } from '../functions/user-functions.js';
import { literalText } from '../flink/reserved-words.js';
import type { Arithmetic, BooleanType, Comparable, Nullable, NumericType, Result, Scope, ScopeOf, TextType, TimeType, TypeOf } from './types.js';
import { intervalText, millisOf } from './windows.js';
import type { Duration } from './windows.js';
import { wrong } from './wrong.js';

/** How tightly an operator binds; what binds less than its place asks gets parentheses. */
export const strength = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, sign: 7, atom: 9 } as const;

/** What is written of aggregates: the name of the OVER window that they are computed in. */
export interface Writing {
  readonly over: string | null;
}

export interface Written {
  readonly text: string;
  readonly binds: number;
}

/** What has a value of SQL type T, of each row or of rows together. */
export interface Typed<T extends DeclaredType, S extends Scope> {
  /** For the compiler alone. */
  readonly type: T;
  readonly scope: S;
  write(writing: Writing): Written;
  readonly functions: readonly FunctionDeclaration[];
}

/** Anything that a value can stand beside: values and constants. */
export type Operand = Typed<DeclaredType, Scope> | number | bigint | string | boolean | null;

/** A value of SQL type T: of each row, or (`group`) of rows together. */
export class Value<T extends DeclaredType, S extends Scope = 'row'> implements Typed<T, S> {
  /** For the compiler alone. */
  declare readonly type: T;
  declare readonly scope: S;

  constructor(readonly write: (writing: Writing) => Written, readonly functions: readonly FunctionDeclaration[] = []) {}

  plus<B extends number | bigint | Typed<NumericType, Scope>>(this: Typed<NumericType, S>, other: B): Value<Arithmetic<T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '+', other, strength.sum);
  }

  minus<B extends number | bigint | Typed<NumericType, Scope>>(this: Typed<NumericType, S>, other: B): Value<Arithmetic<T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '-', other, strength.sum);
  }

  times<B extends number | bigint | Typed<NumericType, Scope>>(this: Typed<NumericType, S>, other: B): Value<Arithmetic<T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '*', other, strength.product);
  }

  /** Of integers it is an integer, as in SQL. */
  dividedBy<B extends number | bigint | Typed<NumericType, Scope>>(this: Typed<NumericType, S>, other: B): Value<Arithmetic<T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '/', other, strength.product);
  }

  modulo<B extends number | bigint | Typed<NumericType, Scope>>(this: Typed<NumericType, S>, other: B): Value<Arithmetic<T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '%', other, strength.product);
  }

  negated(this: Typed<NumericType, S>): Value<T, S> {
    return wrapping<T, S>([this], ([text]) => ({ text: `-${text}`, binds: strength.sign }), strength.sign + 1);
  }

  absolute(this: Typed<NumericType, S>): Value<T, S> {
    return called<T, S>('ABS', [this]);
  }

  /** The time that is so much before this one. */
  earlierBy(this: Typed<TimeType, S>, duration: Duration): Value<T, S> {
    return wrapping<T, S>([this], ([time]) => ({ text: `${time} - ${intervalText(millisOf(duration))}`, binds: strength.sum }), strength.sum);
  }

  laterBy(this: Typed<TimeType, S>, duration: Duration): Value<T, S> {
    return wrapping<T, S>([this], ([time]) => ({ text: `${time} + ${intervalText(millisOf(duration))}`, binds: strength.sum }), strength.sum);
  }

  eq<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '=', other as Operand, strength.comparison);
  }

  ne<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '<>', other as Operand, strength.comparison);
  }

  gt<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '>', other as Operand, strength.comparison);
  }

  ge<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '>=', other as Operand, strength.comparison);
  }

  lt<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '<', other as Operand, strength.comparison);
  }

  le<B extends Comparable<T>>(other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, '<=', other as Operand, strength.comparison);
  }

  /** From `low` to `high`, both included. */
  between<B extends Comparable<T>>(low: B, high: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return wrapping([this, low as Operand, high as Operand], ([value, from, to]) => ({ text: `${value} BETWEEN ${from} AND ${to}`, binds: strength.comparison }), strength.sum);
  }

  in<B extends Comparable<T>>(...values: readonly B[]): Value<Result<'BOOLEAN', T>, S> {
    if (values.length === 0) throw wrong('in() has no values to compare with: give it one at least');
    return wrapping([this, ...(values as readonly Operand[])], ([value, ...list]) => ({ text: `${value} IN (${list.join(', ')})`, binds: strength.comparison }), strength.sum);
  }

  like(this: Typed<TextType, S>, pattern: string): Value<Result<'BOOLEAN', T>, S> {
    return infix(this, 'LIKE', pattern, strength.comparison);
  }

  isNull(): Value<'BOOLEAN NOT NULL', S> {
    return wrapping([this], ([value]) => ({ text: `${value} IS NULL`, binds: strength.comparison }), strength.sum);
  }

  isNotNull(): Value<'BOOLEAN NOT NULL', S> {
    return wrapping([this], ([value]) => ({ text: `${value} IS NOT NULL`, binds: strength.comparison }), strength.sum);
  }

  and<B extends Typed<BooleanType, Scope>>(this: Typed<BooleanType, S>, other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, 'AND', other, strength.and);
  }

  or<B extends Typed<BooleanType, Scope>>(this: Typed<BooleanType, S>, other: B): Value<Result<'BOOLEAN', T, TypeOf<B>>, S | ScopeOf<B>> {
    return infix(this, 'OR', other, strength.or);
  }

  not(this: Typed<BooleanType, S>): Value<T, S> {
    return wrapping<T, S>([this], ([value]) => ({ text: `NOT ${value}`, binds: strength.not }), strength.not);
  }

  /** As another type; a row whose value has no such form goes to the dead letters. */
  cast<To extends DeclaredType>(to: To): Value<Nullable<To>, S> {
    return wrapping([this], ([value]) => ({ text: `CAST(${value} AS ${to.replace(/ NOT NULL$/, '')})`, binds: strength.atom }), 0);
  }

  /** This value, or `other` where it is NULL. */
  orElse<B extends Comparable<T>>(other: B): Value<Result<Nullable<T>, TypeOf<B>>, S | ScopeOf<B>> {
    return called('COALESCE', [this, other as Operand]);
  }

  /** NULL where it is `other`. */
  nullIf<B extends Comparable<T>>(other: B): Value<Nullable<T>, S | ScopeOf<B>> {
    return called('NULLIF', [this, other as Operand]);
  }
}

/** A number as SQL: whole numbers are INT or BIGINT, others DOUBLE. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw wrong(`${value} cannot be written in SQL: compute it, or leave it out`);
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0E0' : String(value);
  const text = String(value).toUpperCase().replace('+', '');
  return text.includes('E') ? text : `${text}E0`;
}

function constant(value: number | bigint | string | boolean | null): Written {
  if (value === null) return { text: 'NULL', binds: strength.atom };
  if (typeof value === 'string') return { text: literalText(value), binds: strength.atom };
  if (typeof value === 'boolean') return { text: value ? 'TRUE' : 'FALSE', binds: strength.atom };
  const text = typeof value === 'bigint' ? String(value) : numberText(value);
  return { text, binds: text.startsWith('-') ? strength.sum : strength.atom };
}

const isTyped = (operand: Operand): operand is Typed<DeclaredType, Scope> => typeof operand === 'object' && operand !== null && typeof operand.write === 'function';

export function written(operand: Operand, writing: Writing): Written {
  if (isTyped(operand)) return operand.write(writing);
  const kind = typeof operand;
  if (operand === null || kind === 'string' || kind === 'boolean' || kind === 'number' || kind === 'bigint') return constant(operand);
  throw wrong(`a ${kind} stands where a value of SQL is needed: a column, a number, a text, true, false or null`);
}

/** In parentheses where it binds less than `least`. */
function placed(operand: Operand, writing: Writing, least: number): string {
  const { text, binds } = written(operand, writing);
  return binds < least ? `(${text})` : text;
}

export const functionsOf = (operands: readonly Operand[]): readonly FunctionDeclaration[] =>
  operands.flatMap((operand) => (isTyped(operand) ? operand.functions : []));

/** A value made of others, each in parentheses where it binds less than `least`. */
export function wrapping<T extends DeclaredType, S extends Scope>(operands: readonly Operand[], make: (texts: readonly string[]) => Written, least: number): Value<T, S> {
  return new Value((writing) => make(operands.map((operand) => placed(operand, writing, least))), functionsOf(operands));
}

/** The right operand is grouped where it binds equally: a - (b - c); comparisons do not follow each other. */
function infix<T extends DeclaredType, S extends Scope>(left: Operand, operator: string, right: Operand, binds: number): Value<T, S> {
  const chains = binds !== strength.comparison;
  return new Value((writing) => ({ text: `${placed(left, writing, chains ? binds : binds + 1)} ${operator} ${placed(right, writing, binds + 1)}`, binds }), functionsOf([left, right]));
}

/** `NAME(a, b)`. */
export function called<T extends DeclaredType, S extends Scope>(name: string, args: readonly Operand[]): Value<T, S> {
  return wrapping(args, (texts) => ({ text: `${name}(${texts.join(', ')})`, binds: strength.atom }), 0);
}
