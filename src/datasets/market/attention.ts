/** Whose turn it is: instruments by their popularity, and again those that were at it seconds ago. */
import { chance, WeightedChoice, type Random } from './random.js';

/** Something new concerns an instrument that was at it lately, rather than any. */
const AGAIN = chance(0.4);
/** Rows for each place among those lately at it: as many places as happen within seconds, whatever the number of rows. */
const ROWS_A_PLACE = 4096;

export class Attention {
  readonly #popular: WeightedChoice;
  readonly #popularOffHours: WeightedChoice;
  /** The newest wherever `#lately` points; -1: nobody yet. Their number is a power of two. */
  readonly #recent: Int32Array;
  #lately = 0;

  constructor(weights: readonly number[], rows: number) {
    this.#popular = new WeightedChoice(weights);
    // Outside the hours of all, what is popular is nearly all there is.
    this.#popularOffHours = new WeightedChoice(weights.map((weight) => weight * Math.sqrt(weight)));
    let places = 16;
    while (places * ROWS_A_PLACE < rows) places *= 2;
    this.#recent = new Int32Array(places).fill(-1);
  }

  /** An instrument, which from now on is one that was at it. */
  draw(inCore: boolean, random: Random): number {
    const draw = random.next();
    const recent = this.#recent;
    let instrument = draw < AGAIN ? recent[Math.floor((draw / AGAIN) * recent.length)]! : -1;
    if (instrument < 0) instrument = (inCore ? this.#popular : this.#popularOffHours).draw(random);
    this.#lately = (this.#lately + 1) & (recent.length - 1);
    recent[this.#lately] = instrument;
    return instrument;
  }
}
