/** The search in the rows of one key: which matches each row begins, goes on with and ends. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { MatchSkip } from '../plan/match.js';
import type { State } from './match-automaton.js';
import { MatchRows } from './match-rows.js';
import { Run, RunQueue } from './match-runs.js';
import type { Schema } from '../core/types.js';

/** What the searches of all keys share. */
export interface Searcher {
  readonly states: readonly State[];
  /** Stands for the match that begins with the next row. */
  readonly waiting: Run;
  readonly skip: MatchSkip;
  readonly within: number | null;
  /** How many rows before a match its expressions look at. */
  readonly back: number;
  /** Columns of the rows that are kept. */
  readonly schema: Schema;
  /** Whether the row at index `at` may be one of `variable`; asked anew for each run of each row. */
  holds(search: MatchSearch, run: Run, at: number, variable: number): boolean;
  /** Forgets what it knows of the run asked about before. */
  nextRun(): void;
  /** Takes a whole match, certain at `time`. */
  matched(search: MatchSearch, run: Run, time: number): void;
  /** A match whose AFTER MATCH SKIP has nowhere to go: why not. */
  stuck(search: MatchSearch, run: Run, time: number, error: string): void;
  ended(run: Run): void;
}

export class MatchSearch {
  readonly rows: MatchRows;
  /** Matches in the making, and the one that waits for its first row. */
  #runs = new RunQueue();
  /** The same after the row on trial; the two change places. */
  #next = new RunQueue();
  /** Whole matches that wait for one that began earlier. */
  readonly whole = new RunQueue();
  readonly #found = new RunQueue();
  #edges: { source: State; target: State }[] = [];
  #stack: State[] = [];

  constructor(readonly searcher: Searcher, readonly id: number, rows = new MatchRows(searcher.schema)) {
    this.rows = rows;
    this.#runs.add(searcher.waiting);
  }

  /** Whether a match is in the making, or waits. */
  get isLive(): boolean {
    return this.#runs.items.length > 1 || this.whole.items.length > 0;
  }

  /** The least number of a row that is still looked at. */
  get needed(): number {
    const first = Math.min(this.#runs.earliest!.start, this.whole.earliest?.start ?? Infinity, this.rows.next);
    return Math.max(0, first - this.searcher.back);
  }

  /** The row at index `at` of the rows; what began too long ago has been ended by `advance`. */
  step(at: number, time: number): void {
    this.#next.clear();
    for (const run of this.#runs.items) this.#try(run, at, time);
    const before = this.#runs;
    this.#runs = this.#next;
    this.#next = before;
    if (this.#found.items.length === 0 && this.whole.items.length === 0) return;
    for (const run of this.#found.items) this.whole.add(run);
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
      const moment = this.whole.items.length === 0 ? time : this.#runs.earliest!.startTime + within;
      const kept = new RunQueue();
      for (const run of this.#runs.items) {
        if (run === waiting || run.startTime + within > moment) kept.add(run);
        else this.searcher.ended(run);
      }
      this.#runs = kept;
      this.#settle(moment);
    }
  }

  /** Where the run goes with the row: nowhere, on, or several ways. */
  #try(run: Run, at: number, time: number): void {
    const { searcher } = this;
    searcher.nextRun();
    this.#findEdges(run, at);
    const edges = this.#edges;
    const isNew = run === searcher.waiting;
    const number = this.rows.base + at;
    const start = isNew ? number : run.start;
    const startTime = isNew ? time : run.startTime;
    let reused = false;
    for (let k = 0; k < edges.length; k += 1) {
      const { source, target } = edges[k]!;
      const final = target.isFinal ? null : this.#finalAfter(target, run, at);
      // The last way is the run's own, so that most rows make none anew.
      const goesOn = !isNew && k === edges.length - 1 && !target.isFinal;
      const next = goesOn ? run : run.branch(target, start, startTime);
      if (goesOn) {
        run.state = target;
        reused = true;
      }
      next.take(source.variable, number);
      if (target.isFinal) this.#found.add(next);
      else {
        this.#next.add(next);
        if (final !== null) this.#found.add(next.branch(final, start, startTime));
      }
    }
    if (isNew) this.#next.add(run);
    else if (!reused) searcher.ended(run);
  }

  /** The ways to take the row, in Flink's order: what goes on is looked at after what stays, the last first. */
  #findEdges(run: Run, at: number): void {
    const stack = this.#stack;
    const edges = this.#edges;
    edges.length = 0;
    stack.push(run.state);
    while (stack.length > 0) {
      const state = stack.pop()!;
      if (state.isFinal) continue;
      for (const { takes, target, unlessTaken } of state.transitions) {
        if (takes) {
          if (this.searcher.holds(this, run, at, state.variable)) edges.push({ source: state, target });
        } else if (!unlessTaken || !this.searcher.holds(this, run, at, state.variable)) stack.push(target);
      }
    }
  }

  /** The final state where no more rows need be taken. As in Flink, a greedy variable is asked about the row just taken. */
  #finalAfter(state: State, run: Run, at: number): State | null {
    const stack = [state];
    while (stack.length > 0) {
      const current = stack.pop()!;
      for (const { takes, target, unlessTaken } of current.transitions) {
        if (takes || (unlessTaken && this.searcher.holds(this, run, at, current.variable))) continue;
        if (target.isFinal) {
          stack.length = 0;
          return target;
        }
        stack.push(target);
      }
    }
    return null;
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
      else searcher.stuck(this, match, time, next);
    }
  }

  /** The number of the row at which the next match may begin; or why there is none. */
  #resume(match: Run): number | string {
    const { skip } = this.searcher;
    if (skip.kind === 'past-last-row') return match.end + 1;
    if (skip.kind === 'to-next-row') return match.start + 1;
    const row = (skip.kind === 'to-first' ? match.first : match.last)[skip.variable]!;
    if (row < 0) return 'no row of the match is one of the variable to skip to';
    return row === match.start ? 'the row to skip to is the first of the match, which would be found for ever' : row;
  }

  /** Rows are numbered anew, from the first that is needed. */
  snapshot(writer: ByteWriter): void {
    const { needed } = this;
    this.rows.snapshot(writer, needed);
    for (const queue of [this.#runs, this.whole]) {
      writer.varint(queue.items.length);
      for (const run of queue.items) writeRun(writer, run, needed, run === this.searcher.waiting);
    }
  }

  static restored(searcher: Searcher, id: number, reader: ByteReader): MatchSearch {
    const search = new MatchSearch(searcher, id, MatchRows.restored(searcher.schema, reader));
    for (const queue of [search.#runs, search.whole]) {
      queue.clear();
      for (let left = reader.varint(); left > 0; left -= 1) queue.items.push(readRun(reader, searcher));
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
  for (const numbers of [run.first, run.last]) for (const number of numbers) writer.varint(number < 0 ? 0 : number - base + 1);
}

function readRun(reader: ByteReader, { states, waiting }: Searcher): Run {
  if (reader.u8() === 0) return waiting;
  const run = new Run(states[reader.varint()]!, reader.varint(), reader.f64(), waiting.first.slice(), waiting.last.slice());
  for (const numbers of [run.first, run.last]) for (let variable = 0; variable < numbers.length; variable += 1) numbers[variable] = reader.varint() - 1;
  return run;
}
