/** What statements whose results change come to, computed from all rows at once, and the law that they are held to. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { rowKindTexts } from '../../src/core/row-kind.js';
import type { Pipeline } from '../../src/plan/plan.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline, type EngineRun, type RunOptions } from '../engine/run-engine.js';

/** A row of `t`. `x` is a multiple of 1/4, so that sums and their halves are exact in any order. */
export interface Fact {
  readonly k: string | null;
  readonly m: number;
  readonly x: number | null;
  readonly n: number | null;
  readonly ts: number;
}

type Cell = number | string | null;
export type Table = readonly (readonly Cell[])[];

/** A statement, and its result over rows in the order of arrival. */
export interface Statement {
  readonly sql: string;
  readonly batch: (rows: readonly Fact[]) => Table;
}

export const declared = "CREATE TABLE t (k STRING, m INT NOT NULL, x DOUBLE, n BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);\n";

/** Rows up to five seconds behind: none is late. */
export const facts: fc.Arbitrary<readonly Fact[]> = fc.array(fc.record({
  k: fc.constantFrom('a', 'b', null), m: fc.integer({ min: 0, max: 2 }), x: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -8, max: 8 }).map((quarter) => quarter / 4 + 0) }, fc.constant(null)),
  n: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) }, fc.constant(null)), ts: fc.integer({ min: 0, max: 4 }),
}), { maxLength: 24 }).map((rows) => rows.map((row, index) => ({ ...row, ts: index * 700 + row.ts * 1000 })));

function groups<Row>(rows: readonly Row[], key: (row: Row) => readonly Cell[]): { readonly key: readonly Cell[]; readonly rows: readonly Row[] }[] {
  const found = new Map<string, { key: readonly Cell[]; rows: Row[] }>();
  for (const row of rows) {
    const text = JSON.stringify(key(row));
    const group = found.get(text) ?? { key: key(row), rows: [] };
    group.rows.push(row);
    found.set(text, group);
  }
  return [...found.values()];
}

const there = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
const sum = (values: readonly (number | null)[]): number | null => (there(values).length === 0 ? null : there(values).reduce((total, value) => total + value, 0) + 0);
const least = (values: readonly (number | null)[]): number | null => (there(values).length === 0 ? null : Math.min(...there(values)));
const greatest = (values: readonly (number | null)[]): number | null => (there(values).length === 0 ? null : Math.max(...there(values)));
const whole = (values: readonly (number | null)[]): number | null => (there(values).length === 0 ? null : Math.trunc(sum(values)! / there(values).length) + 0);
const distinct = (values: readonly (number | null)[]): number => new Set(there(values)).size;

const calls = 'COUNT(*), COUNT(x), SUM(x), MIN(x), MAX(x), AVG(n), COUNT(DISTINCT n), SUM(n) FILTER (WHERE n > 0), FIRST_VALUE(x), LAST_VALUE(n)';
const results = (rows: readonly Fact[]): Cell[] => {
  const xs = rows.map(({ x }) => x);
  const ns = rows.map(({ n }) => n);
  return [rows.length, there(xs).length, sum(xs), least(xs), greatest(xs), whole(ns), distinct(ns), sum(ns.filter((n) => n !== null && n > 0)), there(xs)[0] ?? null, there(ns).at(-1) ?? null];
};

/** Sums by (k, m): unique, and changed with each row. */
const sums = '(SELECT k, m, COUNT(*) AS c, SUM(n) AS s FROM t GROUP BY k, m)';
const summed = (rows: readonly Fact[]) => groups(rows, ({ k, m }) => [k, m]).map(({ key, rows: own }) => ({ k: key[0]!, m: key[1] as number, c: own.length, s: sum(own.map(({ n }) => n)) }));

/** NULL is the least value: last where the greatest comes first. */
const falling = (a: number | null, b: number | null): number => (a === b ? 0 : a === null ? 1 : b === null ? -1 : b - a);
const rising = (a: number | null, b: number | null): number => -falling(a, b);

/** Rows `from` to `to` of each group, with their numbers. */
function top<Row>(rows: readonly Row[], key: (row: Row) => readonly Cell[], order: (a: Row, b: Row) => number, from: number, to: number): { row: Row; number: number }[] {
  return groups(rows, key).flatMap(({ rows: own }) => own.toSorted(order).slice(from - 1, to).map((row, index) => ({ row, number: from + index })));
}

const ranked = (what: string, by: string, from: string, condition: string, items: string): string =>
  `SELECT ${items} FROM (SELECT *, ROW_NUMBER() OVER (${what} ORDER BY ${by}) AS rn FROM ${from}) WHERE ${condition}`;

const newest = (a: Fact, b: Fact): number => b.ts - a.ts;

export const statements: Readonly<Record<string, Statement>> = {
  groups: { sql: `SELECT k, ${calls} FROM t GROUP BY k`, batch: (rows) => groups(rows, ({ k }) => [k]).map(({ key, rows: own }) => [...key, ...results(own)]) },
  all: { sql: `SELECT ${calls} FROM t`, batch: (rows) => (rows.length === 0 ? [] : [results(rows)]) },
  distinct: { sql: 'SELECT DISTINCT k, n FROM t WHERE m > 0', batch: (rows) => groups(rows.filter(({ m }) => m > 0), ({ k, n }) => [k, n]).map(({ key }) => key) },
  union: {
    sql: 'SELECT k, n FROM t WHERE m > 0 UNION SELECT k, m FROM t UNION ALL SELECT k, 7 FROM t WHERE m = 0',
    batch: (rows) => [
      ...groups([...rows.filter(({ m }) => m > 0).map(({ k, n }) => [k, n]), ...rows.map(({ k, m }) => [k, m])], (row) => row).map(({ key }) => key),
      ...rows.filter(({ m }) => m === 0).map(({ k }) => [k, 7]),
    ],
  },
  having: {
    sql: 'SELECT k, COUNT(*), SUM(n) FROM t GROUP BY k HAVING SUM(n) > 0',
    batch: (rows) => groups(rows, ({ k }) => [k]).map(({ key, rows: own }) => [...key, own.length, sum(own.map(({ n }) => n))]).filter((row) => row[2] !== null && (row[2] as number) > 0),
  },
  'groups of groups': {
    sql: `SELECT k, COUNT(*), SUM(c), MIN(s), MAX(s), COUNT(DISTINCT s), AVG(s) FROM ${sums} GROUP BY k`,
    batch: (rows) => groups(summed(rows), ({ k }) => [k]).map(({ key, rows: own }) => {
      const s = own.map((one) => one.s);
      return [...key, own.length, sum(own.map(({ c }) => c)), least(s), greatest(s), distinct(s), whole(s)];
    }),
  },
  'groups by what changes': {
    sql: `SELECT s, COUNT(*), MAX(m) FROM ${sums} GROUP BY s`,
    batch: (rows) => groups(summed(rows), ({ s }) => [s]).map(({ key, rows: own }) => [...key, own.length, greatest(own.map(({ m }) => m))]),
  },
  'grouping sets': {
    sql: 'SELECT k, m, COUNT(*), SUM(x), GROUPING(k), GROUPING_ID(k, m) FROM t GROUP BY CUBE (k, m)',
    batch: (rows) => [[true, true], [true, false], [false, true], [false, false]].flatMap(([k, m]) => groups(rows, (row) => [k ? row.k : null, m ? row.m : null])
      .map(({ key, rows: own }) => [...key, own.length, sum(own.map(({ x }) => x)), k ? 0 : 1, (k ? 0 : 2) + (m ? 0 : 1)])),
  },
  'top two': {
    sql: ranked('PARTITION BY k', 'x DESC, m', 't', 'rn <= 2', 'k, x, m, n'),
    batch: (rows) => top(rows, ({ k }) => [k], (a, b) => falling(a.x, b.x) || a.m - b.m, 1, 2).map(({ row: { k, x, m, n } }) => [k, x, m, n]),
  },
  'numbered top three': {
    sql: ranked('PARTITION BY m', 'n', 't', 'rn < 4', 'm, n, x, rn'),
    batch: (rows) => top(rows, ({ m }) => [m], (a, b) => rising(a.n, b.n), 1, 3).map(({ row: { m, n, x }, number }) => [m, n, x, number]),
  },
  'second and third': {
    sql: ranked('', 'x NULLS LAST', 't', 'rn BETWEEN 2 AND 3', 'x, m'),
    batch: (rows) => top(rows, () => [], (a, b) => (a.x ?? 99) - (b.x ?? 99), 2, 3).map(({ row: { x, m } }) => [x, m]),
  },
  'the best': {
    sql: ranked('PARTITION BY k', 'x DESC', 't', 'rn = 1', 'k, x, m, rn'),
    batch: (rows) => top(rows, ({ k }) => [k], (a, b) => falling(a.x, b.x), 1, 1).map(({ row: { k, x, m } }) => [k, x, m, 1]),
  },
  'top of sums': {
    sql: ranked('PARTITION BY k', 's DESC, m', sums, '2 >= rn', 'k, m, s'),
    batch: (rows) => top(summed(rows), ({ k }) => [k], (a, b) => falling(a.s, b.s) || a.m - b.m, 1, 2).map(({ row: { k, m, s } }) => [k, m, s]),
  },
  'numbered top of sums': {
    sql: ranked('', 's DESC, k DESC, m', sums, 'rn <= 3', 'rn, s'),
    batch: (rows) => top(summed(rows), () => [], (a, b) => falling(a.s, b.s), 1, 3).map(({ row: { s }, number }) => [number, s]),
  },
  'groups of a top': {
    sql: `SELECT COUNT(*), SUM(s), MIN(m), MAX(m) FROM (${ranked('PARTITION BY k', 's DESC, m', sums, 'rn <= 2', 'k, m, s')})`,
    batch: (rows) => {
      const best = top(summed(rows), ({ k }) => [k], (a, b) => falling(a.s, b.s) || a.m - b.m, 1, 2).map(({ row }) => row);
      return best.length === 0 ? [] : [[best.length, sum(best.map(({ s }) => s)), least(best.map(({ m }) => m)), greatest(best.map(({ m }) => m))]];
    },
  },
  'the last': {
    sql: ranked('PARTITION BY k', 'ts DESC', 't', 'rn = 1', 'k, x, m, n'),
    batch: (rows) => top(rows.toReversed(), ({ k }) => [k], newest, 1, 1).map(({ row: { k, x, m, n } }) => [k, x, m, n]),
  },
  'groups of the last': {
    sql: `SELECT k, COUNT(*), SUM(x), MIN(x), MAX(n) FROM (${ranked('PARTITION BY k, m', 'ts DESC', 't', 'rn = 1', 'k, m, x, n')}) GROUP BY k`,
    batch: (rows) => groups(top(rows.toReversed(), ({ k, m }) => [k, m], newest, 1, 1).map(({ row }) => row), ({ k }) => [k])
      .map(({ key, rows: own }) => [...key, own.length, sum(own.map(({ x }) => x)), least(own.map(({ x }) => x)), greatest(own.map(({ n }) => n))]),
  },
  'the first': {
    sql: ranked('PARTITION BY k', 'ts', 't', 'rn <= 1', 'k, x, m, n'),
    batch: (rows) => top(rows, ({ k }) => [k], (a, b) => a.ts - b.ts, 1, 1).map(({ row: { k, x, m, n } }) => [k, x, m, n]),
  },
  'every number': {
    sql: 'SELECT k, x, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS rn FROM t',
    batch: (rows) => top(rows, ({ k }) => [k], (a, b) => a.ts - b.ts, 1, Infinity).map(({ row: { k, x }, number }) => [k, x, number]),
  },
  'top of windows': {
    sql: ranked('PARTITION BY window_start, window_end, k', 'x DESC', "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '3' SECOND))", 'rn <= 2', 'k, x, m, rn'),
    batch: (rows) => top(rows, ({ k, ts }) => [k, Math.floor(ts / 3000)], (a, b) => falling(a.x, b.x), 1, 2).map(({ row: { k, x, m }, number }) => [k, x, m, number]),
  },
  'the last of windows': {
    sql: ranked('PARTITION BY k, window_start, window_end', 'ts DESC', "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '3' SECOND))", 'rn = 1', 'k, x, m'),
    batch: (rows) => top(rows.toReversed(), ({ k, ts }) => [k, Math.floor(ts / 3000)], newest, 1, 1).map(({ row: { k, x, m } }) => [k, x, m]),
  },
};

const plans = new Map<string, Pipeline>();

export function runStatement(sql: string, rows: readonly Fact[], options: RunOptions = {}): EngineRun {
  const plan = plans.get(sql) ?? planSql(`${declared}${sql};`);
  plans.set(sql, plan);
  return runPipeline(plan, { t: rows.map((row) => ({ ...row })) }, options);
}

/** The table that a changelog makes. Throws where it takes back a row that is not there. */
export function replayed(changes: readonly (readonly unknown[])[]): string[] {
  const counts = new Map<string, number>();
  for (const change of changes) {
    const kind = change.at(-1) as string;
    const isChangelog = (rowKindTexts as readonly string[]).includes(kind);
    const row = JSON.stringify(isChangelog ? change.slice(0, -1) : change);
    const before = counts.get(row) ?? 0;
    if (kind === '-U' || kind === '-D') assert.ok(before > 0, `${kind} ${row} takes back a row that is there`);
    counts.set(row, before + (kind === '-U' || kind === '-D' ? -1 : 1));
  }
  return [...counts].flatMap(([row, count]) => new Array<string>(count).fill(row)).sort();
}

export interface UpdatingDraw {
  readonly name: string;
  readonly rows: readonly Fact[];
  readonly batchRows: number[];
  readonly restoreEvery: number;
  /** Time-to-live in milliseconds. What it forgets is in no result over all rows. */
  readonly ttl: number | null;
}

export const updatingDraws: fc.Arbitrary<UpdatingDraw> = fc.record({
  name: fc.constantFrom(...Object.keys(statements)), rows: facts, batchRows: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), restoreEvery: fc.integer({ min: 1, max: 3 }),
  ttl: fc.constantFrom(null, null, null, 1000, 3000),
});

/** The changelog adds up to the result over all rows; neither batches nor stops change it. */
export function holds({ name, rows, batchRows, restoreEvery, ttl }: UpdatingDraw): void {
  const { sql: text, batch } = statements[name]!;
  const sql = ttl === null ? text : `SET 'table.exec.state.ttl' = '${ttl} ms'; ${text}`;
  const whole = runStatement(sql, rows);
  assert.deepEqual(whole.late, []);
  if (ttl === null) assert.deepEqual(replayed(whole.outputs['query_1']!), batch(rows).map((row) => JSON.stringify(row)).sort(), sql);
  const cut = runStatement(sql, rows, { batchRows, stepEvery: 1000, restoreEvery, strings: 'recoded' });
  assert.deepEqual(cut.outputs['query_1'], whole.outputs['query_1'], 'batches and stops change nothing');
  assert.deepEqual(cut.digests, whole.digests);
}

export const updatingLaw = fc.property(updatingDraws, holds);
