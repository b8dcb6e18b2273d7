/**
 * The first row of each key by event time. It leaves once, at the watermark, and is never taken back: Flink's rule for
 * ROW_NUMBER() ordered by the rowtime, of which the first is kept. A row behind the watermark is refused.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { storageOf, type Schema } from '../core/types.js';
import { DueRows } from './due-rows.js';
import { KeyTable } from './key-table.js';
import { noRows, releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { cellsOf, type Cell, type Cells } from './sort-order.js';
import { TimeToLive, nowAt } from './time-to-live.js';

/** Below so many keys, forgetting any is not worth the while. */
const KEYS_MIN = 65_536;

export interface FirstRowSpec {
  readonly name: string;
  readonly input: Schema;
  readonly partition: readonly number[];
  /** Input column of the event time. */
  readonly time: number;
  /** Milliseconds of `now` after which it is forgotten that a key's row has left. */
  readonly ttl: number | null;
}

export class FirstRow implements Operator {
  readonly name: string;
  readonly #spec: FirstRowSpec;
  #keys: KeyTable;
  /** By key id: the row that waits, and the watermark that lets it go; undefined, Infinity: none. */
  #waiting: (Cells | undefined)[] = [];
  #due: number[] = [];
  /** By key id: whether its row has left. */
  #left: boolean[] = [];
  /** Key ids by when their rows go; one whose row has been replaced since is there more than once. */
  #timers = new DueRows();
  #ttl: TimeToLive;
  #sweepAt = KEYS_MIN;
  #ids = new Int32Array(0);

  constructor(spec: FirstRowSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#keys = new KeyTable(spec.partition.length);
    this.#ttl = new TimeToLive(spec.ttl);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const { columns, length } = rows.batch;
    const emission = new Emission(this.#spec.input);
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    if (length > 0) this.#keys.fill(this.#spec.partition.map((column) => columns[column]!), length, this.#ids);
    const time = length === 0 ? new Float64Array(0) : (columns[this.#spec.time] as Column & { values: Float64Array }).values;
    for (let row = 0; row < length; row += 1) {
      const released = rows.released[row]!;
      const before = watermarkBefore(watermark, chunk, released);
      this.#fire(before, chunk, watermark, emission);
      const id = this.#ids[row]!;
      if (this.#left[id] === true) {
        if (!this.#ttl.isOver(id, nowAt(watermark.now, released))) continue;
        this.#left[id] = false;
      }
      const at = time[row]!;
      if (at < before) report.late({ rows, row, watermark: before, windowStart: null, windowEnd: null, reason: 'the watermark has passed this time' });
      else this.#wait(id, at, before, cellsOf(columns, row));
    }
    this.#fire(watermark.after[chunk.to - 1]!, chunk, watermark, emission);
    if (length > 0) this.#sweep(nowAt(watermark.now, rows.released[length - 1]!));
    return emission.finish();
  }

  /** A row at the watermark itself goes when that advances. */
  #wait(id: number, time: number, watermark: number, row: Cells): void {
    const waiting = this.#waiting[id];
    if (waiting !== undefined && (waiting[this.#spec.time] as number) <= time) return;
    this.#waiting[id] = row;
    this.#due[id] = time > watermark ? time : watermark + 0.5;
    this.#timers.add(id, this.#due[id]!);
  }

  #fire(limit: number, chunk: Chunk, watermark: WatermarkPath, emission: Emission): void {
    for (let due = this.#timers.first; due <= limit && due < Infinity; due = this.#timers.first) {
      const ids: number[] = [];
      while (this.#timers.first === due) {
        const id = this.#timers.take(due);
        if (this.#due[id] === due && this.#waiting[id] !== undefined) ids.push(id);
      }
      const released = releaseOf(watermark, chunk, due);
      for (const id of ids.sort((a, b) => this.#keys.compare(a, b))) {
        const row = this.#waiting[id]!;
        emission.add(row, released, row[this.#spec.time] as number);
        this.#waiting[id] = undefined;
        this.#left[id] = !faults.firstRowRepeats;
        this.#ttl.touch(id, nowAt(watermark.now, released));
      }
    }
  }

  /** Forgets what is over, and keys of which nothing is known once they outnumber the others. */
  #sweep(now: number): void {
    const { size } = this.#keys;
    if (size < this.#sweepAt) return;
    const live: number[] = [];
    for (let id = 0; id < size; id += 1) {
      if (this.#waiting[id] !== undefined || (this.#left[id] === true && !this.#ttl.isOver(id, now))) live.push(id);
    }
    const isWorthIt = live.length * 4 <= size;
    this.#sweepAt = Math.max(KEYS_MIN, (isWorthIt ? live.length : size) * 2);
    if (!isWorthIt) return;
    this.#keys = this.#keys.keeping(live);
    this.#waiting = live.map((id) => this.#waiting[id]);
    this.#due = live.map((id) => this.#due[id] ?? 0);
    this.#left = live.map((id) => this.#left[id] === true);
    this.#ttl.keep(live);
    this.#setTimers();
  }

  #setTimers(): void {
    this.#timers = new DueRows();
    this.#waiting.forEach((row, id) => { if (row !== undefined) this.#timers.add(id, this.#due[id]!); });
  }

  snapshot(writer: ByteWriter): void {
    const { size } = this.#keys;
    this.#keys.snapshot(writer);
    this.#ttl.snapshot(writer, size);
    for (let id = 0; id < size; id += 1) {
      const row = this.#waiting[id];
      writer.u8((this.#left[id] === true ? 1 : 0) + (row === undefined ? 0 : 2));
      if (row === undefined) continue;
      writer.f64(this.#due[id]!);
      for (const value of row) writer.physical(value);
    }
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.partition.length);
    this.#keys.restore(reader);
    this.#ttl = new TimeToLive(this.#spec.ttl);
    this.#ttl.restore(reader);
    this.#waiting = [];
    this.#due = [];
    this.#left = [];
    for (let id = 0; id < this.#keys.size; id += 1) {
      const state = reader.u8();
      this.#left[id] = state % 2 === 1;
      if (state < 2) continue;
      this.#due[id] = reader.f64();
      this.#waiting[id] = this.#spec.input.map(() => reader.physical() as Cell);
    }
    this.#setTimers();
  }
}

/** What leaves within one chunk. */
class Emission {
  readonly #columns: readonly ColumnBuilder[];
  readonly #released: number[] = [];
  readonly #time: number[] = [];

  constructor(schema: Schema) {
    this.#columns = schema.map(({ type }) => new ColumnBuilder(storageOf(type)));
  }

  add(row: Cells, released: number, time: number): void {
    row.forEach((value, column) => this.#columns[column]!.append(value));
    this.#released.push(released);
    this.#time.push(time);
  }

  finish(): Rows {
    const { length } = this.#time;
    if (length === 0) return noRows;
    return { batch: { length, columns: this.#columns.map((column) => column.finish()) }, released: Int32Array.from(this.#released), time: Float64Array.from(this.#time) };
  }
}
