/** Several processes on one run: the group shares the lanes out, and whoever comes, goes or dies, outputs are there once. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { LiveRun, type LiveRunOptions } from './live-run.js';
import { LiveServers } from './live-servers.js';
import { readTopic } from './read-topic.js';

const servers = new LiveServers();
const { skip } = servers;
const partitions = 4;
/** To come: an end of the day that the clock has passed needs no row to say so. */
const dayStart = Date.parse('2100-03-02T14:30:00Z');
/** Event time at which runs end. */
const dayEnd = dayStart + 3_600_000;

const sqlOf = (topic: string, out: string): string => `
CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'json', 'key.fields' = 'symbol');
CREATE TABLE mean (symbol STRING, window_start TIMESTAMP(3), price DOUBLE, n BIGINT) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json');
INSERT INTO mean SELECT symbol, window_start, AVG(price), COUNT(*) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;
`;

const start = (sql: string, group: string, asked: Pick<LiveRunOptions, 'killAt' | 'lanes' | 'onGap'> = {}): LiveRun =>
  new LiveRun({ lanes: 'group', ...asked, sql, brokers: servers.kafka.brokers, group, state: join(servers.folder, group), until: dayEnd });

async function createTopic(topic: string): Promise<void> {
  const log = openLog(servers.settings(), () => undefined);
  await log.create(topic, partitions, {});
  await log.close();
}

/** Ticks of seconds [from, to) of the day, each partition its own symbols; with `isLast` those that end the day after them. */
async function produce(topic: string, from: number, to: number, isLast = false): Promise<void> {
  const producer = kafkaClient(servers.settings()).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const row = (partition: number, second: number, time: number) => ({
    partition, key: `S${partition}`, value: JSON.stringify({ symbol: `S${partition}-${second % 3}`, price: (second * 37 + partition) % 101, event_time: new Date(time).toISOString().slice(0, 23) }),
  });
  for (let second = from; second < to; second += 20) {
    await producer.send({ topic, messages: Array.from({ length: 20 * partitions }, (_, index) => row(index % partitions, second + Math.floor(index / partitions), dayStart + (second + Math.floor(index / partitions)) * 1000)) });
  }
  if (isLast) await producer.send({ topic, messages: Array.from({ length: partitions }, (_, partition) => row(partition, to, dayEnd + 10_000)) });
  await producer.disconnect();
}

const differenceOf = async (sql: string, group: string): Promise<string | null> => (await servers.verify(sql, group)).difference;

const rowsOf = async (topic: string, count: number): Promise<string[]> => (await readTopic(servers.settings(), topic, count)).map(({ value }) => value!.toString()).sort();

test('processes join, die and leave: the lanes are shared out, and all outputs are there once', { skip, timeout: 300_000 }, async () => {
  await createTopic('shared');
  const sql = sqlOf('shared', 'shared-out');
  const first = start(sql, 'shared');
  assert.deepEqual(await first.reaches('taken', 4), [0, 1, 2, 3], 'alone, it has all lanes');
  await produce('shared', 0, 600);
  const second = start(sql, 'shared', { killAt: 'commit:4' });
  const shareOfSecond = await second.reaches('taken', 2);
  assert.equal(shareOfSecond.length, 2, 'who joins later has its share');
  await produce('shared', 600, 1200);
  assert.equal((await second.ended).signal, 'SIGKILL', second.errors);
  const third = start(sql, 'shared');
  assert.equal((await third.reaches('taken', 2)).length, 2, 'who comes instead of a dead one has its share');
  await produce('shared', 1200, 1800);
  first.stop();
  assert.equal((await first.ended).code, 0, first.errors);
  assert.equal(first.result.ended, false);
  await third.reaches('taken', 4);
  await produce('shared', 1800, 2400, true);
  assert.equal((await third.ended).code, 0, third.errors);
  assert.equal(third.result.ended, true);
  const calmSql = sqlOf('shared', 'calm-out');
  const calm = start(calmSql, 'calm', { lanes: 'all' });
  assert.equal((await calm.ended).code, 0, calm.errors);
  assert.deepEqual(third.result.lanes.map(({ lane, outputs }) => ({ lane, outputs })), calm.result.lanes.map(({ lane, outputs }) => ({ lane, outputs })));
  const expected = calm.result.lanes.reduce((sum, { outputs }) => sum + outputs['mean']!.rows, 0);
  assert.equal(expected, 2400 / 10 * 3 * partitions);
  const found = await rowsOf('shared-out', expected);
  assert.equal(found.length, expected);
  assert.deepEqual(found, await rowsOf('calm-out', expected));
  assert.equal(await differenceOf(sql, 'shared'), null);
});

test('lanes that are named are taken from whoever has them, who says who it was', { skip, timeout: 300_000 }, async () => {
  await createTopic('named');
  const sql = sqlOf('named', 'named-out');
  const first = start(sql, 'named', { lanes: [0, 1] });
  await first.reaches('taken', 2);
  await produce('named', 0, 100);
  await first.reaches('committed', 2);
  const second = start(sql, 'named', { lanes: [1, 2, 3] });
  await second.reaches('taken', 3);
  await produce('named', 100, 200);
  assert.notEqual((await first.ended).code, 0);
  assert.match(first.errors, new RegExp(`lane 1 of group named was taken by process ${second.pid} on `));
  await produce('named', 200, 300, true);
  assert.equal((await second.ended).code, 0, second.errors);
  const last = start(sql, 'named', { lanes: [0] });
  assert.equal((await last.ended).code, 0, last.errors);
  assert.equal(await differenceOf(sql, 'named'), null);
  const beyond = start(sql, 'named', { lanes: [7] });
  await beyond.ended;
  assert.match(beyond.errors, /there is no lane 7; the run has lanes 0 to 3/);
});

test('input that was deleted is missed, or passed and journalled; a topic that has grown is refused', { skip, timeout: 300_000 }, async () => {
  await createTopic('cut');
  const sql = sqlOf('cut', 'cut-out');
  await produce('cut', 0, 100);
  const first = start(sql, 'cut', { lanes: 'all' });
  await first.reaches('committed', 4);
  first.stop();
  assert.equal((await first.ended).code, 0, first.errors);
  await produce('cut', 100, 200);
  const admin = kafkaClient(servers.settings()).admin();
  await admin.connect();
  // Asked first, so that the client knows the topic.
  await admin.fetchTopicOffsets('cut');
  await admin.deleteTopicRecords({ topic: 'cut', partitions: [{ partition: 2, offset: '150' }] });
  const refused = start(sql, 'cut', { lanes: 'all' });
  assert.notEqual((await refused.ended).code, 0);
  assert.match(refused.errors, /offsets 100 to 149 of partition 2 of cut were deleted before group cut read them.*--on-gap continue/);
  await produce('cut', 200, 300, true);
  const on = start(sql, 'cut', { lanes: 'all', onGap: 'continue' });
  assert.equal((await on.ended).code, 0, on.errors);
  assert.match(on.errors, /lane 2 goes on without offsets 100 to 149/);
  assert.equal(on.result.ended, true);
  await admin.createPartitions({ topicPartitions: [{ topic: 'cut', count: 5 }] });
  await admin.disconnect();
  const grown = start(sql, 'cut', { lanes: 'all' });
  await grown.ended;
  assert.match(grown.errors, /cut-journal has 4 partitions and the run 5 lanes: the input's partitions were changed/);
});
