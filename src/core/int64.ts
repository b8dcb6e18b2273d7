/**
 * Exact integers as SQL has them: a number while it is a safe integer, else a bigint, never both for one
 * value, so `===` compares. The functions take and give canonical values; none of them gives -0.
 * Range is the caller's affair (`inInt64Range`): a sum of BIGINTs may pass 64 bits on its way.
 */
import type { Int64 } from './types.js';

const SAFE = Number.MAX_SAFE_INTEGER;
const BIG_SAFE = BigInt(SAFE);

/** The canonical form of `value`. */
export function toInt64(value: bigint): Int64 {
  return value <= BIG_SAFE && value >= -BIG_SAFE ? Number(value) : value;
}

export function toBig(value: Int64): bigint {
  return typeof value === 'number' ? BigInt(value) : value;
}

// A result rounded from beyond the safe range is still beyond it, so one comparison tells exact results from others.
export function addInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= SAFE && sum >= -SAFE) return sum;
  }
  return toInt64(toBig(a) + toBig(b));
}

export function subtractInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference <= SAFE && difference >= -SAFE) return difference;
  }
  return toInt64(toBig(a) - toBig(b));
}

export function multiplyInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= SAFE && product >= -SAFE) return product + 0; // -0 becomes 0
  }
  return toInt64(toBig(a) * toBig(b));
}

/** Truncates toward zero. `b` is not zero. */
export function divideInt64(a: Int64, b: Int64): Int64 {
  // A quotient of safe integers is at least 1/b away from the next integer, which rounding cannot bridge.
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return toInt64(toBig(a) / toBig(b));
}

/** Has the sign of `a`. `b` is not zero. */
export function remainderInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return toInt64(toBig(a) % toBig(b));
}

export function negateInt64(a: Int64): Int64 {
  return typeof a === 'number' ? 0 - a : -a;
}

/** Below 0, 0 or above 0 as `a` is less than, equal to or greater than `b`. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The nearest double, ties to even. */
export function int64ToNumber(value: Int64): number {
  return Number(value);
}

/** Whether `value` fits a signed 64-bit integer. */
export function inInt64Range(value: Int64): boolean {
  return typeof value === 'number' || (value >= -0x8000_0000_0000_0000n && value <= 0x7fff_ffff_ffff_ffffn);
}
