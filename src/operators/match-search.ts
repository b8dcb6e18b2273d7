/** The search in the rows of one key: which matches each row begins, goes on with and ends. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { MatchSkip } from '../plan/match.js';
import type { State, Transition } from './match-automaton.js';
import { MatchRows } from './match-rows.js';
import { NONE, Run, RunQueue } from './match-runs.js';
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
  /** Told before conditions are asked: the row at index `at` is on trial, and for which run. */
  onTrial(search: MatchSearch, at: number): void;
  run: Run;
  /** Takes a whole match, certain at `time`. */
  matched(search: MatchSearch, run: Run, time: number): void;
  /** A match whose AFTER MATCH SKIP has nowhere to go: why not. */
  stuck(search: MatchSearch, time: number, error: string): void;
  /** Nobody holds the run any more: it becomes one of `spare`. */
  ended(run: Run): void;
  /** Runs to be used again: most rows begin one that the next row ends. */
  readonly spare: Run[];
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
    const first = Math.min(this.#runs.earliest!.start, this.whole.earliest?.start ?? NONE, this.rows.next);
    return Math.max(0, first - this.searcher.back);
  }

  /** The row at index `at` of the rows; what began too long ago has been ended by `advance`. */
  step(at: number, time: number): void {
    const before = this.#runs;
    this.searcher.onTrial(this, at);
    this.#next.clear();
    for (let k = 0; k < before.length; k += 1) this.#try(before.items[k]!, at);
    this.#runs = this.#next;
    this.#next = before;
    if (this.#found.length === 0 && this.whole.length === 0) return;
    for (let k = 0; k < this.#found.length; k += 1) this.whole.add(this.#found.items[k]!);
    this.#found.clear();
    this.#settle(time);
  }

  /** Event time is `time`: ends what would take too long, and lets go the matches that waited for it. */
  advance(time: number): void {
    const { within, waiting } = this.searcher;
    if (within === null) return;
    for (let earliest = this.#runs.earliest!; earliest !== waiting && this.#timeOf(earliest) + within <= time; earliest = this.#runs.earliest!) {
      // Where matches wait, each time-out has its own moment; else the last one's will do.
      const moment = this.whole.length === 0 ? time : this.#timeOf(earliest) + within;
      const before = this.#runs;
      const kept = this.#next;
      kept.clear();
      for (let k = 0; k < before.length; k += 1) {
        const run = before.items[k]!;
        if (run === waiting || this.#timeOf(run) + within > moment) kept.add(run);
        else this.searcher.ended(run);
      }
      this.#runs = kept;
      this.#next = before;
      this.#settle(moment);
    }
  }

  /** Event time of the run's first row. */
  #timeOf({ start }: Run): number {
    return this.rows.time[start - this.rows.base]!;
  }

  /** Where the run goes with the row: nowhere, on, or several ways. */
  #try(run: Run, at: number): void {
    const { searcher, rows } = this;
    searcher.run = run;
    const { takes, choose } = searcher.ways[run.state.id]!;
    const way = choose(rows.values, rows.nulls, at, rows.base, run.bounds, run.start, chosen);
    if (run === searcher.waiting) {
      if (way !== -1) this.#branch(run, takes, way, rows.base + at, rows.base + at);
      this.#next.add(run);
      return;
    }
    if (way >= 0) {
      const { source, target } = takes[way]!;
      if (!target.mayEnd) {
        // One way, and more rows to come: the run goes it itself.
        run.state = target;
        run.take(source.variable, rows.base + at);
        this.#next.add(run);
        return;
      }
    }
    if (way !== -1) this.#branch(run, takes, way, rows.base + at, run.start);
    searcher.ended(run);
  }

  /** Copies of the run, which begins with row `start`, take row `number` the way chosen, or the ways. */
  #branch(run: Run, takes: readonly Transition[], way: number, number: number, start: number): void {
    const { spare } = this.searcher;
    const count = way >= 0 ? 1 : -way - 1;
    for (let k = 0; k < count; k += 1) {
      const { source, target } = takes[way >= 0 ? way : chosen[k]!]!;
      const next = run.branch(target, start, spare.pop());
      next.take(source.variable, number);
      if (target.isFinal) this.#found.add(next);
      else {
        this.#next.add(next);
        if (target.mayEnd) this.#found.add(next.branch(target, start, spare.pop()));
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
      searcher.ended(match);
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
      const runs = queue.items.slice(0, queue.length).filter((run) => run === this.searcher.waiting || !faults.matchesNotSaved);
      writer.varint(runs.length);
      for (const run of runs) writeRun(writer, run, needed, run === this.searcher.waiting);
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
  for (const number of run.bounds) writer.varint(number < 0 ? 0 : number - base + 1);
}

function readRun(reader: ByteReader, { states, waiting }: Searcher): Run {
  if (reader.u8() === 0) return waiting;
  return new Run(states[reader.varint()]!, reader.varint(), waiting.bounds.map(() => reader.varint() - 1));
}
