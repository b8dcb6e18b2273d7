/** Results that change, by their law, and by example as Flink has the order and kinds of their rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSql, type Entry, type RunOptions } from '../engine/run-engine.js';
import { declared, holds, statements, updatingLaw } from './updating-model.js';

test('law: every changelog adds up to the result over all rows, however the run is cut and stopped', () => {
  fc.assert(updatingLaw, { numRuns: 400 });
});

test('every statement of the law is there with many rows and with none', () => {
  for (const name of Object.keys(statements)) {
    const rows = Array.from({ length: 60 }, (_, row) => ({ k: ['a', 'b', null][row % 3]!, m: row % 2, x: ((row * 7) % 13) / 4, n: (row * 5) % 4, ts: row * 500 + ((row * 3) % 4) * 1000 }));
    holds({ name, rows, batchRows: [7], restoreEvery: 2, ttl: null });
    holds({ name, rows: [], batchRows: [1], restoreEvery: 1, ttl: null });
  }
});

const run = (sql: string, rows: readonly Entry[], options: RunOptions = {}): string[] =>
  Object.values(runSql(`${declared}${sql};`, { t: rows.map((row) => ({ m: 0, ...row })) }, options).outputs)[0]!.map((row) => `${row.at(-1)} ${row.slice(0, -1).join(' ')}`);
const x = (k: string, ...values: readonly number[]): Entry[] => values.map((value) => ({ k, x: value, ts: 0 }));

test('a group adds its first result, then takes each back before it gives the next; one that is the same is not said again', () => {
  assert.deepEqual(run('SELECT k, MAX(x) FROM t GROUP BY k', x('a', 1, 2, 2, 1, 3)), ['+I a 1', '-U a 1', '+U a 2', '-U a 2', '+U a 3']);
});

test('without GROUP BY there is no result before the first row', () => {
  assert.deepEqual(run('SELECT COUNT(*), SUM(x) FROM t WHERE x > 1', []), []);
  assert.deepEqual(run('SELECT COUNT(*), SUM(x) FROM t WHERE x > 1', x('a', 1, 2)), ['+I 1 2']);
});

test('a group all of whose rows were taken back is deleted', () => {
  assert.deepEqual(run('SELECT c, COUNT(*) FROM (SELECT k, COUNT(*) AS c FROM t GROUP BY k) GROUP BY c', [...x('a', 1, 1), ...x('b', 1)]),
    ['+I 1 1', '-D 1 1', '+I 2 1', '+I 1 1']);
});

test('FIRST_VALUE and LAST_VALUE go by arrival; of equal values taken back the oldest goes', () => {
  const rows = [{ k: 'a', x: 5, ts: 9000 }, { k: 'a', x: 6, ts: 5000 }];
  assert.deepEqual(run('SELECT FIRST_VALUE(x), LAST_VALUE(x) FROM t', rows), ['+I 5 5', '-U 5 5', '+U 5 6']);
  const last = 'SELECT FIRST_VALUE(c), LAST_VALUE(c) FROM (SELECT k, COUNT(*) AS c FROM t GROUP BY k)';
  assert.deepEqual(run(last, [...x('a', 1), ...x('b', 1, 1), ...x('a', 1)]),
    ['+I 1 1', '-U 1 1', '+U 1 2', '-U 1 2', '+U 2 2']);
});

test('a sum that does not fit takes the result back, and is told; the next that fits adds it again', () => {
  const rows = [9_007_199_254_740_993n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_807n].map((n) => ({ k: 'a', n, m: 0, ts: 0 }));
  const { outputs, deadLetters } = runSql(`${declared}SELECT k, SUM(n) FROM t GROUP BY k;`, { t: rows });
  assert.deepEqual(outputs['query_1'], [['a', 9_007_199_254_740_993n, '+I'], ['a', 9_007_199_254_740_993n, '-D'], ['a', 9_007_199_254_740_993n, '+I']]);
  assert.deepEqual(deadLetters.map(({ error }) => error), ['the sum 9232379236109516800 does not fit BIGINT']);
});

test('HAVING on a result that changes: what no longer passes is taken back; an upsert deletes it', () => {
  const sums = 'SELECT k, SUM(x) FROM t GROUP BY k HAVING SUM(x) > 0';
  assert.deepEqual(run(sums, x('a', 1, -2, 4)), ['+I a 1', '-U a 1', '+U a 3']);
  const keyed = `CREATE TABLE o (k STRING, s DOUBLE, PRIMARY KEY (k) NOT ENFORCED); INSERT INTO o ${sums}`;
  assert.deepEqual(run(keyed, x('a', 1, 1, -2, 4)), ['+I a 1', '+U a 2', '-D a 2', '+U a 4']);
});

const top = (items: string, condition: string, order = 'x DESC') => `SELECT ${items} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${order}) AS rn FROM t) WHERE ${condition}`;

test('Top-N without numbers: the row that falls out goes first; with numbers each row that moves is changed', () => {
  assert.deepEqual(run(top('k, x', 'rn <= 2'), x('a', 1, 2, 3, 0)), ['+I a 1', '+I a 2', '-D a 1', '+I a 3']);
  assert.deepEqual(run(top('k, x, rn', 'rn <= 2'), x('a', 1, 2, 3, 0)), ['+I a 1 1', '-U a 1 1', '+U a 2 1', '+I a 1 2', '-U a 2 1', '+U a 3 1', '-U a 1 2', '+U a 2 2']);
});

test('of equal rows the first to come keeps its number; a number that nobody reads is none', () => {
  assert.deepEqual(run(top('k, m', 'rn = 1'), [{ k: 'a', x: 1, m: 1, ts: 0 }, { k: 'a', x: 1, m: 2, ts: 0 }]), ['+I a 1']);
  const view = `CREATE VIEW v AS ${top('*', 'rn <= 2')}; SELECT k, x FROM v`;
  assert.deepEqual(run(view, x('a', 1, 2, 3)), ['+I a 1', '+I a 2', '-D a 1', '+I a 3']);
});

test('a row of a Top-N over results that change moves up when one before it goes', () => {
  const best = `SELECT k, s FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY s DESC) AS rn FROM (SELECT k, SUM(x) AS s FROM t GROUP BY k)) WHERE rn <= 1`;
  assert.deepEqual(run(best, [...x('a', 3), ...x('b', 2), ...x('a', -2)]), ['+I a 3', '-D a 3', '+I b 2']);
});

test('the last row by event time: of equal times the last to come, said again though it be the same', () => {
  const rows = [{ k: 'a', x: 1, ts: 2000 }, { k: 'a', x: 2, ts: 1000 }, { k: 'a', x: 3, ts: 2000 }, { k: 'a', x: 3, ts: 2000 }];
  assert.deepEqual(run(top('k, x', 'rn = 1', 'ts DESC'), rows), ['+I a 1', '-U a 1', '+U a 3', '-U a 3', '+U a 3']);
});

test('the first row by event time leaves at the watermark, once; a row behind that is late while nobody has left', () => {
  const first = (rows: readonly Entry[], options: RunOptions = {}) => {
    const { outputs, late } = runSql(`${declared}${top('k, x', 'rn = 1', 'ts')};`, { t: rows.map((row) => ({ m: 0, ...row })) }, options);
    return { rows: outputs['query_1'], late: late.length };
  };
  assert.deepEqual(first([{ k: 'a', x: 1, ts: 2000 }, { k: 'a', x: 2, ts: 1000 }, { k: 'a', x: 3, ts: 5000 }]), { rows: [['a', 2]], late: 0 });
  assert.deepEqual(first([{ k: 'a', x: 1, ts: 2000 }, { k: 'b', x: 5, ts: 6900 }], { end: false }), { rows: [], late: 0 });
  assert.deepEqual(first([{ k: 'a', x: 1, ts: 2000 }, { k: 'b', x: 5, ts: 7000 }, { k: 'a', x: 2, ts: 1000 }, { k: 'b', x: 4, ts: 1999 }], { end: false }), { rows: [['a', 1]], late: 1 });
  // A row at the watermark itself waits for the next.
  assert.deepEqual(first([{ k: 'b', x: 5, ts: 7000 }, { k: 'a', x: 2, ts: 2000 }], { end: false }).rows, []);
  assert.deepEqual(first([{ k: 'b', x: 5, ts: 7000 }, { k: 'a', x: 2, ts: 2000 }, { k: 'b', x: 5, ts: 7001 }], { end: false }).rows, [['a', 2]]);
});

test('the first row stays, so windows may be over it', () => {
  const counted = `SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE firsts, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end`;
  const rows = [{ k: 'a', ts: 100 }, { k: 'b', ts: 1900 }, { k: 'a', ts: 1100 }, { k: 'c', ts: 1000 }].map((row) => ({ m: 0, ...row }));
  const { outputs } = runSql(`${declared}CREATE VIEW firsts AS ${top('*', 'rn = 1', 'ts')}; ${counted};`, { t: rows });
  assert.deepEqual(outputs['query_1'], [[0, 1], [1000, 2]]);
});

test('with a time-to-live what nothing touched for longer is forgotten, and each row says the result again', () => {
  const rows = [{ k: 'a', x: 1, ts: 0 }, { k: 'a', x: 1, ts: 1000 }, { k: 'a', x: 1, ts: 2001 }].map((row) => ({ m: 0, ...row }));
  const ttl = (length: string, sql: string) => run(`SET 'table.exec.state.ttl' = '${length}'; ${sql}`, rows);
  assert.deepEqual(ttl('1 s', 'SELECT k, MAX(x) FROM t GROUP BY k'), ['+I a 1', '-U a 1', '+U a 1', '+I a 1']);
  assert.deepEqual(ttl('1001', 'SELECT k, MAX(x) FROM t GROUP BY k'), ['+I a 1', '-U a 1', '+U a 1', '-U a 1', '+U a 1']);
  // Rows that change nothing do not touch a Top-N.
  assert.deepEqual(ttl('2 s', top('k, x', 'rn = 1')), ['+I a 1', '+I a 1']);
});

test('groups that come and go are forgotten, and their slots used again', { timeout: 60_000 }, () => {
  const rows = Array.from({ length: 150_000 }, (_, row) => ({ k: `k${row}`, m: 0, x: row, ts: row }));
  const lines = run("SET 'table.exec.state.ttl' = '1 s'; SELECT k, MAX(x) FROM t GROUP BY k", [...rows, { k: 'k149999', m: 0, x: 7, ts: 150_000 }, { k: 'k5', m: 0, x: 8, ts: 150_000 }], { batchRows: [10_000], strings: 'recoded' });
  assert.deepEqual(lines.slice(-3), ['-U k149999 149999', '+U k149999 149999', '+I k5 8']);
});
