/** Changelogs side by side: the final tables, and the changes of each key in their order. */
import { compareRows, isEqual, type Comparison } from './compare.js';
import type { Drawn } from './statement.js';
import type { Change } from './theirs.js';
import type { Value } from './value.js';

type Row = readonly Value[];

/** `computed`: columns by which rows are not told apart, as in `compareRows`. */
export function compareChanges(ours: readonly Change[], theirs: readonly Change[], computed: readonly boolean[], { updates }: Drawn, names: readonly string[]): Comparison {
  if (updates === null) return compareRows(ours.map(({ row }) => row), theirs.map(({ row }) => row), computed);
  const tables = compareRows(finalTable(ours), finalTable(theirs), computed);
  if (!isEqual(tables) || updates.keys === null) return tables;
  const columns = updates.keys.map((key) => names.indexOf(key));
  const [left, right] = [numbered(ours, columns), numbered(theirs, columns)];
  return compareRows(left, right, [false, false, ...computed]);
}

/** What the changes add up to: a row is there as often as it was added and not taken away. */
export function finalTable(changes: readonly Change[]): Row[] {
  const rows = new Map<string, Row[]>();
  for (const { op, row } of changes) {
    const key = JSON.stringify(row.map((value) => (typeof value === 'number' ? `${value}` : value)));
    const same = rows.get(key) ?? [];
    rows.set(key, same);
    if (op === '+I' || op === '+U') same.push(row);
    else if (same.pop() === undefined) return [...[...rows.values()].flat(), [`${op} of a row that is not there`, ...row]];
  }
  return [...rows.values()].flat();
}

/** Each change with its number among those of its key. */
function numbered(changes: readonly Change[], columns: readonly number[]): Row[] {
  const counts = new Map<string, number>();
  return changes.map(({ op, row }) => {
    const key = JSON.stringify(columns.map((column) => row[column]));
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return [`change ${count}`, op, ...row];
  });
}
