/** Small cases by hand, each of which decides one question of order or lateness. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { planSql } from '../../src/sql/planner.js';
import { textsOf } from './support/compare.js';
import { tableFields } from './support/query.js';
import type { Row } from './support/random-rows.js';
import { runPlan, type Run } from './support/run.js';

const table = (delaySeconds: number): string => `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, qty INT, amount DECIMAL(12, 2), flag BOOLEAN, note STRING,
  event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '${delaySeconds}' SECOND
) WITH ('connector' = 'kafka');
`;

interface Tick {
  readonly at: number;
  readonly price?: number;
  readonly symbol?: string;
}

function replay(sql: string, ticks: readonly Tick[], delaySeconds = 0): Run {
  const rows = ticks.map(({ at, price = 1, symbol = 'A' }): Row => tableFields.map(({ name }) => (name === 'event_time' ? at : name === 'price' ? price : name === 'symbol' ? symbol : null)));
  return runPlan(planSql(table(delaySeconds) + sql), [rows, []], { stepEvery: 1000 });
}

const outputOf = ({ outputs }: Run): string[] => textsOf(outputs[0]!);
const lateOf = ({ late }: Run): (number | null)[][] => late.map(({ position, windowStart, windowEnd }) => [position, windowStart, windowEnd]);

const minutes = `SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end`;

test('a row that arrives at watermark = window end - 1 is late, one millisecond earlier it is not', () => {
  const late = replay(minutes, [{ at: 1000 }, { at: 9999 }, { at: 2000 }]);
  assert.deepEqual(outputOf(late), ['0 | 2n']);
  assert.deepEqual(lateOf(late), [[2, 0, 10_000]]);
  assert.equal(late.late[0]!.watermark, 9999);

  const inTime = replay(minutes, [{ at: 1000 }, { at: 9998 }, { at: 2000 }]);
  assert.deepEqual(outputOf(inTime), ['0 | 3n']);
  assert.deepEqual(lateOf(inTime), []);
});

test('two behind peers of a bounded OVER come together if the watermark stands still, else the second is late', () => {
  const over = `SELECT symbol, event_time, SUM(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS total FROM ticks`;
  // B moves the watermark; A has processed nothing, so its rows at 3000 are behind but not late.
  const together = replay(over, [{ at: 9000, symbol: 'B' }, { at: 3000, price: 2 }, { at: 3000, price: 4 }, { at: 9001, symbol: 'B' }]);
  assert.deepEqual(outputOf(together), ['"B" | 9000 | 1', '"A" | 3000 | 6', '"A" | 3000 | 6', '"B" | 9001 | 2']);
  assert.deepEqual(lateOf(together), []);

  const apart = replay(over, [{ at: 9000, symbol: 'B' }, { at: 3000, price: 2 }, { at: 9001, symbol: 'B' }, { at: 3000, price: 4 }]);
  assert.deepEqual(outputOf(apart), ['"B" | 9000 | 1', '"A" | 3000 | 2', '"B" | 9001 | 2']);
  assert.deepEqual(lateOf(apart), [[3, null, null]]);
});

test('the only far-ahead row is left out by WHERE and still moves the watermark', () => {
  const filtered = minutes.replace('TABLE ticks', 'TABLE cheap');
  const view = 'CREATE VIEW cheap AS SELECT * FROM ticks WHERE price < 100;\n';
  const found = replay(view + filtered, [{ at: 1000 }, { at: 50_000, price: 1000 }, { at: 2000 }, { at: 51_000 }]);
  assert.deepEqual(outputOf(found), ['0 | 1n', '50000 | 1n']);
  assert.deepEqual(lateOf(found), [[2, 0, 10_000]]);
});

test('a row late for a sliding window that has fired counts in the one that has not', () => {
  const sliding = `SELECT window_start, COUNT(*) AS n FROM TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end`;
  const found = replay(sliding, [{ at: 6000 }, { at: 10_500 }, { at: 7000 }]);
  assert.deepEqual(outputOf(found), ['0 | 1n', '5000 | 3n', '10000 | 1n']);
  assert.deepEqual(lateOf(found), [[2, 0, 10_000]]);
});

test('an unbounded OVER refuses what a bounded one still takes', () => {
  const over = (frame: string) => `SELECT symbol, COUNT(*) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN ${frame} PRECEDING AND CURRENT ROW) AS n FROM ticks`;
  const ticks = [{ at: 9000, symbol: 'B' }, { at: 3000 }, { at: 9500, symbol: 'B' }];
  assert.deepEqual(lateOf(replay(over("INTERVAL '1' HOUR"), ticks)), []);
  assert.deepEqual(lateOf(replay(over('UNBOUNDED'), ticks)), [[1, null, null]]);
});

test('a row is judged by the watermark before it: it is never late by its own', () => {
  assert.deepEqual(lateOf(replay(minutes, [{ at: 9999 }, { at: 19_999 }, { at: 29_999 }])), []);
});

test('FIRST_VALUE of rows that carry their window goes by event time, as of those that do not', () => {
  const carried = (argument: string) => `SELECT s, FIRST_VALUE(${argument}) AS first_price FROM (
    SELECT price, window_start AS s, window_end AS e FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND))) GROUP BY s, e`;
  const ticks = [{ at: 2000, price: 20 }, { at: 1000, price: 10 }];
  for (const argument of ['price', 'CASE WHEN s IS NULL THEN 0 ELSE price END']) assert.deepEqual(outputOf(replay(carried(argument), ticks, 5)), ['0 | 10']);
});

test('a failed result names its key, whatever holds it', () => {
  const over = 'SELECT symbol, SUM(CAST(price AS INT)) OVER (PARTITION BY symbol ORDER BY event_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS total FROM ticks';
  const { deadLetters } = replay(over, [{ at: 1, price: 2e9, symbol: 'B' }, { at: 2, symbol: 'A' }, { at: 3, price: 2e9, symbol: 'B' }]);
  assert.deepEqual(deadLetters.map(({ value }) => JSON.parse(value!) as unknown), [{ symbol: 'B', event_time: 3 }]);
});

test('the variance of integers is an integer, cut off; of decimals a decimal; both exact', () => {
  const spread = `SELECT VAR_POP(CAST(price AS BIGINT) * 3000000000) AS v, STDDEV_SAMP(CAST(price AS INT)) AS s, VAR_SAMP(CAST(price AS DECIMAL(10, 2))) AS d
    FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end`;
  assert.deepEqual(outputOf(replay(spread, [{ at: 1, price: 1 }, { at: 2, price: 2 }])), ['2250000000000000000n | 0n | 500000n']);
});

test('a decimal result that does not fit 38 digits is NULL', () => {
  const sums = 'SELECT AVG(CAST(price AS DECIMAL(38, 2))) AS mean FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL \'10\' SECOND)) GROUP BY window_start, window_end';
  assert.deepEqual(outputOf(replay(sums, [{ at: 1, price: 1e33 }])), ['NULL']);
  assert.deepEqual(outputOf(replay(sums, [{ at: 1, price: 1e9 }])), ['1000000000000000n']);
});
