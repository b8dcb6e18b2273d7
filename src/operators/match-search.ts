/** The search in the rows of one key: which matches each row begins, goes on with and ends. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { MatchSkip } from '../plan/match.js';
import type { State, Transition } from './match-automaton.js';
import { MatchRows } from './match-rows.js';
import { Run, RunQueue } from './match-runs.js';
import type { Ways } from './match-ways.js';
import type { Schema } from '../core/types.js';

/** What the searches of all keys share. */
export interface Searcher {
  readonly states: readonly State[];
  /** By state. */
  readonly ways: readonly Ways[];
  /** Stands for the match that begins with the next row. */
  readonly waiting: Run;
  readonly skip: MatchSkip;
  readonly within: number | null;
  /** How many rows before a match its expressions look at. */
  readonly back: number;
  /** Columns of the rows that are kept. */
  readonly schema: Schema;
  /** The row at index `at` is on trial for the run: told before conditions are asked. */
  onTrial(search: MatchSearch, run: Run, at: number): void;
  /** Takes a whole match, certain at `time`. */
  matched(search: MatchSearch, run: Run, time: number): void;
  /** A match whose AFTER MATCH SKIP has nowhere to go: why not. */
  stuck(search: MatchSearch, time: number, error: string): void;
  ended(run: Run): void;
}

/** Numbers of the ways chosen last; every search uses it. */
const chosen: number[] = [];

export class MatchSearch {
  readonly rows: MatchRows;
  /** Matches in the making, and the one that waits for its first row. */
  #runs = new RunQueue();
  /** The same after the row on trial; the two change places. */
  #next = new RunQueue();
  /** Whole matches that wait for one that began earlier. */
  readonly whole = new RunQueue();
  readonly #found = new RunQueue();

  constructor(readonly searcher: Searcher, readonly id: number, rows = new MatchRows(searcher.schema)) {
    this.rows = rows;
    this.#runs.add(searcher.waiting);
  }

  /** Whether a match is in the making, or waits. */
  get isLive(): boolean {
    return this.#runs.length > 1 || this.whole.length > 0;
  }

  /** The least number of a row that is still looked at. */
  get needed(): number {
    const first = Math.min(this.#runs.earliest!.start, this.whole.earliest?.start ?? Infinity, this.rows.next);
    return Math.max(0, first - this.searcher.back);
  }

  /** The row at index `at` of the rows; what began too long ago has been ended by `advance`. */
  step(at: number, time: number): void {
    const before = this.#runs;
    this.#next.clear();
    for (let k = 0; k < before.length; k += 1) this.#try(before.items[k]!, at, time);
    this.#runs = this.#next;
    this.#next = before;
    if (this.#found.length === 0 && this.whole.length === 0) return;
    for (let k = 0; k < this.#found.length; k += 1) this.whole.add(this.#found.items[k]!);
    this.#found.clear();
    this.#settle(time);
  }

  /** Event time is `time`: ends what would take too long, and lets go the matches that waited for it. */
  advance(time: number): void {
    const { within } = this.searcher;
    if (within === null) return;
    const { waiting } = this.searcher;
    while (this.#runs.earliest !== waiting && this.#runs.earliest!.startTime + within <= time) {
      // Where matches wait, each time-out has its own moment; else the last one's will do.
      const moment = this.whole.length === 0 ? time : this.#runs.earliest!.startTime + within;
      const before = this.#runs;
      const kept = this.#next;
      kept.clear();
      for (let k = 0; k < before.length; k += 1) {
        const run = before.items[k]!;
        if (run === waiting || run.startTime + within > moment) kept.add(run);
        else this.searcher.ended(run);
      }
      this.#runs = kept;
      this.#next = before;
      this.#settle(moment);
    }
  }

  /** Where the run goes with the row: nowhere, on, or several ways. */
  #try(run: Run, at: number, time: number): void {
    const { searcher, rows } = this;
    searcher.onTrial(this, run, at);
    const { takes, choose } = searcher.ways[run.state.id]!;
    const count = choose(rows.values, rows.nulls, at, rows.base, run.bounds, run.start, chosen);
    const number = rows.base + at;
    const isNew = run === searcher.waiting;
    if (isNew) {
      if (count > 0) this.#branch(run, takes, count, number, number, time);
      this.#next.add(run);
      return;
    }
    if (count === 0) {
      searcher.ended(run);
      return;
    }
    const { source, target } = takes[chosen[count - 1]!]!;
    if (count > 1 || target.mayEnd) {
      this.#branch(run, takes, count, number, run.start, run.startTime);
      searcher.ended(run);
      return;
    }
    // One way, and more rows to come: the run goes it itself.
    run.state = target;
    run.take(source.variable, number);
    this.#next.add(run);
  }

  /** Copies of the run go the `count` ways chosen. */
  #branch(run: Run, takes: readonly Transition[], count: number, number: number, start: number, startTime: number): void {
    for (let k = 0; k < count; k += 1) {
      const { source, target } = takes[chosen[k]!]!;
      const next = run.branch(target, start, startTime);
      next.take(source.variable, number);
      if (target.isFinal) this.#found.add(next);
      else {
        this.#next.add(next);
        if (target.mayEnd) this.#found.add(next.branch(target, start, startTime));
      }
    }
  }

  /** Lets whole matches go, as long as none in the making began before them. */
  #settle(time: number): void {
    const { searcher, whole } = this;
    for (let match = whole.earliest; match !== undefined && match.start <= this.#runs.earliest!.start; match = whole.earliest) {
      whole.poll();
      const next = this.#resume(match);
      const from = typeof next === 'number' ? next : match.start + 1;
      this.#runs.remove((run) => {
        if (run.start >= from) return false;
        searcher.ended(run);
        return true;
      });
      whole.remove((run) => run.start < from);
      if (typeof next === 'number') searcher.matched(this, match, time);
      else searcher.stuck(this, time, next);
    }
  }

  /** The number of the row at which the next match may begin; or why there is none. */
  #resume(match: Run): number | string {
    const { skip } = this.searcher;
    if (skip.kind === 'past-last-row') return match.end + 1;
    if (skip.kind === 'to-next-row') return match.start + 1;
    const row = skip.kind === 'to-first' ? match.first(skip.variable) : match.last(skip.variable);
    if (row < 0) return 'no row of the match is one of the variable to skip to';
    return row === match.start ? 'the row to skip to is the first of the match, which would be found for ever' : row;
  }

  /** Rows are numbered anew, from the first that is needed. */
  snapshot(writer: ByteWriter): void {
    const { needed } = this;
    this.rows.snapshot(writer, needed);
    for (const queue of [this.#runs, this.whole]) {
      writer.varint(queue.length);
      for (const run of queue.items.slice(0, queue.length)) writeRun(writer, run, needed, run === this.searcher.waiting);
    }
  }

  static restored(searcher: Searcher, id: number, reader: ByteReader): MatchSearch {
    const search = new MatchSearch(searcher, id, MatchRows.restored(searcher.schema, reader));
    for (const queue of [search.#runs, search.whole]) {
      queue.clear();
      for (let left = reader.varint(); left > 0; left -= 1) queue.add(readRun(reader, searcher));
    }
    return search;
  }
}

function writeRun(writer: ByteWriter, run: Run, base: number, isWaiting: boolean): void {
  writer.u8(isWaiting ? 0 : 1);
  if (isWaiting) return;
  writer.varint(run.state.id);
  writer.varint(run.start - base);
  writer.f64(run.startTime);
  for (const number of run.bounds) writer.varint(number < 0 ? 0 : number - base + 1);
}

function readRun(reader: ByteReader, { states, waiting }: Searcher): Run {
  if (reader.u8() === 0) return waiting;
  return new Run(states[reader.varint()]!, reader.varint(), reader.f64(), waiting.bounds.map(() => reader.varint() - 1));
}
