/** One process of the live bench: loads a topic, counts one, or runs live. First argument: what to do, as JSON. Lines of JSON on the output. */
import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import avsc from 'avsc';
import { marketData } from '../../src/formats/avro-schema.js';
import { compressionOf, kafkaClient } from '../../src/live/kafka.js';
import { runLive } from '../../src/live/live.js';
import { MeteredRun } from '../../src/live/meter-run.js';
import { SchemaRegistry } from '../../src/live/registry.js';
import { settingsFrom } from '../../src/live/settings.js';
import { peakRssMB } from './processes.js';
import type { LiveAssignment, LiveLine } from './live-processes.js';

const told = JSON.parse(process.argv[2]!) as LiveAssignment;
const settings = settingsFrom({ brokers: told.brokers, registry: told.registry, client: told.client }, {});
const tell = (line: LiveLine): void => void writeSync(1, `${JSON.stringify(line)}\n`);

/** Epoch ms with fractions. */
const wall = (): number => performance.timeOrigin + performance.now();

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const sendMax = 2000;

/** Open loop: message i belongs to `began + i / rate`, whatever became of those before; that is its timestamp and its event time. */
async function load({ topic, rate, seconds }: Extract<LiveAssignment, { role: 'load' }>): Promise<void> {
  const id = await new SchemaRegistry(settings.registries, null).register(`${topic}-value`, marketData);
  const type = avsc.Type.forSchema(marketData as never);
  const head = Buffer.from([0, 0, 0, 0, 0]);
  head.writeUInt32BE(id, 1);
  const producer = kafkaClient(settings).producer({ idempotent: true, maxInFlightRequests: 5, allowAutoTopicCreation: false });
  await producer.connect();
  const symbols = Array.from({ length: 200 }, (_, index) => `SYM${index}`);
  const prices = symbols.map((_, index) => 50 + index);
  let random = 12345;
  const next = (): number => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return random / 2 ** 32;
  };
  const message = (index: number, at: number): { key: string; value: Buffer; timestamp: string; partition: number } => {
    const which = index % symbols.length;
    const price = (prices[which]! += (next() - 0.5) * 0.02);
    // One in a hundred stands out.
    const shown = index % 101 === 100 ? price * 1.2 : price;
    const millis = Math.floor(at);
    const value = type.toBuffer({ symbol: symbols[which], price: shown, volume: 1 + Math.floor(next() * 1000), bid: shown - 0.01, ask: shown + 0.01, timestamp: millis, exchange: 'X', event_type: 'TRADE' });
    return { key: symbols[which]!, value: Buffer.concat([head, value]), timestamp: String(millis), partition: 0 };
  };
  const total = rate * seconds;
  const began = wall() + 200;
  tell({ event: 'began', at: began });
  for (let sent = 0; sent < total;) {
    // A load that falls behind catches up in sends that brokers take.
    const due = Math.min(total, sent + sendMax, Math.floor(((wall() - began) * rate) / 1000));
    if (due <= sent) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const messages = Array.from({ length: due - sent }, (_, index) => message(sent + index, began + ((sent + index) * 1000) / rate));
    await producer.send({ topic, acks: -1, compression: compressionOf('lz4'), messages });
    sent = due;
  }
  await producer.disconnect();
  tell({ event: 'loaded', at: wall() });
}

/** A bare consumer that does nothing but count. From its first fetch to its last batch. */
async function count({ topic, rows }: Extract<LiveAssignment, { role: 'count' }>): Promise<void> {
  const consumer = kafkaClient(settings).consumer({ groupId: `bench-count-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0, began = 0, cpu = process.cpuUsage();
  consumer.on(consumer.events.GROUP_JOIN, () => {
    began = performance.now();
    cpu = process.cpuUsage();
  });
  await new Promise<void>((resolve, reject) => {
    consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch: ({ batch }) => {
      for (const message of batch.messages) if (message.value !== null) seen += 1;
      if (seen >= rows) resolve();
      return Promise.resolve();
    } }).catch(reject);
  });
  tell({ event: 'done', seconds: (performance.now() - began) / 1000, cpuSeconds: cpuSince(cpu), rows: seen, steps: 0, peakRssMB: peakRssMB() });
  await consumer.disconnect();
}

/** With what watching costs. From the first fetch to the last commit. */
async function live({ sql, group, state, until, start, releasedBy }: Extract<LiveAssignment, { role: 'live' }>): Promise<void> {
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  const texts = { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } };
  const metered = await MeteredRun.start({ texts, settings, group, state, checkpointEvery: 10_000, metricsPort: null, screen: null, colours: false, onStatus: null, say: null });
  let began = 0, ended = 0, steps = 0, rows = 0, isFirst = true, cpu = process.cpuUsage(), cpuSeconds = 0;
  const { events } = metered;
  tell({ event: 'started', at: wall() });
  await runLive({
    texts, settings, group, state, redirect: new Map(), start: { kind: start }, until, lanes: 'all', sessionTimeout: 30_000, onGap: 'refuse', linger: 0, checkpointEvery: 10_000, strict: false, releasedBy, signal: stop.signal,
    onRemark: (text) => writeSync(2, `${text}\n`),
    events: {
      ...events,
      phase: (lane, phase, seq) => {
        events.phase(lane, phase, seq);
        if (phase === 'taken') {
          began = performance.now();
          cpu = process.cpuUsage();
        }
        if (phase === 'taking' || phase === 'taken') tell({ event: phase, at: wall() });
      },
      onStep: (lane, step) => {
        void events.onStep?.(lane, step);
        ended = step.times.committed;
        cpuSeconds = cpuSince(cpu);
        steps += 1;
        for (const { records } of step.pieces) rows += records.length;
        if (isFirst) tell({ event: 'committed', at: wall() });
        isFirst = false;
      },
    },
  });
  await metered.close();
  tell({ event: 'done', seconds: (ended - began) / 1000, cpuSeconds, rows, steps, peakRssMB: peakRssMB() });
}

switch (told.role) {
  case 'load': await load(told); break;
  case 'count': await count(told); break;
  case 'live': await live(told); break;
}
process.exit(0);
