/** A live run as those see it who watch it: lines of JSON, metrics, latencies on disk, and headers that name what released a row. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { kafkaClient } from '../../src/live/kafka.js';
import { readLatencies } from '../../src/live/latency-file.js';
import type { LiveStatus } from '../../src/live/meter-status.js';
import { ensureTopic } from '../../src/live/topic.js';
import { latencyReport } from '../../src/report/latency.js';
import { CommandRun } from './command-run.js';
import { LiveServers } from './live-servers.js';
import { readTopic } from './read-topic.js';

const servers = new LiveServers();
const { skip } = servers;

const sql = `
CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'watched', 'format' = 'json');
CREATE TABLE dear (symbol STRING, price DOUBLE, event_time TIMESTAMP(3)) WITH ('connector' = 'kafka', 'topic' = 'dear', 'format' = 'json');
CREATE TABLE means (symbol STRING, event_time TIMESTAMP(3), mean DOUBLE) WITH ('connector' = 'kafka', 'topic' = 'means', 'format' = 'json');
INSERT INTO dear SELECT symbol, price, event_time FROM ticks WHERE price > 90;
INSERT INTO means SELECT symbol, event_time, AVG(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) FROM ticks;
`;

interface Tick {
  readonly symbol: string;
  readonly price: number;
  readonly event_time: string;
}

const timeText = (millis: number): string => new Date(millis).toISOString().replace('T', ' ').slice(0, -1);
const millisOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** Tick i is 100 ms after the one before, but for one in seven, which comes two seconds late. */
const tick = (index: number): Tick => ({ symbol: `S${index % 5}`, price: (index * 37) % 100, event_time: timeText(1_700_000_000_000 + index * 100 - (index % 7 === 6 ? 2000 : 0)) });

async function send(from: number, to: number): Promise<void> {
  const producer = kafkaClient(servers.settings()).producer();
  await producer.connect();
  await producer.send({ topic: 'watched', messages: Array.from({ length: to - from }, (_, index) => ({ value: JSON.stringify(tick(from + index)), timestamp: String(Date.now()), partition: 0 })) });
  await producer.disconnect();
}

interface Line {
  readonly status?: LiveStatus;
  readonly lanes?: readonly { readonly rows: number }[];
}

class Watched extends CommandRun<Line> {
  constructor(file: string, state: string) {
    super(['live', file, '--brokers', servers.brokers, '--group', 'watched', '--state', state, '--start', 'earliest', '--released-by', '--metrics', '0', '--json']);
  }

  /** A look at which so many rows are in, by which the brokers have none left. */
  caughtUp(rows: number): Promise<LiveStatus> {
    return this.until(() => this.lines.map(({ status }) => status).findLast((status) => status !== undefined && status.rows === rows && status.lag === 0));
  }
}

test('a run tells what it does once a second, to Prometheus, and on disk, where a kill loses the last interval only', { skip, timeout: 180_000 }, async () => {
  await ensureTopic(kafkaClient(servers.settings()), { topic: 'watched', partitions: 1, replication: 1, brokers: servers.kafka.brokers });
  await send(0, 2000);
  const file = join(servers.folder, 'watched.sql');
  const state = join(servers.folder, 'state');
  await writeFile(file, sql);
  const first = new Watched(file, state);
  await first.caughtUp(2000);
  await send(2000, 3000);
  const status = await first.caughtUp(3000);
  assert.equal(status.backlog, 2000);
  assert.equal(status.latency.total!.count, 1000);
  assert.ok(status.latency.total!.p99 >= status.latency.commit!.p50);
  assert.deepEqual(status.lanes.map(({ positions }) => positions), [[{ topic: 'watched', partition: 0, offset: 3000 }]]);
  assert.equal(status.outputs.find(({ table }) => table === 'dear')!.rows, Array.from({ length: 3000 }, (_, index) => tick(index)).filter(({ price }) => price > 90).length);
  const address = await first.until(() => /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(first.errors)?.[0]);
  const metrics = await (await fetch(address)).text();
  assert.match(metrics, /tapewright_records_consumed_total\{topic="watched",partition="0",group="watched"\} 3000/);
  assert.match(metrics, /tapewright_end_to_end_latency_seconds_count\{group="watched"\} 1000/);
  assert.match(metrics, /tapewright_consumer_lag\{topic="watched",partition="0",group="watched"\} 0/);
  assert.match(metrics, /tapewright_under_replicated_partitions\{topic="watched",group="watched"\} 0/);
  await first.end('SIGINT');
  assert.equal(first.lines.at(-1)!.lanes![0]!.rows, 3000, first.errors);

  const second = new Watched(file, state);
  await second.until(() => second.lines.find(({ status: look }) => look?.lanes[0]?.phase === 'fetch' || look?.lanes[0]?.phase === 'committed'));
  await send(3000, 3500);
  await second.caughtUp(500);
  await second.end('SIGKILL');
  const third = new Watched(file, state);
  await send(3500, 4000);
  const last = await third.caughtUp(500);
  // What is sent while nobody runs waits for the run that follows: that counts.
  assert.equal(last.backlog, 0);
  await third.end('SIGINT');
  const intervals = await readLatencies(state);
  const kept = intervals.reduce((sum, { rows }) => sum + rows, 0);
  assert.ok(kept >= 3500 && kept <= 4000, `${kept}`);
  const { layers, backlog } = await latencyReport([state]);
  assert.equal(backlog, 2000);
  assert.deepEqual(layers.map(({ name, whole }) => [name, whole.count]), [['fetch', kept - 2000], ['output', kept - 2000], ['commit', kept - 2000], ['total', kept - 2000]]);
});

test('released-by names the row itself for a filter, and the row that moved the watermark over a frame', { skip, timeout: 60_000 }, async () => {
  const input = Array.from({ length: 4000 }, (_, index) => tick(index));
  const dearInput = input.filter(({ price }) => price > 90);
  const marks: number[] = [];
  for (const { event_time: time } of input) marks.push(Math.max(marks.at(-1) ?? -Infinity, millisOf(time) - 5000));
  const last = marks.at(-1)!;
  const framed = input.filter(({ event_time: time }) => millisOf(time) <= last);
  const headerOf = (headers: { readonly [name: string]: unknown } | undefined): number => Number(/^watched\/0\/(\d+)$/.exec(String(headers?.['released-by']))![1]);
  const [dear, means] = [await readTopic(servers.settings(), 'dear', dearInput.length), await readTopic(servers.settings(), 'means', framed.length)];
  assert.deepEqual(dear.map(({ value, headers }) => [JSON.parse(value!.toString()), headerOf(headers)]), dearInput.map((row) => [row, input.indexOf(row)]));
  assert.equal(means.length, framed.length);
  for (const { value, headers } of means) {
    const time = millisOf((JSON.parse(value!.toString()) as { event_time: string }).event_time);
    const by = headerOf(headers);
    assert.ok(marks[by]! >= time && (by === 0 || marks[by - 1]! < time), `${time} by ${by}`);
  }
});
