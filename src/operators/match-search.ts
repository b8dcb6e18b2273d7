/** The search in the rows of one key: which matches each row begins, goes on with and ends. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { MatchSkip } from '../plan/match.js';
import type { State, Transition } from './match-automaton.js';
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
  readonly #edges: Transition[] = [];
  #edgeCount = 0;
  readonly #stack: State[] = [];

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
    const { searcher } = this;
    searcher.nextRun();
    this.#findEdges(run, at);
    const edges = this.#edges;
    const count = this.#edgeCount;
    const isNew = run === searcher.waiting;
    const number = this.rows.base + at;
    const start = isNew ? number : run.start;
    const startTime = isNew ? time : run.startTime;
    let reused = false;
    for (let k = 0; k < count; k += 1) {
      const { source, target } = edges[k]!;
      const final = target.mayEnd && !target.isFinal ? this.#finalAfter(target, run, at) : null;
      // The last way is the run's own, so that most rows make none anew.
      const goesOn = !isNew && k === count - 1 && !target.isFinal;
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
    let count = 0;
    let depth = 1;
    stack[0] = run.state;
    while (depth > 0) {
      depth -= 1;
      const { transitions } = stack[depth]!;
      for (let k = 0; k < transitions.length; k += 1) {
        const transition = transitions[k]!;
        if (transition.takes && !this.searcher.holds(this, run, at, transition.source.variable)) continue;
        if (transition.unless.length > 0 && this.#isKept(transition, run, at)) continue;
        if (transition.takes) this.#edges[count++] = transition;
        else stack[depth++] = transition.target;
      }
    }
    this.#edgeCount = count;
  }

  /** The final state where no more rows need be taken. As in Flink, a greedy variable is asked about the row just taken. */
  #finalAfter(state: State, run: Run, at: number): State | null {
    const stack = [state];
    while (stack.length > 0) {
      const current = stack.pop()!;
      for (const transition of current.transitions) {
        if (transition.takes || this.#isKept(transition, run, at)) continue;
        if (transition.target.isFinal) return transition.target;
        stack.push(transition.target);
      }
    }
    return null;
  }

  /** Whether a greedy variable before keeps the row. */
  #isKept({ unless }: Transition, run: Run, at: number): boolean {
    for (let k = 0; k < unless.length; k += 1) if (this.searcher.holds(this, run, at, unless[k]!)) return true;
    return false;
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
