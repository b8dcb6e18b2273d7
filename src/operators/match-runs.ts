/** Matches in the making, and whole ones that wait for an earlier one, by the row with which they begin. */
import type { State } from './match-automaton.js';

/** What a run has summed up for one group of aggregates: its slot, and the number of the last row in it. */
export interface RunSum {
  readonly slot: number;
  upTo: number;
}

/** The rows taken so far: of each variable those numbered first[v] to last[v], −1 where there are none. */
export class Run {
  /** By group of DEFINE's aggregates, once one is asked for. */
  sums: (RunSum | undefined)[] | null = null;

  constructor(
    public state: State,
    /** Number and event time of the first row; infinite before there is one. */
    readonly start: number,
    readonly startTime: number,
    readonly first: Float64Array,
    readonly last: Float64Array,
  ) {}

  static waiting(state: State, variables: number): Run {
    return new Run(state, Infinity, Infinity, new Float64Array(variables).fill(-1), new Float64Array(variables).fill(-1));
  }

  /** A copy that goes another way: in `state`. */
  branch(state: State, start: number, startTime: number): Run {
    return new Run(state, start, startTime, this.first.slice(), this.last.slice());
  }

  take(variable: number, row: number): void {
    if (this.first[variable]! < 0) this.first[variable] = row;
    this.last[variable] = row;
  }

  get end(): number {
    let end = -1;
    for (let variable = 0; variable < this.last.length; variable += 1) if (this.last[variable]! > end) end = this.last[variable]!;
    return end;
  }
}

/**
 * A binary heap by first row, its array walked as it stands: among matches that begin and end with the same rows the
 * one that leaves first is the one that leaves first in Flink, whose queue works so.
 */
export class RunQueue {
  items: Run[] = [];

  get earliest(): Run | undefined {
    return this.items[0];
  }

  add(run: Run): void {
    const { items } = this;
    let at = items.length;
    items.push(run);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (run.start >= items[parent]!.start) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = run;
  }

  poll(): void {
    const { items } = this;
    const last = items.pop()!;
    if (items.length > 0) this.#sink(0, last);
  }

  /** Takes out the runs for which `leaves` holds; returns whether there were any. */
  remove(leaves: (run: Run) => boolean): boolean {
    const { items } = this;
    let kept = 0;
    for (const run of items) if (!leaves(run)) items[kept++] = run;
    if (kept === items.length) return false;
    items.length = kept;
    for (let at = (kept >>> 1) - 1; at >= 0; at -= 1) this.#sink(at, items[at]!);
    return true;
  }

  clear(): void {
    this.items.length = 0;
  }

  #sink(from: number, run: Run): void {
    const { items } = this;
    const half = items.length >>> 1;
    let at = from;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && items[child]!.start > items[child + 1]!.start) child += 1;
      if (run.start <= items[child]!.start) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = run;
  }
}
