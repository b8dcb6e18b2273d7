/** Statements of one text share operators where they can, and are as they would be alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql, type EngineRun } from './run-engine.js';

const table = `CREATE TABLE t (k STRING, a INT, b INT, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n`;
const second = `FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end`;
const rows = [{ k: 'p', a: 1, b: 1, x: 1, ts: 1 }, { k: 'p', a: 2, b: 0, x: 2, ts: 2 }, { k: 'q', a: 3, b: 1, x: 3, ts: 3 }];

const operators = (run: EngineRun): number => new Set(run.late.map(({ operator }) => operator)).size;

test('a row that one statement cannot use is there for the others', () => {
  const { outputs, deadLetters } = runSql(`${table} SELECT SUM(x) ${second}; SELECT SUM(a / b) ${second};`, { t: rows });
  assert.deepEqual(outputs, { query_1: [[6]], query_2: [[4]] });
  assert.deepEqual(deadLetters.map(({ statement, position }) => [statement, position]), [[1, 1]]);
});

test('so with columns of one view, of which each statement takes some', () => {
  const view = 'CREATE VIEW v AS SELECT k, SUM(a / b) AS ratio, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL \'1\' SECOND)) GROUP BY k, window_start, window_end;';
  const { outputs } = runSql(`${table} ${view} SELECT k, n FROM v; SELECT k, ratio FROM v;`, { t: rows });
  assert.deepEqual(outputs, { query_1: [['p', 2], ['q', 1]], query_2: [['p', 1], ['q', 3]] });
});

test('so with a sum that overflows: the count beside it stays', () => {
  const huge = [{ a: 2 ** 31 - 1, ts: 1 }, { a: 1, ts: 2 }];
  const { outputs, deadLetters } = runSql(`${table} SELECT COUNT(*) ${second}; SELECT SUM(a) ${second};`, { t: huge });
  assert.deepEqual(outputs, { query_1: [[2]], query_2: [] });
  assert.equal(deadLetters.length, 1);
});

test('what changes for one statement is told to none that does not ask for it, whatever lies in between', () => {
  const groups = '(SELECT k, COUNT(*) AS n FROM t GROUP BY k)';
  for (const from of [`(SELECT *, ROW_NUMBER() OVER (ORDER BY k DESC) AS rn FROM ${groups}) WHERE rn = 1`, `${groups} AS one JOIN (SELECT k AS other FROM t GROUP BY k) ON k = other`]) {
    const asks = `SELECT COUNT(*) AS c FROM (SELECT k FROM ${from});`;
    const alone = runSql(`${table} ${asks}`, { t: rows.slice(0, 2) }).outputs['query_1'];
    assert.deepEqual(alone, [[1, '+I']]);
    assert.deepEqual(runSql(`${table} SELECT k, n FROM ${from}; ${asks}`, { t: rows.slice(0, 2) }).outputs['query_2'], alone);
  }
});

test('statements that differ in a zero\'s sign or an infinity alone are not taken for one', () => {
  const { outputs } = runSql(`${table} SELECT MAX(x * 1e400) ${second}; SELECT MAX(x * -1e400) ${second}; SELECT MAX(x * 0e0) ${second}; SELECT MAX(x * -0e0) ${second};`, { t: [{ x: 1, ts: 1 }] });
  assert.deepEqual(Object.values(outputs), [[[Infinity]], [[-Infinity]], [[0]], [[-0]]]);
});

test('statements that can fail by the same only, or not at all, have one operator', () => {
  const late = [...rows, { k: 'p', a: 1, b: 1, x: 1, ts: 5000 }, { k: 'p', a: 1, b: 1, x: 1, ts: 4 }];
  assert.equal(operators(runSql(`${table} SELECT SUM(x) ${second}; SELECT AVG(x), COUNT(*) ${second};`, { t: late })), 1);
  assert.equal(operators(runSql(`${table} SELECT SUM(x), SUM(a) ${second}; SELECT SUM(a), COUNT(*) ${second};`, { t: late })), 1);
  assert.equal(operators(runSql(`${table} SELECT SUM(x) ${second}; SELECT SUM(a), COUNT(*) ${second};`, { t: late })), 2);
});
