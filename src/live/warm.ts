/** `live --warm-from`: which history a lane's state is built from before its first row. Decided once; the journal keeps it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { Engine } from '../engine/engine.js';
import type { Pipeline } from '../plan/plan.js';
import { planTexts } from '../runtime/pipeline.js';
import { sha256 } from '../runtime/sha256.js';
import { bindTables } from '../scenario/bindings.js';
import { filesOf, fingerprintOf } from '../sources/files.js';
import type { Binding } from '../sources/source.js';
import { Bundle } from '../stores/bundle.js';
import type { LogPosition, Log } from './log.js';
import { logPositions, scanPiece, type LaneInput } from './rerun.js';

/** What one table is warmed from. */
export interface WarmTable {
  /** As the user named it, and the folder that a path starts from. */
  readonly given: string;
  readonly base: string;
  readonly fingerprint: string;
  /**
   * `offset`: the rows are recorded from the table's topic, those before the lane's first offset count. `time`: those whose
   * event time is before `to`.
   */
  readonly cut: 'offset' | 'time';
}

/** In the start record. */
export interface WarmRecord {
  readonly tables: Readonly<Record<string, WarmTable>>;
  /** Event time, epoch ms; null: without bound. */
  readonly to: number | null;
}

/** History that is found. */
export interface WarmSource {
  readonly binding: Binding;
  readonly fingerprint: string;
  readonly isRecorded: boolean;
}

/** `[TABLE=]RUN|DATASET`, by table. Throws USAGE. */
export function warmTables(texts: readonly string[], pipeline: Pipeline): ReadonlyMap<string, string> {
  const names = pipeline.sources.map(({ name }) => name);
  return new Map(texts.map((text) => {
    const at = text.indexOf('=');
    if (at > 0 && names.includes(text.slice(0, at))) return [text.slice(0, at), text.slice(at + 1)];
    if (names.length === 1) return [names[0]!, text];
    throw new TapewrightError('USAGE', `--warm-from ${text}: the SQL reads ${names.join(' and ')}: say which, TABLE=RUN or TABLE=DATASET`, { given: text });
  }));
}

/** What the start record of a lane says of its warming. Waits for the first message of the lane, whose event time is the end. */
export async function planWarm(log: Log, pipeline: Pipeline, inputs: readonly LaneInput[], given: ReadonlyMap<string, string>, positions: readonly LogPosition[], signal: AbortSignal): Promise<WarmRecord> {
  const tables: Record<string, WarmTable> = {};
  const base = process.cwd();
  for (const [table, text] of given) {
    const { topic } = inputs.find((input) => input.table === table)!;
    const { fingerprint, isRecorded } = await findWarm(text, base, table, topic);
    tables[table] = { given: text, base, fingerprint, cut: isRecorded ? 'offset' : 'time' };
  }
  if (Object.values(tables).every(({ cut }) => cut === 'offset')) return { tables, to: null };
  return { tables, to: await firstTime(log, pipeline, inputs, positions, signal) };
}

/** Throws DATASET_MISSING and the like. */
export async function findWarm(given: string, base: string, table: string, topic: string): Promise<WarmSource> {
  const folder = [resolve(base, given), resolve(given)].find((path) => existsSync(join(path, 'manifest.json')));
  if (folder !== undefined) return ofRun(folder, table, topic);
  const { [table]: bound } = await bindTables({ [table]: { given, base, map: {} } });
  const { binding, generated, fingerprint } = bound!;
  const made = generated && fingerprint !== null ? fingerprint : await fingerprintOf(await filesOf(binding));
  return { binding, fingerprint: made, isRecorded: await isRecordedFrom(binding, topic) };
}

/** Of a live run the input that it kept, of another the data that it read. */
async function ofRun(folder: string, table: string, topic: string): Promise<WarmSource> {
  const { manifest } = await Bundle.open(folder);
  const found = manifest.datasets[table];
  if (found === undefined) throw new TapewrightError('USAGE', `--warm-from ${folder}: that run read no table ${table}; it read ${Object.keys(manifest.datasets).join(', ')}`, { folder, table });
  const { live } = manifest;
  const binding = live === undefined ? found.binding : { ...found.binding, path: join(folder, found.binding.path) };
  const read = live === undefined ? undefined : planTexts(manifest.texts).sources.find(({ name }) => name === table)?.options['topic'];
  const fingerprint = found.generated && found.fingerprint !== null ? found.fingerprint : await fingerprintOf(await filesOf(binding));
  return { binding, fingerprint, isRecorded: read === topic };
}

/** Whether the files are those of `record` from this topic: its index stands beside them, or a folder above. */
async function isRecordedFrom({ path }: Binding, topic: string): Promise<boolean> {
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    const text = await readFile(join(folder, 'recording.json'), 'utf8').catch(() => null);
    if (text !== null) return Object.hasOwn((JSON.parse(text) as { readonly tables?: object }).tables ?? {}, topic);
  }
  return false;
}

/** Event time of the first message that has one; null: a stop was asked for before it came. */
async function firstTime(log: Log, pipeline: Pipeline, inputs: readonly LaneInput[], positions: readonly LogPosition[], signal: AbortSignal): Promise<number | null> {
  const engine = new Engine(pipeline, { lane: 0, partitions: inputs.map(({ partitions }) => partitions.length), hash: sha256, withholdBefore: null, strict: false });
  const own = inputs.map(({ topic, partitions }) => partitions.map((partition) => positions.find((each) => each.topic === topic && each.partition === partition)!.offset));
  const reader = await log.read(logPositions(inputs, own));
  try {
    while (!signal.aborted) {
      const fetch = await reader.next(200);
      if (fetch === null) continue;
      const input = inputs.findIndex(({ topic }) => topic === fetch.topic);
      const { time } = await scanPiece(inputs, engine, { input, partition: inputs[input]!.partitions.indexOf(fetch.partition), records: fetch.records }, []);
      if (time.length > 0 && time[0]! > -Infinity) return time[0]!;
    }
    return null;
  } finally {
    await reader.close();
  }
}
