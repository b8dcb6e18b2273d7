import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookBack } from '../../src/plan/look-back.js';
import { planSql } from '../../src/sql/planner.js';
import { planTicks } from '../sql/ticks.js';

const minutes = (count: number): number => count * 60_000;
const delay = 5000;

test('the longest sum of windows, frames and watermark delays along a path', () => {
  const hop = "TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))";
  const average = "AVG(volume) OVER (PARTITION BY symbol ORDER BY rt RANGE INTERVAL '10' MINUTE PRECEDING) AS m";
  const grouped = `SELECT symbol, SUM(volume) AS volume, window_time AS rt FROM ${hop} GROUP BY symbol, window_start, window_end, window_time`;
  assert.equal(lookBack(planTicks('SELECT price FROM ticks')), delay);
  assert.equal(lookBack(planTicks(grouped)), delay + minutes(5));
  assert.equal(lookBack(planTicks(`SELECT ${average} FROM (${grouped})`)), delay + minutes(15));
  assert.equal(lookBack(planTicks(`SELECT price FROM ticks; ${grouped}; SELECT ${average} FROM (SELECT *, event_time AS rt FROM ticks)`)), delay + minutes(10));
});

test('windowed rows count their window once', () => {
  const tumble = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";
  const text = `SELECT MAX(v) AS m FROM (SELECT symbol, window_start, window_end, SUM(volume) AS v FROM ${tumble} GROUP BY symbol, window_start, window_end) GROUP BY window_start, window_end`;
  assert.equal(lookBack(planTicks(text)), delay + minutes(1));
});

test('unbounded: ROWS, no frame, LAG, sessions, and watermarks of the source', () => {
  for (const over of ['ORDER BY event_time ROWS 5 PRECEDING', 'ORDER BY event_time']) {
    assert.equal(lookBack(planTicks(`SELECT SUM(price) OVER (${over}) AS s FROM ticks`)), null);
  }
  assert.equal(lookBack(planTicks("SELECT COUNT(*) AS n FROM ticks GROUP BY SESSION(event_time, INTERVAL '1' MINUTE)")), null);
  const source = (watermark: string): string => `CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ${watermark}); SELECT ts FROM t`;
  assert.equal(lookBack(planSql(source('SOURCE_WATERMARK()'))), null);
  assert.equal(lookBack(planSql(source('ts'))), 0);
  assert.equal(lookBack(planSql(source("ts - INTERVAL '1' SECOND - INTERVAL '1' MINUTE"))), 61_000);
});
