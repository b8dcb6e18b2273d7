/** SESSION by example, with and without an aggregate; the laws compare random ones with an oracle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql, type Entry, type RunOptions } from '../engine/run-engine.js';

const table = (delay: string) => `CREATE TABLE t (k STRING, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts${delay});\n`;
const session = "SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND)";
const counts = `SELECT k, window_start, window_end, COUNT(*) FROM TABLE(${session}) GROUP BY k, window_start, window_end;`;
const run = (sql: string, rows: readonly Entry[], delay = '', options: RunOptions = {}) => {
  const { outputs, late } = runSql(table(delay) + sql, { t: rows }, options);
  return { rows: outputs['query_1']!, late: late.map(({ windowStart, windowEnd }) => [windowStart, windowEnd]) };
};
const at = (...times: readonly number[]): Entry[] => times.map((ts) => ({ k: 'a', ts }));
const slow = " - INTERVAL '10' SECOND";

test('a session goes on while no row is further than the gap from the one before, and fires a gap after its last', () => {
  assert.deepEqual(run(counts, at(0, 900, 1800, 2799), '', { end: false }).rows, []);
  assert.deepEqual(run(counts, [...at(0, 900, 1800), { k: 'b', ts: 2799 }], '', { end: false }).rows, [['a', 0, 2800, 3]]);
});

test('a row between two sessions makes them one; so does one exactly a gap after the first', () => {
  assert.deepEqual(run(counts, at(0, 1500, 700), slow).rows, [['a', 0, 2500, 3]]);
  assert.deepEqual(run(counts, at(0, 2000, 1000), slow).rows, [['a', 0, 3000, 3]]);
  assert.deepEqual(run(counts, at(0, 2001, 1000), slow).rows, [['a', 0, 2000, 2], ['a', 2001, 3001, 1]]);
});

test('exactly a gap after a session that has fired a new one begins, as in Flink', () => {
  assert.deepEqual(run(counts, at(0, 1000)).rows, [['a', 0, 2000, 2]]);
  assert.deepEqual(run(counts, [...at(0), { k: 'b', ts: 999 }, ...at(1000)]).rows, [['a', 0, 1000, 1], ['b', 999, 1999, 1], ['a', 1000, 2000, 1]]);
});

test('a row is late if its own session would have fired and no open one takes it in', () => {
  assert.deepEqual(run(counts, [{ k: 'b', ts: 999 }, ...at(0)]), { rows: [['b', 999, 1999, 1]], late: [[0, 1000]] });
  // The open session reaches back to it, and takes it in however far behind it is.
  assert.deepEqual(run(counts, [...at(900, 1600), { k: 'b', ts: 2500 }, ...at(0)]), { rows: [['a', 0, 2600, 3], ['b', 2500, 3500, 1]], late: [] });
});

test('sessions leave in the order of their ends, then of their keys', () => {
  const rows = [{ k: 'b', ts: 5 }, { k: 'c', ts: 1 }, { k: null, ts: 5 }, { k: 'a', ts: 5 }];
  assert.deepEqual(run(counts, rows, slow).rows.map(([k]) => k), ['c', null, 'a', 'b']);
});

test('without an aggregate the rows wait for their session, and leave by event time', () => {
  const { rows, late } = run(`SELECT k, x, window_start, window_end FROM TABLE(${session});`, [
    { k: 'a', x: 1, ts: 0 }, { k: 'a', x: 2, ts: 1500 }, { k: 'b', x: 3, ts: 100 }, { k: 'a', x: 4, ts: 700 }, { k: 'b', x: 5, ts: 20_000 }, { k: 'a', x: 6, ts: 100 },
  ], slow);
  assert.deepEqual(rows, [['b', 3, 100, 1100], ['a', 1, 0, 2500], ['a', 4, 0, 2500], ['a', 2, 0, 2500], ['b', 5, 20_000, 21_000]]);
  assert.deepEqual(late, [[100, 1100]]);
});

test('what WHERE leaves out above the table function has made its session all the same', () => {
  const rows = [{ k: 'a', x: 1, ts: 0 }, { k: 'a', x: -1, ts: 800 }, { k: 'a', x: 1, ts: 1600 }];
  const above = `SELECT window_start, window_end, COUNT(*) FROM TABLE(${session}) WHERE x > 0 GROUP BY k, window_start, window_end;`;
  const below = `SELECT SESSION_START(ts, INTERVAL '1' SECOND), SESSION_END(ts, INTERVAL '1' SECOND), COUNT(*) FROM t WHERE x > 0 GROUP BY k, SESSION(ts, INTERVAL '1' SECOND);`;
  assert.deepEqual(run(above, rows, slow).rows, [[0, 2600, 2]]);
  assert.deepEqual(run(below, rows, slow).rows, [[0, 1000, 1], [1600, 2600, 1]]);
});

test('windows on sessions: by SESSION_ROWTIME', () => {
  const byMinute = `CREATE VIEW visits AS SELECT k, SESSION_ROWTIME(ts, INTERVAL '1' SECOND) AS rt, COUNT(*) AS n FROM t GROUP BY k, SESSION(ts, INTERVAL '1' SECOND);
    SELECT TUMBLE_START(rt, INTERVAL '1' MINUTE), COUNT(*), SUM(n) FROM visits GROUP BY TUMBLE(rt, INTERVAL '1' MINUTE);`;
  assert.deepEqual(run(byMinute, at(0, 500, 5000, 59_500, 61_000)).rows, [[0, 2, 3], [60_000, 2, 2]]);
});

test('keys that come and go are forgotten, with the state of their sessions', { timeout: 60_000 }, () => {
  const rows = Array.from({ length: 150_000 }, (_, row) => ({ k: `k${row}`, x: row, ts: Math.floor(row / 10) * 100 }));
  const { rows: found } = run(counts, rows, '', { batchRows: [10_000], strings: 'recoded' });
  assert.equal(found.length, rows.length);
  assert.deepEqual(found.slice(-3).map(([k, start, , n]) => [k, start, n]), [['k149997', 1_499_900, 1], ['k149998', 1_499_900, 1], ['k149999', 1_499_900, 1]]);
});
