/**
 * `live` as a user has it: commands that find servers by the environment, exit codes, a second process, a gap. With
 * KAFKA_BROKERS and SCHEMA_REGISTRY set these tests run on a user's own servers; what they make there is theirs to remove.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openLog } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveResult } from '../../src/live/live.js';
import type { Log } from '../../src/live/log.js';
import type { LiveStatus } from '../../src/live/meter-status.js';
import type { LiveVerdict } from '../../src/live/verify-live.js';
import { CommandRun } from './command-run.js';
import { dayStart, feed, ticks } from './feed.js';
import { LiveServers } from './live-servers.js';

const run = promisify(execFile);
let log: Log;

const servers = new LiveServers({ registry: true, mayBeOwn: true, opened: () => {
  log = openLog(servers.settings(), () => undefined);
  return Promise.resolve(() => log.close());
} });
const { skip } = servers;

/** Of topics and groups: nobody else's. */
const prefix = `tapewright-test-${process.pid}-${Date.now()}`;

const environment = () => ({ KAFKA_BROKERS: servers.brokers, SCHEMA_REGISTRY: servers.registryAddress! });

type Line = Partial<LiveResult> & Partial<LiveVerdict> & { readonly status?: LiveStatus; readonly error?: { readonly code: string } };

/** A command that is told of the servers by nothing but the environment. */
const start = (...args: readonly string[]): CommandRun<Line> => new CommandRun<Line>([...args, '--json'], environment());

/** To its end: its exit code, and the last that it says. */
async function ending(...args: readonly string[]): Promise<{ readonly code: number | null; readonly last: Line | undefined; readonly errors: string }> {
  const command = start(...args);
  return { code: await command.ended, last: command.result, errors: command.errors };
}

test('the servers that the environment names are used: nothing is started, data go there and back', { skip, timeout: 180_000 }, async () => {
  const script = fileURLToPath(new URL('./servers.js', import.meta.url));
  const { stdout, stderr } = await run(process.execPath, [script], { env: { ...process.env, ...environment() } });
  assert.match(stderr, /KAFKA_BROKERS is set: the Kafka at .* is used\.\nSCHEMA_REGISTRY is set: the registry at .* is used\.\n$/);
  assert.ok(stdout.includes(`export KAFKA_BROKERS=${servers.brokers}\nexport SCHEMA_REGISTRY=${servers.registryAddress}\n`), stdout);
  await assert.rejects(run(process.execPath, [script], { env: { ...process.env, ...environment(), KAFKA_BROKERS: '127.0.0.1:1' } }), ({ code, stderr: said }: { code: number; stderr: string }) => code === 2 && /KAFKA_BROKERS is set, and .*no broker answers at 127\.0\.0\.1:1/.test(said));

  const topic = `${prefix}-trades`, file = join(servers.folder, 'trades.sql');
  await writeFile(file, `
CREATE TABLE trades (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), event_type STRING, WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'avro-confluent');
CREATE TABLE dear (symbol STRING, price DOUBLE) WITH ('connector' = 'kafka', 'topic' = '${topic}-dear', 'format' = 'avro-confluent');
INSERT INTO dear SELECT symbol, price FROM trades WHERE event_type = 'TRADE' AND price > 100;
`);
  const published = await ending('publish', 'us-equities-day', '--topic', topic, '--rows', '2000', '--partitions', '2');
  assert.equal(published.code, 0, published.errors);
  const group = ['--group', topic];
  const lived = await ending('live', file, ...group, '--state', join(servers.folder, 'trades'), '--start', 'earliest', '--until', 'latest', '--lanes', 'all');
  assert.equal(lived.code, 0, lived.errors);
  assert.equal(lived.last!.lanes!.reduce((sum, { rows }) => sum + rows, 0), 2000);
  const verified = await ending('live', 'verify', file, ...group);
  assert.deepEqual([verified.code, verified.last!.equal], [0, true], verified.errors);
});

test('a second process takes the lane and the first exits with 2; input that is gone stops the run, or is passed, and verify knows', { skip, timeout: 240_000 }, async () => {
  const topic = `${prefix}-ticks`, file = join(servers.folder, 'ticks.sql');
  await writeFile(file, `
CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE high (symbol STRING, price DOUBLE) WITH ('connector' = 'kafka', 'topic' = '${topic}-high', 'format' = 'json');
INSERT INTO high SELECT symbol, price FROM ticks WHERE price > 102;
`);
  const live = ['live', file, '--group', topic, '--state', join(servers.folder, 'ticks'), '--lanes', 'all'];
  const has = (command: CommandRun<Line>, rows: number): Promise<LiveStatus> => command.until(() => command.lines.map(({ status }) => status).findLast((status) => status?.rows === rows));
  await log.create(topic, 2, {});
  // The other partition is empty when the run begins: what is deleted there was never read.
  const onlyFirst = async (from: number, to: number): Promise<void> => {
    const producer = await log.producer(`${topic}-first`);
    const messages = Array.from({ length: to - from }, (_, index) => ({ topic, partition: 0, key: null, value: Buffer.from(JSON.stringify({ symbol: 'A', price: 100 + ((from + index) % 5), event_time: new Date(dayStart + (from + index) * 100).toISOString().slice(0, 23) })) }));
    await producer.commit(messages, null);
    await producer.close();
  };
  await onlyFirst(0, 100);
  const first = start(...live);
  await has(first, 100);
  const second = start(...live);
  await second.until(() => second.lines.find(({ status }) => status?.lanes[0]?.phase === 'fetch'));
  // Who is fenced learns of it when it commits.
  await onlyFirst(100, 150);
  assert.equal(await first.ended, 2, first.errors);
  assert.equal(first.result!.error?.code, 'LANE_TAKEN');
  assert.match(first.errors, new RegExp(`lane 0 of group ${topic} was taken by process ${second.pid} on `));
  await has(second, 50);
  assert.equal(await second.end('SIGINT'), 0, second.errors);

  await feed(log, topic, 2, 0, 400);
  const admin = kafkaClient(servers.settings()).admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '50' }] }).finally(() => admin.disconnect());
  const refused = await ending(...live);
  assert.deepEqual([refused.code, refused.last!.error?.code], [2, 'SOURCE_GAP']);
  assert.match(refused.errors, /offsets 0 to 49 of partition 1 of .* were deleted .*--on-gap continue/);
  const third = start(...live, '--on-gap', 'continue');
  const rows = ticks(topic, 2, 0, 400).length - 50;
  await has(third, rows);
  assert.match(third.errors, /goes on without offsets 0 to 49 of partition 1/);
  assert.equal(await third.end('SIGINT'), 0, third.errors);
  const verified = await ending('live', 'verify', file, '--group', topic);
  assert.deepEqual([verified.code, verified.last!.equal], [0, true], verified.errors);
  assert.equal(verified.last!.lanes![0]!.rows, 150 + rows);
});
