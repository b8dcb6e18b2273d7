/**
 * SQL types by name, as code declares them: what their values are in TypeScript, and how they cross between the two.
 *
 * | declared | in TypeScript |
 * |---|---|
 * | BOOLEAN | boolean |
 * | TINYINT, SMALLINT, INT, FLOAT, DOUBLE | number |
 * | BIGINT | number while it is a safe integer, else bigint |
 * | DECIMAL(p, s) | string: '12.50' |
 * | STRING | string |
 * | DATE | number: days since 1970 |
 * | TIMESTAMP(3), TIMESTAMP_LTZ(3) | number: milliseconds since 1970 |
 * | TIMESTAMP(6) and (9), and _LTZ | number or bigint: microseconds or nanoseconds since 1970 |
 */
import { TapewrightError } from '../core/errors.js';
import { inInt64Range, toInt64 } from '../core/int64.js';
import { decimalType, sqlType, timestampType, typeName } from '../core/types.js';
import type { Int64, Physical, SqlType, TypeKind } from '../core/types.js';
import { decimalFromText, decimalText } from './decimals.js';
import { failure } from './kernel.js';

type PlainName = 'BOOLEAN' | 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'DATE';
export type TimeName = `${'TIMESTAMP' | 'TIMESTAMP_LTZ'}(${3 | 6 | 9})`;
export type TypeText = PlainName | TimeName | `DECIMAL(${number}, ${number})`;

/** A type as it is written in SQL; NULL is a value of it unless it says NOT NULL. */
export type DeclaredType = TypeText | `${TypeText} NOT NULL`;

export type BaseOf<T extends string> = T extends `${infer Base} NOT NULL` ? Base : T;
/** 'DECIMAL' of `DECIMAL(10, 2) NOT NULL`. */
export type KindOf<T extends string> = BaseOf<T> extends `${infer Kind}(${string}` ? Kind : BaseOf<T>;

type BaseValue<Base> =
  Base extends 'BOOLEAN' ? boolean
  : Base extends 'BIGINT' | `${string}(6)` | `${string}(9)` ? number | bigint
  : Base extends 'STRING' | `DECIMAL${string}` ? string
  : number;

/** A value of the type that is not NULL. */
export type ValueOf<T extends string> = BaseValue<BaseOf<T>>;
/** A value of the type, null where it may be NULL. */
export type NullableValueOf<T extends string> = T extends `${string} NOT NULL` ? ValueOf<T> : ValueOf<T> | null;

/** As a value of code: what a function is given and gives. */
export type UserValue = number | bigint | string | boolean | null;

const plainKinds: readonly TypeKind[] = ['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'STRING', 'DATE'];

/** @throws FUNCTION_INVALID; `what` begins the message: 'the function mid'. */
export function declaredType(text: unknown, what: string): SqlType {
  const refuse = (why: string): TapewrightError => new TapewrightError('FUNCTION_INVALID',
    `${what} declares the type ${JSON.stringify(text)}, ${why}; there are ${plainKinds.join(', ')}, DECIMAL(p, s), TIMESTAMP(3) and TIMESTAMP_LTZ(3), each with NOT NULL or without`, { what });
  if (typeof text !== 'string') throw refuse('which is no text');
  const match = /^\s*([A-Z_]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?(\s+NOT\s+NULL)?\s*$/i.exec(text);
  const kind = match?.[1]!.toUpperCase();
  const nullable = match?.[4] === undefined;
  const [first, second] = [match?.[2], match?.[3]];
  if (kind === 'DECIMAL' && first !== undefined) {
    const [precision, scale] = [Number(first), Number(second ?? 0)];
    if (precision < 1 || precision > 38 || scale > precision) throw refuse('whose digits are not 1 to 38, or whose scale is greater than they');
    return decimalType(precision, scale, nullable);
  }
  if (kind === 'TIMESTAMP' || kind === 'TIMESTAMP_LTZ') {
    if (second !== undefined || !['3', '6', '9'].includes(first ?? '')) throw refuse('whose precision is not 3, 6 or 9');
    return { ...timestampType(Number(first), nullable), kind };
  }
  const plain = plainKinds.find((known) => known === kind);
  if (plain === undefined || first !== undefined) throw refuse('which is none');
  return sqlType(plain, nullable);
}

const ranges: Partial<Record<TypeKind, number>> = { TINYINT: 2 ** 7, SMALLINT: 2 ** 15, INT: 2 ** 31, DATE: 2 ** 31 };

/** How a value is shown in an error. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'undefined') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function' ? 'a Promise' : `a value of type ${typeof value}`;
}

/** From a physical value that is not NULL to what code is given; null: they are the same. */
export function toUser(type: SqlType): ((value: Physical) => UserValue) | null {
  if (type.kind === 'DECIMAL') return (value) => decimalText(value as Int64, type.scale!);
  // A BOOLEAN column holds 0 and 1.
  return type.kind === 'BOOLEAN' ? (value) => value === true || value === 1 : null;
}

/** From what code gives, undefined and null excepted, to a physical value. It throws `failure` where that is no value of the type. */
export function fromUser(type: SqlType, what: string): (value: unknown) => Physical {
  const refuse = (value: unknown): never => {
    const hint = shownValue(value) === 'a Promise' ? ': a function gives its result at once, without async' : '';
    throw failure(`${what} gave ${shownValue(value)}, which is no ${typeName(type, false)}${hint}`);
  };
  switch (type.kind) {
    case 'BOOLEAN': return (value) => (typeof value === 'boolean' ? value : refuse(value));
    case 'STRING': return (value) => (typeof value === 'string' ? value : refuse(value));
    case 'DOUBLE': return (value) => (typeof value === 'number' ? value : refuse(value));
    case 'FLOAT': return (value) => (typeof value === 'number' ? Math.fround(value) : refuse(value));
    case 'DECIMAL': return (value) => (typeof value === 'string' ? decimalFromText(value, type.precision!, type.scale!) : null) ?? refuse(value);
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'DATE': {
      const limit = ranges[type.kind]!;
      return (value) => (typeof value === 'number' && Number.isInteger(value) && value < limit && value >= -limit ? value + 0 : refuse(value));
    }
    default: return (value) => {
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0;
      return typeof value === 'bigint' && inInt64Range(value) ? toInt64(value) : refuse(value);
    };
  }
}
