/**
 * SESSION without an aggregate over it: rows with the bounds of their session. Which these are is known when the
 * session fires; until then its rows wait here. They leave by (end, key, event time, arrival).
 */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { concatColumns, emptyColumn, readColumn, writeColumn } from '../core/column-bytes.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { storageOf, type Schema } from '../core/types.js';
import { KeyTable } from './key-table.js';
import { noRows, releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { Sessions } from './sessions.js';
import { isLate } from './windows.js';

export interface SessionAssignSpec {
  readonly name: string;
  readonly input: Schema;
  /** Input column of the event time. */
  readonly time: number;
  /** Milliseconds. */
  readonly gap: number;
  /** Input columns by which sessions are told apart. */
  readonly partition: readonly number[];
}

export class SessionAssign implements Operator {
  readonly name: string;
  readonly #spec: SessionAssignSpec;
  #keys: KeyTable;
  #sessions: Sessions;
  /** Rows of each session, by slot: numbers of rows that are kept. */
  #members: number[][] = [];
  /** Columns of the rows that are kept, then of those of this chunk. */
  #columns: readonly Column[];
  #kept = 0;
  /** Rows kept whose session has fired. */
  #gone = 0;

  constructor(spec: SessionAssignSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#keys = new KeyTable(spec.partition.length);
    this.#sessions = new Sessions(spec.gap);
    this.#columns = spec.input.map((field) => emptyColumn(storageOf(field.type)));
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const first = this.#kept;
    if (rows.batch.length > 0) this.#append(rows.batch);
    const fired = new Fired();
    if (rows.batch.length > 0) this.#take(rows, first, chunk, watermark, report, fired);
    this.#fire(watermark.after[chunk.to - 1]!, chunk, watermark, fired);
    const out = fired.finish(this.#columns);
    this.#gone += fired.rows.length;
    if (this.#gone * 2 > this.#kept) this.#compact();
    return out;
  }

  #append({ columns, length }: Batch): void {
    this.#columns = this.#columns.map((column, index) => (this.#kept === 0 ? columns[index]! : concatColumns([column, columns[index]!], [this.#kept, length])));
    this.#kept += length;
  }

  #take(rows: Rows, first: number, chunk: Chunk, watermark: WatermarkPath, report: Report, fired: Fired): void {
    const { columns, length } = rows.batch;
    const sessions = this.#sessions;
    const ids = new Int32Array(length);
    this.#keys.fill(this.#spec.partition.map((column) => columns[column]!), length, ids);
    const time = (columns[this.#spec.time] as Column & { values: Float64Array }).values;
    for (let row = 0; row < length; row += 1) {
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      const at = time[row]!;
      if (before >= sessions.dueMin) this.#fire(before, chunk, watermark, fired);
      let slot = sessions.touching(ids[row]!, at);
      if (slot >= 0) {
        const absorbed = sessions.widen(slot, at);
        if (absorbed >= 0) {
          this.#members[slot] = this.#members[absorbed]!.concat(this.#members[slot]!);
          this.#members[absorbed] = [];
        }
      } else if (isLate(at + sessions.gap, before)) {
        report.late({ rows, row, watermark: before, windowStart: at, windowEnd: at + sessions.gap, reason: 'the window has fired' });
        this.#gone += 1;
        continue;
      } else {
        slot = sessions.open(ids[row]!, at);
        this.#members[slot] = [];
      }
      this.#members[slot]!.push(first + row);
    }
  }

  /** Lets the rows of every session go that is due by `limit`. */
  #fire(limit: number, chunk: Chunk, watermark: WatermarkPath, fired: Fired): void {
    const sessions = this.#sessions;
    const time = (this.#columns[this.#spec.time] as Column & { values: Float64Array }).values;
    for (let slot = sessions.take(limit); slot >= 0; ) {
      const end = sessions.ends[slot]!;
      const due = [slot];
      for (slot = sessions.take(limit); slot >= 0 && sessions.ends[slot] === end; slot = sessions.take(limit)) due.push(slot);
      if (due.length > 1 && !faults.keysUnordered) due.sort((a, b) => this.#keys.compare(sessions.ids[a]!, sessions.ids[b]!));
      const released = releaseOf(watermark, chunk, end - 1);
      for (const one of due) {
        const members = this.#members[one]!.sort((a, b) => time[a]! - time[b]! || a - b);
        fired.add(members, sessions.starts[one]!, end, released);
        this.#members[one] = [];
        sessions.free(one);
      }
    }
  }

  /** Keeps only rows, and keys, of sessions that have not fired. */
  #compact(): void {
    const sessions = this.#sessions;
    const live = sessions.live();
    const rows = live.flatMap((slot) => this.#members[slot]!).sort((a, b) => a - b);
    const moved = new Map(rows.map((row, index) => [row, index]));
    for (const slot of live) this.#members[slot] = this.#members[slot]!.map((row) => moved.get(row)!);
    this.#columns = this.#columns.map((column) => gather(column, rows, rows.length));
    this.#kept = rows.length;
    this.#gone = 0;
    const ids = [...new Set(live.map((slot) => sessions.ids[slot]!))];
    if (ids.length * 4 > this.#keys.size) return;
    this.#keys = this.#keys.keeping(ids);
    sessions.renumber(new Map(ids.map((id, index) => [id, index])));
  }

  snapshot(writer: ByteWriter): void {
    this.#compact();
    this.#keys.snapshot(writer);
    this.#sessions.snapshot(writer);
    const length = faults.openWindowsNotSaved ? 0 : this.#kept;
    writer.varint(length);
    for (const slot of faults.openWindowsNotSaved ? [] : this.#sessions.live()) {
      writer.varint(this.#members[slot]!.length);
      for (const row of this.#members[slot]!) writer.varint(row);
    }
    for (const column of this.#columns) writeColumn(writer, column, length);
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.partition.length);
    this.#keys.restore(reader);
    this.#sessions = new Sessions(this.#spec.gap);
    this.#sessions.restore(reader);
    this.#kept = reader.varint();
    this.#gone = 0;
    this.#members = [];
    for (const slot of this.#sessions.live()) this.#members[slot] = Array.from({ length: reader.varint() }, () => reader.varint());
    this.#columns = this.#spec.input.map(() => readColumn(reader));
  }
}

/** Rows of the sessions that fired within one chunk, in the order in which they leave. */
class Fired {
  readonly rows: number[] = [];
  readonly #starts = new ColumnBuilder('real');
  readonly #ends = new ColumnBuilder('real');
  readonly #released: number[] = [];

  add(members: readonly number[], start: number, end: number, released: number): void {
    for (const row of members) {
      this.rows.push(row);
      this.#starts.appendNumber(start);
      this.#ends.appendNumber(end);
      this.#released.push(released);
    }
  }

  finish(columns: readonly Column[]): Rows {
    const { length } = this.rows;
    if (length === 0) return noRows;
    const time = this.#ends.reals.slice(0, length).map((end) => end - 1);
    const bounds = [this.#starts.finish(), this.#ends.finish(), { storage: 'real' as const, values: time, nulls: null }];
    return {
      batch: { length, columns: [...columns.map((column) => gather(column, this.rows, length)), ...bounds] },
      released: Int32Array.from(this.#released), time,
    };
  }
}
