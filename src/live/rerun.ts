/** Records of a lane's input as the engine takes them, and journalled steps made once more from them. */
import { assert, TapewrightError } from '../core/errors.js';
import type { DeadLetter, StepRecord } from '../core/step.js';
import type { Engine, StepResult } from '../engine/engine.js';
import { positionOf, type ScanBatch, type SliceRows } from '../engine/scan-batch.js';
import type { ChangeDecoder } from './change-decoder.js';
import type { Decoder } from './decoder.js';
import type { GapRecord } from './journal-topic.js';
import type { LaneFold } from './lane-fold.js';
import type { Log, LogPosition, LogReader, LogRecord } from './log.js';

/** How long a lane that is being taken waits to see its own mark: a transaction of the one before may have to time out. */
export const patienceMillis = 60_000;

export type LaneInput = RowInput | CapturedInput;

interface TopicInput {
  readonly table: string;
  readonly topic: string;
  /** Of the topic, by partition of the engine; those of a captured topic by their place here. */
  readonly partitions: readonly number[];
}

/** Each message is a row. */
export interface RowInput extends TopicInput {
  readonly decoder: Decoder;
  readonly capture?: undefined;
}

/** Messages tell what a database did: its capture makes rows of them. */
export interface CapturedInput extends TopicInput {
  readonly decoder: ChangeDecoder;
  /** Which of the lane's. */
  readonly capture: number;
}

export const isCaptured = (input: LaneInput): input is CapturedInput => input.capture !== undefined;

/** Records of one partition of an input. */
export interface Piece {
  readonly input: number;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** When they came in, on the clock of `performance.now()`; left out where they are read again. */
  readonly at?: number;
}

/** A step: what went in and what came out. */
export interface FoldedStep {
  readonly pieces: readonly Piece[];
  /** Rows of the pieces in the order in which the engine took them. */
  readonly fed: readonly SliceRows[];
  readonly rejected: readonly Rejection[];
  readonly result: StepResult;
  /** As the journal has it. */
  readonly record: StepRecord;
  /** It only built state, out of history: nothing of it was put out. */
  readonly silent?: boolean;
}

export interface Rejection {
  readonly input: number;
  readonly partition: number;
  readonly offset: number;
  readonly expression: string;
  readonly error: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Decodes a piece and finds its event times; rows that cannot be used go to `rejected`, rows at or after `until` nowhere:
 * the run ends before them.
 */
export async function scanPiece(inputs: readonly LaneInput[], engine: Engine, piece: Piece, rejected: Rejection[], until: number | null = null): Promise<ScanBatch> {
  const input = inputs[piece.input]!;
  assert(!isCaptured(input), 'records of a captured topic are no rows');
  const refused: Rejection[] = [];
  const batch = await scanRecords(input, engine, piece, refused);
  if (until === null || batch.greatest < until) {
    rejected.push(...refused);
    return batch;
  }
  const beyond = new Set<number>();
  for (let row = 0; row < batch.batch.length; row += 1) if (batch.time[row]! >= until) beyond.add(positionOf(batch, row));
  return scanRecords(input, engine, { ...piece, records: piece.records.filter(({ offset }) => !beyond.has(offset)) }, rejected);
}

async function scanRecords({ decoder, partitions }: RowInput, engine: Engine, { input, partition, records }: Piece, rejected: Rejection[]): Promise<ScanBatch> {
  const decoded = await decoder.decode(records, partitions[partition]!);
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
export function lettersOf(inputs: readonly LaneInput[], rejected: readonly Rejection[]): Omit<DeadLetter, 'lane' | 'step'>[] {
  return [...rejected].sort((a, b) => a.input - b.input || a.partition - b.partition || a.offset - b.offset).map(({ input, partition, offset, expression, error, key, value, headers }) => ({
    input: inputs[input]!.table, partition: inputs[input]!.partitions[partition]!, position: offset, eventTime: null, statement: -1, operator: 'source', expression, error, key, value, ...(headers === undefined ? {} : { headers }),
  }));
}

export const logPositions = (inputs: readonly LaneInput[], positions: readonly (readonly number[])[]): LogPosition[] =>
  inputs.flatMap(({ topic, partitions }, input) => partitions.map((partition, index) => ({ topic, partition, offset: positions[input]![index]! })));

/** What besides its steps decides what a journal computes. */
export interface RerunOptions {
  /** Input that the run went on without. */
  readonly gaps?: readonly GapRecord[];
  /** Event time at which the input ended. */
  readonly until?: number | null;
}

/** Applies journalled steps from `positions` on, which move along. Throws CHECKPOINT_MISMATCH at the first whose digest does not come again. */
export async function rerun(
  log: Log, inputs: readonly LaneInput[], fold: LaneFold, positions: number[][], steps: readonly StepRecord[],
  onStep: (step: FoldedStep) => void | Promise<void> = () => undefined, { gaps = [], until = null }: RerunOptions = {},
): Promise<void> {
  let source: RangeReader | null = null;
  try {
    for (const step of steps) {
      for (const each of gaps) {
        if (each.before !== step.seq) continue;
        passGap(inputs, positions, each);
        fold.passGap(each);
        // What is missing cannot be read over: a reader begins behind it.
        await source?.close();
        source = null;
      }
      source ??= new RangeReader(await log.read(logPositions(inputs, positions)));
      const rejected: Rejection[] = [];
      const fed = fold.begin({ now: step.now, resumed: step.resumed, caughtUp: step.caughtUp, until });
      const slices: JournalledSlice[] = [];
      for (const { input, partition, from, to } of step.slices) {
        const { topic, partitions, ...each } = inputs[input]!;
        if (positions[input]![partition]! !== from) throw gap(topic, partitions[partition]!, positions[input]![partition]!, from);
        const piece = { input, partition, records: await source.range(topic, partitions[partition]!, from, to) };
        if (each.capture !== undefined) await each.decoder.prepare(piece.records);
        slices.push({ piece, batch: each.capture === undefined ? await scanPiece(inputs, fold.engine, piece, rejected, until) : null });
        positions[input]![partition] = to;
      }
      for (const turn of turnsOf(step, slices)) {
        if (turn.batch === null) fed.push(...fold.take(turn.piece, rejected, until));
        else {
          fold.engine.feed(turn);
          fed.push(turn);
        }
      }
      if (step.end) fed.push(...fold.finish(until));
      const result = fold.engine.close({ end: step.end, rejected: lettersOf(inputs, rejected) });
      if (result.record.digest !== step.digest) throw differs(step, result.record.digest);
      await onStep({ pieces: slices.map(({ piece }) => piece), fed, rejected, result, record: step });
    }
  } finally {
    await source?.close();
  }
}

/** Moves the positions behind what is missing. */
export function passGap(inputs: readonly LaneInput[], positions: number[][], { missing }: GapRecord): void {
  for (const { topic, partition, to } of missing) {
    inputs.forEach(({ topic: name, partitions }, input) => {
      const index = partitions.indexOf(partition);
      if (name === topic && index >= 0 && positions[input]![index]! < to) positions[input]![index] = to;
    });
  }
}

export const gap = (topic: string, partition: number, wanted: number, found: number): TapewrightError =>
  new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} goes on at ${found} where ${wanted} was wanted`, { topic, partition, wanted, found });

export const differs = (step: StepRecord, digest: string): TapewrightError =>
  new TapewrightError('CHECKPOINT_MISMATCH', `step ${step.seq} of lane ${step.lane} gives digest ${digest.slice(0, 16)} where the journal has ${step.digest.slice(0, 16)}: the input was changed, or another version wrote it; nothing was committed`, { lane: step.lane, seq: step.seq });

/** A slice of a journalled step, read again. */
interface JournalledSlice {
  readonly piece: Piece;
  /** Null: of a captured topic. */
  readonly batch: ScanBatch | null;
}

type Turn = SliceRows | { readonly batch: null; readonly piece: Piece };

/** What a journalled step fed: slices take turns as its order says, by rows, and captured topics by records. */
function turnsOf({ order, slices }: StepRecord, read: readonly JournalledSlice[]): Turn[] {
  const at = slices.map(() => 0);
  const counts = order.length > 0 ? order : slices.flatMap(({ rows }, index) => [index, rows]);
  const turns: Turn[] = [];
  for (let turn = 0; turn < counts.length; turn += 2) {
    const slice = counts[turn]!;
    const { piece, batch } = read[slice]!;
    const from = at[slice]!;
    const to = Math.min(from + counts[turn + 1]!, batch === null ? piece.records.length : batch.batch.length);
    turns.push(batch === null ? { batch, piece: { ...piece, records: piece.records.slice(from, to) } } : { batch, from, to });
    at[slice] = to;
  }
  return turns;
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
