/**
 * The rows of each partition whose row numbers are wanted, changed with every row that comes in or is taken back: Top-N,
 * and with the first row alone deduplication. Equal rows are numbered as they came, as in Flink.
 *
 * All partitions are in pages but those met lately, which are at hand.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { KeyedPages, usualPages, type PageLimits } from '../core/keyed-pages.js';
import { readPacked, writePacked } from '../core/packed.js';
import { isAdded } from '../core/row-kind.js';
import { sqlType, type Schema } from '../core/types.js';
import type { SortKey } from '../plan/plan.js';
import { ChangeRows } from './change-rows.js';
import { KeyTable } from './key-table.js';
import { noRows, type Chunk, type Operator, type Rows, type WatermarkPath } from './operator.js';
import { PageSweep } from './page-sweep.js';
import { addRanked, removeRanked, type Give, type RankRange } from './ranked-rows.js';
import { SortOrder, cellsOf, type Cells } from './sort-order.js';
import { TimeToLive, nowAt } from './time-to-live.js';

/** A partition of more rows stays at hand while it is in use: they are not read and written again and again. */
const ROWS_MANY = 256;

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
  /** By key id: whether the pages have it otherwise. */
  #isChanged: boolean[] = [];
  #pages = new KeyedPages();
  #keysAtHand = usualPages.keysAtHand;
  /** Keys at hand at which they go to the pages. */
  #putAwayAt = usualPages.keysAtHand;
  /** Key ids that have been looked for in the pages. */
  #fetched = 0;
  readonly #ttl: TimeToLive;
  readonly #pageSweep = new PageSweep();
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

  limitPages(limits: PageLimits): void {
    this.#pages = new KeyedPages(limits);
    this.#keysAtHand = this.#putAwayAt = limits.keysAtHand;
  }

  process(rows: Rows, _chunk: Chunk, watermark: WatermarkPath): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    this.#keys.fill(this.#spec.partition.map((column) => columns[column]!), length, ids);
    this.#fetch();
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
    if (this.#keys.size > this.#putAwayAt) this.#putAway(length);
    this.#sweep(nowAt(watermark.now, rows.released[length - 1]!));
    return changes.finish();
  }

  #take(id: number, row: Cells, added: boolean, now: number, give: Give): void {
    if (this.#rows[id] !== undefined && this.#ttl.isOver(id, now)) this.#forget(id);
    const kept = (this.#rows[id] ??= []);
    const changed = added ? addRanked(this.#range, kept, row, give) : removeRanked(this.#range, kept, row, give);
    if (changed) {
      this.#ttl.touch(id, now);
      this.#isChanged[id] = true;
    }
    if (kept.length === 0) this.#rows[id] = undefined;
  }

  #forget(id: number): void {
    this.#rows[id] = undefined;
    this.#isChanged[id] = true;
  }

  /** What there is of new keys comes to hand. */
  #fetch(): void {
    const { size } = this.#keys;
    for (; this.#fetched < size; this.#fetched += 1) {
      const id = this.#fetched;
      this.#isChanged[id] = false;
      const address = this.#find(id);
      if (address < 0) continue;
      const reader = this.#pages.valueAt(address);
      if (this.#spec.ttl !== null) this.#ttl.touch(id, reader.f64());
      this.#rows[id] = Array.from({ length: reader.varint() }, () => this.#spec.input.map(() => readPacked(reader)));
    }
  }

  #find(id: number): number {
    if (this.#pages.size === 0) return -1;
    this.#writeKey(id);
    return this.#pages.find();
  }

  #writeKey(id: number): void {
    this.#pages.key.reset();
    for (let part = 0; part < this.#keys.width; part += 1) writePacked(this.#pages.key, this.#keys.value(part, id));
  }

  /** Brings the pages up to what is at hand. */
  #writeChanged(): void {
    for (let id = 0; id < this.#fetched; id += 1) {
      if (!this.#isChanged[id]!) continue;
      this.#isChanged[id] = false;
      const rows = this.#rows[id];
      if (rows === undefined) this.#pages.delete(this.#find(id));
      else this.#write(id, rows);
    }
    this.#pages.settle();
  }

  #write(id: number, rows: readonly Cells[]): void {
    const { value } = this.#pages;
    value.reset();
    if (this.#spec.ttl !== null) value.f64(this.#ttl.touchedAt(id));
    value.varint(rows.length);
    for (const row of rows) for (const cell of row) writePacked(value, cell);
    this.#writeKey(id);
    this.#pages.put(this.#pages.find());
  }

  /** Nothing is at hand but partitions of many rows, if the chunk that was taken, of so many rows, has met them. */
  #putAway(length: number): void {
    this.#writeChanged();
    const isMet = new Uint8Array(this.#keys.size);
    for (let row = 0; row < length; row += 1) isMet[this.#ids[row]!] = 1;
    const kept: number[] = [];
    this.#rows.forEach((rows, id) => { if (isMet[id] === 1 && rows !== undefined && rows.length > ROWS_MANY) kept.push(id); });
    this.#keys = this.#keys.keeping(kept);
    this.#rows = kept.map((id) => this.#rows[id]);
    this.#isChanged = kept.map(() => false);
    this.#ttl.keep(kept);
    this.#fetched = kept.length;
    this.#putAwayAt = Math.max(this.#keysAtHand, 2 * kept.length);
  }

  /** Forgets what is over, so that memory follows what is kept; what is at hand comes back if it changes. */
  #sweep(now: number): void {
    const { ttl } = this.#spec;
    if (ttl !== null) this.#pageSweep.step(this.#pages, (value) => now - value.f64() > ttl);
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    this.#writeChanged();
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#pages.restore(reader, pages);
  }
}
