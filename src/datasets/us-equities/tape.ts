/** The events of the day in the order in which they happen: who trades or quotes what, where, at which price. */
import type { TickRows } from './arrival.js';
import { SessionClock } from './clock.js';
import { CONSTANT_PRICE_TICKS, CONSTANT_SYMBOL, SESSION_OPEN, type AnomalyKind, type Market } from './market.js';
import { chance, Random, WeightedChoice } from './random.js';
import { Trail } from './trail.js';

export const EVENT_TYPES = ['TRADE', 'QUOTE', 'BBO'] as const;
const TRADE = 0;
const QUOTE = 1;
const BBO = 2;

/** Of all rows: trades, then quotes, the rest best quotes; and rows that share the instant of the one before. */
const TRADES = chance(0.3);
const TRADES_AND_QUOTES = chance(0.72);
const SAME_INSTANT = chance(0.06);

/** The statistics by which an anomaly stands out are taken over this long before it. */
const LOOK_BACK_MILLIS = 300_000;

/** Creates rows in the order of event time. */
export class Tape {
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
