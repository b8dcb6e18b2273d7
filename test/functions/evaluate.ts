/** Builds expressions from constants and shows what they come to, as CAST(... AS STRING) prints it. */
import { TapewrightError } from '../../src/core/errors.js';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';
import type { Int64, SqlType, TypeKind } from '../../src/core/types.js';
import { decimalFromText } from '../../src/functions/decimals.js';
import { makeCall, makeCast } from '../../src/functions/scalar.js';
import { parseDate, parseTimestamp } from '../../src/functions/timestamps.js';
import { evaluateConstant } from '../../src/plan/constants.js';
import { literal } from '../../src/plan/expression.js';
import type { Expression } from '../../src/plan/expression.js';

export const place = { line: 1, column: 8, text: 'test' };
export const session = { timeZone: 'UTC' };

export const int = (value: number): Expression => literal(value, sqlType('INT', false));
export const big = (value: Int64): Expression => literal(value, sqlType('BIGINT', false));
export const double = (value: number): Expression => literal(value, sqlType('DOUBLE', false));
export const float = (value: number): Expression => literal(Math.fround(value), sqlType('FLOAT', false));
export const string = (value: string): Expression => literal(value, sqlType('STRING', false));
export const bool = (value: boolean): Expression => literal(value, sqlType('BOOLEAN', false));
export const nil = (kind: TypeKind): Expression => literal(null, sqlType(kind));
export const interval = (millis: number): Expression => literal(millis, sqlType('INTERVAL_DAY', false));
export const months = (count: number): Expression => literal(count, sqlType('INTERVAL_MONTH', false));
export const date = (text: string): Expression => literal(parseDate(text), sqlType('DATE', false));
export const timestamp = (text: string, precision = 3): Expression => literal(parseTimestamp(text, precision), timestampType(precision, false));

/** A DECIMAL literal: as many digits as are written, or DECIMAL(precision, scale). */
export function decimal(text: string, precision?: number, scale?: number): Expression {
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const type = decimalType(precision ?? whole!.replace(/^0+(?=.)/, '').length + fraction.length, scale ?? fraction.length, false);
  return literal(decimalFromText(text, type.precision!, type.scale!) as Int64, type);
}

export const call = (name: string, ...args: Expression[]): Expression => makeCall(name, args, place, session);
export const cast = (expression: Expression, type: SqlType | TypeKind): Expression =>
  makeCast(expression, typeof type === 'string' ? sqlType(type) : type, place, false);
export const tryCast = (expression: Expression, type: SqlType | TypeKind): Expression =>
  makeCast(expression, typeof type === 'string' ? sqlType(type) : type, place, true);

/** The value as text, NULL, or why it failed. */
export function show(expression: Expression): string {
  try {
    const shown = expression.type.kind.startsWith('INTERVAL') ? cast(expression, 'BIGINT') : expression;
    return String(evaluateConstant(cast(shown, 'STRING')) ?? 'NULL');
  } catch (error) {
    if (!(error instanceof TapewrightError)) throw error;
    return `fails: ${error.message}`;
  }
}

/** What `make` is refused with: code and message. */
export function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof TapewrightError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}
