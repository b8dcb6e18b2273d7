/**
 * The course of prices: what an instrument is worth at any time, in ticks and parts of one, and how much it moves.
 * Step by step for all instruments at once, so that it depends on the seed alone and takes the memory of one step.
 */
import type { Activity } from './activity.js';
import type { Effects } from './effects.js';
import { Random } from './random.js';
import type { MarketSpec } from './spec.js';

const STEP_MILLIS = 5000;

/** A move raises the variance of the next ones, which fades over minutes: GARCH(1,1) with mean 1. */
const MARKET_SHOCK = 0.1;
const MARKET_MEMORY = 0.897;
const OWN_SHOCK = 0.12;
const OWN_MEMORY = 0.877;
const VARIANCE_MAX = 40;
/** Part of the distance to the opening price that is lost each step: a day stays a day, whatever the seed. */
const PULL = 1 / 20_000;

/** A part of the price that fades within a minute: buyers and sellers in a hurry. */
const HURRY_KEPT = 0.8;
const HURRY_SHARE = 0.75;
const HURRY_MAX = 2.5;

export class PriceCourse {
  /** By instrument: how much it moves now, as a multiple of its usual deviation. */
  readonly volatility: Float64Array;
  readonly #random: Random;
  readonly #stepDeviation: Float64Array;
  readonly #slow: Float64Array;
  readonly #hurry: Float64Array;
  readonly #before: Float64Array;
  readonly #after: Float64Array;
  readonly #variance: Float64Array;
  readonly #sectors: Float64Array;
  // What the spec says, as arrays: they are read for every instrument at every step.
  readonly #loads: Float64Array;
  readonly #opens: Float64Array;
  readonly #sectorOf: Int32Array;
  #marketVariance = 1;
  /** `#before` holds prices at this step, `#after` at the next. */
  #step = -1;

  constructor(private readonly spec: MarketSpec, private readonly activity: Activity, seed: number, private readonly effects: Pick<Effects, 'shock' | 'unrest'>) {
    const { instruments, core } = spec;
    const count = instruments.length;
    this.#random = new Random(seed, -4);
    const steps = ((core.to - core.from) * 1000) / STEP_MILLIS;
    this.#stepDeviation = Float64Array.from(instruments, ({ deviation }) => deviation / Math.sqrt(steps));
    this.#slow = Float64Array.from(instruments, ({ open }) => open);
    this.#after = Float64Array.from(instruments, ({ open }) => open);
    this.#loads = Float64Array.from(instruments.flatMap(({ loads }) => [...loads]));
    this.#opens = Float64Array.from(instruments, ({ open }) => open);
    this.#sectorOf = Int32Array.from(instruments, ({ sector }) => sector);
    this.#before = new Float64Array(count);
    this.#hurry = new Float64Array(count);
    this.#variance = new Float64Array(count).fill(1);
    this.volatility = new Float64Array(count).fill(1);
    this.#sectors = new Float64Array(1 + Math.max(...instruments.map(({ sector }) => sector)));
  }

  /** The price of an instrument at a time (epoch ms), which may not lie in an earlier step than one asked for before. */
  at(instrument: number, time: number): number {
    const steps = (time - this.spec.from) / STEP_MILLIS;
    while (this.#step + 1 <= steps) this.#advance();
    const from = this.#before[instrument]!;
    return from + (this.#after[instrument]! - from) * Math.max(0, steps - this.#step);
  }

  #advance(): void {
    this.#step += 1;
    this.#before.set(this.#after);
    const random = this.#random;
    const second = Math.min(this.activity.mood.length - 1, (this.#step * STEP_MILLIS) / 1000);
    // Busy times move more: the square root, as variance is in proportion to what happens.
    const mood = this.spec.volatility(second) * this.effects.unrest(second) * Math.sqrt(0.4 + 0.6 * this.activity.mood[second]!);
    const draw = random.bell();
    const market = Math.sqrt(this.#marketVariance) * draw;
    const variance = this.#marketVariance;
    this.#marketVariance = Math.min(VARIANCE_MAX, 1 - MARKET_SHOCK - MARKET_MEMORY + variance * (MARKET_MEMORY + MARKET_SHOCK * draw * draw));
    for (let sector = 0; sector < this.#sectors.length; sector += 1) this.#sectors[sector] = random.bell();
    const shock = this.effects.shock(second);
    this.#moveAll(mood, market, variance, shock);
  }

  /** Hot: all instruments, every step. */
  #moveAll(mood: number, market: number, marketVariance: number, shock: number): void {
    const random = this.#random;
    const variances = this.#variance;
    const slows = this.#slow;
    const hurries = this.#hurry;
    const deviations = this.#stepDeviation;
    for (let instrument = 0; instrument < deviations.length; instrument += 1) {
      const unit = deviations[instrument]!;
      if (unit === 0) continue;
      const own = random.bell();
      const loadMarket = this.#loads[3 * instrument]!;
      const loadSector = this.#loads[3 * instrument + 1]!;
      const loadOwn = this.#loads[3 * instrument + 2]!;
      const open = this.#opens[instrument]!;
      const before = variances[instrument]!;
      const move = loadMarket * market + loadSector * this.#sectors[this.#sectorOf[instrument]!]! + loadOwn * Math.sqrt(before) * own;
      const next = 1 - OWN_SHOCK - OWN_MEMORY + before * (OWN_MEMORY + OWN_SHOCK * own * own);
      variances[instrument] = next > VARIANCE_MAX ? VARIANCE_MAX : next;
      const volatility = mood * Math.sqrt(loadMarket * loadMarket * marketVariance + loadSector * loadSector + loadOwn * loadOwn * before);
      this.volatility[instrument] = volatility;
      const slow = slows[instrument]! + unit * (mood * move + shock * loadMarket) + (open - slows[instrument]!) * PULL;
      slows[instrument] = slow;
      const bound = HURRY_MAX * volatility * unit;
      const hurried = HURRY_KEPT * hurries[instrument]! + HURRY_SHARE * volatility * unit * random.roughBell();
      const hurry = hurried > bound ? bound : hurried < -bound ? -bound : hurried;
      hurries[instrument] = hurry;
      const price = slow + hurry;
      this.#after[instrument] = price > open * 0.2 ? price : open * 0.2;
    }
  }
}
