/** How busy the market is, second by second: the day's profile, times an activity that excites itself. */
import { Random } from './random.js';
import type { MarketSpec } from './spec.js';

/** Of the activity, what earlier activity caused: half of it within seconds, half within minutes. */
const EXCITED = 0.88;
const FAST_SECONDS = 3;
const SLOW_SECONDS = 150;
/** Impulses a second that the activity is made of: the fewer, the rougher it is. */
const IMPULSES = 5;
const RELATIVE_MAX = 12;

/** A weight of 1 is this many, so that whole numbers are fine enough. */
const WEIGHT_UNIT = 4096;

/** A stretch of seconds [from, to) with `factor` times the usual activity; 0: none at all. */
export interface Surge {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

export interface Activity {
  /** Rows of each second relative to others, whole numbers. */
  readonly weights: Float64Array;
  /** The slow part of the excitement, mean 1, by second: volatility follows it. */
  readonly mood: Float32Array;
  /** By second: whether all rows are those of an auction. */
  readonly auction: Uint8Array;
}

/**
 * A Hawkes process in steps of a second, relative to the profile: what happened in a second raises what is to be
 * expected in the next ones. Depends on the seed, not on the number of rows, which only scales it.
 */
export function marketActivity(spec: MarketSpec, seed: number, surges: readonly Surge[]): Activity {
  const seconds = (spec.to - spec.from) / 1000;
  const random = new Random(seed, -5);
  const weights = new Float64Array(seconds);
  const mood = new Float32Array(seconds);
  let fast = 1;
  let slow = 1;
  let total = 0;
  for (let second = 0; second < seconds; second += 1) {
    const expected = 1 - EXCITED + EXCITED * (0.5 * fast + 0.5 * slow);
    const happened = Math.min(RELATIVE_MAX, Math.max(0.02, expected + Math.sqrt(expected / IMPULSES) * random.bell()));
    fast += (happened - fast) / FAST_SECONDS;
    slow += (happened - slow) / SLOW_SECONDS;
    mood[second] = slow;
    weights[second] = Math.max(1, Math.round(WEIGHT_UNIT * spec.activity(second) * happened));
    total += weights[second]!;
  }
  const auction = new Uint8Array(seconds);
  for (const { second, share } of spec.auctions) {
    weights[second] = Math.round(total * share);
    auction[second] = 1;
  }
  for (const { from, to, factor } of surges) {
    for (let second = from; second < to; second += 1) if (auction[second] === 0) weights[second] = Math.round(weights[second]! * factor);
  }
  return { weights, mood, auction };
}
