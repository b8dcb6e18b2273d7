/** A pipeline on Kafka: tables become topics, partitions become lanes, and every lane runs until it ends or is stopped. */
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import type { Pipeline } from '../plan/plan.js';
import type { PipelineTexts } from '../runtime/options.js';
import { requireModules } from '../runtime/functions.js';
import { planTexts } from '../runtime/pipeline.js';
import { planHashOf } from '../runtime/plan-hash.js';
import { CheckpointStore } from '../stores/checkpoints.js';
import { beginning, lastOffsets } from './beginning.js';
import type { CapturePlan } from './capture.js';
import type { TopicRead } from './captured-topics.js';
import { sinkTopics, type SinkTopic } from './connectors.js';
import { OutputEncoder } from './encoder.js';
import { kafkaClient } from './kafka.js';
import { openLog } from './clients.js';
import { pause } from './failures.js';
import { LiveLane, type LaneEvents, type LaneSpec } from './lane.js';
import { runLanes } from './lanes.js';
import type { Log } from './log.js';
import { GroupMembership, fixedLanes, type Membership } from './membership.js';
import { partsOf } from './parts.js';
import { SchemaRegistry } from './registry.js';
import type { AskedStart } from './scan-modes.js';
import { laneInputs, readTopics } from './read-topics.js';
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
  readonly start: AskedStart | null;
  /** `latest`: the offsets that are last when the run begins; a number: event time, epoch ms. */
  readonly until: 'latest' | number | null;
  /** Those that the processes of the group share out; all of them; or these. */
  readonly lanes: 'group' | 'all' | readonly number[];
  /** Milliseconds after which a process that the group does not hear of loses its lanes. */
  readonly sessionTimeout: number;
  /** Where input was deleted before it was read. */
  readonly onGap: 'refuse' | 'continue';
  /** Milliseconds for which a step waits for more rows. */
  readonly linger: number;
  readonly checkpointEvery: number;
  readonly strict: boolean;
  /** Messages of outputs say, in a header, which message let them go. */
  readonly releasedBy?: boolean;
  /** History to build the state from before the first row: a run or a dataset, by table. */
  readonly warmFrom?: readonly string[];
  /** Folder of a bundle that keeps the input too; null: none is made. */
  readonly record?: string | null;
  readonly signal: AbortSignal;
  readonly events: LaneEvents;
  readonly onRemark: (text: string) => void;
}

export interface LiveResult {
  readonly group: string;
  /** Of `record`: the bundle, where one could be made. */
  readonly bundle: string | null;
  readonly ended: boolean;
  readonly lanes: readonly {
    readonly lane: number; readonly steps: number; readonly rows: number; readonly late: number; readonly deadLetters: number;
    readonly outputs: Readonly<Record<string, { readonly rows: number; readonly digest: string; readonly setDigest: string }>>;
  }[];
}

/** What a pipeline is on Kafka. */
export interface LivePlan {
  readonly pipeline: Pipeline;
  readonly planHash: string;
  /** Topics that are read. */
  readonly reads: readonly TopicRead[];
  readonly sinks: readonly SinkTopic[];
  readonly registry: SchemaRegistry | null;
  readonly lanes: number;
  readonly topics: LaneSpec['topics'];
  /** Of each source's topic. */
  readonly partitions: readonly number[];
  readonly captures: readonly CapturePlan[];
  inputs(lane: number): LaneInput[];
}

/** Tables as topics, partitions as lanes. Throws SQL_UNSUPPORTED, USAGE, KAFKA_REFUSED and the like. */
export async function planLive(log: Log, { texts, settings, group, state, start, redirect, onRemark }: Pick<LiveOptions, 'texts' | 'settings' | 'group' | 'start' | 'redirect' | 'onRemark'> & Partial<Pick<LiveOptions, 'state'>>): Promise<LivePlan> {
  requireModules(texts);
  const pipeline = planTexts(texts);
  const read = await readTopics(log, pipeline, start, `${group}-journal`, onRemark);
  const sinks = sinkTopics(pipeline.sinks, redirect);
  const needsRegistry = read.usesRegistry || sinks.flatMap(({ format, keyFormat }) => [format, keyFormat]).includes('avro-confluent');
  if (needsRegistry && settings.registries.length === 0) throw new TapewrightError('USAGE', "format 'avro-confluent' needs a schema registry: give --registry URL or set SCHEMA_REGISTRY");
  const registry = needsRegistry ? new SchemaRegistry(settings.registries, settings.registryAuthorization, { cache: state === undefined ? null : join(state, 'schemas'), onRemark }) : null;
  return {
    pipeline, sinks, registry, reads: read.reads, lanes: read.lanes, planHash: planHashOf(texts), partitions: read.reads.slice(0, pipeline.sources.length).map(({ topic }) => read.bounds.get(topic)!.length),
    topics: { journal: `${group}-journal`, late: `${group}-late`, deadLetters: `${group}-dead-letters` }, ...laneInputs(read, registry),
  };
}

export async function runLive(options: LiveOptions): Promise<LiveResult> {
  const { group, onRemark } = options;
  const log = openLog(options.settings, onRemark);
  try {
    const { plan, specOf } = await prepareLanes(log, options);
    const recorder = options.record === undefined || options.record === null ? null : await (await import('./live-record.js')).LiveRecorder.open(plan, options, options.record);
    const events = recorder?.watching(options.events) ?? options.events;
    const ends = await runLanes({
      membership: await membershipOf(plan, options), shared: options.lanes === 'group', signal: options.signal, pause, say: onRemark,
      attempt: (lane) => {
        const attempt = new LiveLane(log, specOf(lane), events);
        return recorder === null ? attempt : recorder.recorded(lane, attempt);
      },
    });
    const bundle = await recorder?.bundle(ends) ?? null;
    return {
      group, bundle, ended: ends.length > 0 && ends.every(({ ended }) => ended),
      lanes: ends.map(({ lane, engine, rows }) => ({
        lane, steps: engine.seq, rows, late: engine.counts.late, deadLetters: engine.counts.deadLetters,
        outputs: Object.fromEntries(engine.outputs.map((output, table) => [plan.pipeline.sinks[table]!.name, output])),
      })),
    };
  } finally {
    await log.close();
  }
}

export interface PreparedLanes {
  readonly plan: LivePlan;
  specOf(lane: number): LaneSpec;
}

/** The plan of a run, and all that its lanes need; topics of its own are there afterwards. */
export async function prepareLanes(log: Log, options: Omit<LiveOptions, 'lanes' | 'sessionTimeout' | 'signal' | 'events'> & Partial<Pick<LiveOptions, 'signal'>>): Promise<PreparedLanes> {
  const plan = await planLive(log, options);
  const { pipeline, lanes, topics, planHash } = plan;
  refuseForChanges(plan, options);
  await ensureOwn(log, topics, lanes);
  const outputs = await Promise.all(plan.sinks.map(async (sink) => {
    const found = await log.bounds(sink.topic);
    if (found === null) await log.create(sink.topic, lanes, {});
    return OutputEncoder.open(sink, found?.length ?? lanes, plan.registry);
  }));
  const { group, until, checkpointEvery, strict, releasedBy = false, onGap, linger } = options;
  const checkpoints = new CheckpointStore(join(options.state, 'checkpoints'));
  const parts = partsOf(pipeline, options.texts);
  const warm = options.warmFrom === undefined || options.warmFrom.length === 0 ? null : (await import('./warm.js')).warmTables(options.warmFrom, pipeline);
  return {
    plan, specOf: (lane) => ({
      lane, group, planHash, pipeline, outputs, topics, checkpoints, parts, checkpointEvery, strict, releasedBy, onGap, linger, inputs: plan.inputs(lane), captures: plan.captures,
      clock: () => Date.now(), pause, say: options.onRemark,
      stopsNow: async ({ until: first }) => {
        if (until === 'latest') return lastOffsets(log, plan.reads, lanes === 1 ? null : lane);
        if (until !== null && until !== first) options.onRemark(`lane ${lane}: the group began without this end in event time, and --until is not heeded; start under another group (--group), or with --until latest`);
        return null;
      },
      begin: async () => {
        const begun = await beginning(log, plan.reads, options, lanes === 1 ? null : lane);
        if (warm === null) return begun;
        const { planWarm } = await import('./warm.js');
        return { ...begun, warm: await planWarm(log, pipeline, plan.inputs(lane), warm, begun.positions, options.signal ?? new AbortController().signal) };
      },
      warmUp: async (engine, start, keep) => (await import('./warm-up.js')).warmUp({ pipeline, partitions: plan.partitions, inputs: plan.inputs(lane) }, engine, start, keep),
    }),
  };
}

/** What captured tables cannot do. */
function refuseForChanges({ captures }: LivePlan, { releasedBy = false, warmFrom = [] }: Pick<LiveOptions, 'releasedBy' | 'warmFrom'>): void {
  const [capture] = captures;
  if (capture === undefined) return;
  const tables = capture.tables.map(({ name }) => name).join(', ');
  if (releasedBy) throw new TapewrightError('USAGE', `--released-by: rows of ${tables} come in transactions, which no single message lets go; leave it out`);
  if (warmFrom.length > 0) throw new TapewrightError('USAGE', `--warm-from: ${tables} begin with the snapshot in their topics ('scan.startup.mode' = 'earliest-offset'), and with them the whole run; leave it out`);
}

async function membershipOf(plan: LivePlan, { lanes, group, settings, sessionTimeout, onRemark }: LiveOptions): Promise<Membership> {
  if (lanes === 'all') return fixedLanes(Array.from({ length: plan.lanes }, (_, lane) => lane));
  if (lanes !== 'group') {
    const beyond = lanes.find((lane) => lane >= plan.lanes);
    if (beyond !== undefined) throw new TapewrightError('USAGE', `--lanes: there is no lane ${beyond}; the run has ${plan.lanes === 1 ? 'one lane, 0' : `lanes 0 to ${plan.lanes - 1}`}`, { lanes: plan.lanes });
    return fixedLanes(lanes);
  }
  const partitions = Array.from({ length: plan.lanes }, (_, lane) => plan.inputs(lane).map((input) => ({ topic: input.topic, partitions: input.partitions })));
  return GroupMembership.join(kafkaClient(settings, onRemark), {
    group, sessionTimeout, brokers: settings.brokers, lanes: plan.lanes, topics: [...new Set(plan.reads.map(({ topic }) => topic))], partitions: (lane) => partitions[lane]!,
  });
}

async function ensureOwn(log: Log, topics: LaneSpec['topics'], lanes: number): Promise<void> {
  const keep = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
  // A letter holds the message that could not be used, whatever the input's topic allows.
  const large = { 'max.message.bytes': String(64 * 1024 * 1024) };
  await Promise.all(Object.values(topics).map(async (topic) => {
    const found = await log.bounds(topic);
    if (found === null) await log.create(topic, lanes, topic === topics.journal ? keep : large);
    else if (found.length !== lanes) {
      throw new TapewrightError('JOURNAL_LOST', `${topic} has ${found.length} partitions and the run ${lanes} lanes: the input's partitions were changed since it began; start under another group (--group)`, { topic });
    }
  }));
}
