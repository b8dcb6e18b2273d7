/** Live on a real Kafka: outputs exactly once whatever dies when, and the same as replay's. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { publish } from '../../src/live/publish.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveResult } from '../../src/live/live.js';
import { faults } from '../../src/core/faults.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { inProcess, type Ended } from './in-process.js';
import { LiveServers, liveTexts } from './live-servers.js';
import { readTopic } from './read-topic.js';

const servers = new LiveServers({ registry: true });
const { skip } = servers;
const rows = 60_000;

/** `keyed`: rows of a key go to one partition, so that partitions can be lanes. */
const sqlOf = (topic: string, out: string, keyed: boolean): string => `
CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'avro-confluent'${keyed ? ", 'key.fields' = 'symbol'" : ''});
CREATE TABLE vwap (
  symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, trades BIGINT
) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json', 'key.fields' = 'symbol');
CREATE TABLE jumps (
  symbol STRING, event_time TIMESTAMP(3), price DOUBLE, mean DOUBLE
) WITH ('connector' = 'kafka', 'topic' = '${out}-jumps', 'format' = 'avro-confluent');
INSERT INTO vwap SELECT symbol, window_start, SUM(price * volume) / SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) WHERE event_type = 'TRADE' GROUP BY symbol, window_start, window_end;
INSERT INTO jumps SELECT * FROM (
  SELECT symbol, event_time, price, AVG(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) AS mean FROM ticks
) WHERE ABS(price - mean) > 0.002 * mean;
`;

const live = (sql: string, group: string, killAt: string | null): Promise<Ended<LiveResult>> =>
  inProcess('live-process', { sql, brokers: servers.brokers, registry: servers.registry.address, group, state: join(servers.folder, group), killAt });

/** What a read_committed reader finds in a topic, partition by partition. */
const committed = async (topic: string, count: number): Promise<string[]> =>
  (await readTopic(servers.settings(), topic, count)).map(({ value }) => value?.toString('latin1') ?? '');

async function verified(sql: string, group: string): Promise<{ readonly equal: boolean; readonly rows: number }> {
  const { equal, lanes } = await servers.verify(sql, group);
  return { equal, rows: lanes.reduce((sum, lane) => sum + lane.rows, 0) };
}

async function replayed(sql: string, data: string): Promise<Readonly<Record<string, { readonly rows: number; readonly digest: string; readonly setDigest: string }>>> {
  const { outputs } = await runReplay({
    run: {
      kind: 'new', out: join(servers.folder, `replay-${Math.random()}`), parameters: { ...defaultParameters, bindings: { ticks: { given: data, base: process.cwd(), map: {} } } },
      texts: liveTexts(sql),
    },
    stopAfterRows: null, report: false,
  });
  return outputs;
}

test('one partition: live gives the digests of replay, through kills at every point of the protocol, and nothing twice', { skip, timeout: 900_000 }, async () => {
  await publish({ dataset: 'us-equities-day', topic: 'one', rows, rowsMax: rows, speed: null, partitions: 1, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro', compression: 'lz4', deliveryTimeout: 60_000, settings: servers.settings() });
  const sql = sqlOf('one', 'one-out', false);
  const history = await replayed(sql, 'us-equities-day?rows=60000');
  const undisturbed = await live(sqlOf('one', 'calm-out', false), 'calm', null);
  assert.equal(undisturbed.code, 0, undisturbed.errors);
  for (const table of ['vwap', 'jumps']) {
    assert.equal(undisturbed.result!.lanes[0]!.outputs[table]!.rows, history[table]!.rows);
    assert.equal(undisturbed.result!.lanes[0]!.outputs[table]!.digest, history[table]!.digest);
  }
  const kills = ['taking:1', 'taken:1', 'fetch:2', 'apply:1', 'commit:1', 'committed:1', 'apply:2', 'commit:2', 'committed:2', 'checkpoint:1', 'checkpointed:1', 'commit:1', 'taking:1', 'committed:1'];
  for (const killAt of kills) {
    const { signal, code, errors } = await live(sql, 'killed', killAt);
    if (code === 0) break;
    assert.equal(signal, 'SIGKILL', `at ${killAt}: ${errors}`);
  }
  const last = await live(sql, 'killed', null);
  assert.equal(last.code, 0, last.errors);
  for (const table of ['vwap', 'jumps']) assert.equal(last.result!.lanes[0]!.outputs[table]!.digest, history[table]!.digest, table);
  assert.deepEqual(await verified(sql, 'killed'), { equal: true, rows });
  faults.naiveSum = true;
  assert.equal((await verified(sql, 'killed')).equal, false);
  faults.naiveSum = false;
  const expected = await committed('calm-out', history['vwap']!.rows);
  assert.equal(expected.length, history['vwap']!.rows);
  assert.deepEqual(await committed('one-out', expected.length), expected);
  assert.equal((await committed('one-out-jumps', history['jumps']!.rows)).length, history['jumps']!.rows);
});

test('four partitions are four lanes: the same rows as one lane, as a set', { skip, timeout: 900_000 }, async () => {
  await publish({ dataset: 'us-equities-day', topic: 'four', rows, rowsMax: rows, speed: null, partitions: 4, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro', compression: 'lz4', deliveryTimeout: 60_000, settings: servers.settings() });
  const sql = sqlOf('four', 'four-out', true);
  const killed = await live(sql, 'four', 'committed:5');
  assert.equal(killed.signal, 'SIGKILL', killed.errors);
  const { result, code, errors } = await live(sql, 'four', null);
  assert.equal(code, 0, errors);
  assert.equal(result!.lanes.length, 4);
  const found = await committed('four-out', result!.lanes.reduce((sum, { outputs }) => sum + outputs['vwap']!.rows, 0));
  assert.equal(new Set(found).size, found.length);
  const calm = await live(sqlOf('four', 'four-calm', true), 'four-calm', null);
  assert.deepEqual(result!.lanes.map(({ outputs }) => outputs), calm.result!.lanes.map(({ outputs }) => outputs));
});

test('what cannot be decoded goes to the dead letters with its bytes, and a changed pipeline is refused', { skip, timeout: 900_000 }, async () => {
  const file = join(servers.folder, 'few.jsonl');
  await writeFile(file, Array.from({ length: 50 }, (_, index) => `${JSON.stringify({ symbol: 'A', price: 10 + index, volume: 1, event_type: 'TRADE', event_time: new Date(1_700_000_000_000 + index * 5000).toISOString().slice(0, 23) })}\n`).join(''));
  await publish({ dataset: file, topic: 'poison', speed: null, partitions: 1, replication: 1, partitionBy: null, subPartitions: new Map(), rowsMax: null, format: 'avro', compression: 'none', deliveryTimeout: 60_000, settings: servers.settings() });
  const producer = kafkaClient(servers.settings()).producer();
  await producer.connect();
  await producer.send({ topic: 'poison', messages: [{ key: 'A', value: 'no avro' }, { key: 'A', value: Buffer.from([0, 0, 0, 0, 99, 1]) }, { key: 'A', value: null }] });
  await producer.disconnect();
  const sql = sqlOf('poison', 'poison-out', false);
  const first = await live(sql, 'poison', 'committed:1');
  assert.equal(first.signal, 'SIGKILL', first.errors);
  const { result, errors } = await live(sql, 'poison', null);
  assert.equal(result?.lanes[0]!.deadLetters, 3, errors);
  assert.deepEqual((await committed('poison-dead-letters', 2)).slice(0, 2), ['no avro', '\0\0\0\0c\u0001']);
  const changed = await live(sql.replace("'1' MINUTE PRECEDING", "'2' MINUTE PRECEDING"), 'poison', null);
  assert.match(changed.errors, /group poison runs another pipeline/);
});
