/** Publishing to a real Kafka and a real schema registry. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { partitionOf } from '../../src/core/murmur2.js';
import { avroType } from '../../src/formats/confluent.js';
import type { AvroRecord } from '../../src/formats/avro-schema.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { publish, type PublishOptions } from '../../src/live/publish.js';
import { SchemaRegistry } from '../../src/live/registry.js';
import { settingsFrom } from '../../src/live/settings.js';
import { freePorts } from './java.js';
import { LiveServers } from './live-servers.js';
import { readTopic, type Seen } from './read-topic.js';

const run = promisify(execFile);
const servers = new LiveServers({ registry: true });
const { skip } = servers;

const optionsFor = (changes: Partial<PublishOptions> & Pick<PublishOptions, 'dataset' | 'topic'>): PublishOptions => ({
  speed: null, partitions: 4, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro', compression: 'lz4', deliveryTimeout: 60_000, rowsMax: null,
  settings: servers.settings(), ...changes,
});

const messagesOf = (topic: string, count: number): Promise<Seen[]> => readTopic(servers.settings(), topic, count);

test('a day in Avro: every row once, each symbol in order in the partition of its key, the schema in the registry', { skip, timeout: 300_000 }, async () => {
  const published = await publish(optionsFor({ dataset: 'us-equities-day', topic: 'market-data-raw', rows: 20_000, rowsMax: 20_000 }));
  assert.equal(published.acknowledged, 20_000);
  assert.equal(published.partitions.reduce((sum, count) => sum + count, 0), 20_000);
  const messages = await messagesOf('market-data-raw', 20_000);
  const id = messages[0]!.value!.readUInt32BE(1);
  assert.equal(id, published.schemaId);
  const schema = JSON.parse(await new SchemaRegistry([servers.registry.address]).schema(published.schemaId!)) as AvroRecord;
  assert.equal(schema.name, 'MarketData');
  const type = avroType(schema);
  const last = new Map<string, number>();
  for (const { key, value, partition } of messages) {
    assert.equal(value![0], 0);
    const row = type.fromBuffer(value!.subarray(5)) as { symbol: string; timestamp: number; event_type: string };
    assert.equal(row.symbol, key!.toString());
    assert.equal(partition, partitionOf(key!, 4));
    assert.ok(['TRADE', 'QUOTE', 'BBO'].includes(row.event_type));
    last.set(row.symbol, row.timestamp);
  }
  assert.ok(last.size > 50);
});

test('a hot key takes turns on its partitions, and time buckets share one', { skip, timeout: 300_000 }, async () => {
  const file = join(servers.folder, 'ticks.jsonl');
  const rows = Array.from({ length: 600 }, (_, index) => ({ symbol: index % 3 === 0 ? 'B' : 'HOT', price: 100 + index / 8, event_time: new Date(1_700_000_000_000 + index * 1000).toISOString().slice(0, 23) }));
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const hot = await publish(optionsFor({ dataset: file, topic: 'hot', format: 'json', partitions: 6, subPartitions: new Map([['HOT', 3]]) }));
  const expected = new Array<number>(6).fill(0);
  expected[partitionOf(Buffer.from('B'), 6)]! += 200;
  [134, 133, 133].forEach((count, way) => { expected[(partitionOf(Buffer.from('HOT'), 6) + way) % 6]! += count; });
  assert.deepEqual(hot.partitions, expected);
  const times = await publish(optionsFor({ dataset: file, topic: 'by-time', format: 'json', partitions: 2, partitionBy: { columns: [], span: 60_000 } }));
  assert.equal(times.acknowledged, 600);
  const messages = await messagesOf('by-time', 600);
  for (const { partition, value } of messages) {
    const { event_time: at } = JSON.parse(value!.toString()) as { event_time: string };
    assert.equal(partition, Math.floor(Date.parse(`${at.replace(' ', 'T')}Z`) / 60_000) % 2);
  }
});

test('what is wrong is said with what to do', { skip, timeout: 300_000 }, async () => {
  const base = { dataset: 'us-equities-day', rows: 1000, rowsMax: 1000 } as const;
  const [unused] = await freePorts(1);
  await assert.rejects(publish(optionsFor({ ...base, topic: 'market-data-raw', partitions: 3 })), /topic market-data-raw has 4 partitions, not 3/);
  await assert.rejects(publish(optionsFor({ ...base, topic: 'x', settings: settingsFrom({ brokers: '127.0.0.1:1' }, {}) })), /no broker answers at 127\.0\.0\.1:1/);
  await assert.rejects(publish(optionsFor({ ...base, topic: 'y', settings: settingsFrom({ brokers: servers.brokers, registry: `http://127.0.0.1:${unused}` }, {}) })), /no schema registry answers \(http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\)/);
  await assert.rejects(publish(optionsFor({ ...base, topic: 'z', replication: 3 })), /topic z cannot be made .*replication/i);
  await assert.rejects(publish(optionsFor({ ...base, topic: 'z', partitionBy: { columns: ['simbol'], span: null } })), /did you mean 'symbol'\?/);
});

test('as a user would: the command, its JSON, and Ctrl-C in the middle of a paced day', { skip, timeout: 300_000 }, async () => {
  const bin = join(process.cwd(), 'bin', 'run.js');
  const env = { ...process.env, KAFKA_BROKERS: servers.brokers, SCHEMA_REGISTRY: servers.registry.address };
  const { stdout } = await run('node', [bin, 'publish', 'us-equities-day', '--topic', 'by-command', '--rows', '2000', '--partitions', '2', '--json'], { env, maxBuffer: 1 << 24 });
  const told = JSON.parse(stdout) as { acknowledged: number; partitions: number[] };
  assert.equal(told.acknowledged, 2000);
  assert.equal(told.partitions.length, 2);
  const child = execFile('node', [bin, 'publish', 'us-equities-day', '--topic', 'paced', '--rows', '2000', '--speed', '2000', '--json'], { env });
  let out = '';
  child.stdout!.on('data', (text: string) => { out += text; });
  const admin = kafkaClient(settingsFrom({}, env)).admin();
  await admin.connect();
  try {
    // A topic that was just made may not have a leader yet.
    const published = (): Promise<number> => admin.fetchTopicOffsets('paced').then(([partition]) => Number(partition!.high), () => 0);
    // The first messages are there: so the day is under way.
    while (child.exitCode === null && (await published()) === 0) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    const code = child.exitCode ?? await new Promise((resolve) => child.once('exit', resolve));
    const stopped = JSON.parse(out) as { acknowledged: number; stopped: boolean };
    assert.equal(code, 130);
    assert.equal(stopped.stopped, true);
    assert.equal(await published(), stopped.acknowledged);
  } finally {
    await admin.disconnect();
  }
});
