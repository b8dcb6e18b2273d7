/** A pipeline on Kafka: tables become topics, partitions become lanes, and every lane runs until it ends or is stopped. */
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { Engine } from '../engine/engine.js';
import { laneKeys } from '../plan/lanes.js';
import type { Pipeline } from '../plan/plan.js';
import { sourceColumns } from '../runtime/input-reader.js';
import type { PipelineTexts } from '../runtime/options.js';
import { requireModules } from '../runtime/functions.js';
import { planTexts } from '../runtime/pipeline.js';
import { planHashOf } from '../runtime/prepare.js';
import { sha256 } from '../runtime/replay.js';
import { CheckpointStore } from '../stores/checkpoints.js';
import { sinkTopics, sourceTopic, type SinkTopic, type SourceTopic, type StartMode } from './connectors.js';
import { AvroFormat, Decoder, JsonFormat } from './decoder.js';
import { OutputEncoder } from './encoder.js';
import type { StartRecord } from './journal-topic.js';
import { KafkaLog } from './kafka-log.js';
import { LiveLane, type LaneEvents, type LaneSpec } from './lane.js';
import type { Log, LogBounds, LogPosition } from './log.js';
import { SchemaRegistry } from './registry.js';
import type { LaneInput } from './rerun.js';
import type { LiveSettings } from './settings.js';

export interface LiveOptions {
  readonly texts: PipelineTexts;
  readonly settings: LiveSettings;
  /** Names the journal, the offsets and the producers: one group is one run. */
  readonly group: string;
  /** Folder for checkpoints. */
  readonly state: string;
  /** Topics for tables whose own connector live does not write. */
  readonly redirect: ReadonlyMap<string, string>;
  /** Instead of the tables' own. */
  readonly start: StartMode | null;
  /** `latest`: the offsets that are last when the run begins. */
  readonly until: 'latest' | null;
  readonly checkpointEvery: number;
  readonly strict: boolean;
  readonly signal: AbortSignal;
  readonly events: LaneEvents;
  readonly onRemark: (text: string) => void;
}

export interface LiveResult {
  readonly group: string;
  readonly ended: boolean;
  readonly lanes: readonly {
    readonly lane: number; readonly steps: number; readonly rows: number; readonly late: number; readonly deadLetters: number;
    readonly outputs: Readonly<Record<string, { readonly rows: number; readonly digest: string; readonly setDigest: string }>>;
  }[];
}

/** Milliseconds between attempts to take a failed lane again: doubling. */
const backOffMin = 1000, backOffMax = 60_000;

/** What a pipeline is on Kafka. */
export interface LivePlan {
  readonly pipeline: Pipeline;
  readonly planHash: string;
  readonly sources: readonly SourceTopic[];
  readonly sinks: readonly SinkTopic[];
  readonly registry: SchemaRegistry | null;
  readonly lanes: number;
  readonly topics: LaneSpec['topics'];
  inputs(lane: number): LaneInput[];
}

/** Tables as topics, partitions as lanes. Throws SQL_UNSUPPORTED, USAGE, KAFKA_REFUSED and the like. */
export async function planLive(log: Log, { texts, settings, group, start, redirect, onRemark }: Pick<LiveOptions, 'texts' | 'settings' | 'group' | 'start' | 'redirect' | 'onRemark'>): Promise<LivePlan> {
  requireModules(texts);
  const pipeline = planTexts(texts);
  const sources = pipeline.sources.map((table) => sourceTopic(table, start));
  const sinks = sinkTopics(pipeline.sinks, redirect);
  const needsRegistry = [...sources, ...sinks].some(({ format }) => format === 'avro-confluent');
  if (needsRegistry && settings.registries.length === 0) throw new TapewrightError('USAGE', "format 'avro-confluent' needs a schema registry: give --registry URL or set SCHEMA_REGISTRY");
  const registry = needsRegistry ? new SchemaRegistry(settings.registries, settings.registryAuthorization) : null;
  const bounds = new Map<string, readonly LogBounds[]>();
  for (const { topic, table } of sources) {
    const found = await log.bounds(topic);
    if (found === null) throw new TapewrightError('KAFKA_REFUSED', `table ${table.name} reads topic ${topic}, which is not there; make it, or check 'topic'`, { topic });
    bounds.set(topic, found);
  }
  const counts = sources.map(({ topic }) => bounds.get(topic)!.length);
  const keys = laneKeys(pipeline, null);
  const lanes = keys.possible && counts.every((count) => count === counts[0]) ? counts[0]! : 1;
  if (lanes === 1 && counts.some((count) => count > 1)) onRemark(`one lane over all partitions: ${keys.possible ? 'the topics have different numbers of partitions' : keys.reason}`);
  const probe = new Engine(pipeline, { lane: 0, partitions: counts, hash: sha256, withholdBefore: null, strict: false });
  return {
    pipeline, sources, sinks, registry, lanes, planHash: planHashOf(texts),
    topics: { journal: `${group}-journal`, late: `${group}-late`, deadLetters: `${group}-dead-letters` },
    inputs: (lane) => sources.map(({ topic, table, format }, input) => {
      const columns = sourceColumns(pipeline, input, probe.plan.columns[input]!);
      if (columns.some(({ name }) => table.metadata.some((each) => each.name === name))) {
        throw new TapewrightError('SQL_UNSUPPORTED', `table ${table.name} reads metadata columns, which live does not give yet: leave them out`, { table: table.name });
      }
      return {
        table: table.name, topic, partitions: lanes === 1 ? bounds.get(topic)!.map(({ partition }) => partition) : [lane],
        decoder: new Decoder(columns, format === 'json' ? new JsonFormat(columns) : new AvroFormat(columns, registry!)),
      };
    }),
  };
}

export async function runLive(options: LiveOptions): Promise<LiveResult> {
  const { settings, group, onRemark } = options;
  const log = new KafkaLog(settings, onRemark);
  try {
    const plan = await planLive(log, options);
    const { pipeline, lanes, topics, planHash } = plan;
    await ensureOwn(log, topics, lanes);
    const outputs = await Promise.all(plan.sinks.map(async (sink) => {
      const found = await log.bounds(sink.topic);
      if (found === null) await log.create(sink.topic, lanes, {});
      return OutputEncoder.open(sink, found?.length ?? lanes, plan.registry);
    }));
    const specOf = (lane: number): LaneSpec => ({
      lane, group, planHash, pipeline, outputs, topics, checkpoints: new CheckpointStore(join(options.state, 'checkpoints')), inputs: plan.inputs(lane),
      checkpointEvery: options.checkpointEvery, strict: options.strict, clock: () => Date.now(),
      begin: () => beginning(log, plan.sources, options, lanes === 1 ? null : lane),
    });
    // Where one lane cannot go on, the others finish their step and stop.
    const failure = new AbortController();
    const signal = AbortSignal.any([options.signal, failure.signal]);
    const ends = await Promise.allSettled(Array.from({ length: lanes }, (_, lane) => runLane(log, specOf(lane), { ...options, signal }).catch((error: unknown) => {
      failure.abort();
      throw error;
    })));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const results = ends.map((end) => (end as PromiseFulfilledResult<Awaited<ReturnType<typeof runLane>>>).value);
    return {
      group, ended: results.every(({ ended }) => ended),
      lanes: results.map(({ engine, rows }, lane) => ({
        lane, steps: engine.seq, rows, late: engine.counts.late, deadLetters: engine.counts.deadLetters,
        outputs: Object.fromEntries(engine.outputs.map((output, table) => [pipeline.sinks[table]!.name, output])),
      })),
    };
  } finally {
    await log.close();
  }
}

/** A lane that fails for want of a broker is taken again; what no retry can mend ends the run. */
async function runLane(log: Log, spec: LaneSpec, { signal, events, onRemark }: LiveOptions): Promise<{ engine: Engine; ended: boolean; rows: number }> {
  for (let wait = backOffMin; ; wait = Math.min(wait * 2, backOffMax)) {
    const lane = new LiveLane(log, spec, events);
    try {
      return { ...(await lane.run(signal)), rows: lane.rows };
    } catch (error) {
      if (lane.rows > 0) wait = backOffMin;
      if (signal.aborted || isFinal(error)) throw error;
      onRemark(`lane ${spec.lane} failed and is taken again in ${wait / 1000} s: ${error instanceof Error ? error.message : String(error)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
      });
      if (signal.aborted) throw error;
    }
  }
}

/** Codes that say the same after any number of attempts, and bugs. */
function isFinal(error: unknown): boolean {
  if (error instanceof TapewrightError) return error.code !== 'KAFKA_UNREACHABLE' && error.code !== 'REGISTRY_UNREACHABLE' && error.code !== 'KAFKA_REFUSED';
  const { name, type } = error as { readonly name?: string; readonly type?: string };
  // Fenced: another process has the lane now.
  if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED') return true;
  return !(name?.startsWith('KafkaJS') === true || /not acknowledged/.test(String(error)));
}

async function ensureOwn(log: Log, topics: LaneSpec['topics'], lanes: number): Promise<void> {
  const keep = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
  for (const topic of Object.values(topics)) {
    const found = await log.bounds(topic);
    if (found === null) await log.create(topic, lanes, topic === topics.journal ? keep : {});
    else if (found.length !== lanes) {
      throw new TapewrightError('JOURNAL_LOST', `${topic} has ${found.length} partitions and the run ${lanes} lanes: the input's partitions were changed since it began; start under another group (--group)`, { topic });
    }
  }
}

/** Start offsets by the tables' modes, and stop offsets by `until`; of one partition where a lane has only that. */
async function beginning(log: Log, sources: readonly SourceTopic[], { until, group }: LiveOptions, partition: number | null): Promise<Pick<StartRecord, 'positions' | 'stops'>> {
  const positions: LogPosition[] = [];
  const stops: LogPosition[] = [];
  for (const { topic, start } of sources) {
    const bounds = (await log.bounds(topic))!;
    const byTime = start.kind === 'timestamp' ? await log.boundsAt(topic, start.millis) : null;
    const committed = start.kind === 'group' ? await log.committed(group, topic) : null;
    for (const { partition: one, start: first, end } of bounds) {
      if (partition !== null && one !== partition) continue;
      const from = startOffset(start, { partition: one, start: first, end }, byTime?.find((each) => each.partition === one)?.start ?? committed?.get(one));
      if (from < first) throw new TapewrightError('SOURCE_GAP', `partition ${one} of ${topic} begins at ${first}: offset ${from} was deleted`, { topic, partition: one });
      positions.push({ topic, partition: one, offset: from });
      stops.push({ topic, partition: one, offset: end });
    }
  }
  return { positions, stops: until === null ? null : stops };
}

/** `known`: by time, or as the group has committed it. */
function startOffset(start: StartMode, { partition, start: first, end }: LogBounds, known: number | undefined): number {
  switch (start.kind) {
    case 'earliest': return first;
    case 'latest': return end;
    case 'offsets': return start.offsets.get(partition) ?? first;
    default: return known ?? end;
  }
}
