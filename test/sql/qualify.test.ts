/** QUALIFY is a condition around a sub-query: the plans are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainTree } from '../../src/plan/explain.js';
import { planSql } from '../../src/sql/planner.js';

const table = 'CREATE TABLE t (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n';
const plan = (sql: string): string => explainTree(planSql(`${table}${sql};`)).replace(/line \d+/g, 'line');
const newest = 'ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC)';

test('deduplication, Top-N, conditions on OVER, with and without the number in SELECT', () => {
  const pairs: readonly (readonly [string, string])[] = [
    [`SELECT k, v FROM t QUALIFY ${newest} = 1`, `SELECT k, v FROM (SELECT k, v, ${newest} AS n FROM t) WHERE n = 1`],
    [`SELECT k, v, ${newest} AS n FROM t WHERE v > 0 QUALIFY n <= 3`, `SELECT k, v, n FROM (SELECT k, v, ${newest} AS n FROM t WHERE v > 0) WHERE n <= 3`],
    ['SELECT k, v FROM t QUALIFY v > AVG(v) OVER (PARTITION BY k ORDER BY ts)', 'SELECT k, v FROM (SELECT k, v, AVG(v) OVER (PARTITION BY k ORDER BY ts) AS m FROM t) WHERE v > m'],
    ['SELECT k, SUM(v) AS s FROM t GROUP BY k QUALIFY ROW_NUMBER() OVER (ORDER BY SUM(v) DESC) <= 2', 'SELECT k, s FROM (SELECT k, s, ROW_NUMBER() OVER (ORDER BY s DESC) AS n FROM (SELECT k, SUM(v) AS s FROM t GROUP BY k)) WHERE n <= 2'],
  ];
  // What a column in between is called is all that may differ.
  const unnamed = (text: string): string => text.replaceAll('SUM(v) AS s', 's').replaceAll('SUM(v)', 's');
  for (const [qualified, nested] of pairs) assert.equal(unnamed(plan(qualified)), unnamed(plan(nested)), qualified);
});

test('a condition without OVER belongs elsewhere', () => {
  assert.throws(() => plan('SELECT k FROM t QUALIFY v > 1'), /line 2, column 25: QUALIFY asks for nothing that OVER gives.*Write WHERE, or HAVING after GROUP BY/);
});
