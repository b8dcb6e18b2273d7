/** Rows that were fed and have not run through the plan yet. A chunk of them holds one run of rows of each input partition. */
import { chunkOf, type ChunkSource, type Fed } from './chunk.js';
import type { ScanBatch, SliceRows } from './scan-batch.js';
import type { TransactedSlice } from './transacted-rows.js';

/** Rows of several partitions that run through the plan at once, at the most. */
const CHUNK_ROWS = 16_384;

export class PendingRows {
  #fed: Fed[] = [];
  #rows = 0;
  /** Of `#fed`: where the transaction begins that has not ended yet; -1: none is open. */
  #openFrom = -1;
  /** The batch that rows are of, by input and partition. */
  readonly #batches: (ScanBatch | null)[][];

  /** `partitions`: of each input. */
  constructor(partitions: readonly number[]) {
    this.#batches = partitions.map((count) => new Array<ScanBatch | null>(count).fill(null));
  }

  /** Whether a transaction was begun that has not ended. */
  get isOpen(): boolean {
    return this.#openFrom >= 0;
  }

  /** Whether what is there goes before rows of `batch` come. */
  isBefore(batch: ScanBatch): boolean {
    const other = this.#batches[batch.input]![batch.partition]!;
    return (other !== null && other !== batch) || this.#rows >= CHUNK_ROWS;
  }

  add(rows: SliceRows): void {
    const { batch, from, to, transaction } = rows;
    const last = this.#fed[this.#fed.length - 1];
    if (transaction !== undefined && this.#openFrom < 0) this.#openFrom = this.#fed.length;
    if (last !== undefined && 'batch' in last && last.batch === batch && last.to === from && transaction === undefined && last.transaction === undefined) {
      this.#fed[this.#fed.length - 1] = { batch, from: last.from, to };
    } else this.#fed.push(rows);
    if (transaction === 'end') this.#openFrom = -1;
    this.#batches[batch.input]![batch.partition] = batch;
    this.#rows += to - from;
  }

  addTransacted(rows: TransactedSlice): void {
    this.#fed.push(rows);
    for (const { batch } of rows.parts) this.#batches[batch.input]![batch.partition] = batch;
    this.#rows += rows.to - rows.from;
  }

  /** All but those of a transaction that has not ended; null: there are none. `ordinal`: rows before. */
  take(ordinal: number): ChunkSource | null {
    const count = this.isOpen ? this.#openFrom : this.#fed.length;
    if (count === 0) return null;
    const source = chunkOf(count === this.#fed.length ? this.#fed : this.#fed.slice(0, count), ordinal);
    this.#fed = count === this.#fed.length ? [] : this.#fed.slice(count);
    this.#rows -= source.chunk.to - source.chunk.from;
    if (this.isOpen) this.#openFrom = 0;
    for (const { batch } of source.parts) this.#batches[batch.input]![batch.partition] = null;
    // Only pieces of the transaction that is open are left.
    for (const rows of this.#fed) if ('batch' in rows) this.#batches[rows.batch.input]![rows.batch.partition] = rows.batch;
    return source;
  }
}
