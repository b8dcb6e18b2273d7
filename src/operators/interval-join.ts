/**
 * Joins rows of two inputs whose event times lie within bounds of each other. Rows meet as they arrive; a row without
 * partner leaves an outer join when the watermark says that none can come.
 *
 * As in Flink, a row is kept until the watermark is beyond the last time that a partner could have, and a row that comes
 * behind the watermark still meets what is kept. It is late for those of its partners' times that are forgotten.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { DueRows } from './due-rows.js';
import { KeyTable } from './key-table.js';
import { releaseOf, watermarkBefore, type Chunk, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from './operator.js';
import type { JoinSpec } from './join.js';
import { Pairs } from './pairs.js';
import { RowStore } from './row-store.js';
import { TimedRows } from './timed-rows.js';

export interface IntervalJoinSpec extends JoinSpec {
  readonly times: readonly [number, number];
  /** Milliseconds: rows match where left.time - right.time is within them. */
  readonly lower: number;
  readonly upper: number;
}

/** Below so many rows or keys, forgetting any is not worth the while. */
const SWEEP_MIN = 32_768;

/** What is kept of one input. */
interface Side {
  /** A partner's time less this row's, at the least and at the most. */
  readonly first: number;
  readonly last: number;
  readonly time: number;
  readonly keys: readonly number[];
  /** Rows without partner leave with NULLs. */
  readonly isOuter: boolean;
  readonly store: RowStore;
  /** By key id. */
  byKey: (TimedRows | undefined)[];
  /** Of an outer side: rows by the watermark at which no partner can come any more. */
  readonly due: DueRows;
  /** Of an outer side, by slot: key id, event time, whether the row has had a partner. */
  ids: Int32Array;
  times: Float64Array;
  matched: Uint8Array;
  /** Key ids of the rows of this chunk. */
  chunkIds: Int32Array;
}

/** A row that leaves without partner. */
interface Pad {
  readonly side: 0 | 1;
  readonly slot: number;
  readonly released: number;
}

export class IntervalJoin implements TwoInputOperator {
  readonly name: string;
  readonly #spec: IntervalJoinSpec;
  readonly #sides: readonly [Side, Side];
  #keys: KeyTable;
  /** By key id: 1 where a part of the key is NULL, which equals nothing. */
  #isNull = new Uint8Array(0);
  #nullKnown = 0;
  readonly #pairs = new Pairs();
  #sweepAt = SWEEP_MIN;
  /** As of the last chunk. */
  #watermark = -Infinity;

  constructor(spec: IntervalJoinSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#keys = new KeyTable(spec.keys.left.length);
    const { type, lower, upper } = spec;
    const side = (index: 0 | 1, first: number, last: number, isOuter: boolean): Side => ({
      first, last, isOuter, time: spec.times[index], keys: index === 0 ? spec.keys.left : spec.keys.right,
      store: new RowStore(spec.inputs[index]), byKey: [], due: new DueRows(),
      ids: new Int32Array(0), times: new Float64Array(0), matched: new Uint8Array(0), chunkIds: new Int32Array(0),
    });
    this.#sides = [side(0, -upper, -lower, type === 'left' || type === 'full'), side(1, lower, upper, type === 'right' || type === 'full')];
  }

  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows {
    const pads: Pad[] = [];
    if (left.batch.length + right.batch.length > 0) this.#meet([left, right], chunk, watermark, reports, pads);
    const [lefts, rights] = this.#sides;
    this.#watermark = watermark.after[chunk.to - 1]!;
    const columns = [lefts.store.columns(), rights.store.columns()] as const;
    this.#pairs.match(this.#spec, columns, reports[0]);
    if (lefts.isOuter || rights.isOuter) this.#pad(chunk, watermark, pads);
    const rows = this.#pairs.rows(columns[0], columns[1]);
    this.#pairs.clear();
    if (lefts.store.length + rights.store.length >= this.#sweepAt) this.#sweep();
    return rows;
  }

  /** Takes the rows of both inputs in the order of their release. */
  #meet(inputs: readonly [Rows, Rows], chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report], pads: Pad[]): void {
    const firsts = [this.#append(0, inputs[0]), this.#append(1, inputs[1])] as const;
    this.#noteNulls();
    const [left, right] = inputs;
    const lengths = [left.batch.length, right.batch.length] as const;
    let l = 0;
    let r = 0;
    while (l < lengths[0] || r < lengths[1]) {
      const isLeft = r === lengths[1] || (l < lengths[0] && left.released[l]! <= right.released[r]!);
      const index = isLeft ? 0 : 1;
      const rows = inputs[index];
      const row = isLeft ? l++ : r++;
      const released = rows.released[row]!;
      this.#take(index, rows, row, firsts[index] + row, watermarkBefore(watermark, chunk, released), reports[index], pads);
    }
  }

  #take(index: 0 | 1, rows: Rows, row: number, slot: number, before: number, report: Report, pads: Pad[]): void {
    const side = this.#sides[index];
    const other = this.#sides[index === 0 ? 1 : 0];
    const time = (rows.batch.columns[side.time] as Column & { values: Float64Array }).values[row]!;
    const released = rows.released[row]!;
    const id = side.chunkIds[row]!;
    const isNull = this.#isNull[id] === 1;
    const earliest = time + side.first;
    const latest = time + side.last;
    // Partners before this are forgotten: the last time at which they could meet a row is behind the watermark.
    const kept = before > time ? before + side.first : earliest;
    if (before > time) {
      report.late({
        rows, row, watermark: before, windowStart: earliest, windowEnd: Math.min(latest + 1, kept),
        reason: 'rows that it could match are forgotten',
      });
    }
    const partners = isNull ? undefined : other.byKey[id];
    if (partners !== undefined && kept <= latest) this.#join(index, slot, time, released, partners, kept, latest);
    if (before < latest) {
      if (isNull && !side.isOuter) return;
      this.#keep(side, id, time, slot);
    } else if (side.isOuter) pads.push({ side: index, slot, released });
  }

  /** Until no partner can come. */
  #keep(side: Side, id: number, time: number, slot: number): void {
    const rows = side.byKey[id];
    if (rows === undefined) side.byKey[id] = new TimedRows(time, slot);
    else rows.add(time, slot);
    if (side.isOuter) side.due.add(slot, time + side.last + 1);
  }

  #join(index: 0 | 1, slot: number, time: number, released: number, partners: TimedRows, earliest: number, latest: number): void {
    const { times, slots } = partners;
    const pairs = this.#pairs;
    const last = faults.boundsLeftOut ? latest - 1 : latest;
    for (let at = partners.firstAt(earliest); at < times.length && times[at]! <= last; at += 1) {
      const partner = times[at]!;
      const cause = partner > time ? partner : time;
      if (index === 0) pairs.add(slot, slots[at]!, released, cause);
      else pairs.add(slots[at]!, slot, released, cause);
    }
  }

  /** Rows that are due go without partner, unless they have had one. */
  #pad(chunk: Chunk, watermark: WatermarkPath, pads: Pad[]): void {
    const { left, right, length } = this.#pairs;
    const [lefts, rights] = this.#sides;
    for (let pair = 0; pair < length; pair += 1) {
      if (lefts.isOuter) lefts.matched[left[pair]!] = 1;
      if (rights.isOuter) rights.matched[right[pair]!] = 1;
    }
    this.#sides.forEach((side, index) => {
      for (let due = side.due.first, slot = side.due.take(this.#watermark); slot >= 0; due = side.due.first, slot = side.due.take(this.#watermark)) {
        if (side.matched[slot] === 0) pads.push({ side: index as 0 | 1, slot, released: releaseOf(watermark, chunk, due) });
      }
    });
    const timeOf = ({ side, slot }: Pad): number => this.#sides[side].times[slot]!;
    const idOf = ({ side, slot }: Pad): number => this.#sides[side].ids[slot]!;
    pads.sort((a, b) => a.released - b.released || timeOf(a) - timeOf(b) || this.#keys.compare(idOf(a), idOf(b)) || a.side - b.side || a.slot - b.slot);
    for (const pad of pads) {
      if (this.#sides[pad.side].matched[pad.slot] === 1) continue;
      this.#pairs.add(pad.side === 0 ? pad.slot : -1, pad.side === 0 ? -1 : pad.slot, pad.released, timeOf(pad));
    }
  }

  /** Stores the chunk's rows of one side; returns the slot of the first. */
  #append(index: 0 | 1, { batch }: Rows): number {
    const side = this.#sides[index];
    const { length, columns } = batch;
    if (length === 0) return side.store.length;
    if (side.chunkIds.length < length) side.chunkIds = new Int32Array(length);
    this.#keys.fill(side.keys.map((column) => columns[column]!), length, side.chunkIds);
    const first = side.store.append(batch);
    if (side.isOuter) this.#note(side, first, (columns[side.time] as Column & { values: Float64Array }).values, side.chunkIds, length);
    return first;
  }

  /** What an outer side has to know of each row until it is due. */
  #note(side: Side, first: number, times: Float64Array, ids: Int32Array, length: number): void {
    const size = first + length;
    if (side.times.length < size) {
      const capacity = Math.max(size, side.times.length * 2);
      const { ids: oldIds, times: oldTimes, matched } = side;
      side.ids = new Int32Array(capacity);
      side.ids.set(oldIds);
      side.times = new Float64Array(capacity);
      side.times.set(oldTimes);
      side.matched = new Uint8Array(capacity);
      side.matched.set(matched);
    }
    side.ids.set(ids.subarray(0, length), first);
    side.times.set(times.subarray(0, length), first);
    side.matched.fill(0, first, size);
  }

  #noteNulls(): void {
    const { size, width } = this.#keys;
    if (this.#isNull.length < size) {
      const larger = new Uint8Array(Math.max(size, this.#isNull.length * 2, 64));
      larger.set(this.#isNull);
      this.#isNull = larger;
    }
    // Without holes, the array stays one.
    for (const { byKey } of this.#sides) while (byKey.length < size) byKey.push(undefined);
    for (; this.#nullKnown < size; this.#nullKnown += 1) {
      let isNull = 0;
      for (let part = 0; part < width; part += 1) if (this.#keys.value(part, this.#nullKnown) === null) isNull = 1;
      this.#isNull[this.#nullKnown] = isNull;
    }
  }

  /** Forgets rows that the watermark has made useless, and keys without rows. What leaves does not depend on when. */
  #sweep(): void {
    for (const side of this.#sides) this.#compact(side);
    const [left, right] = this.#sides;
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (left.store.length + right.store.length));
    if (this.#keys.size < SWEEP_MIN) return;
    const live: number[] = [];
    for (let id = 0; id < this.#keys.size; id += 1) if (left.byKey[id] !== undefined || right.byKey[id] !== undefined) live.push(id);
    if (live.length * 2 > this.#keys.size) return;
    this.#keys = this.#keys.keeping(live);
    const renumbered = new Int32Array(this.#isNull.length);
    live.forEach((id, index) => { renumbered[id] = index; });
    for (const side of this.#sides) {
      side.byKey = live.map((id) => side.byKey[id]);
      for (let slot = 0; slot < side.store.length && side.isOuter; slot += 1) side.ids[slot] = renumbered[side.ids[slot]!]!;
    }
    this.#nullKnown = 0;
  }

  #compact(side: Side): void {
    const slots: number[] = [];
    side.due.clear();
    side.byKey.forEach((rows, id) => {
      if (rows === undefined) return;
      rows.forget(this.#watermark - side.last);
      if (rows.length === 0) side.byKey[id] = undefined;
      for (let at = 0; at < rows.length; at += 1) {
        if (side.isOuter) side.due.add(slots.length, rows.times[at]! + side.last + 1);
        slots.push(rows.slots[at]!);
        rows.slots[at] = slots.length - 1;
      }
    });
    side.store.keep(slots);
    if (!side.isOuter) return;
    side.ids = Int32Array.from(slots, (slot) => side.ids[slot]!);
    side.times = Float64Array.from(slots, (slot) => side.times[slot]!);
    side.matched = Uint8Array.from(slots, (slot) => side.matched[slot]!);
  }

  snapshot(writer: ByteWriter): void {
    this.#sweep();
    writer.f64(this.#watermark);
    this.#keys.snapshot(writer);
    for (const side of this.#sides) {
      const kept = faults.waitingRowsNotSaved ? [] : [...side.byKey.entries()].flatMap(([id, rows]) => (rows === undefined ? [] : [{ id, rows }]));
      writer.varint(kept.length);
      for (const { id, rows } of kept) {
        writer.varint(id);
        writer.float64Array(Float64Array.from(rows.times));
      }
      side.store.snapshot(writer);
      if (side.isOuter) writer.bytes(side.matched.subarray(0, side.store.length));
    }
  }

  restore(reader: ByteReader): void {
    this.#watermark = reader.f64();
    this.#keys = new KeyTable(this.#spec.keys.left.length);
    this.#keys.restore(reader);
    this.#nullKnown = 0;
    this.#noteNulls();
    for (const side of this.#sides) {
      side.byKey = [];
      side.due.clear();
      const ids: number[] = [];
      const times: number[] = [];
      for (let left = reader.varint(); left > 0; left -= 1) {
        const id = reader.varint();
        for (const time of reader.float64Array()) {
          this.#keep(side, id, time, times.length);
          ids.push(id);
          times.push(time);
        }
      }
      side.store.restore(reader);
      if (!side.isOuter) continue;
      side.ids = Int32Array.from(ids);
      side.times = Float64Array.from(times);
      side.matched = reader.bytes().slice();
    }
    const [left, right] = this.#sides;
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (left.store.length + right.store.length));
  }
}
