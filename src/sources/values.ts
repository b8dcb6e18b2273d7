/** Text and JSON values as physical values of a declared type. Undefined: the value is none of that type. */
import { toInt64 } from '../core/int64.js';
import { timestampUnits, typeName, type Int64, type SqlType } from '../core/types.js';
import { daysOf, joinDay, monthLength } from '../functions/calendar.js';
import { decimalFromText } from '../functions/decimals.js';
import { parseReal } from '../functions/reals.js';

export type Value = Int64 | string | null | undefined;

const integerBits: Readonly<Partial<Record<SqlType['kind'], number>>> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 };

/** Longer numbers are rubbish, and would take long to find out. */
const digitsMax = 200;

/** Reads the text of a value that is not NULL. Times are ISO 8601 (with a space or a T; UTC when no offset is given) or epoch milliseconds. */
export function textReader(type: SqlType): (text: string) => Value {
  const bits = integerBits[type.kind];
  if (bits !== undefined) return (text) => integer(text.trim(), bits);
  switch (type.kind) {
    case 'STRING': return (text) => text;
    case 'BYTES': return (text) => Buffer.from(text, 'utf8').toString('latin1');
    case 'BOOLEAN': return (text) => boolean(text.trim());
    case 'DOUBLE': return (text) => real(text.trim());
    case 'FLOAT': return (text) => rounded(real(text.trim()));
    case 'DECIMAL': return (text) => (text.length > digitsMax ? undefined : decimalFromText(text.trim(), type.precision!, type.scale!) ?? undefined);
    case 'DATE': return (text) => date(text.trim());
    default: {
      const units = timestampUnits(type.precision ?? 6);
      return (text) => time(text.trim(), units);
    }
  }
}

/**
 * Reads a value of a JSON object. `raw` gives its source text: numbers that JavaScript would round are read from
 * there. A value of another kind becomes a STRING as it is written.
 */
export function jsonReader(type: SqlType): (value: unknown, raw: () => string) => Value {
  const read = textReader(type);
  const bits = integerBits[type.kind];
  if (type.kind === 'STRING') return (value, raw) => (typeof value === 'string' ? value : typeof value === 'number' ? raw() : JSON.stringify(value));
  return (value, raw) => {
    switch (typeof value) {
      case 'string': return read(value);
      case 'boolean': return type.kind === 'BOOLEAN' ? Number(value) : undefined;
      case 'number': return number(value, raw);
      default: return undefined;
    }
  };

  function number(value: number, raw: () => string): Value {
    switch (type.kind) {
      case 'DOUBLE': return value;
      case 'FLOAT': return Math.fround(value);
      case 'DECIMAL': return read(raw());
      case 'BOOLEAN': case 'BYTES': case 'DATE': return undefined;
      default:
        // 5.0 and 1e3 are integers; beyond 2^53 only the digits tell which.
        if (!Number.isSafeInteger(value)) return read(raw());
        if (bits === undefined) return millis(value + 0, timestampUnits(type.precision ?? 6));
        return inRange(value, bits) ? value + 0 : undefined;
    }
  }
}

/** Why a row was rejected. */
export const notA = (type: SqlType): string => `not a value of ${typeName(type, false)}`;

function integer(text: string, bits: number): Value {
  if (text.length > digitsMax || !/^[+-]?\d+$/.test(text)) return undefined;
  if (text.length < 16) {
    const value = Number(text) + 0;
    return inRange(value, bits) ? value : undefined;
  }
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(bits, value) === value ? toInt64(value) : undefined;
}

const inRange = (value: number, bits: number): boolean => bits >= 64 || (value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1));

function boolean(text: string): Value {
  const lower = text.toLowerCase();
  return lower === 'true' || lower === '1' ? 1 : lower === 'false' || lower === '0' ? 0 : undefined;
}

function real(text: string): number | undefined {
  const value = parseReal(text) ?? parseReal(text.replace(/inf(inity)?$/i, 'Infinity').replace(/nan$/i, 'NaN'));
  return value ?? undefined;
}

const rounded = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.fround(value));

function date(text: string): Value {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  return match === null ? undefined : days(Number(match[1]), Number(match[2]), Number(match[3]));
}

function days(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return undefined;
  return daysOf(year, month, day);
}

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s?(?:Z|UTC|([+-])(\d\d):?(\d\d)?)?$/i;

/** Digits finer than the type's are dropped, which is a floor: they count forward within the second. */
function time(text: string, units: number): Value {
  const match = isoPattern.exec(text);
  if (match === null) return epoch(text, units);
  const day = days(Number(match[1]), Number(match[2]), Number(match[3]));
  const hour = Number(match[4] ?? 0), minute = Number(match[5] ?? 0), second = Number(match[6] ?? 0);
  if (day === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = match[8] === undefined ? 0 : (match[8] === '-' ? -1 : 1) * (Number(match[9]) * 60 + Number(match[10] ?? 0));
  const fraction = Math.floor(Number((match[7] ?? '').padEnd(9, '0')) / (1e9 / units));
  const within = ((hour * 60 + minute - offset) * 60 + second) * units + fraction;
  const perDay = 86_400 * units;
  return inUnits(joinDay(day + Math.floor(within / perDay), within - Math.floor(within / perDay) * perDay, units), units);
}

function epoch(text: string, units: number): Value {
  const value = integer(text, 64);
  return value === undefined || value === null ? undefined : millis(value as Int64, units);
}

const millis = (value: Int64, units: number): Value => inUnits(units === 1e3 ? value : toInt64(BigInt(value) * BigInt(units / 1e3)), units);

/** A time as its column can hold it: milliseconds as a double, finer ones in 64 bits; else undefined. */
function inUnits(value: Int64, units: number): Value {
  if (typeof value === 'number') return value;
  return units > 1e3 && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Whether a text of a time has more digits than the type keeps. */
export function isFiner(text: string, units: number): boolean {
  const digits = units === 1e3 ? 3 : units === 1e6 ? 6 : 9;
  const fraction = /[.,](\d+)/.exec(text)?.[1] ?? '';
  return /[1-9]/.test(fraction.slice(digits));
}
