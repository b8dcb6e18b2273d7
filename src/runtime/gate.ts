/**
 * What stands between freshly read rows and a lane: the span of `--from` and `--to`, and `--max-ahead`. One gate per
 * lane and input, so that one row of look-ahead is all it keeps.
 */
import type { Batch } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { greatestOf } from '../core/event-time.js';
import { positionOf, type ScanBatch } from '../engine/scan-batch.js';

export interface GateOptions {
  /** Rows with event times in [from, to) pass; null: no bound. */
  readonly from: number | null;
  readonly to: number | null;
  /** Milliseconds that a row may be ahead of those before it; null: any. */
  readonly maxAhead: number | null;
  /** What the first row is measured against; null: it is accepted. */
  readonly start: number | null;
}

export interface Rejected {
  readonly position: number;
  /** The row itself: row `row` of `batch`. */
  readonly batch: Batch;
  readonly row: number;
  readonly eventTime: number;
  readonly error: string;
}

/** Rows that moved the event time by more than an hour: the first of them, and how many. */
export interface Jumps {
  readonly first: { readonly position: number; readonly from: number; readonly to: number } | null;
  readonly count: number;
}

/** What of a gate a checkpoint keeps, beside what the lane has delivered. */
export interface GateState {
  /** Position of the next row if it bears out the one delivered last: it is used, however far ahead. Else null. */
  readonly bearing: number | null;
  /** Among the rows delivered. */
  readonly jumps: Jumps;
}

const JUMP = 3_600_000;

export class Gate {
  /** With a span asked for: least and greatest event time of all rows, whether they pass or not. */
  readonly seen = { from: Infinity, to: -Infinity };
  #greatest: number;
  #held: ScanBatch | null = null;
  /** Row used without being asked, when the run is taken up between the two of a gap. */
  readonly #bearing: number | null;
  /** Rows borne out and those that did it, and jumps, since the last checkpoint. */
  #borne: { readonly row: number; readonly by: number }[] = [];
  #jumped: number[] = [];
  #jumps: Jumps;

  /** When a run is taken up again: `greatest`, the event time delivered already (else -Infinity), and the state then. */
  constructor(readonly options: GateOptions, greatest: number, state: GateState | null = null) {
    this.#greatest = greatest;
    this.#bearing = state?.bearing ?? null;
    this.#jumps = state?.jumps ?? { first: null, count: 0 };
  }

  /** Of all rows that passed. */
  get jumps(): Jumps {
    return { first: this.#jumps.first, count: this.#jumps.count + this.#jumped.length };
  }

  /** At a checkpoint by which the rows before `position` have been delivered. */
  state(position: number): GateState {
    this.#borne = this.#borne.filter(({ by }) => by >= position);
    const count = this.#jumps.count + this.#jumped.filter((at) => at < position).length;
    const first = this.#jumps.first !== null && this.#jumps.first.position < position ? this.#jumps.first : null;
    this.#jumps = { first: this.#jumps.first, count };
    this.#jumped = this.#jumped.filter((at) => at >= position);
    // Stopped once more before that row was delivered.
    const still = this.#bearing !== null && this.#bearing >= position ? this.#bearing : null;
    return { bearing: this.#borne.find(({ row }) => row < position)?.by ?? still, jumps: { first, count } };
  }

  /** The rows that pass now, in order; a row too far ahead is kept back until the next one is seen. */
  pass(batch: ScanBatch): { batches: ScanBatch[]; rejected: Rejected[] } {
    const { from, to, maxAhead } = this.options;
    const spanned = from === null && to === null ? batch : this.#within(batch, from ?? -Infinity, to ?? Infinity);
    if (maxAhead === null) {
      this.#watch(spanned);
      return { batches: spanned.batch.length === 0 ? [] : [spanned], rejected: [] };
    }
    return this.#judge(spanned, maxAhead);
  }

  /** Position of the row that is kept back; Infinity: none is. */
  get held(): number {
    return this.#held === null ? Infinity : positionOf(this.#held, 0);
  }

  /** At the end of the input: a row still held back has no next row that bears it out. */
  finish(): Rejected[] {
    const rejected = this.#held === null ? [] : [this.#refusal(this.#held, 0)];
    this.#held = null;
    return rejected;
  }

  #within(batch: ScanBatch, from: number, to: number): ScanBatch {
    const rows: number[] = [];
    for (let row = 0; row < batch.batch.length; row += 1) {
      const time = batch.time[row]!;
      if (time < this.seen.from) this.seen.from = time;
      if (time > this.seen.to) this.seen.to = time;
      if (time >= from && time < to) rows.push(row);
    }
    return rows.length === batch.batch.length ? batch : select(batch, rows);
  }

  #judge(batch: ScanBatch, maxAhead: number): { batches: ScanBatch[]; rejected: Rejected[] } {
    const batches: ScanBatch[] = [];
    const rejected: Rejected[] = [];
    const kept: number[] = [];
    let pending = -1;
    for (let row = 0; row < batch.batch.length; row += 1) {
      const ahead = this.#isAhead(batch.time[row]!, maxAhead) && positionOf(batch, row) !== this.#bearing;
      if (this.#held !== null) {
        if (ahead) {
          batches.push(this.#held);
          this.#note(this.#held, 0);
          this.#borne.push({ row: positionOf(this.#held, 0), by: positionOf(batch, row) });
        } else rejected.push(this.#refusal(this.#held, 0));
        this.#held = null;
        kept.push(row);
        this.#note(batch, row);
      } else if (pending >= 0) {
        if (ahead) {
          kept.push(pending);
          this.#note(batch, pending);
          this.#borne.push({ row: positionOf(batch, pending), by: positionOf(batch, row) });
        } else rejected.push(this.#refusal(batch, pending));
        pending = -1;
        kept.push(row);
        this.#note(batch, row);
      } else if (ahead) pending = row;
      else {
        kept.push(row);
        this.#note(batch, row);
      }
    }
    if (pending >= 0) this.#held = select(batch, [pending]);
    if (kept.length === batch.batch.length) batches.push(batch);
    else if (kept.length > 0) batches.push(select(batch, kept));
    return { batches: batches.filter(({ batch: { length } }) => length > 0), rejected };
  }

  #isAhead(time: number, maxAhead: number): boolean {
    const base = this.#greatest > -Infinity ? this.#greatest : (this.options.start ?? -Infinity);
    return base > -Infinity && time > base + maxAhead;
  }

  #refusal(batch: ScanBatch, row: number): Rejected {
    const ahead = Math.round((batch.time[row]! - Math.max(this.#greatest, this.options.start ?? -Infinity)) / 1000);
    return { position: positionOf(batch, row), batch: batch.batch, row, eventTime: batch.time[row]!, error: `the event time is ${ahead} s ahead of the rows before it, and the next row is not (--max-ahead)` };
  }

  #note(batch: ScanBatch, row: number): void {
    const time = batch.time[row]!;
    if (time <= this.#greatest) return;
    if (this.#greatest > -Infinity && time > this.#greatest + JUMP) this.#jump(positionOf(batch, row), this.#greatest, time);
    this.#greatest = time;
  }

  #jump(position: number, from: number, to: number): void {
    if (this.#jumps.first === null) this.#jumps = { ...this.#jumps, first: { position, from, to } };
    this.#jumped.push(position);
  }

  /** As `#note` for each row, quickly: where even the greatest is no jump, no row is one. */
  #watch(batch: ScanBatch): void {
    const most = Math.max(batch.greatest, this.#greatest);
    if (this.#greatest > -Infinity && most <= this.#greatest + JUMP) this.#greatest = most;
    else for (let row = 0; row < batch.batch.length; row += 1) this.#note(batch, row);
  }
}

export function select(batch: ScanBatch, rows: readonly number[]): ScanBatch {
  const time = Float64Array.from(rows, (row) => batch.time[row]!);
  return {
    ...batch,
    batch: { length: rows.length, columns: batch.batch.columns.map((column) => gather(column, rows, rows.length)) },
    time, greatest: greatestOf(time, 0, time.length, -Infinity), peaks: undefined, marks: batch.marks === null ? null : Float64Array.from(rows, (row) => batch.marks![row]!),
    marksBefore: batch.marksBefore.flatMap(({ row, mark }) => {
      const kept = rows.findIndex((other) => other >= row);
      return kept < 0 ? [] : [{ row: kept, mark }];
    }),
    positions: Float64Array.from(rows, (row) => positionOf(batch, row)),
  };
}

/** Rows from `row` on. */
export function dropBefore(batch: ScanBatch, row: number): ScanBatch {
  return row === 0 ? batch : select(batch, Array.from({ length: batch.batch.length - row }, (_, index) => row + index));
}
