/** Who trades: at any time a few dozen are at their desks, each for some minutes to an hour, then they are gone for long. */
import { Random, WeightedChoice } from './random.js';

const TRADERS = 1200;
const DESKS = 64;
const STAY_MILLIS_MIN = 300_000;
const STAY_MILLIS_MAX = 3_600_000;
const MARKET_MAKERS = 24;

const numbered = (prefix: string, count: number, digits: number): string[] =>
  Array.from({ length: count }, (_, index) => prefix + String(index + 1).padStart(digits, '0'));

/** All names: traders, then market makers. */
export const TRADER_NAMES: readonly string[] = [...numbered('T', TRADERS, 4), ...numbered('MM', MARKET_MAKERS, 2)];

export class Traders {
  readonly #random: Random;
  readonly #desks: WeightedChoice;
  readonly #who = new Int32Array(DESKS);
  readonly #until = new Float64Array(DESKS);
  #came = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, -6);
    this.#desks = new WeightedChoice(Array.from({ length: DESKS }, (_, desk) => 1 / (desk + 4)));
  }

  /** Index of the name of who trades at `time` (epoch ms). */
  taker(time: number): number {
    const random = this.#random;
    const desk = this.#desks.draw(random);
    if (time >= this.#until[desk]!) {
      // One after the other in an order that looks like none (the factor shares no divisor with their number): who left comes back last.
      this.#who[desk] = (this.#came * 7919) % TRADERS;
      this.#came = (this.#came + 1) % TRADERS;
      const stay = random.fraction();
      this.#until[desk] = time + STAY_MILLIS_MIN + Math.floor(stay * stay * (STAY_MILLIS_MAX - STAY_MILLIS_MIN));
    }
    return this.#who[desk]!;
  }

  /** Index of the name of who quotes an instrument at a venue: always the same. */
  maker(instrument: number, venue: number): number {
    return TRADERS + ((instrument * 5 + venue * 7) % MARKET_MAKERS);
  }
}
