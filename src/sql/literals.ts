/** Literals as written, read into typed values by Flink's rules. */
import { decimalType, sqlType, timestampType, timestampUnits } from '../core/types.js';
import type { Int64 } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { daysOf, joinDay, monthLength } from '../functions/calendar.js';
import type { IntervalLiteral, NumberLiteral, TemporalLiteral } from './ast.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

const intMax = 2_147_483_647n;
const longMax = 9_223_372_036_854_775_807n;

const narrow = (value: bigint): Int64 => (value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? Number(value) : value);

/** `12` is INT, or BIGINT when too great, or DECIMAL; `1.50` is DECIMAL(3, 2); `1e3` is DOUBLE. */
export function numberLiteral({ form, text, place }: NumberLiteral, negative = false): Expression {
  if (form === 'double') return literal(negative ? -Number(text) : Number(text), sqlType('DOUBLE', false));
  const point = text.indexOf('.');
  const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
  const scale = point < 0 ? 0 : text.length - point - 1;
  if (digits.length > 38) throw sqlInvalid(place, `the number has ${digits.length} digits`, 'At most 38 are possible; write it with an exponent for a DOUBLE.');
  const magnitude = BigInt(digits);
  const value = narrow(negative ? -magnitude : magnitude);
  if (scale > 0) return literal(value, decimalType(digits.length, scale, false));
  if (magnitude <= intMax) return literal(value, sqlType('INT', false));
  if (magnitude <= longMax) return literal(value, sqlType('BIGINT', false));
  return literal(value, decimalType(digits.length, 0, false));
}

export function intervalLiteral({ type, value }: IntervalLiteral): Expression {
  return literal(value, sqlType(type, false));
}

/** Year, month, day; hour, minute, second; fraction. */
const temporalPattern = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?$/;

/** `DATE '…'` is days since 1970; `TIMESTAMP '…'` has as many digits of a second as are written. */
export function temporalLiteral({ type, text, place }: TemporalLiteral): Expression {
  if (type === 'TIME') throw sqlUnsupported(place, 'type TIME is not supported', "Use a TIMESTAMP, or a string like '09:30:00'.");
  const match = temporalPattern.exec(text.trim());
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((part) => Number(match?.[part] ?? 0)) as [number, number, number, number, number, number];
  const fraction = match?.[7] ?? '';
  const isDate = match !== null && month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month);
  const fits = type === 'TIMESTAMP' || match?.[4] === undefined;
  if (!isDate || !fits || hour > 23 || minute > 59 || second > 59) {
    throw sqlInvalid(place, `'${text}' is no ${type}`, type === 'DATE' ? "Write DATE '2024-01-31'." : "Write TIMESTAMP '2024-01-31 09:30:00.000'.");
  }
  const days = daysOf(year, month, day);
  if (type === 'DATE') return literal(days, sqlType('DATE', false));
  const units = timestampUnits(fraction.length);
  const seconds = hour * 3600 + minute * 60 + second;
  const part = Number(fraction.padEnd(String(units).length - 1, '0'));
  return literal(joinDay(days, seconds * units + part, units), timestampType(fraction.length, false));
}
