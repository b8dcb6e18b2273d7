/**
 * The rows of one side of a join in pages: by key and in blocks of a few, so that a row of many that changes costs few
 * bytes. Block 0 is there while its key has rows, and says which block is the last; those between may be missing.
 */
import { cell, type Column } from '../core/batch.js';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { KeyedPages, usualPages, type PageLimits } from '../core/keyed-pages.js';
import { readPacked, writePacked, type PackedValue } from '../core/packed.js';
import { storageOf, type Schema } from '../core/types.js';
import type { KeyTable } from './key-table.js';
import { PageSweep } from './page-sweep.js';

export interface SidePagesSpec {
  readonly schema: Schema;
  /** Columns of the key. */
  readonly keyWidth: number;
  /** Whether rows know how many partners they have. */
  readonly isCounted: boolean;
  readonly ttl: number | null;
}

/** What is at hand, by slot. */
export interface RowsBySlot {
  readonly views: readonly Column[];
  readonly partners: Int32Array;
  readonly touched: Float64Array;
}

/** Rows that come to hand: their columns, and of each its key id, block, partners, and when it was touched. */
export class FoundRows {
  readonly columns: readonly ColumnBuilder[];
  readonly ids: number[] = [];
  readonly blocks: number[] = [];
  readonly partners: number[] = [];
  readonly touched: number[] = [];

  constructor(schema: Schema) {
    this.columns = schema.map(({ type }) => new ColumnBuilder(storageOf(type)));
  }
}

export class SidePages {
  readonly #spec: SidePagesSpec;
  readonly #pages: KeyedPages;
  readonly #sweep: PageSweep;

  constructor(spec: SidePagesSpec, limits: PageLimits = usualPages) {
    this.#spec = spec;
    this.#pages = new KeyedPages(limits);
    this.#sweep = new PageSweep(limits);
  }

  /** Adds a key's rows in their order to `found`; returns the last block, -1 where there is none. */
  fetch(keys: KeyTable, id: number, found: FoundRows): number {
    if (this.#pages.size === 0) return -1;
    let address = this.#find(keys, id, 0);
    if (address < 0) return -1;
    const first = this.#pages.valueAt(address);
    if (this.#spec.ttl !== null) first.f64();
    const last = first.varint();
    this.#read(first, id, 0, found);
    for (let block = 1; block <= last; block += 1) {
      address = this.#find(keys, id, block);
      if (address < 0) continue;
      const reader = this.#pages.valueAt(address);
      if (this.#spec.ttl !== null) reader.f64();
      this.#read(reader, id, block, found);
    }
    return last;
  }

  #read(reader: ByteReader, id: number, block: number, found: FoundRows): void {
    for (let left = reader.varint(); left > 0; left -= 1) {
      found.ids.push(id);
      found.blocks.push(block);
      found.partners.push(this.#spec.isCounted ? readCount(reader) : 0);
      found.touched.push(this.#spec.ttl === null ? 0 : reader.f64());
      for (const column of found.columns) column.append(readPacked(reader));
    }
  }

  has(keys: KeyTable, id: number, block: number): boolean {
    return this.#find(keys, id, block) >= 0;
  }

  delete(keys: KeyTable, id: number, block: number): void {
    this.#pages.delete(this.#find(keys, id, block));
  }

  /** Writes a block: the rows in `slots`, in their order. */
  put(keys: KeyTable, id: number, block: number, last: number, slots: readonly number[], { views, partners, touched }: RowsBySlot): void {
    const { value } = this.#pages;
    const { ttl, isCounted } = this.#spec;
    value.reset();
    // Before the rows, so that what is over is soon known.
    if (ttl !== null) value.f64(slots.reduce((latest, slot) => Math.max(latest, touched[slot]!), -Infinity));
    if (block === 0) value.varint(last);
    value.varint(slots.length);
    for (const slot of slots) {
      if (isCounted) writeCount(value, partners[slot]!);
      if (ttl !== null) value.f64(touched[slot]!);
      for (const column of views) writePacked(value, cell(column, slot));
    }
    this.#pages.put(this.#find(keys, id, block));
  }

  /** Copies what lives among much that is dead. */
  settle(): void {
    this.#pages.settle();
  }

  /** Forgets blocks all of whose rows are over, a few with each call. */
  sweep(now: number): void {
    const { ttl } = this.#spec;
    if (ttl !== null) this.#sweep.step(this.#pages, (value, address) => now - value.f64() > ttl && !this.#isNeeded(value.varint(), address));
  }

  /** Whether other blocks stand behind the one at an address, of which `last` is the last if it is the first. */
  #isNeeded(last: number, address: number): boolean {
    const reader = this.#pages.keyAt(address);
    if (reader.varint() > 0) return false;
    const parts = Array.from({ length: this.#spec.keyWidth }, () => readPacked(reader));
    for (let block = 1; block <= last; block += 1) if (this.#findKey(parts, block) >= 0) return true;
    return false;
  }

  #find(keys: KeyTable, id: number, block: number): number {
    const { key } = this.#pages;
    key.reset();
    key.varint(block);
    for (let part = 0; part < keys.width; part += 1) writePacked(key, keys.value(part, id));
    return this.#pages.find();
  }

  #findKey(parts: readonly PackedValue[], block: number): number {
    const { key } = this.#pages;
    key.reset();
    key.varint(block);
    for (const part of parts) writePacked(key, part);
    return this.#pages.find();
  }

  snapshot(writer: ByteWriter): Uint8Array[] {
    const own = new ByteWriter();
    const pages = this.#pages.snapshot(own);
    writer.varint(pages.length);
    writer.bytes(own.written());
    return pages;
  }

  /** Takes its own from the beginning of `pages`, and returns those behind. */
  restore(reader: ByteReader, pages: readonly Uint8Array[]): readonly Uint8Array[] {
    const count = reader.varint();
    this.#pages.restore(new ByteReader(reader.bytes()), pages.slice(0, count));
    return pages.slice(count);
  }
}

/** Below 0 where partners were forgotten before they were taken back. */
const writeCount = (writer: ByteWriter, count: number): void => writer.varint(count < 0 ? -2 * count - 1 : 2 * count);

function readCount(reader: ByteReader): number {
  const written = reader.varint();
  return written % 2 === 0 ? written / 2 : -(written + 1) / 2;
}
