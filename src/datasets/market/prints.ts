/** Single trades that were made to stand out from the five minutes before them. */
import type { TickRows } from './arrival.js';
import type { Print } from './plan.js';
import { Trail } from './trail.js';

/** The statistics by which a trade stands out are taken over this long before it. */
const LOOK_BACK_MILLIS = 300_000;

/** A combined anomaly's distance from the mean, in deviations: between what is one and what is a spike. */
const COMBINED_SCORE = 2.5;
const FINGER_LOTS = 200;

export class Prints {
  readonly #trails: readonly Trail[];
  #next = 0;

  constructor(private readonly prints: readonly Print[]) {
    this.#trails = prints.map(() => new Trail());
  }

  /** The next print if its time has come, only once. */
  due(time: number): Print | null {
    const print = this.prints[this.#next];
    if (print === undefined || print.time > time) return null;
    this.#next += 1;
    return print;
  }

  /** Keeps the statistics of a trade that the next prints have to stand out from. Price in ticks. */
  follow(instrument: number, time: number, price: number, volume: number): void {
    for (let index = this.#next; index < this.prints.length; index += 1) {
      const print = this.prints[index]!;
      if (time < print.time - LOOK_BACK_MILLIS) return;
      if (print.instrument === instrument) this.#trails[index]!.add(price, volume);
    }
  }

  /** Price and volume of the print last due; its quote is in the row already. */
  write(print: Print, to: TickRows, row: number, lot: number): void {
    const trail = this.#trails[this.#next - 1]!;
    const mean = trail.count === 0 ? to.bid[row]! : trail.meanPrice;
    const off = Math.round(mean * (1 + print.size));
    if (print.type === 'PRICE_SPIKE') {
      to.price[row] = off;
      to.volume[row] = 2 * lot;
    } else if (print.type === 'FAT_FINGER') {
      to.price[row] = off;
      to.volume[row] = FINGER_LOTS * lot;
    } else if (print.type === 'VOLUME_SURGE') {
      to.price[row] = to.ask[row]!;
      to.volume[row] = lot * Math.ceil((print.size * (trail.count === 0 ? 4 * lot : trail.meanVolume)) / lot);
    } else {
      to.price[row] = Math.round(mean) + trail.priceOffset(COMBINED_SCORE);
      to.volume[row] = trail.volumeFor(print.size, lot);
    }
  }
}
