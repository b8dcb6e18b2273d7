/**
 * The rows of each partition of a window whose row numbers are wanted, in their order, when the window fires. Equal rows
 * are numbered as they came, as in Flink.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { sqlType, storageOf, type Schema } from '../core/types.js';
import type { AttachedWindow, SortKey } from '../plan/plan.js';
import { KeyTable } from './key-table.js';
import { noRows, releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { allAtHand, type RankedLeaves } from './ranked-leaves.js';
import { addRanked, type Give, type RankRange } from './ranked-rows.js';
import { SortOrder, cellsOf, type Cell } from './sort-order.js';
import { isLate } from './windows.js';

export interface WindowRankSpec {
  readonly name: string;
  readonly input: Schema;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  readonly from: number;
  readonly to: number;
  readonly numbered: boolean;
  readonly attached: AttachedWindow;
  /** Of equal rows the one that came last is first: it is the last row by event time that is kept. */
  readonly latestFirst: boolean;
}

/** The partitions of the windows with one end. */
interface OpenWindow {
  readonly keys: KeyTable;
  /** By key id, in order. */
  readonly rows: RankedLeaves[];
}

const nothing: Give = () => undefined;

export class WindowRank implements Operator {
  readonly name: string;
  readonly #spec: WindowRankSpec;
  readonly #range: RankRange;
  /** By end. */
  #open = new Map<number, OpenWindow>();
  #endMin = Infinity;

  constructor(spec: WindowRankSpec) {
    const { to, latestFirst } = spec;
    this.name = spec.name;
    this.#spec = spec;
    this.#range = { order: new SortOrder(spec.order), from: 1, to, numbered: false, identity: null, latestFirst };
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, report);
    return this.#fire(chunk, watermark);
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const { columns, length } = rows.batch;
    const { partition, attached } = this.#spec;
    const bounds = (column: number): Float64Array => (columns[column] as Column & { values: Float64Array }).values;
    const starts = bounds(attached.start);
    const ends = bounds(attached.end);
    for (let row = 0; row < length; row += 1) {
      const end = ends[row]!;
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      if (isLate(end, before)) {
        report.late({ rows, row, watermark: before, windowStart: starts[row]!, windowEnd: end, reason: 'the window has fired' });
        continue;
      }
      const cells = cellsOf(columns, row);
      const window = this.#windowOf(end);
      const id = window.keys.intern(partition.map((column) => cells[column]!));
      addRanked(this.#range, (window.rows[id] ??= allAtHand(this.#range)), cells, nothing);
    }
  }

  #windowOf(end: number): OpenWindow {
    let window = this.#open.get(end);
    if (window === undefined) {
      window = { keys: new KeyTable(this.#spec.partition.length), rows: [] };
      this.#open.set(end, window);
      if (end < this.#endMin) this.#endMin = end;
    }
    return window;
  }

  #fire(chunk: Chunk, watermark: WatermarkPath): Rows {
    const limit = watermark.after[chunk.to - 1]!;
    if (this.#endMin - 1 > limit) return noRows;
    const { input, numbered } = this.#spec;
    const given = numbered ? [...input, { name: 'row_number', type: sqlType('BIGINT', false) }] : input;
    const builders = given.map(({ type }) => new ColumnBuilder(storageOf(type)));
    const released: number[] = [];
    const time: number[] = [];
    for (const end of [...this.#open.keys()].filter((one) => one - 1 <= limit).sort((a, b) => a - b)) {
      const { keys, rows } = this.#open.get(end)!;
      const at = releaseOf(watermark, chunk, end - 1);
      for (const id of [...rows.keys()].sort((a, b) => keys.compare(a, b))) {
        [...rows[id]!].slice(this.#spec.from - 1).forEach((row, index) => {
          row.forEach((value, column) => builders[column]!.append(value));
          if (numbered) builders[input.length]!.appendNumber(this.#spec.from + index);
          released.push(at);
          time.push(end - 1);
        });
      }
      this.#open.delete(end);
    }
    this.#endMin = Math.min(Infinity, ...this.#open.keys());
    if (time.length === 0) return noRows;
    return { batch: { length: time.length, columns: builders.map((builder) => builder.finish()) }, released: Int32Array.from(released), time: Float64Array.from(time) };
  }

  snapshot(writer: ByteWriter): void {
    const ends = [...this.#open.keys()].sort((a, b) => a - b);
    writer.varint(ends.length);
    for (const end of ends) {
      const { keys, rows } = this.#open.get(end)!;
      writer.f64(end);
      keys.snapshot(writer);
      for (let id = 0; id < keys.size; id += 1) {
        writer.varint(rows[id]?.length ?? 0);
        for (const row of rows[id] ?? []) for (const value of row) writer.physical(value);
      }
    }
  }

  restore(reader: ByteReader): void {
    this.#open = new Map();
    this.#endMin = Infinity;
    for (let left = reader.varint(); left > 0; left -= 1) {
      const { keys, rows } = this.#windowOf(reader.f64());
      keys.restore(reader);
      for (let id = 0; id < keys.size; id += 1) {
        rows[id] = allAtHand(this.#range, Array.from({ length: reader.varint() }, () => this.#spec.input.map(() => reader.physical() as Cell)));
      }
    }
  }
}
