import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneKeys, statefulOperators } from '../../src/plan/lanes.js';
import { planSql } from '../../src/sql/planner.js';
import { planTicks } from '../sql/ticks.js';

const tumble = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";

test('a key that every operator carries, renamed or not, makes lanes', () => {
  const pipeline = planTicks(`
    SELECT s, COUNT(*) AS n FROM (SELECT symbol AS s, window_start, window_end FROM ${tumble}) GROUP BY s, window_start, window_end;
    SELECT AVG(price) OVER (PARTITION BY exchange, symbol ORDER BY event_time) AS m FROM ticks`);
  assert.deepEqual(laneKeys(pipeline, ['symbol']), { possible: true, reason: 'every stateful operator is keyed by symbol', columns: [[0]] });
  assert.equal(laneKeys(pipeline, null).possible, true, "the table's own key.fields");
  const other = laneKeys(pipeline, ['exchange']);
  assert.equal(other.possible, false);
  assert.match(other.reason, /window-aggregate TUMBLE '1' MINUTE \(line \d+\) is keyed by s, which does not hold 'exchange'/);
});

test('one global aggregate puts everything into one lane', () => {
  const pipeline = planTicks(`SELECT COUNT(*) AS n FROM ${tumble} GROUP BY window_start, window_end; SELECT symbol FROM ticks`);
  assert.match(laneKeys(pipeline, ['symbol']).reason, /one state for all rows/);
});

test('a computed key is another key', () => {
  const pipeline = planTicks(`SELECT COUNT(*) AS n FROM ${tumble} GROUP BY UPPER(symbol), window_start, window_end`);
  assert.equal(laneKeys(pipeline, ['symbol']).possible, false);
});

test('over a union the key comes from every input through one column', () => {
  const text = (second: string): string => `
    SELECT COUNT(*) OVER (PARTITION BY a, b ORDER BY event_time) AS n FROM (
      SELECT symbol AS a, exchange AS b, event_time FROM ticks UNION ALL SELECT ${second}, event_time FROM ticks)`;
  assert.equal(laneKeys(planTicks(text('symbol, exchange')), ['symbol']).possible, true);
  assert.equal(laneKeys(planTicks(text('exchange, symbol')), ['symbol']).possible, false, 'crosswise');
});

test("tables may call the key differently in their 'key.fields'", () => {
  const pipeline = planSql(`
    CREATE TABLE a (sym STRING, x INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('key.fields' = 'sym');
    CREATE TABLE b (ts TIMESTAMP(3), code STRING, WATERMARK FOR ts AS ts) WITH ('key.fields' = 'code');
    SELECT COUNT(*) OVER (PARTITION BY k ORDER BY ts) AS n FROM (SELECT sym AS k, ts FROM a UNION ALL SELECT code, ts FROM b)`);
  assert.deepEqual(laneKeys(pipeline, null).columns, [[0], [1]]);
  assert.match(laneKeys(pipeline, ['sym']).reason, /table 'b' has no column 'sym'/);
});

test('an aggregate on windowed rows is keyed like any other', () => {
  const nested = (keys: string): string => `
    SELECT MAX(v) AS m FROM (SELECT symbol, window_start, window_end, SUM(volume) AS v FROM ${tumble} GROUP BY symbol, window_start, window_end)
    GROUP BY ${keys}window_start, window_end`;
  assert.equal(laneKeys(planTicks(nested('symbol, ')), ['symbol']).possible, true);
  assert.equal(laneKeys(planTicks(nested('')), ['symbol']).possible, false);
});

test('what is kept is told in words', () => {
  const pipeline = planTicks(`
    SELECT symbol, COUNT(*) AS n, COUNT(DISTINCT exchange) AS e FROM ${tumble} GROUP BY symbol, window_start, window_end;
    SELECT LAG(price, 3) OVER (PARTITION BY symbol ORDER BY event_time) AS l FROM ticks`);
  assert.deepEqual(statefulOperators(pipeline).map(({ statement, operator, keys, state }) => [statement, operator, keys, state]), [
    [0, "window-aggregate TUMBLE '1' MINUTE", ['symbol'], '2 aggregates for each open window, and the distinct values'],
    [1, 'over RANGE UNBOUNDED PRECEDING', ['symbol'], '1 aggregate, nothing of past rows, the last 3 values for LAG, and rows that wait for the watermark'],
  ]);
});

test('sessions are state, told apart by their partition, with an aggregate over them or without', () => {
  const session = (by: string): string => `SELECT * FROM TABLE(SESSION(TABLE ticks ${by}, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))`;
  const pipeline = planTicks(`${session('PARTITION BY symbol')}; SELECT symbol, COUNT(*) AS n FROM ticks GROUP BY symbol, SESSION(event_time, INTERVAL '1' MINUTE)`);
  assert.equal(laneKeys(pipeline, ['symbol']).possible, true);
  assert.deepEqual(statefulOperators(pipeline).map(({ operator, keys, state }) => [operator, keys, state]), [
    ["window SESSION GAP '1' MINUTE", ['symbol'], 'the rows of each open session'], ["window-aggregate SESSION GAP '1' MINUTE", ['symbol'], '1 aggregate for each open window'],
  ]);
  assert.match(laneKeys(planTicks(session('')), ['symbol']).reason, /window SESSION GAP '1' MINUTE \(line \d+\) keeps one state for all rows/);
});
