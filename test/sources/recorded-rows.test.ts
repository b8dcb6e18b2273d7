/** A recording gives the same whatever it is kept in: JSON lines, Parquet, Arrow. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { rowPieces } from '../../src/sources/recorded-rows.js';
import { sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';
import { directoryFor } from '../stores/directory.js';

const accounts = (prefix: string, format: string, more = ''): string => `CREATE TABLE account_balances (account_id INT, balance DECIMAL(20, 4), version BIGINT, at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  taken TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL, WATERMARK FOR at AS at, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = '${prefix}.cdc.account_balances', 'format' = '${format}');
CREATE TABLE positions (account_id INT, symbol STRING, quantity BIGINT, PRIMARY KEY (account_id, symbol) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = '${prefix}.cdc.positions', 'format' = '${format}');
CREATE TABLE balances_now (account_id INT, balance DECIMAL(20, 4), version BIGINT, taken TIMESTAMP_LTZ(3), place BIGINT, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE held (symbol STRING, quantity BIGINT, PRIMARY KEY (symbol) NOT ENFORCED) WITH ('connector' = 'print');
INSERT INTO balances_now SELECT account_id, balance, version, taken, place FROM account_balances;
INSERT INTO held SELECT symbol, SUM(quantity) FROM positions GROUP BY symbol;
${more}`;

const names = `json_keys(headers)`;
const of = (value: string): string => `list_transform(${names}, lambda k: struct_pack(key := k, value := ${value}))`;
const header = `json_extract_string(headers, '$."' || k || '"')`;

/** Columns in which recordings come. */
const kept = {
  texts: 'topic, partition, "offset", timestamp, key, value, CAST(headers AS VARCHAR) AS headers',
  bytes: `topic, partition, "offset", epoch_ms(timestamp) AS timestamp, encode(key) AS key, encode(value) AS value, ${of(`encode(${header})`)} AS headers`,
  map: `value, map_from_entries(${of(header)}) AS headers, key, topic, CAST(partition AS INTEGER) AS partition, "offset", timestamp`,
};

async function withDuck<T>(use: (run: (sql: string) => Promise<unknown>) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return await use((sql) => connection.run(sql));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const readLines = (path: string): string =>
  `read_json('${path}', format = 'newline_delimited', maximum_object_size = 4194304, columns = {topic: 'VARCHAR', partition: 'BIGINT', "offset": 'BIGINT', timestamp: 'BIGINT', key: 'VARCHAR', value: 'VARCHAR', headers: 'JSON', key_hex: 'VARCHAR', value_hex: 'VARCHAR'})`;

function ledgerLines(context: TestContext, rows: number): { readonly directory: string; readonly path: string } {
  const directory = directoryFor(context);
  const path = join(directory, 'ledger.jsonl');
  writeFileSync(path, [...generateLedger({ seed: 5, rows })].map((line) => `${line}\n`).join(''));
  return { directory, path };
}

const outputsOf = (sql: string, path: string): Promise<unknown> =>
  withRun(sql, { account_balances: path, positions: path }, ({ result: { outputs, rows, rejected, deadLetters } }) => Promise.resolve({ outputs, rows, rejected, deadLetters }));

test('Parquet and Arrow give what the lines give', async (context) => {
  const { directory, path } = ledgerLines(context, 500);
  const sql = accounts('dbz', 'debezium-json');
  const expected = await outputsOf(sql, path);
  await withDuck(async (run) => {
    for (const [name, columns] of Object.entries(kept)) {
      const file = join(directory, `${name}.parquet`);
      await run(`COPY (SELECT ${columns} FROM ${readLines(path)}) TO '${file}' (FORMAT parquet)`);
      assert.deepEqual(await outputsOf(sql, file), expected, name);
    }
  });
  const { tableFromArrays, tableToIPC } = await import('apache-arrow');
  const records = [...generateLedger({ seed: 5, rows: 500 })].map((line) => JSON.parse(line) as Record<string, string | null>);
  const column = (name: string): (string | null)[] => records.map((record) => record[name] ?? null);
  const table = tableFromArrays({
    topic: column('topic'), offset: BigInt64Array.from(records, (record) => BigInt(record['offset']!)), timestamp: BigInt64Array.from(records, (record) => BigInt(record['timestamp']!)),
    key: column('key'), value: column('value'), headers: records.map((record) => JSON.stringify(record['headers'])),
  });
  const file = join(directory, 'records.arrow');
  writeFileSync(file, tableToIPC(table, 'file'));
  assert.deepEqual(await outputsOf(sql, file), expected, 'Arrow');
});

for (const [prefix, format, name] of [['dbz', 'debezium-json', 'debezium-capture.jsonl'], ['dbs', 'debezium-json', 'debezium-capture-with-schemas.jsonl'], ['dbv', 'debezium-avro-confluent', 'debezium-capture-avro.jsonl']] as const) {
  test(`the real ${name} in Parquet`, { skip: skipUnless('data', 'debezium_postgres_3.7', 'README.md') }, async (context) => {
    const path = sharedPath('data', 'debezium_postgres_3.7', name);
    const directory = directoryFor(context);
    const file = join(directory, `${basename(name, '.jsonl')}.parquet`);
    await withDuck(async (run) => {
      await run(`COPY (SELECT topic, partition, "offset", timestamp, coalesce(encode(key), unhex(key_hex)) AS key, coalesce(encode(value), unhex(value_hex)) AS value, CAST(headers AS VARCHAR) AS headers FROM ${readLines(path)}) TO '${file}' (FORMAT parquet)`);
      if (format.includes('avro')) await import('node:fs/promises').then(({ cp }) => cp(sharedPath('data', 'debezium_postgres_3.7', 'schemas'), join(directory, 'schemas'), { recursive: true }));
    });
    assert.equal(existsSync(file), true);
    const sql = accounts(prefix, format);
    assert.deepEqual(await outputsOf(sql, file), await outputsOf(sql, path));
  });
}

test('a record that cannot be read is kept as the line that it would be', async (context) => {
  const { directory } = ledgerLines(context, 1);
  const file = join(directory, 'bad.parquet');
  await withDuck((run) => run(`COPY (SELECT 'dbz.cdc.account_balances' AS topic, 'no JSON' AS value) TO '${file}' (FORMAT parquet)`));
  const letters = await withRun(accounts('dbz', 'debezium-json'), { account_balances: file, positions: file }, ({ query }) => query('SELECT error, decode(value) AS value FROM dead_letters'));
  assert.deepEqual(letters, [{ error: 'the value is not a JSON object', value: '{"topic":"dbz.cdc.account_balances","value":"no JSON"}' }]);
});

test('a file without the columns of a recording is refused with what it needs', async (context) => {
  const { directory } = ledgerLines(context, 1);
  const file = join(directory, 'other.parquet');
  await withDuck((run) => run(`COPY (SELECT 1 AS a, 'x' AS topic) TO '${file}' (FORMAT parquet)`));
  await assert.rejects(outputsOf(accounts('dbz', 'debezium-json'), file), { code: 'DATASET_INVALID', message: /is no recording: it has no column value; records of topics have topic and value, and may have partition.*it has a INTEGER, topic VARCHAR$/ });
});

test('large payloads in one row group are read: 128 MB of them', async (context) => {
  const path = join(directoryFor(context), 'large.parquet');
  await withDuck((run) => run(`COPY (SELECT 't' AS topic, i || repeat(md5(i::VARCHAR), 1000) AS value FROM range(4000) t(i)) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`));
  let lines = 0;
  for await (const piece of rowPieces({ format: 'parquet', files: [path] })) for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines += 1;
  assert.equal(lines, 4000);
});

test('two tables may read one topic, each with columns of its own', async (context) => {
  const { path } = ledgerLines(context, 600);
  const more = `CREATE TABLE versions (account_id INT, version BIGINT, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'dbz.cdc.account_balances', 'format' = 'debezium-json');
CREATE TABLE versions_now (account_id INT, version BIGINT, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'print');
INSERT INTO versions_now SELECT account_id, version FROM versions;`;
  await withRun(accounts('dbz', 'debezium-json', more), { account_balances: path, positions: path, versions: path }, async ({ query }) => {
    assert.deepEqual(await query('SELECT account_id, version FROM versions_now ORDER BY 1'), await query('SELECT account_id, version FROM balances_now ORDER BY 1'));
    assert.equal((await query('SELECT COUNT(*) AS n FROM versions_now')).length, 1);
  });
});
