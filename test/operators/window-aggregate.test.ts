/** TUMBLE, HOP and CUMULATE by example; the laws compare random ones with an oracle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql, type Entry, type RunOptions } from '../engine/run-engine.js';

const table = (delay: string) => `CREATE TABLE t (k STRING, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts${delay});\n`;
const counts = (window: string, rows: readonly Entry[], options: RunOptions = {}, delay = '') => {
  const { outputs, late } = runSql(`${table(delay)} SELECT window_start, window_end, COUNT(*) FROM TABLE(${window}) GROUP BY window_start, window_end;`, { t: rows }, options);
  return { windows: outputs['query_1']!, late: late.map(({ windowStart, windowEnd }) => [windowStart, windowEnd]) };
};
const at = (...times: readonly number[]): Entry[] => times.map((ts) => ({ ts }));

const tumble = "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)";
const hop = "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)";
const cumulate = "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)";

test('TUMBLE: a window fires once the watermark is at its end less a millisecond', () => {
  assert.deepEqual(counts(tumble, at(0, 500, 998), { end: false }).windows, []);
  assert.deepEqual(counts(tumble, at(0, 500, 999), { end: false }).windows, [[0, 1000, 3]]);
});

test('TUMBLE: a row at watermark = window end - 1 is late, the row that made it so is not', () => {
  assert.deepEqual(counts(tumble, at(0, 999, 999), { end: false }), { windows: [[0, 1000, 2]], late: [[0, 1000]] });
});

test('TUMBLE: before 1970, and with an offset', () => {
  assert.deepEqual(counts(tumble, at(-1500, -1)).windows, [[-2000, -1000, 1], [-1000, 0, 1]]);
  assert.deepEqual(counts("TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '5' HOUR)", at(0)).windows, [[-19 * 3_600_000, 5 * 3_600_000, 1]]);
});

test('HOP: a row late for a window that has fired counts in those that have not', () => {
  const { windows, late } = counts(hop, at(500, 2100, 900));
  assert.deepEqual(windows, [[-2000, 1000, 1], [-1000, 2000, 1], [0, 3000, 3], [1000, 4000, 1], [2000, 5000, 1]]);
  assert.deepEqual(late, [[-2000, 1000], [-1000, 2000]]);
});

test('HOP in GROUP BY need not be a multiple of its slide', () => {
  const { outputs } = runSql(`${table('')} SELECT HOP_START(ts, INTERVAL '2' SECOND, INTERVAL '3' SECOND), COUNT(*) FROM t GROUP BY HOP(ts, INTERVAL '2' SECOND, INTERVAL '3' SECOND);`, { t: at(500, 2500, 3500, 10_000) });
  assert.deepEqual(outputs['query_1'], [[-2000, 1], [0, 2], [2000, 2], [8000, 1], [10_000, 1]]);
});

test('HOP: windows without rows of their own last slide fire too, and empty ones do not', () => {
  assert.deepEqual(counts(hop, at(0, 60_000)).windows.map(([start]) => start), [-2000, -1000, 0, 58_000, 59_000, 60_000]);
});

test('CUMULATE: each window holds the one before it; a late row joins the next to fire', () => {
  const { windows, late } = counts(cumulate, at(500, 1100, 600, 3500));
  assert.deepEqual(windows, [[0, 1000, 1], [0, 2000, 3], [0, 3000, 3], [3000, 4000, 1], [3000, 5000, 1], [3000, 6000, 1]]);
  assert.deepEqual(late, [[0, 1000]]);
});

test('FIRST_VALUE and LAST_VALUE follow event time, ties arrival, in merged panes as well', () => {
  const rows = [{ k: 'b', ts: 1200 }, { k: 'a', ts: 300 }, { k: 'c', ts: 1200 }, { k: 'a2', ts: 300 }, { k: null, ts: 0 }];
  for (const window of [hop, cumulate, "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '3' SECOND)"]) {
    const { outputs } = runSql(`${table(" - INTERVAL '10' SECOND")} SELECT window_start, window_end, FIRST_VALUE(k), LAST_VALUE(k) FROM TABLE(${window}) GROUP BY window_start, window_end;`, { t: rows });
    assert.deepEqual(outputs['query_1']!.find(([start, end]) => start === 0 && end === 3000), [0, 3000, 'a', 'c']);
  }
});

test('groups leave a window in the order of their keys', () => {
  const rows = ['b', null, 'a', 'B', ''].map((k, ts) => ({ k, ts }));
  const { outputs } = runSql(`${table('')} SELECT k FROM TABLE(${tumble}) GROUP BY k, window_start, window_end;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [[null], [''], ['B'], ['a'], ['b']]);
});

test('many windows a row belongs to, and many open windows, are no burden', { timeout: 60_000 }, () => {
  const day = at(...Array.from({ length: 2000 }, (_, row) => row * 1000));
  assert.equal(counts("CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' DAY)", day, { end: false }).windows.length, 1999);
  const scattered = at(...Array.from({ length: 20_000 }, (_, row) => ((row * 7919) % 20_000) * 1000));
  assert.equal(counts(tumble, scattered, {}, " - INTERVAL '100' DAY").windows.length, 20_000);
});

test('keys that come and go are forgotten, and results are none the wiser', { timeout: 60_000 }, () => {
  const rows = Array.from({ length: 150_000 }, (_, row) => ({ k: `k${row}`, x: row, ts: Math.floor(row / 10) * 100 }));
  const { outputs } = runSql(`${table('')} SELECT k, SUM(x) FROM TABLE(${tumble}) GROUP BY k, window_start, window_end;`, { t: rows }, { batchRows: [10_000], strings: 'recoded' });
  assert.equal(outputs['query_1']!.length, rows.length);
  const sorted = [...outputs['query_1']!.slice(-100)].map(([k]) => k as string);
  assert.deepEqual(sorted, Array.from({ length: 100 }, (_, row) => `k${149_900 + row}`));
});
