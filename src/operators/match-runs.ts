/** Matches in the making, and whole ones that wait for an earlier one, by the row with which they begin. */
import type { State } from './match-automaton.js';

/** Beyond every number of a row. No infinity: numbers of rows are then small integers to the machine, which are kept in place. */
export const NONE = 2 ** 31 - 1;

/** What a run has summed up for one group of aggregates: its slot, and the number of the last row in it. */
export interface RunSum {
  readonly slot: number;
  upTo: number;
}

/** The rows taken so far: of each variable those numbered bounds[2v] to bounds[2v + 1], −1 where there are none. */
export class Run {
  /** By group of DEFINE's aggregates, once one is asked for. */
  sums: (RunSum | undefined)[] | null = null;

  constructor(
    public state: State,
    /** Number of the first row; NONE before there is one. */
    public start: number,
    readonly bounds: number[],
  ) {}

  static waiting(state: State, variables: number): Run {
    return new Run(state, NONE, new Array<number>(2 * variables).fill(-1));
  }

  /** A copy that goes another way: in `state`. It is `spare`, a run that has ended, where there is one. */
  branch(state: State, start: number, spare: Run | undefined): Run {
    if (spare === undefined) return new Run(state, start, this.bounds.slice());
    spare.state = state;
    spare.start = start;
    for (let at = 0; at < this.bounds.length; at += 1) spare.bounds[at] = this.bounds[at]!;
    return spare;
  }

  take(variable: number, row: number): void {
    const { bounds } = this;
    if (bounds[2 * variable]! < 0) bounds[2 * variable] = row;
    bounds[2 * variable + 1] = row;
  }

  first(variable: number): number {
    return this.bounds[2 * variable]!;
  }

  last(variable: number): number {
    return this.bounds[2 * variable + 1]!;
  }

  get end(): number {
    let end = -1;
    for (let at = 1; at < this.bounds.length; at += 2) if (this.bounds[at]! > end) end = this.bounds[at]!;
    return end;
  }
}

/**
 * A binary heap by first row, its array walked as it stands: among matches that begin and end with the same rows the
 * one that leaves first is the one that leaves first in Flink, whose queue works so. The array is kept when it empties,
 * since cutting it off for every row would cost more than the rest.
 */
export class RunQueue {
  readonly items: Run[] = [];
  length = 0;

  get earliest(): Run | undefined {
    return this.length > 0 ? this.items[0] : undefined;
  }

  add(run: Run): void {
    const { items } = this;
    let at = this.length;
    this.length += 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (run.start >= items[parent]!.start) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = run;
  }

  poll(): void {
    this.length -= 1;
    if (this.length > 0) this.#sink(0, this.items[this.length]!);
  }

  /** Takes out the runs for which `leaves` holds. */
  remove(leaves: (run: Run) => boolean): void {
    const { items, length } = this;
    let kept = 0;
    for (let at = 0; at < length; at += 1) {
      const run = items[at]!;
      if (!leaves(run)) items[kept++] = run;
    }
    if (kept === length) return;
    this.length = kept;
    for (let at = (kept >>> 1) - 1; at >= 0; at -= 1) this.#sink(at, items[at]!);
  }

  clear(): void {
    this.length = 0;
  }

  #sink(from: number, run: Run): void {
    const { items, length } = this;
    const half = length >>> 1;
    let at = from;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < length && items[child]!.start > items[child + 1]!.start) child += 1;
      if (run.start <= items[child]!.start) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = run;
  }
}
