/**
 * Live under faults, on real servers: whatever dies, stalls or lags, outputs are complete, once, in order, and those of a
 * run that nothing disturbed. FAULTS_KILLS, FAULTS_LEADERS, FAULTS_LAG and FAULTS_SEED make it longer or other.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { LiveResult } from '../../src/live/live.js';
import type { Log } from '../../src/live/log.js';
import { settingsFrom } from '../../src/live/settings.js';
import { consoleConsume } from './console.js';
import { dayStart, feed, lastTicks } from './feed.js';
import { KafkaServer } from './kafka-server.js';
import { LiveRun, type LiveRunOptions } from './live-run.js';
import { LiveServers } from './live-servers.js';
import { readTopic } from './read-topic.js';

const asked = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const seed = asked('FAULTS_SEED', 1);

let log: Log;

const servers = new LiveServers({ kafka: { proxied: true }, opened: () => {
  log = openLog(servers.settings(), () => undefined);
  return Promise.resolve(() => log.close());
} });
const { skip } = servers;

const settingsOf = (brokers: readonly string[]) => settingsFrom({ brokers: brokers.join(',') }, {});

/** `keyed`: partitions are lanes. */
const sqlOf = (topic: string, out: string, keyed: boolean): string => `
CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'json'${keyed ? ", 'key.fields' = 'symbol'" : ''});
CREATE TABLE vwap (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, n BIGINT) WITH ('connector' = 'kafka', 'topic' = '${out}', 'format' = 'json', 'key.fields' = 'symbol');
CREATE TABLE moves (symbol STRING, event_time TIMESTAMP(3), price DOUBLE, mean DOUBLE) WITH ('connector' = 'kafka', 'topic' = '${out}-moves', 'format' = 'json');
INSERT INTO vwap SELECT symbol, window_start, SUM(price * volume) / SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;
INSERT INTO moves SELECT * FROM (
  SELECT symbol, event_time, price, AVG(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW) AS mean FROM ticks
) WHERE price - mean > 2.4;
`;

const optionsOf = (name: string, topic: string, keyed: boolean, brokers: readonly string[] = servers.kafka.brokers): LiveRunOptions =>
  ({ sql: sqlOf(topic, `${name}-out`, keyed), brokers, group: name, state: join(servers.folder, name) });

/** To its end, which must be one. */
async function ending(options: LiveRunOptions): Promise<LiveResult> {
  const run = new LiveRun(options);
  const { code } = await run.ended;
  assert.equal(code, 0, run.errors);
  return run.result;
}

const rowsOf = (lanes: LiveResult['lanes'], table: string): number => lanes.reduce((sum, { outputs }) => sum + outputs[table]!.rows, 0);

/** Digests of the run, what readers of committed records find, and the run made once more are all those of a calm run on the same input. */
async function assertAsCalm(name: string, { lanes }: LiveResult, topic: string, keyed: boolean, { brokers = servers.kafka.brokers, until = 'latest' }: { readonly brokers?: readonly string[]; readonly until?: number | 'latest' } = {}): Promise<void> {
  const calm = await ending({ ...optionsOf(`${name}-calm`, topic, keyed, brokers), until });
  assert.deepEqual(lanes.map(({ outputs }) => outputs), calm.lanes.map(({ outputs }) => outputs));
  for (const [table, suffix] of [['vwap', ''], ['moves', '-moves']] as const) {
    const rows = rowsOf(lanes, table);
    assert.ok(rows > 0, `${table} has rows`);
    const [found, expected] = await Promise.all([`${name}-out${suffix}`, `${name}-calm-out${suffix}`].map(async (out) => {
      const messages = (await readTopic(settingsOf(brokers), out, rows)).map(({ partition, key, value }) => `${partition} ${key?.toString('latin1')} ${value!.toString('latin1')}`);
      // Lanes share a partition of the output, in any order among each other.
      return lanes.length > 1 ? messages.sort() : messages;
    }));
    assert.equal(found!.length, rows, `${table}: nothing missing, nothing twice`);
    const wrong = found!.findIndex((row, index) => row !== expected![index]);
    assert.equal(wrong, -1, `${table}: row ${wrong} is ${found![wrong]} instead of ${expected![wrong]}`);
  }
  assert.equal((await servers.verify(sqlOf(topic, `${name}-out`, keyed), name, settingsOf(brokers))).equal, true);
}

/** Whole numbers below `limit` that look like chance. */
function chooser(start: number): (limit: number) => number {
  let state = start * 7919 + 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Every point of taking a lane, of a step and of a checkpoint, twice or more; the number says the how manieth time a run comes there. */
const points = [
  'fetch:2', 'apply:2', 'send:1', 'offsets:1', 'unanswered:1', 'committed:1', 'write:1', 'rename:1', 'fetch:3', 'apply:3', 'send:3', 'offsets:2', 'unanswered:3', 'committed:2', 'write:1', 'rename:1',
  'taking:1', 'taken:1', 'taking:1', 'taken:1', 'commit:2', 'enlist:1', 'end:1', 'checkpoint:1', 'renamed:1', 'checkpointed:1', 'commit:3', 'enlist:2', 'end:3', 'checkpoint:1', 'renamed:1', 'checkpointed:1',
];

test('killed at every point of the protocol, and at any moment', { skip, timeout: 1_800_000 }, async (context: TestContext) => {
  const kills = asked('FAULTS_KILLS', 20);
  const choose = chooser(seed);
  await log.create('killed-in', 1, {});
  const named = points.slice(0, kills - 4);
  const plan = Array.from({ length: kills }, (_, index) => named[index] ?? `after:${choose(80)}`);
  // A step takes 4 MiB, some 2,000 of these rows: two steps for each kill, and more for those that strike at any moment.
  await feed(log, 'killed-in', 1, 0, (kills + 2 * (kills - named.length)) * 4000, 2000);
  // In another order for another seed.
  for (let index = plan.length - 1; index > 0; index -= 1) {
    const other = choose(index + 1);
    [plan[index], plan[other]] = [plan[other]!, plan[index]!];
  }
  const met: string[] = [];
  for (const killAt of plan) {
    const run = new LiveRun({ ...optionsOf('killed', 'killed-in', false), killAt });
    const { code, signal } = await run.ended;
    assert.ok(signal === 'SIGKILL' || code === 0, `at ${killAt}: ${run.errors}`);
    if (signal !== 'SIGKILL') break;
    met.push(`${killAt} after ${run.committed} steps`);
  }
  context.diagnostic(`seed ${seed}, ${met.length} kills: ${met.join(', ')}`);
  assert.equal(met.length, kills, 'the input was long enough for all kills');
  await assertAsCalm('killed', await ending(optionsOf('killed', 'killed-in', false)), 'killed-in', false);
});

/** Event time at which runs end that begin before all of their input is there. */
const dayEnd = dayStart + 20 * 86_400_000;

/** Ticks, as a market sends them, until it is told to stop; then the end of the day. */
class Market {
  sent = 0;
  #isOpen = true;
  readonly #done: Promise<void>;

  constructor(log: Log, topic: string, partitions: number) {
    this.#done = this.#run(log, topic, partitions);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#done;
  }

  async #run(log: Log, topic: string, partitions: number): Promise<void> {
    for (; this.#isOpen; this.sent += 200) {
      await feed(log, topic, partitions, this.sent, this.sent + 200);
      await pause(50);
    }
    const producer = await log.producer(`feed-${topic}`);
    await producer.commit(lastTicks(topic, partitions, dayEnd), null);
    await producer.close();
  }
}

// Mostly they wait.
describe('servers come and go', { concurrency: 2 }, () => {
  test('leaders of input and outputs die under load, and come back', { skip, timeout: 900_000 }, async (context: TestContext) => {
    const kills = asked('FAULTS_LEADERS', 2);
    // Brokers that are missed sooner than after nine seconds.
    const cluster = await KafkaServer.start({ nodes: 3, properties: ['default.replication.factor=3', 'min.insync.replicas=2', 'broker.session.timeout.ms=4000', 'broker.heartbeat.interval.ms=500'] });
    const own = openLog(settingsOf(cluster.brokers), () => undefined);
    const admin = kafkaClient(settingsOf(cluster.brokers)).admin();
    const describe = async (topic: string) => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions;
    try {
      await admin.connect();
      await own.create('led-in', 2, {});
      const market = new Market(own, 'led-in', 2);
      const run = new LiveRun({ ...optionsOf('led', 'led-in', true, cluster.brokers), until: dayEnd });
      const said: string[] = [];
      try {
        await run.until(() => run.committed >= 10);
        for (let kill = 0; kill < kills; kill += 1) {
          const topic = ['led-in', 'led-out', 'led-journal', 'led-out-moves'][kill % 4]!;
          const { leader, partitionId } = (await describe(topic))[0]!;
          await cluster.kill(leader);
          const killed = performance.now(), before = run.committed;
          await run.until(() => run.committed >= before + 10);
          said.push(`${topic}/${partitionId} on node ${leader}: 10 more steps after ${Math.round(performance.now() - killed)} ms`);
          await cluster.restart(leader);
          while ((await Promise.all(['led-in', 'led-out', 'led-journal', 'led-out-moves'].map(describe))).flat().some(({ isr }) => isr.length < 3)) await pause(200);
        }
      } finally {
        await market.close();
      }
      const { code } = await run.ended;
      assert.equal(code, 0, run.errors);
      context.diagnostic(`${said.join('; ')}; ${market.sent} ticks`);
      await assertAsCalm('led', run.result, 'led-in', true, { brokers: cluster.brokers, until: dayEnd });
    } finally {
      await admin.disconnect();
      await own.close();
      await cluster.stop();
    }
  });

  test('the network', { skip, timeout: 600_000 }, async (network: TestContext) => {
    await network.test('gone for ten seconds, and connections with it', async (context) => {
      const [proxy] = servers.kafka.proxies;
      await log.create('cut-in', 1, {});
      const market = new Market(log, 'cut-in', 1);
      const run = new LiveRun({ ...optionsOf('cut', 'cut-in', false, servers.kafka.proxied), until: dayEnd });
      try {
        await run.until(() => run.committed >= 10);
        proxy!.cut();
        await pause(10_000);
        const before = run.committed;
        proxy!.heal();
        const healed = performance.now();
        await run.until(() => run.committed >= before + 5);
        context.diagnostic(`${before} steps before, 5 more ${Math.round(performance.now() - healed)} ms after`);
      } finally {
        await market.close();
      }
      const { code } = await run.ended;
      assert.equal(code, 0, run.errors);
      await assertAsCalm('cut', run.result, 'cut-in', false, { until: dayEnd });
    });

    await network.test('brokers that do not answer: the lane says so and is taken again, later each time', async () => {
      const [proxy] = servers.kafka.proxies;
      await log.create('gone-in', 1, {});
      await feed(log, 'gone-in', 1, 0, 2000);
      const run = new LiveRun({ ...optionsOf('gone', 'gone-in', false, servers.kafka.proxied), until: dayEnd });
      await run.until(() => run.committed >= 1);
      proxy!.refuse(true);
      await run.until(() => /taken again in 1 s[^]*taken again in 2 s/.test(run.errors));
      assert.match(run.errors, /lane 0 failed and is taken again in 1 s: .*127\.0\.0\.1:\d+/);
      proxy!.refuse(false);
      const before = run.committed;
      await feed(log, 'gone-in', 1, 2000, 4000);
      await run.until(() => run.committed > before);
      run.kill();
      assert.equal((await run.ended).signal, 'SIGKILL');
    });
  });
});

/** Runs to the end; its memory is flat once it is warm: what waits to be read does not come in, and what was read goes. */
async function endingFlat(options: LiveRunOptions, rows: number, context: TestContext): Promise<LiveResult> {
  const run = new LiveRun(options);
  const memory: number[] = [];
  await run.until(() => run.committed >= 4);
  const started = performance.now();
  for (let now = run.memory; now > 0; now = run.memory) {
    memory.push(now);
    await pause(50);
  }
  const { code } = await run.ended;
  assert.equal(code, 0, run.errors);
  const [first, last] = [memory.slice(0, memory.length / 2), memory.slice(memory.length / 2)].map((half) => Math.max(...half) / 1e6);
  context.diagnostic(`${options.group}: ${rows} rows, ${Math.round(rows / (performance.now() - started) * 1000)} a second, at the most ${Math.round(first!)} MB in the first half and ${Math.round(last!)} MB in the second`);
  // A short run is over before the heap has its size: at 300,000 rows a second that takes the first 15 seconds.
  assert.ok(last! <= first! * 1.2 + (rows < 5_000_000 ? 40 : 0), `memory grows: ${memory.map((bytes) => Math.round(bytes / 1e6)).join(' ')} MB`);
  const { lanes } = run.result;
  assert.deepEqual(lanes.map(({ lane, rows: read, late }) => ({ lane, read, late })), [{ lane: 0, read: rows, late: 0 }]);
  return run.result;
}

test('far behind, over four partitions in one lane, also one partition after another: no row is late, and memory is flat', { skip, timeout: 900_000 }, async (context: TestContext) => {
  const rows = asked('FAULTS_LAG', 240_000);
  await log.create('lagged-in', 4, {});
  await feed(log, 'lagged-in', 4, 0, rows);
  const lagged = await endingFlat(optionsOf('lagged', 'lagged-in', false), rows, context);
  await assertAsCalm('lagged', lagged, 'lagged-in', false);
  const turned = await endingFlat({ ...optionsOf('turned', 'lagged-in', false), inTurn: true }, rows, context);
  assert.equal(rowsOf(turned.lanes, 'moves'), rowsOf(lagged.lanes, 'moves'));
  const windows = rowsOf(lagged.lanes, 'vwap');
  const own = await readTopic(servers.settings(), 'lagged-out', windows);
  const valuesOf = (messages: readonly { readonly value: Buffer | null }[]): string[] => messages.map(({ value }) => value!.toString('latin1')).sort();
  assert.deepEqual(valuesOf(await readTopic(servers.settings(), 'turned-out', windows)), valuesOf(own), 'the same rows, in another order');
  // Kafka's own consumer, which shares no code with ours, finds the same.
  const found = await consoleConsume(servers.kafka.brokers, 'lagged-out', windows);
  assert.deepEqual(found.sort(), own.map(({ partition, offset, key, value }) => `Partition:${partition} Offset:${offset} ${key!.toString('latin1')} ${value!.toString('latin1')}`).sort());
});

test('kafkajs as the client: killed at points that live names, and still as a calm run', { skip, timeout: 300_000 }, async () => {
  await log.create('other-in', 1, {});
  await feed(log, 'other-in', 1, 0, 70_000);
  const options: LiveRunOptions = { ...optionsOf('other', 'other-in', false), client: 'kafkajs' };
  for (const killAt of ['commit:2', 'committed:1', 'after:100']) {
    const run = new LiveRun({ ...options, killAt });
    const { signal } = await run.ended;
    assert.equal(signal, 'SIGKILL', `at ${killAt}: ${run.errors}`);
  }
  await assertAsCalm('other', await ending(options), 'other-in', false);
});
