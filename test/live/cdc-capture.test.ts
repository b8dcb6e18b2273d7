/** The capture of a real database live, in JSON and in Avro whose schemas a registry gives: it comes to what the database held. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { captureOf } from '../../src/formats/debezium-record.js';
import { settingsFrom } from '../../src/live/settings.js';
import { sharedJson, sharedPath, skipUnless } from '../support/shared.js';
import { MemoryLog } from './memory-log.js';
import { runToEnd, specsOn } from './memory-run.js';

const folder = ['data', 'debezium_postgres_3.7'];
const skip = skipUnless(...folder, 'debezium-capture-avro.jsonl');

async function logOf(file: string): Promise<MemoryLog> {
  const records = readFileSync(sharedPath(...folder, file), 'utf8').trim().split('\n').map((line, index) => captureOf(line, index)!);
  const log = new MemoryLog();
  for (const topic of new Set(records.map((record) => record.topic))) await log.create(topic, 1);
  const bytes = (payload: string | Buffer | null): Buffer | null => (payload === null ? null : Buffer.from(payload as string));
  await (await log.producer('connector')).commit(records.map(({ topic, key, value }) => ({ topic, partition: 0, key: bytes(key), value: bytes(value) })), null);
  return log;
}

/** Answers for schemas as a registry does. */
function registry() {
  const schemas = new Map(readdirSync(sharedPath(...folder, 'schemas')).map((name) => sharedJson(...folder, 'schemas', name) as { readonly id: number; readonly schema: string }).map(({ id, schema }) => [`/schemas/ids/${id}`, schema]));
  return createServer(({ url }, response) => {
    const schema = schemas.get(url ?? '');
    response.writeHead(schema === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(schema === undefined ? { error_code: 40403 } : { schema }));
  });
}

/** The state was taken when the snapshot in Avro was; a transfer came after it. */
const taken = 1_795_336_842_492;

for (const [prefix, format, file, until] of [['dbz', 'debezium-json', 'debezium-capture.jsonl', 'latest'], ['dbv', 'debezium-avro-confluent', 'debezium-capture-avro.jsonl', taken + 1]] as const) {
  test(`${format}: the balances are those of the database`, { skip }, async () => {
    const server = registry();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    try {
      const log = await logOf(file);
      log.fetchMax = 100;
      const sql = `CREATE TABLE balances (account_id INT, currency STRING, balance DECIMAL(20, 4), PRIMARY KEY (account_id) NOT ENFORCED)
          WITH ('connector' = 'kafka', 'topic' = '${prefix}.cdc.account_balances', 'format' = '${format}', 'scan.startup.mode' = 'earliest-offset');
        CREATE TABLE copies (account_id INT, currency STRING, balance DECIMAL(20, 4), PRIMARY KEY (account_id) NOT ENFORCED)
          WITH ('connector' = 'upsert-kafka', 'topic' = 'copies', 'key.format' = 'json', 'value.format' = 'json');
        INSERT INTO copies SELECT account_id, currency, balance FROM balances;`;
      const settings = settingsFrom({ brokers: 'nowhere:1', registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, {});
      await runToEnd(log, (await specsOn(log, { sql, settings, until, checkpointEvery: 1e9 }))(0));
      assert.equal(log.records('run-dead-letters', 0).length, 0);
      const rows = new Map<string, unknown>();
      for (const { key, value } of log.records('copies', 0)) {
        if (value === null) rows.delete(key!.toString());
        else rows.set(key!.toString(), JSON.parse(value.toString()));
      }
      const { account_balances: held } = sharedJson(...folder, 'debezium-final-state.json') as { readonly account_balances: readonly string[] };
      const plain = (row: unknown): unknown[] => {
        const { account_id: account, currency, balance } = row as { account_id: number; currency: string; balance: number | string };
        return [account, currency, Number(balance)];
      };
      const byAccount = (one: unknown[], other: unknown[]): number => Number(one[0]) - Number(other[0]);
      assert.deepEqual([...rows.values()].map(plain).sort(byAccount), held.map((text) => plain(JSON.parse(text))).sort(byAccount));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
}
