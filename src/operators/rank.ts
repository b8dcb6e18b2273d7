/**
 * The rows of each partition whose row numbers are wanted, changed with every row that comes in or is taken back: Top-N,
 * and with the first row alone deduplication. Equal rows are numbered as they came, as in Flink.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { isAdded } from '../core/row-kind.js';
import { sqlType, type Schema } from '../core/types.js';
import type { SortKey } from '../plan/plan.js';
import { ChangeRows } from './change-rows.js';
import { KeyTable } from './key-table.js';
import { noRows, type Chunk, type Operator, type Rows, type WatermarkPath } from './operator.js';
import { addRanked, removeRanked, type Give, type RankRange } from './ranked-rows.js';
import { SortOrder, cellsOf, type Cell, type Cells } from './sort-order.js';
import { TimeToLive, nowAt } from './time-to-live.js';

/** Below so many keys, forgetting any is not worth the while. */
const KEYS_MIN = 65_536;

export interface RankSpec {
  readonly name: string;
  readonly input: Schema;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  /** Row numbers that leave, from 1. */
  readonly from: number;
  readonly to: number;
  /** The row number is the last column. */
  readonly numbered: boolean;
  /** Milliseconds of `now` after which a partition that was not touched is forgotten. */
  readonly ttl: number | null;
  /** Columns by which a row is found again when the input takes it back; null: it takes none back. */
  readonly identity: readonly number[] | null;
  /** Of equal rows the one that came last is first: it is the last row by event time that is kept. */
  readonly latestFirst: boolean;
}

export class Rank implements Operator {
  readonly name: string;
  readonly #spec: RankSpec;
  readonly #range: RankRange;
  readonly #given: Schema;
  #keys: KeyTable;
  /** By key id, in order; undefined: none. */
  #rows: (Cells[] | undefined)[] = [];
  #ttl: TimeToLive;
  /** Keys at which it is worth seeing how many of them are still in use. */
  #sweepAt = KEYS_MIN;
  #ids = new Int32Array(0);

  constructor(spec: RankSpec) {
    const { from, to, numbered, identity, latestFirst } = spec;
    this.name = spec.name;
    this.#spec = spec;
    this.#range = { order: new SortOrder(spec.order), from, to, numbered, identity, latestFirst };
    this.#given = numbered ? [...spec.input, { name: 'row_number', type: sqlType('BIGINT', false) }] : spec.input;
    this.#keys = new KeyTable(spec.partition.length);
    this.#ttl = new TimeToLive(spec.ttl);
  }

  process(rows: Rows, _chunk: Chunk, watermark: WatermarkPath): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    this.#keys.fill(this.#spec.partition.map((column) => columns[column]!), length, ids);
    const changes = new ChangeRows(this.#given);
    for (let row = 0; row < length; row += 1) {
      const released = rows.released[row]!;
      const give: Give = (kind, cells, number) => {
        for (let column = 0; column < cells.length; column += 1) changes.columns[column]!.append(cells[column]!);
        if (this.#spec.numbered) changes.columns[cells.length]!.appendNumber(number);
        changes.add(kind, released, rows.time[row]!);
      };
      this.#take(ids[row]!, cellsOf(columns, row), rows.kinds === undefined || isAdded(rows.kinds[row]!), nowAt(watermark.now, released), give);
    }
    this.#sweep(nowAt(watermark.now, rows.released[length - 1]!));
    return changes.finish();
  }

  #take(id: number, row: Cells, added: boolean, now: number, give: Give): void {
    if (this.#rows[id] !== undefined && this.#ttl.isOver(id, now)) this.#rows[id] = undefined;
    const kept = (this.#rows[id] ??= []);
    const changed = added ? addRanked(this.#range, kept, row, give) : removeRanked(this.#range, kept, row, give);
    if (changed) this.#ttl.touch(id, now);
    if (kept.length === 0) this.#rows[id] = undefined;
  }

  /** Forgets what is over, and keys without rows once they outnumber the others, so that memory follows what is kept. */
  #sweep(now: number): void {
    const { size } = this.#keys;
    if (size < this.#sweepAt) return;
    const live: number[] = [];
    for (let id = 0; id < size; id += 1) if (this.#rows[id] !== undefined && !this.#ttl.isOver(id, now)) live.push(id);
    const isWorthIt = live.length * 4 <= size;
    this.#sweepAt = Math.max(KEYS_MIN, (isWorthIt ? live.length : size) * 2);
    if (!isWorthIt) return;
    this.#keys = this.#keys.keeping(live);
    this.#rows = live.map((id) => this.#rows[id]);
    this.#ttl.keep(live);
  }

  snapshot(writer: ByteWriter): void {
    const { size } = this.#keys;
    this.#keys.snapshot(writer);
    this.#ttl.snapshot(writer, size);
    for (let id = 0; id < size; id += 1) {
      const rows = this.#rows[id] ?? [];
      writer.varint(rows.length);
      for (const row of rows) for (const value of row) writer.physical(value);
    }
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.partition.length);
    this.#keys.restore(reader);
    this.#ttl = new TimeToLive(this.#spec.ttl);
    this.#ttl.restore(reader);
    this.#rows = Array.from({ length: this.#keys.size }, () => {
      const rows = Array.from({ length: reader.varint() }, () => this.#spec.input.map(() => reader.physical() as Cell));
      return rows.length === 0 ? undefined : rows;
    });
  }
}
