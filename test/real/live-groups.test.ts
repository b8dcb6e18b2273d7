/** Several processes on one run: the group shares the lanes out, and whoever comes, goes or dies, outputs are there once. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { openLog } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveOptions, LiveResult } from '../../src/live/live.js';
import { settingsFrom } from '../../src/live/settings.js';
import { verifyLive } from '../../src/live/verify-live.js';
import { KafkaServer, kafkaMissing } from './kafka-server.js';
import { mustEnd } from './must-end.js';
import { readTopic } from './read-topic.js';
import { skipped } from './skip.js';

const skip = skipped(kafkaMissing());
const partitions = 4;
/** To come: an end of the day that the clock has passed needs no row to say so. */
const dayStart = Date.parse('2100-03-02T14:30:00Z');
/** Event time at which runs end. */
const dayEnd = dayStart + 3_600_000;

let kafka: KafkaServer;
let folder: string;
const running = new Set<ChildProcess>();

before(async () => {
  if (skip !== false) return;
  folder = await mkdtemp(join(tmpdir(), 'tapewright-groups-'));
  kafka = await KafkaServer.start();
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await kafka?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  mustEnd();
});

const settings = () => settingsFrom({ brokers: kafka.brokers.join(',') }, {});

const sqlOf = (topic: string, out: string): string => `
CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'json', 'key.fields' = 'symbol');
CREATE TABLE mean (symbol STRING, window_start TIMESTAMP(3), price DOUBLE, n BIGINT) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json');
INSERT INTO mean SELECT symbol, window_start, AVG(price), COUNT(*) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;
`;

interface Phase {
  readonly lane: number;
  readonly phase: string;
  readonly seq: number;
}

interface Asked {
  readonly killAt?: string;
  readonly lanes?: LiveOptions['lanes'];
  readonly onGap?: LiveOptions['onGap'];
}

/** A process that runs lanes and tells what it is at. */
class LaneProcess {
  readonly phases: Phase[] = [];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  errors = '';
  #out = '';
  #wake: () => void = () => undefined;

  constructor(sql: string, group: string, { killAt, lanes = 'group', onGap = 'refuse' }: Asked = {}) {
    const told = { sql, brokers: kafka.brokers.join(','), registry: '', group, state: join(folder, group), killAt: killAt ?? null, lanes, onGap, until: dayEnd, tells: true };
    const child = spawn(process.execPath, [fileURLToPath(new URL('./live-process.js', import.meta.url)), JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    running.add(child);
    let open = '';
    child.stdout.on('data', (text: Buffer) => { this.#out += text.toString(); });
    child.stderr.on('data', (text: Buffer) => {
      const lines = (open + text.toString()).split('\n');
      open = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('{"lane"')) this.phases.push(JSON.parse(line) as Phase);
        else this.errors += `${line}\n`;
      }
      this.#wake();
    });
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => {
      running.delete(child);
      this.#wake();
      resolve({ code, signal });
    }));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get result(): LiveResult {
    return JSON.parse(this.#out) as LiveResult;
  }

  /** Lanes that it has come to a phase of. */
  lanesAt(phase: string): number[] {
    return [...new Set(this.phases.filter((each) => each.phase === phase).map(({ lane }) => lane))].sort((a, b) => a - b);
  }

  /** Resolves once it has so many lanes at a phase. */
  async until(phase: string, lanes: number): Promise<number[]> {
    while (this.lanesAt(phase).length < lanes) {
      if (!running.has(this.#child)) throw new Error(`the process has ended before ${lanes} lanes were ${phase}: ${this.errors}`);
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
    return this.lanesAt(phase);
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }
}

async function createTopic(topic: string): Promise<void> {
  const log = openLog(settings(), () => undefined);
  await log.create(topic, partitions, {});
  await log.close();
}

/** Ticks of seconds [from, to) of the day, each partition its own symbols; with `isLast` those that end the day after them. */
async function produce(topic: string, from: number, to: number, isLast = false): Promise<void> {
  const producer = kafkaClient(settings()).producer({ allowAutoTopicCreation: false });
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

async function verified(sql: string, group: string): Promise<string | null> {
  const texts = { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } };
  return (await verifyLive({ texts, settings: settings(), group, redirect: new Map(), onRemark: () => undefined })).difference;
}

const rowsOf = async (topic: string, count: number): Promise<string[]> => (await readTopic(settings(), topic, count)).map(({ value }) => value!.toString()).sort();

test('processes join, die and leave: the lanes are shared out, and all outputs are there once', { skip, timeout: 300_000 }, async () => {
  await createTopic('shared');
  const sql = sqlOf('shared', 'shared-out');
  const first = new LaneProcess(sql, 'shared');
  assert.deepEqual(await first.until('taken', 4), [0, 1, 2, 3], 'alone, it has all lanes');
  await produce('shared', 0, 600);
  const second = new LaneProcess(sql, 'shared', { killAt: 'commit:4' });
  const shareOfSecond = await second.until('taken', 2);
  assert.equal(shareOfSecond.length, 2, 'who joins later has its share');
  await produce('shared', 600, 1200);
  assert.equal((await second.ended).signal, 'SIGKILL', second.errors);
  const third = new LaneProcess(sql, 'shared');
  assert.equal((await third.until('taken', 2)).length, 2, 'who comes instead of a dead one has its share');
  await produce('shared', 1200, 1800);
  first.stop();
  assert.equal((await first.ended).code, 0, first.errors);
  assert.equal(first.result.ended, false);
  await third.until('taken', 4);
  await produce('shared', 1800, 2400, true);
  assert.equal((await third.ended).code, 0, third.errors);
  assert.equal(third.result.ended, true);
  const calmSql = sqlOf('shared', 'calm-out');
  const calm = new LaneProcess(calmSql, 'calm', { lanes: 'all' });
  assert.equal((await calm.ended).code, 0, calm.errors);
  assert.deepEqual(third.result.lanes.map(({ lane, outputs }) => ({ lane, outputs })), calm.result.lanes.map(({ lane, outputs }) => ({ lane, outputs })));
  const expected = calm.result.lanes.reduce((sum, { outputs }) => sum + outputs['mean']!.rows, 0);
  assert.equal(expected, 2400 / 10 * 3 * partitions);
  const found = await rowsOf('shared-out', expected);
  assert.equal(found.length, expected);
  assert.deepEqual(found, await rowsOf('calm-out', expected));
  assert.equal(await verified(sql, 'shared'), null);
});

test('lanes that are named are taken from whoever has them, who says who it was', { skip, timeout: 300_000 }, async () => {
  await createTopic('named');
  const sql = sqlOf('named', 'named-out');
  const first = new LaneProcess(sql, 'named', { lanes: [0, 1] });
  await first.until('taken', 2);
  await produce('named', 0, 100);
  await first.until('committed', 2);
  const second = new LaneProcess(sql, 'named', { lanes: [1, 2, 3] });
  await second.until('taken', 3);
  await produce('named', 100, 200);
  assert.notEqual((await first.ended).code, 0);
  assert.match(first.errors, new RegExp(`lane 1 of group named was taken by process ${second.pid} on `));
  await produce('named', 200, 300, true);
  assert.equal((await second.ended).code, 0, second.errors);
  const last = new LaneProcess(sql, 'named', { lanes: [0] });
  assert.equal((await last.ended).code, 0, last.errors);
  assert.equal(await verified(sql, 'named'), null);
  const beyond = new LaneProcess(sql, 'named', { lanes: [7] });
  await beyond.ended;
  assert.match(beyond.errors, /there is no lane 7; the run has lanes 0 to 3/);
});

test('input that was deleted is missed, or passed and journalled; a topic that has grown is refused', { skip, timeout: 300_000 }, async () => {
  await createTopic('cut');
  const sql = sqlOf('cut', 'cut-out');
  await produce('cut', 0, 100);
  const first = new LaneProcess(sql, 'cut', { lanes: 'all' });
  await first.until('committed', 4);
  first.stop();
  assert.equal((await first.ended).code, 0, first.errors);
  await produce('cut', 100, 200);
  const admin = kafkaClient(settings()).admin();
  await admin.connect();
  // Asked first, so that the client knows the topic.
  await admin.fetchTopicOffsets('cut');
  await admin.deleteTopicRecords({ topic: 'cut', partitions: [{ partition: 2, offset: '150' }] });
  const refused = new LaneProcess(sql, 'cut', { lanes: 'all' });
  assert.notEqual((await refused.ended).code, 0);
  assert.match(refused.errors, /offsets 100 to 149 of partition 2 of cut were deleted before group cut read them.*--on-gap continue/);
  await produce('cut', 200, 300, true);
  const on = new LaneProcess(sql, 'cut', { lanes: 'all', onGap: 'continue' });
  assert.equal((await on.ended).code, 0, on.errors);
  assert.match(on.errors, /lane 2 goes on without offsets 100 to 149/);
  assert.equal(on.result.ended, true);
  await admin.createPartitions({ topicPartitions: [{ topic: 'cut', count: 5 }] });
  await admin.disconnect();
  const grown = new LaneProcess(sql, 'cut', { lanes: 'all' });
  await grown.ended;
  assert.match(grown.errors, /cut-journal has 4 partitions and the run 5 lanes: the input's partitions were changed/);
});
