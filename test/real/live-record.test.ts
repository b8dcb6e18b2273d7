/** Recordings of a real Kafka's topics and of live runs, and what they replay to. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { publish } from '../../src/live/publish.js';
import { replayJournal } from '../../src/live/from-journal.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { runLive, type LiveResult } from '../../src/live/live.js';
import { record, type Recorded } from '../../src/live/record.js';
import { verifyLive } from '../../src/live/verify-live.js';
import { defaultParameters, type ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun, verifyTwo } from '../../src/runtime/verify.js';
import { queryFiles } from './query-files.js';
import { inProcess } from './in-process.js';
import { LiveServers, liveTexts } from './live-servers.js';
import { readTopic } from './read-topic.js';

const servers = new LiveServers({ registry: true });
const { skip } = servers;
const rows = 30_000;

const publishTo = (topic: string, partitions: number) => publish({
  dataset: 'us-equities-day', topic, rows, rowsMax: rows, speed: null, partitions, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro',
  compression: 'lz4', deliveryTimeout: 60_000, settings: servers.settings(),
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

function replayed(sql: string, bound: Readonly<Record<string, string>>, out: string, lanes = 1): Promise<ReplayResult> {
  const bindings = Object.fromEntries(Object.entries(bound).map(([table, given]) => [table, { given, base: process.cwd(), map: {} }]));
  return runReplay({
    run: { kind: 'new', out: join(servers.folder, out), parameters: { ...defaultParameters, bindings, lanes, key: lanes > 1 ? ['symbol'] : null }, texts: liveTexts(sql) }, stopAfterRows: null, report: false,
  });
}

/** Where a process finds the servers. */
const addresses = () => ({ brokers: servers.brokers, registry: servers.registry.address });

test('a topic that is recorded, killed at any moment and gone on with, holds every message once and replays as the data did', { skip, timeout: 300_000 }, async () => {
  await publishTo('ticks', 4);
  const producer = kafkaClient(servers.settings()).producer();
  await producer.connect();
  await producer.send({ topic: 'ticks', messages: [{ key: 'A', value: 'no avro', partition: 2 }] });
  await producer.disconnect();
  const out = join(servers.folder, 'recorded');
  for (const killAt of ['rows:1', 'sync:1']) {
    const { signal, errors } = await inProcess<Recorded>('record-process', { ...addresses(), topics: ['ticks'], out, killAt });
    assert.equal(signal, 'SIGKILL', `at ${killAt}: ${errors}`);
  }
  const { result, errors } = await inProcess<Recorded>('record-process', { ...addresses(), topics: ['ticks'], out, killAt: null });
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

/** Quotes of the minute before each trade, out of two topics whose rows come as they come. */
const joined = (out: string) => `
CREATE TABLE trades (
  symbol STRING, price DOUBLE, event_time TIMESTAMP(3), event_type STRING, WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'ticks', 'format' = 'avro-confluent', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE quotes (
  symbol STRING, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), event_type STRING, WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'others', 'format' = 'avro-confluent', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE crossed (symbol STRING, at TIMESTAMP(3), price DOUBLE, ask DOUBLE) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json');
INSERT INTO crossed SELECT t.symbol, t.event_time, t.price, q.ask FROM trades t JOIN quotes q
  ON t.symbol = q.symbol AND q.event_time BETWEEN t.event_time - INTERVAL '2' SECOND AND t.event_time
WHERE t.event_type = 'TRADE' AND q.event_type = 'BBO' AND t.price > q.ask;
`;

const liveOptions = (sql: string, group: string) => ({
  texts: liveTexts(sql), settings: servers.settings(), group, state: join(servers.folder, group), redirect: new Map<string, string>(), start: null, until: 'latest' as const, lanes: 'all' as const,
  sessionTimeout: 10_000, onGap: 'refuse' as const, linger: 0, checkpointEvery: 300, strict: false, signal: new AbortController().signal, onRemark: () => undefined,
});

const live = (sql: string, group: string, more: { readonly record?: string } = {}): Promise<LiveResult> =>
  runLive({ ...liveOptions(sql, group), ...more, events: { phase: () => undefined, committed: () => undefined } });

const outputsOf = ({ lanes }: LiveResult) => lanes[0]!.outputs;

test('two topics joined: the bundle from the journal has the digests of the run and the rows of its topics, and verifies', { skip, timeout: 300_000 }, async () => {
  await publishTo('others', 2);
  const ran = await live(joined('crossed'), 'joined');
  const bundle = await replayJournal({ ...liveOptions(joined('crossed'), 'joined'), out: join(servers.folder, 'joined-bundle') });
  const { rows: held, digest } = outputsOf(ran)['crossed']!;
  assert.ok(held > 0);
  assert.deepEqual([bundle.outputs['crossed']!.rows, bundle.outputs['crossed']!.digest, bundle.deadLetters], [held, digest, 1]);
  assert.deepEqual((await verifyRun(bundle.directory)).difference, null);
  const seen = (await readTopic(servers.settings(), 'crossed', held)).map(({ value }) => JSON.parse(value!.toString()) as Record<string, unknown>);
  const kept = await queryFiles(join(bundle.directory, 'outputs', 'crossed.parquet'), 'SELECT symbol, price, ask FROM files');
  assert.deepEqual(seen.map(({ symbol, price, ask }) => ({ symbol, price, ask })), kept);
});

test('live --record: killed and gone on with, its bundle is that of the journal', { skip, timeout: 300_000 }, async () => {
  const sql = vwap('ticks', 'recorded-out');
  const told = { sql, group: 'recorded', state: join(servers.folder, 'recorded-state'), record: join(servers.folder, 'live-bundle') };
  for (const killAt of ['committed:2', 'checkpoint:2']) {
    const { signal, errors } = await inProcess<LiveResult>('live-process', { ...addresses(), ...told, killAt });
    assert.equal(signal, 'SIGKILL', errors);
  }
  const { result, errors } = await inProcess<LiveResult>('live-process', { ...addresses(), ...told, killAt: null });
  assert.equal(result?.bundle, told.record, errors);
  assert.deepEqual((await verifyRun(told.record)).difference, null);
  const again = await replayJournal({ ...liveOptions(sql, 'recorded'), out: join(servers.folder, 'again-bundle') });
  assert.deepEqual((await verifyTwo(told.record, again.directory)).difference, null);
  const history = await replayed(sql, { ticks: join(servers.folder, 'recorded') }, 'history-4', 4);
  assert.equal(again.outputs['vwap']!.setDigest, history.outputs['vwap']!.setDigest);
});

const sliding = (out: string, from: number) => `
CREATE TABLE ticks (
  symbol STRING, price DOUBLE, event_time TIMESTAMP(3), event_type STRING, WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'single', 'format' = 'avro-confluent', 'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'partition:0,offset:${from}');
CREATE TABLE means (symbol STRING, at TIMESTAMP(3), price DOUBLE, mean DOUBLE, many BIGINT) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json');
INSERT INTO means SELECT symbol, event_time, price, AVG(price) OVER frame, COUNT(*) OVER frame FROM ticks
WINDOW frame AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW);
`;

test('a run that is warmed from a recording puts out what one puts out that has always run, though it is killed while it warms', { skip, timeout: 300_000 }, async () => {
  await publishTo('single', 1);
  const recorded = join(servers.folder, 'single-recorded');
  const { datasets: [made] } = await record({ topics: ['single'], out: recorded, until: 'latest', table: null, settings: servers.settings(), signal: new AbortController().signal, onRemark: () => undefined });
  assert.equal(made!.rows, rows);
  const start = 18_000;
  const always = await live(sliding('always', 0), 'always');
  const cold = await live(sliding('cold', start), 'cold');
  const told = { sql: sliding('warm', start), group: 'warm', state: join(servers.folder, 'warm-state'), ownStart: true, warmFrom: [recorded], record: join(servers.folder, 'warm-bundle') };
  for (const killAt of ['warming:1', 'committed:1']) {
    const { signal, errors } = await inProcess<LiveResult>('live-process', { ...addresses(), ...told, killAt });
    assert.equal(signal, 'SIGKILL', errors);
  }
  const { result, errors } = await inProcess<LiveResult>('live-process', { ...addresses(), ...told, killAt: null });
  assert.equal(result?.ended, true, errors);
  const values = async (topic: string, ran: LiveResult): Promise<string[]> => (await readTopic(servers.settings(), topic, outputsOf(ran)['means']!.rows)).map(({ value }) => value!.toString());
  const [all, warm, without] = [await values('always', always), await values('warm', result!), await values('cold', cold)];
  assert.ok(warm.length > 5000);
  assert.deepEqual(warm, all.slice(-warm.length));
  assert.notDeepEqual(without.slice(0, 1000), all.slice(-without.length).slice(0, 1000), 'without history its first minutes are others');
  assert.equal((await verifyLive(liveOptions(told.sql, 'warm'))).equal, true);
  assert.deepEqual((await verifyRun(told.record)).difference, null);
  const again = await replayJournal({ ...liveOptions(told.sql, 'warm'), out: join(servers.folder, 'warm-again') });
  assert.deepEqual(again.outputs['means']!.digest, outputsOf(result!)['means']!.digest);
});
