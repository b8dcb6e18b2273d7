import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql } from '../engine/run-engine.js';

const table = 'CREATE TABLE t (k STRING, x DOUBLE, b BIGINT, keep BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n';

test('a value counts once while the frame holds it, and again once it has left', () => {
  const rows = ['a', 'b', 'a', 'a', null, 'b'].map((k, row) => ({ k, ts: row * 1000 }));
  const { outputs } = runSql(`${table} SELECT k, COUNT(DISTINCT k) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND CURRENT ROW) FROM t;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [['a', 1], ['b', 2], ['a', 2], ['a', 2], [null, 1], ['b', 2]]);
});

test('as in Flink, NaN is one value, and −0 is another than 0', () => {
  const rows = [-0, 0, NaN, NaN, -0, null].map((x, ts) => ({ x, ts }));
  const sql = `${table} SELECT COUNT(DISTINCT x) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND)) GROUP BY window_start, window_end;`;
  assert.deepEqual(runSql(sql, { t: rows }).outputs['query_1'], [[3], [3]]);
  assert.deepEqual(runSql(sql, { t: rows }, { stepEvery: 1, restoreEvery: 1 }).outputs['query_1'], [[3], [3]]);
});

test('FILTER goes first; integers beyond 2^53 stay apart', () => {
  const big = 2n ** 60n;
  const rows = [big, big + 1n, big, 7].map((b, ts) => ({ b, keep: ts !== 1, ts }));
  const { outputs } = runSql(`${table} SELECT COUNT(DISTINCT b), COUNT(DISTINCT b) FILTER (WHERE keep), SUM(DISTINCT b) FILTER (WHERE keep)
    FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [[3, 2, big + 7n]]);
});
