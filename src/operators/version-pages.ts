/** The versions of keys that nobody has asked for lately, in pages: by key its timer, the oldest version ever dropped, and its versions. */
import { cell, type Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { KeyedPages, type PageLimits } from '../core/keyed-pages.js';
import { readPacked, writePacked } from '../core/packed.js';
import { storageOf, type Schema } from '../core/types.js';
import type { KeyTable } from './key-table.js';
import type { KeyTimers } from './key-timers.js';
import type { SlotStore } from './slot-store.js';
import type { Versions } from './versions.js';

/** Where a join has what is at hand. */
export interface AtHand {
  readonly keys: KeyTable;
  readonly store: SlotStore;
  readonly versions: Versions;
  readonly timers: KeyTimers;
}

export class VersionPages {
  readonly #schema: Schema;
  readonly #pages: KeyedPages;

  constructor(schema: Schema, limits?: PageLimits) {
    this.#schema = schema;
    this.#pages = new KeyedPages(limits);
  }

  /**
   * Whether a key of which no row waits may go where nobody looks after it. The timer of one version alone does nothing when it fires, but
   * until then it stands in the way of a later one.
   */
  static mayGo({ versions, timers }: AtHand, id: number): boolean {
    return versions.isSingle(id) || (versions.has(id) && !timers.isSet(id));
  }

  /** `views`: the columns of the store. */
  put(atHand: AtHand, id: number, views: readonly Column[]): void {
    const { versions, timers } = atHand;
    const { value } = this.#pages;
    const slots = versions.slotsOf(id);
    value.reset();
    writeTime(value, timers.dueOf(id));
    writeTime(value, versions.droppedOf(id));
    value.varint(slots.length);
    for (const slot of slots) {
      value.f64(versions.timeAt(slot));
      value.u8(versions.isDeletedAt(slot) ? 1 : 0);
      for (const column of views) writePacked(value, cell(column, slot));
    }
    const address = this.#find(atHand.keys, id);
    if (address < 0 || !this.#pages.hasValue(address)) this.#pages.put(address);
  }

  /** What there is of the keys from `first` on comes to hand. Timers up to `watermark` have fired. */
  fetch(atHand: AtHand, first: number, watermark: number): void {
    if (this.#pages.size === 0) return;
    const { keys, store, versions, timers } = atHand;
    const builders = this.#schema.map(({ type }) => new ColumnBuilder(storageOf(type)));
    const found: { readonly id: number; readonly time: number; readonly isDeleted: boolean }[] = [];
    for (let id = first; id < keys.size; id += 1) {
      const address = this.#find(keys, id);
      if (address < 0) continue;
      const reader = this.#pages.valueAt(address);
      const due = readTime(reader);
      if (due > watermark && due < Infinity) timers.set(id, due);
      versions.dropBefore(id, readTime(reader));
      for (let left = reader.varint(); left > 0; left -= 1) {
        found.push({ id, time: reader.f64(), isDeleted: reader.u8() === 1 });
        for (const builder of builders) builder.append(readPacked(reader));
      }
    }
    if (found.length === 0) return;
    const slots = new Int32Array(found.length);
    store.add(builders.map((builder) => builder.finish()), found.length, slots);
    versions.reserve(keys.size, store.capacity);
    found.forEach(({ id, time, isDeleted }, index) => versions.put(id, slots[index]!, time, isDeleted));
  }

  settle(): void {
    this.#pages.settle();
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#pages.restore(reader, pages);
  }

  #find(keys: KeyTable, id: number): number {
    const { key } = this.#pages;
    key.reset();
    for (let part = 0; part < keys.width; part += 1) writePacked(key, keys.value(part, id));
    return this.#pages.find();
  }
}

/** Mostly there is none: Infinity. */
function writeTime(writer: ByteWriter, time: number): void {
  writer.u8(time === Infinity ? 0 : 1);
  if (time !== Infinity) writer.f64(time);
}

const readTime = (reader: ByteReader): number => (reader.u8() === 0 ? Infinity : reader.f64());
