/** How much is traded and quoted: round lots mostly, odd ones at times, and blocks whose sizes follow a power law. */
import type { Random } from './random.js';
import type { Sizes } from './spec.js';

/** Lots of the smallest block, and bound of the largest. */
export const BLOCK_LOTS_MIN = 10;
const BLOCK_LOTS_MAX = 1000;

/** Size of a trade. Beyond ten lots the share of trades larger than x falls with the square of x. */
export function tradeSize({ oddOneIn, tailOneIn }: Sizes, lot: number, random: Random): number {
  const draw = random.next();
  const bits = draw >>> 8;
  if (draw % oddOneIn === 0) return 1 + Math.floor((random.next() * (lot - 1)) / 4294967296);
  if (bits % tailOneIn === 0) return lot * Math.min(BLOCK_LOTS_MAX, Math.floor(BLOCK_LOTS_MIN / Math.sqrt(1 - random.fraction())));
  // Three trades of ten are of one lot, the others of two to nine.
  const tenths = (bits >>> 10) % 10;
  return lot * (tenths < 3 ? 1 : 2 + ((bits >>> 3) & 7));
}

/** Size of a quote: two to sixteen lots. */
export const quoteSize = (lot: number, bits: number): number => lot * (2 + (bits & 7) + ((bits >>> 3) & 7));
