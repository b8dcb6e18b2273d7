/**
 * A generated day of a market: trades, quotes and best bids and offers in the order of their arrival.
 * Pure: the same spec, seed, anomalies and number of rows give the same rows on every machine, in memory that does not grow with them.
 */
import { batchOf, Dictionary, type Batch, type Column } from '../../core/batch.js';
import { assert } from '../../core/errors.js';
import { sqlType, timestampType, type Schema } from '../../core/types.js';
import { ArrivalHeap, TickRows } from './arrival.js';
import type { Injections } from './injections.js';
import { planDay, type DayPlan } from './plan.js';
import { chance, Random } from './random.js';
import type { MarketSpec } from './spec.js';
import { EVENT_TYPES, Tape } from './tape.js';
import { TRADER_NAMES } from './traders.js';

/** All that a market can say; a market of quotes has no `trader`. */
export const marketSchema: Schema = [
  { name: 'symbol', type: sqlType('STRING', false) },
  { name: 'price', type: sqlType('DOUBLE', false) },
  { name: 'volume', type: sqlType('BIGINT', false) },
  { name: 'bid', type: sqlType('DOUBLE', false) },
  { name: 'ask', type: sqlType('DOUBLE', false) },
  { name: 'event_time', type: timestampType(3, false) },
  { name: 'exchange', type: sqlType('STRING', false) },
  { name: 'event_type', type: sqlType('STRING', false) },
  { name: 'trader', type: sqlType('STRING', false) },
];

export const quotesSchema: Schema = marketSchema.filter(({ name }) => name !== 'trader');

export interface DayParameters {
  /** Any safe integer of at least 0. */
  readonly seed: number;
  /** 1 to the spec's `rowsMax`. */
  readonly rows: number;
  /** Of each type how many; the spec's own when not given. */
  readonly inject?: Injections;
  readonly batchRows?: number;
}

/** The day in batches of `batchRows` rows (16,384 by default), no NULLs. */
export function* generateDay(spec: MarketSpec, { seed, rows, inject = spec.inject, batchRows = 16_384 }: DayParameters): Generator<Batch, void, undefined> {
  assert(Number.isInteger(rows) && rows >= 1 && rows <= spec.rowsMax, 'there are as many rows as the market can have');
  assert(Number.isInteger(batchRows) && batchRows >= 1, 'a batch has rows');
  const plan = planDay(spec, seed, inject);
  const arrivals = new Arrivals(spec, plan, seed, rows);
  const symbols = dictionaryOf(spec.instruments.map(({ symbol }) => symbol));
  const venues = dictionaryOf(spec.venues.map(({ name }) => name));
  const eventTypes = dictionaryOf(EVENT_TYPES);
  const traders = dictionaryOf(TRADER_NAMES);
  const units = Float64Array.of(1, ...spec.instruments.map(({ ticksPerUnit }) => ticksPerUnit));
  for (let done = 0; done < rows; done += batchRows) {
    const length = Math.min(batchRows, rows - done);
    const ticks = new TickRows(length);
    arrivals.fill(ticks, length);
    const text = (values: Int32Array, dictionary: Dictionary): Column => ({ storage: 'text', values, dictionary });
    const prices = (values: Float64Array): Column => ({ storage: 'real', values: toPrices(values, ticks.symbol, units), nulls: null });
    yield batchOf(length, [
      text(ticks.symbol, symbols), prices(ticks.price), { storage: 'int64', values: ticks.volume, nulls: null }, prices(ticks.bid), prices(ticks.ask),
      { storage: 'real', values: ticks.time, nulls: null }, text(ticks.exchange, venues), text(ticks.eventType, eventTypes),
      ...(spec.quotesOnly ? [] : [text(ticks.trader, traders)]),
    ]);
  }
}

/** Code 0 of a dictionary is NULL, so that the code of the k-th text is k + 1. */
function dictionaryOf(texts: readonly string[]): Dictionary {
  const dictionary = new Dictionary();
  for (const text of texts) dictionary.intern(text);
  return dictionary;
}

/** In place. The quotient is correctly rounded, hence the double nearest to the decimal price. */
function toPrices(ticks: Float64Array, symbols: Int32Array, units: Float64Array): Float64Array {
  for (let row = 0; row < ticks.length; row += 1) ticks[row] = ticks[row]! / units[symbols[row]!]!;
  return ticks;
}

/** Of a million rows 15 come 6 s to 66 s late, beyond a watermark that is 5 s behind. */
const FAR_LATE = chance(0.000015);
const FAR_LATE_MILLIS_MIN = 6000;
const FAR_LATE_MILLIS_SPAN = 60_000;
/** A late row comes 1 ms to 3 s after its time. */
const LATE_MILLIS_MAX = 3000;
/** After an outage the rows held back come this many times as fast as they happened. */
const CATCH_UP = 10;

/** Puts rows in the order of their arrival: as their venues are slow, late, or out of order. */
class Arrivals {
  readonly #tape: Tape;
  readonly #random: Random;
  readonly #held = new ArrivalHeap();
  readonly #late: Float64Array;
  #created = 0;

  constructor(private readonly spec: MarketSpec, private readonly plan: DayPlan, seed: number, private readonly rows: number) {
    this.#tape = new Tape(spec, plan, seed, rows);
    this.#random = new Random(seed, -3);
    this.#late = Float64Array.from(spec.venues, ({ late }) => chance(late));
  }

  fill(to: TickRows, length: number): void {
    const held = this.#held;
    let row = 0;
    while (row < length) {
      // What is still to be created happens no earlier than what was created last.
      if (held.nextArrival <= this.#tape.time || this.#created === this.rows) {
        held.popInto(to, row);
        row += 1;
        continue;
      }
      const injected = this.#tape.next(to, row);
      this.#created += 1;
      const delay = injected ? 0 : this.#delay(to.exchange[row]! - 1, to.time[row]!);
      const arrival = to.time[row]! + delay;
      if (delay === 0 && held.nextArrival > arrival) row += 1;
      else held.push(arrival, to, row);
    }
  }

  #delay(venue: number, time: number): number {
    const { outage } = this.plan;
    if (venue === outage.venue && time >= outage.from && time < outage.to) return outage.to - time + Math.floor((time - outage.from) / CATCH_UP);
    const draw = this.#random.next();
    if (draw < this.#late[venue]!) return draw < FAR_LATE ? FAR_LATE_MILLIS_MIN + this.#random.below(FAR_LATE_MILLIS_SPAN) : 1 + this.#random.below(LATE_MILLIS_MAX);
    const { latency } = this.spec.venues[venue]!;
    return latency === 0 ? 0 : draw % (latency + 1);
  }
}
