/** Results of the two engines side by side. */
import type { ExactValue } from './statement.js';
import { isNear, showRow, type Value } from './value.js';

type Row = readonly Value[];

export interface Comparison {
  /** Rows that only one of them has. */
  readonly oursOnly: readonly Row[];
  readonly theirsOnly: readonly Row[];
  /** Rows that are the same but for computed columns. */
  readonly inexact: readonly { readonly ours: Row; readonly theirs: Row }[];
}

/** As multisets: all but doubles equal, doubles to 1e-9 relative. `computed`: columns by which rows are not told apart. */
export function compareRows(ours: readonly Row[], theirs: readonly Row[], computed: readonly boolean[]): Comparison {
  const near = (a: Row, b: Row): boolean => a.every((value, column) => sameValue(value, b[column]!));
  const keyOf = (row: Row): string => JSON.stringify(row.map((value, column) => (computed[column]! ? value === null : value)));
  const left = groups(ours, keyOf);
  const right = groups(theirs, keyOf);
  const result = { oursOnly: [] as Row[], theirsOnly: [] as Row[], inexact: [] as { ours: Row; theirs: Row }[] };
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const rest = [...(right.get(key) ?? [])];
    const unmatched = (left.get(key) ?? []).filter((row) => {
      const at = rest.findIndex((other) => near(row, other));
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
    unmatched.forEach((row, index) => (index < rest.length ? result.inexact.push({ ours: row, theirs: rest[index]! }) : result.oursOnly.push(row)));
    result.theirsOnly.push(...rest.slice(unmatched.length));
  }
  return result;
}

export const isEqual = ({ oursOnly, theirsOnly, inexact }: Comparison): boolean => oursOnly.length + theirsOnly.length + inexact.length === 0;

const sameValue = (a: Value, b: Value): boolean => a === b || (typeof a === 'number' && typeof b === 'number' && isNear(a, b));

function groups(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = found.get(key);
    if (group === undefined) found.set(key, [row]);
    else group.push(row);
  }
  return found;
}

/** Whether each row is one of the exact ones, to the bit. */
export function areExact(rows: readonly Row[], exact: readonly (readonly ExactValue[])[]): boolean {
  return rows.every((row) => exact.some((other) => row.every((value, column) => isExactly(value, other[column]!))));
}

function isExactly(value: Value, exact: ExactValue): boolean {
  return typeof exact === 'function' ? typeof value === 'number' && exact(value) : Object.is(value, exact) || value === exact;
}

/** A few rows of each sort. */
export function showComparison({ oursOnly, theirsOnly, inexact }: Comparison, most = 4): string {
  const list = (title: string, rows: readonly Row[]): string[] => (rows.length === 0 ? [] : [`${title} (${rows.length}):`, ...rows.slice(0, most).map((row) => `  ${showRow(row)}`)]);
  return [
    ...list('only here', oursOnly), ...list('only Flink', theirsOnly),
    ...inexact.slice(0, most).flatMap(({ ours, theirs }) => [`  here  ${showRow(ours)}`, `  Flink ${showRow(theirs)}`]),
  ].join('\n');
}
