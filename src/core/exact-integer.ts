/**
 * Exact sums of integers (BIGINT, INT, the unscaled values of DECIMAL): INTEGER_STRIDE doubles of a state array.
 * A low part within ±2^52, a high part that counts 2^52, and a mark that `Spills` holds the bigints among the values.
 */
import { assert } from './errors.js';
import { toInt64 } from './int64.js';
import { Spills } from './spills.js';
import type { Int64 } from './types.js';

/** Doubles that a sum of integers takes in a state array. All zero is an empty sum. */
export const INTEGER_STRIDE = 3;

const LIMIT = 2 ** 52;

export function addInteger(state: Float64Array, at: number, value: Int64, spills: Spills, key: number): void {
  if (typeof value === 'number' && value <= LIMIT && value >= -LIMIT) {
    const sum = state[at]! + value;
    if (sum <= LIMIT && sum >= -LIMIT) state[at] = sum;
    else carryInteger(state, at, sum);
  } else {
    spillInteger(state, at, BigInt(value), spills, key);
  }
}

/** Takes back a value that was added before. */
export function subtractInteger(state: Float64Array, at: number, value: Int64, spills: Spills, key: number): void {
  if (typeof value === 'number' && value <= LIMIT && value >= -LIMIT) {
    const sum = state[at]! - value;
    if (sum <= LIMIT && sum >= -LIMIT) state[at] = sum;
    else carryInteger(state, at, sum);
  } else {
    spillInteger(state, at, -BigInt(value), spills, key);
  }
}

/** `sum` is beyond 2^52 but, as a sum of two within, exact. */
function carryInteger(state: Float64Array, at: number, sum: number): void {
  const carried = sum > 0 ? 1 : -1;
  state[at] = sum - carried * LIMIT;
  state[at + 1] = state[at + 1]! + carried;
}

function spillInteger(state: Float64Array, at: number, value: bigint, spills: Spills, key: number): void {
  spills.take(key).integer += value;
  state[at + 2] = spills.settle(key) ? 1 : 0;
}

/** Adds the sum at `fromAt` of `from` to the one at `at` of `state`; the former keeps its value. */
export function mergeInteger(
  state: Float64Array, at: number, spills: Spills, key: number,
  from: Float64Array, fromAt: number, fromSpills: Spills, fromKey: number,
): void {
  addInteger(state, at, from[fromAt]!, spills, key);
  state[at + 1] = state[at + 1]! + from[fromAt + 1]!;
  if (from[fromAt + 2] !== 0) spillInteger(state, at, fromSpills.get(fromKey)!.integer, spills, key);
}

/** Makes it an empty sum. */
export function clearInteger(state: Float64Array, at: number, spills: Spills, key: number): void {
  if (state[at + 2] !== 0) spills.delete(key);
  state.fill(0, at, at + INTEGER_STRIDE);
}

/** The sum, canonical. It may be beyond 64 bits: the caller checks. */
export function integerSum(state: Float64Array, at: number, spills: Spills, key: number): Int64 {
  const low = state[at]!;
  const high = state[at + 1]!;
  if (state[at + 2] === 0) {
    const sum = high * LIMIT + low;
    // A sum rounded from beyond the safe integers is still beyond them.
    return sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER ? sum : toInt64((BigInt(high) << 52n) + BigInt(low));
  }
  const entry = spills.get(key);
  assert(entry !== undefined, 'a marked sum has an entry in its spills');
  return toInt64((BigInt(high) << 52n) + BigInt(low) + entry.integer);
}
