/** When things happen: as many event times as there are rows, as the market's activity has it. */
import { assert } from '../../core/errors.js';
import type { Activity } from './activity.js';
import type { Random } from './random.js';

/** Event times, never descending, in seconds whose numbers of rows follow the activity's weights. */
export class MarketClock {
  readonly #weights: Float64Array;
  readonly #auction: Uint8Array;
  readonly #weightTotal: number;
  #weight = 0;
  #given = 0;
  #time = 0;
  /** Of the second at hand: which it is since the day began, how many rows it has, and which of them was given last, from 1. */
  second = -1;
  countInSecond = 0;
  placeInSecond = 0;

  constructor(private readonly from: number, { weights, auction }: Activity, private readonly rows: number) {
    this.#weights = weights;
    this.#auction = auction;
    this.#weightTotal = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Whether the row given last is of an auction. */
  get inAuction(): boolean {
    return this.#auction[this.second] === 1;
  }

  /** The time of something new: a random one within its share of the second. */
  next(random: Random): number {
    this.enterSecond();
    const place = (this.placeInSecond + random.fraction()) / this.countInSecond;
    return this.#give(Math.floor(place * 1000));
  }

  /** The time of what follows from the last row, `gap` ms after it if the second has rows and time left. */
  follow(gap: number, random: Random): number {
    if (this.placeInSecond === this.countInSecond) return this.next(random);
    return this.#give(this.#time - this.from - this.second * 1000 + gap);
  }

  /** The time of the row of an auction. */
  cross(): number {
    this.enterSecond();
    return this.#give(Math.floor((900 * this.placeInSecond) / this.countInSecond));
  }

  #give(millis: number): number {
    const time = this.from + this.second * 1000 + Math.min(999, millis);
    this.placeInSecond += 1;
    this.#time = Math.max(this.#time, time);
    return this.#time;
  }

  /** Goes to the second of the next row: it says what the row may be. */
  enterSecond(): void {
    if (this.placeInSecond === this.countInSecond) this.#nextSecond();
  }

  #nextSecond(): void {
    this.#given += this.countInSecond;
    this.countInSecond = 0;
    this.placeInSecond = 0;
    while (this.countInSecond === 0) {
      this.second += 1;
      assert(this.second < this.#weights.length, 'the day has as many times as rows');
      this.#weight += this.#weights[this.second]!;
      // Whole weights add up exactly, so that the last quotient is the number of rows.
      this.countInSecond = Math.floor(this.rows * (this.#weight / this.#weightTotal)) - this.#given;
    }
  }
}
