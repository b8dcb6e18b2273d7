/**
 * Rows and timers of keys in one order, that of event time: rows wait for the watermark, and a timer comes after the
 * last row up to its edge. What an operator does with them is then a fold that no cut into batches can change.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { Schema } from '../core/types.js';
import { KeyTable } from './key-table.js';
import { watermarkBefore, type Chunk, type Rows, type WatermarkPath } from './operator.js';
import { Timers, type Timer } from './timers.js';
import { WaitingRows, type ReleasedRows } from './waiting-rows.js';

export interface TimelineSpec {
  readonly input: Schema;
  /** Input column of the event time. */
  readonly time: number;
  readonly keys: readonly number[];
}

export interface Visitor {
  /** Rows that are let go, each of which is then visited. */
  rows(rows: ReleasedRows): void;
  /** Row `row` of those told last. */
  row(row: number): void;
  timer(timer: Timer): void;
  /** After the last of `rows` and of the timers up to now. */
  settled(): void;
  /**
   * A row at or below the watermark on its arrival, everything due by then visited. True: it is refused. Else it is
   * visited with the next advance.
   */
  refuses(rows: Rows, row: number, id: number, time: number, watermark: number): boolean;
}

export class Timeline {
  readonly #spec: TimelineSpec;
  #keys: KeyTable;
  readonly #waiting: WaitingRows;
  readonly #timers = new Timers();
  /** The watermark that what is being visited has waited for. */
  #due = -Infinity;
  #ids = new Int32Array(0);

  constructor(spec: TimelineSpec) {
    this.#spec = spec;
    this.#keys = new KeyTable(spec.keys.length);
    this.#waiting = new WaitingRows(spec.input);
  }

  get keys(): KeyTable {
    return this.#keys;
  }

  /** While a visit goes on: wakes the key once all rows up to `edge` have been visited. */
  setTimer(id: number, edge: number): void {
    this.#timers.add({ id, edge, due: Math.max(edge, this.#due) }, this.#keys);
  }

  /** Takes the rows of a chunk, and visits what its watermark lets go. */
  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, visitor: Visitor): void {
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, visitor);
    this.#advance(watermark.after[chunk.to - 1]!, visitor);
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, visitor: Visitor): void {
    const { batch, released } = rows;
    const { length, columns } = batch;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    const waiting = this.#waiting;
    this.#keys.fill(this.#spec.keys.map((column) => columns[column]!), length, ids);
    const time = (columns[this.#spec.time] as Column & { values: Float64Array }).values;
    let accepted = 0;
    for (let row = 0; row < length; row += 1) {
      const before = watermarkBefore(watermark, chunk, released[row]!);
      if (time[row]! > before) continue;
      waiting.append(batch, accepted, row, time, ids, null);
      accepted = row + 1;
      this.#advance(before, visitor);
      if (!visitor.refuses(rows, row, ids[row]!, time[row]!, before)) waiting.append(batch, row, row + 1, time, ids, before + 0.5);
    }
    waiting.append(batch, accepted, length, time, ids, null);
  }

  #advance(limit: number, visitor: Visitor): void {
    const rows = this.#waiting.release(limit, this.#keys);
    if (rows !== null) {
      visitor.rows(rows);
      for (let row = 0; row < rows.length; row += 1) {
        const due = rows.due[row]!;
        const time = rows.time[row]!;
        for (let first = this.#timers.first; first !== undefined && (first.due < due || (first.due === due && first.edge < time)); first = this.#timers.first) this.#wake(visitor);
        this.#due = due;
        visitor.row(row);
      }
    }
    for (let first = this.#timers.first; first !== undefined && first.due <= limit; first = this.#timers.first) this.#wake(visitor);
    if (rows !== null) visitor.settled();
  }

  #wake(visitor: Visitor): void {
    const timer = this.#timers.take(this.#keys);
    this.#due = timer.due;
    visitor.timer(timer);
  }

  snapshot(writer: ByteWriter): void {
    this.#keys.snapshot(writer);
    this.#waiting.snapshot(writer);
    this.#timers.snapshot(writer);
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.keys.length);
    this.#keys.restore(reader);
    this.#waiting.restore(reader);
    this.#timers.restore(reader);
  }
}
