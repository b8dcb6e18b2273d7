/** The events of the day in the order in which they happen: who trades or quotes what, where, at which price. */
import { marketActivity } from './activity.js';
import type { TickRows } from './arrival.js';
import { Attention } from './attention.js';
import { Book } from './book.js';
import { MarketClock } from './clock.js';
import { PriceCourse } from './course.js';
import { Effects } from './effects.js';
import type { DayPlan } from './plan.js';
import { Prints } from './prints.js';
import { chance, Random } from './random.js';
import { quoteSize, tradeSize } from './sizes.js';
import type { MarketSpec } from './spec.js';
import { Traders } from './traders.js';

export const EVENT_TYPES = ['TRADE', 'QUOTE', 'BBO'] as const;
const TRADE = 0;
const QUOTE = 1;
const BBO = 2;

/** After new best prices, and where prices stay: trades follow. */
const TRADES_AFTER_MOVE = chance(0.34);
const TRADES_IN_PLACE = chance(0.45);
/** Each trade is followed by one more at once; when no more, a quote is put back. */
const ONE_MORE = chance(0.3);
const QUOTE_BACK = chance(0.4);
/** A quote that changes no best price is followed by the best prices, with other sizes. */
const SIZE_CHANGE = chance(0.45);
/** A buyer follows a buyer, a seller a seller. */
const SAME_SIDE = chance(0.62);
/** A trade in the middle between bid and offer. */
const MIDDLE = chance(0.06);
/** Of all that happens while an instrument crashes, what happens in it. */
const CROWD = chance(0.1);

const NOTHING = 0;
const THEN_BBO = 1;
const THEN_TRADES = 2;
const THEN_QUOTE = 3;

/** Creates rows in the order of event time. Prices and sizes are whole: ticks and lots, or parts of them. */
export class Tape {
  readonly #random: Random;
  readonly #clock: MarketClock;
  readonly #course: PriceCourse;
  readonly #book: Book;
  readonly #effects: Effects;
  readonly #prints: Prints;
  readonly #traders: Traders;
  readonly #attention: Attention;
  readonly #venueOf: Uint8Array;
  readonly #lots: Float64Array;
  readonly #side: Int8Array;
  /** 1: the best prices have changed, and no row has said so. */
  readonly #untold: Uint8Array;
  #then = NOTHING;
  #tradesAfterBbo = false;
  #time = 0;
  #instrument = 0;
  #venue = 0;
  #trader = 0;
  /** The best prices found last, not yet those that stand. */
  #bid = 0;
  #ask = 0;
  /** In an auction: the instrument whose turn it is, and the share of the rows that those up to it have. */
  #crossing = -1;
  #crossed = 0;
  readonly #weightTotal: number;

  constructor(private readonly spec: MarketSpec, plan: DayPlan, seed: number, rows: number) {
    const { instruments, venues } = spec;
    const weights = instruments.map(({ weight }) => weight);
    this.#random = new Random(seed, -2);
    const activity = marketActivity(spec, seed, plan.surges);
    this.#clock = new MarketClock(spec.from, activity, rows);
    this.#effects = new Effects(plan);
    this.#course = new PriceCourse(spec, activity, seed, this.#effects);
    this.#prints = new Prints(plan.prints);
    this.#book = new Book(instruments.length, venues.length);
    this.#traders = new Traders(seed);
    this.#attention = new Attention(weights, rows);
    this.#weightTotal = weights.reduce((sum, weight) => sum + weight, 0);
    this.#venueOf = Uint8Array.from(venues.flatMap(({ share }, venue) => new Array<number>(share).fill(venue)));
    this.#lots = Float64Array.from(instruments, ({ lot }) => lot);
    this.#side = new Int8Array(instruments.length).fill(1);
    this.#untold = new Uint8Array(instruments.length);
  }

  /** The time of the row created last. */
  get time(): number {
    return this.#time;
  }

  /** Writes the next row into row `row` of `to`; true when it is an injected one, which arrives when it happens. */
  next(to: TickRows, row: number): boolean {
    this.#clock.enterSecond();
    if (this.#clock.inAuction) {
      this.#cross(to, row);
      return false;
    }
    if (this.#then !== NOTHING) {
      this.#follow(to, row);
      return false;
    }
    this.#time = this.#clock.next(this.#random);
    const print = this.#prints.due(this.#time);
    if (print !== null) {
      const { instrument, time } = print;
      if (this.#book.bid[instrument] === 0) this.#settle(instrument, time);
      const venue = this.#book.setter[instrument]!;
      this.#put(to, row, time, instrument, venue, TRADE, this.#traders.taker(time));
      this.#prints.write(print, to, row, this.#lots[instrument]!);
      return true;
    }
    this.#begin(to, row);
    return false;
  }

  /** Something new in an instrument: a quote, or a trade right away. */
  #begin(to: TickRows, row: number): void {
    const random = this.#random;
    const time = this.#time;
    const crowded = this.#effects.enter(time);
    const instrument = crowded >= 0 && random.next() < CROWD ? crowded : this.#attention.draw(this.#inCore, random);
    this.#instrument = instrument;
    const bits = random.next();
    this.#venue = this.#venueOf[bits & 63]!;
    const moved = this.#reprice(instrument, time) || this.#untold[instrument] === 1;
    if (moved) {
      this.#book.improve(instrument, this.#venue, this.#bid, this.#ask);
      this.#untold[instrument] = 0;
      this.#tradesAfterBbo = random.next() < TRADES_AFTER_MOVE;
      this.#then = this.spec.quotesOnly ? NOTHING : THEN_BBO;
    } else if (!this.spec.quotesOnly && random.next() < TRADES_IN_PLACE) {
      this.#trader = this.#traders.taker(time);
      this.#chooseSide();
      this.#trade(to, row);
      return;
    } else {
      this.#book.requote(instrument, this.#venue, random);
      this.#tradesAfterBbo = false;
      this.#then = !this.spec.quotesOnly && random.next() < SIZE_CHANGE ? THEN_BBO : NOTHING;
    }
    this.#quote(to, row);
  }

  #follow(to: TickRows, row: number): void {
    const random = this.#random;
    const bits = random.next();
    // Most follow within a millisecond or two, some after some thought.
    const gap = (bits & 7) === 0 ? (bits >>> 3) & 31 : (bits >>> 8) & 1;
    const then = this.#then;
    this.#time = this.#clock.follow(then === THEN_TRADES && (bits & 512) === 0 ? 0 : gap, random);
    if (then === THEN_BBO) {
      this.#then = NOTHING;
      if (this.#tradesAfterBbo) {
        this.#then = THEN_TRADES;
        this.#trader = this.#traders.taker(this.#time);
        this.#chooseSide();
      }
      const { setter, bid, ask } = this.#book;
      const instrument = this.#instrument;
      const venue = setter[instrument]!;
      this.#put(to, row, this.#time, instrument, venue, BBO, this.#traders.maker(instrument, venue));
      to.price[row] = bid[instrument]! + ((ask[instrument]! - bid[instrument]!) >> 1);
      to.volume[row] = 2 * quoteSize(this.#lots[instrument]!, bits >>> 16);
    } else if (then === THEN_TRADES) {
      this.#venue = this.#venueOf[(bits >>> 16) & 63]!;
      this.#trade(to, row);
    } else {
      this.#then = NOTHING;
      this.#book.requote(this.#instrument, this.#venue, random);
      this.#quote(to, row);
    }
  }

  #quote(to: TickRows, row: number): void {
    const { spec } = this;
    const instrument = this.#instrument;
    this.#put(to, row, this.#time, instrument, this.#venue, QUOTE, this.#traders.maker(instrument, this.#venue));
    const bid = to.bid[row]!;
    const ask = to.ask[row]!;
    to.price[row] = spec.quotesOnly ? (bid + ask) / 2 : bid + ((ask - bid) >> 1);
    to.volume[row] = quoteSize(this.#lots[instrument]!, this.#random.next());
  }

  /** A trade on the side chosen, at a venue that quotes the best price there. */
  #trade(to: TickRows, row: number): void {
    const random = this.#random;
    const instrument = this.#instrument;
    const { bid, ask, setter } = this.#book;
    const buys = this.#side[instrument]! > 0;
    const behind = buys ? this.#book.venueAsk(instrument, this.#venue) !== ask[instrument] : this.#book.venueBid(instrument, this.#venue) !== bid[instrument];
    if (behind) this.#venue = setter[instrument]!;
    this.#put(to, row, this.#time, instrument, this.#venue, TRADE, this.#trader);
    const volume = tradeSize(this.spec.sizes, this.#lots[instrument]!, random);
    const draw = random.next();
    const stuck = this.#effects.stuck(instrument);
    const middle = !stuck && (draw < MIDDLE || this.spec.instruments[instrument]!.deviation === 0 || this.#effects.widened(instrument));
    const price = middle ? bid[instrument]! + ((ask[instrument]! - bid[instrument]!) >> 1) : buys && !stuck ? ask[instrument]! : bid[instrument]!;
    to.price[row] = price;
    to.volume[row] = volume;
    this.#prints.follow(instrument, this.#time, price, volume);
    const after = random.next();
    this.#then = after < ONE_MORE ? THEN_TRADES : after < ONE_MORE + QUOTE_BACK ? THEN_QUOTE : NOTHING;
  }

  #chooseSide(): void {
    const instrument = this.#instrument;
    const falling = this.#effects.falling(instrument);
    if (falling) this.#side[instrument] = -1;
    else if (this.#random.next() >= SAME_SIDE) this.#side[instrument] = -this.#side[instrument]!;
  }

  /** A row of an auction: all of an instrument's at one price, the instruments one after the other. */
  #cross(to: TickRows, row: number): void {
    const clock = this.#clock;
    const { instruments } = this.spec;
    this.#then = NOTHING;
    this.#time = clock.cross();
    if (clock.placeInSecond === 1) {
      this.#crossing = -1;
      this.#crossed = 0;
    }
    const share = ((clock.placeInSecond - 0.5) / clock.countInSecond) * this.#weightTotal;
    const before = this.#crossing;
    while (this.#crossing < 0 || (this.#crossed <= share && this.#crossing < instruments.length - 1)) {
      this.#crossing += 1;
      this.#crossed += instruments[this.#crossing]!.weight;
    }
    const instrument = this.#crossing;
    const { home } = instruments[instrument]!;
    if (instrument !== before) this.#settle(instrument, this.#time);
    const { bid, ask } = this.#book;
    this.#book.improve(instrument, home, bid[instrument]!, ask[instrument]!);
    this.#put(to, row, this.#time, instrument, home, TRADE, this.#traders.taker(this.#time));
    const price = bid[instrument]! + ((ask[instrument]! - bid[instrument]!) >> 1);
    const volume = this.#lots[instrument]! * (5 + (this.#random.next() >>> 29));
    to.price[row] = price;
    to.volume[row] = volume;
    this.#prints.follow(instrument, this.#time, price, volume);
  }

  /** Finds best prices that no row has told yet: the next quote will. */
  #settle(instrument: number, time: number): void {
    if (!this.#reprice(instrument, time)) return;
    this.#book.improve(instrument, this.#book.setter[instrument]!, this.#bid, this.#ask);
    this.#untold[instrument] = 1;
  }

  /** Finds the best prices that fit what the instrument is worth; true when they are new. */
  #reprice(instrument: number, time: number): boolean {
    const { bid, ask } = this.#book;
    const standing = bid[instrument]!;
    this.#bid = standing;
    this.#ask = ask[instrument]!;
    if (standing !== 0 && this.#effects.stuck(instrument)) return false;
    const { deviation, spread, open } = this.spec.instruments[instrument]!;
    const random = this.#random;
    if (deviation === 0) {
      this.#bid = open - (spread >> 1);
      this.#ask = this.#bid + spread;
    } else {
      const middle = this.#course.at(instrument, time) * this.#effects.priceFactor(instrument);
      const wide = spread * (0.45 + 0.55 * this.#course.volatility[instrument]!) * this.spec.illiquidity(this.#clock.second) * this.#effects.spreadFactor(instrument);
      const width = Math.max(2, Math.floor(wide + random.fraction()));
      this.#bid = Math.max(1, Math.round(middle - width / 2));
      this.#ask = this.#bid + width;
    }
    return this.#bid !== standing || this.#ask !== ask[instrument];
  }

  /** Whether all instruments trade. */
  get #inCore(): boolean {
    const { core } = this.spec;
    return this.#clock.second >= core.from && this.#clock.second < core.to;
  }

  /** All of a row but price and volume; codes count from 1, as 0 is NULL. */
  #put(to: TickRows, row: number, time: number, instrument: number, venue: number, eventType: number, trader: number): void {
    const book = this.#book;
    to.time[row] = time;
    to.symbol[row] = instrument + 1;
    to.exchange[row] = venue + 1;
    to.eventType[row] = eventType + 1;
    to.trader[row] = trader + 1;
    to.bid[row] = eventType === BBO ? book.bid[instrument]! : book.venueBid(instrument, venue);
    to.ask[row] = eventType === BBO ? book.ask[instrument]! : book.venueAsk(instrument, venue);
  }
}
