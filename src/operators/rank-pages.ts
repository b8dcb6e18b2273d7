/**
 * The rows of partitions in order, in pages: by partition and leaf. Leaf 0 is there while its partition has rows; each
 * says which one comes after it.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { KeyedPages, usualPages, type PageLimits } from '../core/keyed-pages.js';
import { readPacked, writePacked, type PackedValue } from '../core/packed.js';
import { PageSweep } from './page-sweep.js';
import { RankedLeaves, type Leaf } from './ranked-leaves.js';
import type { RankRange } from './ranked-rows.js';
import type { Cells } from './sort-order.js';

export interface RankPagesSpec {
  readonly range: RankRange;
  /** Columns of a row, and of the partition's key. */
  readonly width: number;
  readonly keyWidth: number;
  readonly ttl: number | null;
}

type Key = readonly PackedValue[];

export class RankPages {
  readonly #spec: RankPagesSpec;
  readonly #pages: KeyedPages;
  readonly #sweep: PageSweep;

  constructor(spec: RankPagesSpec, limits: PageLimits = usualPages) {
    this.#spec = spec;
    this.#pages = new KeyedPages(limits);
    this.#sweep = new PageSweep(limits);
  }

  /** A partition without rows. */
  empty(key: Key): RankedLeaves {
    return new RankedLeaves(this.#spec.range, key, this.#load);
  }

  /** A partition, and when it was touched; null: it has no rows. Of those behind the first leaf only the first is read. */
  fetch(key: Key): { readonly rows: RankedLeaves; readonly touched: number } | null {
    if (this.#pages.size === 0 || this.#find(key, 0) < 0) return null;
    const rows = this.empty(key);
    rows.leaves = [];
    let touched = 0;
    for (let id = 0, next = -1; next !== 0; id = next) {
      const reader = this.#pages.valueAt(this.#find(key, id));
      if (id === 0 && this.#spec.ttl !== null) touched = reader.f64();
      next = reader.varint();
      const count = reader.varint();
      const read = this.#rows(reader, id === 0 ? count : 1);
      rows.leaves.push({ id, rows: id === 0 ? read : null, count, first: read[0]!, isChanged: false });
      rows.length += count;
      rows.nextId = Math.max(rows.nextId, id + 1);
    }
    return { rows, touched };
  }

  readonly #load = (key: Key, id: number): Cells[] => {
    const reader = this.#pages.valueAt(this.#find(key, id));
    if (id === 0 && this.#spec.ttl !== null) reader.f64();
    reader.varint();
    return this.#rows(reader, reader.varint());
  };

  #rows(reader: ByteReader, count: number): Cells[] {
    const { width } = this.#spec;
    const rows: Cells[] = [];
    for (let row = 0; row < count; row += 1) {
      const cells = new Array<PackedValue>(width);
      for (let column = 0; column < width; column += 1) cells[column] = readPacked(reader);
      rows.push(cells);
    }
    return rows;
  }

  /** Brings the pages up to a partition. */
  write(rows: RankedLeaves, touched: number): void {
    const { key, leaves } = rows;
    for (const id of rows.gone) this.#pages.delete(this.#find(key, id));
    rows.gone = [];
    if (rows.length === 0) {
      this.#pages.delete(this.#find(key, 0));
      leaves[0]!.isChanged = false;
      return;
    }
    // It says when the partition was touched.
    if (this.#spec.ttl !== null) leaves[0]!.isChanged = true;
    for (let at = 0; at < leaves.length; at += 1) {
      const leaf = leaves[at]!;
      if (!leaf.isChanged) continue;
      this.#put(key, leaf, leaves[at + 1]?.id ?? 0, touched);
      leaf.isChanged = false;
    }
  }

  #put(key: Key, leaf: Leaf, next: number, touched: number): void {
    const { value } = this.#pages;
    const rows = leaf.rows ?? this.#load(key, leaf.id);
    value.reset();
    if (leaf.id === 0 && this.#spec.ttl !== null) value.f64(touched);
    value.varint(next);
    value.varint(rows.length);
    for (const row of rows) for (const cell of row) writePacked(value, cell);
    this.#pages.put(this.#find(key, leaf.id));
  }

  #find(key: Key, leaf: number): number {
    this.#pages.key.reset();
    this.#pages.key.varint(leaf);
    for (const part of key) writePacked(this.#pages.key, part);
    return this.#pages.find();
  }

  settle(): void {
    this.#pages.settle();
  }

  /** Whether `sweep` has something to look at. */
  get isSweepDue(): boolean {
    return this.#spec.ttl !== null && this.#sweep.isDue(this.#pages);
  }

  /** Forgets partitions that are over, a few with each call. Those of several leaves that are at hand were written before. */
  sweep(now: number): void {
    const { ttl, keyWidth } = this.#spec;
    if (ttl === null) return;
    const rest: { readonly key: Key; readonly leaf: number }[] = [];
    this.#sweep.step(this.#pages, (_, address) => {
      const reader = this.#pages.keyAt(address);
      if (reader.varint() > 0) return false;
      const key = Array.from({ length: keyWidth }, () => readPacked(reader));
      const value = this.#pages.valueAt(address);
      if (now - value.f64() <= ttl) return false;
      rest.push({ key, leaf: value.varint() });
      return true;
    });
    for (const { key, leaf } of rest) this.#deleteFrom(key, leaf);
  }

  #deleteFrom(key: Key, leaf: number): void {
    for (let next = leaf; next > 0; ) {
      const address = this.#find(key, next);
      next = this.#pages.valueAt(address).varint();
      this.#pages.delete(address);
    }
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#pages.restore(reader, pages);
  }
}
