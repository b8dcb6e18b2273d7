/** A packed recording is the one that its lines are: the same tables, transactions and dead letters of it. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { packRecording } from '../../src/datasets/pack-recording.js';
import { RecordReader } from '../../src/sources/parquet/record-reader.js';
import { sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';
import { directoryFor } from '../stores/directory.js';

const balances = (prefix: string, format: string): string => `CREATE TABLE account_balances (account_id INT, balance DECIMAL(20, 4), version BIGINT, at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  taken TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL, WATERMARK FOR at AS at, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = '${prefix}.cdc.account_balances', 'format' = '${format}');
CREATE TABLE balances_now (account_id INT, balance DECIMAL(20, 4), version BIGINT, taken TIMESTAMP_LTZ(3), place BIGINT, PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'print');
INSERT INTO balances_now SELECT account_id, balance, version, taken, place FROM account_balances;`;

const outputsOf = (sql: string, path: string): Promise<unknown> =>
  withRun(sql, { account_balances: path }, ({ result: { outputs, rows, rejected, deadLetters } }) => Promise.resolve({ outputs, rows, rejected, deadLetters }));
const pack = (recording: string, out: string) => packRecording(recording, out, new AbortController().signal);

/** Whether our own reader takes it. */
async function isRead(file: string): Promise<boolean> {
  const reader = await RecordReader.open([file]);
  await reader?.close();
  return reader !== null;
}

test('several files, packed themselves, with records that nobody can read, become one', async (context) => {
  const directory = directoryFor(context), out = join(directory, 'packed', 'ledger.parquet');
  const lines = [...generateLedger({ seed: 3, rows: 900 })];
  lines.splice(400, 0, JSON.stringify({ topic: 'dbz.cdc.account_balances', value: 'no JSON' }));
  // Values may be objects, too.
  lines.splice(100, 1, JSON.stringify({ ...(JSON.parse(lines[100]!) as object), value: JSON.parse((JSON.parse(lines[100]!) as { value: string }).value) as unknown }));
  writeFileSync(join(directory, 'a.jsonl'), lines.slice(0, 500).join('\n'));
  writeFileSync(join(directory, 'b.jsonl'), lines.slice(500).join('\n'));
  writeFileSync(join(directory, 'c.jsonl.gz'), gzipSync(lines.join('\n')));
  const { records, path } = await pack(join(directory, '[ab].jsonl'), out);
  assert.deepEqual([records, path, await isRead(out)], [lines.length, out, true]);
  const sql = balances('dbz', 'debezium-json');
  assert.deepEqual(await outputsOf(sql, out), await outputsOf(sql, join(directory, '[ab].jsonl')));
  await pack(join(directory, 'c.jsonl.gz'), out);
  assert.deepEqual(await outputsOf(sql, out), await outputsOf(sql, join(directory, 'c.jsonl.gz')));
  assert.deepEqual(readdirSync(join(directory, 'packed')), ['ledger.parquet']);
});

for (const [prefix, format, name] of [['dbz', 'debezium-json', 'debezium-capture.jsonl'], ['dbs', 'debezium-json', 'debezium-capture-with-schemas.jsonl'], ['dbv', 'debezium-avro-confluent', 'debezium-capture-avro.jsonl']] as const) {
  test(`the real ${name}, with its schemas`, { skip: skipUnless('data', 'debezium_postgres_3.7', 'README.md') }, async (context) => {
    const lines = sharedPath('data', 'debezium_postgres_3.7', name), out = join(directoryFor(context), 'packed.parquet');
    const { bytes, bytesBefore } = await pack(lines, out);
    assert.equal(bytes < bytesBefore / 4, true);
    assert.equal(await isRead(out), true);
    assert.deepEqual(await outputsOf(balances(prefix, format), out), await outputsOf(balances(prefix, format), lines));
  });
}

test('what is no recording is refused, and leaves nothing', async (context) => {
  const directory = directoryFor(context), out = join(directory, 'packed.parquet');
  const lines = join(directory, 'lines.jsonl');
  for (const [text, code, message] of [
    ['{"a":1}\n{"topic":"t","value":"v"}\n', 'DATASET_INVALID', /lines\.jsonl is no recording of topics: 1 of its lines have no topic/],
    ['{"topic":"t","value":"v"}\n{"topic"\n', 'DATASET_CORRUPT', /lines\.jsonl is damaged: it holds what is no record of a topic/],
  ] as const) {
    writeFileSync(lines, text);
    await assert.rejects(pack(lines, out), { code, message });
  }
  await assert.rejects(pack(out, out), { code: 'DATASET_INVALID', message: /is parquet: what is packed are recordings in JSON lines/ });
  await assert.rejects(pack(lines, join(directory, 'packed')), { code: 'USAGE' });
  writeFileSync(lines, [...generateLedger({ seed: 3, rows: 2000 })].join('\n'));
  await assert.rejects(packRecording(lines, out, AbortSignal.abort(new Error('stopped'))), /stopped/);
  assert.deepEqual(readdirSync(directory), ['lines.jsonl']);
});
