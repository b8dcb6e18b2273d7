/** Flink's Kafka sink on the same topics, load and reader: exactly-once shows results at checkpoints, at-least-once at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { FlinkServer } from '../real/flink-server.js';
import { flinkMissing } from '../real/flink-files.js';
import { listedJars } from '../real/cached.js';
import { OpenLoop, fresh, makeTopic, settingsOf, type LatencyNumbers, type LiveBench } from './live-measures.js';
import { LiveWorker } from './live-processes.js';
import { VisibleReader } from './live-visible.js';

export interface FlinkLatency extends LatencyNumbers {
  readonly guarantee: 'exactly-once' | 'at-least-once';
  readonly checkpoint: string;
}

const rate = 2_000;

export async function flinkLatencies(bench: LiveBench, short: boolean): Promise<FlinkLatency[]> {
  const missing = flinkMissing();
  if (missing !== null) {
    bench.say(`No Flink: ${missing}.\n`);
    return [];
  }
  const flink = await FlinkServer.start({ config: { 'state.backend.type': 'hashmap' }, jars: await listedJars('flink-connectors-pom.xml'), say: (text) => bench.say(`${text}\n`) });
  try {
    const found: FlinkLatency[] = [];
    for (const [guarantee, checkpoint, seconds] of [['exactly-once', '100 ms', 20], ['exactly-once', '1 s', 20], ['exactly-once', '10 s', 45], ['at-least-once', '10 s', 20]] as const) {
      bench.say(`flink: ${guarantee}, checkpoints every ${checkpoint}\n`);
      found.push(await measure(bench, flink, guarantee, checkpoint, short ? Math.ceil(seconds / 3) : seconds));
    }
    return found;
  } finally {
    await flink.stop();
  }
}

async function measure(bench: LiveBench, flink: FlinkServer, guarantee: FlinkLatency['guarantee'], checkpoint: string, seconds: number): Promise<FlinkLatency> {
  const { servers } = bench;
  const name = fresh('flink');
  const [topic, output] = [`${name}-in`, `${name}-out`];
  await makeTopic(bench, topic);
  await makeTopic(bench, output);
  const seen: { readonly offset: number; readonly at: number }[] = [];
  const reader = await VisibleReader.start(settingsOf(servers), output, ({ at, value }) => {
    if (value !== null) seen.push({ at, offset: (JSON.parse(value.toString()) as { source_offset: number }).source_offset });
  });
  const session = await flink.session({ 'execution.checkpointing.interval': checkpoint, 'execution.checkpointing.mode': 'EXACTLY_ONCE', 'table.local-time-zone': 'UTC', 'parallelism.default': '1' });
  try {
    const kafka = `'connector' = 'kafka', 'properties.bootstrap.servers' = '${servers.brokers}'`;
    await session.execute(`CREATE TABLE market_data_raw (
      symbol STRING, price DOUBLE, volume BIGINT, \`timestamp\` TIMESTAMP(3), source_offset BIGINT METADATA FROM 'offset' VIRTUAL
    ) WITH (${kafka}, 'topic' = '${topic}', 'scan.startup.mode' = 'earliest-offset', 'format' = 'avro-confluent', 'avro-confluent.url' = '${servers.registry}')`);
    await session.execute(`CREATE TABLE large_trades (symbol STRING, event_time TIMESTAMP(3), price DOUBLE, volume BIGINT, source_offset BIGINT)
      WITH (${kafka}, 'topic' = '${output}', 'format' = 'json', 'sink.delivery-guarantee' = '${guarantee}'${guarantee === 'exactly-once' ? `, 'sink.transactional-id-prefix' = '${name}', 'properties.transaction.timeout.ms' = '60000'` : ''})`);
    await session.execute('INSERT INTO large_trades SELECT symbol, `timestamp`, price, volume, source_offset FROM market_data_raw WHERE volume >= 900');
    const job = await runningJob(flink.rest);
    const load = new LiveWorker({ ...servers, role: 'load', topic, rate, seconds });
    const { at: began } = await load.said('began');
    await load.said('loaded');
    // What a checkpoint is still to show.
    await pause(checkpoint === '10 s' ? 12_000 : 3_000);
    await fetch(`${flink.rest}/jobs/${job}?mode=cancel`, { method: 'PATCH' });
    const loop = new OpenLoop(began, rate, Math.min(5, seconds / 3));
    for (const { offset, at } of seen) loop.add(offset, at, null);
    return { guarantee, checkpoint, ...loop.numbers() };
  } finally {
    await session.close();
    await reader.close();
  }
}

/** Id of the one job that runs, all its tasks. */
async function runningJob(rest: string): Promise<string> {
  for (const until = Date.now() + 120_000; Date.now() < until; await pause(200)) {
    const { jobs } = await (await fetch(`${rest}/jobs/overview`)).json() as { jobs: readonly { jid: string; state: string; tasks: { total: number; running: number } }[] };
    const running = jobs.find(({ state, tasks }) => state === 'RUNNING' && tasks.total > 0 && tasks.running === tasks.total);
    if (running !== undefined) return running.jid;
  }
  throw new Error('the job did not run within two minutes');
}
