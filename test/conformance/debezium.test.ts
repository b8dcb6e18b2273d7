/** Changes as Flink, Arroyo and Debezium's own documentation have them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedJson, sharedPath, skipUnless } from '../support/shared.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const changesOf = (columns: string, key: string): string => `CREATE TABLE t (${columns}, PRIMARY KEY (${key}) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'debezium-json');\n`;

interface Case {
  readonly input: readonly unknown[];
  readonly expected: readonly (readonly unknown[])[];
}

test("Flink's changelog of a real capture", { skip: skipUnless('conformance', 'flink_debezium_postgres_changelog.json') }, async () => {
  const { input, expected } = sharedJson('conformance', 'flink_debezium_postgres_changelog.json') as Case;
  const sql = `${changesOf('id INT, name STRING, description STRING, weight FLOAT', 'id')}SELECT id, name, description, weight FROM t;`;
  const rows = await withJsonLines(input, (path) => withRun(sql, { t: path }, ({ query }) => query('SELECT _op, id, name, description, weight FROM query_1__changes')));
  const single = (row: readonly unknown[]): unknown[] => row.map((value) => (typeof value === 'number' ? Math.fround(value) : value));
  assert.deepEqual(rows.map((row) => single(Object.values(row))), expected.map(single));
});

test("Arroyo's aggregates over 830 real changes", { skip: skipUnless('conformance', 'arroyo_debezium_changelog_aggregate.json') }, async () => {
  const { expected } = sharedJson('conformance', 'arroyo_debezium_changelog_aggregate.json') as { readonly expected: readonly Readonly<Record<string, unknown>>[] };
  const sql = `${changesOf('id INT, customer_name STRING, product_name STRING, quantity INT, price DOUBLE, order_date TIMESTAMP(6), status STRING', 'id')}
    SELECT 'p_' || product_name AS id, COUNT(*) AS c, COUNT(DISTINCT customer_name) AS d, SUM(quantity + 5) + 10 AS q FROM t GROUP BY 'p_' || product_name;`;
  const rows = await withRun(sql, { t: sharedPath('data', 'cdc_debezium_orders', 'raw', 'orders_debezium.jsonl') }, ({ query }) => query('SELECT c, d, id, q FROM query_1'));
  const texts = (list: readonly Readonly<Record<string, unknown>>[]): string[] => list.map(({ c, d, id, q }) => [c, d, id, q].map(String).join(' ')).sort();
  assert.deepEqual(texts(rows), texts(expected));
});

interface Lifecycle {
  readonly input: readonly { readonly key: unknown; readonly value: unknown }[];
  readonly expected: { readonly state_after_each: readonly (readonly Readonly<Record<string, unknown>>[])[] };
}

test("the life of a row, envelope by envelope, as Debezium's documentation has it", { skip: skipUnless('conformance', 'debezium_envelope_lifecycle.json') }, async () => {
  const { input, expected } = sharedJson('conformance', 'debezium_envelope_lifecycle.json') as Lifecycle;
  const sql = `${changesOf('id INT, first_name STRING, last_name STRING, email STRING', 'id')}SELECT * FROM t;`;
  // The page's examples are of different days: they are no log, which each of them alone may be.
  const unplaced = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (name, each: unknown) => (name === 'lsn' || name === 'sequence' ? null : each)));
  const records = input.map(({ key, value }, offset) => ({ topic: 't', partition: 0, offset, timestamp: 0, key: JSON.stringify(key), value: value === null ? null : JSON.stringify(unplaced(value)), headers: {} }));
  for (let count = 1; count <= records.length; count += 1) {
    const rows = await withJsonLines(records.slice(0, count), (path) => withRun(sql, { t: path }, ({ query }) => query('SELECT * FROM query_1')));
    assert.deepEqual(rows, expected.state_after_each[count - 1], `after ${count}`);
  }
});
