/**
 * Exact values as sums of doubles ("expansions", after Dekker, Priest and Shewchuk), and their correctly
 * rounded quotients. The working memory is shared: a value is built, used and done with in one call of a caller.
 * Nothing here overflows or underflows for values that come from the grid of `grid.ts`.
 */
import { CUT_16, CUT_M26, CUT_M68 } from './grid.js';
import { productError } from './rounding.js';

/** Far above the errors of the double-double steps below (2^-102), far below the 2^-54 that decides a rounding. */
const DOUBT = 2 ** -96;

/** The sum distilled last: its nearest double, then what is missing, in falling size without overlap. */
export const distilled = new Float64Array(4);

/** Distils the four accumulators at `at` into `distilled`. */
export function distill(state: Float64Array, at: number): void {
  // As a carry does, but on copies: then each accumulator is at most half a unit of the next.
  let a0 = state[at]!;
  let a1 = state[at + 1]!;
  let a2 = state[at + 2]!;
  let a3 = state[at + 3]!;
  const c0 = a0 + CUT_M68 - CUT_M68;
  a0 -= c0;
  a1 += c0;
  const c1 = a1 + CUT_M26 - CUT_M26;
  a1 -= c1;
  a2 += c1;
  const c2 = a2 + CUT_16 - CUT_16;
  a2 -= c2;
  a3 += c2;
  const low = a1 + a0;
  let e0 = a0 - (low - a1);
  const middle = a2 + low;
  let e1 = low - (middle - a2);
  let nearest = a3 + middle;
  let e2 = middle - (nearest - a3);
  if (e2 === 0) {
    const sum = nearest + e1;
    e2 = e1 - (sum - nearest);
    nearest = sum;
    e1 = e0;
    e0 = 0;
    if (e2 === 0) {
      const last = nearest + e1;
      e2 = e1 - (last - nearest);
      nearest = last;
      e1 = 0;
    }
  }
  if (e2 !== 0) {
    // `nearest + e2` rounds to `nearest`; only when e2 is exactly half a unit do the smaller parts decide.
    const rest = e1 !== 0 ? e1 : e0;
    if ((e2 > 0 && rest > 0) || (e2 < 0 && rest < 0)) {
      const next = nearest + 2 * e2;
      if (next - nearest === 2 * e2) {
        e2 = -e2;
        nearest = next;
      }
    }
  }
  // Nearly always two doubles hold it all; then the third is 0.
  const missing = e2 + e1;
  distilled[0] = nearest;
  distilled[1] = missing;
  distilled[2] = e1 - (missing - e2);
  distilled[3] = e0;
}

/** The double nearest to what was distilled last, divided by `count` (a whole number from 1). */
export function distilledQuotient(count: number): number {
  const nearest = distilled[0]!;
  if (count === 1) return nearest;
  const quotient = nearest / count;
  const product = quotient * count;
  const rest = nearest - product - productError(quotient, count) + distilled[1]!;
  const correction = rest / count;
  const doubt = Math.abs(quotient) * DOUBT;
  const low = quotient + (correction - doubt);
  const high = quotient + (correction + doubt);
  if (low === high) return low;
  clearTerms();
  for (let i = 0; i < 4; i++) addTerm(distilled[i]!);
  return nearerOf(low, high, count, 0);
}

const terms = new Float64Array(64);
let termsUsed = 0;

/** Begins a new exact value, 0. */
export function clearTerms(): void {
  termsUsed = 0;
}

/** Adds x to the value. The terms do not overlap and are kept in rising size, without zeros. */
export function addTerm(x: number): void {
  let kept = 0;
  let carried = x;
  for (let i = 0; i < termsUsed; i++) {
    const term = terms[i]!;
    const sum = carried + term;
    const part = sum - carried;
    const error = carried - (sum - part) + (term - part);
    if (error !== 0) terms[kept++] = error;
    carried = sum;
  }
  if (carried !== 0) terms[kept++] = carried;
  termsUsed = kept;
}

/** Adds a · b to the value. */
export function addProduct(a: number, b: number): void {
  if (a === 0 || b === 0) return;
  const error = productError(a, b);
  if (error !== 0) addTerm(error);
  addTerm(a * b);
}

/** The double nearest to the value divided by (divisor + divisorLow), which is above 0. Uses the value up. */
export function quotientOfTerms(divisor: number, divisorLow: number): number {
  if (termsUsed === 0) return 0;
  let i = termsUsed - 1;
  let high = terms[i--]!;
  let low = 0;
  while (i >= 0 && low === 0) {
    const term = terms[i--]!;
    const sum = high + term;
    low = term - (sum - high);
    high = sum;
  }
  while (i >= 0) low += terms[i--]!;
  const quotient = quotientOrNaN(high, low, 0, divisor, divisorLow);
  if (quotient === quotient) return quotient;
  return nearerOf(doubtful[0]!, doubtful[1]!, divisor, divisorLow);
}

/** The two candidates when `quotientOrNaN` could not decide. */
const doubtful = new Float64Array(2);

/**
 * The double nearest to (high + low ± error) / (divisor + divisorLow), or NaN when that is in doubt.
 * `low` is below a few units of `high`'s last place, `divisorLow` of `divisor`'s.
 */
export function quotientOrNaN(high: number, low: number, error: number, divisor: number, divisorLow: number): number {
  const quotient = high / divisor;
  const rest = high - quotient * divisor - productError(quotient, divisor) + low - quotient * divisorLow;
  const correction = rest / divisor;
  const doubt = Math.abs(quotient) * DOUBT + error / divisor;
  const least = quotient + (correction - doubt);
  const most = quotient + (correction + doubt);
  if (least === most) return least;
  doubtful[0] = least;
  doubtful[1] = most;
  return NaN;
}

/** Which of two neighbouring doubles, least < most, is nearer to the value divided by the divisor. Uses the value up. */
function nearerOf(least: number, most: number, divisor: number, divisorLow: number): number {
  const half = (most - least) / 2;
  addProduct(-divisor, least);
  addProduct(-divisorLow, least);
  addProduct(-divisor, half);
  addProduct(-divisorLow, half);
  if (termsUsed === 0) return least + half; // a tie: rounding to even is what this addition does
  return terms[termsUsed - 1]! > 0 ? most : least;
}

/** Adds the square of what was distilled last, times `sign`, to the value. */
export function addDistilledSquare(sign: number): void {
  for (let i = 0; i < 4; i++) {
    const part = distilled[i]!;
    if (part === 0) continue;
    addProduct(sign * part, part);
    for (let k = i + 1; k < 4; k++) addProduct(2 * sign * part, distilled[k]!);
  }
}
