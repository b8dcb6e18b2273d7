/** State that grows for ever is found, with what bounds it; state that does not grow is left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unboundedState, unboundedText } from '../../src/plan/unbounded-state.js';
import { planSql } from '../../src/sql/planner.js';

const tables = ['t', 'u'].map((name) => `CREATE TABLE ${name} (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);\n`).join('');
const grows = (sql: string): string[] => unboundedState(planSql(tables + sql)).map((state) => `${state.operator} ${state.grows}`);
const withLife = "SET 'table.exec.state.ttl' = '1 h';\n";

const newest = 'SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS n FROM t) WHERE n = 1';
const best = (from: string): string => `SELECT k, s FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY s DESC) AS n FROM (${from})) WHERE n <= 3`;
const pattern = (shape: string): string => `SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES LAST(B.v) AS v PATTERN (${shape}) DEFINE B AS B.v > A.v)`;

test('what grows with every new key, and what bounds it', () => {
  assert.deepEqual(grows('SELECT k, SUM(v) AS s FROM t GROUP BY k;'), ['group-aggregate keeps a row for each k, for ever']);
  assert.deepEqual(grows('SELECT COUNT(DISTINCT k) AS n FROM t;'), ['group-aggregate keeps every distinct value, for ever']);
  assert.deepEqual(grows(`${newest};`), ['rank ROW_NUMBER <= 1 keeps a row for each k, for ever']);
  assert.deepEqual(grows(`${best('SELECT k, SUM(v) AS s FROM t GROUP BY k')};`), [
    'group-aggregate keeps a row for each k, for ever', 'rank ROW_NUMBER <= 3 keeps every row that may move up, for ever',
  ]);
  assert.deepEqual(grows(`${pattern('A B+? C')};`), ['match (A B+? C) keeps the rows of a match in the making, however long that takes']);
  const [state] = unboundedState(planSql(`${tables}SELECT k, SUM(v) AS s FROM t GROUP BY k;`));
  assert.match(unboundedText(state!), /^line 3, column \d+: group-aggregate keeps a row for each k, for ever\. Write SET 'table\.exec\.state\.ttl' = '1 h' before it/);
});

test('a time-to-live bounds it; so do one group, the first of all rows, windows and WITHIN', () => {
  for (const sql of ['SELECT k, SUM(v) AS s FROM t GROUP BY k', newest, best('SELECT k, SUM(v) AS s FROM t GROUP BY k'), 'SELECT t.v FROM t JOIN u ON t.k = u.k']) {
    assert.deepEqual(grows(`${withLife}${sql};`), [], sql);
  }
  for (const sql of [
    'SELECT COUNT(*) AS n, MAX(v) AS m FROM t', 'SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY v DESC) AS n FROM t) WHERE n <= 3', pattern('A B'), pattern("A B+? C) WITHIN INTERVAL '1' MINUTE").replace(') DEFINE', ' DEFINE'),
    "SELECT k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end",
    "SELECT t.v FROM t JOIN u ON t.k = u.k AND t.ts BETWEEN u.ts AND u.ts + INTERVAL '1' SECOND",
  ]) assert.deepEqual(grows(`${sql};`), [], sql);
});

test('groups and ranks of a captured table are no more than the table; with a tape beside it they may be', () => {
  const accounts = "CREATE TABLE a (id INT, k STRING, v BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'format' = 'debezium-json');\n";
  for (const sql of ['SELECT k, SUM(v) AS s FROM a GROUP BY k', 'SELECT COUNT(DISTINCT k) AS n FROM a', best('SELECT k, SUM(v) AS s FROM a WHERE v > 0 GROUP BY k')]) assert.deepEqual(grows(`${accounts}${sql};`), [], sql);
  assert.equal(grows(`${accounts}SELECT k, SUM(v) AS s FROM (SELECT k, v FROM a UNION ALL SELECT k, v FROM t) GROUP BY k;`).length, 1);
});

test('a view that two statements read is told of once', () => {
  const view = 'CREATE VIEW sums AS SELECT k, SUM(v) AS s FROM t GROUP BY k;\n';
  assert.equal(grows(`${view}SELECT k FROM sums; SELECT s FROM sums;`).length, 1);
});
