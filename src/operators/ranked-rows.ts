/** The rows of one partition in their order, and what changes among those of the wanted row numbers when one comes or goes. */
import { faults } from '../core/faults.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../core/row-kind.js';
import type { RankedLeaves } from './ranked-leaves.js';
import type { Cells, SortOrder } from './sort-order.js';

/** Takes one change: what it says, the row, and its row number. */
export type Give = (kind: number, row: Cells, number: number) => void;

export interface RankRange {
  readonly order: SortOrder;
  /** Row numbers that leave, from 1. */
  readonly from: number;
  readonly to: number;
  /** Each change of a row number is one; else only rows that come into the range or leave it. */
  readonly numbered: boolean;
  /** Of equal rows the one that came last is first. */
  readonly latestFirst: boolean;
  /** Columns by which a row that is taken back is found; null: none ever is, and rows beyond the range are not kept. */
  readonly identity: readonly number[] | null;
}

/** Adds `row` to `rows`, which are in order. False: nothing was changed. */
export function addRanked(range: RankRange, rows: RankedLeaves, row: Cells, give: Give): boolean {
  const { to, identity } = range;
  const at = faults.rankedByArrival ? rows.seekEnd() : rows.seek(row, !range.latestFirst);
  if (identity === null && at >= to) return false;
  rows.insert(row);
  if (at < to) {
    if (range.numbered || range.from > 1) pushDown(range, rows, at, give);
    // The first row alone is one that is replaced, as in Flink.
    else if (to === 1 && identity === null && rows.length > 1) {
      give(UPDATE_BEFORE, rows.at(1), 1);
      give(UPDATE_AFTER, row, 1);
    } else {
      if (rows.length > to) give(DELETE, rows.at(to), to + 1);
      give(INSERT, row, at + 1);
    }
  }
  if (identity === null && rows.length > to) rows.removeLast();
  return true;
}

/** Rows from index `at`, where a new one is, have each another number. */
function pushDown({ from, to }: RankRange, rows: RankedLeaves, at: number, give: Give): void {
  let index = at;
  for (; index + 1 < rows.length && index < to; index += 1) {
    if (index + 1 < from) continue;
    give(UPDATE_BEFORE, rows.at(index + 1), index + 1);
    give(UPDATE_AFTER, rows.at(index), index + 1);
  }
  if (index < to && index + 1 >= from) give(INSERT, rows.at(index), index + 1);
}

/** Takes the oldest row equal to `row` out of `rows`. False: there is none, it was forgotten since. */
export function removeRanked(range: RankRange, rows: RankedLeaves, row: Cells, give: Give): boolean {
  const { from, to, identity } = range;
  const at = rows.seekEqual(row, identity!);
  if (at < 0) return false;
  const gone = rows.remove();
  if (at >= to) return true;
  if (faults.nobodyMovesUp) give(DELETE, gone, at + 1);
  else if (range.numbered || from > 1) pullUp(range, rows, at, gone, give);
  else {
    give(DELETE, gone, at + 1);
    if (rows.length >= to) give(INSERT, rows.at(to - 1), to);
  }
  return true;
}

/** Rows from index `at`, where `gone` was, have each another number. */
function pullUp({ from, to }: RankRange, rows: RankedLeaves, at: number, gone: Cells, give: Give): void {
  let before = gone;
  let index = at;
  for (; index < rows.length && index < to; index += 1) {
    if (index + 1 >= from) {
      give(UPDATE_BEFORE, before, index + 1);
      give(UPDATE_AFTER, rows.at(index), index + 1);
    }
    before = rows.at(index);
  }
  if (index < to && index + 1 >= from) give(DELETE, before, index + 1);
}
