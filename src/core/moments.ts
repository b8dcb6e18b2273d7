/**
 * Exact first and second moments of doubles, for AVG, VAR_* and STDDEV_* of one column: MOMENTS_STRIDE doubles
 * of a state array. They begin as the sum of x (its four accumulators and the count of operations lie as in
 * `exact-sum.ts`, so AVG shares them), then come six accumulators of x², which is added as its rounded
 * product and what that lost. What the grid cannot hold goes to `Spills` whole, x and x².
 */
import {
  addDistilledSquare, addProduct, clearTerms, distill, distilled, distilledQuotient, quotientOfTerms, quotientOrNaN,
} from './expansion.js';
import { carrySum, fixedSum, mergeExact, roundedMean, roundedSum } from './exact-sum.js';
import { faults } from './faults.js';
import {
  CUT_16, CUT_58, CUT_M110, CUT_M152, CUT_M26, CUT_M68, MOMENTS_LIMIT, OPERATIONS_MAX, SMALL_SQUARE_LIMIT, SPILLED, SQUARES_TOP_MAX,
} from './grid.js';
import { fixedOf, productError, rootOfRatio, roundRatio, sumError } from './rounding.js';
import { Spills, decided, spillValue } from './spills.js';

/** Doubles that the moments of a column take in a state array. */
export const MOMENTS_STRIDE = 11;

/** Where the accumulators of squares begin, lowest first. */
const SQUARES = 5;
const SQUARES_COUNT = 6;

export function addMoments(state: Float64Array, at: number, x: number, spills: Spills, key: number): void {
  accumulate(state, at, x, 1, spills, key);
}

/** Takes back an x that was added before. */
export function subtractMoments(state: Float64Array, at: number, x: number, spills: Spills, key: number): void {
  accumulate(state, at, x, -1, spills, key);
}

/** The sum of x, as `roundedSum`. */
export const momentsSum = roundedSum;

/** The mean of x, as `roundedMean`. */
export const momentsMean = roundedMean;

function accumulate(state: Float64Array, at: number, x: number, weight: number, spills: Spills, key: number): void {
  // Planted bug, and what benchmarks compare with: nothing but the additions.
  if (faults.naiveSum) {
    state[at + 3] = state[at + 3]! + weight * x;
    state[at + 10] = state[at + 10]! + weight * x * x;
    return;
  }
  if (x < SMALL_SQUARE_LIMIT && x > -SMALL_SQUARE_LIMIT && accumulateSmall(state, at, x, weight, spills, key)) return;
  const p3 = x + CUT_16 - CUT_16;
  let rest = x - p3;
  const p2 = rest + CUT_M26 - CUT_M26;
  rest -= p2;
  const p1 = rest + CUT_M68 - CUT_M68;
  rest -= p1;
  const p0 = rest + CUT_M110 - CUT_M110;
  const fits = cutSquare(x) && rest === p0 && x < MOMENTS_LIMIT && x > -MOMENTS_LIMIT;
  if (!fits) {
    accumulateOutside(state, at, x, weight, spills, key);
    return;
  }
  state[at] = state[at]! + weight * p0;
  state[at + 1] = state[at + 1]! + weight * p1;
  state[at + 2] = state[at + 2]! + weight * p2;
  state[at + 3] = state[at + 3]! + weight * p3;
  state[at + 5] = state[at + 5]! + weight * squarePieces[0]!;
  state[at + 6] = state[at + 6]! + weight * squarePieces[1]!;
  state[at + 7] = state[at + 7]! + weight * squarePieces[2]!;
  state[at + 8] = state[at + 8]! + weight * squarePieces[3]!;
  state[at + 9] = state[at + 9]! + weight * squarePieces[4]!;
  state[at + 10] = state[at + 10]! + weight * squarePieces[5]!;
  const operations = state[at + 4]! + 1;
  state[at + 4] = operations;
  if (operations >= OPERATIONS_MAX && operations % SPILLED >= OPERATIONS_MAX) carryMoments(state, at, spills, key);
}

/** Prices as they usually are: the pieces that are left out are 0. False, with nothing added, where one of them is not. */
function accumulateSmall(state: Float64Array, at: number, x: number, weight: number, spills: Spills, key: number): boolean {
  const p2 = x + CUT_M26 - CUT_M26;
  const p1 = x - p2;
  const high = x * x;
  const xScaled = 134217729 * x;
  const xHigh = xScaled - (xScaled - x);
  const xLow = x - xHigh;
  const low = xLow * xLow - (high - xHigh * xHigh - 2 * (xLow * xHigh));
  const h4 = high + CUT_16 - CUT_16;
  const highRest = high - h4;
  const h3 = highRest + CUT_M26 - CUT_M26;
  const h2 = highRest - h3;
  const l2 = low + CUT_M68 - CUT_M68;
  const l1 = low - l2;
  if (p1 + CUT_M68 - CUT_M68 !== p1 || h2 + CUT_M68 - CUT_M68 !== h2 || l1 + CUT_M110 - CUT_M110 !== l1) return false;
  state[at + 1] = state[at + 1]! + weight * p1;
  state[at + 2] = state[at + 2]! + weight * p2;
  state[at + 6] = state[at + 6]! + weight * l1;
  state[at + 7] = state[at + 7]! + weight * (h2 + l2);
  state[at + 8] = state[at + 8]! + weight * h3;
  state[at + 9] = state[at + 9]! + weight * h4;
  const operations = state[at + 4]! + 1;
  state[at + 4] = operations;
  if (operations >= OPERATIONS_MAX && operations % SPILLED >= OPERATIONS_MAX) carryMoments(state, at, spills, key);
  return true;
}

/** The pieces of the square cut last, lowest first. */
const squarePieces = new Float64Array(SQUARES_COUNT);

/** Cuts x² into `squarePieces`; says whether it has no bits below the lowest unit. |x| is below MOMENTS_LIMIT, else they mean nothing. */
function cutSquare(x: number): boolean {
  // The square is high + low, exactly; both are cut by the same units. `low` is below 2^47: it has no top piece.
  const high = x * x;
  const xScaled = 134217729 * x;
  const xHigh = xScaled - (xScaled - x);
  const xLow = x - xHigh;
  const low = xLow * xLow - (high - xHigh * xHigh - 2 * (xLow * xHigh));
  const h5 = high + CUT_58 - CUT_58;
  let highRest = high - h5;
  const h4 = highRest + CUT_16 - CUT_16;
  highRest -= h4;
  const h3 = highRest + CUT_M26 - CUT_M26;
  highRest -= h3;
  const h2 = highRest + CUT_M68 - CUT_M68;
  highRest -= h2;
  const h1 = highRest + CUT_M110 - CUT_M110;
  highRest -= h1;
  const h0 = highRest + CUT_M152 - CUT_M152;
  const l4 = low + CUT_16 - CUT_16;
  let lowRest = low - l4;
  const l3 = lowRest + CUT_M26 - CUT_M26;
  lowRest -= l3;
  const l2 = lowRest + CUT_M68 - CUT_M68;
  lowRest -= l2;
  const l1 = lowRest + CUT_M110 - CUT_M110;
  lowRest -= l1;
  const l0 = lowRest + CUT_M152 - CUT_M152;
  squarePieces[0] = h0 + l0;
  squarePieces[1] = h1 + l1;
  squarePieces[2] = h2 + l2;
  squarePieces[3] = h3 + l3;
  squarePieces[4] = h4 + l4;
  squarePieces[5] = h5;
  return highRest === h0 && lowRest === l0;
}

function accumulateOutside(state: Float64Array, at: number, x: number, weight: number, spills: Spills, key: number): void {
  spillValue(spills.take(key), x, weight, true);
  settleMoments(state, at, spills, key);
}

function settleMoments(state: Float64Array, at: number, spills: Spills, key: number): void {
  const operations = state[at + 4]! % SPILLED;
  state[at + 4] = spills.settle(key) ? operations + SPILLED : operations;
}

/** `carrySum`, for the squares as well. */
function carryMoments(state: Float64Array, at: number, spills: Spills, key: number): void {
  carrySquares(state, at + SQUARES);
  carrySum(state, at, spills, key);
  const top = state[at + 10]!;
  if (top > SQUARES_TOP_MAX || top < -SQUARES_TOP_MAX) {
    spills.take(key).squares += fixedOf(top) << 1074n;
    state[at + 10] = 0;
    settleMoments(state, at, spills, key);
  }
}

/** Cuts by which one accumulator of squares is rounded to the unit of the next. */
const CUTS = new Float64Array([CUT_M110, CUT_M68, CUT_M26, CUT_16, CUT_58]);

function carrySquares(state: Float64Array, at: number): void {
  const kept = faults.dropCarry ? 0 : 1;
  for (let i = 0; i < SQUARES_COUNT - 1; i++) {
    const carried = state[at + i]! + CUTS[i]! - CUTS[i]!;
    state[at + i] = state[at + i]! - carried;
    state[at + i + 1] = state[at + i + 1]! + carried * kept;
  }
}

/** Adds the moments at `fromAt` of `from` to those at `at` of `state`; the former keep their value. */
export function mergeMoments(
  state: Float64Array, at: number, spills: Spills, key: number,
  from: Float64Array, fromAt: number, fromSpills: Spills, fromKey: number,
): void {
  if (faults.naiveSum) {
    state[at + 3] = state[at + 3]! + from[fromAt + 3]!;
    state[at + 10] = state[at + 10]! + from[fromAt + 10]!;
    return;
  }
  carryMoments(state, at, spills, key);
  for (let i = SQUARES; i < MOMENTS_STRIDE - 1; i++) state[at + i] = state[at + i]! + from[fromAt + i]!;
  const top = from[fromAt + MOMENTS_STRIDE - 1]!;
  if (top <= SQUARES_TOP_MAX) state[at + 10] = state[at + 10]! + top;
  else spills.take(key).squares += fixedOf(top) << 1074n;
  mergeExact(state, at, spills, key, from, fromAt, fromSpills, fromKey);
  carryMoments(state, at, spills, key);
}

/** Makes them the moments of no value. */
export function clearMoments(state: Float64Array, at: number, spills: Spills, key: number): void {
  if (state[at + 4]! >= SPILLED) spills.delete(key);
  state.fill(0, at, at + MOMENTS_STRIDE);
}

/**
 * The double nearest to the exact variance of the `count` values, ties to even: over the population, or over
 * `count` - 1 for a `sample` (then `count` is at least 2). NaN when a value is NaN or infinite.
 */
export function roundedVariance(
  state: Float64Array, at: number, spills: Spills, key: number, count: number, sample: boolean,
): number {
  if (faults.naiveSum) {
    const sum = state[at + 3]!;
    return Math.max(0, (state[at + 10]! - (sum * sum) / count) / (sample ? count - 1 : count));
  }
  if (state[at + 4]! >= SPILLED) return spilledVariance(state, at, spills, key, count, sample, false);
  if (count === 1) return 0;
  const other = sample ? count - 1 : count;
  const divisor = count * other;
  const divisorLow = divisor > Number.MAX_SAFE_INTEGER ? productError(count, other) : 0;
  const likely = likelyVariance(state, at, count, divisor, divisorLow);
  if (likely === likely) return likely;
  distill(state, at);
  const centred = centredVariance(state, at, count, other);
  if (centred === centred) return centred;
  clearTerms();
  for (let i = SQUARES; i < MOMENTS_STRIDE; i++) addProduct(count, state[at + i]!);
  addDistilledSquare(-1);
  return quotientOfTerms(divisor, divisorLow);
}

/** The root of the variance: within one unit in the last place of the exact deviation. */
export function roundedDeviation(
  state: Float64Array, at: number, spills: Spills, key: number, count: number, sample: boolean,
): number {
  if (state[at + 4]! >= SPILLED && !faults.naiveSum) return spilledVariance(state, at, spills, key, count, sample, true);
  return Math.sqrt(roundedVariance(state, at, spills, key, count, sample));
}

/** (count · Σx² - (Σx)²) / divisor in pairs of doubles, with a bound on its error; NaN when that leaves the rounding in doubt. */
function likelyVariance(state: Float64Array, at: number, count: number, divisor: number, divisorLow: number): number {
  const a0 = state[at]!;
  const a1 = state[at + 1]!;
  const a2 = state[at + 2]!;
  const a3 = state[at + 3]!;
  let s = a3 + a2;
  let part = s - a3;
  let sLow = a3 - (s - part) + (a2 - part);
  let sum = s + a1;
  part = sum - s;
  sLow += s - (sum - part) + (a1 - part);
  s = sum + a0;
  part = s - sum;
  sLow += sum - (s - part) + (a0 - part);
  const sumSize = Math.abs(a3) + Math.abs(a2) + Math.abs(a1) + Math.abs(a0);

  let q = state[at + 10]!;
  let qLow = 0;
  let squaresSize = Math.abs(q);
  for (let i = at + 9; i >= at + 5; i--) {
    const a = state[i]!;
    sum = q + a;
    part = sum - q;
    qLow += q - (sum - part) + (a - part);
    q = sum;
    squaresSize += Math.abs(a);
  }

  const product = count * q;
  const productLow = productError(count, q) + count * qLow;
  const square = s * s;
  const squareLow = productError(s, s) + 2 * s * sLow;
  const difference = product - square;
  part = difference - product;
  const differenceLow = product - (difference - part) - (square + part) + (productLow - squareLow);
  const error = (count * squaresSize + sumSize * sumSize) * 2 ** -98;
  const top = difference + differenceLow;
  if (!(top > 4 * error)) return NaN;
  return quotientOrNaN(top, differenceLow - (top - difference), error, divisor, divisorLow);
}

/** Up to so many values, count · m² and the squares can be subtracted piece by piece without rounding. */
const CENTRED_MAX = 512;

/**
 * For values that differ by little, or not at all: with m near the mean and r = Σx - count · m, the variance
 * is (Σx² - count · m² - 2 · m · r - r² / count) / other, and the first two terms, which cancel, are
 * subtracted exactly, on the grid. Takes the sum from `distilled`. NaN when the rounding is in doubt.
 */
function centredVariance(state: Float64Array, at: number, count: number, other: number): number {
  const sum = distilled[0]!;
  const m = distilledQuotient(count); // of equal values it is the value
  if (count > CENTRED_MAX || distilled[2] !== 0 || !cutSquare(m)) return NaN;
  const remainder = sum - m * count - productError(m, count); // like that of a division: exact
  const r = remainder + distilled[1]!;
  if (sumError(remainder, distilled[1]!) !== 0) return NaN;

  // The differences of the pieces, carried upward, so that they are all 0 if their sum is.
  let a = state[at + 5]! - count * squarePieces[0]!;
  let carried = a + CUT_M110 - CUT_M110;
  const d0 = a - carried;
  a = state[at + 6]! - count * squarePieces[1]! + carried;
  carried = a + CUT_M68 - CUT_M68;
  const d1 = a - carried;
  a = state[at + 7]! - count * squarePieces[2]! + carried;
  carried = a + CUT_M26 - CUT_M26;
  const d2 = a - carried;
  a = state[at + 8]! - count * squarePieces[3]! + carried;
  carried = a + CUT_16 - CUT_16;
  const d3 = a - carried;
  a = state[at + 9]! - count * squarePieces[4]! + carried;
  carried = a + CUT_58 - CUT_58;
  const d4 = a - carried;
  const d5 = state[at + 10]! - count * squarePieces[5]! + carried;

  // Each is at most half a unit of the next, so the sums upward lose nothing that the pair high + low does not keep.
  const s1 = d1 + d0;
  const s2 = d2 + s1;
  const s3 = d3 + s2;
  const s4 = d4 + s3;
  const squares = d5 + s4;
  if (squares === 0 && r === 0) return 0;
  const squaresLow = s4 - (squares - d5) + (s3 - (s4 - d4)) + (s2 - (s3 - d3)) + (s1 - (s2 - d2)) + (d0 - (s1 - d1));

  const cross = 2 * m * r;
  const correction = (r * r) / count;
  const high = squares - cross;
  const low = sumError(squares, -cross) + (squaresLow - 2 * productError(m, r) - correction);
  const error = (Math.abs(squares) + Math.abs(cross)) * 2 ** -98 + correction * 2 ** -48;
  const top = high + low;
  if (!(top > 4 * error)) return NaN;
  return quotientOrNaN(top, low - (top - high), error, other, 0);
}

function spilledVariance(
  state: Float64Array, at: number, spills: Spills, key: number, count: number, sample: boolean, root: boolean,
): number {
  const entry = spills.get(key)!;
  if (decided(entry) !== 0) return NaN;
  if (count === 1) return 0;
  const sum = fixedSum(state, at, entry.sum);
  let squares = 0n;
  for (let i = SQUARES; i < MOMENTS_STRIDE; i++) squares += fixedOf(state[at + i]!);
  squares = (squares << 1074n) + entry.squares;
  const numerator = BigInt(count) * squares - sum * sum;
  const denominator = BigInt(count) * BigInt(sample ? count - 1 : count) << 2148n;
  if (numerator === 0n) return 0;
  return root ? rootOfRatio(numerator, denominator) : roundRatio(numerator, denominator);
}
