/** The stylised facts of a generated day of US equities, measured. Rows as they come, so that any number of them fits. */
import { generateDay } from '../../../src/datasets/market/generate.js';
import { SESSION_CLOSE, SESSION_OPEN, usEquities } from '../../../src/datasets/market/us-equities.js';
import { ticksOf, type Tick } from './ticks.js';

const MINUTES = (SESSION_CLOSE - SESSION_OPEN) / 60_000;
const SECONDS = (SESSION_CLOSE - SESSION_OPEN) / 1000;

export interface MarketFacts {
  /** Share of all rows, by half hour of the day from 04:00. */
  readonly halfHours: readonly number[];
  /** Variance over mean of rows a second, and in ten seconds, around noon: 1 for arrivals that know nothing of each other. */
  readonly fano: { readonly second: number; readonly tenSeconds: number };
  /** Of the busiest symbol alone, in a second. */
  readonly fanoOfSymbol: number;
  /** Of returns over a minute, of the middle of the best prices; mean over the busiest symbols. */
  readonly kurtosis: number;
  readonly returnsLag: readonly number[];
  /** Of their absolute values, at lags of 1, 2, 5 and 10 minutes. */
  readonly absoluteLag: readonly number[];
  /** Between one trade's price and the next one's, changes: autocorrelation at lag 1. */
  readonly bounce: number;
  readonly spreadAndVolatility: number;
  /** Mean correlation of two symbols' returns; of two in one sector, and of two that are not. */
  readonly together: { readonly sector: number; readonly others: number };
  /** Hill's estimate over blocks, and the number of them. */
  readonly tail: { readonly exponent: number; readonly trades: number };
  readonly roundLots: number;
}

const mean = (values: ArrayLike<number>): number => Array.prototype.reduce.call(values, (sum, value) => (sum as number) + (value as number), 0) as number / values.length;

function correlation(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let [both, one, other] = [0, 0, 0];
  for (let index = 0; index < left.length; index += 1) {
    const [a, b] = [left[index]! - leftMean, right[index]! - rightMean];
    both += a * b;
    one += a * a;
    other += b * b;
  }
  return both / Math.sqrt(one * other);
}

const lagged = (values: readonly number[], lag: number): number => correlation(values.slice(lag), values.slice(0, values.length - lag));

function kurtosisOf(values: readonly number[]): number {
  const centre = mean(values);
  const moment = (power: (deviation: number) => number): number => mean(values.map((value) => power(value - centre)));
  const variance = moment((deviation) => deviation * deviation);
  return moment((deviation) => deviation * deviation * deviation * deviation) / (variance * variance);
}

function fanoOf(counts: ArrayLike<number>, width: number): number {
  const sums = Array.from({ length: Math.floor(counts.length / width) }, (_, block) => mean(Array.from({ length: width }, (_, index) => counts[block * width + index]!)) * width);
  const centre = mean(sums);
  return mean(sums.map((sum) => (sum - centre) * (sum - centre))) / centre;
}

/** What is kept of one symbol: by minute the last middle and the spreads, and the changes between trades. */
class SymbolFacts {
  readonly middles = new Float64Array(MINUTES);
  readonly spreads = new Float64Array(MINUTES);
  readonly quotes = new Float64Array(MINUTES);
  readonly changes: number[] = [];
  #price = 0;

  add({ eventType, bid, ask, price, time }: Tick): void {
    const minute = Math.floor((time - SESSION_OPEN) / 60_000);
    if (eventType === 'BBO') {
      this.middles[minute] = (bid + ask) / 2;
      this.spreads[minute]! += ask - bid;
      this.quotes[minute]! += 1;
    } else if (eventType === 'TRADE') {
      if (this.#price > 0) this.changes.push(price - this.#price);
      this.#price = price;
    }
  }

  /** Of each minute that has quotes, and whose minute before has: the return and the mean spread. */
  returns(): { moves: number[]; spreads: number[] } {
    const moves: number[] = [];
    const spreads: number[] = [];
    for (let minute = 1; minute < MINUTES; minute += 1) {
      if (this.quotes[minute] === 0 || this.quotes[minute - 1] === 0) continue;
      moves.push(this.middles[minute]! / this.middles[minute - 1]! - 1);
      spreads.push(this.spreads[minute]! / this.quotes[minute]!);
    }
    return { moves, spreads };
  }

  /** By minute, 0 where there is none: to be set beside another symbol's. */
  grid(): number[] {
    return Array.from({ length: MINUTES }, (_, minute) => (minute === 0 || this.quotes[minute] === 0 || this.quotes[minute - 1] === 0 ? 0 : this.middles[minute]! / this.middles[minute - 1]! - 1));
  }
}

/** Facts of the `busiest` most popular symbols that move, over a day without anomalies. */
export function measureFacts(seed: number, rows: number, busiest: number): MarketFacts {
  const spec = usEquities(seed);
  const chosen = spec.instruments.filter(({ deviation }) => deviation > 0).slice(0, busiest);
  const facts = new Map(chosen.map(({ symbol }) => [symbol, new SymbolFacts()]));
  const halfHours = new Array<number>((spec.to - spec.from) / 1_800_000).fill(0);
  const seconds = new Float64Array(SECONDS);
  const secondsOfOne = new Float64Array(SECONDS);
  const blocks: number[] = [];
  let [trades, round] = [0, 0];
  for (const tick of ticksOf(generateDay(spec, { seed, rows, inject: {} }))) {
    halfHours[Math.floor((tick.time - spec.from) / 1_800_000)]! += 1 / rows;
    // The opening auction is not part of what follows.
    if (tick.time < SESSION_OPEN + 1000 || tick.time >= SESSION_CLOSE) continue;
    const second = Math.floor((tick.time - SESSION_OPEN) / 1000);
    seconds[second]! += 1;
    if (tick.symbol === chosen[0]!.symbol) secondsOfOne[second]! += 1;
    facts.get(tick.symbol)?.add(tick);
    if (tick.eventType !== 'TRADE') continue;
    trades += 1;
    if (tick.volume % 100 === 0) round += 1;
    if (tick.volume >= 1000) blocks.push(tick.volume);
  }
  const of = [...facts.values()];
  const moves = of.map((each) => each.returns());
  const average = (value: (index: number) => number): number => mean(of.map((_, index) => value(index)));
  const grids = of.map((each) => each.grid());
  const pairs = grids.flatMap((grid, one) => grids.slice(one + 1).map((other, index) => ({ same: chosen[one]!.sector === chosen[one + 1 + index]!.sector, value: correlation(grid, other) })));
  const together = (same: boolean): number => mean(pairs.filter((pair) => pair.same === same).map(({ value }) => value));
  // The quiet middle of the session, where the profile is nearly level.
  const noon = [9000, 14_000] as const;
  return {
    halfHours, fano: { second: fanoOf(seconds.subarray(...noon), 1), tenSeconds: fanoOf(seconds.subarray(...noon), 10) }, fanoOfSymbol: fanoOf(secondsOfOne.subarray(...noon), 1),
    kurtosis: average((index) => kurtosisOf(moves[index]!.moves)),
    returnsLag: [1, 2, 5].map((lag) => average((index) => lagged(moves[index]!.moves, lag))),
    absoluteLag: [1, 2, 5, 10].map((lag) => average((index) => lagged(moves[index]!.moves.map(Math.abs), lag))),
    bounce: average((index) => lagged(of[index]!.changes, 1)),
    spreadAndVolatility: average((index) => correlation(moves[index]!.moves.map(Math.abs), moves[index]!.spreads)),
    together: { sector: together(true), others: together(false) },
    // Lots are whole: half a lot less is where those of the least block begin.
    tail: { exponent: blocks.length / blocks.reduce((sum, volume) => sum + Math.log((volume + 50) / 1000), 0), trades: blocks.length },
    roundLots: round / trades,
  };
}
