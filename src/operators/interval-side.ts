/** What an interval join keeps of one input: its rows by key and event time, until no partner can come. */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { Schema } from '../core/types.js';
import { DueRows } from './due-rows.js';
import type { KeyTable } from './key-table.js';
import { RowStore } from './row-store.js';
import { TimedRows } from './timed-rows.js';

export interface IntervalSideSpec {
  readonly schema: Schema;
  /** Columns of the event time and of the key. */
  readonly time: number;
  readonly keys: readonly number[];
  /** A partner's time less this row's, at the least and at the most. */
  readonly first: number;
  readonly last: number;
  /** Rows without partner leave with NULLs. */
  readonly isOuter: boolean;
}

export class IntervalSide {
  readonly spec: IntervalSideSpec;
  readonly store: RowStore;
  /** By key id. */
  byKey: (TimedRows | undefined)[] = [];
  /** Of an outer side: rows by the watermark at which no partner can come any more. */
  readonly due = new DueRows();
  /** Of an outer side, by slot: key id, event time, whether the row has had a partner. */
  ids = new Int32Array(0);
  times = new Float64Array(0);
  matched = new Uint8Array(0);
  /** Key ids of the rows appended last. */
  newIds = new Int32Array(0);

  constructor(spec: IntervalSideSpec) {
    this.spec = spec;
    this.store = new RowStore(spec.schema);
  }

  /** Stores rows, not kept by key yet; returns the slot of the first. */
  append(batch: Batch, keys: KeyTable): number {
    const { length, columns } = batch;
    if (length === 0) return this.store.length;
    if (this.newIds.length < length) this.newIds = new Int32Array(length);
    keys.fill(this.spec.keys.map((column) => columns[column]!), length, this.newIds);
    const first = this.store.append(batch);
    if (this.spec.isOuter) this.#note(first, (columns[this.spec.time] as Column & { values: Float64Array }).values, length);
    return first;
  }

  #note(first: number, times: Float64Array, length: number): void {
    const size = first + length;
    if (this.times.length < size) {
      const capacity = Math.max(size, this.times.length * 2);
      const { ids, times: before, matched } = this;
      this.ids = new Int32Array(capacity);
      this.ids.set(ids);
      this.times = new Float64Array(capacity);
      this.times.set(before);
      this.matched = new Uint8Array(capacity);
      this.matched.set(matched);
    }
    this.ids.set(this.newIds.subarray(0, length), first);
    this.times.set(times.subarray(0, length), first);
    this.matched.fill(0, first, size);
  }

  /** Until no partner can come. */
  keep(id: number, time: number, slot: number): void {
    const rows = this.byKey[id];
    if (rows === undefined) this.byKey[id] = new TimedRows(time, slot);
    else rows.add(time, slot);
    if (this.spec.isOuter) this.due.add(slot, time + this.spec.last + 1);
  }

  /** Forgets the rows that `watermark` has made useless. */
  compact(watermark: number): void {
    const { isOuter, last } = this.spec;
    const slots: number[] = [];
    this.due.clear();
    this.byKey.forEach((rows, id) => {
      if (rows === undefined) return;
      rows.forget(watermark - last);
      if (rows.length === 0) this.byKey[id] = undefined;
      for (let at = 0; at < rows.length; at += 1) {
        if (isOuter) this.due.add(slots.length, rows.times[at]! + last + 1);
        slots.push(rows.slots[at]!);
        rows.slots[at] = slots.length - 1;
      }
    });
    this.store.keep(slots);
    if (!isOuter) return;
    this.ids = Int32Array.from(slots, (slot) => this.ids[slot]!);
    this.times = Float64Array.from(slots, (slot) => this.times[slot]!);
    this.matched = Uint8Array.from(slots, (slot) => this.matched[slot]!);
  }

  /** Key ids `live` become 0, 1, 2 …, as `renumbered` has them. */
  renumber(live: readonly number[], renumbered: Int32Array): void {
    this.byKey = live.map((id) => this.byKey[id]);
    for (let slot = 0; slot < this.store.length && this.spec.isOuter; slot += 1) this.ids[slot] = renumbered[this.ids[slot]!]!;
  }

  /** After `compact`: slots are in the order of key ids and of each key's rows. */
  snapshot(writer: ByteWriter): void {
    const kept = faults.waitingRowsNotSaved ? [] : [...this.byKey.entries()].flatMap(([id, rows]) => (rows === undefined ? [] : [{ id, rows }]));
    writer.varint(kept.length);
    for (const { id, rows } of kept) {
      writer.varint(id);
      writer.float64Array(Float64Array.from(rows.times));
    }
    this.store.snapshot(writer);
    if (this.spec.isOuter) writer.bytes(this.matched.subarray(0, this.store.length));
  }

  restore(reader: ByteReader): void {
    this.byKey = [];
    this.due.clear();
    const ids: number[] = [];
    const times: number[] = [];
    for (let left = reader.varint(); left > 0; left -= 1) {
      const id = reader.varint();
      for (const time of reader.float64Array()) {
        this.keep(id, time, times.length);
        ids.push(id);
        times.push(time);
      }
    }
    this.store.restore(reader);
    if (!this.spec.isOuter) return;
    this.ids = Int32Array.from(ids);
    this.times = Float64Array.from(times);
    this.matched = reader.bytes().slice();
  }
}
