/**
 * Turns what the inputs of one lane delivered into steps: merges them in the order that the data decide, and cuts
 * where event time enters the next multiple of the step length, and where a step has so many rows, used or rejected,
 * that what they give would fill the memory: event time may stand still for millions of rows.
 */
import type { Engine, StepResult } from '../engine/engine.js';
import { positionOf, type ScanBatch, type SliceRows } from '../engine/scan-batch.js';
import { firstRowOf, slicesOf, type TransactedRows } from '../engine/transacted-rows.js';
import { peakRows } from '../core/event-time.js';
import { faults } from '../core/faults.js';
import { CaptureQueue } from './capture-queue.js';
import { RejectedRows, type Rejection } from './rejected-rows.js';

export interface FeedOptions {
  /** Milliseconds of event time. */
  readonly stepEvery: number;
  /** Steps of rows before this event time are withheld; null: none are. */
  readonly from: number | null;
  /** Rows rejected in the steps before. */
  readonly rejected?: number;
  /** Rows that end a step, 16,384 when not given; and rejected rows of an input that do, 4,096 when not given. */
  readonly rowsMost?: number;
  readonly rejectedMost?: number;
  /** Told of rows as they go into the engine. */
  readonly onRows?: (rows: SliceRows) => void;
  /** Inputs whose rows come in transactions, by database: `pushTransactions` brings them, in one order for all of them. */
  readonly captures?: readonly (readonly number[])[];
}

/** Why `drain` came back: an input has no rows left to merge, the pace, a stop that was asked for, or nothing is left. */
export type DrainEnd = { readonly kind: 'starved'; readonly input: number } | { readonly kind: 'paced'; readonly next: number } | { readonly kind: 'paused' } | { readonly kind: 'done' };

export class LaneFeed {
  /** Rows rejected in the steps so far. */
  rejected: number;
  readonly #engine: Engine;
  readonly #options: FeedOptions;
  readonly #onStep: (result: StepResult) => void;
  /** By input: batches not yet delivered, the row the first one is at, and whether no more come. */
  readonly #queues: ScanBatch[][];
  readonly #rows: number[];
  readonly #ended: boolean[];
  /** Rows that could not be used; kept with the step that passes them. */
  readonly #rejected: RejectedRows;
  /** By input; null: its rows come one by one. */
  readonly #captures: readonly (CaptureQueue | null)[];
  readonly #rowsMost: number;
  /** Rows of the step so far. */
  #stepRows = 0;
  #greatest: number;
  #withheld: boolean;

  constructor(engine: Engine, options: FeedOptions, onStep: (result: StepResult) => void) {
    this.#engine = engine;
    this.#options = options;
    this.rejected = options.rejected ?? 0;
    this.#onStep = onStep;
    this.#queues = engine.pipeline.sources.map(() => []);
    this.#rows = engine.pipeline.sources.map(() => 0);
    this.#ended = engine.pipeline.sources.map(() => false);
    const captures = (options.captures ?? []).map((inputs) => new CaptureQueue(inputs));
    this.#captures = engine.pipeline.sources.map((_, input) => captures.find(({ inputs }) => inputs.includes(input)) ?? null);
    this.#greatest = engine.now;
    this.#withheld = options.from !== null && engine.now < options.from;
    this.#rowsMost = options.rowsMost ?? 16_384;
    this.#rejected = new RejectedRows(engine.pipeline.sources.length, options.rejectedMost ?? 4096);
  }

  push(batch: ScanBatch): void {
    if (batch.batch.length > 0) this.#queues[batch.input]!.push(batch);
  }

  /** Transactions of the database that `input` is of. */
  pushTransactions(input: number, rows: TransactedRows): void {
    this.#captures[input]!.push(rows);
  }

  reject(input: number, letter: Rejection): void {
    this.#rejected.add(input, letter);
  }

  /** The row at `position` may yet be pushed or rejected; Infinity: none is. */
  hold(input: number, position: number): void {
    this.#rejected.hold(input, position);
  }

  end(input: number): void {
    this.#ended[input] = true;
  }

  /** Greatest event time delivered. */
  get greatest(): number {
    return this.#greatest;
  }

  /**
   * Delivers rows as far as the merge allows. Rows after `paceLimit` (event time) wait; `pause` is asked at the end
   * of each step.
   */
  drain(paceLimit: number, pause: () => boolean): DrainEnd {
    for (;;) {
      if (this.#rejected.isFull && this.#closeFilled()) {
        if (pause()) return { kind: 'paused' };
        continue;
      }
      let best = -1;
      let bestKey = 0;
      let runner = -1;
      let runnerKey = Infinity;
      for (let input = 0; input < this.#queues.length; input += 1) {
        const capture = this.#captures[input]!;
        // The first table of a database stands for all of them.
        if (capture !== null && capture.inputs[0] !== input) continue;
        if (capture === null ? this.#queues[input]!.length === 0 : capture.isEmpty) {
          if (this.#ended[input]) continue;
          return { kind: 'starved', input };
        }
        const key = this.#keyOf(input);
        if (best < 0 || key < bestKey) {
          runner = best;
          runnerKey = best < 0 ? Infinity : bestKey;
          best = input;
          bestKey = key;
        } else if (key < runnerKey) {
          runner = input;
          runnerKey = key;
        }
      }
      if (best < 0) return { kind: 'done' };
      if (bestKey > paceLimit) return { kind: 'paced', next: bestKey };
      const limit = Math.min(runnerKey, paceLimit);
      const strict = runner >= 0 && runnerKey <= paceLimit && runner < best;
      const capture = this.#captures[best]!;
      if (capture === null ? this.#deliver(best, limit, strict, pause) : this.#deliverTransactions(capture, limit, strict, pause)) return { kind: 'paused' };
    }
  }

  /** The merge's measure of an input's next row: the greatest event time delivered by it, or the row's own. */
  #keyOf(input: number): number {
    const capture = this.#captures[input]!;
    if (capture !== null) return Math.max(capture.time, this.#deliveredOf(capture));
    const time = this.#queues[input]![0]!.time[this.#rows[input]!]!;
    const delivered = this.#engine.delivered(input, this.#queues[input]![0]!.partition);
    return time > delivered ? time : delivered;
  }

  #deliveredOf({ inputs }: CaptureQueue): number {
    return inputs.reduce((most, input) => Math.max(most, this.#engine.delivered(input, 0)), -Infinity);
  }

  /** As `#deliver`, transaction by transaction: none lies in two steps. */
  #deliverTransactions(capture: CaptureQueue, limit: number, strict: boolean, pause: () => boolean): boolean {
    const { rows } = capture, { times, ends } = rows;
    const first = capture.next;
    let start = first, startRow = firstRowOf(rows, first);
    let own = this.#deliveredOf(capture);
    let at = first;
    for (; at < ends.length; at += 1) {
      const time = times[at]!;
      if (time > own) own = time;
      // At least one goes: it was chosen as the least.
      if (at > first && (strict ? own >= limit : own > limit)) break;
      if (time > this.#greatest) {
        if (this.#isCut(time) && (this.#engine.midStep || at > start)) {
          this.#feedTransactions(capture, start, at);
          this.#close(this.#withheld);
          if (pause()) return true;
          start = at;
          startRow = firstRowOf(rows, at);
        }
        if (this.#withheld && time >= this.#options.from!) this.#withheld = false;
        this.#greatest = time;
      }
      if (faults.stopAtRow >= 0 && this.#engine.counts.rows + firstRowOf(rows, at) - startRow >= faults.stopAtRow) throw new StoppedByFault();
      if (this.#stepRows + ends[at]! - startRow < this.#rowsMost) continue;
      this.#feedTransactions(capture, start, at + 1);
      if (this.#closeFull() && pause()) return true;
      start = at + 1;
      startRow = ends[at]!;
    }
    this.#feedTransactions(capture, start, at);
    return false;
  }

  /** Whether a step ends before a row of this event time, later than all before. */
  #isCut(time: number): boolean {
    const { stepEvery, from } = this.#options;
    if (this.#withheld) return time >= from!;
    return this.#greatest > -Infinity && Math.floor(time / stepEvery) > Math.floor(this.#greatest / stepEvery);
  }

  #feedTransactions(capture: CaptureQueue, first: number, end: number): void {
    if (first === end) return;
    const { rows } = capture;
    this.#engine.feedTransactions(rows, first, end);
    const { onRows } = this.#options;
    if (onRows !== undefined) slicesOf(rows, first, end).forEach(onRows);
    this.#stepRows += rows.ends[end - 1]! - firstRowOf(rows, first);
    capture.pass(end);
  }

  /** Feeds rows of one input while they come before `limit` (or at it, unless `strict`). True: paused at a step's end. */
  #deliver(input: number, limit: number, strict: boolean, pause: () => boolean): boolean {
    if (limit === Infinity && !this.#withheld && this.#greatest > -Infinity && faults.stopAtRow < 0) return this.#deliverAll(input, pause);
    const batch = this.#queues[input]![0]!;
    const { time } = batch;
    const length = this.#reach(input, batch);
    const { stepEvery, from } = this.#options;
    let start = this.#rows[input]!;
    let greatest = this.#greatest;
    let own = this.#engine.delivered(input, batch.partition);
    let bucket = greatest === -Infinity ? NaN : Math.floor(greatest / stepEvery);
    const first = start;
    let row = start;
    for (; row < length; row += 1) {
      const at = time[row]!;
      if (at > own) own = at;
      // At least one row goes: it was chosen as the least.
      if (row > first && (strict ? own >= limit : own > limit)) break;
      if (at > greatest) {
        const next = Math.floor(at / stepEvery);
        const cut = this.#withheld ? at >= from! : next > bucket;
        if (cut && (this.#engine.midStep || row > start)) {
          this.#feed({ batch, from: start, to: row });
          start = row;
          this.#rows[input] = row;
          this.#greatest = greatest;
          this.#close(this.#withheld);
          if (pause()) return true;
        }
        if (this.#withheld && at >= from!) this.#withheld = false;
        bucket = next;
        greatest = at;
      }
      if (faults.stopAtRow >= 0 && this.#engine.counts.rows + row - start >= faults.stopAtRow) throw new StoppedByFault();
    }
    this.#feed({ batch, from: start, to: row });
    this.#greatest = greatest;
    this.#advance(input, batch, row);
    return this.#closeFull() && pause();
  }

  #feed(rows: SliceRows): void {
    this.#engine.feed(rows);
    if (rows.to > rows.from) this.#options.onRows?.(rows);
    this.#stepRows += rows.to - rows.from;
  }

  #advance(input: number, { batch: { length } }: ScanBatch, row: number): void {
    this.#rows[input] = row === length ? 0 : row;
    if (row === length) this.#queues[input]!.shift();
  }

  /** How far the rows of a batch can go into this step. */
  #reach(input: number, batch: ScanBatch): number {
    const most = Math.min(batch.batch.length, this.#rows[input]! + this.#rowsMost - this.#stepRows);
    const last = this.#rejected.isFull ? this.#rejected.fills(input) : Infinity;
    if (last === Infinity) return most;
    let end = this.#rows[input]!;
    while (end < most && positionOf(batch, end) < last) end += 1;
    return end;
  }

  /** Ends a step that has all the rows it can have. */
  #closeFull(): boolean {
    if (this.#stepRows < this.#rowsMost) return false;
    this.#close(this.#withheld);
    return true;
  }

  /** Ends a step where so many rows of an input were rejected as fill one, and no row before them is left. False: nowhere. */
  #closeFilled(): boolean {
    for (const [input, queue] of this.#queues.entries()) {
      // What is rejected of a transaction goes with its rows.
      if (this.#captures[input] !== null) continue;
      const last = this.#rejected.fills(input);
      // What comes next here is not known yet, and inputs take their turns in order.
      if (last === Infinity && queue.length === 0 && !this.#ended[input]) return false;
      if (last === Infinity || (queue.length > 0 && positionOf(queue[0]!, this.#rows[input]!) < last)) continue;
      const letters = this.#rejected.takeFill(input);
      this.rejected += letters.length;
      // They are not read again when the run is taken up after this step.
      this.#engine.skip(input, letters[0]!.partition, last + 1);
      this.#stepRows = 0;
      this.#onStep(this.#engine.close({ end: false, withheld: this.#withheld, rejected: letters }));
      return true;
    }
    return false;
  }

  /** As `#deliver` where nothing else holds rows back: one comparison a row, or for many where their peak is known. */
  #deliverAll(input: number, pause: () => boolean): boolean {
    const batch = this.#queues[input]![0]!;
    const { time, peaks } = batch;
    const length = this.#reach(input, batch);
    const { stepEvery } = this.#options;
    const endOf = (at: number): number => (Math.floor(at / stepEvery) + 1) * stepEvery;
    let start = this.#rows[input]!;
    let stepEnd = endOf(this.#greatest);
    let most = -Infinity;
    for (let row = start; ; row += 1) {
      while (row < length) {
        if (peaks !== undefined && row % peakRows === 0 && row + peakRows <= length && peaks[row / peakRows]! < stepEnd) {
          most = Math.max(most, peaks[row / peakRows]!);
          row += peakRows;
          continue;
        }
        const at = time[row]!;
        if (at >= stepEnd) break;
        if (at > most) most = at;
        row += 1;
      }
      if (row === length) break;
      if (this.#engine.midStep || row > start) {
        this.#feed({ batch, from: start, to: row, greatest: most });
        start = row;
        this.#rows[input] = row;
        this.#greatest = this.#engine.now;
        this.#close(false);
        if (pause()) return true;
      }
      most = time[row]!;
      stepEnd = endOf(most);
    }
    this.#feed({ batch, from: start, to: length, greatest: most });
    this.#greatest = this.#engine.now;
    this.#advance(input, batch, length);
    return this.#closeFull() && pause();
  }

  #close(withheld: boolean): void {
    this.#stepRows = 0;
    this.#onStep(this.#engine.close({ end: false, withheld, rejected: this.#takeRejected(false) }));
  }

  /** Closes the last step; with `end`, the end of history fires what is left. */
  finish(end: boolean): void {
    const rejected = this.#takeRejected(true);
    if (this.#engine.midStep && this.#withheld) this.#close(true);
    if (end || this.#engine.midStep || rejected.length > 0) this.#onStep(this.#engine.close({ end, rejected }));
  }

  /** Rejected rows at positions that the lane has passed. */
  #takeRejected(all: boolean): Rejection[] {
    const taken = this.#rejected.takeBefore((input, partition) => (all ? Infinity : this.#engine.position(input, partition)));
    this.rejected += taken.length;
    return taken;
  }
}

/** The fault switch of the recovery law: as if the process had died here. */
export class StoppedByFault extends Error {
  override readonly name = 'StoppedByFault';
}
