/** What a column holds: NULLs, odd numbers, the least and the greatest, distinct texts. */
import type { Column, Dictionary } from '../../core/batch.js';

export interface ColumnCounts {
  readonly nulls: number;
  readonly nan: number;
  readonly infinite: number;
  readonly zero: number;
  readonly negative: number;
  /** Of numbers; null where there is none. */
  readonly min: number | null;
  readonly max: number | null;
  /** Texts: how many different ones; null: more than are counted, or no texts. */
  readonly distinct: number | null;
  readonly empty: number;
}

/** More distinct texts are not counted. */
const distinctMax = 100_000;

export class ColumnCounter {
  #nulls = 0;
  #nan = 0;
  #infinite = 0;
  #zero = 0;
  #negative = 0;
  #min = Infinity;
  #max = -Infinity;
  #empty = 0;
  readonly #texts = new Set<string>();
  #isText = false;
  #dictionary: Dictionary | null = null;
  /** Codes of that dictionary that were met. */
  #met = new Uint8Array(0);

  add(column: Column, length: number): void {
    if (column.storage !== 'text') this.#numbers(column, length);
    else if (column.dictionary !== null) this.#codes(column.values, column.dictionary, length);
  }

  read(): ColumnCounts {
    const hasNumber = this.#min <= this.#max;
    return {
      nulls: this.#nulls, nan: this.#nan, infinite: this.#infinite, zero: this.#zero, negative: this.#negative,
      min: hasNumber ? this.#min : null, max: hasNumber ? this.#max : null,
      distinct: this.#isText && this.#texts.size <= distinctMax ? this.#texts.size : null, empty: this.#empty,
    };
  }

  #numbers({ values, nulls }: Exclude<Column, { storage: 'text' }>, length: number): void {
    let min = this.#min, max = this.#max;
    for (let row = 0; row < length; row += 1) {
      if (nulls !== null && nulls[row] !== 0) {
        this.#nulls += 1;
        continue;
      }
      const value = Number(values[row]);
      if (value < min) min = value;
      if (value > max) max = value;
      if (value > 0) continue;
      if (value === 0) this.#zero += 1;
      else if (value < 0) this.#negative += 1;
      else this.#nan += 1;
    }
    // Infinities are counted only where there is one.
    if (max === Infinity || min === -Infinity) for (let row = 0; row < length; row += 1) if (Math.abs(Number(values[row])) === Infinity) this.#infinite += 1;
    this.#min = min;
    this.#max = max;
  }

  #codes(values: Int32Array, dictionary: Dictionary, length: number): void {
    this.#isText = true;
    if (dictionary !== this.#dictionary || dictionary.size > this.#met.length) {
      const met = new Uint8Array(Math.max(64, dictionary.size * 2));
      if (dictionary === this.#dictionary) met.set(this.#met);
      this.#dictionary = dictionary;
      this.#met = met;
    }
    const met = this.#met;
    for (let row = 0; row < length; row += 1) {
      const code = values[row]!;
      if (code === 0) this.#nulls += 1;
      else if (met[code] === 0) {
        met[code] = 1;
        if (this.#texts.size <= distinctMax) this.#texts.add(dictionary.strings[code]!);
      }
    }
    const empty = dictionary.codeOf('');
    if (empty > 0) for (let row = 0; row < length; row += 1) if (values[row] === empty) this.#empty += 1;
  }
}
