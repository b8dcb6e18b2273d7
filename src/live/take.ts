/**
 * Taking a lane: fence the owner before, mark the journal, read it up to the mark, and make the state again from the
 * newest checkpoint that the journal bears out.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { assert, TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import type { Engine } from '../engine/engine.js';
import { journalMessage, readJournal, type GapRecord, type JournalEntry, type JournalRecord, type StartRecord, type TakenRecord } from './journal-topic.js';
import type { LaneEvents, LaneSpec } from './lane.js';
import { LaneFold, type FoldState } from './lane-fold.js';
import type { Log, LogPosition, LogProducer } from './log.js';
import { changesIn } from './parts.js';
import { differs, passGap, patienceMillis, rerun } from './rerun.js';
import { asInTopic, hasToWarm } from './warm-step.js';

/** A lane that is taken: its state, and the next offset of each input partition. */
export interface Taken {
  readonly fold: LaneFold;
  readonly engine: Engine;
  readonly positions: number[][];
  readonly start: StartRecord;
  /** Offsets at which the input ends; null: it goes on. */
  readonly stops: readonly LogPosition[] | null;
  readonly isEnded: boolean;
  /** The one that may commit; another after a commit that was not answered. */
  producer: LogProducer;
  /** Tells this owner's marks in the journal from others'. */
  readonly owner: string;
  /** Offset in the journal of this owner's last record, or before it: what others write comes after. */
  journal: number;
  /** Offset in the journal of the last step, or before it. */
  stepAt: number;
}

/** What a checkpoint carries beside the engine's state. */
interface CheckpointHeader {
  readonly planHash: string;
  readonly positions: number[][];
  /** Offset of its step in the journal. */
  readonly journal: number;
  readonly start: StartRecord;
}

interface Candidate extends CheckpointHeader {
  readonly seq: number;
  readonly state: FoldState;
}

/** Journal records from the one on that the older kept checkpoint stands at, or from the first. */
interface JournalTail {
  readonly entries: readonly JournalEntry[];
  readonly steps: readonly StepRecord[];
  readonly gaps: readonly GapRecord[];
  readonly start: StartRecord | null;
}

export async function takeLane(log: Log, spec: LaneSpec, events: LaneEvents): Promise<Taken> {
  const { lane, group, topics, planHash } = spec;
  const producer = await log.producer(producerId(spec));
  try {
    const owner = randomUUID();
    const nonce = await mark(producer, spec, owner);
    const candidates = await candidatesOf(spec);
    let tail = await tailOf(log, spec, nonce, candidates);
    let chosen = chosenOf(spec, tail, candidates);
    if (chosen === null && candidates.length > 0) {
      spec.say(`lane ${lane}: no checkpoint is borne out by ${topics.journal}; its steps are made again from the first`);
      tail = await tailOf(log, spec, nonce, []);
      chosen = chosenOf(spec, tail, []);
    }
    let { offset: journal } = tail.entries[tail.entries.length - 1]!;
    let { start } = tail;
    if (start === null) {
      if (tail.steps.length > 0) throw new TapewrightError('JOURNAL_LOST', `${topics.journal} has steps of lane ${lane} and not where they begin: records are missing; start under another group (--group)`, { lane });
      start = { kind: 'start', lane, planHash, group, parts: spec.parts, ...(await spec.begin()) };
      journal = offsetIn(await producer.commit([journalMessage(topics.journal, start)], null), topics.journal) ?? journal;
    }
    checkSame(spec, start);
    const { fold, positions } = chosen ?? { fold: new LaneFold(spec), positions: beginningOf(spec, start) };
    const { engine } = fold;
    let stepAt = tail.entries.findLast(({ record }) => record.kind === 'step')?.offset ?? 0;
    let again = tail.steps.filter(({ seq }) => seq >= engine.seq);
    if (hasToWarm(start, engine)) {
      const warmed = await warm(spec, events, engine, start, again[0] ?? null);
      if (again.length === 0) stepAt = journal = offsetIn(await producer.commit([journalMessage(topics.journal, { kind: 'step', record: warmed })], null), topics.journal) ?? journal;
      events.phase(lane, 'warmed', 0);
      again = again.slice(1);
    }
    if (chosen === null && again.length > 0) spec.say(`lane ${lane}: no checkpoint is here, so all ${again.length} steps are made again; with a folder that all processes share (--state) this takes a moment`);
    await rerun(log, spec.inputs, fold, positions, again, (step) => events.onAgain?.(lane, step), { gaps: tail.gaps.filter(({ before }) => before >= engine.seq), until: start.until });
    for (const gap of tail.gaps) {
      if (gap.before !== engine.seq) continue;
      passGap(spec.inputs, positions, gap);
      fold.passGap(gap);
    }
    return { fold, engine, positions, start, stops: start.stops ?? (tail.start === null ? null : await spec.stopsNow?.(start) ?? null), producer, owner, journal, stepAt, isEnded: tail.steps[tail.steps.length - 1]?.end === true };
  } catch (error) {
    await producer.close();
    throw error;
  }
}

/** The lane's first step, out of history: made again where no checkpoint is here. */
async function warm({ lane, warmUp }: LaneSpec, events: LaneEvents, engine: Engine, start: StartRecord, before: StepRecord | null): Promise<StepRecord> {
  assert(warmUp !== undefined, 'a run that begins with history can make it again');
  events.phase(lane, 'warming', 0);
  const step = await warmUp(engine, start, events.onAgain !== undefined);
  if (before !== null && before.digest !== step.record.digest) throw differs(before, step.record.digest);
  await events.onAgain?.(lane, step);
  return asInTopic(step.record);
}

export const producerId = ({ group, lane }: LaneSpec): string => `${group}-${lane}`;

/** Commits the mark of who owns the lane from here on, which fences whoever did before. Returns what tells it from others. */
export async function mark(producer: LogProducer, { lane, topics }: LaneSpec, owner: string): Promise<string> {
  const nonce = randomUUID();
  await producer.commit([journalMessage(topics.journal, { kind: 'taken', lane, owner, nonce, host: hostname(), pid: process.pid })], null);
  return nonce;
}

export const isMark = (nonce: string) => (record: JournalRecord): boolean => record.kind === 'taken' && record.nonce === nonce;

/** Who else has taken the lane since this owner's last record; null: nobody. Fences nobody. */
export async function otherOwner(log: Log, { lane, topics }: LaneSpec, { owner, journal }: Pick<Taken, 'owner' | 'journal'>): Promise<TakenRecord | null> {
  const entries = await readJournal(log, { topic: topics.journal, lane, from: journal, patience: patienceMillis }, null);
  const newest = entries.map(({ record }) => record).filter((record): record is TakenRecord => record.kind === 'taken').pop();
  return newest === undefined || newest.owner === owner ? null : newest;
}

export function offsetIn(positions: readonly LogPosition[], topic: string): number | null {
  return positions.find((position) => position.topic === topic)?.offset ?? null;
}

/** Whole checkpoints of this plan, newest first. */
async function candidatesOf({ lane, checkpoints, say }: LaneSpec): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  await checkpoints.newestUsable(lane, ({ seq, bytes, pages }) => {
    const reader = new ByteReader(bytes);
    const header = JSON.parse(reader.string()) as CheckpointHeader;
    candidates.push({ ...header, seq, state: { engine: { body: reader.bytes(), pages }, captures: reader.remaining > 0 ? reader.bytes() : new Uint8Array(0) } });
    return false;
  }, (file) => say(`lane ${lane}: checkpoint ${file} is damaged; the one before is used`));
  return candidates;
}

async function tailOf(log: Log, { lane, topics }: LaneSpec, nonce: string, candidates: readonly Candidate[]): Promise<JournalTail> {
  const from = Math.min(...candidates.map(({ journal }) => journal));
  const entries = await readJournal(log, { topic: topics.journal, lane, from: Number.isFinite(from) ? from : 0, patience: patienceMillis }, isMark(nonce));
  const { steps, gaps, start } = sorted(entries.map(({ record }) => record), topics.journal);
  return { entries, steps, gaps, start: start ?? candidates[0]?.start ?? null };
}

/** A journal's records by kind; throws JOURNAL_LOST where a step is missing or there twice. */
export function sorted(records: readonly JournalRecord[], topic: string): Omit<JournalTail, 'entries'> {
  const steps = records.flatMap((record) => (record.kind === 'step' ? [record.record] : []));
  const first = steps[0]?.seq ?? 0;
  const wrong = steps.findIndex(({ seq }, index) => seq !== first + index);
  if (wrong >= 0) throw new TapewrightError('JOURNAL_LOST', `${topic} has step ${steps[wrong]!.seq} where ${first + wrong} belongs: records are missing or were written twice`, { topic, seq: first + wrong });
  return { steps, gaps: records.filter((record): record is GapRecord => record.kind === 'gap'), start: records.find((record): record is StartRecord => record.kind === 'start') ?? null };
}

/** The newest checkpoint that the journal bears out, as an engine. */
function chosenOf(spec: LaneSpec, { steps }: JournalTail, candidates: readonly Candidate[]): Pick<Taken, 'fold' | 'positions'> | null {
  const { lane, topics, say } = spec;
  const last = steps[steps.length - 1]?.seq ?? -1;
  for (const { seq, planHash, start, positions, state } of candidates) {
    if (seq > last) throw new TapewrightError('JOURNAL_LOST', `checkpoint ${seq} of lane ${lane} is beyond ${topics.journal}, which ends at step ${last}: the topic was deleted or is another; name the right group, or remove the checkpoints`, { lane, seq });
    if (planHash !== spec.planHash) checkSame(spec, start);
    const step = steps[seq - steps[0]!.seq];
    const fold = new LaneFold(spec);
    const { engine } = fold;
    if (step !== undefined && isRestored(fold, state) && engine.seq === seq + 1 && engine.stepDigest === step.digest) {
      // The clock of the run never goes back, whatever this machine's says.
      engine.tick(step.now);
      return { fold, positions };
    }
    say(`lane ${lane}: checkpoint ${seq} is not what ${topics.journal} has at that step; the one before is used`);
  }
  return null;
}

function isRestored(fold: LaneFold, state: Candidate['state']): boolean {
  try {
    fold.restore(state);
    return true;
  } catch (error) {
    if (error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH') return false;
    throw error;
  }
}

/** Refuses a run that is not the one that began. */
function checkSame({ group, planHash, parts, inputs }: LaneSpec, start: StartRecord): void {
  if (start.planHash !== planHash) {
    throw new TapewrightError('CHECKPOINT_MISMATCH', `group ${group} runs another pipeline: since it began, ${changesIn(start.parts, parts)}; start the changed one under another group (--group)`, { group });
  }
  for (const { topic, partitions } of inputs) {
    const before = start.positions.filter((position) => position.topic === topic).length;
    if (before !== partitions.length) {
      throw new TapewrightError('SOURCE_GAP', `topic ${topic} has ${partitions.length} partitions in this lane where it had ${before} when group ${group} began: start under another group (--group)`, { topic, before, now: partitions.length });
    }
  }
}

function beginningOf({ inputs }: LaneSpec, { positions }: StartRecord): number[][] {
  return inputs.map(({ topic, partitions }) => partitions.map((partition) => offsetOf(positions, topic, partition)));
}

export function offsetOf(positions: readonly LogPosition[], topic: string, partition: number): number {
  const found = positions.find((position) => position.topic === topic && position.partition === partition);
  if (found === undefined) throw new TapewrightError('SOURCE_GAP', `topic ${topic} has a partition ${partition} that it had not when the run began: start under another group`, { topic, partition });
  return found.offset;
}

/** A checkpoint: header and state, and the pages that are part of it. */
export function checkpointOf({ planHash }: LaneSpec, { fold, positions, stepAt, start }: Taken): { readonly bytes: Uint8Array; readonly pages: readonly Uint8Array[] } {
  const { engine: { body, pages }, captures } = fold.snapshot();
  const writer = new ByteWriter(body.length + captures.length + 1024);
  writer.string(JSON.stringify({ planHash, positions, journal: stepAt, start } satisfies CheckpointHeader));
  writer.bytes(body);
  writer.bytes(captures);
  return { bytes: writer.written(), pages };
}
