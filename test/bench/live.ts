/**
 * Measures live on a Kafka of this machine: `npm run bench:live -- [--short] [--json] [--only PART,…] [--client NAME]`.
 * Parts: throughput (next to a consumer that only counts), latency (open loop, corrected for coordinated omission),
 * recovery (from SIGKILL to the first new output), journal (its bytes and its time), flink (its sinks on the same topic).
 * One that fails is told, and the others are measured all the same; then it exits 1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clients, type Client } from '../../src/live/clients.js';
import { KafkaServer, kafkaMissing } from '../real/kafka-server.js';
import { RegistryServer, registryMissing } from '../real/registry-server.js';
import { flinkLatencies } from './live-flink.js';
import { journalCost } from './live-journal.js';
import { countTopic, fresh, liveLatency, liveRecovery, liveThroughput, makeTopic, publishDay, type LiveBench } from './live-measures.js';
import { flinkText, journalText, latencyText, recoveryText, throughputText, type LiveNumbers } from './live-summary.js';
import { thisMachine } from './machine.js';
import { machineText } from './summary.js';

const parts = ['throughput', 'latency', 'recovery', 'journal', 'flink'] as const;

const { values: flags } = parseArgs({
  options: { short: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, only: { type: 'string', default: '' }, client: { type: 'string', default: 'platformatic' } },
});
const only = flags.only.split(',').filter((name) => name !== '');
const say = (text: string): void => void process.stderr.write(text);
if (only.some((name) => !(parts as readonly string[]).includes(name)) || !(clients as readonly string[]).includes(flags.client)) {
  say(`--only takes ${parts.join(', ')}; --client takes ${clients.join(', ')}\n`);
  process.exit(2);
}
const isAsked = (part: (typeof parts)[number]): boolean => only.length === 0 || only.includes(part);
const missing = kafkaMissing() ?? registryMissing();
if (missing !== null) {
  say(`No servers: ${missing}.\n`);
  process.exit(2);
}

const { short } = flags;
const rows = short ? 60_000 : 1_000_000;
const rounds = short ? 1 : 3;
const loadSeconds = short ? 6 : 30;

async function throughput(bench: LiveBench): Promise<NonNullable<LiveNumbers['throughput']>> {
  const topic = fresh('day');
  await publishDay(bench, topic, rows);
  const numbers: NonNullable<LiveNumbers['throughput']> = { rows, counting: [], vwap_1m: [], anomalies: [], releasedBy: [] };
  for (let round = 0; round < rounds; round += 1) {
    say(`throughput, round ${round + 1} of ${rounds}\n`);
    numbers.counting.push(await countTopic(bench, topic, rows));
    numbers.vwap_1m.push(await liveThroughput(bench, 'vwap_1m', topic, false));
    numbers.anomalies.push(await liveThroughput(bench, 'anomalies', topic, false));
    numbers.releasedBy.push(await liveThroughput(bench, 'anomalies', topic, true));
  }
  return numbers;
}

async function latency(bench: LiveBench): Promise<NonNullable<LiveNumbers['latency']>> {
  const numbers: NonNullable<LiveNumbers['latency']> = [];
  for (const pipeline of ['filter', 'anomalies'] as const) {
    for (const rate of [2_000, 10_000]) {
      say(`latency: ${pipeline} at ${rate} events/s for ${loadSeconds} s\n`);
      numbers.push({ pipeline, ...(await liveLatency(bench, pipeline, rate, pipeline === 'anomalies' ? loadSeconds + 8 : loadSeconds)) });
    }
  }
  return numbers;
}

async function recovery(bench: LiveBench): Promise<NonNullable<LiveNumbers['recovery']>> {
  const numbers: NonNullable<LiveNumbers['recovery']> = [];
  for (let round = 0; round < (short ? 1 : 5); round += 1) {
    say('recovery: killed under load\n');
    numbers.push(await liveRecovery(bench, 2_000, short ? 3 : 15));
  }
  return numbers;
}

const machine = thisMachine();
say(`${machineText(machine)}; live's client ${flags.client}\n`);
const folder = await mkdtemp(join(tmpdir(), 'tapewright-bench-live-'));
const [kafka, registry] = await Promise.all([KafkaServer.start({ say: (text) => say(`${text}\n`) }), RegistryServer.start((text) => say(`${text}\n`))]);
const numbers: { -readonly [Part in keyof LiveNumbers]: LiveNumbers[Part] } = {};
/** That each part took, and why those that failed did. */
const seconds: Record<string, number> = {}, failures: Record<string, string> = {};
try {
  const bench: LiveBench = { servers: { brokers: kafka.brokers.join(','), registry: registry.address, client: flags.client as Client }, folder, say };
  const run = async <Part extends keyof LiveNumbers>(part: Part, measure: (bench: LiveBench) => Promise<NonNullable<LiveNumbers[Part]>>, text: (found: NonNullable<LiveNumbers[Part]>) => string): Promise<void> => {
    if (!isAsked(part)) return;
    const began = performance.now();
    try {
      const found = await measure(bench);
      numbers[part] = found;
      say(`\n${text(found)}\n`);
    } catch (error) {
      failures[part] = error instanceof Error ? error.stack ?? error.message : String(error);
      say(`\n${part} failed: ${failures[part]}\n`);
    }
    seconds[part] = Math.round((performance.now() - began) / 1000);
    say(`(${part} took ${seconds[part]} s)\n`);
  };
  await run('throughput', throughput, throughputText);
  await run('latency', latency, latencyText);
  await run('recovery', recovery, recoveryText);
  await run('journal', (on) => journalCost(on, loadSeconds, makeTopic), journalText);
  await run('flink', (on) => flinkLatencies(on, short), flinkText);
} finally {
  await Promise.all([kafka.stop(), registry.stop()]);
  await rm(folder, { recursive: true, force: true });
}
if (flags.json) process.stdout.write(`${JSON.stringify({ machine, client: flags.client, live: numbers, seconds, failures }, null, 2)}\n`);
process.exit(Object.keys(failures).length === 0 ? 0 : 1);
