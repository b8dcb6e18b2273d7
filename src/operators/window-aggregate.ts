/**
 * Aggregates over TUMBLE, HOP and CUMULATE windows, or over rows that carry their window already.
 *
 * Rows are added to panes, the longest intervals of which every window is a whole number; a window merges its panes
 * when it fires, which exact accumulators make bit-equal to adding row by row. A row is late for each of its windows
 * that has fired, and used for the others.
 */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { isAdded } from '../core/row-kind.js';
import { sqlType, type Schema } from '../core/types.js';
import type { AggregateCall, AlignedWindow } from '../plan/plan.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { KeyTable } from './key-table.js';
import { addLoop, type AddLoop } from './loops.js';
import { releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { Pane } from './pane.js';
import { SlidingPanes } from './sliding-panes.js';
import type { CountAccumulator } from './sums.js';
import { WindowEmission } from './window-emission.js';
import { WindowEnds } from './window-ends.js';
import { floorTo, isLate, windowsOf, type Windows } from './windows.js';

/** Below so many keys, forgetting any is not worth the while. */
const KEYS_MIN = 65_536;

/** New panes have room for no more keys than this. */
const KEYS_USUAL_MAX = 4096;

/** So many panes are ready for rows; the others only wait to be merged. */
const WARM_PANES = 32;

export interface WindowAggregateSpec {
  readonly name: string;
  readonly input: Schema;
  /** Input column of the event time; for windowed rows their window_end. */
  readonly time: number;
  readonly window: AlignedWindow | null;
  /** Input columns of window_start and window_end, for rows that carry their window. */
  readonly attached: { readonly start: number; readonly end: number } | null;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  /** Whether the input takes rows back. Its rows carry their windows then, unless the window is TUMBLE: no panes are merged. */
  readonly retracts?: boolean;
}

/** Of groups that rows may leave: how many rows are there. */
const rowCount: AggregateCall = {
  name: 'COUNT', argument: null, distinct: false, filter: null, type: sqlType('BIGINT', false), place: { line: 1, column: 1, text: 'COUNT(*)' },
};

export class WindowAggregate implements Operator {
  readonly name: string;
  readonly #spec: WindowAggregateSpec;
  readonly #windows: Windows | null;
  readonly #cumulates: boolean;
  readonly #plan: AggregatePlan;
  /** Of input that takes rows back: counts the rows of each group. */
  readonly #count: CountAccumulator | null = null;
  readonly #loops: AddLoop[];
  readonly #keyColumns: readonly number[];
  #keys: KeyTable;
  #panes = new Map<number, Pane>();
  /** Of each pane at least its next window to fire; when that has fired, the one after it takes its place. */
  #ends = new WindowEnds();
  /** Of HOP windows: panes merged already. */
  readonly #sliding: SlidingPanes | null;
  /** Keys of the window fired last: new panes have room for as many. */
  #usualKeys = 2;
  /** Panes that rows have gone to lately. */
  #warm: Pane[] = [];
  /** Keys at which it is worth seeing how many of them are still in use. */
  #compactAt = KEYS_MIN;
  #ids = new Int32Array(0);
  #slots = new Int32Array(0);

  constructor(spec: WindowAggregateSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#windows = spec.window === null ? null : windowsOf(spec.window);
    this.#cumulates = spec.window?.kind === 'cumulate';
    const { aggregates, input, retracts = false } = spec;
    this.#plan = retracts ? planAggregates([...aggregates, rowCount], input, 'any') : planAggregates(aggregates, input, 'never');
    if (retracts) this.#count = this.#plan.accumulators[this.#plan.results.at(-1)!.accumulator] as CountAccumulator;
    this.#sliding = spec.window?.kind === 'hop'
      ? new SlidingPanes(this.#windows!.pane, () => this.#newPane(0), (into, from) => this.#merge(into, from)) : null;
    this.#loops = this.#plan.accumulators.map(addLoop);
    // A window that rows carry is told apart by its start as well.
    this.#keyColumns = spec.attached === null ? spec.keys : [...spec.keys, spec.attached.start];
    this.#keys = new KeyTable(this.#keyColumns.length);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const emission = new WindowEmission(this.#spec, this.#plan);
    const length = rows.batch.length;
    if (length > 0) this.#take(rows, chunk, watermark, report, emission);
    const last = watermark.after[chunk.to - 1]!;
    if (this.#due(last)) this.#fire(last, chunk, watermark, emission);
    this.#compact();
    return emission.finish(report);
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report, emission: WindowEmission): void {
    const { columns, length } = rows.batch;
    if (this.#ids.length < length) {
      this.#ids = new Int32Array(length);
      this.#slots = new Int32Array(length);
    }
    const ids = this.#ids;
    const slots = this.#slots;
    this.#keys.fill(this.#keyColumns.map((column) => columns[column]!), length, ids);
    const time = (columns[this.#spec.time] as Column & { values: Float64Array }).values;
    // Rows that carry their window tell their order by what caused them, as those do that do not.
    bindAggregates(this.#plan, columns, rows.time);
    if (this.#count !== null) {
      this.#takeChanges(rows, chunk, watermark, report, emission);
      return;
    }
    const width = this.#windows === null ? 1 : this.#windows.pane;
    let pane: Pane | null = null;
    let paneStart = 0;
    let run = 0;
    let nextEnd = this.#ends.first;
    const last = watermark.after[chunk.to - 1]!;
    for (let row = 0; row < length; row += 1) {
      const at = time[row]!;
      // As a rule no window fires in a chunk, and rows of a pane come together: then nothing is asked a row.
      if (pane !== null && at >= paneStart && at < paneStart + width && last < nextEnd - 1) {
        slots[row] = pane.slotOf(ids[row]!);
        continue;
      }
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      if (before >= nextEnd - 1) {
        this.#add(pane, slots, run, row);
        run = row;
        this.#fire(before, chunk, watermark, emission);
        nextEnd = this.#ends.first;
        pane = null;
      }
      if (pane === null || !(at >= paneStart && at < paneStart + width)) {
        this.#add(pane, slots, run, row);
        run = row;
        const end = this.#windows === null ? at : floorTo(at, width, this.#windows.offset) + width;
        const first = this.#windows === null ? end : this.#windows.firstEnd(end);
        if (isLate(first, before)) {
          pane = null;
          const kept = this.#refuse(rows, row, end, first, before, report);
          if (kept !== null) {
            slots[row] = kept.slotOf(ids[row]!);
            this.#add(kept, slots, row, row + 1);
            nextEnd = this.#ends.first;
          }
          run = row + 1;
          continue;
        }
        pane = this.#paneAt(end, first);
        paneStart = this.#windows === null ? at : end - width;
        nextEnd = this.#ends.first;
      }
      slots[row] = pane.slotOf(ids[row]!);
    }
    this.#add(pane, slots, run, length);
  }

  /** Rows that come and go, one by one: what is taken back leaves the window that it was in. The keys are in `ids`. */
  #takeChanges(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report, emission: WindowEmission): void {
    const time = (rows.batch.columns[this.#spec.time] as Column & { values: Float64Array }).values;
    for (let row = 0; row < rows.batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      if (this.#due(before)) this.#fire(before, chunk, watermark, emission);
      const end = this.#windows === null ? time[row]! : this.#windows.firstEnd(floorTo(time[row]!, this.#windows.pane, this.#windows.offset) + this.#windows.pane);
      if (isLate(end, before)) {
        this.#refuse(rows, row, end, end, before, report);
        continue;
      }
      const pane = this.#paneAt(end, end);
      const slot = pane.slotOf(this.#ids[row]!);
      const added = rows.kinds === undefined || isAdded(rows.kinds[row]!);
      if (!added && faults.retractionLeftOut) continue;
      for (const accumulator of this.#plan.accumulators) {
        if (added) accumulator.add(pane.cells, slot, row);
        else accumulator.retract(pane.cells, slot, row);
      }
    }
  }

  #due(watermark: number): boolean {
    return this.#ends.first < Infinity && watermark >= this.#ends.first - 1;
  }

  #add(pane: Pane | null, slots: Int32Array, from: number, to: number): void {
    if (pane === null || from === to) return;
    for (const loop of this.#loops) loop(pane.cells, slots, from, to);
  }

  /** Reports a row for each of its windows that has fired; the pane for those that have not, if there are any. */
  #refuse(rows: Rows, row: number, paneEnd: number, firstEnd: number, before: number, report: Report): Pane | null {
    const windows = this.#windows;
    const last = windows === null ? paneEnd : windows.lastEnd(paneEnd);
    const stride = windows === null ? 1 : windows.stride;
    let end = firstEnd;
    for (; end <= last && isLate(end, before); end += stride) {
      report.late({
        rows, row, watermark: before,
        windowStart: windows === null ? this.#attachedStart(rows, row) : windows.startOf(end),
        windowEnd: end, reason: 'the window has fired',
      });
    }
    if (end > last) return null;
    this.#sliding?.forget();
    // A cumulating window that has fired has handed its panes on: the row joins the next one.
    return this.#paneAt(this.#cumulates ? end : paneEnd, end);
  }

  #attachedStart(rows: Rows, row: number): number {
    return (rows.batch.columns[this.#spec.attached!.start] as Column & { values: Float64Array }).values[row]!;
  }

  /** The pane that ends at `end`; `firstEnd` is the first window of it that has not fired. */
  #paneAt(end: number, firstEnd: number): Pane {
    let pane = this.#panes.get(end);
    if (pane === undefined) {
      pane = this.#newPane(end);
      this.#panes.set(end, pane);
      this.#ends.add(firstEnd);
    } else if (!pane.isCold) return pane;
    this.#warm.push(pane);
    if (this.#warm.length > WARM_PANES) this.#warm.shift()!.cool();
    return pane;
  }

  #newPane(end: number): Pane {
    // Many panes at once may have few keys each.
    const keys = this.#panes.size < WARM_PANES ? this.#usualKeys : 2;
    return new Pane(end, this.#plan.realWidth, this.#plan.objectWidth, keys);
  }

  /** Fires every window due by `limit`, in order of their ends. */
  #fire(limit: number, chunk: Chunk, watermark: WatermarkPath, emission: WindowEmission): void {
    while (this.#due(limit)) {
      const end = this.#ends.take();
      const released = releaseOf(watermark, chunk, end - 1);
      const start = this.#windows === null ? end : this.#windows.startOf(end);
      const pane = this.#contents(start, end);
      const count = this.#count;
      // As in Flink, a group that all rows have left gives no result.
      const hasRows = count === null ? null : (slot: number): boolean => count.count(pane.cells, slot) > 0;
      emission.window(pane, this.#keys, this.#windows === null ? null : start, end, released, hasRows);
      this.#usualKeys = Math.min(KEYS_USUAL_MAX, Math.max(2, pane.ids.length));
      this.#drop(pane, start, end);
    }
  }

  /** The groups of window [start, end): its one pane, or its panes merged. */
  #contents(start: number, end: number): Pane {
    return this.#sliding === null ? this.#panes.get(end)! : this.#sliding.contents(this.#panes, start, end);
  }

  #merge(into: Pane, from: Pane): void {
    from.ids.forEach((id, fromSlot) => {
      const slot = into.slotOf(id);
      for (const accumulator of this.#plan.accumulators) accumulator.merge(into.cells, slot, from.cells, fromSlot);
    });
  }

  /** Lets go of what no window to come needs, and sees to it that what stays is met again by the next window. */
  #drop(pane: Pane, start: number, end: number): void {
    const windows = this.#windows;
    if (windows === null || this.#spec.window!.kind === 'tumble') this.#forget(end);
    else if (this.#cumulates) this.#handOn(pane, end, windows);
    else {
      let stays = false;
      for (let at = start + windows.pane; at <= end; at += windows.pane) {
        if (at <= start + windows.stride) this.#forget(at);
        else stays ||= this.#panes.has(at);
      }
      if (stays) this.#ends.add(end + windows.stride);
    }
  }

  #forget(end: number): void {
    const pane = this.#panes.get(end);
    if (pane === undefined) return;
    this.#panes.delete(end);
    const at = this.#warm.indexOf(pane);
    if (at >= 0) this.#warm.splice(at, 1);
  }

  /** The groups of a cumulating window go over into the next one. */
  #handOn(pane: Pane, end: number, windows: Windows): void {
    if (end >= windows.lastEnd(end)) {
      this.#forget(end);
      return;
    }
    this.#panes.delete(end);
    const next = end + windows.stride;
    const following = this.#panes.get(next);
    // Earlier rows first, so that ties in event time keep the order of arrival.
    if (following !== undefined) this.#merge(pane, following);
    this.#forget(next);
    pane.end = next;
    this.#panes.set(next, pane);
    this.#ends.add(next);
  }

  /** Forgets keys that no pane holds once they outnumber the others, so that memory follows the open windows. */
  #compact(): void {
    if (this.#keys.size < this.#compactAt) return;
    const live = new Set<number>();
    for (const pane of this.#panes.values()) for (const id of pane.ids) live.add(id);
    this.#compactAt = Math.max(KEYS_MIN, this.#keys.size * 2);
    if (live.size * 4 > this.#keys.size) return;
    this.#compactAt = Math.max(KEYS_MIN, live.size * 4);
    const renumbered = new Map([...live].map((id, index) => [id, index]));
    this.#keys = this.#keys.keeping([...live]);
    for (const pane of this.#panes.values()) pane.renumber(pane.ids.map((id) => renumbered.get(id)!));
    this.#sliding?.forget();
  }

  snapshot(writer: ByteWriter): void {
    this.#keys.snapshot(writer);
    const ends = faults.openWindowsNotSaved ? [] : this.#ends.ascending();
    const panes = faults.openWindowsNotSaved ? [] : [...this.#panes.values()].sort((a, b) => a.end - b.end);
    writer.varint(ends.length);
    for (const end of ends) writer.f64(end);
    writer.varint(panes.length);
    for (const pane of panes) {
      writer.f64(pane.end);
      writer.varint(pane.ids.length);
      for (const id of pane.ids) writer.varint(id);
      pane.cells.snapshot(writer);
      pane.ids.forEach((_, slot) => {
        for (const accumulator of this.#plan.accumulators) accumulator.save(writer, pane.cells, slot);
      });
    }
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#keyColumns.length);
    this.#keys.restore(reader);
    this.#ends = new WindowEnds();
    for (let left = reader.varint(); left > 0; left -= 1) this.#ends.add(reader.f64());
    this.#panes = new Map();
    this.#warm = [];
    this.#sliding?.forget();
    for (let left = reader.varint(); left > 0; left -= 1) {
      const pane = new Pane(reader.f64(), this.#plan.realWidth, this.#plan.objectWidth);
      pane.renumber(Array.from({ length: reader.varint() }, () => reader.varint()));
      pane.cells.restore(reader);
      pane.ids.forEach((_, slot) => {
        for (const accumulator of this.#plan.accumulators) accumulator.load(reader, pane.cells, slot);
      });
      pane.cool();
      this.#panes.set(pane.end, pane);
      if (faults.firesAgainAfterRestore) this.#registerAll(pane.end);
    }
  }

  /** The planted bug `firesAgainAfterRestore`. */
  #registerAll(paneEnd: number): void {
    if (this.#windows === null) return;
    for (let end = this.#windows.firstEnd(paneEnd); end <= this.#windows.lastEnd(paneEnd); end += this.#windows.stride) this.#ends.add(end);
  }
}
