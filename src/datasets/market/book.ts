/** The quotes that stand: of each instrument the best bid and offer, and how far from them each venue's own quote is. */
import type { Random } from './random.js';

export class Book {
  /** In ticks; 0: no quote yet. */
  readonly bid: Int32Array;
  readonly ask: Int32Array;
  /** The venue that quotes both best prices. */
  readonly setter: Uint8Array;
  /** Ticks by which the bid, and above bit 4 the offer, of a venue are worse than the best: instrument · venues + venue. */
  readonly #behind: Uint8Array;

  constructor(instruments: number, private readonly venues: number) {
    this.bid = new Int32Array(instruments);
    this.ask = new Int32Array(instruments);
    this.setter = new Uint8Array(instruments);
    this.#behind = new Uint8Array(instruments * venues);
  }

  /** A venue sets new best prices; the quotes of the others move along. */
  improve(instrument: number, venue: number, bid: number, ask: number): void {
    this.bid[instrument] = bid;
    this.ask[instrument] = ask;
    this.setter[instrument] = venue;
    this.#behind[instrument * this.venues + venue] = 0;
  }

  /** A venue quotes anew, at the best prices or a little behind. */
  requote(instrument: number, venue: number, random: Random): void {
    if (venue === this.setter[instrument]) return;
    const worse = 1 + ((this.ask[instrument]! - this.bid[instrument]!) >> 3);
    const step = worse > 15 ? 15 : worse;
    const bits = random.next();
    this.#behind[instrument * this.venues + venue] = ((bits & 3) === 0 ? step : 0) | ((bits & 12) === 0 ? step << 4 : 0);
  }

  venueBid(instrument: number, venue: number): number {
    return this.bid[instrument]! - (this.#behind[instrument * this.venues + venue]! & 15);
  }

  venueAsk(instrument: number, venue: number): number {
    return this.ask[instrument]! + (this.#behind[instrument * this.venues + venue]! >> 4);
  }
}
