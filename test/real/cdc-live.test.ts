/** The ledger live on a real Kafka: a recording of its database's topics beside the tape, stopped on the way, comes to what replay comes to. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import { replayJournal } from '../../src/live/from-journal.js';
import { runLive, type LiveOptions, type LiveResult } from '../../src/live/live.js';
import { publish } from '../../src/live/publish.js';
import { recordChanges } from '../../src/live/record-changes.js';
import { verifyLive } from '../../src/live/verify-live.js';
import { defaultParameters, type ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { queryBundle } from '../../src/sinks/query.js';
import { LiveServers } from './live-servers.js';
import { publishRecording } from './publish-recording.js';
import { readTopic } from './read-topic.js';

const servers = new LiveServers({ registry: true });
const { skip } = servers;
const rows = 8000;
const ledger = 'ledger-day?rows=3000&seed=3', tape = `us-equities-day?rows=${rows}&seed=3`;
const tables = ['exposures', 'account_summaries', 'order_book', 'ledger_totals', 'leg_violations', 'booking_violations', 'share_violations'];

const captured = ['orders', 'transactions', 'positions', 'account_balances'];

async function replayed(changes: string, out: string): Promise<ReplayResult> {
  const bindings = Object.fromEntries([['market_data_raw', tape] as const, ...captured.map((table) => [table, changes] as const)].map(([table, given]) => [table, { given, base: process.cwd(), map: {} }]));
  return runReplay({ run: { kind: 'new', out: join(servers.folder, out), parameters: { ...defaultParameters, bindings }, texts: await texts() }, stopAfterRows: null, report: false });
}

async function texts(): Promise<LiveOptions['texts']> {
  return (await loadScenario(join(packageRoot(), 'scenarios', 'ledger'))).texts;
}

async function liveOptions(): Promise<LiveOptions> {
  return {
    texts: await texts(), settings: servers.settings(), group: 'ledger', state: join(servers.folder, 'state'), redirect: new Map([['*', 'out-']]), start: { kind: 'earliest' }, until: 'latest', lanes: 'all',
    sessionTimeout: 10_000, onGap: 'refuse', linger: 0, checkpointEvery: 300, strict: false, signal: new AbortController().signal, onRemark: () => undefined,
    events: { phase: () => undefined, committed: () => undefined },
  };
}

/** Stops after so many steps, or fails once as its first step is to be committed, and goes on to the end. */
async function live(how: { readonly stopAfter: number } | 'fails', record: string): Promise<LiveResult> {
  const stop = new AbortController();
  let left = how === 'fails' ? Infinity : how.stopAfter, fails = how === 'fails';
  const phase = (_lane: number, at: string): void => {
    if (at !== 'commit' || !fails) return;
    fails = false;
    throw new Error('failed on the way');
  };
  return runLive({ ...(await liveOptions()), record, signal: stop.signal, events: { phase, committed: () => { if (--left <= 0) stop.abort(); } } });
}

const standing = async (directory: string, table: string): Promise<unknown> => (await queryBundle(directory, `FROM ${table} ORDER BY ALL`)).rows;

test('ledger: live, stopped and gone on with, comes to the tables of replay, and its journal gives it again', { skip, timeout: 200_000 }, async () => {
  await publish({
    dataset: 'us-equities-day', seed: 3, topic: 'market-data-raw', rows, rowsMax: rows, speed: null, partitions: 1, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro', compression: 'lz4', deliveryTimeout: 60_000, settings: servers.settings(),
  });
  const recording = join(servers.folder, 'ledger.jsonl');
  await writeFile(recording, `${[...generateLedger({ seed: 3, rows: 3000 })].join('\n')}\n`);
  assert.equal(await publishRecording(servers.brokers.split(','), recording), 3000);
  const record = join(servers.folder, 'recorded');
  assert.equal((await live({ stopAfter: 1 }, record)).ended, false);
  const { ended, lanes: [lane], bundle } = await live('fails', record);
  assert.equal(ended, true);
  const history = await replayed(ledger, 'history');
  const again = await replayJournal({ ...(await liveOptions()), out: join(servers.folder, 'again'), report: false });
  for (const table of [...tables, 'risk_reviews', 'balance_violations']) {
    assert.equal(again.outputs[table]!.digest, lane!.outputs[table]!.digest, table);
    assert.deepEqual(await standing(again.directory, table), await standing(history.directory, table), table);
  }
  assert.equal(again.outputs['risk_reviews']!.setDigest, history.outputs['risk_reviews']!.setDigest);
  assert.equal(bundle, record);
  assert.deepEqual((await verifyRun(record)).difference, null);
  assert.deepEqual((await verifyLive(await liveOptions())).difference, null);
  const out = join(servers.folder, 'changes');
  const { datasets } = await recordChanges({ topics: ['dbz.transaction', ...captured.map((table) => `dbz.cdc.${table}`)], out, until: 'latest', settings: servers.settings(), signal: new AbortController().signal, onRemark: () => undefined });
  const fromTopics = await replayed(datasets[0]!.path, 'from-topics');
  for (const table of tables) assert.equal(fromTopics.outputs[table]!.digest, history.outputs[table]!.digest, table);
  // What stands in the topic is what stands in the table.
  const seen = new Map<string, unknown>();
  for (const { key, value } of await readTopic(servers.settings(), 'out-account-summaries', lane!.outputs['account_summaries']!.rows)) {
    if (value === null) seen.delete(key!.toString());
    else seen.set(key!.toString(), JSON.parse(value.toString()));
  }
  assert.equal(seen.size, history.outputs['account_summaries']!.standing);
  const total = [...seen.values()].reduce<number>((sum, row) => sum + Number((row as { balance: string | number }).balance), 0);
  assert.equal(total, 4_000_000);
});

test('a transaction that is lost stops live with its bounds, and so it does again', { skip, timeout: 100_000 }, async () => {
  const kafka = new kafkajs.Kafka({ brokers: servers.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer(), admin = kafka.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  try {
    await admin.createTopics({ waitForLeaders: true, topics: ['shop.public.things', 'shop.transaction'].map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
    const change = (id: number, lsn: number, before: number | null, xid: number): object => ({
      before: null, after: { id, n: lsn }, op: 'c', ts_ms: lsn, transaction: { id: `${xid}:${lsn}`, total_order: 1 },
      source: { ts_ms: lsn, snapshot: 'false', schema: 'public', table: 'things', db: 'shop', lsn, sequence: JSON.stringify([before === null ? null : String(before), String(lsn)]) },
    });
    const end = (xid: number, lsn: number): object => ({ status: 'END', id: `${xid}:${lsn}`, event_count: 1, data_collections: [{ data_collection: 'public.things', event_count: 1 }], ts_ms: lsn });
    const send = (topic: string, values: readonly object[]): Promise<unknown> => producer.send({ topic, messages: values.map((value) => ({ key: JSON.stringify({ id: 1 }), value: JSON.stringify(value), partition: 0 })) });
    await send('shop.public.things', [change(1, 100, null, 1), change(2, 200, 110, 2), change(3, 400, 310, 4)]);
    await send('shop.transaction', [end(1, 110), end(2, 210), end(4, 410)]);
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
  const sql = `CREATE TABLE things (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'shop.public.things', 'format' = 'debezium-json', 'scan.startup.mode' = 'earliest-offset');
    CREATE TABLE copies (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'copies', 'key.format' = 'json', 'value.format' = 'json');
    INSERT INTO copies SELECT id, n FROM things;`;
  const options = { ...(await liveOptions()), texts: { ...(await texts()), sql: [{ path: 'gap.sql', text: sql }] }, redirect: new Map<string, string>(), group: 'gap', state: join(servers.folder, 'gap') };
  for (let start = 0; start < 2; start += 1) {
    await assert.rejects(runLive(options), { code: 'SOURCE_GAP', message: /transactions are missing between LSN 210 \(transaction 2\) and LSN 410 \(transaction 4\)/ });
  }
  assert.equal((await readTopic(servers.settings(), 'copies', 2)).length, 2);
  const gone = await runLive({ ...options, onGap: 'continue' });
  assert.equal(gone.ended, true);
  assert.equal((await readTopic(servers.settings(), 'copies', 3)).length, 3);
});
