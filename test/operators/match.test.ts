/** MATCH_RECOGNIZE: random patterns against their definition, then by example. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSql, type Entry } from '../engine/run-engine.js';
import { matching, matchLaw, table } from './match-model.js';

test('matches are those of the definition, whatever the cuts', () => {
  fc.assert(matchLaw, { numRuns: 150 });
});

const series = (prices: readonly (number | null)[], step = 1000): Entry[] => prices.map((price, n) => ({ k: 'x', n, qty: price, price, ts: (n + 1) * step }));
const rowsOf = (inside: string, prices: readonly (number | null)[]) => matching(inside, series(prices)).outputs['query_1']!;
const after = (skip: string): string => `ORDER BY ts MEASURES SUM(A.qty) AS total, FIRST(n) AS first_n, LAST(n) AS last_n AFTER MATCH SKIP ${skip} PATTERN (A+ C) DEFINE A AS SUM(A.qty) < 30`;

test('greedy takes what it can, reluctant what it must', () => {
  const inside = (star: string): string => `ORDER BY ts MEASURES C.qty AS q AFTER MATCH SKIP PAST LAST ROW PATTERN (A ${star} C) DEFINE A AS A.qty > 10, B AS B.qty < 15, C AS C.qty > 12`;
  assert.deepEqual(rowsOf(inside('B*'), [10, 11, 12, 13, 14, 16]), [[16]]);
  assert.deepEqual(rowsOf(inside('B*?'), [10, 11, 12, 13, 14, 16]), [[13], [16]]);
});

test('where the search goes on after a match', () => {
  const prices = [7, 9, 10, 5, 10, 7, 14];
  assert.deepEqual(rowsOf(after('PAST LAST ROW'), prices), [[26, 0, 3], [17, 4, 6]]);
  assert.deepEqual(rowsOf(after('TO NEXT ROW'), prices), [[26, 0, 3], [24, 1, 4], [25, 2, 5], [22, 3, 6], [17, 4, 6]]);
  assert.deepEqual(rowsOf(after('TO LAST A'), prices), [[26, 0, 3], [25, 2, 5], [17, 4, 6]]);
});

test('a match that cannot be gone on from is a dead letter, and the search goes on at the next row', () => {
  const { outputs, deadLetters } = matching('PARTITION BY k ORDER BY ts MEASURES A.n AS n, LAST(B.n) AS m AFTER MATCH SKIP TO LAST B PATTERN (A B? C) DEFINE B AS B.qty = 0, C AS C.qty > 5', series([1, 9, 2, 0, 7]));
  assert.deepEqual(outputs['query_1'], [['x', 2, 3]]);
  assert.deepEqual(deadLetters.map(({ error }) => error), [
    'AFTER MATCH SKIP: no row of the match is one of the variable to skip to', 'AFTER MATCH SKIP: no row of the match is one of the variable to skip to',
  ]);
});

test('WITHIN ends before the row that is exactly so late; what waited for it is certain then', () => {
  const inside = (seconds: number): string => `ORDER BY ts MEASURES A.n AS a, C.n AS c AFTER MATCH SKIP PAST LAST ROW PATTERN (A B* C) WITHIN INTERVAL '${seconds}' SECOND DEFINE B AS B.qty > A.qty - 10, C AS C.qty < A.qty - 10`;
  const prices = [20, 17, 18, 11, 14, 9, 15, 14, 24, 1, 19];
  assert.deepEqual(rowsOf(inside(3), prices), [[7, 9]]);
  assert.deepEqual(rowsOf(inside(4), prices), [[6, 9]]);
  assert.deepEqual(rowsOf(inside(6), prices), [[0, 5], [6, 9]]);
  // The match of rows 1 and 2 waits for the one that row 0 began, which times out 3 s after it began.
  const waiting = matching("PARTITION BY k ORDER BY ts MEASURES A.n AS a, MATCH_ROWTIME() AS certain AFTER MATCH SKIP TO NEXT ROW PATTERN (A B+ C) WITHIN INTERVAL '3' SECOND DEFINE A AS A.qty > 0, B AS B.qty < A.qty, C AS C.qty > A.qty", [
    { k: 'x', n: 0, qty: 9, ts: 10_000 }, { k: 'x', n: 1, qty: 3, ts: 10_500 }, { k: 'x', n: 2, qty: 1, ts: 11_000 }, { k: 'x', n: 3, qty: 5, ts: 11_500 }, { k: 'y', n: 4, qty: 0, ts: 20_000 },
  ]);
  assert.deepEqual(waiting.outputs['query_1'], [['x', 1, 13_000]]);
});

test('PREV looks at rows before the match, FIRST and LAST at those in it', () => {
  assert.deepEqual(rowsOf('ORDER BY ts MEASURES A.qty AS a, PREV(A.qty) AS p, FINAL LAST(B.qty) AS b, PREV(FIRST(qty), 2) AS pp PATTERN (A B) DEFINE A AS A.qty > PREV(A.qty), B AS B.qty > PREV(B.qty, 2)', [10, 15, 20, 3, 4, 2]), [[15, 10, 20, null]]);
  assert.deepEqual(rowsOf('ORDER BY ts MEASURES FIRST(A.qty, 1) AS a1, LAST(A.qty, 2) AS a2, LAST(A.qty, 9) AS none, LAST(A.qty * 2) AS twice PATTERN (A{3} B)', [1, 2, 3, 4]), [[2, 1, null, 6]]);
});

test('aggregates are exact, and those of a variable without rows are NULL or 0', () => {
  const big = { price: 1e100 };
  const rows = series([1, 2, 3]).map((entry, n) => ({ ...entry, ...(n === 0 ? big : n === 1 ? { price: -1e100 } : { price: 0.1 }) }));
  const { outputs } = matching('ORDER BY ts MEASURES SUM(price) AS s, AVG(A.qty) AS a, COUNT(*) AS c, MIN(B.price) AS m, COUNT(B.price) AS b, MAX(qty) AS x PATTERN (A{3} B?)', rows);
  assert.deepEqual(outputs['query_1'], [[0.1, 2, 3, null, 0, 3]]);
});

test('a condition that cannot be computed does not hold, and is a dead letter', () => {
  const { outputs, deadLetters } = matching('ORDER BY ts MEASURES A.n AS n PATTERN (A) DEFINE A AS 10 / A.qty > 1', series([10, 0, 5, 3]));
  assert.deepEqual(outputs['query_1'], [[2], [3]]);
  assert.deepEqual(deadLetters.map(({ error, eventTime }) => [error, eventTime]), [['division by zero', 2000]]);
});

test('rows at or below the watermark are late; rows of one instant are ordered as said, then as they came', () => {
  const rows = [{ k: 'x', n: 0, qty: 3, ts: 9000 }, { k: 'x', n: 1, qty: 1, ts: 9000 }, { k: 'x', n: 2, qty: null, ts: 9000 }, { k: 'x', n: 3, qty: 1, ts: 9000 }, { k: 'x', n: 4, qty: 0, ts: 7000 }];
  const { outputs, late } = matching('ORDER BY ts, qty DESC MEASURES FIRST(A.n) AS a, FIRST(A.n, 1) AS b, FIRST(A.n, 2) AS c, FIRST(A.n, 3) AS d PATTERN (A{4})', rows);
  assert.deepEqual(outputs['query_1'], [[0, 1, 3, 2]]);
  assert.deepEqual(late.map(({ position, reason }) => [position, reason]), [[4, 'the watermark has passed this time']]);
});

test('matches leave by time, then key; MATCH_ROWTIME is a rowtime for what follows', () => {
  const rows = ['b', 'a', 'b', 'a'].map((k, n) => ({ k, n, qty: n, ts: 5000 + (n >> 1) * 100 }));
  const inside = 'PARTITION BY k ORDER BY ts MEASURES B.n AS n, MATCH_ROWTIME(ts) AS certain AFTER MATCH SKIP PAST LAST ROW PATTERN (A B)';
  assert.deepEqual(matching(inside, rows).outputs['query_1'], [['a', 3, 5100], ['b', 2, 5100]]);
  const counted = runSql(`${table}CREATE VIEW m AS SELECT * FROM t MATCH_RECOGNIZE (${inside});\nSELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE m, DESCRIPTOR(certain), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;`, { t: rows });
  assert.deepEqual(counted.outputs['query_1'], [[6000, 2]]);
});
