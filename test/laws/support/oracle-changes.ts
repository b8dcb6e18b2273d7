/** Groups and Top-N whose results change, each change told from the results before a row and after it. */
import { compareCells, textOf, type Cell } from './cells.js';
import type { OracleRow } from './oracle.js';
import { Root, type Sample, type Value } from './oracle-aggregates.js';
import { isFirst, isUpdating, type Query } from './query.js';

export type Op = '+I' | '-U' | '+U' | '-D';

export const isAdded = ({ op = '+I' }: OracleRow): boolean => op === '+I' || op === '+U';

/** How long what nothing touched is remembered, and the time that counts for a row, by its release. */
export interface Lifetime {
  readonly ttl: number | null;
  now(released: number): number;
}

const isOver = ({ ttl, now }: Lifetime, touched: number, released: number): boolean => ttl !== null && now(released) - touched > ttl;

/** A row that a group takes in, with what each aggregate has of it, and a way to compute the results. */
export interface Grouping {
  readonly rows: readonly { readonly key: readonly Cell[]; readonly values: readonly Cell[]; readonly row: OracleRow }[];
  /** Null: they cannot be computed. */
  results(samples: readonly (readonly Sample[])[], released: number): readonly Value[] | null;
}

interface Group {
  count: number;
  /** By aggregate, as they came: what comes first and last is a matter of arrival. */
  samples: Sample[][];
  result: readonly Value[] | null;
  touched: number;
}

/** The changes of groups. As Flink compares results, NaN differs from itself; with a time-to-live all are told. */
export function oracleGroup({ rows, results }: Grouping, life: Lifetime): OracleRow[] {
  const groups = new Map<string, Group>();
  return rows.flatMap(({ key, values, row }) => {
    const { released, time } = row;
    const name = key.map(textOf).join('|');
    const known = groups.get(name);
    if (known !== undefined && isOver(life, known.touched, released)) groups.delete(name);
    // What it takes back was forgotten.
    if (!groups.has(name) && !isAdded(row)) return [];
    const group = groups.get(name) ?? { count: 0, samples: values.map(() => []), result: null, touched: 0 };
    groups.set(name, group);
    group.count += isAdded(row) ? 1 : -1;
    group.samples = group.samples.map((samples, index) => (isAdded(row) ? [...samples, { time: 0, value: values[index]! }] : withoutOldest(samples, values[index]!)));
    group.touched = life.now(released);
    const before = group.result;
    const given = (op: Op, result: readonly Value[] | null): OracleRow[] => (result === null ? [] : [{ cells: [...key, ...result], op, released, time }]);
    if (group.count === 0) {
      groups.delete(name);
      return given('-D', before);
    }
    const after = group.result = results(group.samples, released);
    if (before === null || after === null) return [...given('-D', before), ...given('+I', after)];
    return life.ttl === null && before.every((value, index) => value === after[index]) ? [] : [...given('-U', before), ...given('+U', after)];
  });
}

function withoutOldest(samples: readonly Sample[], value: Cell): Sample[] {
  const at = samples.findIndex((sample) => textOf(sample.value) === textOf(value));
  return samples.filter((_, index) => index !== at);
}

type Rank = Extract<Query, { kind: 'rank' }>;

const columnOf = (query: Query, name: string): number => query.fields.findIndex((field) => field.name === name);
export const valueText = (value: Value): string => (value instanceof Root ? `root of ${value.numerator}/${value.denominator}` : textOf(value));

/** NULL first, NaN above all, −0 below +0; ties as the rows came, of the last by event time the other way round. */
function ranked(query: Rank, rows: readonly OracleRow[]): OracleRow[] {
  const column = columnOf(query.input, query.by);
  const nan = (value: Cell): number => (Number.isNaN(value) ? 1 : 0);
  const compare = (left: OracleRow, right: OracleRow): number => {
    const [a, b] = [left.cells[column] as Cell, right.cells[column] as Cell];
    const order = nan(a) - nan(b) || (nan(a) === 1 ? 0 : compareCells(a, b)) || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
    return query.descending ? -order : order;
  };
  const isLast = query.from === 1 && query.to === 1 && query.descending && query.by === query.input.rowtime && !isUpdating(query.input);
  return (isLast ? rows.toReversed() : rows).toSorted(compare);
}

interface Partition {
  /** As they came. */
  rows: OracleRow[];
  touched: number;
}

/** What is asked of a Top-N: columns by which a row that is taken back is found, and whether the numbers are: which rows change depends on it. */
export interface RankAsked {
  readonly identity: readonly string[];
  readonly numbers: boolean;
}

/** The changes of a Top-N. `path`: the watermark after each input row; `late` is told of rows that are refused. */
export function oracleRank(query: Rank, rows: readonly OracleRow[], path: readonly number[], life: Lifetime, { identity, numbers }: RankAsked, late: Late): OracleRow[] {
  const columns = query.partition.map((key) => columnOf(query.input, key));
  const keyOf = (row: OracleRow): readonly Cell[] => columns.map((column) => row.cells[column] as Cell);
  if (isFirst(query)) return oracleFirst(query, rows, keyOf, path, life, late);
  const { from, to } = query;
  const changes = isUpdating(query.input);
  // Of two rows of one key, the older forgotten by what is below, the order tells which is meant.
  const same = [...identity, query.by].map((name) => columnOf(query.input, name));
  const partitions = new Map<string, Partition>();
  return rows.flatMap((row) => {
    const { released, time } = row;
    const name = keyOf(row).map(textOf).join('|');
    const known = partitions.get(name);
    const own = known === undefined || isOver(life, known.touched, released) ? { rows: [], touched: 0 } : known;
    partitions.set(name, own);
    const before = ranked(query, own.rows);
    let gone: OracleRow | undefined;
    if (isAdded(row)) own.rows = [...own.rows, row];
    else {
      gone = before.find((other) => same.every((column) => valueText(other.cells[column]!) === valueText(row.cells[column]!)));
      if (gone === undefined) return [];
      own.rows = own.rows.filter((other) => other !== gone);
    }
    // What is never taken back need not be remembered beyond the last number.
    if (!changes) own.rows = own.rows.filter((other) => ranked(query, own.rows).slice(0, to).includes(other));
    const after = ranked(query, own.rows);
    if (!isAdded(row) || own.rows.includes(row)) own.touched = life.now(released);
    const given = (op: Op, { cells }: OracleRow, number: number): OracleRow => ({ cells: numberedCells(query, cells, number), op, released, time });
    if (from > 1 || (numbers && to > from)) return byNumbers(query, before, after, given);
    const left = before.slice(0, to).find((other) => !after.slice(0, to).includes(other));
    const came = after.slice(0, to).find((other) => !before.slice(0, to).includes(other));
    const replaces = to === 1 && !changes && left !== undefined && came !== undefined;
    return [...(left === undefined ? [] : [given(replaces ? '-U' : '-D', left, before.indexOf(left) + 1)]), ...(came === undefined ? [] : [given(replaces ? '+U' : '+I', came, after.indexOf(came) + 1)])];
  });
}

export type Late = (row: OracleRow, watermark: number, windowStart: number | null, windowEnd: number | null) => void;

const numberedCells = ({ numbered }: Rank, cells: readonly Value[], number: number): readonly Value[] => (numbered === null ? cells : [...cells, BigInt(number)]);

/** What each number said, and says. */
function byNumbers({ from, to }: Rank, before: readonly OracleRow[], after: readonly OracleRow[], given: (op: Op, row: OracleRow, number: number) => OracleRow): OracleRow[] {
  const changes: OracleRow[] = [];
  for (let number = from; number <= to; number += 1) {
    const [was, is] = [before[number - 1], after[number - 1]];
    if (was === is) continue;
    if (was !== undefined) changes.push(given(is === undefined ? '-D' : '-U', was, number));
    if (is !== undefined) changes.push(given(was === undefined ? '+I' : '+U', is, number));
  }
  return changes;
}

const compareKeys = (a: readonly Cell[], b: readonly Cell[]): number => a.map((value, index) => compareCells(value, b[index]!)).find((order) => order !== 0) ?? 0;

/** The first row of each key: it leaves when the watermark reaches it, or for one at the watermark, when that advances. */
function oracleFirst(query: Rank, rows: readonly OracleRow[], keyOf: (row: OracleRow) => readonly Cell[], path: readonly number[], life: Lifetime, late: Late): OracleRow[] {
  const rowtime = columnOf(query.input, query.input.rowtime);
  interface Waiting { readonly row: OracleRow; readonly at: number; readonly due: number; readonly key: readonly Cell[] }
  const keys = new Map<string, Waiting[]>();
  const releasedAt = ({ due }: Waiting): number => path.findIndex((mark) => mark >= due);
  for (const row of rows) {
    const name = keyOf(row).map(textOf).join('|');
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    const at = row.cells[rowtime] as number;
    const own = keys.get(name) ?? [];
    keys.set(name, own);
    const waiting = own.at(-1);
    const hasLeft = waiting !== undefined && waiting.due <= before;
    // That it has left is forgotten in time.
    if (hasLeft && !isOver(life, life.now(releasedAt(waiting)), row.released)) continue;
    const one = { row, at, due: at > before ? at : before + 0.5, key: keyOf(row) };
    if (at < before) late(row, before, null, null);
    else if (waiting === undefined || hasLeft) own.push(one);
    else if (at < waiting.at) own[own.length - 1] = one;
  }
  return [...keys.values()].flat().sort((a, b) => a.due - b.due || compareKeys(a.key, b.key))
    .map((one) => ({ cells: numberedCells(query, one.row.cells, 1), released: releasedAt(one), time: one.at }));
}

/** The first rows of each window, once it has fired: by their keys, in their order. */
export function oracleWindowRank(query: Rank, rows: readonly OracleRow[], path: readonly number[], late: Late): OracleRow[] {
  const [startColumn, endColumn, ...columns] = [...query.carried!, ...query.partition].map((name) => columnOf(query.input, name));
  const partitions = new Map<string, { readonly key: readonly Cell[]; readonly end: number; readonly rows: OracleRow[] }>();
  for (const row of rows) {
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    const [start, end] = [row.cells[startColumn!] as number, row.cells[endColumn!] as number];
    if (end - 1 <= before) {
      late(row, before, start, end);
      continue;
    }
    const key = [start, end, ...columns.map((column) => row.cells[column] as Cell)];
    const name = key.map(textOf).join('|');
    if (!partitions.has(name)) partitions.set(name, { key, end, rows: [] });
    partitions.get(name)!.rows.push(row);
  }
  return [...partitions.values()].sort((a, b) => a.end - b.end || compareKeys(a.key, b.key)).flatMap(({ end, rows: own }) => {
    const released = path.findIndex((mark) => mark >= end - 1);
    return ranked(query, own).slice(query.from - 1, query.to).map(({ cells }, index) => ({ cells: numberedCells(query, cells, query.from + index), released, time: end - 1 }));
  });
}
