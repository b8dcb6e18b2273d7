/**
 * DECIMAL arithmetic on unscaled integers (value · 10^scale): numbers while they are safe integers, else bigints.
 * Results are rounded half away from zero to the scale of their type; null where the precision does not suffice.
 */
import { toInt64 } from '../core/int64.js';
import type { Int64 } from '../core/types.js';
import { failure } from './kernel.js';

const safeMax = Number.MAX_SAFE_INTEGER;

const powers: readonly bigint[] = Array.from({ length: 120 }, (_, exponent) => 10n ** BigInt(exponent));

export const powerOfTen = (exponent: number): bigint => powers[exponent]!;

/** value / divisor, rounded half away from zero; divisor > 0. */
function divideHalfUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const rest = value - quotient * divisor;
  if ((rest < 0n ? -rest : rest) * 2n < divisor) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function rescale(value: bigint, from: number, to: number): bigint {
  if (to >= from) return value * powers[to - from]!;
  return divideHalfUp(value, powers[from - to]!);
}

/** The value at the precision of its type, or null. */
export function fit(value: bigint, precision: number): Int64 | null {
  const limit = powers[precision]!;
  return value < limit && value > -limit ? toInt64(value) : null;
}

type Binary = (a: Int64, b: Int64) => Int64 | null;
type Unary = (value: Int64) => Int64 | null;

/** Below this magnitude a number is certainly within the precision and safe. */
const safeLimit = (precision: number): number => (precision >= 16 ? safeMax : Number(powers[precision]!) - 1);

/** To another scale: rounds half up, null when digits overflow. */
export function rescaler(from: number, precision: number, scale: number): Unary {
  const limit = safeLimit(precision);
  const factor = scale >= from && scale - from <= 15 ? Number(powers[scale - from]!) : 0;
  return (value) => {
    if (factor !== 0 && typeof value === 'number') {
      const scaled = value * factor;
      if (scaled <= limit && scaled >= -limit) return scaled;
    }
    return fit(rescale(BigInt(value), from, scale), precision);
  };
}

/** a + b or a - b. */
export function adder(sign: 1 | -1, scaleA: number, scaleB: number, precision: number, scale: number): Binary {
  const common = Math.max(scaleA, scaleB);
  const limit = safeLimit(precision);
  const quick = common === scale && common - Math.min(scaleA, scaleB) <= 15;
  const factorA = quick ? Number(powers[common - scaleA]!) : 0;
  const factorB = quick ? sign * Number(powers[common - scaleB]!) : 0;
  return (a, b) => {
    if (quick && typeof a === 'number' && typeof b === 'number') {
      const left = a * factorA;
      const right = b * factorB;
      const sum = left + right + 0;
      if (left <= safeMax && left >= -safeMax && right <= safeMax && right >= -safeMax && sum <= limit && sum >= -limit) return sum;
    }
    const right = rescale(BigInt(b), scaleB, common);
    const sum = rescale(BigInt(a), scaleA, common) + (sign === 1 ? right : -right);
    return fit(rescale(sum, common, scale), precision);
  };
}

export function multiplier(scaleA: number, scaleB: number, precision: number, scale: number): Binary {
  const limit = safeLimit(precision);
  const quick = scaleA + scaleB === scale;
  return (a, b) => {
    if (quick && typeof a === 'number' && typeof b === 'number') {
      const product = a * b + 0;
      if (product <= limit && product >= -limit) return product;
    }
    return fit(rescale(BigInt(a) * BigInt(b), scaleA + scaleB, scale), precision);
  };
}

const digitsOf = (value: bigint): number => (value < 0n ? -value : value).toString().length;

/** Flink rounds a quotient to this many significant digits before it rounds to its scale. */
const quotientDigits = 38;

/** a / b: first to 38 significant digits, then to `scale`, half up both times. */
export function divider(scaleA: number, scaleB: number, precision: number, scale: number): Binary {
  return (a, b) => {
    if (b === 0) throw failure('division by zero');
    const divisor = BigInt(b);
    const negative = divisor < 0n;
    const numerator = negative ? -BigInt(a) : BigInt(a);
    const denominator = negative ? -divisor : divisor;
    // So many more digits that the integer quotient has at least 38.
    const shift = quotientDigits + Math.max(0, digitsOf(denominator) - digitsOf(numerator)) + 1;
    const wide = numerator * powerAt(shift);
    const surplus = Math.max(0, digitsOf(wide / denominator) - quotientDigits);
    const significant = divideHalfUp(wide, denominator * powerAt(surplus));
    return fit(rescaleWide(significant, scaleA - scaleB + shift - surplus, scale), precision);
  };
}

function rescaleWide(value: bigint, from: number, to: number): bigint {
  return to >= from ? value * powerAt(to - from) : divideHalfUp(value, powerAt(from - to));
}

const powerAt = (exponent: number): bigint => powers[exponent] ?? 10n ** BigInt(exponent);

/** a % b with the sign of a. */
export function remainder(scaleA: number, scaleB: number, precision: number, scale: number): Binary {
  const common = Math.max(scaleA, scaleB);
  return (a, b) => {
    if (b === 0) throw failure('division by zero');
    return fit(rescale(rescale(BigInt(a), scaleA, common) % rescale(BigInt(b), scaleB, common), common, scale), precision);
  };
}

/** Rounds to `places` digits after the point (negative: before it); half up, or toward zero with `truncate`. */
export function rounder(from: number, places: number, precision: number, scale: number, truncate: boolean): Unary {
  return (value) => {
    if (places >= from) return fit(rescale(BigInt(value), from, scale), precision);
    const unit = powerAt(from - places);
    const units = truncate ? BigInt(value) / unit : divideHalfUp(BigInt(value), unit);
    return fit(rescale(units * unit, from, scale), precision);
  };
}

/** Down (-1) or up (+1) to a whole number; the result has scale 0. */
export function wholeNumber(from: number, direction: -1 | 1): (value: Int64) => Int64 {
  const unit = powers[from]!;
  return (value) => {
    const exact = BigInt(value);
    const quotient = exact / unit;
    const rest = exact - quotient * unit;
    if (direction === -1 && rest < 0n) return toInt64(quotient - 1n);
    if (direction === 1 && rest > 0n) return toInt64(quotient + 1n);
    return toInt64(quotient);
  };
}

/** Toward zero to a whole number. */
export const wholePart = (value: Int64, scale: number): bigint => BigInt(value) / powers[scale]!;

/** As Flink prints it: all digits of the scale, no exponent. */
export function decimalText(value: Int64, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value < 0 ? -value : value).padStart(scale + 1, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Reads a number's text; undefined when it is none, null when the digits do not fit. */
export function decimalFromText(text: string, precision: number, scale: number): Int64 | null | undefined {
  const match = decimalPattern.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  if (whole.length + fraction.length === 0) return undefined;
  const unscaled = BigInt(whole + fraction);
  if (unscaled === 0n) return 0;
  const from = fraction.length - Number(exponentText);
  // Far out of range either way: nothing is left, or nothing fits.
  if (from - scale > whole.length + fraction.length + 1) return 0;
  if (scale - from > precision) return null;
  const scaled = from > scale ? divideHalfUp(unscaled, powerAt(from - scale)) : unscaled * powerAt(scale - from);
  return fit(sign === '-' ? -scaled : scaled, precision);
}
