/**
 * The rows of one partition in their order, in leaves of a few dozen: one that comes or goes touches one leaf, whose rows
 * may be elsewhere until they are asked for. A partition of few rows is one leaf.
 */
import type { RankRange } from './ranked-rows.js';
import type { Cell, Cells } from './sort-order.js';

/** Rows of a leaf, and of two that become one, at the most. */
const ROWS_MAX = 32;
const MERGED_MAX = 16;

export interface Leaf {
  /** 0: the first leaf, always. */
  readonly id: number;
  /** Null: they are not at hand. */
  rows: Cells[] | null;
  count: number;
  /** The first row, where there is one. */
  first: Cells | null;
  /** It is otherwise than it was last written; so is one whose next leaf is another. */
  isChanged: boolean;
}

export class RankedLeaves {
  leaves: Leaf[] = [{ id: 0, rows: [], count: 0, first: null, isChanged: false }];
  length = 0;
  /** The next leaf's id. */
  nextId = 1;
  /** Leaves whose rows are at hand, at the most. */
  atHand = 1;
  /** Leaves that were written, maybe, and are no more. */
  gone: number[] = [];
  /** Where the row that is sought stands, or belongs. */
  #leaf = 0;
  #offset = 0;

  /** `load`: the rows of a leaf of the partition `key` that are not at hand. */
  constructor(private readonly range: Pick<RankRange, 'order' | 'to'>, readonly key: readonly Cell[], private readonly load: (key: readonly Cell[], id: number) => Cells[]) {}

  /** The row at an index, which is small. */
  at(index: number): Cells {
    let leaf = 0;
    let left = index;
    for (; left >= this.leaves[leaf]!.count; leaf += 1) left -= this.leaves[leaf]!.count;
    return this.#rows(leaf)[left]!;
  }

  /** The index at which `row` belongs, before its peers or after them; where that is beyond the wanted ones, one that is. */
  seek(row: Cells, afterPeers: boolean): number {
    const { order } = this.range;
    // The last leaf whose first row comes before it.
    let low = 0;
    let high = this.leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const compared = order.compare(this.leaves[middle]!.first!, row);
      if (compared < 0 || (afterPeers && compared === 0)) low = middle;
      else high = middle - 1;
    }
    this.#leaf = low;
    this.#offset = order.countBefore(this.#rows(low), row, afterPeers);
    return this.#index();
  }

  seekEnd(): number {
    this.#leaf = this.leaves.length - 1;
    this.#offset = this.leaves[this.#leaf]!.count;
    return this.length;
  }

  /** The index, as of `seek`, of the first row that is equal to `row` in the columns of `identity`; -1: there is none. */
  seekEqual(row: Cells, identity: readonly number[]): number {
    this.seek(row, false);
    for (; this.#leaf < this.leaves.length; this.#leaf += 1, this.#offset = 0) {
      const rows = this.#rows(this.#leaf);
      for (; this.#offset < rows.length; this.#offset += 1) {
        const other = rows[this.#offset]!;
        if (identity.every((column) => Object.is(other[column], row[column]))) return this.#index();
        if (this.range.order.compare(other, row) > 0) return -1;
      }
    }
    return -1;
  }

  #index(): number {
    let index = this.#offset;
    for (let leaf = 0; leaf < this.#leaf && index < this.range.to; leaf += 1) index += this.leaves[leaf]!.count;
    return index;
  }

  /** Puts `row` where `seek` found that it belongs. */
  insert(row: Cells): void {
    const leaf = this.leaves[this.#leaf]!;
    const rows = this.#rows(this.#leaf);
    rows.splice(this.#offset, 0, row);
    this.length += 1;
    this.#changed(leaf);
    if (rows.length <= ROWS_MAX) return;
    const half: Leaf = { id: this.nextId, rows: rows.splice(ROWS_MAX / 2), count: 0, first: null, isChanged: true };
    this.nextId += 1;
    this.atHand += 1;
    this.leaves.splice(this.#leaf + 1, 0, half);
    this.#changed(leaf);
    this.#changed(half);
  }

  /** Takes out the row that was found. */
  remove(): Cells {
    const [gone] = this.#rows(this.#leaf).splice(this.#offset, 1) as [Cells];
    this.length -= 1;
    this.#changed(this.leaves[this.#leaf]!);
    this.#merge(this.#leaf);
    return gone;
  }

  removeLast(): void {
    this.seekEnd();
    this.#offset -= 1;
    this.remove();
  }

  /** Leaves that have become small go together, and none but the first is empty. */
  #merge(at: number): void {
    const leaf = this.leaves[at]!;
    const next = this.leaves[at + 1];
    if (next === undefined) {
      if (leaf.count > 0 || at === 0) return;
      this.leaves.pop();
      this.gone.push(leaf.id);
      this.leaves[at - 1]!.isChanged = true;
    } else if (leaf.count === 0 || leaf.count + next.count <= MERGED_MAX) {
      const rows = this.#rows(at + 1);
      this.#rows(at).push(...rows);
      this.leaves.splice(at + 1, 1);
      this.gone.push(next.id);
      this.#changed(leaf);
    }
  }

  #rows(at: number): Cells[] {
    const leaf = this.leaves[at]!;
    if (leaf.rows !== null) return leaf.rows;
    this.atHand += 1;
    return (leaf.rows = this.load(this.key, leaf.id));
  }

  #changed(leaf: Leaf): void {
    leaf.isChanged = true;
    leaf.count = leaf.rows!.length;
    leaf.first = leaf.rows![0] ?? null;
  }

  /** No rows are at hand; what has changed was written. */
  putAway(): void {
    for (const leaf of this.leaves) leaf.rows = null;
    this.atHand = 0;
  }

  /** All rows. */
  *[Symbol.iterator](): Generator<Cells> {
    for (let leaf = 0; leaf < this.leaves.length; leaf += 1) yield* this.#rows(leaf);
  }
}

/** Rows that are always at hand. */
export function allAtHand(range: Pick<RankRange, 'order' | 'to'>, rows: readonly Cells[] = []): RankedLeaves {
  const leaves = new RankedLeaves(range, [], () => []);
  for (const row of rows) {
    leaves.seekEnd();
    leaves.insert(row);
  }
  return leaves;
}
