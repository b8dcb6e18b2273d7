/**
 * One lane of a live run. A step is one transaction: outputs, late rows, dead letters, its journal record and the input
 * offsets. Whoever takes the lane fences the one before, reads the journal up to its own mark, makes the state again
 * and compares digests: wrong output is never committed.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { TapewrightError } from '../core/errors.js';
import type { DeadLetter, Slice, StepRecord } from '../core/step.js';
import { Engine, type StepResult } from '../engine/engine.js';
import type { ScanBatch } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';
import { sha256 } from '../runtime/replay.js';
import type { CheckpointStore } from '../stores/checkpoints.js';
import type { Decoder } from './decoder.js';
import { deadLetterMessage, lateMessage, type OutputEncoder } from './encoder.js';
import { journalMessage, readJournalTopic, type JournalRecord, type StartRecord } from './journal-topic.js';
import type { Log, LogFetch, LogMessage, LogPosition, LogProducer, LogReader, LogRecord } from './log.js';

/** Of a step. */
const rowsMax = 16_384;
const bytesMax = 4 * 1024 * 1024;

/** How long a lane that is being taken waits to see its own mark: a transaction of the one before may have to time out. */
const patienceMillis = 60_000;

export interface LaneInput {
  readonly table: string;
  readonly topic: string;
  /** Of the topic, by partition of the engine. */
  readonly partitions: readonly number[];
  readonly decoder: Decoder;
}

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

export interface LaneEvents {
  phase(lane: number, phase: LanePhase, seq: number): void;
  committed(lane: number, result: StepResult, rows: number): void;
}

/** The state of a lane that is taken: the engine, and the next offset of each input partition. */
interface Taken {
  readonly engine: Engine;
  readonly positions: number[][];
  readonly start: StartRecord;
  readonly producer: LogProducer;
  readonly isEnded: boolean;
}

interface Piece {
  readonly input: number;
  readonly partition: number;
  readonly records: readonly LogRecord[];
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
      if (taken.isEnded) return { engine: taken.engine, ended: true };
      reader = await this.log.read(this.#logPositions(taken.positions));
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
      await this.#rerun(engine, positions, steps.slice(engine.seq));
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

  /** Journalled steps once more, their outputs withheld: the digests must come again. */
  async #rerun(engine: Engine, positions: number[][], steps: readonly StepRecord[]): Promise<void> {
    if (steps.length === 0) return;
    const { inputs } = this.spec;
    const source = new RangeReader(await this.log.read(this.#logPositions(positions)));
    try {
      for (const step of steps) {
        engine.tick(step.now);
        const rejected: Rejection[] = [];
        const batches: ScanBatch[] = [];
        for (const { input, partition, from, to } of step.slices) {
          const { topic, partitions } = inputs[input]!;
          if (positions[input]![partition]! !== from) throw gap(topic, partitions[partition]!, positions[input]![partition]!, from);
          const records = await source.range(topic, partitions[partition]!, from, to);
          batches.push(await this.#scan(engine, { input, partition, records }, rejected));
          positions[input]![partition] = to;
        }
        feedInOrder(engine, step, batches);
        const { record } = engine.close({ end: step.end, rejected: this.#letters(rejected) });
        if (record.digest !== step.digest) throw differs(step, record.digest);
      }
    } finally {
      await source.close();
    }
  }

  async #steps(taken: Taken, reader: LogReader, signal: AbortSignal): Promise<boolean> {
    const { lane } = this.spec;
    for (let idleSince = performance.now(); ;) {
      if (signal.aborted) return false;
      this.events.phase(lane, 'fetch', taken.engine.seq);
      const pieces = await this.#collect(reader);
      if (pieces.length > 0) {
        await this.#step(taken, pieces, false);
        idleSince = performance.now();
      }
      if (this.#isAtEnd(taken, performance.now() - idleSince)) {
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
    return { input, partition: this.spec.inputs[input]!.partitions.indexOf(fetch.partition), records: fetch.records };
  }

  async #step(taken: Taken, pieces: readonly Piece[], end: boolean): Promise<void> {
    const { lane, clock } = this.spec;
    const { engine, positions } = taken;
    const before = positions.map((offsets) => [...offsets]);
    const rejected: Rejection[] = [];
    engine.tick(clock());
    let rows = 0;
    for (const piece of pieces) {
      const first = piece.records[0]!.offset;
      const wanted = positions[piece.input]![piece.partition]!;
      if (first < wanted) throw gap(this.spec.inputs[piece.input]!.topic, piece.partition, wanted, first);
      const batch = await this.#scan(engine, piece, rejected);
      engine.feed({ batch, from: 0, to: batch.batch.length });
      positions[piece.input]![piece.partition] = piece.records[piece.records.length - 1]!.offset + 1;
      rows += piece.records.length;
    }
    this.events.phase(lane, 'apply', engine.seq);
    const result = engine.close({ end, rejected: this.#letters(rejected) });
    const record = { ...result.record, slices: covering(result.record.slices, before, positions) };
    this.events.phase(lane, 'commit', record.seq);
    await taken.producer.commit(this.#messages(result, record), { group: this.spec.group, positions: this.#logPositions(positions), metadata: JSON.stringify({ seq: record.seq, digest: record.digest.slice(0, 16) }) });
    this.rows += rows;
    this.events.phase(lane, 'committed', record.seq);
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

  async #scan(engine: Engine, { input, partition, records }: Piece, rejected: Rejection[]): Promise<ScanBatch> {
    const decoded = await this.spec.inputs[input]!.decoder.decode(records);
    for (const { offset, column, error, key, value } of decoded.rejected) rejected.push({ input, partition, offset, expression: column ?? '', error, key, value });
    const scanned = engine.scan(input, partition, decoded.batch);
    const byOffset = scanned.rejected.length === 0 ? null : new Map(records.map((record) => [record.offset, record]));
    for (const { position, error, expression } of scanned.rejected) {
      const record = byOffset!.get(position);
      rejected.push({ input, partition, offset: position, expression, error, key: record?.key?.toString('latin1') ?? null, value: record?.value?.toString('latin1') ?? null });
    }
    return scanned.batch;
  }

  /** In an order that does not depend on how the records were fetched. */
  #letters(rejected: readonly Rejection[]): Omit<DeadLetter, 'lane' | 'step'>[] {
    return [...rejected].sort((a, b) => a.input - b.input || a.partition - b.partition || a.offset - b.offset).map(({ input, partition, offset, expression, error, key, value }) => ({
      input: this.spec.inputs[input]!.table, partition: this.spec.inputs[input]!.partitions[partition]!, position: offset, eventTime: null, statement: -1, operator: 'source', expression, error, key, value,
    }));
  }

  #logPositions(positions: readonly (readonly number[])[]): LogPosition[] {
    return this.spec.inputs.flatMap(({ topic, partitions }, input) => partitions.map((partition, index) => ({ topic, partition, offset: positions[input]![index]! })));
  }

  /** All partitions have reached their stop. Records that no reader is shown (ends of transactions) may stand before it. */
  #isAtEnd({ start: { stops }, positions }: Taken, idle: number): boolean {
    if (stops === null || this.#waiting.length > 0) return false;
    const left = this.#logPositions(positions).some(({ topic, partition, offset }) => offset < offsetOf(stops, topic, partition));
    return !left || idle > 5000;
  }

  async #checkpoint({ engine, positions }: Taken): Promise<void> {
    this.#checkpointed = performance.now();
    if (engine.seq === 0) return;
    const { lane, checkpoints, planHash } = this.spec;
    this.events.phase(lane, 'checkpoint', engine.seq - 1);
    const state = engine.snapshot();
    const writer = new ByteWriter(state.length + 1024);
    writer.string(JSON.stringify({ planHash, positions }));
    writer.bytes(state);
    await checkpoints.write(lane, engine.seq - 1, engine.stepDigest!, writer.written());
    this.events.phase(lane, 'checkpointed', engine.seq - 1);
  }
}

interface Rejection {
  readonly input: number;
  readonly partition: number;
  readonly offset: number;
  readonly expression: string;
  readonly error: string;
  readonly key: string | null;
  readonly value: string | null;
}

function checkContiguous(steps: readonly StepRecord[], topic: string): void {
  const wrong = steps.findIndex(({ seq }, index) => seq !== index);
  if (wrong >= 0) throw new TapewrightError('JOURNAL_LOST', `${topic} has step ${steps[wrong]!.seq} where ${wrong} belongs: records are missing or were written twice`, { topic, seq: wrong });
}

function offsetOf(positions: readonly LogPosition[], topic: string, partition: number): number {
  const found = positions.find((position) => position.topic === topic && position.partition === partition);
  if (found === undefined) throw new TapewrightError('SOURCE_GAP', `topic ${topic} has a partition ${partition} that it had not when the run began: start under another group`, { topic, partition });
  return found.offset;
}

const gap = (topic: string, partition: number, wanted: number, found: number): TapewrightError =>
  new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} goes on at ${found} where ${wanted} was wanted`, { topic, partition, wanted, found });

const differs = (step: StepRecord, digest: string): TapewrightError =>
  new TapewrightError('CHECKPOINT_MISMATCH', `step ${step.seq} of lane ${step.lane} gives digest ${digest.slice(0, 16)} where the journal has ${step.digest.slice(0, 16)}: the input was changed, or another version wrote it; nothing was committed`, { lane: step.lane, seq: step.seq });

/** From where the step found each partition to where it left it, rows that could not be used among them. */
function covering(slices: readonly Slice[], before: readonly (readonly number[])[], after: readonly (readonly number[])[]): Slice[] {
  const covered = slices.map((slice) => ({ ...slice, from: before[slice.input]![slice.partition]!, to: after[slice.input]![slice.partition]! }));
  after.forEach((offsets, input) => offsets.forEach((to, partition) => {
    const from = before[input]![partition]!;
    if (to > from && !covered.some((slice) => slice.input === input && slice.partition === partition)) covered.push({ input, partition, from, to, rows: 0, checksum: '0'.repeat(16) });
  }));
  return covered;
}

/** Feeds a journalled step: slices take turns as its order says. */
function feedInOrder(engine: Engine, { order, slices }: StepRecord, batches: readonly ScanBatch[]): void {
  const at = slices.map(() => 0);
  const turns = order.length > 0 ? order : slices.flatMap(({ rows }, index) => [index, rows]);
  for (let turn = 0; turn < turns.length; turn += 2) {
    const slice = turns[turn]!;
    const from = at[slice]!;
    const to = Math.min(from + turns[turn + 1]!, batches[slice]!.batch.length);
    engine.feed({ batch: batches[slice]!, from, to });
    at[slice] = to;
  }
}

/** Records of partitions by offset, out of what a reader gives in any order of partitions. */
class RangeReader {
  readonly #held = new Map<string, LogRecord[]>();

  constructor(private readonly reader: LogReader) {}

  /** All records in [from, to); the last of them is there. */
  async range(topic: string, partition: number, from: number, to: number): Promise<LogRecord[]> {
    const key = `${topic}/${partition}`;
    const until = performance.now() + patienceMillis;
    for (;;) {
      const held = this.#held.get(key) ?? [];
      const end = held.findIndex(({ offset }) => offset >= to - 1);
      if (end >= 0) {
        if (held[end]!.offset !== to - 1) throw gap(topic, partition, to - 1, held[end]!.offset);
        this.#held.set(key, held.slice(end + 1));
        return held.slice(0, end + 1).filter(({ offset }) => offset >= from);
      }
      if (performance.now() > until) throw new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} does not give ${from} to ${to - 1} again: retention may have deleted them`, { topic, partition, from, to });
      const fetch = await this.reader.next(1000);
      if (fetch === null) continue;
      const other = `${fetch.topic}/${fetch.partition}`;
      this.#held.set(other, [...(this.#held.get(other) ?? []), ...fetch.records]);
    }
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}
