/** Where watermarks move within a chunk whose rows come of several inputs. */
import type { WatermarkPath } from '../operators/operator.js';

/** The chunk rows after which watermarks of groups moved, and where to: fewer than rows, and mostly nobody asks for each row's. */
export class Moves {
  #length = 0;
  /** Groups. */
  #width = 0;
  #rows = new Int32Array(64);
  /** Of each row, one a group. */
  #values = new Float64Array(64);

  begin(width: number): this {
    this.#length = 0;
    this.#width = width;
    return this;
  }

  add(row: number, values: Float64Array): void {
    const at = this.#length;
    if (at === this.#rows.length) {
      const rows = new Int32Array(2 * at);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    if ((at + 1) * this.#width > this.#values.length) {
      const larger = new Float64Array(2 * (at + 1) * this.#width);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#rows[at] = row;
    for (let index = 0; index < values.length; index += 1) this.#values[at * this.#width + index] = values[index]!;
    this.#length = at + 1;
  }

  /** The watermark of the group at `index` after each of `rows` rows; -1: it is none that moves. */
  fill(index: number, before: number, path: Float64Array, rows: number): Float64Array {
    let current = before, from = 0;
    for (let move = 0; move < (index < 0 ? 0 : this.#length); move += 1) {
      const row = this.#rows[move]!;
      fill(path, current, from, row);
      current = this.#values[move * this.#width + index]!;
      from = row;
    }
    fill(path, current, from, rows);
    return path;
  }
}

/** Made when somebody asks for it. */
export class MixedPath implements WatermarkPath {
  #after: Float64Array | null = null;

  constructor(readonly before: number, private readonly make: () => Float64Array) {}

  get after(): Float64Array {
    return (this.#after ??= this.make());
  }
}

/** The method of arrays costs more than the few rows between two moves. */
function fill(array: Float64Array, value: number, from: number, to: number): void {
  for (let at = from; at < to; at += 1) array[at] = value;
}
