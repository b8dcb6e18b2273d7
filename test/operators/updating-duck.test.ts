/** What changelogs add up to is what DuckDB computes from all rows at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { facts, replayed, runStatement, statements, type Fact } from './updating-model.js';

const sums = '(SELECT k, m, count(*) AS c, sum(n)::BIGINT AS s FROM t GROUP BY k, m)';
const calls = `count(*), count(x), sum(x), min(x), max(x), trunc(avg(n))::BIGINT, count(DISTINCT n), sum(n) FILTER (n > 0)::BIGINT,
  first(x ORDER BY arrival) FILTER (x IS NOT NULL), last(n ORDER BY arrival) FILTER (n IS NOT NULL)`;
const top = (items: string, partition: string, order: string, condition: string, from = 't') =>
  `SELECT ${items} FROM (SELECT *, row_number() OVER (${partition === '' ? '' : `PARTITION BY ${partition} `}ORDER BY ${order}) AS rn FROM ${from}) WHERE ${condition}`;

/** By name of the statement, the same in DuckDB's words: ties are told apart, and windows computed. */
const theirs: Readonly<Record<string, string>> = {
  groups: `SELECT k, ${calls} FROM t GROUP BY k`,
  distinct: 'SELECT DISTINCT k, n FROM t WHERE m > 0',
  having: 'SELECT k, count(*), sum(n)::BIGINT FROM t GROUP BY k HAVING sum(n) > 0',
  'groups of groups': `SELECT k, count(*), sum(c)::BIGINT, min(s), max(s), count(DISTINCT s), trunc(avg(s))::BIGINT FROM ${sums} GROUP BY k`,
  'groups by what changes': `SELECT s, count(*), max(m) FROM ${sums} GROUP BY s`,
  'grouping sets': 'SELECT k, m, count(*), sum(x), GROUPING(k), GROUPING(k, m) FROM t GROUP BY CUBE (k, m)',
  'top two': top('k, x, m, n', 'k', 'x DESC, m, arrival', 'rn <= 2'),
  'numbered top three': top('m, n, x, rn', 'm', 'n, arrival', 'rn < 4'),
  'top of sums': top('k, m, s', 'k', 's DESC, m', 'rn <= 2', sums),
  'the last': top('k, x, m, n', 'k', 'ts DESC, arrival DESC', 'rn = 1'),
  'the first': top('k, x, m, n', 'k', 'ts, arrival', 'rn = 1'),
  'top of windows': top('k, x, m, rn', 'ts // 3000, k', 'x DESC, arrival', 'rn <= 2'),
};

const literal = (cell: number | string | null): string => (cell === null ? 'NULL' : typeof cell === 'string' ? `'${cell}'` : String(cell));

const valuesOf = (rows: readonly Fact[]): string => rows.map(({ k, m, x, n, ts }, arrival) => `(${[k, m, x, n, ts, arrival].map(literal).join(', ')})`).join(', ');

test('groups, grouping sets and Top-N are those of DuckDB', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run("SET default_null_order = 'nulls_first_on_asc_last_on_desc'");
    for (const rows of fc.sample(facts, { seed: 20_261_122, numRuns: 12 }).filter(({ length }) => length > 5)) {
      await connection.run('CREATE OR REPLACE TABLE t (k VARCHAR, m INTEGER, x DOUBLE, n BIGINT, ts BIGINT, arrival INTEGER)');
      await connection.run(`INSERT INTO t VALUES ${valuesOf(rows)}`);
      for (const [name, text] of Object.entries(theirs)) {
        const expected = (await connection.runAndReadAll(text)).getRows().map((row) => JSON.stringify(row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell))));
        assert.deepEqual(replayed(runStatement(statements[name]!.sql, rows).outputs['query_1']!), expected.sort(), name);
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});
