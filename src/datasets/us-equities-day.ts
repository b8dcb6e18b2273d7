/**
 * A generated trading day of US equities: trades, quotes and best bids and offers in the order of their arrival.
 * Pure: the same seed and number of rows give the same rows on every machine, in memory that does not grow with them.
 */
import { batchOf, Dictionary, type Batch } from '../core/batch.js';
import { assert } from '../core/errors.js';
import { sqlType, timestampType, type Schema } from '../core/types.js';
import { ArrivalHeap, TickRows } from './arrival.js';
import { Random, WeightedChoice } from './random.js';
import {
  CONSTANT_PRICE_TICKS, CONSTANT_SYMBOL, SESSION_CLOSE, SESSION_OPEN, usEquitiesMarket, VENUES,
  type AnomalyKind, type Market,
} from './us-equities-market.js';

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

const EVENT_TYPES = ['TRADE', 'QUOTE', 'BBO'] as const;
const TRADE = 0;
const QUOTE = 1;
const BBO = 2;

/** Chances as thresholds on a 32-bit random number. */
const chance = (probability: number): number => Math.floor(probability * 4294967296);
const TRADES = chance(0.3);
const TRADES_AND_QUOTES = chance(0.72);
const SAME_INSTANT = chance(0.06);
const FAR_LATE = chance(0.00002);
const LATE = chance(0.05);

/** A late row comes 1 ms to 3 s after its time; a far late one 6 s to 66 s, beyond a watermark 5 s behind. */
const LATE_MILLIS_MAX = 3000;
const FAR_LATE_MILLIS_MIN = 6000;
const FAR_LATE_MILLIS_SPAN = 60_000;

/** The statistics by which an anomaly stands out are taken over this long before it. */
const LOOK_BACK_MILLIS = 300_000;

export interface UsEquitiesDayOptions {
  /** Any safe integer of at least 0. */
  readonly seed: number;
  /** 1 to 100 million. */
  readonly rows: number;
  readonly batchRows?: number;
}

/** The day in batches of `batchRows` rows (16,384 by default), columns as `usEquitiesDaySchema`, no NULLs. */
export function* generateUsEquitiesDay({ seed, rows, batchRows = 16_384 }: UsEquitiesDayOptions): Generator<Batch, void, undefined> {
  assert(Number.isInteger(rows) && rows >= 1 && rows <= US_EQUITIES_ROWS_MAX, 'rows are 1 to 100 million');
  assert(Number.isInteger(batchRows) && batchRows >= 1, 'a batch has rows');
  const market = usEquitiesMarket(seed);
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

/** Creates rows in the order of event time. */
class Tape {
  readonly #popularity: WeightedChoice;
  readonly #clock: SessionClock;
  readonly #constant: number;
  readonly #trail = new Trail();
  readonly #random: Random;
  readonly #anomalySymbols: readonly number[];
  #anomaly = 0;
  #time = 0;
  #symbol = 0;

  constructor(private readonly market: Market, seed: number, rows: number) {
    this.#random = new Random(seed, -2);
    this.#popularity = new WeightedChoice(market.symbols.map((_, rank) => 1 / (rank + 1)));
    this.#clock = new SessionClock(rows);
    this.#constant = market.symbols.indexOf(CONSTANT_SYMBOL);
    this.#anomalySymbols = market.anomalies.map(({ symbol }) => market.symbols.indexOf(symbol));
  }

  /** Writes the next row into row 0 of `to`; true when it is an injected anomaly. */
  next(to: TickRows): boolean {
    const random = this.#random;
    const before = this.#time;
    const time = this.#clock.next(random);
    const anomaly = this.market.anomalies[this.#anomaly];
    if (anomaly !== undefined && anomaly.eventTime <= time) {
      this.#anomalous(to, anomaly.kind, this.#anomalySymbols[this.#anomaly]!, anomaly.eventTime);
      return true;
    }
    // Some rows share the instant of the row before, half of them in its symbol: peers.
    const draw = random.next();
    const tied = draw < SAME_INSTANT && before > 0;
    this.#time = tied ? before : time;
    if (!tied || (draw & 1) === 0) this.#symbol = this.#popularity.draw(random);
    this.#usual(to);
    return false;
  }

  #usual(to: TickRows): void {
    const random = this.#random;
    const symbol = this.#symbol;
    const kind = random.next();
    const eventType = kind < TRADES ? TRADE : kind < TRADES_AND_QUOTES ? QUOTE : BBO;
    const bits = random.next();
    const usual = this.market.spreadTicks[symbol]!;
    const constant = symbol === this.#constant;
    // Mostly the usual spread, at times a tick more or less, and a venue's own quote is no better than the best.
    const draw = bits & 15;
    let spread = constant ? usual : usual + (draw < 2 ? -1 : draw < 5 ? 1 : 0);
    if (eventType === QUOTE && !constant) spread += (bits >>> 4) & 1;
    const wander = constant ? 0 : usual * (random.fraction() - 0.5);
    const middle = constant ? CONSTANT_PRICE_TICKS : Math.floor(this.#level(symbol, this.#time) + wander);
    const bid = middle - (spread >> 1);
    const ask = bid + spread;
    to.time[0] = this.#time;
    to.symbol[0] = symbol + 1;
    to.exchange[0] = 1 + venueOf((bits >>> 5) & 63);
    to.eventType[0] = eventType + 1;
    to.bid[0] = bid;
    to.ask[0] = ask;
    if (eventType !== TRADE) {
      to.price[0] = bid + (spread >> 1);
      to.volume[0] = 100 * (2 + ((bits >>> 11) & 7) + ((bits >>> 14) & 7));
      return;
    }
    // Three trades of eight lift the offer, three hit the bid, two meet in the middle.
    const side = (bits >>> 11) & 7;
    const price = constant || side > 5 ? bid + (spread >> 1) : side < 3 ? ask : bid;
    const volume = tradeVolume(bits >>> 14, random);
    to.price[0] = price;
    to.volume[0] = volume;
    this.#follow(symbol, price, volume);
  }

  /** The course of a price at a time, in ticks and parts of one. */
  #level(symbol: number, time: number): number {
    const { path, pathSteps } = this.market;
    const steps = (time - SESSION_OPEN) / 10_000;
    const step = Math.floor(steps);
    const from = path[symbol * pathSteps + step]!;
    return from + (path[symbol * pathSteps + step + 1]! - from) * (steps - step);
  }

  /** Keeps the statistics that the next anomaly has to stand out from. */
  #follow(symbol: number, price: number, volume: number): void {
    if (symbol !== this.#anomalySymbols[this.#anomaly]) return;
    if (this.#time >= this.market.anomalies[this.#anomaly]!.eventTime - LOOK_BACK_MILLIS) this.#trail.add(price, volume);
  }

  /** The trade of an anomaly: as the five minutes before it, but for what makes it one. Its time lies between its neighbours'. */
  #anomalous(to: TickRows, kind: AnomalyKind, symbol: number, time: number): void {
    const trail = this.#trail;
    const usual = this.market.spreadTicks[symbol]!;
    const mean = trail.count === 0 ? Math.floor(this.#level(symbol, time)) : Math.round(trail.meanPrice);
    let price = mean;
    let volume = 200;
    let halfSpread = (usual + 1) >> 1;
    if (kind === 'PRICE_SPIKE') price = mean + Math.ceil(mean * 0.06);
    else if (kind === 'VOLUME_SURGE') volume = 20_000;
    else if (kind === 'SPREAD_WIDENING') halfSpread = 4 * usual;
    else {
      price = mean + trail.priceOffset(2.5);
      volume = trail.volumeFor(4);
    }
    this.#anomaly += 1;
    this.#time = time;
    this.#symbol = symbol;
    trail.clear();
    to.time[0] = time;
    to.symbol[0] = symbol + 1;
    to.exchange[0] = 1;
    to.eventType[0] = TRADE + 1;
    to.price[0] = price;
    to.volume[0] = volume;
    to.bid[0] = price - halfSpread;
    to.ask[0] = price + halfSpread;
  }
}

/** Nasdaq and the New York exchanges have the most. */
function venueOf(sixtyFourth: number): number {
  if (sixtyFourth < 20) return 0;
  if (sixtyFourth < 34) return 1;
  if (sixtyFourth < 43) return 2;
  if (sixtyFourth < 50) return 3;
  return 4 + ((sixtyFourth - 50) % 6);
}

/** Shares: one trade in sixteen an odd lot, else one to five round lots of 100, rarely a block. `bits`: 18 random bits. */
function tradeVolume(bits: number, random: Random): number {
  if ((bits & 15) === 0) return 1 + random.below(99);
  let lots = 1;
  // Each further lot is as likely as not; 2 in 10,000 trades are blocks.
  for (let coin = bits >>> 4; (coin & 1) === 1 && lots < 5; coin >>>= 1) lots += 1;
  if (bits >>> 4 < 3) lots = 20 + random.below(60);
  return 100 * lots;
}

/** Sums over the trades before an anomaly: whole ticks and shares, hence exact. */
class Trail {
  count = 0;
  #price = 0;
  #square = 0;
  #volume = 0;

  get meanPrice(): number {
    return this.#price / this.count;
  }

  add(price: number, volume: number): void {
    this.count += 1;
    this.#price += price;
    this.#square += price * price;
    this.#volume += volume;
  }

  clear(): void {
    this.count = 0;
    this.#price = 0;
    this.#square = 0;
    this.#volume = 0;
  }

  /** How far from the mean a further price has to be, in ticks, to lie `score` deviations off, itself counted in. */
  priceOffset(score: number): number {
    const { count } = this;
    const squared = score * score;
    if (count <= squared + 1) return 1;
    const variance = Math.max(0, this.#square / count - this.meanPrice * this.meanPrice);
    return Math.max(1, Math.round(Math.sqrt((squared * variance * (count + 1)) / (count - squared))));
  }

  /** The volume, in round lots, that is `ratio` times the mean, itself counted in. */
  volumeFor(ratio: number): number {
    if (this.count <= ratio) return 1000;
    return 100 * Math.max(1, Math.round((ratio * this.#volume) / (this.count + 1 - ratio) / 100));
  }
}

/** Event times, ascending: busiest at the open and the close, spread evenly within each second. */
class SessionClock {
  readonly #weightTotal: number;
  #second = -1;
  #weight = 0;
  #given = 0;
  #countInSecond = 0;
  #placeInSecond = 0;

  constructor(private readonly rows: number) {
    let total = 0;
    for (let second = 0; second < SECONDS; second += 1) total += weightOf(second);
    this.#weightTotal = total;
  }

  next(random: Random): number {
    while (this.#placeInSecond === this.#countInSecond) {
      this.#given += this.#countInSecond;
      this.#second += 1;
      assert(this.#second < SECONDS, 'the session has as many times as rows');
      this.#weight += weightOf(this.#second);
      // The quotient's fraction is a multiple of 1 / total, far coarser than its rounding.
      this.#countInSecond = Math.floor((this.rows * this.#weight) / this.#weightTotal) - this.#given;
      this.#placeInSecond = 0;
    }
    const place = (this.#placeInSecond + random.fraction()) / this.#countInSecond;
    this.#placeInSecond += 1;
    return SESSION_OPEN + this.#second * 1000 + Math.floor(place * 1000);
  }
}

const SECONDS = (SESSION_CLOSE - SESSION_OPEN) / 1000;

/** Rows of a second, relative to others: a parabola, at the ends three times as high as at noon. */
function weightOf(second: number): number {
  const fromNoon = second - SECONDS / 2;
  return 100 + Math.floor((200 * fromNoon * fromNoon * 4) / (SECONDS * SECONDS));
}
