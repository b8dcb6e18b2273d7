/** Groups and Top-N whose results change, each change told from the results before a row and after it. */
import { compareCells, textOf, type Cell } from './cells.js';
import type { OracleRow } from './oracle.js';
import type { Value } from './oracle-aggregates.js';
import { isFirst, type Query } from './query.js';

/** A row that a group takes in, and a way to compute the results of some. */
export interface Grouping<Row> {
  readonly rows: readonly { readonly key: readonly Cell[]; readonly row: Row; readonly released: number; readonly time: number }[];
  /** Null: they cannot be computed. */
  results(rows: readonly Row[], released: number): readonly Value[] | null;
}

/** The changes of groups. As Flink compares results, NaN differs from itself. */
export function oracleGroup<Row>({ rows, results }: Grouping<Row>): OracleRow[] {
  const groups = new Map<string, { rows: Row[]; result: readonly Value[] | null }>();
  return rows.flatMap(({ key, row, released, time }) => {
    const name = key.map(textOf).join('|');
    const group = groups.get(name) ?? { rows: [], result: null };
    groups.set(name, group);
    const before = group.result;
    group.rows.push(row);
    group.result = results(group.rows, released);
    const after = group.result;
    const given = (op: string, result: readonly Value[] | null): OracleRow[] => (result === null ? [] : [{ cells: [...key, ...result, op], released, time }]);
    if (before === null || after === null) return [...given('-D', before), ...given('+I', after)];
    return before.every((value, index) => value === after[index]) ? [] : [...given('-U', before), ...given('+U', after)];
  });
}

type Rank = Extract<Query, { kind: 'rank' }>;

/** NULL first, NaN above all, −0 below +0; ties as the rows came. */
function orderOf({ by, descending, input }: Rank): (a: OracleRow, b: OracleRow) => number {
  const column = input.fields.findIndex(({ name }) => name === by);
  const nan = (value: Cell): number => (Number.isNaN(value) ? 1 : 0);
  return (left, right) => {
    const [a, b] = [left.cells[column] as Cell, right.cells[column] as Cell];
    const order = nan(a) - nan(b) || (nan(a) === 1 ? 0 : compareCells(a, b)) || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
    return descending ? -order : order;
  };
}

/** The changes of a Top-N. `path`: the watermark after each input row; `late` is told of rows that are refused. */
export function oracleRank(query: Rank, rows: readonly OracleRow[], path: readonly number[], late: (row: OracleRow, watermark: number) => void): OracleRow[] {
  const columns = query.partition.map((key) => query.input.fields.findIndex(({ name }) => name === key));
  const keyOf = (row: OracleRow): readonly Cell[] => columns.map((column) => row.cells[column] as Cell);
  if (isFirst(query)) return oracleFirst(query, rows, keyOf, path, late);
  const order = orderOf(query);
  const isLast = query.to === 1 && query.by === query.input.rowtime;
  const partitions = new Map<string, OracleRow[]>();
  return rows.flatMap((row) => {
    const name = keyOf(row).map(textOf).join('|');
    const before = partitions.get(name) ?? [];
    // Of rows of one time the last to come is the last.
    const after = (isLast ? [row, ...before] : [...before, row]).toSorted(order).slice(0, query.to);
    partitions.set(name, after);
    if (!after.includes(row)) return [];
    const gone = before.find((other) => !after.includes(other));
    const given = (op: string, { cells }: OracleRow): OracleRow => ({ cells: [...cells, op], released: row.released, time: row.time });
    const replaces = query.to === 1 && gone !== undefined;
    return [...(gone === undefined ? [] : [given(replaces ? '-U' : '-D', gone)]), given(replaces ? '+U' : '+I', row)];
  });
}

/** The first row of each key: it leaves when the watermark reaches it, or for one at the watermark, when that advances. */
function oracleFirst({ input }: Rank, rows: readonly OracleRow[], keyOf: (row: OracleRow) => readonly Cell[], path: readonly number[], late: (row: OracleRow, watermark: number) => void): OracleRow[] {
  const rowtime = input.fields.findIndex(({ name }) => name === input.rowtime);
  interface Waiting { readonly row: OracleRow; readonly at: number; readonly due: number; readonly key: readonly Cell[] }
  const keys = new Map<string, Waiting>();
  for (const row of rows) {
    const name = keyOf(row).map(textOf).join('|');
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    const at = row.cells[rowtime] as number;
    const waiting = keys.get(name);
    if (waiting !== undefined && waiting.due <= before) continue;
    if (at < before) late(row, before);
    else if (waiting === undefined || at < waiting.at) keys.set(name, { row, at, due: at > before ? at : before + 0.5, key: keyOf(row) });
  }
  const compare = (a: readonly Cell[], b: readonly Cell[]): number => a.map((value, index) => compareCells(value, b[index]!)).find((order) => order !== 0) ?? 0;
  return [...keys.values()].sort((a, b) => a.due - b.due || compare(a.key, b.key))
    .map(({ row, at, due }) => ({ cells: row.cells, released: path.findIndex((mark) => mark >= due), time: at }));
}
