/** Flink's rules for the types of expressions: what may be mixed, and what comes of it. */
import { TapewrightError } from '../core/errors.js';
import { decimalType, sqlType, typeName, withNullable } from '../core/types.js';
import type { SqlType, TypeKind } from '../core/types.js';
import type { Place } from '../plan/expression.js';

const integerRank: Partial<Record<TypeKind, number>> = { TINYINT: 1, SMALLINT: 2, INT: 3, BIGINT: 4 };
/** Decimal digits that hold every value of an integer type. */
const integerDigits: Partial<Record<TypeKind, number>> = { TINYINT: 3, SMALLINT: 5, INT: 10, BIGINT: 19 };
/** DECIMAL has at most this many digits; scales give way down to `scaleKeptMin`. */
const precisionMax = 38;
const scaleKeptMin = 6;

export const isInteger = (type: SqlType): boolean => integerRank[type.kind] !== undefined;
export const isExact = (type: SqlType): boolean => isInteger(type) || type.kind === 'DECIMAL';
export const isApproximate = (type: SqlType): boolean => type.kind === 'FLOAT' || type.kind === 'DOUBLE';
export const isNumeric = (type: SqlType): boolean => isExact(type) || isApproximate(type);
export const isTimestamp = (type: SqlType): boolean => type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
export const isInterval = (type: SqlType): boolean => type.kind === 'INTERVAL_DAY' || type.kind === 'INTERVAL_MONTH';
export const isNullType = (type: SqlType): boolean => type.kind === 'NULL';

/** The same values, whether or not they may be NULL. */
export function sameBase(a: SqlType, b: SqlType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'DECIMAL') return a.precision === b.precision && a.scale === b.scale;
  return !isTimestamp(a) || (a.precision ?? 6) === (b.precision ?? 6);
}

/** An integer type as the DECIMAL that holds it. */
export function asDecimal(type: SqlType): SqlType {
  return type.kind === 'DECIMAL' ? type : decimalType(integerDigits[type.kind]!, 0, type.nullable);
}

/** Where precision exceeds 38 digits the scale gives way, so that whole digits are kept, but not below 6. */
function adjusted(precision: number, scale: number, nullable: boolean): SqlType {
  if (precision <= precisionMax) return decimalType(precision, scale, nullable);
  const whole = precision - scale;
  return decimalType(precisionMax, Math.max(precisionMax - whole, Math.min(scale, scaleKeptMin)), nullable);
}

/** The type of `a operator b` over decimals (integers count as decimals), by the rules of SQL Server that Flink took over. */
export function decimalResult(operator: '+' | '-' | '*' | '/' | '%', a: SqlType, b: SqlType): SqlType {
  const left = asDecimal(a);
  const right = asDecimal(b);
  const [p1, s1, p2, s2] = [left.precision!, left.scale!, right.precision!, right.scale!];
  const nullable = a.nullable || b.nullable;
  const scale = Math.max(s1, s2);
  switch (operator) {
    case '+': case '-': return adjusted(Math.max(p1 - s1, p2 - s2) + scale + 1, scale, nullable);
    case '*': return adjusted(p1 + p2 + 1, s1 + s2, nullable);
    case '/': {
      const quotient = Math.max(scaleKeptMin, s1 + p2 + 1);
      return adjusted(p1 - s1 + s2 + quotient, quotient, nullable);
    }
    case '%': return adjusted(Math.min(p1 - s1, p2 - s2) + scale, scale, nullable);
  }
}

function commonNumeric(a: SqlType, b: SqlType): SqlType {
  if (isApproximate(a) || isApproximate(b)) {
    const double = a.kind === 'DOUBLE' || b.kind === 'DOUBLE' || a.kind === 'DECIMAL' || b.kind === 'DECIMAL';
    return sqlType(double ? 'DOUBLE' : 'FLOAT');
  }
  if (isInteger(a) && isInteger(b)) return integerRank[a.kind]! >= integerRank[b.kind]! ? a : b;
  const left = asDecimal(a);
  const right = asDecimal(b);
  const whole = Math.min(Math.max(left.precision! - left.scale!, right.precision! - right.scale!), precisionMax);
  const scale = Math.min(Math.max(left.scale!, right.scale!), precisionMax - whole);
  return decimalType(whole + scale, scale);
}

function commonPair(a: SqlType, b: SqlType): SqlType | null {
  if (isNullType(a)) return b;
  if (isNullType(b) || sameBase(a, b)) return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumeric(a, b);
  if (isTimestamp(a) && isTimestamp(b)) {
    const kind = a.kind === b.kind ? a.kind : 'TIMESTAMP_LTZ';
    return { kind, nullable: true, precision: Math.max(a.precision ?? 6, b.precision ?? 6) };
  }
  if (a.kind === 'DATE' && isTimestamp(b)) return b;
  if (isTimestamp(a) && b.kind === 'DATE') return a;
  return null;
}

/** The narrowest type that holds the values of all; nullable when one is; null when there is none. */
export function commonType(types: readonly SqlType[]): SqlType | null {
  let common: SqlType | null = sqlType('NULL');
  for (const type of types) {
    common = commonPair(common, type);
    if (common === null) return null;
  }
  return withNullable(common, types.some((type) => type.nullable || isNullType(type)));
}

/** Details of every complaint about a text. */
const whereOf = ({ line, column, text }: Place): Readonly<Record<string, unknown>> => ({ line, column, text });

/** The text is wrong: refused with its place. */
export function invalid(place: Place, message: string, details: Readonly<Record<string, unknown>> = {}): TapewrightError {
  return new TapewrightError('SQL_INVALID', `line ${place.line}, column ${place.column}: ${message}, in: ${place.text}`, { ...whereOf(place), ...details });
}

/** The text may be right, but is outside what is done here: refused with its place and what to write instead. */
export function unsupported(place: Place, message: string): TapewrightError {
  return new TapewrightError('SQL_UNSUPPORTED', `line ${place.line}, column ${place.column}: ${message}, in: ${place.text}`, whereOf(place));
}

export const typeNames = (types: readonly SqlType[]): string => types.map((type) => typeName(type, false)).join(', ');
