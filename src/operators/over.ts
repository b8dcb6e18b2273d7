/**
 * OVER aggregates: rows wait for the watermark, leave in order of event time, and each carries the aggregates of its
 * frame. Lateness follows Flink: a bounded frame refuses a row at or before the greatest time its key has processed,
 * an unbounded one a row at or before the watermark.
 */
import { printable, type Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import type { PageLimits } from '../core/keyed-pages.js';
import { storageOf, type Schema } from '../core/types.js';
import type { AggregateCall, Frame } from '../plan/plan.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { Cells } from './cells.js';
import { SlidingAccumulator } from './extremes.js';
import type { FrameRows } from './frame-page.js';
import { FramePages } from './frame-pages.js';
import { FramePool, blockOf, endsBlock } from './frame-pool.js';
import { grown, grownTimes } from './grown.js';
import { KeyTable } from './key-table.js';
import { EMIT, REPEAT, tapeLoop, type TapeLoop } from './loops.js';
import { noRows, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { WaitingRows, type ReleasedRows } from './waiting-rows.js';

const noTimes = new Float64Array(0);

export interface OverSpec {
  readonly name: string;
  readonly input: Schema;
  readonly time: number;
  readonly partition: readonly number[];
  readonly frame: Frame;
  readonly aggregates: readonly AggregateCall[];
}

export class Over implements Operator {
  readonly name: string;
  readonly #spec: OverSpec;
  readonly #plan: AggregatePlan;
  readonly #loops: TapeLoop[];
  readonly #bounded: boolean;
  readonly #poolInputs: readonly number[];
  #builders: ColumnBuilder[] = [];
  /** By aggregate, the rows of the current flush for which it could not be computed, ascending. */
  #failures: { row: number; error: string }[][] = [];
  #keys: KeyTable;
  #waiting: WaitingRows;
  #cells: Cells;
  #pool: FramePool;
  /** Per key: the greatest time processed, and the frame's oldest pool row and row count. */
  #processed: Float64Array = new Float64Array(0);
  #head: Int32Array = new Int32Array(0);
  #count: Int32Array = new Int32Array(0);
  #pages = new FramePages();
  #tapeSlots: Int32Array = new Int32Array(1024);
  #tapeCodes: Int32Array = new Int32Array(1024);
  #tapeLength = 0;
  #ids = new Int32Array(0);
  /** Blocks of the pool that rows have left in the current flush. */
  #left: Int32Array = new Int32Array(1024);
  #leftCount = 0;

  constructor(spec: OverSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#bounded = spec.frame.preceding !== null;
    this.#plan = planAggregates(spec.aggregates, spec.input, this.#bounded ? 'oldest-first' : 'never');
    const used = new Set<number>();
    for (const { argument, filter, defaultColumn, more } of this.#plan.inputs) {
      for (const column of [argument, filter, defaultColumn, ...more]) if (column !== null) used.add(column);
    }
    this.#poolInputs = [...used].sort((a, b) => a - b);
    this.#loops = this.#plan.accumulators.map((accumulator, index) => {
      const results = this.#plan.results.map((result, call) => ({ result, call })).filter(({ result }) => result.accumulator === index);
      return tapeLoop(accumulator, (cells, slot) => {
        for (const { result, call } of results) {
          const error = result.write(cells, slot, this.#builders[call]!);
          if (error !== null) this.#fail(call, error);
        }
      }, () => {
        for (const { call } of results) this.#repeat(call);
      });
    });
    this.#keys = new KeyTable(spec.partition.length);
    this.#waiting = new WaitingRows(spec.input);
    this.#cells = new Cells(this.#plan.realWidth, this.#plan.objectWidth);
    this.#pool = this.#newPool();
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new FramePages(limits);
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, report);
    const out = this.#flush(chunk, watermark, report);
    this.#waiting.own();
    return out;
  }

  #take(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const { batch } = rows;
    if (this.#ids.length < batch.length) this.#ids = new Int32Array(batch.length);
    const ids = this.#ids;
    this.#keys.fill(this.#spec.partition.map((column) => batch.columns[column]!), batch.length, ids);
    this.#grow(this.#keys.size);
    const time = (batch.columns[this.#spec.time] as Column & { values: Float64Array }).values;
    let accepted = 0;
    for (let row = 0; row < batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, rows.released[row]!);
      if (time[row]! > before) continue;
      // Behind: what is late depends on what the key has processed so far.
      this.#waiting.append(batch, accepted, row, time, ids, null);
      accepted = row + 1;
      const late = !this.#bounded || this.#hasProcessed(ids[row]!, time[row]!, before);
      if (!late) this.#waiting.append(batch, row, row + 1, time, ids, before + 0.5);
      else {
        report.late({
          rows, row, watermark: before, windowStart: null, windowEnd: null,
          reason: this.#bounded ? 'the key has processed this time or a later one' : 'the watermark has passed this time',
        });
      }
    }
    this.#waiting.append(batch, accepted, batch.length, time, ids, null);
  }

  /** Whether at `watermark` the key has processed `time` or a later one. */
  #hasProcessed(id: number, time: number, watermark: number): boolean {
    const processed = this.#processed;
    if (time > processed[id]!) this.#waiting.settle(watermark, processed);
    return time <= processed[id]!;
  }

  /** Processes the rows that the chunk's watermark lets go. */
  #flush(chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    const rows = this.#waiting.release(watermark.after[chunk.to - 1]!, this.#keys);
    if (rows === null) return noRows;
    this.#builders = this.#spec.aggregates.map((call) => new ColumnBuilder(storageOf(call.type), rows.length));
    this.#failures = this.#spec.aggregates.map(() => []);
    this.#tapeLength = 0;
    this.#leftCount = 0;
    if (this.#bounded) this.#slide(rows);
    else this.#accumulate(rows);
    for (const loop of this.#loops) loop(this.#cells, this.#tapeSlots, this.#tapeCodes, this.#tapeLength);
    this.#pool.release(this.#left, this.#leftCount);
    const released = releasesOf(rows.due, watermark.after, chunk.from, rows.length);
    const columns = [...rows.columns, ...this.#builders.map((builder) => builder.finish())];
    return this.#withoutFailures({ batch: { length: rows.length, columns }, released, time: rows.time }, report);
  }

  /** Unbounded frames: rows only come. The tape refers to the released rows themselves. */
  #accumulate(rows: ReleasedRows): void {
    bindAggregates(this.#plan, rows.columns, rows.time);
    const peers = this.#spec.frame.kind === 'range' && !faults.peersLeftOut;
    for (let row = 0; row < rows.length; ) {
      const end = peers ? this.#peersEnd(rows, row) : row + 1;
      const id = rows.ids[row]!;
      for (let peer = row; peer < end; peer += 1) this.#record(id, peer);
      for (let peer = row; peer < end; peer += 1) this.#record(id, peer === row ? EMIT : REPEAT);
      this.#processed[id] = rows.time[row]!;
      row = end;
    }
  }

  /** Bounded frames: rows come into the pool and leave it. The slots they leave are used again after the tape. */
  #slide(rows: ReleasedRows): void {
    const { frame } = this.#spec;
    const isRange = frame.kind === 'range';
    const withPeers = isRange && !faults.peersLeftOut;
    const keepsAll = faults.neverRetract;
    const preceding = frame.preceding!;
    const pool = this.#pool;
    const { ids, time: times, length } = rows;
    const slots = pool.add(this.#poolInputs.map((column) => rows.columns[column]!), times, ids, length);
    const { time: poolTime, timeBase } = pool;
    const head = this.#head;
    const count = this.#count;
    const processed = this.#processed;
    const { fresh, freshHead } = this.#pages;
    for (let row = 0; row < length; ) {
      const id = ids[row]!;
      const time = times[row]!;
      const end = withPeers ? this.#peersEnd(rows, row) : row + 1;
      this.#reserve(3 * (end - row) + count[id]!);
      const tapeSlots = this.#tapeSlots;
      const tapeCodes = this.#tapeCodes;
      const left = this.#left;
      let tape = this.#tapeLength;
      let held = count[id]!;
      for (let peer = row; peer < end; peer += 1) {
        const at = slots[peer]!;
        if (held === 0) head[id] = at;
        held += 1;
        tapeSlots[tape] = id;
        tapeCodes[tape++] = at;
      }
      let oldest = head[id]!;
      while (isRange ? poolTime[oldest]! < time - timeBase - preceding : held > preceding + 1) {
        if (!keepsAll) {
          tapeSlots[tape] = id;
          tapeCodes[tape++] = ~oldest;
        }
        if (endsBlock(oldest)) {
          left[this.#leftCount++] = blockOf(oldest);
          oldest = pool.after(oldest);
        } else oldest += 1;
        held -= 1;
      }
      head[id] = oldest;
      count[id] = held;
      const since = fresh[id]! + end - row;
      if (since >= held) freshHead[id] = oldest;
      else if (since === end - row) freshHead[id] = slots[row]!;
      fresh[id] = since < held ? since : held;
      for (let peer = row; peer < end; peer += 1) {
        tapeSlots[tape] = id;
        tapeCodes[tape++] = peer === row ? EMIT : REPEAT;
      }
      this.#tapeLength = tape;
      processed[id] = time;
      row = end;
    }
    this.#bindPool();
  }

  /** Room on the tape, and among the slots left, for so many more. */
  #reserve(more: number): void {
    this.#tapeSlots = grown(this.#tapeSlots, this.#tapeLength + more, 0);
    this.#tapeCodes = grown(this.#tapeCodes, this.#tapeLength + more, 0);
    this.#left = grown(this.#left, this.#leftCount + more, 0);
  }

  #peersEnd(rows: ReleasedRows, row: number): number {
    let end = row + 1;
    const last = rows.time[row]! + (faults.looksAhead ? 1000 : 0);
    while (end < rows.length && rows.time[end]! <= last && rows.ids[end] === rows.ids[row]) end += 1;
    return end;
  }

  #record(slot: number, code: number): void {
    this.#reserve(1);
    this.#tapeSlots[this.#tapeLength] = slot;
    this.#tapeCodes[this.#tapeLength] = code;
    this.#tapeLength += 1;
  }

  #fail(call: number, error: string): void {
    const builder = this.#builders[call]!;
    this.#failures[call]!.push({ row: builder.length, error });
    builder.appendNull();
  }

  #repeat(call: number): void {
    const builder = this.#builders[call]!;
    const before = builder.length - 1;
    const failed = this.#failures[call]!.at(-1);
    if (failed !== undefined && failed.row === before) this.#fail(call, failed.error);
    else builder.repeat(before);
  }

  #withoutFailures(rows: Rows, report: Report): Rows {
    if (this.#failures.every((failures) => failures.length === 0)) return rows;
    const { batch: { columns, length }, released, time } = rows;
    const failed = new Map<number, { error: string; call: number }>();
    this.#failures.forEach((failures, call) => {
      for (const { row, error } of failures) if (!failed.has(row)) failed.set(row, { error, call });
    });
    const kept: number[] = [];
    for (let row = 0; row < length; row += 1) {
      const failure = failed.get(row);
      if (failure === undefined) {
        kept.push(row);
        continue;
      }
      const keys = this.#spec.partition.map((column) => [this.#spec.input[column]!.name, printable(columns[column]!, row)]);
      report.failed({
        released: released[row]!, time: time[row]!, place: this.#spec.aggregates[failure.call]!.place, error: failure.error,
        row: JSON.stringify({ ...Object.fromEntries(keys), event_time: time[row] }),
      });
    }
    return {
      batch: { length: kept.length, columns: columns.map((column) => gather(column, kept, kept.length)) },
      released: Int32Array.from(kept, (row) => released[row]!),
      time: Float64Array.from(kept, (row) => time[row]!),
    };
  }

  #newPool(): FramePool {
    return new FramePool(this.#poolInputs.map((column) => storageOf(this.#spec.input[column]!.type)));
  }

  #bindPool(): void {
    const views = this.#pool.views();
    const columns: Column[] = [];
    this.#poolInputs.forEach((input, index) => { columns[input] = views[index]!; });
    // Only aggregates of frames that rows never leave ask for times.
    bindAggregates(this.#plan, columns, noTimes);
  }

  #grow(size: number): void {
    while (this.#cells.size < size) this.#cells.allocate();
    if (size <= this.#processed.length) return;
    this.#processed = grownTimes(this.#processed, size, -Infinity);
    const capacity = this.#processed.length;
    this.#head = grown(this.#head, capacity, 0);
    this.#count = grown(this.#count, capacity, 0);
    this.#pages.grow(capacity);
  }

  snapshot(writer: ByteWriter): Uint8Array[] {
    this.#keys.snapshot(writer);
    this.#waiting.snapshot(writer);
    const size = this.#keys.size;
    this.#grow(size);
    writer.float64Array(this.#processed.subarray(0, size));
    this.#cells.snapshot(writer);
    for (let slot = 0; slot < size; slot += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.save(writer, this.#cells, slot);
    }
    if (!this.#bounded) return [];
    const count = this.#count.subarray(0, size);
    writer.int32Array(count);
    return this.#pages.snapshot(count, this.#pool);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#keys = new KeyTable(this.#spec.partition.length);
    this.#keys.restore(reader);
    this.#waiting.restore(reader);
    const size = this.#keys.size;
    this.#processed = new Float64Array(0);
    this.#cells = new Cells(this.#plan.realWidth, this.#plan.objectWidth);
    this.#head = new Int32Array(0);
    this.#count = new Int32Array(0);
    this.#grow(size);
    this.#processed.set(reader.float64Array());
    this.#cells.restore(reader);
    for (let slot = 0; slot < size; slot += 1) {
      for (const accumulator of this.#plan.accumulators) accumulator.load(reader, this.#cells, slot);
    }
    if (this.#bounded) this.#restoreFrames(reader.int32Array(), pages);
  }

  /** `count`: by key, the rows of its frame. */
  #restoreFrames(count: Int32Array, pages: readonly Uint8Array[]): void {
    this.#pool = this.#newPool();
    const sliding = this.#plan.accumulators.filter((accumulator) => accumulator instanceof SlidingAccumulator);
    for (const rows of this.#pages.restore(pages, count)) this.#restoreRows(rows, sliding);
  }

  #restoreRows({ ids, time, columns, length }: FrameRows, sliding: readonly SlidingAccumulator[]): void {
    const slots = this.#pool.add(columns, time, ids, length);
    for (let row = 0; row < length; row += 1) {
      const id = ids[row]!;
      if (this.#count[id] === 0) this.#head[id] = slots[row]!;
      this.#count[id]! += 1;
    }
    // Extremes and edges refer to pool rows, which are new: they are built again from the frames.
    this.#bindPool();
    for (const accumulator of sliding) for (let row = 0; row < length; row += 1) accumulator.add(this.#cells, ids[row]!, slots[row]!);
  }
}

/** The first chunk row after which the watermark has reached what each row waited for; both ascend. */
function releasesOf(due: Float64Array, after: Float64Array, from: number, length: number): Int32Array {
  const released = new Int32Array(length);
  let at = from;
  for (let row = 0; row < length; row += 1) {
    const needed = due[row]!;
    while (after[at]! < needed) at += 1;
    released[row] = at;
  }
  return released;
}
