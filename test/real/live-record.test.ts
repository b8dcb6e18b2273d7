/** Recordings of a real Kafka's topics and of live runs, and what they replay to. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { publish } from '../../src/live/publish.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { Recorded } from '../../src/live/record.js';
import { settingsFrom } from '../../src/live/settings.js';
import { defaultParameters, type ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryFiles } from './query-files.js';
import { KafkaServer, kafkaMissing } from './kafka-server.js';
import { RegistryServer, registryMissing } from './registry-server.js';
import { mustEnd } from './must-end.js';
import { skipped } from './skip.js';

const skip = skipped(kafkaMissing() ?? registryMissing());
const rows = 30_000;

let kafka: KafkaServer;
let registry: RegistryServer;
let folder: string;

before(async () => {
  if (skip !== false) return;
  folder = await mkdtemp(join(tmpdir(), 'tapewright-record-'));
  [kafka, registry] = await Promise.all([KafkaServer.start(), RegistryServer.start()]);
});

after(async () => {
  await Promise.all([kafka?.stop(), registry?.stop()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  mustEnd();
});

const settings = () => settingsFrom({ brokers: kafka.brokers.join(','), registry: registry.address }, {});

const publishTo = (topic: string, partitions: number) => publish({
  dataset: 'us-equities-day', topic, rows, rowsMax: rows, speed: null, partitions, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro',
  compression: 'lz4', deliveryTimeout: 60_000, settings: settings(),
});

const vwap = (topic: string, out: string) => `
CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'avro-confluent', 'scan.startup.mode' = 'earliest-offset', 'key.fields' = 'symbol');
CREATE TABLE vwap (
  symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, trades BIGINT
) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json', 'key.fields' = 'symbol');
INSERT INTO vwap SELECT symbol, window_start, SUM(price * volume) / SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) WHERE event_type = 'TRADE' GROUP BY symbol, window_start, window_end;
`;

const textsOf = (sql: string) => ({ name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } });

function replayed(sql: string, bound: Readonly<Record<string, string>>, out: string, lanes = 1): Promise<ReplayResult> {
  const bindings = Object.fromEntries(Object.entries(bound).map(([table, given]) => [table, { given, base: process.cwd(), map: {} }]));
  return runReplay({
    run: { kind: 'new', out: join(folder, out), parameters: { ...defaultParameters, bindings, lanes, key: lanes > 1 ? ['symbol'] : null }, texts: textsOf(sql) }, stopAfterRows: null, report: false,
  });
}

interface Ended<Result> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly result: Result | null;
  readonly errors: string;
}

function inProcess<Result>(script: string, told: object): Promise<Ended<Result>> {
  const asked = { brokers: kafka.brokers.join(','), registry: registry.address, ...told };
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), JSON.stringify(asked)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', errors = '';
  child.stdout.on('data', (text: Buffer) => { out += text.toString(); });
  child.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, errors, result: out === '' ? null : JSON.parse(out) as Result })));
}

test('a topic that is recorded, killed at any moment and gone on with, holds every message once and replays as the data did', { skip, timeout: 300_000 }, async () => {
  await publishTo('ticks', 4);
  const producer = kafkaClient(settings()).producer();
  await producer.connect();
  await producer.send({ topic: 'ticks', messages: [{ key: 'A', value: 'no avro', partition: 2 }] });
  await producer.disconnect();
  const out = join(folder, 'recorded');
  for (const killAt of ['rows:1', 'sync:1', 'rows:9000', 'sync:1', 'sync:1']) {
    const { signal, errors } = await inProcess<Recorded>('./record-process.js', { topics: ['ticks'], out, killAt });
    assert.equal(signal, 'SIGKILL', `at ${killAt}: ${errors}`);
  }
  const { result, errors } = await inProcess<Recorded>('./record-process.js', { topics: ['ticks'], out, killAt: null });
  assert.equal(result?.ended, true, errors);
  assert.deepEqual(result!.datasets.map(({ topic, rows: held, rejected }) => ({ topic, held, rejected })), [{ topic: 'ticks', held: rows, rejected: 1 }]);
  const [counts] = await queryFiles(join(out, 'rows-*.parquet'), 'SELECT count(*) AS held, count(DISTINCT (kafka_partition, kafka_offset)) AS places, count(DISTINCT arrival) AS arrivals FROM files');
  assert.deepEqual(counts, { held: rows, places: rows, arrivals: rows });
  const [behind] = await queryFiles(join(out, 'rows-*.parquet'), 'SELECT count(*) AS wrong FROM (SELECT kafka_offset - lag(kafka_offset, 1, -1) OVER (PARTITION BY kafka_partition ORDER BY arrival) AS step FROM files) WHERE step <> 1');
  assert.deepEqual(behind, { wrong: 0 });
  const again = await replayed(vwap('ticks', 'x'), { ticks: out }, 'recorded-run', 4);
  const history = await replayed(vwap('ticks', 'x'), { ticks: `us-equities-day?rows=${rows}` }, 'history-run', 4);
  assert.equal(again.outputs['vwap']!.setDigest, history.outputs['vwap']!.setDigest);
  assert.equal(again.outputs['vwap']!.digest, history.outputs['vwap']!.digest);
});
