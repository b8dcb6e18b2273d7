/** Functions in expressions: aggregates, CASE, SQL's own by name, and the user's. */
import type { DeclaredType } from '../functions/declared-types.js';
import type { AggregateDeclaration, NullRule, ScalarDeclaration } from '../functions/user-function.js';
import { literalText, nameText } from '../flink/reserved-words.js';
import type { BooleanType, Comparable, Given, Nullable, NumericType, Result, Scope, ScopeOf, TypeOf } from './types.js';
import { Value, called, functionsOf, strength, wrapping, written } from './value.js';
import type { Operand, Typed, Writing } from './value.js';
import { wrong } from './wrong.js';

type AnyValue = Typed<DeclaredType, 'row'>;

/** An aggregate: a value of rows together. */
export class Aggregate<T extends DeclaredType> extends Value<T, 'group'> {
  constructor(private readonly call: (writing: Writing) => string, operands: readonly Operand[]) {
    super((writing) => ({ text: `${call(writing)}${writing.over === null ? '' : ` OVER ${nameText(writing.over)}`}`, binds: strength.atom }),
      functionsOf(operands));
  }

  /** Of the rows for which `condition` holds; not in `over`. */
  where(condition: Typed<BooleanType, 'row'>): Aggregate<T extends 'BIGINT NOT NULL' ? T : Nullable<T>> {
    return new Aggregate((writing) => {
      if (writing.over !== null) throw wrong('an aggregate in over(…) takes no where(…): aggregate when(condition, value) instead');
      return `${this.call(writing)} FILTER (WHERE ${condition.write(writing).text})`;
    }, [condition, this]);
  }
}

/** Arguments are of rows, and hold no aggregates. */
const inRow: Writing = { over: null };

function aggregate<T extends DeclaredType>(name: string, args: readonly Operand[], distinct = false): Aggregate<T> {
  return new Aggregate(() => `${name}(${distinct ? 'DISTINCT ' : ''}${args.map((arg) => written(arg, inRow).text).join(', ')})`, args);
}

/** Rows, or rows where `value` is not NULL. */
export function count(value?: AnyValue): Aggregate<'BIGINT NOT NULL'> {
  return value === undefined ? new Aggregate(() => 'COUNT(*)', []) : aggregate('COUNT', [value]);
}

export const countDistinct = (value: AnyValue): Aggregate<'BIGINT NOT NULL'> => aggregate('COUNT', [value], true);

/** Exact, whatever the order of rows. */
export const sum = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('SUM', [value]);
/** Of integers it is an integer, as in Flink. */
export const avg = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('AVG', [value]);
export const min = <T extends DeclaredType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('MIN', [value]);
export const max = <T extends DeclaredType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('MAX', [value]);
export const stddevPop = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('STDDEV_POP', [value]);
export const stddevSamp = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('STDDEV_SAMP', [value]);
export const varPop = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('VAR_POP', [value]);
export const varSamp = <T extends NumericType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('VAR_SAMP', [value]);
/** By event time, ties by arrival. */
export const firstValue = <T extends DeclaredType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('FIRST_VALUE', [value]);
export const lastValue = <T extends DeclaredType>(value: Typed<T, 'row'>): Aggregate<Nullable<T>> => aggregate('LAST_VALUE', [value]);
/** The value `rows` rows before, in `over`; NULL where there is none. */
export const lag = <T extends DeclaredType>(value: Typed<T, 'row'>, rows = 1): Aggregate<Nullable<T>> => aggregate('LAG', [value, rows]);

type Givens<Args extends readonly DeclaredType[]> = { readonly [Index in keyof Args]: Given<Args[Index]> };

/** A call of a scalar function of the user's. */
export function call<Args extends readonly DeclaredType[], Returns extends DeclaredType, Nulls extends NullRule, const Actual extends Givens<Args>>(
  declaration: ScalarDeclaration<Args, Returns, Nulls>, ...args: Actual
): Value<Returns, ScopeOf<Actual[number]>>;
/** A call of an aggregate function of the user's. */
export function call<Args extends readonly DeclaredType[], Returns extends DeclaredType, State, Nulls extends NullRule>(
  declaration: AggregateDeclaration<Args, Returns, State, Nulls>, ...args: Givens<Args>
): Aggregate<Returns>;
export function call(declaration: object, ...args: readonly Operand[]): Value<DeclaredType, Scope> {
  const { name } = declaration as { readonly name: string };
  const made = 'evaluate' in declaration ? called(nameText(name), args) : aggregate(nameText(name), args);
  const functions = [...made.functions, declaration as ScalarDeclaration];
  return made instanceof Aggregate ? Object.assign(made, { functions }) : new Value(made.write, functions);
}

/** A function of SQL's own, by its name: `sqlCall('DOUBLE', 'ROUND', row.price, 2)`. The type is what you say it is. */
export function sqlCall<T extends DeclaredType, const Args extends readonly Operand[]>(_type: T, name: string, ...args: Args): Value<T, ScopeOf<Args[number]>> {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw wrong(`${JSON.stringify(name)} is no name of a function`);
  return called(name.toUpperCase(), args);
}

/** A time: `timestamp('2026-03-02 14:30:00')`. */
export function timestamp(text: string): Value<'TIMESTAMP(3) NOT NULL', never> {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?$/.test(text)) throw wrong(`'${text}' is no time; write it like '2026-03-02 14:30:00'`);
  return new Value(() => ({ text: `TIMESTAMP ${literalText(text)}`, binds: strength.atom }));
}

/** A constant where a value is needed; a number that is no whole one is a DOUBLE. */
export const constant = <const V extends number | bigint | string | boolean>(value: V): Value<TypeOf<V>, never> => wrapping([value], ([text]) => ({ text: text!, binds: typeof value === 'number' && value < 0 ? strength.sum : strength.atom }), 0);

/** `then` where the condition holds, else `otherwise`, else NULL. */
export function when<C extends Typed<BooleanType, Scope>, A extends Typed<DeclaredType, Scope>>(condition: C, then: A): Value<Nullable<TypeOf<A>>, ScopeOf<C> | ScopeOf<A>>;
export function when<C extends Typed<BooleanType, Scope>, A extends Typed<DeclaredType, Scope>, B extends Comparable<TypeOf<A>>>(
  condition: C, then: A, otherwise: B,
): Value<Result<Nullable<TypeOf<A>>, TypeOf<A>, TypeOf<B>>, ScopeOf<C> | ScopeOf<A> | ScopeOf<B>>;
export function when(condition: Operand, then: Operand, otherwise?: Operand): Value<DeclaredType, Scope> {
  const operands = otherwise === undefined ? [condition, then] : [condition, then, otherwise];
  return wrapping(operands, ([test, yes, no]) => ({ text: `CASE WHEN ${test} THEN ${yes}${no === undefined ? '' : ` ELSE ${no}`} END`, binds: strength.atom }), 0);
}
