/** Rows of a kept input as one lane took them, in any portions. */
import { cell, type Batch } from '../core/batch.js';
import { ColumnBuilder, view } from '../core/column-builder.js';
import { TapewrightError } from '../core/errors.js';
import { storageOf, type Schema } from '../core/types.js';
import { openSource } from '../sources/open.js';
import type { Source } from '../sources/source.js';
import type { RowRange } from './kept-input.js';

const batchRows = 16_384;

export class KeptRows {
  #batch: Batch | null = null;
  #at = 0;
  #left: number;

  private constructor(private readonly path: string, private readonly schema: Schema, private readonly source: Source, { from, to }: RowRange) {
    this.#left = to - from;
  }

  static async open(path: string, schema: Schema, range: RowRange): Promise<KeptRows> {
    const source = await openSource({ path, format: 'parquet', select: {}, order: null }, schema.map((field) => ({ ...field, eventTime: false })), { from: range.from, batchRows });
    return new KeptRows(path, schema, source, range);
  }

  /** Up to `count` rows, at least one; throws DATASET_CORRUPT where the lane has no more. */
  async take(count: number): Promise<Batch> {
    const batch = await this.#atHand();
    if (batch === null) throw new TapewrightError('DATASET_CORRUPT', `${this.path} holds fewer rows than the journal names; use an intact copy of the bundle`, { path: this.path });
    const to = Math.min(batch.length, this.#at + count, this.#at + this.#left);
    const rows = { length: to - this.#at, columns: batch.columns.map((column) => view(column, this.#at, to)) };
    this.#left -= rows.length;
    this.#at = to;
    return rows;
  }

  /** As many rows, in one batch. */
  async takeAll(count: number): Promise<Batch> {
    const first = await this.take(count);
    if (first.length === count) return first;
    const builders = this.schema.map(({ type }) => new ColumnBuilder(storageOf(type), count));
    let left = count;
    for (let rows = first; ; rows = await this.take(left)) {
      for (const [index, builder] of builders.entries()) for (let row = 0; row < rows.length; row += 1) builder.append(cell(rows.columns[index]!, row));
      left -= rows.length;
      if (left === 0) return { length: count, columns: builders.map((builder) => builder.finish()) };
    }
  }

  /** Rows from here on while their first column is `value`. */
  async takeWhile(value: number): Promise<Batch[]> {
    const found: Batch[] = [];
    for (let batch = await this.#atHand(); batch !== null; batch = await this.#atHand()) {
      let count = 0;
      const most = Math.min(batch.length - this.#at, this.#left);
      while (count < most && Number(cell(batch.columns[0]!, this.#at + count)) === value) count += 1;
      if (count === 0) break;
      found.push(await this.take(count));
    }
    return found;
  }

  async #atHand(): Promise<Batch | null> {
    while (this.#left > 0 && (this.#batch === null || this.#at === this.#batch.length)) {
      const next = await this.source.next();
      if (next === null) return null;
      this.#batch = next.batch;
      this.#at = 0;
    }
    return this.#left === 0 ? null : this.#batch;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
