/** Filters one above the other: what the one below leaves out, the one above never sees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql } from './run-engine.js';

const table = `CREATE TABLE t (k STRING, a INT, b INT, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n`;
// The condition below is NULL for the first row, false for the second, true for the third.
const rows = [{ k: 'p', a: 6, b: 0, x: null, ts: 1 }, { k: 'q', a: 6, b: 0, x: 1, ts: 2 }, { k: 'r', a: 6, b: 2, x: 9, ts: 3 }];

test('a row left out below cannot fail above', () => {
  const { outputs, deadLetters } = runSql(`${table} SELECT k FROM (SELECT * FROM t WHERE x > 5) WHERE a / b > 1;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [['r']]);
  assert.deepEqual(deadLetters, []);
});

test('nor a group that HAVING leaves out', () => {
  const groups = `SELECT k, SUM(a) AS a, SUM(b) AS b FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end HAVING SUM(x) > 5`;
  const { outputs, deadLetters } = runSql(`${table} SELECT k FROM (${groups}) WHERE a / b > 1;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [['r']]);
  assert.deepEqual(deadLetters, []);
});

test('a filtered row moves the watermark all the same', () => {
  const { outputs } = runSql(`${table} SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) WHERE k <> 'far' GROUP BY k, window_start, window_end;`, {
    t: [{ k: 'p', ts: 1 }, { k: 'far', ts: 90_000 }],
  }, { end: false });
  assert.deepEqual(outputs['query_1'], [['p', 1]]);
});
