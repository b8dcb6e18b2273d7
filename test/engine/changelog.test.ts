/** Results that change, from the plan to the output: kinds, upserts, what a restart and the cuts of batches do to them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSql, type Entry, type RunOptions } from './run-engine.js';

const table = 'CREATE TABLE t (k STRING, x INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n';
const keyed = 'CREATE TABLE counts (k STRING, n BIGINT NOT NULL, PRIMARY KEY (k) NOT ENFORCED);\n';
const run = (sql: string, rows: readonly Entry[], options: RunOptions = {}) => runSql(`${table}${sql}`, { t: rows }, options);
const row = (k: string | null, x: number, ts: number): Entry => ({ k, x, ts });

test('a changelog has -U before +U, and _op last', () => {
  const { outputs } = run('SELECT k, SUM(x) FROM t GROUP BY k;', [row('a', 1, 1), row('b', 2, 2), row('a', 3, 3)]);
  assert.deepEqual(outputs['query_1'], [['a', 1, '+I'], ['b', 2, '+I'], ['a', 1, '-U'], ['a', 4, '+U']]);
});

test('a table with the primary key of the result takes upserts', () => {
  const { outputs } = run(`${keyed} INSERT INTO counts SELECT k, COUNT(*) FROM t GROUP BY k;`, [row('a', 1, 1), row('b', 2, 2), row('a', 3, 3)]);
  assert.deepEqual(outputs['counts'], [['a', 1, '+I'], ['b', 1, '+I'], ['a', 2, '+U']]);
});

test('what an upsert takes back and nothing replaces is deleted', () => {
  const { outputs } = run(`${keyed} INSERT INTO counts SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k) WHERE n <> 2;`, [1, 2, 3].map((ts) => row('a', 1, ts)));
  assert.deepEqual(outputs['counts'], [['a', 1, '+I'], ['a', 1, '-D'], ['a', 3, '+U']]);
});

test('law: a changelog does not depend on the cuts, nor on restarts', () => {
  const rows = fc.array(fc.record({ k: fc.constantFrom('a', 'b', null), x: fc.integer({ min: -9, max: 9 }), ts: fc.integer({ min: 0, max: 3000 }) }), { maxLength: 40 });
  fc.assert(fc.property(rows, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), fc.boolean(), (drawn, batchRows, upsert) => {
    const sql = upsert ? `${keyed} INSERT INTO counts SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k) WHERE MOD(n, 3) <> 0;` : 'SELECT k, SUM(x), COUNT(*) FROM t GROUP BY k;';
    const [one, other, restored] = [{}, { batchRows }, { batchRows, stepEvery: 500, restoreEvery: 1 }].map((options) => run(sql, drawn, options));
    assert.deepEqual([other!.outputs, other!.digests], [one!.outputs, one!.digests]);
    assert.deepEqual([restored!.outputs, restored!.digests], [one!.outputs, one!.digests]);
  }));
});

test('rows that --from withholds are in a changelog nevertheless: it would be of no use without them', () => {
  const { outputs } = run('SELECT k, COUNT(*) FROM t GROUP BY k;', [row('a', 1, 1), row('a', 1, 5000)], { from: 4000 });
  assert.deepEqual(outputs['query_1'], [['a', 1, '+I'], ['a', 1, '-U'], ['a', 2, '+U']]);
});
