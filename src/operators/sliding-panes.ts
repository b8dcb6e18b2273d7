/**
 * The panes of a sliding window, merged in two parts: those up to a boundary, from each pane on, and those after it.
 * A window then costs three merges, however many panes it has; once in a window's length the boundary moves on.
 */
import type { Pane } from './pane.js';

/** Merged groups that are kept at the most: beyond that each window merges its panes anew. */
const GROUPS_MAX = 65_536;

export class SlidingPanes {
  /** End of the newest pane of the older part. */
  #boundary = -Infinity;
  /** By a pane's end: it and those after it up to the boundary, merged. */
  readonly #older = new Map<number, Pane>();
  #isTooMuch = false;
  #newer: Pane | null = null;
  #newerEnd = -Infinity;
  /** Holds one window after the other. */
  #whole: Pane | null = null;

  /** `pane` is a pane's length; `merge` adds the groups of one pane to another's, earlier ones first. */
  constructor(private readonly pane: number, private readonly make: () => Pane, private readonly merge: (into: Pane, from: Pane) => void) {}

  /** The groups of window [start, end), to be read and let go. Windows come in the order of their ends. */
  contents(panes: ReadonlyMap<number, Pane>, start: number, end: number): Pane {
    const first = start + this.pane;
    if (first > this.#boundary) this.#begin(panes, first, end);
    if (this.#isTooMuch) return this.#plainly(panes, first, end);
    for (let at = this.#newerEnd + this.pane; at <= end; at += this.pane) this.#append(panes.get(at));
    this.#newerEnd = end;
    const older = this.#older.get(first);
    if (older === undefined) return this.#newer ?? this.make();
    if (this.#newer === null) return older;
    const whole = this.#copy(older, (this.#whole ??= this.make()));
    this.merge(whole, this.#newer);
    return whole;
  }

  /** Panes have changed that were merged already. */
  forget(): void {
    this.#older.clear();
    this.#boundary = -Infinity;
    this.#newer = null;
  }

  #begin(panes: ReadonlyMap<number, Pane>, first: number, end: number): void {
    this.forget();
    let after: Pane | null = null;
    let groups = 0;
    for (let at = end; at >= first; at -= this.pane) {
      const pane = panes.get(at);
      if (pane !== undefined) {
        const later: Pane | null = after;
        after = later === null ? pane : this.#copy(pane);
        if (later !== null) this.merge(after, later);
      }
      if (after !== null) this.#older.set(at, after);
      groups += after === null ? 0 : after.ids.length;
      if (groups > GROUPS_MAX) break;
    }
    this.#isTooMuch = groups > GROUPS_MAX;
    if (this.#isTooMuch) this.#older.clear();
    this.#boundary = end;
    this.#newerEnd = end;
  }

  #plainly(panes: ReadonlyMap<number, Pane>, first: number, end: number): Pane {
    const whole = this.make();
    for (let at = first; at <= end; at += this.pane) {
      const pane = panes.get(at);
      if (pane !== undefined) this.merge(whole, pane);
    }
    return whole;
  }

  #append(pane: Pane | undefined): void {
    if (pane === undefined) return;
    if (this.#newer === null) this.#newer = this.#copy(pane);
    else this.merge(this.#newer, pane);
  }

  /** A copy, in `into` if possible, which is otherwise left as it is. */
  #copy(pane: Pane, into = this.make()): Pane {
    if (into.copy(pane)) return into;
    const merged = this.make();
    this.merge(merged, pane);
    return merged;
  }
}
