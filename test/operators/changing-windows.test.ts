/** Windows over rows that are taken back: what stands when a window fires is what it holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregateFunction } from '../../src/functions/user-function.js';
import { userFunctions, type FunctionDeclaration } from '../../src/functions/user-functions.js';
import { planSql } from '../../src/sql/planner.js';
import { runSql, type EngineRun, type RunOptions } from '../engine/run-engine.js';

interface Quote {
  readonly k: string;
  readonly m: number;
  /** A multiple of 1/4, so that sums are exact in any order. */
  readonly x: number | null;
  readonly ts: number;
}

const windows = {
  tumble: { table: "TUMBLE(TABLE newest, DESCRIPTOR(ts), INTERVAL '4' SECOND)", size: 4000, every: 4000 },
  hop: { table: "HOP(TABLE newest, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND)", size: 6000, every: 2000 },
  cumulate: { table: "CUMULATE(TABLE newest, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND)", size: null, every: 2000 },
  'older hop': { table: null, size: 6000, every: 2000 },
} as const;
type WindowName = keyof typeof windows;

const delay = 3000;
const calls = 'm, COUNT(*), COUNT(x), SUM(x), MIN(x), MAX(x), COUNT(DISTINCT k)';
/** Of each k the row of the greatest time, of one time the last to come. */
const declared = `CREATE TABLE t (k STRING, m INT, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND);
  CREATE VIEW newest AS SELECT k, m, x, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM t) WHERE rn = 1;\n`;
const sqlOf = (name: WindowName): string => {
  const { table } = windows[name];
  if (table === null) return `${declared}SELECT ${calls}, HOP_START(ts, INTERVAL '2' SECOND, INTERVAL '6' SECOND), HOP_END(ts, INTERVAL '2' SECOND, INTERVAL '6' SECOND) FROM newest GROUP BY m, HOP(ts, INTERVAL '2' SECOND, INTERVAL '6' SECOND);`;
  return `${declared}SELECT ${calls}, window_start, window_end FROM TABLE(${table}) GROUP BY m, window_start, window_end;`;
};
const run = (name: WindowName, rows: readonly Quote[], options: RunOptions = {}): EngineRun => runSql(sqlOf(name), { t: rows.map((row) => ({ ...row })) }, options);

const quotes: fc.Arbitrary<readonly Quote[]> = fc.array(fc.record({
  k: fc.constantFrom('a', 'b', 'c'), m: fc.integer({ min: 0, max: 1 }),
  x: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -8, max: 8 }).map((quarter) => quarter / 4 + 0) }, fc.constant(null)), ts: fc.integer({ min: -6000, max: 0 }),
}), { maxLength: 25 }).map((rows) => rows.map((row, index) => ({ ...row, ts: 10_000 + index * 900 + row.ts })));

/** The windows of a row: [start, end) by end. */
function windowsOf(name: WindowName, ts: number): [start: number, end: number][] {
  const { size, every } = windows[name];
  const found: [number, number][] = [];
  for (let end = (Math.floor(ts / every) + 1) * every; ; end += every) {
    const start = size === null ? Math.floor(ts / 6000) * 6000 : end - size;
    if (ts < start || end > start + (size ?? 6000)) return found;
    found.push([start, end]);
  }
}

/** The rows of all windows, each as the table stood when the watermark reached its end. */
function expected(name: WindowName, rows: readonly Quote[]): string[] {
  const live = new Map<string, Quote>();
  const fired = new Set<string>();
  const out: unknown[][] = [];
  const fire = (watermark: number): void => {
    const standing = new Map<string, { readonly window: readonly [number, number]; readonly rows: Quote[] }>();
    for (const quote of live.values()) {
      for (const window of windowsOf(name, quote.ts)) {
        if (window[1] - 1 > watermark || fired.has(String(window))) continue;
        const key = JSON.stringify([quote.m, window]);
        if (!standing.has(key)) standing.set(key, { window, rows: [] });
        standing.get(key)!.rows.push(quote);
      }
    }
    for (const { window, rows: held } of standing.values()) {
      const xs = held.map(({ x }) => x).filter((x) => x !== null);
      const some = xs.length > 0;
      out.push([held[0]!.m, held.length, xs.length, some ? xs.reduce((a, b) => a + b, 0) : null, some ? Math.min(...xs) : null, some ? Math.max(...xs) : null, held.length, ...window]);
    }
    for (let end = 0; end - 1 <= Math.min(watermark, 100_000); end += 1000) for (const start of [end - 6000, end - 4000, end - 2000]) fired.add(String([start, end]));
  };
  let greatest = -Infinity;
  for (const quote of rows) {
    const before = live.get(quote.k);
    if (before === undefined || quote.ts >= before.ts) live.set(quote.k, quote);
    greatest = Math.max(greatest, quote.ts);
    fire(greatest - delay);
  }
  fire(Infinity);
  return out.map((row) => JSON.stringify(row)).sort();
}

const names = fc.constantFrom(...(Object.keys(windows) as WindowName[]));
const texts = ({ outputs }: EngineRun): string[] => outputs['query_1']!.map((row) => JSON.stringify(row));

test('law: a window holds the rows that stand when it fires, whatever was taken back before', () => {
  fc.assert(fc.property(names, quotes, (name, rows) => {
    assert.deepEqual(texts(run(name, rows)).sort(), expected(name, rows));
  }), { numRuns: 200 });
});

test('rows, their order and late rows depend neither on batches nor on restarts', () => {
  fc.assert(fc.property(names, quotes, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 }), (name, rows, batchRows, restoreEvery) => {
    const whole = run(name, rows, { stepEvery: 1000 });
    for (const other of [run(name, rows, { stepEvery: 1000, batchRows }), run(name, rows, { stepEvery: 1000, restoreEvery })]) {
      assert.deepEqual(texts(other), texts(whole));
      assert.deepEqual(other.late, whole.late);
      assert.deepEqual(other.digests, whole.digests);
    }
  }), { numRuns: 60 });
});

const row = (k: string, x: number | null, ts: number, m = 0): Quote => ({ k, m, x, ts });

test('a group that all rows have left before its window fires gives no result', () => {
  assert.deepEqual(texts(run('tumble', [row('a', 1, 0), row('a', 2, 5000)])), ['[0,1,1,2,2,2,1,4000,8000]']);
});

test('a change behind its window is late, and leaves what was said', () => {
  const { outputs, late } = run('tumble', [row('a', 1, 0), row('b', 1, 8000), row('a', 2, 9000)]);
  assert.deepEqual(outputs['query_1']!.map((each) => [each[1], each[7]]), [[1, 0], [2, 8000]]);
  assert.equal(late.length, 1);
});

test('FIRST_VALUE and LAST_VALUE go by arrival, as in Flink', () => {
  const sql = `${declared}SELECT FIRST_VALUE(k), LAST_VALUE(k) FROM TABLE(TUMBLE(TABLE newest, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY window_start, window_end;`;
  const { outputs } = runSql(sql, { t: [row('a', 1, 0), row('c', 1, 2000), row('b', 1, 1000), row('a', 2, 3000)].map((each) => ({ ...each })) });
  assert.deepEqual(outputs['query_1'], [['c', 'a']]);
});

test('an aggregate of the user must be able to take rows back', () => {
  const greatest = aggregateFunction({ name: 'greatest_of', args: ['DOUBLE'], returns: 'DOUBLE', create: () => ({ most: 0 }), add(state, x) { state.most = Math.max(state.most, x); }, result: ({ most }) => most });
  const sql = `${declared}SELECT greatest_of(x) FROM TABLE(TUMBLE(TABLE newest, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY window_start, window_end;`;
  assert.throws(() => planSql(sql, userFunctions([greatest] as unknown as FunctionDeclaration[])), /has no 'retract', and the rows below it change later/);
});

test('sessions of rows that change are refused: they would have to fall apart', () => {
  const sql = `${declared}SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE newest PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end;`;
  assert.throws(() => runSql(sql, {}), /SESSION .* over rows that change later/);
});
