/** CURRENT_TIMESTAMP in a replay is the greatest event time so far. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planSql } from '../../src/sql/planner.js';
import { runSql } from './run-engine.js';

test('it goes up with the rows, and never back', () => {
  const { outputs } = runSql('CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts); SELECT ts, CURRENT_TIMESTAMP FROM t;', { t: [{ ts: 5 }, { ts: 3 }, { ts: 30 }] });
  assert.deepEqual(outputs['query_1'], [[5, 5], [3, 5], [30, 30]]);
});

test('before any event time it is 1970', () => {
  const { outputs } = runSql('CREATE TABLE t (a INT); SELECT a, NOW() FROM t;', { t: [{ a: 1 }, { a: 2 }] });
  assert.deepEqual(outputs['query_1'], [[1, 0], [2, 0]]);
});

test('event time does not come from it', () => {
  const refused = /event time cannot come from the clock/;
  assert.throws(() => planSql('CREATE TABLE t (a INT, ts AS NOW(), WATERMARK FOR ts AS ts); SELECT a FROM t;'), refused);
  assert.throws(() => planSql('CREATE TABLE t (a INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS CURRENT_TIMESTAMP); SELECT a FROM t;'), refused);
});
