/** What is known of one symbol while its rows pass: a fixed amount, however many they are. */
import { Neighbours } from './prints.js';
import { Silences } from './silences.js';

/** Rows of one instant whose repetition is looked for; a larger group is no tie but a constant clock. */
const hashesMax = 4096;
const silencesKept = 4;

export class SymbolTrack {
  rows = 0;
  first = Infinity;
  /** Greatest event time. */
  last = -Infinity;
  /** Rows after a later one of the same symbol, and by how much at the most (ms). */
  behind = 0;
  behindMax = 0;
  tied = 0;
  tieMax = 0;
  tieMaxAt = 0;
  repeated = 0;
  prints = 0;
  priceMin = Infinity;
  priceMax = -Infinity;
  /** Prints in a row of one price. */
  sameMax = 0;
  sameMaxFrom = 0;
  sameMaxTo = 0;
  suspicious = 0;
  quotes = 0;
  crossed = 0;
  locked = 0;
  spreadSum = 0;
  spreadMax = -1;
  spreadMaxAt = 0;
  bid = NaN;
  ask = NaN;
  quotedAt = -Infinity;
  readonly silences = new Silences(silencesKept);
  readonly neighbours = new Neighbours();
  /** Prints that their quotes contradict, while their neighbours may still do so. */
  readonly outside = new Set<number>();
  #tie = 0;
  #hash = 0;
  #hashes: Set<number> | null = null;
  #price = NaN;
  #same = 0;
  #sameFrom = 0;

  constructor(readonly name: string) {}

  remember(position: number): void {
    this.outside.add(position);
    // Neighbours judge the print seven before: older ones have been judged.
    if (this.outside.size > 32) this.outside.delete(this.outside.values().next().value!);
  }

  /** `hash`: of all values of the row. */
  row(time: number, hash: number): void {
    this.rows += 1;
    if (time < this.first) this.first = time;
    if (time > this.last) {
      if (this.last > -Infinity) this.silences.advance(this.last, time);
      this.last = time;
      this.#tie = 1;
      this.#hash = hash;
      this.#hashes = null;
    } else if (time === this.last) this.#tied(time, hash);
    else {
      this.behind += 1;
      if (this.last - time > this.behindMax) this.behindMax = this.last - time;
      this.silences.split(time);
    }
  }

  print(time: number, price: number): void {
    this.prints += 1;
    if (price < this.priceMin) this.priceMin = price;
    if (price > this.priceMax) this.priceMax = price;
    if (price !== this.#price) {
      this.#price = price;
      this.#same = 0;
      this.#sameFrom = time;
    }
    this.#same += 1;
    if (this.#same <= this.sameMax) return;
    this.sameMax = this.#same;
    this.sameMaxFrom = this.#sameFrom;
    this.sameMaxTo = time;
  }

  quote(time: number, bid: number, ask: number): void {
    this.quotes += 1;
    if (bid > ask) this.crossed += 1;
    else if (bid === ask) this.locked += 1;
    const spread = ask - bid;
    this.spreadSum += spread;
    if (spread > this.spreadMax) {
      this.spreadMax = spread;
      this.spreadMaxAt = time;
    }
    this.bid = bid;
    this.ask = ask;
    this.quotedAt = time;
  }

  #tied(time: number, hash: number): void {
    // The first row of the instant is tied too, once there is another.
    this.tied += this.#tie === 1 ? 2 : 1;
    this.#tie += 1;
    if (this.#tie > this.tieMax) {
      this.tieMax = this.#tie;
      this.tieMaxAt = time;
    }
    this.#hashes ??= new Set([this.#hash]);
    if (this.#hashes.has(hash)) this.repeated += 1;
    else if (this.#hashes.size < hashesMax) this.#hashes.add(hash);
  }
}
