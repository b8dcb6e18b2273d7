/** Temporal joins by Flink's rules, input row by input row, all versions looked through each time. */
import { compareCells, textOf, type Cell } from './cells.js';
import type { OracleRow } from './oracle.js';
import type { Late } from './oracle-changes.js';
import type { Query } from './query.js';

interface Key {
  /** Those that wait, with the watermark that lets them go. */
  left: { readonly row: OracleRow; readonly at: number; readonly due: number }[];
  /** By time; null: there is none from then on. */
  readonly versions: Map<number, OracleRow | null>;
  /** The watermark that has the key looked after. */
  timer: number;
  /** The least time of a version that was let go. */
  dropped: number;
}

/** `path`: the join's watermark after each input row. */
export function oracleTemporal(
  { inputs: [left, right], type, key: name, fields }: Extract<Query, { kind: 'temporal' }>,
  [lefts, rights]: readonly [readonly OracleRow[], readonly OracleRow[]], path: readonly number[], late: Late,
): OracleRow[] {
  const keys = new Map<string, Key>();
  const cellOf = (query: Query, row: OracleRow, column: string): Cell => row.cells[query.fields.findIndex((field) => field.name === column)] as Cell;
  const keyOf = (value: Cell): Key => {
    const text = textOf(value);
    if (!keys.has(text)) keys.set(text, { left: [], versions: new Map(), timer: Infinity, dropped: Infinity });
    return keys.get(text)!;
  };
  const out: OracleRow[] = [];
  path.forEach((mark, released) => {
    const before = released === 0 ? -Infinity : path[released - 1]!;
    const due = (at: number): number => (at > before ? at : before + 0.5);
    for (const row of lefts.filter((one) => one.released === released)) {
      const at = cellOf(left, row, left.rowtime) as number;
      const value = cellOf(left, row, name);
      const key = keyOf(value);
      const isGone = at <= before && at >= key.dropped && ![...key.versions.keys()].some((time) => time <= at);
      if (isGone && value !== null) late(row, before, null, null);
      key.left.push({ row, at, due: due(at) });
      key.timer = Math.min(key.timer, due(at));
    }
    for (const row of rights.filter((one) => one.released === released && one.op !== '-U')) {
      const at = row.op === '-D' ? row.time : cellOf(right, row, right.rowtime) as number;
      const key = keyOf(cellOf(right, row, name));
      key.versions.set(at, row.op === '-D' ? null : row);
      key.timer = Math.min(key.timer, due(at));
    }
    if (mark <= before) return;
    const gone = [...keys.values()].flatMap((key) => {
      const going = key.left.filter((one) => one.due <= mark);
      return going.map(({ row, at }) => ({ row, at, version: key.versions.get(Math.max(...[...key.versions.keys()].filter((time) => time <= at))) ?? null }));
    });
    for (const key of keys.values()) {
      key.left = key.left.filter((one) => one.due > mark);
      if (key.timer > mark) continue;
      for (const time of [...key.versions.keys()].filter((one) => one <= mark).sort((a, b) => a - b).slice(0, -1)) {
        key.dropped = Math.min(key.dropped, time);
        key.versions.delete(time);
      }
      key.timer = Math.min(Infinity, ...key.left.map((one) => one.due));
    }
    const order = (row: OracleRow): number => lefts.indexOf(row);
    gone.sort((a, b) => a.at - b.at || compareCells(cellOf(left, a.row, name), cellOf(left, b.row, name)) || order(a.row) - order(b.row));
    for (const { row, at, version } of gone) {
      const match = cellOf(left, row, name) === null ? null : version;
      if (match !== null) out.push({ cells: [...row.cells, ...match.cells], released, time: at });
      else if (type === 'left') out.push({ cells: [...row.cells, ...fields.slice(left.fields.length).map(() => null)], released, time: at });
    }
  });
  return out;
}
