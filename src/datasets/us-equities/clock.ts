/** When things happen: as many event times as there are rows, over the New York session. */
import { assert } from '../../core/errors.js';
import { SESSION_CLOSE, SESSION_OPEN } from './market.js';
import type { Random } from './random.js';

const SECONDS = (SESSION_CLOSE - SESSION_OPEN) / 1000;

/** Rows of a second, relative to others: a parabola, at the ends three times as high as at noon. */
function weightOf(second: number): number {
  const fromNoon = second - SECONDS / 2;
  return 100 + Math.floor((200 * fromNoon * fromNoon * 4) / (SECONDS * SECONDS));
}

/** Event times, ascending: busiest at the open and the close, spread evenly within each second. */
export class SessionClock {
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
