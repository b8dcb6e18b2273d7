/** CAST, TRY_CAST and the casts that are implied: which pairs of types there are, and how values cross. */
import { toInt64 } from '../core/int64.js';
import { sqlType, timestampUnits, typeName, withNullable } from '../core/types.js';
import type { Int64, SqlType, TypeKind } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import { millisPerDay, splitDay } from './calendar.js';
import { decimalFromText, decimalText, powerOfTen, rescaler, wholePart } from './decimals.js';
import { calling, failure, inline } from './kernel.js';
import type { Kernel } from './kernel.js';
import { floatText, doubleText, parseReal } from './reals.js';
import { formatDate, formatTimestamp, parseDate, parseTimestamp } from './timestamps.js';
import { asDecimal, commonType, invalid, isExact, isInteger, isInterval, isNullType, isNumeric, isTimestamp, sameBase } from './typing.js';

const integerMax: Partial<Record<TypeKind, bigint>> = { TINYINT: 127n, SMALLINT: 32_767n, INT: 2_147_483_647n, BIGINT: 9_223_372_036_854_775_807n };

/** Fails where Flink would wrap silently: a value out of the type's range is not a value of it. */
function integerFrom(value: bigint | number, kind: TypeKind, shown: Int64 | string): Int64 {
  const max = integerMax[kind]!;
  if (value <= max && value >= -max - 1n) return typeof value === 'number' ? value + 0 : toInt64(value);
  throw failure(`CAST: ${shown} does not fit ${kind}`);
}

function integerFromReal(kind: TypeKind): (value: number) => Int64 {
  return (value) => {
    if (!Number.isFinite(value)) throw failure(`CAST: ${value} is not a value of ${kind}`);
    const whole = Math.trunc(value);
    return integerFrom(Number.isSafeInteger(whole) ? whole : BigInt(whole), kind, value);
  };
}

function integerFromText(kind: TypeKind): (text: string) => Int64 {
  return (text) => {
    // A fraction is allowed and cut off, as in Flink.
    const match = /^ *([+-]?\d+)(?:\.\d*)? *$/.exec(text);
    if (match === null) throw failure(`CAST: '${text}' is not a number of type ${kind}`);
    return integerFrom(toInt64(BigInt(match[1]!)), kind, text);
  };
}

function toInteger(from: SqlType, kind: TypeKind): Kernel | null {
  switch (from.kind) {
    case 'BOOLEAN': return inline((a) => `(${a} ? 1 : 0)`);
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'BIGINT':
      if (integerMax[from.kind]! <= integerMax[kind]!) return inline((a) => a);
      return calling((value: Int64) => integerFrom(value, kind, value), { fails: true });
    case 'FLOAT': case 'DOUBLE': return calling(integerFromReal(kind), { fails: true });
    case 'DECIMAL': return calling((value: Int64) => integerFrom(toInt64(wholePart(value, from.scale!)), kind, decimalText(value, from.scale!)), { fails: true });
    case 'STRING': return calling(integerFromText(kind), { fails: true });
    case 'INTERVAL_DAY': case 'INTERVAL_MONTH': return inline((a) => a);
    default: return null;
  }
}

/** Compact decimals divide once, as Flink does; longer ones are rounded from their text. */
function realFromDecimal(from: SqlType): (value: Int64) => number {
  const divisor = Number(powerOfTen(from.scale!));
  if (from.precision! <= 18) return (value) => Number(value) / divisor;
  return (value) => Number(decimalText(value, from.scale!));
}

function realFromText(kind: TypeKind): (text: string) => number {
  return (text) => {
    const value = parseReal(text.trim());
    if (value === null) throw failure(`CAST: '${text}' is not a number of type ${kind}`);
    return kind === 'FLOAT' ? Math.fround(value) : value;
  };
}

function toReal(from: SqlType, kind: TypeKind): Kernel | null {
  const single = kind === 'FLOAT';
  switch (from.kind) {
    case 'BOOLEAN': return inline((a) => `(${a} ? 1 : 0)`);
    case 'TINYINT': case 'SMALLINT': case 'FLOAT': return inline((a) => a);
    case 'INT': return inline((a) => (single ? `Math.fround(${a})` : a));
    case 'BIGINT': return inline((a) => (single ? `Math.fround(Number(${a}))` : `Number(${a})`));
    case 'DOUBLE': return inline((a) => (single ? `Math.fround(${a})` : a));
    case 'DECIMAL': {
      const real = realFromDecimal(from);
      return calling(single ? (value: Int64) => Math.fround(real(value)) : real);
    }
    case 'STRING': return calling(realFromText(kind), { fails: true });
    default: return null;
  }
}

function toDecimal(from: SqlType, to: SqlType): Kernel | null {
  const { precision, scale } = to as { precision: number; scale: number };
  const fromWhole = rescaler(0, precision, scale);
  switch (from.kind) {
    case 'BOOLEAN': return calling((value: boolean) => fromWhole(value ? 1 : 0), { givesNull: true });
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'BIGINT': {
      const digits = asDecimal(from).precision!;
      return calling(fromWhole, { givesNull: digits > precision - scale });
    }
    case 'DECIMAL': {
      const fits = to.precision! - to.scale! >= from.precision! - from.scale! + (from.scale! > to.scale! ? 1 : 0);
      return calling(rescaler(from.scale!, precision, scale), { givesNull: !fits });
    }
    case 'FLOAT': case 'DOUBLE':
      return calling((value: number) => {
        if (!Number.isFinite(value)) throw failure(`CAST: ${value} is not a value of ${typeName(to, false)}`);
        // FLOAT widens to DOUBLE first, so its decimal digits are the double's.
        return decimalFromText(String(value), precision, scale) ?? null;
      }, { fails: true, givesNull: true });
    case 'STRING':
      return calling((text: string) => {
        const value = decimalFromText(text.replace(/^[ \n\t]+|[ \n\t]+$/g, ''), precision, scale);
        if (value === undefined || value === null) {
          throw failure(`CAST: '${text}' ${value === null ? 'does not fit' : 'is not a number of type'} ${typeName(to, false)}`);
        }
        return value;
      }, { fails: true });
    default: return null;
  }
}

function toText(from: SqlType): Kernel | null {
  switch (from.kind) {
    case 'STRING': return inline((a) => a);
    case 'BOOLEAN': return inline((a) => `(${a} ? 'TRUE' : 'FALSE')`);
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'BIGINT': return inline((a) => `String(${a})`);
    case 'FLOAT': return calling(floatText);
    case 'DOUBLE': return calling(doubleText);
    case 'DECIMAL': return calling((value: Int64) => decimalText(value, from.scale!));
    case 'DATE': return calling(formatDate);
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const precision = from.precision ?? 6;
      return calling((value: Int64) => formatTimestamp(value, precision));
    }
    default: return null;
  }
}

const truths = new Set(['t', 'true', 'y', 'yes', '1']);
const falsehoods = new Set(['f', 'false', 'n', 'no', '0']);

function booleanFromText(text: string): boolean {
  const lower = text.toLowerCase();
  if (truths.has(lower)) return true;
  if (falsehoods.has(lower)) return false;
  throw failure(`CAST: '${text}' is not a BOOLEAN; write 'true' or 'false'`);
}

/** Between units of a second; downwards toward the past, so that a time stays within its day. */
function rescaledTime(from: SqlType, to: SqlType): Kernel {
  const fromPrecision = from.precision ?? 6;
  const toPrecision = to.precision ?? 6;
  const [fromUnits, toUnits] = [timestampUnits(fromPrecision), timestampUnits(toPrecision)];
  const cut = toPrecision < fromPrecision ? Number(powerOfTen((toUnits === 1e3 ? 3 : toUnits === 1e6 ? 6 : 9) - toPrecision)) : 1;
  if (fromUnits === toUnits && cut === 1) return inline((a) => a);
  return calling((value: Int64) => {
    if (toUnits >= fromUnits) {
      const wide = typeof value === 'number' ? value * (toUnits / fromUnits) : Infinity;
      const scaled = Number.isSafeInteger(wide) ? wide : toInt64(BigInt(value) * BigInt(toUnits / fromUnits));
      return floorTo(scaled, cut);
    }
    const coarse = floorTo(floorDivide(value, fromUnits / toUnits), cut);
    // Milliseconds are plain numbers; only times beyond the year 287,000 lose digits.
    return toUnits === 1e3 ? Number(coarse) : coarse;
  });
}

function floorDivide(value: Int64, divisor: number): Int64 {
  if (typeof value === 'number') return Math.floor(value / divisor);
  const wide = BigInt(divisor);
  return toInt64((value - (((value % wide) + wide) % wide)) / wide);
}

function floorTo(value: Int64, unit: number): Int64 {
  if (unit === 1) return value;
  if (typeof value === 'number') return value - (((value % unit) + unit) % unit);
  const wide = BigInt(unit);
  return toInt64(value - (((value % wide) + wide) % wide));
}

function toTimestamp(from: SqlType, to: SqlType): Kernel | null {
  const precision = to.precision ?? 6;
  const units = timestampUnits(precision);
  if (isTimestamp(from)) return rescaledTime(from, to);
  if (from.kind === 'DATE') {
    if (units === 1e3) return inline((a) => `(${a} * ${millisPerDay})`);
    return calling((days: number) => toInt64(BigInt(days) * BigInt(86_400 * units)));
  }
  if (from.kind !== 'STRING') return null;
  return calling((text: string) => {
    const value = parseTimestamp(text.trim(), precision);
    if (value === null) throw failure(`CAST: '${text}' is not a ${typeName(to, false)}; write it as 2024-08-08 09:30:00.123`);
    return value;
  }, { fails: true });
}

function toDate(from: SqlType): Kernel | null {
  if (from.kind === 'DATE') return inline((a) => a);
  if (isTimestamp(from)) {
    const units = timestampUnits(from.precision ?? 6);
    if (units === 1e3) return inline((a) => `Math.floor(${a} / ${millisPerDay})`);
    return calling((value: Int64) => splitDay(value, units).days);
  }
  if (from.kind !== 'STRING') return null;
  return calling((text: string) => {
    const days = parseDate(text.trim());
    if (days === null) throw failure(`CAST: '${text}' is not a DATE; write it as 2024-08-08`);
    return days;
  }, { fails: true });
}

/** How values of one type become values of another; null when there is no such cast. */
export function castKernel(from: SqlType, to: SqlType): Kernel | null {
  switch (to.kind) {
    case 'TINYINT': case 'SMALLINT': case 'INT': case 'BIGINT': return toInteger(from, to.kind);
    case 'FLOAT': case 'DOUBLE': return toReal(from, to.kind);
    case 'DECIMAL': return toDecimal(from, to);
    case 'STRING': return toText(from);
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return toTimestamp(from, to);
    case 'DATE': return toDate(from);
    case 'BOOLEAN':
      if (from.kind === 'STRING') return calling(booleanFromText, { fails: true });
      if (from.kind === 'BOOLEAN') return inline((a) => a);
      return isNumeric(from) ? inline((a) => (from.kind === 'BIGINT' || from.kind === 'DECIMAL' ? `(${a} != 0)` : `(${a} !== 0)`)) : null;
    case 'INTERVAL_DAY': case 'INTERVAL_MONTH': return from.kind === to.kind || from.kind === 'INT' ? inline((a) => a) : null;
    default: return null;
  }
}

const castHint = (from: SqlType, to: SqlType): string =>
  isTimestamp(to) && isInteger(from) ? '; write TO_TIMESTAMP_LTZ(milliseconds, 3)'
    : isInteger(to) && isTimestamp(from) ? '; write EXTRACT(EPOCH FROM ...) or TIMESTAMPDIFF(SECOND, TIMESTAMP \'1970-01-01 00:00:00\', ...)'
    : '';

/** The value as another type. With `tryCast` a value that cannot cross is NULL, else the row fails. */
export function castTo(expression: Expression, to: SqlType, place: Place, tryCast: boolean): Expression {
  const from = expression.type;
  if (isNullType(from)) return literal(null, withNullable(to, true));
  if (sameBase(from, to)) return expression;
  const kernel = castKernel(from, to);
  if (kernel === null) {
    throw invalid(place, `${typeName(from, false)} cannot be cast to ${typeName(to, false)}${castHint(from, to)}`);
  }
  if (expression.kind === 'literal') {
    const folded = foldCast(expression, to);
    if (folded !== null) return folded;
  }
  const nullable = from.nullable || tryCast || kernel.givesNull === true;
  return { kind: 'call', name: tryCast ? 'TRY_CAST' : 'CAST', args: [expression], type: withNullable(to, nullable), place };
}

/** Literals change their type at once, where that cannot go wrong: `price > 100` compares with 100.0. */
function foldCast(constant: Expression & { kind: 'literal' }, to: SqlType): Expression | null {
  const { value, type } = constant;
  if (value === null) return literal(null, withNullable(to, true));
  if (typeof value === 'number' && isInteger(type)) {
    if (to.kind === 'DOUBLE') return literal(value, withNullable(to, false));
    if (isInteger(to) && BigInt(Math.abs(value)) <= integerMax[to.kind]!) return literal(value, withNullable(to, false));
  }
  if (to.kind === 'DECIMAL' && (type.kind === 'DECIMAL' || isInteger(type))) {
    const scaled = rescaler(type.scale ?? 0, to.precision!, to.scale!)(value as Int64);
    return scaled === null ? null : literal(scaled, withNullable(to, false));
  }
  if (to.kind === 'DOUBLE' && type.kind === 'DECIMAL') return literal(realFromDecimal(type)(value as Int64), withNullable(to, false));
  if (isTimestamp(to) && typeof value === 'string') {
    const parsed = parseTimestamp(value.trim(), to.precision ?? 6);
    return parsed === null ? null : literal(parsed, withNullable(to, false));
  }
  return null;
}

/** A cast between types that mix, without asking whether SQL implies it. */
export const coerce = (expression: Expression, to: SqlType, place: Place): Expression => castTo(expression, to, place, false);

/** Numbers that SQL takes for others by itself: wider ones, and DECIMAL and DOUBLE for all. */
function widens(from: SqlType, to: SqlType): boolean {
  if (to.kind === 'DOUBLE' || to.kind === 'DECIMAL') return isNumeric(from);
  if (to.kind === 'FLOAT') return isExact(from);
  return isInteger(from) && isInteger(to) && integerMax[from.kind]! <= integerMax[to.kind]!;
}

/** What an INSERT, a UNION or a CASE may do to a value by itself: widen numbers, exchange times for times. */
export function implicitCast(expression: Expression, to: SqlType, place: Place): Expression {
  const from = expression.type;
  const allowed = isNullType(from) || sameBase(from, to) || widens(from, to)
    || ((isTimestamp(from) || from.kind === 'DATE') && (isTimestamp(to) || to.kind === 'DATE'))
    || (isInterval(from) && from.kind === to.kind);
  if (allowed) return castTo(expression, to, place, false);
  throw invalid(place, `${typeName(from, false)} stands where ${typeName(to, false)} is needed; write CAST(... AS ${typeName(to, false)})`);
}

/** The arguments at their common type, or an error that names what does not mix. */
export function unify(args: readonly Expression[], place: Place, what: string): { readonly type: SqlType; readonly args: readonly Expression[] } {
  const type = commonType(args.map((arg) => arg.type));
  if (type === null) {
    throw invalid(place, `${what} cannot mix ${args.map((arg) => typeName(arg.type, false)).join(', ')}; CAST them to one type`);
  }
  if (isNullType(type)) return { type: sqlType('NULL'), args };
  return { type, args: args.map((arg) => castTo(arg, type, place, false)) };
}

