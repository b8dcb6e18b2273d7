/** What the live bench measures, one function a number. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build, type Histogram } from 'hdr-histogram-js';
import { publish } from '../../src/live/publish.js';
import { ensureTopic } from '../../src/live/topic.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { settingsFrom, type LiveSettings } from '../../src/live/settings.js';
import { LiveWorker, type Done, type Servers } from './live-processes.js';
import { pipelineText, type LivePipeline } from './live-pipelines.js';
import { VisibleReader } from './live-visible.js';

export interface LiveBench {
  readonly servers: Servers;
  readonly folder: string;
  say(text: string): void;
}

export interface LatencyNumbers {
  readonly rate: number;
  readonly rows: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export const settingsOf = ({ brokers, registry, client }: Servers): LiveSettings => settingsFrom({ brokers, registry, client }, {});

let made = 0;
/** A name that nobody has had. */
export const fresh = (name: string): string => `${name.replaceAll('_', '-')}-${made += 1}`;

/** A topic with one partition. */
export async function makeTopic({ servers }: LiveBench, topic: string): Promise<void> {
  await ensureTopic(kafkaClient(settingsOf(servers)), { topic, partitions: 1, replication: 1, brokers: servers.brokers.split(',') });
}

export async function publishDay({ servers, say }: LiveBench, topic: string, rows: number): Promise<void> {
  say(`publishing ${rows} events\n`);
  await publish({
    dataset: `us-equities-day?rows=${rows}`, topic, speed: null, partitions: 1, replication: 1, partitionBy: null, subPartitions: new Map(), format: 'avro', compression: 'lz4',
    deliveryTimeout: 60_000, rowsMax: rows, settings: settingsOf(servers),
  });
}

export async function countTopic({ servers }: LiveBench, topic: string, rows: number): Promise<Done> {
  return new LiveWorker({ ...servers, role: 'count', topic, rows }).said('done');
}

/** From the first fetch to the last commit. */
export async function liveThroughput({ servers, folder }: LiveBench, pipeline: LivePipeline, topic: string, releasedBy: boolean): Promise<Done> {
  const group = fresh(pipeline);
  return new LiveWorker({ ...servers, role: 'live', sql: pipelineText(pipeline, topic, `${group}-out`), group, state: join(folder, group), until: 'latest', start: 'earliest', releasedBy }).said('done');
}

const newHistogram = (): Histogram => build({ bitBucketSize: 32, highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: 3 });

/** Latencies, of which the first seconds, while everything is compiled, are left out. */
export class OpenLoop {
  readonly #histogram = newHistogram();
  readonly #delays = newHistogram();

  /** Message i was to be sent at `began + i / rate`: a load that falls behind makes no row look quicker. */
  constructor(private readonly began: number, private readonly rate: number, private readonly warmSeconds: number) {}

  add(offset: number, at: number, eventTime: number | null): void {
    if (offset < this.rate * this.warmSeconds) return;
    const sent = this.began + (offset * 1000) / this.rate;
    this.#histogram.recordValue(Math.max(0, Math.round((at - sent) * 1000)));
    if (eventTime !== null) this.#delays.recordValue(Math.max(0, Math.round((sent - eventTime) * 1000)));
  }

  numbers(): LatencyNumbers {
    const at = (percentile: number): number => Math.round(this.#histogram.getValueAtPercentile(percentile) / 10) / 100;
    return { rate: this.rate, rows: this.#histogram.totalCount, p50: at(50), p99: at(99), p999: at(99.9), max: Math.round(this.#histogram.maxValue / 10) / 100 };
  }

  /** Milliseconds at the median by which a row waited, in event time, for the one that released it. */
  get eventTimeDelay(): number {
    return this.#delays.totalCount === 0 ? 0 : Math.round(this.#delays.getValueAtPercentile(50) / 1000);
  }
}

export interface MeasuredLatency extends LatencyNumbers {
  readonly eventTimeDelay: number;
}

/** From the send of the row that released an output row to its visibility to a read_committed reader. */
export async function liveLatency(bench: LiveBench, pipeline: LivePipeline, rate: number, seconds: number): Promise<MeasuredLatency> {
  const { servers, folder } = bench;
  const group = fresh(pipeline);
  const [topic, output] = [`${group}-in`, `${group}-out`];
  await makeTopic(bench, topic);
  await makeTopic(bench, output);
  const seen: { readonly offset: number; readonly at: number; readonly eventTime: number }[] = [];
  const reader = await VisibleReader.start(settingsOf(servers), output, ({ at, releasedBy, value }) => {
    if (releasedBy === null || value === null) return;
    const { event_time: time } = JSON.parse(value.toString()) as { event_time: string };
    seen.push({ offset: releasedBy, at, eventTime: Date.parse(`${time.replace(' ', 'T')}Z`) });
  });
  const live = new LiveWorker({ ...servers, role: 'live', sql: pipelineText(pipeline, topic, output), group, state: join(folder, group), until: null, start: 'earliest', releasedBy: true });
  try {
    await live.said('taken');
    const load = new LiveWorker({ ...servers, role: 'load', topic, rate, seconds });
    const { at: began } = await load.said('began');
    await load.said('loaded');
    await pause(1500);
    const loop = new OpenLoop(began, rate, Math.min(5, seconds / 3));
    for (const { offset, at, eventTime } of seen) loop.add(offset, at, eventTime);
    return { ...loop.numbers(), eventTimeDelay: loop.eventTimeDelay };
  } finally {
    await live.end('SIGTERM');
    await reader.close();
  }
}

export interface RecoveryParts {
  /** Milliseconds: the process until it runs, until the lane is asked for, until it is taken, until the first commit, until a reader sees it. */
  readonly process: number;
  readonly connect: number;
  readonly take: number;
  readonly firstCommit: number;
  readonly visible: number;
  readonly total: number;
}

/** A process with --lanes is killed under load and started again at once. */
export async function liveRecovery(bench: LiveBench, rate: number, seconds: number): Promise<RecoveryParts> {
  const { servers, folder } = bench;
  const group = fresh('recovery');
  const [topic, output] = [`${group}-in`, `${group}-out`];
  await makeTopic(bench, topic);
  await makeTopic(bench, output);
  let killedAt = Infinity, visibleAt = 0;
  // What was committed before the kill may come in after it: the first that counts was let go by a row sent after it.
  let offsetAtKill = Infinity;
  const reader = await VisibleReader.start(settingsOf(servers), output, ({ at, releasedBy }) => {
    if (visibleAt === 0 && at > killedAt && releasedBy !== null && releasedBy >= offsetAtKill) visibleAt = at;
  });
  const start = (): LiveWorker => new LiveWorker({ ...servers, role: 'live', sql: pipelineText('filter', topic, output), group, state: join(folder, group), until: null, start: 'earliest', releasedBy: true });
  const first = start();
  let second: LiveWorker | null = null;
  try {
    await first.said('taken');
    const load = new LiveWorker({ ...servers, role: 'load', topic, rate, seconds: seconds + 8 });
    const { at: began } = await load.said('began');
    await pause(seconds * 1000);
    await first.end('SIGKILL');
    killedAt = performance.timeOrigin + performance.now();
    offsetAtKill = Math.ceil(((killedAt - began) * rate) / 1000);
    second = start();
    const [started, taking, taken, committed] = [await second.said('started'), await second.said('taking'), await second.said('taken'), await second.said('committed')];
    await load.said('loaded');
    await pause(500);
    const between = (from: number, to: number): number => Math.round(to - from);
    // A reader may be told before the one who committed.
    const done = Math.min(committed.at, visibleAt);
    return {
      process: between(killedAt, started.at), connect: between(started.at, taking.at), take: between(taking.at, taken.at), firstCommit: between(taken.at, done),
      visible: between(done, visibleAt), total: between(killedAt, visibleAt),
    };
  } finally {
    await second?.end('SIGTERM');
    await reader.close();
  }
}
