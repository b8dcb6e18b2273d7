/** A pipeline on the log in memory: what tests of lanes begin with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFinal } from '../../src/live/failures.js';
import { TapewrightError } from '../../src/core/errors.js';
import { LiveLane, type LaneEvents, type LaneSpec } from '../../src/live/lane.js';
import { prepareLanes, type LiveOptions } from '../../src/live/live.js';
import type { LogMessage } from '../../src/live/log.js';
import { CheckpointStore } from '../../src/stores/checkpoints.js';
import { MemoryLog } from './memory-log.js';

export const sqlOf = (more = ''): string => `
CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND)
WITH ('connector' = 'kafka', 'topic' = 'ticks', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset', 'key.fields' = 'symbol');
CREATE TABLE mean (symbol STRING, window_start TIMESTAMP(3), price DOUBLE, n BIGINT) WITH ('connector' = 'kafka', 'topic' = 'mean', 'format' = 'json');
CREATE TABLE high (symbol STRING, price DOUBLE) WITH ('connector' = 'kafka', 'topic' = 'high', 'format' = 'json');
INSERT INTO mean SELECT symbol, window_start, AVG(price), COUNT(*) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;
INSERT INTO high SELECT symbol, price FROM ticks WHERE price > 50;
${more}`;

export const dayStart = Date.parse('2026-03-02T14:30:00Z');

/** A tick a second, out of order by up to two, now and then one that nobody can read. */
export function ticks(count: number, partition: number, from = 0): LogMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const at = from + index;
    const time = new Date(dayStart + (at + [0, 2, -1][at % 3]!) * 1000).toISOString().slice(0, 23);
    const value = at % 13 === 5 ? 'no json' : JSON.stringify({ symbol: `S${partition}`, price: (at * 37) % 100, event_time: time });
    return { topic: 'ticks', partition, key: null, value: Buffer.from(value) };
  });
}

export type MemoryOptions = Partial<Pick<LiveOptions, 'checkpointEvery' | 'redirect' | 'settings' | 'onGap' | 'until' | 'strict' | 'start' | 'warmFrom'>> & { readonly sql?: string; readonly say?: (text: string) => void };

let root: string | undefined;

/** A new empty directory, removed when the process ends. */
function temporary(): Promise<string> {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'tapewright-memory-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  return mkdtemp(join(root, 'run-'));
}

/** The specs of the lanes of a group; its checkpoints go to a folder of their own. */
export async function specsOn(log: MemoryLog, { sql = sqlOf(), say = () => undefined, ...options }: MemoryOptions = {}): Promise<(lane: number) => LaneSpec> {
  const state = await temporary();
  const { specOf } = await prepareLanes(log, {
    texts: { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
    settings: { client: 'kafkajs', brokers: [], ssl: false, sasl: undefined, registries: [], registryAuthorization: null }, group: 'run', state, redirect: new Map(), start: null,
    until: 'latest', checkpointEvery: 0, strict: false, onGap: 'refuse', linger: 0, onRemark: say, ...options,
  });
  return (lane) => ({ ...specOf(lane), checkpoints: new CheckpointStore(join(state, 'checkpoints')), pause: () => Promise.resolve() });
}

/** A log with ticks in each partition. */
export async function logWithTicks(count: number, partitions = 1): Promise<MemoryLog> {
  const log = new MemoryLog();
  await log.create('ticks', partitions);
  const producer = await log.producer('ticks');
  for (let partition = 0; partition < partitions; partition += 1) await producer.commit(ticks(count, partition), null);
  return log;
}

export const quiet: LaneEvents = { phase: () => undefined, committed: () => undefined };

/** Whoever runs the lane dies after so many phases, and after so many more. */
export function dying(kills: readonly number[]): LaneEvents {
  const deaths = [...kills];
  let tillDeath = deaths.shift() ?? Infinity;
  return { ...quiet, phase: () => {
    tillDeath -= 1;
    if (tillDeath >= 0) return;
    tillDeath = deaths.shift() ?? Infinity;
    throw new Error('killed');
  } };
}

const attemptsMax = 200;

/** Takes the lane again and again, as whoever runs it would, until its input has ended. Throws what nobody can mend. */
export async function runToEnd(log: MemoryLog, spec: LaneSpec, events: LaneEvents = quiet): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    try {
      if ((await new LiveLane(log, spec, events).run(new AbortController().signal)).ended) return;
    } catch (error) {
      if (isFinal(error) && !(error instanceof TapewrightError && error.code === 'LANE_TAKEN')) throw error;
    }
  }
  throw new Error(`the lane has not ended after ${attemptsMax} attempts`);
}

/** What the outputs of a run hold, partition by partition. */
export function outputsOf(log: MemoryLog, partitions = 1): Record<string, (string | null)[][]> {
  return Object.fromEntries(['mean', 'high', 'run-late', 'run-dead-letters'].map((topic) => [topic, Array.from({ length: partitions }, (_, partition) => log.records(topic, partition).map(({ value }) => value?.toString() ?? null))]));
}
