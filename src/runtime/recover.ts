/** Takes a run up again: for each lane the newest checkpoint that the journal bears out, and the journal up to there. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { ByteReader } from '../core/bytes.js';
import { TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import type { Engine } from '../engine/engine.js';
import type { Bundle } from '../stores/bundle.js';
import type { Checkpoint, CheckpointStore } from '../stores/checkpoints.js';
import { syncDirectory, writing } from '../stores/files.js';
import { JournalWriter, readJournal } from '../stores/journal.js';
import type { GateState } from './gate.js';
import type { DurableSegments } from './lane-output.js';

/** What stands before the engine's state in a checkpoint, as JSON. */
export interface CheckpointHeader {
  readonly planHash: string;
  readonly segments: DurableSegments;
  /** Input rows that the lane has rejected. */
  readonly rejected: number;
  /** By input. */
  readonly gates: readonly GateState[];
}

export interface RecoverOptions {
  readonly lanes: number;
  /** A new engine for a lane. */
  readonly make: (lane: number) => Engine;
  readonly planHash: string;
  /** False: nothing that is there counts, and the run starts over. */
  readonly journal: boolean;
  /** Is told of checkpoints that are damaged. */
  readonly say: (remark: string) => void;
}

export interface RecoveredLane {
  readonly engine: Engine;
  /** Null: the lane starts from the beginning. */
  readonly segments: DurableSegments | null;
  readonly rejected: number;
  readonly gates: readonly GateState[] | null;
  /** Digests of steps that were journalled beyond the checkpoint: the same must come again. */
  readonly journalled: ReadonlyMap<number, string>;
}

/** Records written at once. */
const recordsMax = 1024;

/** Opens the journal for appending, cut to what the checkpoints cover. */
export async function recoverLanes(
  bundle: Bundle, checkpoints: CheckpointStore, { lanes, make, planHash, journal, say }: RecoverOptions,
): Promise<{ lanes: RecoveredLane[]; journal: JournalWriter }> {
  const path = bundle.path('journal');
  const fresh = (lane: number): Omit<RecoveredLane, 'journalled'> => ({ engine: make(lane), segments: null, rejected: 0, gates: null });
  if (!journal) {
    const writer = await JournalWriter.open(path);
    return { lanes: Array.from({ length: lanes }, (_, lane) => ({ ...fresh(lane), journalled: new Map() })), journal: writer };
  }
  const digests = await digestsAt(path, checkpoints, lanes);
  const found: Omit<RecoveredLane, 'journalled'>[] = [];
  for (let lane = 0; lane < lanes; lane += 1) {
    let usable: Omit<RecoveredLane, 'journalled'> | null = null;
    await checkpoints.newestUsable(lane, (checkpoint) => {
      // Without the journal up to it, a checkpoint cannot be vouched for.
      const digest = digests.get(`${lane}/${checkpoint.seq}`);
      if (digest !== undefined) usable = restored(bundle, checkpoint, digest, make(lane), planHash);
      return usable !== null;
    }, (file) => say(`Checkpoint ${file} is damaged: the one before is used, or the run starts over.`));
    found.push(usable ?? fresh(lane));
    await checkpoints.dropAfter(lane, found[lane]!.engine.seq - 1);
  }
  const { writer, beyond } = await cutJournal(bundle, path, found.map(({ engine }) => engine.seq));
  return { lanes: found.map((lane, index) => ({ ...lane, journalled: beyond[index]! })), journal: writer };
}

/** The lane as the checkpoint has it; null when it is of other state than the journal, or its segments are gone. */
function restored(bundle: Bundle, { seq, bytes, pages }: Checkpoint, digest: string, engine: Engine, planHash: string): Omit<RecoveredLane, 'journalled'> | null {
  const reader = new ByteReader(bytes);
  const header = JSON.parse(reader.string()) as CheckpointHeader;
  if (header.planHash !== planHash) return null;
  const { outputs, late, deadLetters } = header.segments;
  const files = [
    ...outputs.flat().flatMap((segment) => segment.files.map((file) => bundle.path('outputs', '.segments', file))),
    ...[...late, ...deadLetters].flatMap((segment) => segment.files.map((file) => bundle.path('.segments', file))),
  ];
  if (!files.every((file) => existsSync(file))) return null;
  try {
    engine.resume({ body: reader.bytes(), pages });
  } catch (error) {
    if (error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH') return null;
    throw error;
  }
  return engine.seq === seq + 1 && engine.stepDigest === digest ? { engine, segments: header.segments, rejected: header.rejected, gates: header.gates } : null;
}

/** Digests that the journal has at the steps of checkpoints, by `lane/seq`. */
async function digestsAt(path: string, checkpoints: CheckpointStore, lanes: number): Promise<Map<string, string>> {
  const wanted = new Set<string>();
  for (let lane = 0; lane < lanes; lane += 1) for (const { seq } of await checkpoints.steps(lane)) wanted.add(`${lane}/${seq}`);
  const digests = new Map<string, string>();
  for await (const { lane, seq, digest } of soundRecords(path, lanes)) {
    const key = `${lane}/${seq}`;
    if (wanted.has(key)) digests.set(key, digest);
  }
  return digests;
}

/**
 * Records as far as they can be trusted: up to the first line that is none, or that does not follow its lane's last.
 * What a crash left beyond that is made again.
 */
async function* soundRecords(path: string, lanes: number): AsyncGenerator<StepRecord> {
  const next = new Array<number>(lanes).fill(0);
  try {
    for await (const { record } of readJournal(path)) {
      if (record.seq !== next[record.lane]) return;
      next[record.lane]! += 1;
      yield record;
    }
  } catch (error) {
    if (!(error instanceof TapewrightError) || error.code !== 'BUNDLE_INVALID') throw error;
  }
}

/** Rewrites the journal aside with the steps before `seqs`; of the rest only the digests are kept, to be met again. */
async function cutJournal(bundle: Bundle, path: string, seqs: readonly number[]): Promise<{ writer: JournalWriter; beyond: Map<number, string>[] }> {
  const beyond = seqs.map(() => new Map<number, string>());
  const aside = bundle.path('.journal.part');
  const copy = await JournalWriter.open(aside);
  try {
    let records: StepRecord[] = [];
    for await (const record of soundRecords(path, seqs.length)) {
      if (record.seq >= seqs[record.lane]!) beyond[record.lane]!.set(record.seq, record.digest);
      else records.push(record);
      if (records.length < recordsMax) continue;
      await copy.append(records);
      records = [];
    }
    await copy.append(records);
    await copy.sync();
  } finally {
    await copy.close();
  }
  await writing(path, async () => {
    await rename(aside, path);
    await syncDirectory(bundle.directory);
  });
  return { writer: await JournalWriter.open(path, copy.position), beyond };
}
