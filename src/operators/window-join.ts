/**
 * Joins rows that carry the same window. They are gathered by window and key until the watermark fires the window; then
 * the pairs leave by key, those of a key as its rows came.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { KeyTable } from './key-table.js';
import { releaseOf, watermarkBefore, type Chunk, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from './operator.js';
import type { JoinSpec } from './join.js';
import { Pairs } from './pairs.js';
import { RowStore } from './row-store.js';
import { WindowEnds } from './window-ends.js';
import { isLate } from './windows.js';

export interface WindowJoinSpec extends JoinSpec {
  readonly starts: readonly [number, number];
  readonly ends: readonly [number, number];
}

/** Below so many rows or keys, forgetting any is not worth the while. */
const SWEEP_MIN = 16_384;

/** Rows of one side and window in the order of arrival: their slots and key ids. */
interface Gathered {
  slots: number[];
  ids: number[];
}

type Window = readonly [Gathered, Gathered];

/** Rows of one key in a window that fires. */
interface Group {
  readonly id: number;
  readonly lefts: number[];
  readonly rights: number[];
  readonly released: number;
  readonly time: number;
}

export class WindowJoin implements TwoInputOperator {
  readonly name: string;
  readonly #spec: WindowJoinSpec;
  /** Keys, and the window's start: sessions that end together are not the same. */
  readonly #keyColumns: readonly [readonly number[], readonly number[]];
  #keys: KeyTable;
  readonly #stores: readonly [RowStore, RowStore];
  readonly #windows = new Map<number, Window>();
  #ends = new WindowEnds();
  readonly #candidates = new Pairs();
  readonly #pairs = new Pairs();
  #sweepAt = SWEEP_MIN;
  #ids = new Int32Array(0);

  constructor(spec: WindowJoinSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#keyColumns = [[...spec.keys.left, spec.starts[0]], [...spec.keys.right, spec.starts[1]]];
    this.#keys = new KeyTable(this.#keyColumns[0].length);
    this.#stores = [new RowStore(spec.inputs[0]), new RowStore(spec.inputs[1])];
  }

  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows {
    if (left.batch.length > 0) this.#gather(0, left, chunk, watermark, reports[0]);
    if (right.batch.length > 0) this.#gather(1, right, chunk, watermark, reports[1]);
    const groups = this.#fired(chunk, watermark);
    const [lefts, rights] = this.#stores;
    const columns = [lefts.columns(), rights.columns()] as const;
    this.#pairUp(groups, columns, reports[0]);
    const leftOnly = this.#spec.type === 'semi' || this.#spec.type === 'anti';
    const rows = this.#pairs.rows(columns[0], leftOnly ? null : columns[1]);
    this.#pairs.clear();
    this.#candidates.clear();
    if (lefts.length + rights.length >= this.#sweepAt) this.#sweep();
    return rows;
  }

  #gather(side: 0 | 1, rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const { batch: { columns, length }, released } = rows;
    if (this.#ids.length < length) this.#ids = new Int32Array(length);
    const ids = this.#ids;
    this.#keys.fill(this.#keyColumns[side].map((column) => columns[column]!), length, ids);
    const first = this.#stores[side].append(rows.batch);
    const ends = timesOf(columns, this.#spec.ends[side]);
    let window: Window | null = null;
    let windowEnd = NaN;
    for (let row = 0; row < length; row += 1) {
      const end = ends[row]!;
      const before = watermarkBefore(watermark, chunk, released[row]!);
      if (isLate(end, before)) {
        report.late({ rows, row, watermark: before, windowStart: timesOf(columns, this.#spec.starts[side])[row]!, windowEnd: end, reason: 'the window has fired' });
        continue;
      }
      if (window === null || end !== windowEnd) {
        window = this.#windowAt(end);
        windowEnd = end;
      }
      window[side].slots.push(first + row);
      window[side].ids.push(ids[row]!);
    }
  }

  #windowAt(end: number): Window {
    let window = this.#windows.get(end);
    if (window === undefined) {
      window = [{ slots: [], ids: [] }, { slots: [], ids: [] }];
      this.#windows.set(end, window);
      this.#ends.add(end);
    }
    return window;
  }

  /** The groups of the windows that the chunk's watermark fires, in the order in which they leave. */
  #fired(chunk: Chunk, watermark: WatermarkPath): Group[] {
    const groups: Group[] = [];
    const limit = watermark.after[chunk.to - 1]!;
    while (this.#ends.first < Infinity && this.#ends.first - 1 <= limit) {
      const end = this.#ends.take();
      const released = releaseOf(watermark, chunk, end - 1);
      const byId = new Map<number, Group>();
      this.#windows.get(end)!.forEach(({ slots, ids }, side) => slots.forEach((slot, index) => {
        const id = ids[index]!;
        let group = byId.get(id);
        if (group === undefined) byId.set(id, group = { id, lefts: [], rights: [], released, time: end - 1 });
        (side === 0 ? group.lefts : group.rights).push(slot);
      }));
      this.#windows.delete(end);
      const fired = [...byId.values()];
      groups.push(...(faults.keysUnordered ? fired : fired.sort((a, b) => this.#keys.compare(a.id, b.id))));
    }
    return groups;
  }

  /** First the pairs that may match, all at once; then, group by group, what leaves. */
  #pairUp(groups: readonly Group[], columns: readonly [readonly Column[], readonly Column[]], report: Report): void {
    const { type, condition } = this.#spec;
    const into = type === 'inner' ? this.#pairs : this.#candidates;
    // That there is one is enough.
    const most = (type === 'semi' || type === 'anti') && condition === null ? 1 : Infinity;
    for (const { id, lefts, rights, released, time } of groups) {
      if (lefts.length === 0 || rights.length === 0 || this.#isNull(id)) continue;
      const count = Math.min(rights.length, most);
      for (const left of lefts) for (let right = 0; right < count; right += 1) into.add(left, rights[right]!, released, time);
    }
    into.match(this.#spec, columns, report);
    if (type === 'inner') return;
    const matched = type === 'right' || type === 'full' ? new Set<number>(this.#candidates.right.subarray(0, this.#candidates.length)) : null;
    let next = 0;
    for (const group of groups) {
      for (const left of group.lefts) next = this.#leave(left, next, group);
      if (matched === null) continue;
      for (const right of group.rights) if (!matched.has(right)) this.#pairs.add(-1, right, group.released, group.time);
    }
  }

  /** A left row with its matches, the candidates from `next` on; returns the first that is another row's. */
  #leave(left: number, next: number, { released, time }: Group): number {
    const { type } = this.#spec;
    const candidates = this.#candidates;
    let end = next;
    while (end < candidates.length && candidates.left[end] === left) end += 1;
    if (type === 'semi' || type === 'anti') {
      if ((end > next) === (type === 'semi')) this.#pairs.add(left, -1, released, time);
      return end;
    }
    for (let at = next; at < end; at += 1) this.#pairs.add(left, candidates.right[at]!, released, time);
    if ((end === next || faults.pairedRowsPadded) && type !== 'right') this.#pairs.add(left, -1, released, time);
    return end;
  }

  /** Whether a part of the key is NULL, which equals nothing. */
  #isNull(id: number): boolean {
    for (let part = 0; part < this.#keys.width - 1; part += 1) if (this.#keys.value(part, id) === null) return true;
    return false;
  }

  /** Keeps only rows, and keys, of windows that have not fired. */
  #sweep(): void {
    const windows = [...this.#windows.values()];
    for (const side of [0, 1] as const) {
      const slots = windows.flatMap((window) => window[side].slots).sort((a, b) => a - b);
      const moved = new Map(slots.map((slot, index) => [slot, index]));
      for (const window of windows) window[side].slots = window[side].slots.map((slot) => moved.get(slot)!);
      this.#stores[side].keep(slots);
    }
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (this.#stores[0].length + this.#stores[1].length));
    const live = [...new Set(windows.flatMap((window) => window.flatMap(({ ids }) => ids)))];
    if (live.length * 2 > this.#keys.size) return;
    this.#keys = this.#keys.keeping(live);
    const renumbered = new Map(live.map((id, index) => [id, index]));
    for (const window of windows) for (const side of window) side.ids = side.ids.map((id) => renumbered.get(id)!);
  }

  snapshot(writer: ByteWriter): void {
    this.#sweep();
    this.#keys.snapshot(writer);
    const ends = faults.openWindowsNotSaved ? [] : this.#ends.ascending();
    writer.varint(ends.length);
    for (const end of ends) {
      writer.f64(end);
      for (const { slots, ids } of this.#windows.get(end)!) {
        writer.int32Array(Int32Array.from(slots));
        writer.int32Array(Int32Array.from(ids));
      }
    }
    for (const store of this.#stores) store.snapshot(writer);
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#keyColumns[0].length);
    this.#keys.restore(reader);
    this.#windows.clear();
    this.#ends = new WindowEnds();
    for (let left = reader.varint(); left > 0; left -= 1) {
      for (const side of this.#windowAt(reader.f64())) {
        side.slots = [...reader.int32Array()];
        side.ids = [...reader.int32Array()];
      }
    }
    for (const store of this.#stores) store.restore(reader);
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * (this.#stores[0].length + this.#stores[1].length));
  }
}

const timesOf = (columns: readonly Column[], index: number): Float64Array => (columns[index] as Column & { values: Float64Array }).values;
