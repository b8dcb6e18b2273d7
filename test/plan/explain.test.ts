import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainTree } from '../../src/plan/explain.js';
import { planSql } from '../../src/sql/planner.js';

test('the tree tells sources, types, windows, keys, aggregates and the rowtime', () => {
  const text = explainTree(planSql(`
    CREATE TABLE ticks (symbol STRING, price DOUBLE, ts BIGINT, event_time AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND);
    SELECT symbol, window_start, MAX(price) - MIN(price) AS spread FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
    WHERE price > 0 GROUP BY symbol, window_start, window_end`));
  assert.deepEqual(text.split('\n'), [
    'source ticks',
    '  symbol STRING',
    '  price DOUBLE',
    '  ts BIGINT',
    '  event_time TIMESTAMP_LTZ(3) AS TO_TIMESTAMP_LTZ(ts, 3) *ROWTIME*',
    "  watermark for event_time: TO_TIMESTAMP_LTZ(ts, 3) - INTERVAL '5' SECOND",
    'statement 1',
    '  sink query_1: symbol STRING, window_start TIMESTAMP(3) NOT NULL, spread DOUBLE',
    '    project symbol, window_start, MAX(price) - MIN(price) AS spread',
    '      output: symbol STRING, window_start TIMESTAMP(3) NOT NULL, spread DOUBLE',
    "      window-aggregate TUMBLE '1' MINUTE on event_time",
    '        keys: symbol',
    '        aggregates: MAX(price), MIN(price)',
    '        output: symbol STRING, MAX(price) DOUBLE, MIN(price) DOUBLE, window_start TIMESTAMP(3) NOT NULL, window_end TIMESTAMP(3) NOT NULL, window_time TIMESTAMP_LTZ(3) NOT NULL *ROWTIME*',
    '        project event_time, symbol, price',
    '          output: event_time TIMESTAMP_LTZ(3) *ROWTIME*, symbol STRING, price DOUBLE',
    '          filter price > 0',
    '            scan ticks',
  ]);
});

test('OVER, LAG, unions and windowed rows have their lines', () => {
  const text = explainTree(planSql(`
    CREATE TABLE t (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK());
    SELECT k, LAG(v, 2) OVER (PARTITION BY k ORDER BY ts) AS l FROM (SELECT * FROM t UNION ALL SELECT * FROM t);
    SELECT MAX(window_start) AS w FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
    SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' SECOND))`));
  assert.match(text, /watermark for ts: the source's own/);
  assert.match(text, /over RANGE UNBOUNDED PRECEDING on ts\n +keys: k\n +aggregates: LAG\(v, 2\)/);
  assert.match(text, /union all\n/);
  assert.match(text, /window-aggregate windowed by window_start, window_end\n +keys: none: one state for all rows/);
  assert.match(text, /window HOP '10' SECOND EVERY '5' SECOND on ts/);
  assert.match(text, /window SESSION GAP '5' SECOND on ts\n +keys: k/);
});
