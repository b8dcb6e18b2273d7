/**
 * One lane of a live run. A step is one transaction: outputs, late rows, dead letters, its journal record and the input
 * offsets. Whoever takes the lane fences the one before, reads the journal up to its own mark, makes the state again
 * and compares digests: wrong output is never committed.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { TapewrightError } from '../core/errors.js';
import type { Slice, StepRecord } from '../core/step.js';
import { Engine, type StepResult } from '../engine/engine.js';
import type { SliceRows } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';
import { sha256 } from '../runtime/replay.js';
import type { CheckpointStore } from '../stores/checkpoints.js';
import { deadLetterMessage, lateMessage, type OutputEncoder } from './encoder.js';
import { journalMessage, readJournalTopic, type JournalRecord, type StartRecord } from './journal-topic.js';
import type { Log, LogFetch, LogMessage, LogPosition, LogProducer, LogReader } from './log.js';
import { gap, lettersOf, logPositions, patienceMillis, rerun, scanPiece, type FoldedStep, type LaneInput, type Piece, type Rejection } from './rerun.js';

/** Of a step. */
const rowsMax = 16_384;
const bytesMax = 4 * 1024 * 1024;

/** Before the log is believed that nothing more is there. */
const emptyAnswersMin = 10;

export interface LaneSpec {
  readonly lane: number;
  readonly group: string;
  readonly planHash: string;
  readonly pipeline: Pipeline;
  readonly inputs: readonly LaneInput[];
  readonly outputs: readonly OutputEncoder[];
  readonly topics: { readonly journal: string; readonly late: string; readonly deadLetters: string };
  readonly checkpoints: CheckpointStore;
  /** Milliseconds. */
  readonly checkpointEvery: number;
  /** Where the first start begins, and where it ends; asked only when the journal is empty. */
  readonly begin: () => Promise<Pick<StartRecord, 'positions' | 'stops'>>;
  readonly strict: boolean;
  readonly clock: () => number;
}

/** Named points of the protocol, for those who watch and for tests that kill. */
export type LanePhase = 'fetch' | 'apply' | 'commit' | 'committed' | 'checkpoint' | 'checkpointed' | 'taking' | 'taken';

/** A step that is committed: what went in, what came out, and how long it took. */
export interface CommittedStep extends FoldedStep {
  /** On the clock of `performance.now()`: the step began, its outputs were there, they were committed. */
  readonly times: { readonly begun: number; readonly applied: number; readonly committed: number };
}

export interface LaneEvents {
  phase(lane: number, phase: LanePhase, seq: number): void;
  committed(lane: number, result: StepResult, rows: number): void;
  /** For those who record or measure, before `committed`. */
  onStep?(lane: number, step: CommittedStep): void;
  /** A step that was committed before and is made again, its outputs withheld. */
  onAgain?(lane: number, step: FoldedStep): void;
  /** Waited for before a checkpoint is written, which may be where the next process goes on from. */
  beforeCheckpoint?(lane: number, seq: number): Promise<void>;
  /** The next offsets of a lane that is taken. */
  onTaken?(lane: number, positions: readonly LogPosition[]): void;
  onCheckpoint?(lane: number, checkpoint: { readonly seq: number; readonly bytes: number; readonly millis: number }): void;
}

/** The state of a lane that is taken: the engine, and the next offset of each input partition. */
interface Taken {
  readonly engine: Engine;
  readonly positions: number[][];
  readonly start: StartRecord;
  readonly producer: LogProducer;
  readonly isEnded: boolean;
}

export class LiveLane {
  #checkpointed = performance.now();
  #waiting: Piece[] = [];
  rows = 0;

  constructor(private readonly log: Log, private readonly spec: LaneSpec, private readonly events: LaneEvents) {}

  /** Takes the lane and runs it until its input ends (true) or `signal` asks for a stop (false). Throws what went wrong. */
  async run(signal: AbortSignal): Promise<{ readonly engine: Engine; readonly ended: boolean }> {
    const { lane } = this.spec;
    this.events.phase(lane, 'taking', -1);
    const taken = await this.#take();
    let reader: LogReader | null = null;
    try {
      this.events.phase(lane, 'taken', taken.engine.seq - 1);
      this.events.onTaken?.(lane, logPositions(this.spec.inputs, taken.positions));
      if (taken.isEnded) return { engine: taken.engine, ended: true };
      reader = await this.log.read(logPositions(this.spec.inputs, taken.positions));
      const ended = await this.#steps(taken, reader, signal);
      await this.#checkpoint(taken);
      return { engine: taken.engine, ended };
    } finally {
      await Promise.all([reader?.close(), taken.producer.close()]);
    }
  }

  async #take(): Promise<Taken> {
    const { lane, group, topics, planHash } = this.spec;
    const producer = await this.log.producer(`${group}-${lane}`);
    try {
      const nonce = randomUUID();
      await producer.commit([journalMessage(topics.journal, { kind: 'taken', lane, nonce, host: hostname(), pid: process.pid })], null);
      const records = await readJournalTopic(this.log, topics.journal, lane, nonce, patienceMillis);
      let start = records.find((record): record is StartRecord => record.kind === 'start');
      const steps = records.flatMap((record: JournalRecord) => (record.kind === 'step' ? [record.record] : []));
      checkContiguous(steps, topics.journal);
      if (start === undefined) {
        start = { kind: 'start', lane, planHash, group, ...(await this.spec.begin()) };
        await producer.commit([journalMessage(topics.journal, start)], null);
      }
      if (start.planHash !== planHash) {
        throw new TapewrightError('CHECKPOINT_MISMATCH', `group ${group} runs another pipeline: the SQL was changed since it began; start the changed one under another group (--group)`, { group });
      }
      const { engine, positions } = await this.#restored(steps, start);
      await rerun(this.log, this.spec.inputs, engine, positions, steps.slice(engine.seq), (step) => this.events.onAgain?.(lane, step));
      return { engine, positions, start, producer, isEnded: steps[steps.length - 1]?.end === true };
    } catch (error) {
      await producer.close();
      throw error;
    }
  }

  #makeEngine(): Engine {
    const { lane, pipeline, inputs, strict } = this.spec;
    return new Engine(pipeline, { lane, partitions: inputs.map(({ partitions }) => partitions.length), hash: sha256, withholdBefore: null, strict });
  }

  /** The newest checkpoint that the journal bears out, or the beginning. */
  async #restored(steps: readonly StepRecord[], start: StartRecord): Promise<Pick<Taken, 'engine' | 'positions'>> {
    const { checkpoints, lane, planHash } = this.spec;
    let found: Pick<Taken, 'engine' | 'positions'> | null = null;
    await checkpoints.newestUsable(lane, ({ seq, bytes }) => {
      const step = steps[seq];
      if (step === undefined) {
        throw new TapewrightError('JOURNAL_LOST', `checkpoint ${seq} of lane ${lane} is beyond the journal, which ends at step ${steps.length - 1}: the journal topic was deleted or is another; name the right group, or remove the checkpoints`, { lane, seq });
      }
      const reader = new ByteReader(bytes);
      const header = JSON.parse(reader.string()) as { readonly planHash: string; readonly positions: number[][] };
      if (header.planHash !== planHash) return false;
      const engine = this.#makeEngine();
      try {
        engine.restore(reader.bytes());
      } catch (error) {
        if (error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH') return false;
        throw error;
      }
      if (engine.seq !== seq + 1 || engine.stepDigest !== step.digest) return false;
      found = { engine, positions: header.positions };
      return true;
    });
    if (found !== null) return found;
    const positions = this.spec.inputs.map(({ topic, partitions }) => partitions.map((partition) => offsetOf(start.positions, topic, partition)));
    return { engine: this.#makeEngine(), positions };
  }

  async #steps(taken: Taken, reader: LogReader, signal: AbortSignal): Promise<boolean> {
    const { lane } = this.spec;
    for (;;) {
      if (signal.aborted) return false;
      this.events.phase(lane, 'fetch', taken.engine.seq);
      const pieces = await this.#collect(reader);
      if (pieces.length > 0) await this.#step(taken, pieces, false);
      else if (this.#isAtEnd(taken, reader)) {
        await this.#step(taken, [], true);
        return true;
      }
      if (performance.now() - this.#checkpointed >= this.spec.checkpointEvery) await this.#checkpoint(taken);
    }
  }

  /** What is there, up to a step's worth; waits a moment if nothing is. */
  async #collect(reader: LogReader): Promise<Piece[]> {
    const pieces: Piece[] = [];
    let rows = 0, bytes = 0;
    for (;;) {
      const piece = this.#waiting.shift() ?? this.#pieceOf(await reader.next(pieces.length === 0 ? 100 : 0));
      if (piece === null) return pieces;
      let count = 0;
      for (const { key, value } of piece.records) {
        if (rows >= rowsMax || bytes >= bytesMax) break;
        count += 1;
        rows += 1;
        bytes += (key?.length ?? 0) + (value?.length ?? 0);
      }
      if (count > 0) pieces.push({ ...piece, records: piece.records.slice(0, count) });
      if (count < piece.records.length) {
        this.#waiting.unshift({ ...piece, records: piece.records.slice(count) });
        return pieces;
      }
    }
  }

  #pieceOf(fetch: LogFetch | null): Piece | null {
    if (fetch === null) return null;
    const input = this.spec.inputs.findIndex(({ topic }) => topic === fetch.topic);
    return { input, partition: this.spec.inputs[input]!.partitions.indexOf(fetch.partition), records: fetch.records, at: fetch.at ?? performance.now() };
  }

  async #step(taken: Taken, pieces: readonly Piece[], end: boolean): Promise<void> {
    const { lane, clock } = this.spec;
    const { engine, positions } = taken;
    const before = positions.map((offsets) => [...offsets]);
    const rejected: Rejection[] = [];
    const fed: SliceRows[] = [];
    const begun = performance.now();
    engine.tick(clock());
    let rows = 0;
    for (const piece of pieces) {
      const first = piece.records[0]!.offset;
      const wanted = positions[piece.input]![piece.partition]!;
      if (first < wanted) throw gap(this.spec.inputs[piece.input]!.topic, piece.partition, wanted, first);
      const batch = await scanPiece(this.spec.inputs, engine, piece, rejected);
      fed.push({ batch, from: 0, to: batch.batch.length });
      engine.feed(fed[fed.length - 1]!);
      positions[piece.input]![piece.partition] = piece.records[piece.records.length - 1]!.offset + 1;
      rows += piece.records.length;
    }
    this.events.phase(lane, 'apply', engine.seq);
    const result = engine.close({ end, rejected: lettersOf(this.spec.inputs, rejected) });
    const record = { ...result.record, slices: covering(result.record.slices, before, positions) };
    const applied = performance.now();
    this.events.phase(lane, 'commit', record.seq);
    await taken.producer.commit(this.#messages(result, record), { group: this.spec.group, positions: logPositions(this.spec.inputs, positions), metadata: JSON.stringify({ seq: record.seq, digest: record.digest.slice(0, 16) }) });
    this.rows += rows;
    this.events.phase(lane, 'committed', record.seq);
    this.events.onStep?.(lane, { pieces, fed, rejected, result, record, times: { begun, applied, committed: performance.now() } });
    this.events.committed(lane, result, rows);
  }

  #messages(result: StepResult, record: StepRecord): LogMessage[] {
    const { lane, outputs, topics } = this.spec;
    return [
      ...result.outputs.flatMap(({ table, batch }) => outputs[table]!.messages(batch, lane)),
      ...result.late.map((row) => lateMessage(topics.late, lane, row)),
      ...result.deadLetters.map((letter) => deadLetterMessage(topics.deadLetters, lane, letter)),
      journalMessage(topics.journal, { kind: 'step', record }),
    ];
  }

  /**
   * All partitions have reached their stop. Ends of transactions, which no reader is shown, may stand before it: then the
   * log says several times that there is nothing more.
   */
  #isAtEnd({ start: { stops }, positions }: Taken, reader: LogReader): boolean {
    if (stops === null || this.#waiting.length > 0) return false;
    const left = logPositions(this.spec.inputs, positions).some(({ topic, partition, offset }) => offset < offsetOf(stops, topic, partition));
    return !left || reader.emptyAnswers >= emptyAnswersMin;
  }

  async #checkpoint({ engine, positions }: Taken): Promise<void> {
    this.#checkpointed = performance.now();
    if (engine.seq === 0) return;
    const { lane, checkpoints, planHash } = this.spec;
    this.events.phase(lane, 'checkpoint', engine.seq - 1);
    await this.events.beforeCheckpoint?.(lane, engine.seq - 1);
    const began = performance.now();
    const state = engine.snapshot();
    const writer = new ByteWriter(state.length + 1024);
    writer.string(JSON.stringify({ planHash, positions }));
    writer.bytes(state);
    await checkpoints.write(lane, engine.seq - 1, engine.stepDigest!, writer.written());
    this.events.phase(lane, 'checkpointed', engine.seq - 1);
    this.events.onCheckpoint?.(lane, { seq: engine.seq - 1, bytes: writer.written().length, millis: performance.now() - began });
  }
}

export function checkContiguous(steps: readonly StepRecord[], topic: string): void {
  const wrong = steps.findIndex(({ seq }, index) => seq !== index);
  if (wrong >= 0) throw new TapewrightError('JOURNAL_LOST', `${topic} has step ${steps[wrong]!.seq} where ${wrong} belongs: records are missing or were written twice`, { topic, seq: wrong });
}

function offsetOf(positions: readonly LogPosition[], topic: string, partition: number): number {
  const found = positions.find((position) => position.topic === topic && position.partition === partition);
  if (found === undefined) throw new TapewrightError('SOURCE_GAP', `topic ${topic} has a partition ${partition} that it had not when the run began: start under another group`, { topic, partition });
  return found.offset;
}

/** From where the step found each partition to where it left it, rows that could not be used among them. */
function covering(slices: readonly Slice[], before: readonly (readonly number[])[], after: readonly (readonly number[])[]): Slice[] {
  const covered = slices.map((slice) => ({ ...slice, from: before[slice.input]![slice.partition]!, to: after[slice.input]![slice.partition]! }));
  after.forEach((offsets, input) => offsets.forEach((to, partition) => {
    const from = before[input]![partition]!;
    if (to > from && !covered.some((slice) => slice.input === input && slice.partition === partition)) covered.push({ input, partition, from, to, rows: 0, checksum: '0'.repeat(16) });
  }));
  return covered;
}
