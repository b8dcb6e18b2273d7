/**
 * A generated trading day of US equities: trades, quotes and best bids and offers in the order of their arrival.
 * Pure: the same seed and number of rows give the same rows on every machine, in memory that does not grow with them.
 */
import { batchOf, Dictionary, type Batch } from '../../core/batch.js';
import { assert } from '../../core/errors.js';
import { sqlType, timestampType, type Schema } from '../../core/types.js';
import type { Injections } from '../market/injections.js';
import { ArrivalHeap, TickRows } from './arrival.js';
import { usEquitiesMarket, VENUES } from './market.js';
import { chance, Random } from './random.js';
import { EVENT_TYPES, Tape } from './tape.js';

export const US_EQUITIES_ROWS_MAX = 100_000_000;

export const usEquitiesDaySchema: Schema = [
  { name: 'symbol', type: sqlType('STRING', false) },
  { name: 'price', type: sqlType('DOUBLE', false) },
  { name: 'volume', type: sqlType('BIGINT', false) },
  { name: 'bid', type: sqlType('DOUBLE', false) },
  { name: 'ask', type: sqlType('DOUBLE', false) },
  { name: 'event_time', type: timestampType(3, false) },
  { name: 'exchange', type: sqlType('STRING', false) },
  { name: 'event_type', type: sqlType('STRING', false) },
];

const FAR_LATE = chance(0.00002);
const LATE = chance(0.05);

/** A late row comes 1 ms to 3 s after its time; a far late one 6 s to 66 s, beyond a watermark 5 s behind. */
const LATE_MILLIS_MAX = 3000;
const FAR_LATE_MILLIS_MIN = 6000;
const FAR_LATE_MILLIS_SPAN = 60_000;

export interface UsEquitiesDayOptions {
  /** Any safe integer of at least 0. */
  readonly seed: number;
  /** 1 to 100 million. */
  readonly rows: number;
  /** What is put in; by default six of each of the four kinds. */
  readonly inject?: Injections;
  readonly batchRows?: number;
}

/** The day in batches of `batchRows` rows (16,384 by default), columns as `usEquitiesDaySchema`, no NULLs. */
export function* generateUsEquitiesDay({ seed, rows, inject, batchRows = 16_384 }: UsEquitiesDayOptions): Generator<Batch, void, undefined> {
  assert(Number.isInteger(rows) && rows >= 1 && rows <= US_EQUITIES_ROWS_MAX, 'rows are 1 to 100 million');
  assert(Number.isInteger(batchRows) && batchRows >= 1, 'a batch has rows');
  const market = usEquitiesMarket(seed, inject);
  const arrivals = new Arrivals(new Tape(market, seed, rows), new Random(seed, -3), rows);
  const symbols = dictionaryOf(market.symbols);
  const venues = dictionaryOf(VENUES);
  const eventTypes = dictionaryOf(EVENT_TYPES);
  for (let done = 0; done < rows; done += batchRows) {
    const length = Math.min(batchRows, rows - done);
    const ticks = new TickRows(length);
    arrivals.fill(ticks, length);
    yield batchOf(length, [
      { storage: 'text', values: ticks.symbol, dictionary: symbols },
      { storage: 'real', values: toPrices(ticks.price), nulls: null },
      { storage: 'int64', values: ticks.volume, nulls: null },
      { storage: 'real', values: toPrices(ticks.bid), nulls: null },
      { storage: 'real', values: toPrices(ticks.ask), nulls: null },
      { storage: 'real', values: ticks.time, nulls: null },
      { storage: 'text', values: ticks.exchange, dictionary: venues },
      { storage: 'text', values: ticks.eventType, dictionary: eventTypes },
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
function toPrices(ticks: Float64Array): Float64Array {
  for (let row = 0; row < ticks.length; row += 1) ticks[row] = ticks[row]! / 100;
  return ticks;
}

/** Puts rows in the order of their arrival: most arrive when they happen, some later. */
class Arrivals {
  readonly #held = new ArrivalHeap();
  readonly #next = new TickRows(1);
  #nextReady = false;
  #created = 0;

  constructor(private readonly tape: Tape, private readonly random: Random, private readonly rows: number) {}

  fill(to: TickRows, length: number): void {
    let row = 0;
    while (row < length) {
      if (!this.#nextReady && this.#created < this.rows && !this.#create()) continue;
      const arrival = this.#nextReady ? this.#next.time[0]! : Infinity;
      if (this.#held.size > 0 && this.#held.nextArrival <= arrival) {
        this.#held.popInto(to, row);
      } else {
        to.copyRow(this.#next, 0, row);
        this.#nextReady = false;
      }
      row += 1;
    }
  }

  /** Creates a row; false when it was put aside because it arrives later. */
  #create(): boolean {
    const injected = this.tape.next(this.#next);
    this.#created += 1;
    const draw = this.random.next();
    if (draw >= LATE || injected) {
      this.#nextReady = true;
      return true;
    }
    const delay = draw < FAR_LATE
      ? FAR_LATE_MILLIS_MIN + this.random.below(FAR_LATE_MILLIS_SPAN)
      : 1 + this.random.below(LATE_MILLIS_MAX);
    this.#held.push(this.#next.time[0]! + delay, this.#next, 0);
    return false;
  }
}
