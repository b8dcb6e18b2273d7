/**
 * Exact sums of doubles: whatever the order, with additions taken back, and merged from partial sums, the
 * result is the double nearest to the real sum. A sum is SUM_STRIDE doubles of a state array: four
 * accumulators on the grid of `grid.ts`, lowest first, and a count of operations. All zero is an empty sum.
 * `Spills` holds what the grid cannot; `key` names the sum there.
 */
import { distill, distilled, distilledQuotient, quotientOrNaN } from './expansion.js';
import { faults } from './faults.js';
import { CUT_16, CUT_M110, CUT_M26, CUT_M68, OPERATIONS_MAX, SMALL_LIMIT, SPILLED, SUM_LIMIT, SUM_TOP_MAX } from './grid.js';
import { fixedOf, roundRatio } from './rounding.js';
import { Spills, decided, spillValue } from './spills.js';

export { Spills } from './spills.js';

/** Doubles that a sum takes in a state array. */
export const SUM_STRIDE = 5;

/** Adds x, which may be NaN or infinite. */
export function addExact(state: Float64Array, at: number, x: number, spills: Spills, key: number): void {
  // Planted bug, and what benchmarks compare with: nothing but the addition.
  if (faults.naiveSum) {
    state[at + 3] = state[at + 3]! + x;
    return;
  }
  if (x < SMALL_LIMIT && x > -SMALL_LIMIT) {
    // Prices and sizes as they usually are: the other pieces are 0, and often p1 as well.
    const p2 = x + CUT_M26 - CUT_M26;
    const p1 = x - p2;
    if (p1 + CUT_M68 - CUT_M68 === p1) {
      if (p1 !== 0) state[at + 1] = state[at + 1]! + p1;
      state[at + 2] = state[at + 2]! + p2;
      const operations = state[at + 4]! + 1;
      state[at + 4] = operations;
      if (operations >= OPERATIONS_MAX) relieve(state, at, spills, key);
      return;
    }
  }
  const p3 = x + CUT_16 - CUT_16;
  let rest = x - p3;
  const p2 = rest + CUT_M26 - CUT_M26;
  rest -= p2;
  const p1 = rest + CUT_M68 - CUT_M68;
  rest -= p1;
  const p0 = rest + CUT_M110 - CUT_M110;
  if (rest !== p0 || !(x < SUM_LIMIT && x > -SUM_LIMIT)) {
    addOutside(state, at, x, 1, spills, key);
    return;
  }
  state[at] = state[at]! + p0;
  state[at + 1] = state[at + 1]! + p1;
  state[at + 2] = state[at + 2]! + p2;
  state[at + 3] = state[at + 3]! + p3;
  const operations = state[at + 4]! + 1;
  state[at + 4] = operations;
  if (operations >= OPERATIONS_MAX) relieve(state, at, spills, key);
}

/** Takes back an x that was added before. */
export function subtractExact(state: Float64Array, at: number, x: number, spills: Spills, key: number): void {
  if (x - x === 0 || faults.naiveSum) addExact(state, at, -x, spills, key);
  else addOutside(state, at, x, -1, spills, key);
}

function addOutside(state: Float64Array, at: number, x: number, weight: number, spills: Spills, key: number): void {
  spillValue(spills.take(key), x, weight, false);
  settleSum(state, at, spills, key);
}

/** Sets or clears the mark that says whether `spills` has an entry for this sum. */
function settleSum(state: Float64Array, at: number, spills: Spills, key: number): void {
  const operations = state[at + 4]! % SPILLED;
  state[at + 4] = spills.settle(key) ? operations + SPILLED : operations;
}

/** After many operations, before an accumulator could round: moves what is too much for one to the next. */
function relieve(state: Float64Array, at: number, spills: Spills, key: number): void {
  if (state[at + 4]! % SPILLED >= OPERATIONS_MAX) carrySum(state, at, spills, key);
}

/** Leaves at most half a unit of the next accumulator in each, and at most SUM_TOP_MAX in the top one. */
export function carrySum(state: Float64Array, at: number, spills: Spills, key: number): void {
  const kept = faults.dropCarry ? 0 : 1;
  const c0 = state[at]! + CUT_M68 - CUT_M68;
  state[at] = state[at]! - c0;
  const a1 = state[at + 1]! + c0 * kept;
  const c1 = a1 + CUT_M26 - CUT_M26;
  state[at + 1] = a1 - c1;
  const a2 = state[at + 2]! + c1 * kept;
  const c2 = a2 + CUT_16 - CUT_16;
  state[at + 2] = a2 - c2;
  const a3 = state[at + 3]! + c2 * kept;
  state[at + 3] = a3;
  state[at + 4] = state[at + 4]! >= SPILLED ? SPILLED : 0;
  if (a3 > SUM_TOP_MAX || a3 < -SUM_TOP_MAX) {
    spillValue(spills.take(key), a3, 1, false);
    state[at + 3] = 0;
    settleSum(state, at, spills, key);
  }
}

/** Adds the sum at `fromAt` of `from` to the one at `at` of `state`; the former keeps its value. */
export function mergeExact(
  state: Float64Array, at: number, spills: Spills, key: number,
  from: Float64Array, fromAt: number, fromSpills: Spills, fromKey: number,
): void {
  if (faults.naiveSum) {
    state[at + 3] = state[at + 3]! + from[fromAt + 3]!;
    return;
  }
  carrySum(state, at, spills, key);
  for (let i = 0; i < 3; i++) state[at + i] = state[at + i]! + from[fromAt + i]!;
  const top = from[fromAt + 3]!;
  if (top <= SUM_TOP_MAX && top >= -SUM_TOP_MAX) state[at + 3] = state[at + 3]! + top;
  else spillValue(spills.take(key), top, 1, false);
  if (from[fromAt + 4]! >= SPILLED) mergeSpill(spills, key, fromSpills, fromKey);
  carrySum(state, at, spills, key);
  settleSum(state, at, spills, key);
}

/** Adds one entry of a side table to another. */
export function mergeSpill(spills: Spills, key: number, fromSpills: Spills, fromKey: number): void {
  const source = fromSpills.get(fromKey);
  if (source === undefined) return;
  const target = spills.take(key);
  target.sum += source.sum;
  target.squares += source.squares;
  target.integer += source.integer;
  target.nan += source.nan;
  target.positiveInfinities += source.positiveInfinities;
  target.negativeInfinities += source.negativeInfinities;
}

/** Makes it an empty sum. */
export function clearExact(state: Float64Array, at: number, spills: Spills, key: number): void {
  if (state[at + 4]! >= SPILLED) spills.delete(key);
  state.fill(0, at, at + SUM_STRIDE);
}

/** The double nearest to the sum, ties to even; exact zero is +0. NaN, or both infinities, give NaN. */
export function roundedSum(state: Float64Array, at: number, spills: Spills, key: number): number {
  if (faults.naiveSum) return state[at + 3]!;
  if (state[at + 4]! < SPILLED) {
    distill(state, at);
    return distilled[0]!;
  }
  const entry = spills.get(key)!;
  const special = decided(entry);
  return special !== 0 ? special : roundRatio(fixedSum(state, at, entry.sum), 1n << 1074n);
}

/** The double nearest to sum / count, ties to even. `count` is a whole number from 1. */
export function roundedMean(state: Float64Array, at: number, spills: Spills, key: number, count: number): number {
  if (faults.naiveSum) return state[at + 3]! / count;
  if (state[at + 4]! < SPILLED) {
    const likely = likelyMean(state, at, count);
    if (likely === likely) return likely;
    distill(state, at);
    return distilledQuotient(count);
  }
  const entry = spills.get(key)!;
  const special = decided(entry);
  return special !== 0 ? special : roundRatio(fixedSum(state, at, entry.sum), BigInt(count) << 1074n);
}

/** The mean from the sum as a pair of doubles, with a bound on its error; NaN when that leaves the rounding in doubt. */
function likelyMean(state: Float64Array, at: number, count: number): number {
  const a0 = state[at]!;
  const a1 = state[at + 1]!;
  const a2 = state[at + 2]!;
  const a3 = state[at + 3]!;
  let s = a3 + a2;
  let part = s - a3;
  let low = a3 - (s - part) + (a2 - part);
  const sum = s + a1;
  part = sum - s;
  low += s - (sum - part) + (a1 - part);
  s = sum + a0;
  part = s - sum;
  low += sum - (s - part) + (a0 - part);
  const top = s + low;
  const error = (Math.abs(a3) + Math.abs(a2) + Math.abs(a1) + Math.abs(a0)) * 2 ** -100;
  return quotientOrNaN(top, low - (top - s), error, count, 0);
}

/** The sum as a count of 2^-1074. */
export function fixedSum(state: Float64Array, at: number, spilled: bigint): bigint {
  return spilled + fixedOf(state[at]!) + fixedOf(state[at + 1]!) + fixedOf(state[at + 2]!) + fixedOf(state[at + 3]!);
}
