/** Decimal texts as exact integers at a power of ten: 36.87430786 at 1e8 is 3687430786. No double is on the way. */
import { toInt64 } from '../../core/int64.js';
import type { Int64 } from '../../core/types.js';

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The same texts, without taking them apart: those with a digit. */
const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Longer numbers are rubbish, and would take long to find out. */
const digitsMax = 60;

interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; empty for 0. */
  readonly digits: string;
  /** The value is `digits` times ten to this. */
  readonly exponent: number;
}

function parse(text: string): Decimal | null {
  const match = text.length > digitsMax ? null : pattern.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? '';
  const written = match[2]! + fraction;
  if (written === '') return null;
  const trimmed = written.replace(/0+$/, '');
  const exponent = Number(match[4] ?? 0) - fraction.length + written.length - trimmed.length;
  return { negative: match[1] === '-', digits: trimmed.replace(/^0+/, ''), exponent };
}

/** Whether `text` is a decimal number, with or without an exponent. */
export const isDecimal = (text: string): boolean => text.length <= digitsMax && numeric.test(text);

/** The least n, 0 or more, for which `text` times ten to the n is whole; null when `text` is no decimal number. */
export function decimalPlaces(text: string): number | null {
  const decimal = parse(text);
  if (decimal === null) return null;
  return decimal.digits === '' ? 0 : Math.max(0, -decimal.exponent);
}

/** `text` times ten to the `exponent`; null when that is not whole, or `text` no decimal number. */
export function scaledInteger(text: string, exponent: number): Int64 | null {
  const short = shortInteger(text, exponent);
  if (short >= 0) return short;
  const decimal = parse(text);
  if (decimal === null) return null;
  if (decimal.digits === '') return 0;
  const zeros = decimal.exponent + exponent;
  if (zeros < 0 || zeros > digitsMax) return null;
  const value = `${decimal.negative ? '-' : ''}${decimal.digits}${'0'.repeat(zeros)}`;
  return value.length < 16 ? Number(value) : toInt64(BigInt(value));
}

/** As `scaledInteger` for the usual sizes: up to 15 characters, digits with a point or none. -1: not one of them. */
function shortInteger(text: string, exponent: number): number {
  if (text.length > 15) return -1;
  let value = 0, digits = 0, places = -1;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit === -2 && places < 0) places = 0;
    else if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits += 1;
      if (places >= 0) places += 1;
    } else return -1;
  }
  if (digits === 0) return -1;
  let zeros = exponent - Math.max(0, places);
  for (; zeros < 0 && value % 10 === 0; zeros += 1) value /= 10;
  if (zeros < 0) return -1;
  for (; zeros > 0 && value <= Number.MAX_SAFE_INTEGER; zeros -= 1) value *= 10;
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** The double nearest to the decimal number `text` times ten to the `exponent`; null when it is none, or beyond all doubles. */
export function nearestDouble(text: string, exponent: number): number | null {
  // A decimal text is read as the double nearest to it, so moving the point in the text rounds once.
  const value = exponent === 0 ? (isDecimal(text) ? Number(text) : NaN) : moved(text, exponent);
  return Number.isFinite(value) ? value : null;
}

function moved(text: string, exponent: number): number {
  const decimal = parse(text);
  return decimal === null ? NaN : Number(`${decimal.negative ? '-' : ''}${decimal.digits || '0'}e${decimal.exponent + exponent}`);
}
