/**
 * One lane of a live run. A step is one transaction: outputs, late rows, dead letters, its journal record and the input
 * offsets. Whoever takes the lane fences the one before, reads the journal up to its own mark, makes the state again
 * and compares digests: wrong output is never committed.
 */
import { TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import type { CapturePlan } from './capture.js';
import { gapText } from '../cdc/gap.js';
import type { Engine, StepResult } from '../engine/engine.js';
import { markOf, positionOf, type ScanBatch } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';
import type { CheckpointStore } from '../stores/checkpoints.js';
import { LaneCheckpoints } from '../stores/lane-checkpoints.js';
import { CheckpointPace } from './checkpoint-pace.js';
import { commitStep } from './commit.js';
import { deadLetterMessage, lateMessage, type OutputEncoder } from './encoder.js';
import { EvenReader } from './even-reader.js';
import { HeldPieces } from './held.js';
import { journalMessage, type StartRecord } from './journal-topic.js';
import { releasedByHeaders } from './released-by.js';
import type { Log, LogFetch, LogMessage, LogPosition, LogReader } from './log.js';
import { missingInput } from './missing.js';
import { gap, isCaptured, lettersOf, logPositions, passGap, scanPiece, type FoldedStep, type LaneInput, type Piece, type Rejection } from './rerun.js';
import { copyOf, noInput, upTo, type StepInput } from './step-input.js';
import { slicesOf } from './step-slices.js';
import { SettledTopics } from './settled-topics.js';
import { recordBytes } from './stored-record.js';
import { checkpointOf, offsetOf, otherOwner, takeLane, type Taken } from './take.js';

/** Of a step. */
const rowsMax = 16_384;
const bytesMax = 4 * 1024 * 1024;

/** Before the log is believed that nothing more is there. */
const emptyAnswersMin = 10;

/** Milliseconds for which a lane waits for rows before it looks what else is to do. */
const idleMillis = 100;

/** Milliseconds after the end of the run, by the clock, in which its last rows may still come. */
const untilGraceMillis = 60_000;

export interface LaneSpec {
  readonly lane: number;
  readonly group: string;
  readonly planHash: string;
  readonly pipeline: Pipeline;
  readonly inputs: readonly LaneInput[];
  /** Databases whose changes are read. */
  readonly captures?: readonly CapturePlan[];
  readonly outputs: readonly OutputEncoder[];
  readonly topics: { readonly journal: string; readonly late: string; readonly deadLetters: string };
  readonly checkpoints: CheckpointStore;
  /** Milliseconds. */
  readonly checkpointEvery: number;
  /** Where the first start begins, and where it ends; asked only when the journal is empty. */
  /** Where a run that began without an end is to end, as its process is told; null: it goes on. Re-runs find the end in the journal. */
  readonly stopsNow?: (start: StartRecord) => Promise<readonly LogPosition[] | null>;
  readonly begin: () => Promise<Pick<StartRecord, 'positions' | 'stops' | 'until' | 'warm'>>;
  /** Makes the step that a run begins with whose start names history; `keep`: with the rows that it fed. */
  readonly warmUp?: (engine: Engine, start: StartRecord, keep: boolean) => Promise<FoldedStep>;
  readonly parts: StartRecord['parts'];
  readonly strict: boolean;
  /** Messages of outputs say, in a header, which message let them go. */
  readonly releasedBy?: boolean;
  /** Where input was deleted before it was read: stop, or go on without it. */
  readonly onGap: 'refuse' | 'continue';
  /** Milliseconds for which a step waits for more rows. */
  readonly linger: number;
  /** Epoch ms. */
  readonly clock: () => number;
  /** Waits so many milliseconds, but not beyond a stop. */
  readonly pause: (millis: number, signal: AbortSignal) => Promise<void>;
  readonly say: (text: string) => void;
}

/** Named points of the protocol, for those who watch and for tests that kill. */
export type LanePhase = 'fetch' | 'apply' | 'commit' | 'committed' | 'checkpoint' | 'checkpointed' | 'taking' | 'warming' | 'warmed' | 'taken' | 'left';

/** A step that is committed: what went in, what came out, and how long it took. */
export interface CommittedStep extends FoldedStep {
  /** On the clock of `performance.now()`: the step began, its outputs were there, they were committed. */
  readonly times: { readonly begun: number; readonly applied: number; readonly committed: number };
}

export interface LaneEvents {
  phase(lane: number, phase: LanePhase, seq: number): void;
  committed(lane: number, result: StepResult, rows: number): void;
  /** For those who record or measure, before `committed`. */
  onStep?(lane: number, step: CommittedStep): void | Promise<void>;
  /** A step that was committed before and is made again, its outputs withheld. */
  onAgain?(lane: number, step: FoldedStep): void | Promise<void>;
  /** Waited for before a checkpoint is written, which may be where the next process goes on from. */
  beforeCheckpoint?(lane: number, seq: number): Promise<void>;
  /** The next offsets of a lane that is taken, and the topics of its inputs. */
  onTaken?(lane: number, positions: readonly LogPosition[], topics: readonly string[]): void;
  /** Something is missing in the changes of a database. */
  onChangesGap?(lane: number, text: string): void;
  onCheckpoint?(lane: number, checkpoint: { readonly seq: number; readonly bytes: number; readonly millis: number }): void;
}

export interface LaneEnd {
  readonly engine: Engine;
  /** What its captured databases gave, and lacked. */
  readonly captures: readonly CaptureRecord[];
  /** False: it was asked to stop. */
  readonly ended: boolean;
}

export class LiveLane {
  readonly #checkpoints: LaneCheckpoints;
  readonly #pace: CheckpointPace;
  #waiting: Piece[] = [];
  /** No step was made yet since the lane was taken. */
  #resumed = true;
  /** Input partitions that have shown a row at or after the end of the run, as `input/partition`. */
  readonly #past = new Set<string>();
  /** Gaps in the changes that were told. */
  #gapsTold = 0;
  rows = 0;

  constructor(private readonly log: Log, private readonly spec: LaneSpec, private readonly events: LaneEvents) {
    this.#checkpoints = new LaneCheckpoints(spec.checkpoints, spec.lane);
    this.#pace = new CheckpointPace(spec.checkpointEvery, performance.now());
  }

  /** Takes the lane and runs it until its input ends or `signal` asks for a stop. Throws what went wrong; LANE_TAKEN where another owns it now. */
  async run(signal: AbortSignal): Promise<LaneEnd> {
    const { lane } = this.spec;
    this.events.phase(lane, 'taking', -1);
    const taken = await takeLane(this.log, this.spec, this.events);
    try {
      this.events.phase(lane, 'taken', taken.engine.seq - 1);
      this.events.onTaken?.(lane, logPositions(this.spec.inputs, taken.positions), this.spec.inputs.map(({ topic }) => topic));
      this.#gapsTold = taken.fold.captures.reduce((sum, { record: { gaps } }) => sum + gaps.length, 0);
      const ended = taken.isEnded || (await this.#read(taken, signal));
      if (!taken.isEnded) await this.#checkpoint(taken);
      await this.#checkpoints.settled();
      return { engine: taken.engine, captures: taken.fold.captures.map(({ record }) => record), ended };
    } catch (error) {
      if (!(error instanceof TapewrightError) || error.code !== 'PRODUCER_FENCED') throw error;
      const other = await otherOwner(this.log, this.spec, taken);
      throw other === null ? error : new TapewrightError('LANE_TAKEN', `lane ${lane} of group ${this.spec.group} was taken by process ${other.pid} on ${other.host}, which goes on with it`, { lane, pid: other.pid, host: other.host }, { cause: error });
    } finally {
      await this.#checkpoints.settled().catch(() => undefined);
      this.events.phase(lane, 'left', taken.engine.seq - 1);
      await taken.producer.close();
    }
  }

  /** True: the input has ended. Input that is missing is passed if the run is told to, and its steps go on behind it. */
  async #read(taken: Taken, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      await this.#passMissing(taken);
      const reader = new EvenReader(await this.log.read(logPositions(this.spec.inputs, taken.positions)), this.spec.inputs);
      try {
        return await this.#steps(taken, reader, { held: new HeldPieces(this.spec.inputs, reader), settled: new SettledTopics(this.log, this.spec.inputs) }, signal);
      } catch (error) {
        if (!(error instanceof TapewrightError) || error.code !== 'SOURCE_GAP' || this.spec.onGap === 'refuse') throw error;
        if ((await missingInput(this.log, this.spec.inputs, taken.positions)).length === 0) throw error;
        this.#waiting = [];
      } finally {
        await reader.close();
      }
    }
  }

  /** Input before the positions may have been deleted meanwhile. Throws SOURCE_GAP, or journals it. */
  async #passMissing(taken: Taken): Promise<void> {
    const { lane, group, inputs, topics, onGap, say } = this.spec;
    const missing = await missingInput(this.log, inputs, taken.positions);
    if (missing.length === 0) return;
    const words = missing.map(({ topic, partition, from, to }) => `offsets ${from} to ${to - 1} of partition ${partition} of ${topic}`).join(', ');
    if (onGap === 'refuse') throw new TapewrightError('SOURCE_GAP', `${words} were deleted before group ${group} read them: to go on without them, which the journal then records, give --on-gap continue`, { missing });
    say(`lane ${lane} goes on without ${words}, which were deleted`);
    const record = { kind: 'gap', lane, before: taken.engine.seq, missing } as const;
    await taken.producer.commit([journalMessage(topics.journal, record)], null);
    passGap(inputs, taken.positions, record);
  }

  async #steps(taken: Taken, reader: EvenReader, { held, settled }: { readonly held: HeldPieces; readonly settled: SettledTopics }, signal: AbortSignal): Promise<boolean> {
    const { lane } = this.spec;
    for (;;) {
      if (signal.aborted) return false;
      reader.keepTogether(taken);
      const goesOn = await this.#passGaps(taken);
      this.events.phase(lane, 'fetch', taken.engine.seq);
      const pieces = await this.#collect(reader, held);
      const isQuiet = held.isEmpty && this.#waiting.length === 0 && reader.emptyAnswers >= emptyAnswersMin;
      const caughtUp = await settled.find(taken, isQuiet);
      const isStep = (pieces.length > 0 || caughtUp.length > 0 || goesOn) && (await this.#step(taken, pieces, { caughtUp, goesOn }, signal));
      if (!isStep && held.isEmpty && this.#isAtEnd(taken, reader)) {
        await this.#close(taken, noInput(), { before: copyOf(taken.positions), begun: performance.now(), end: true }, signal);
        return true;
      }
      // Silence is a step of its own: what it lets go is journalled with the time at which it did.
      if (!isStep && this.spec.clock() >= taken.engine.idleAt) {
        await this.#close(taken, noInput(), { before: copyOf(taken.positions), begun: performance.now(), end: false }, signal);
      }
      if (!this.#checkpoints.isBusy && this.#pace.isDue(performance.now())) await this.#checkpoint(taken);
      if (this.#pace.isOverdue(performance.now())) this.spec.say(`lane ${this.spec.lane}: a checkpoint takes longer than a minute; until it is written the one before counts`);
    }
  }

  /** What is there, up to a step's worth; waits a moment if nothing is, and for more as long as it is to linger. */
  async #collect(reader: LogReader, held: HeldPieces): Promise<Piece[]> {
    const pieces: Piece[] = [];
    let rows = 0, bytes = 0, until = 0;
    for (;;) {
      const patience = pieces.length === 0 ? idleMillis : Math.max(0, until - performance.now());
      let piece = this.#waiting.shift() ?? held.next();
      if (piece === null) {
        const fetched = this.#pieceOf(await reader.next(patience));
        piece = fetched === null ? null : held.admit(fetched);
        if (fetched !== null && piece === null) continue;
      }
      if (piece === null) {
        if (pieces.length === 0 || performance.now() >= until) return pieces;
        continue;
      }
      if (pieces.length === 0) until = performance.now() + this.spec.linger;
      let count = 0;
      for (const record of piece.records) {
        if (rows >= rowsMax || bytes >= bytesMax) break;
        count += 1;
        rows += 1;
        bytes += recordBytes(record);
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

  /** False: none of the rows belongs to the run any more. */
  async #step(taken: Taken, pieces: readonly Piece[], { caughtUp, goesOn }: { readonly caughtUp: readonly number[]; readonly goesOn: boolean }, signal: AbortSignal): Promise<boolean> {
    const { engine, fold, positions, start: { until } } = taken;
    const before = copyOf(positions);
    const begun = performance.now();
    const input: StepInput = { ...noInput(), caughtUp };
    if (goesOn || caughtUp.length > 0) this.#begin(taken, input);
    for (const piece of pieces) {
      const scanned = await this.#scan(taken, piece, input.rejected);
      if (scanned === null) continue;
      if (!input.isBegun) this.#begin(taken, input);
      if (scanned.batch === null) input.fed.push(...fold.take(scanned.piece, input.rejected, until));
      else {
        const rows = { batch: scanned.batch, from: 0, to: scanned.batch.batch.length };
        engine.feed(rows);
        input.fed.push(rows);
      }
      input.pieces.push(scanned.piece);
      input.takings.push({ input: piece.input, partition: piece.partition, count: scanned.batch?.batch.length ?? scanned.piece.records.length });
      positions[piece.input]![piece.partition] = scanned.piece.records[scanned.piece.records.length - 1]!.offset + 1;
    }
    if (!input.isBegun) return false;
    await this.#close(taken, input, { before, begun, end: false }, signal);
    return true;
  }

  /** What of a piece belongs to the run: all before its stop, or before the row that says that event time has come to its end. */
  async #scan({ engine, positions, stops, start: { until } }: Taken, given: Piece, rejected: Rejection[]): Promise<{ piece: Piece; batch: ScanBatch | null } | null> {
    const { inputs } = this.spec;
    const from = inputs[given.input]!;
    const { topic, partitions } = from;
    const wanted = positions[given.input]![given.partition]!;
    const first = given.records[0]!.offset;
    if (first < wanted) throw gap(topic, given.partition, wanted, first);
    const place = `${given.input}/${given.partition}`;
    const stop = this.#past.has(place) ? -1 : stops === null ? Infinity : offsetOf(stops, topic, partitions[given.partition]!);
    const piece = upTo(given, stop);
    if (piece.records.length === 0) return null;
    if (isCaptured(from)) {
      await from.decoder.prepare(piece.records);
      return { piece, batch: null };
    }
    const found: Rejection[] = [];
    const batch = await scanPiece(inputs, engine, piece, found);
    if (until === null || batch.greatest < until) {
      rejected.push(...found);
      return { piece, batch };
    }
    let row = 0;
    while (row < batch.batch.length && markOf(batch, row) < until) row += 1;
    const within = row < batch.batch.length ? upTo(piece, positionOf(batch, row)) : piece;
    if (within !== piece) this.#past.add(place);
    return within.records.length === 0 ? null : { piece: within, batch: await scanPiece(inputs, engine, within, rejected, until) };
  }

  /** The clock of a step, before its first row, and what lets go what captures have kept back. */
  #begin({ fold, start: { until } }: Taken, input: StepInput): void {
    input.isBegun = true;
    input.fed.push(...fold.begin({ now: this.spec.clock(), resumed: this.#resumed, caughtUp: input.caughtUp, until }));
  }

  /** Where a capture has stopped: throws SOURCE_GAP, or journals that the run goes on behind it. True: it does. */
  async #passGaps(taken: Taken): Promise<boolean> {
    const { lane, topics, onGap, say } = this.spec;
    let goesOn = false;
    for (const [index, capture] of taken.fold.captures.entries()) {
      const gap = capture.stoppedAt;
      if (gap === null) continue;
      if (onGap === 'refuse') {
        throw new TapewrightError('SOURCE_GAP', `${gapText(gap)}; all that came before is committed, and the run stops. Compare with a new snapshot; with --on-gap continue it goes on, and its journal tells the gap`, { ...gap });
      }
      const record = { kind: 'gap', lane, before: taken.engine.seq, missing: [], changes: { capture: index, gap } } as const;
      await taken.producer.commit([journalMessage(topics.journal, record)], null);
      say(`lane ${lane} goes on behind a gap in the changes: ${gapText(gap)}`);
      taken.fold.passGap(record);
      goesOn = true;
    }
    return goesOn;
  }

  async #close(taken: Taken, input: StepInput, { before, begun, end }: { readonly before: readonly (readonly number[])[]; readonly begun: number; readonly end: boolean }, signal: AbortSignal): Promise<void> {
    const { lane, group, inputs } = this.spec;
    const { engine, fold, positions, start: { until } } = taken;
    this.events.phase(lane, 'apply', engine.seq);
    if (!input.isBegun) this.#begin(taken, input);
    if (end) input.fed.push(...fold.finish(until));
    const result = engine.close({ end, rejected: lettersOf(inputs, input.rejected) });
    const { caughtUp } = input;
    const record = { ...result.record, ...slicesOf(result.record, input.takings, { inputs, before, after: positions }), ...(caughtUp.length === 0 ? {} : { caughtUp }) };
    const applied = performance.now();
    this.events.phase(lane, 'commit', record.seq);
    const offsets = { group, positions: logPositions(inputs, positions), metadata: JSON.stringify({ seq: record.seq, digest: record.digest.slice(0, 16) }) };
    await commitStep(this.log, this.spec, taken, { record, messages: this.#messages(result, record), offsets }, signal);
    const rows = input.pieces.reduce((sum, { records }) => sum + records.length, 0);
    this.rows += rows;
    this.#resumed = false;
    this.events.phase(lane, 'committed', record.seq);
    await this.events.onStep?.(lane, { ...input, result, record, times: { begun, applied, committed: performance.now() } });
    this.events.committed(lane, result, rows);
    this.#tellGaps(taken);
  }

  /** Those that the run was told to go on behind, once each. */
  #tellGaps({ fold }: Taken): void {
    const { lane, say } = this.spec;
    const gaps = fold.captures.flatMap(({ record }) => record.gaps);
    for (const { text } of gaps.slice(this.#gapsTold)) {
      this.events.onChangesGap?.(lane, text);
      say(`lane ${lane}: a gap in the changes: ${text}`);
    }
    this.#gapsTold = gaps.length;
  }

  #messages(result: StepResult, record: StepRecord): LogMessage[] {
    const { lane, inputs, outputs, topics } = this.spec;
    return [
      ...result.outputs.flatMap(({ table, batch, releasedBy }) => outputs[table]!.messages(batch, lane, releasedByHeaders(inputs, releasedBy))),
      ...result.late.map((row) => lateMessage(topics.late, lane, row)),
      ...result.deadLetters.map((letter) => deadLetterMessage(topics.deadLetters, lane, letter)),
      journalMessage(topics.journal, { kind: 'step', record }),
    ];
  }

  /**
   * All partitions have come to their end. Ends of transactions, which no reader is shown, may stand before a stop: then
   * the log says several times that there is nothing more. So it does where the last rows before a time have come.
   */
  #isAtEnd({ fold, stops, start: { until }, positions }: Taken, reader: LogReader): boolean {
    const { inputs, pipeline, clock } = this.spec;
    if (this.#waiting.length > 0) return false;
    const isQuiet = reader.emptyAnswers >= emptyAnswersMin;
    if (until !== null) {
      const left = fold.captures.some(({ isPast }) => !isPast)
        || inputs.some(({ partitions, capture }, input) => capture === undefined && pipeline.sources[input]!.watermark !== null && partitions.some((_, partition) => !this.#past.has(`${input}/${partition}`)));
      return !left || (isQuiet && clock() >= until + untilGraceMillis);
    }
    return stops !== null && (isQuiet || logPositions(inputs, positions).every(({ topic, partition, offset }) => offset >= offsetOf(stops, topic, partition)));
  }

  async #checkpoint(taken: Taken): Promise<void> {
    const { engine } = taken;
    if (engine.seq === 0) return;
    this.#pace.begin(performance.now());
    const { lane } = this.spec;
    const seq = engine.seq - 1;
    this.events.phase(lane, 'checkpoint', seq);
    await this.events.beforeCheckpoint?.(lane, seq);
    const began = performance.now();
    await this.#checkpoints.write({ seq, digest: engine.stepDigest!, ...checkpointOf(this.spec, taken) }, (bytes) => {
      this.#pace.end(performance.now());
      this.events.phase(lane, 'checkpointed', seq);
      this.events.onCheckpoint?.(lane, { seq, bytes, millis: performance.now() - began });
    });
  }
}
