/** Tells files with the same rows in the same order, whatever their bytes: every row would be there twice. */
import type { Tick } from './layout.js';

/** Not against an adversary: 64 bits, and the number of rows. */
export class RowHash {
  #rows = 0;
  #one = 0x811c9dc5;
  #other = 0x9e3779b9;
  readonly #double = new Float64Array(1);
  readonly #words = new Int32Array(this.#double.buffer);

  add({ symbol, price, volume, bid, ask, time }: Tick): void {
    this.#rows += 1;
    for (let at = 0; at < symbol.length; at += 1) this.#mix(symbol.charCodeAt(at));
    this.#number(time);
    this.#number(price ?? NaN);
    this.#number(Number(volume));
    this.#number(bid ?? NaN);
    this.#number(ask ?? NaN);
  }

  /** Empty for no rows. */
  get text(): string {
    return this.#rows === 0 ? '' : `${this.#rows} ${this.#one} ${this.#other}`;
  }

  #number(value: number): void {
    this.#double[0] = value;
    this.#mix(this.#words[0]!);
    this.#mix(this.#words[1]!);
  }

  #mix(word: number): void {
    this.#one = Math.imul(this.#one ^ word, 0x01000193);
    this.#other = Math.imul((this.#other ^ word) + (this.#other >>> 15), 0x85ebca6b);
  }
}
