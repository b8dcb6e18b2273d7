/**
 * One lane of a pipeline as a fold: (state, step, rows of its slices) -> (state, outputs). Pure and synchronous.
 * A row passes the whole plan before its watermark does; nothing depends on how rows are cut into batches.
 */
import type { Batch } from '../core/batch.js';
import { cell } from '../core/batch.js';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { gather } from '../core/column-builder.js';
import { OutputDigest, type HashFunction } from '../core/digest.js';
import { TapewrightError, assert } from '../core/errors.js';
import { StepDigest } from '../core/step-digest.js';
import type { DeadLetter, LateRow, OutputRows, Slice, StepRecord } from '../core/step.js';
import type { Schema } from '../core/types.js';
import { mergeRows } from '../operators/merge-rows.js';
import { noRows, type Chunk, type FailedResult, type Refusal, type Rows, type WatermarkPath } from '../operators/operator.js';
import { buildPhysical, type PhysicalNode, type PhysicalPlan } from './physical.js';
import type { Pipeline } from '../plan/plan.js';
import type { FailedRow } from '../plan/stage.js';
import { SliceChecksum } from './checksum.js';
import { positionOf, type ScanBatch, type SliceRows } from './scan-batch.js';
import { Watermarks } from './watermarks.js';

export interface EngineOptions {
  readonly lane: number;
  /** Partitions of each source in this lane; 1 each in replay. */
  readonly partitions: readonly number[];
  /** SHA-256, from the shell. */
  readonly hash: HashFunction;
  /** Outputs caused before this event time are in no output, digest or count (replay --from). */
  readonly withholdBefore: number | null;
  /** A failing expression stops the run. */
  readonly strict: boolean;
}

export interface StepResult {
  readonly record: StepRecord;
  readonly outputs: readonly OutputRows[];
  readonly late: readonly LateRow[];
  readonly deadLetters: readonly DeadLetter[];
  /** Ends of the windows that the end of history fired. */
  readonly endedBeyond: ReadonlySet<number>;
}

export interface CloseOptions {
  /** The end of history: every watermark becomes +infinity after the step's rows. */
  readonly end: boolean;
  /** Late rows and dead letters of this step do not count: it only builds state. */
  readonly withheld?: boolean;
  /** Rows that could not be read, to be kept with this step. */
  readonly rejected?: readonly Omit<DeadLetter, 'lane' | 'step'>[];
}

type OperatorNode = Extract<PhysicalNode, { kind: 'operator' }>;

const SNAPSHOT_FORMAT = 1;

export class Engine {
  readonly plan: PhysicalPlan;
  readonly pipeline: Pipeline;
  readonly #options: EngineOptions;
  /** Nodes that rows or watermarks of an input reach, by input; the last entry: all of them. */
  readonly #reached: readonly (readonly number[])[];
  readonly #digests: OutputDigest[];
  readonly #stepDigest: StepDigest;
  /** Digest of the last step; null before the first. */
  #lastDigest: string | null = null;
  readonly #checksums: SliceChecksum[];
  #step: StepInProgress | null = null;
  #watermarks: Watermarks;
  /** Next seq. */
  #seq = 0;
  /** Greatest event time delivered. */
  #now = -Infinity;
  /** Greatest event time delivered by each input and partition. */
  #delivered: Float64Array[];
  /** Position after the last row delivered by each input and partition. */
  #positions: Float64Array[];
  #counts = { rows: 0, behind: 0, late: 0, deadLetters: 0 };

  constructor(pipeline: Pipeline, options: EngineOptions) {
    this.pipeline = pipeline;
    this.#options = options;
    this.plan = buildPhysical(pipeline);
    this.#reached = [...pipeline.sources.map((_, input) => reachable(this.plan.nodes, input)), this.plan.nodes.map((_, index) => index)];
    this.#digests = pipeline.sinks.map((sink) => new OutputDigest(sink.name, sink.schema, options.hash));
    this.#stepDigest = new StepDigest(pipeline.sinks.length, options.hash);
    this.#checksums = pipeline.sources.map((_, input) => new SliceChecksum(this.plan.columns[input]!.length));
    this.#watermarks = new Watermarks(pipeline.sources.map((source) => source.watermark !== null), options.partitions);
    this.#delivered = options.partitions.map((count) => new Float64Array(count).fill(-Infinity));
    this.#positions = options.partitions.map((count) => new Float64Array(count));
  }

  get seq(): number {
    return this.#seq;
  }

  get now(): number {
    return this.#now;
  }

  /** Digest of the last step, lower-case hex; null before the first. */
  get stepDigest(): string | null {
    return this.#lastDigest;
  }

  get counts(): Readonly<{ rows: number; behind: number; late: number; deadLetters: number }> {
    return this.#counts;
  }

  get outputs(): readonly { rows: number; digest: string; setDigest: string }[] {
    return this.#digests.map((digest) => ({ rows: digest.rows, digest: digest.digest(), setDigest: digest.setDigest() }));
  }

  delivered(input: number, partition: number): number {
    return this.#delivered[input]![partition]!;
  }

  position(input: number, partition: number): number {
    return this.#positions[input]![partition]!;
  }

  /**
   * Event times and watermarks of freshly read rows. Rows whose event time is NULL are left out and returned apart.
   * Depends on nothing but the rows.
   */
  scan(input: number, partition: number, read: { batch: Batch; position: number; positions: Float64Array | null; watermarks: { before: number; after: Float64Array } | null }):
  { batch: ScanBatch; rejected: readonly DeadLetterOrigin[] } {
    const { batch, position, positions } = read;
    const stage = this.plan.scans[input]!;
    if (stage === null) {
      const time = new Float64Array(batch.length).fill(-Infinity);
      return { batch: { input, partition, batch, time, marks: time, markBefore: -Infinity, position, positions }, rejected: [] };
    }
    const result = stage.run(batch, 0, batch.length, null);
    const kept = result.rows;
    const [timeColumn, markColumn] = result.columns;
    const time = timeColumn!.values as Float64Array;
    const nulls = timeColumn!.storage === 'text' ? null : timeColumn!.nulls;
    const failed = result.failed;
    if (nulls === null && failed.length === 0) {
      const marks = read.watermarks !== null ? read.watermarks.after : marksOf(markColumn, time);
      return { batch: { input, partition, batch, time, marks, markBefore: read.watermarks?.before ?? -Infinity, position, positions }, rejected: [] };
    }
    const origin = (row: number) => (positions === null ? position + row : positions[row]!);
    const rejected: DeadLetterOrigin[] = failed.map(({ row, error, place }) => ({ row, position: origin(row), error, expression: place.text }));
    const rows: number[] = [];
    for (let row = 0; row < result.length; row += 1) {
      const at = kept === null ? row : kept[row]!;
      if (nulls !== null && nulls[row] !== 0) rejected.push({ row: at, position: origin(at), error: 'the event time is NULL', expression: '' });
      else rows.push(row);
    }
    rejected.sort((a, b) => a.row - b.row);
    const source = rows.map((row) => (kept === null ? row : kept[row]!));
    const allMarks = read.watermarks !== null ? null : marksOf(markColumn, time);
    return {
      batch: {
        input, partition, time: Float64Array.from(rows, (row) => time[row]!),
        batch: { length: rows.length, columns: batch.columns.map((column) => gather(column, source, source.length)) },
        marks: Float64Array.from(rows, (row, index) => (allMarks === null ? read.watermarks!.after[source[index]!]! : allMarks[row]!)),
        markBefore: read.watermarks?.before ?? -Infinity,
        position, positions: Float64Array.from(source, origin),
      },
      rejected,
    };
  }

  /** Applies one whole step. */
  apply(slices: readonly SliceRows[], options: CloseOptions): StepResult {
    for (const slice of slices) this.feed(slice);
    return this.close(options);
  }

  /** Takes rows of the current step in, in the order of interleaving. A step may be fed in any number of parts. */
  feed(rows: SliceRows): void {
    if (rows.from === rows.to) return;
    this.#step ??= new StepInProgress(this.pipeline.sinks.length);
    this.#record(rows, this.#step);
    this.#chunk(rows, this.#step);
  }

  /** Whether rows of a step were fed that is not closed yet. */
  get midStep(): boolean {
    return this.#step !== null;
  }

  /** Ends the current step. Its outputs and digest do not depend on how its rows were fed. */
  close(options: CloseOptions): StepResult {
    const step = this.#step ?? new StepInProgress(this.pipeline.sinks.length);
    this.#step = null;
    this.#closeSlice(step);
    if (options.end) this.#end(step);
    return this.#finish(step, options);
  }

  /** Adds rows to the open slice, or begins another when the input or partition changes. */
  #record({ batch, from, to }: SliceRows, step: StepInProgress): void {
    const { input, partition } = batch;
    const { open } = step;
    if (open !== null && (open.input !== input || open.partition !== partition)) this.#closeSlice(step);
    const end = positionOf(batch, to - 1) + 1;
    if (step.open === null) step.open = { input, partition, from: positionOf(batch, from), to: end, rows: to - from };
    else step.open = { ...step.open, to: end, rows: step.open.rows + to - from };
    this.#checksums[input]!.update(batch.batch, from, to);
  }

  #closeSlice(step: StepInProgress): void {
    if (step.open === null) return;
    step.slices.push({ ...step.open, checksum: this.#checksums[step.open.input]!.finish() });
    step.open = null;
  }

  #chunk(slice: SliceRows, step: StepInProgress): void {
    const { batch, from, to } = slice;
    const { input, partition } = batch;
    this.#watermarks.raise(input, partition, batch.markBefore);
    const before = this.#watermarks.get(input, partition);
    const own = this.#watermarks.advance(batch, from, to);
    const paths = new Map<number, WatermarkPath>();
    const chunk: Chunk = { from, to };
    const path = (group: number): WatermarkPath => {
      let known = paths.get(group);
      if (known === undefined) {
        known = this.#watermarks.path(this.plan.groups[group]!, input, partition, before, own, from, to);
        paths.set(group, known);
      }
      return known;
    };
    const now = this.#countRows(slice, before, own);
    this.#run(this.#reached[input]!, chunk, path, { batch, now, ordinal: this.#counts.rows - to }, step);
  }

  /** Counts rows and those behind, moves `now`; the value of CURRENT_TIMESTAMP at each row where the plan uses it. */
  #countRows({ batch, from, to }: SliceRows, before: number, own: Float64Array): Float64Array | null {
    const { input, partition, time } = batch;
    this.#counts.rows += to - from;
    const now = this.plan.usesNow ? new Float64Array(to) : null;
    let greatest = this.#now;
    let delivered = this.#delivered[input]![partition]!;
    let behind = 0;
    for (let row = from; row < to; row += 1) {
      const at = time[row]!;
      if (at <= (row > from ? own[row - 1]! : before)) behind += 1;
      if (at > delivered) delivered = at;
      if (at > greatest) greatest = at;
      if (now !== null) now[row] = greatest;
    }
    if (this.pipeline.sources[input]!.watermark !== null) this.#counts.behind += behind;
    this.#now = greatest;
    this.#delivered[input]![partition] = delivered;
    this.#positions[input]![partition] = positionOf(batch, to - 1) + 1;
    return now;
  }

  #end(step: StepInProgress): void {
    const after = new Float64Array(1).fill(Infinity);
    const befores = this.plan.groups.map((group) => this.#watermarks.of(group));
    this.#watermarks.end();
    const now = this.plan.usesNow ? new Float64Array(1).fill(this.#now) : null;
    this.#run(this.#reached[this.#reached.length - 1]!, { from: 0, to: 1 }, (group) => ({ before: befores[group]!, after }), { batch: null, now, ordinal: this.#counts.rows }, step);
  }

  #run(nodes: readonly number[], chunk: Chunk, path: (group: number) => WatermarkPath, source: ChunkSource, step: StepInProgress): void {
    const results = new Array<Rows>(this.plan.nodes.length).fill(noRows);
    for (const index of nodes) {
      const node = this.plan.nodes[index]!;
      if (node.kind === 'stage') results[index] = this.#stage(index, node, results, chunk, source, step);
      else if (node.kind === 'operator') {
        const input = results[node.from]!;
        const marks = path(node.group);
        const report = {
          late: (refusal: Refusal) => {
            step.late.push({ ordinal: source.ordinal + refusal.rows.released[refusal.row]!, node: index, item: this.#lateRow(node, refusal, source.batch) });
          },
          failed: (failure: FailedResult) => {
            step.deadLetters.push({ ordinal: source.ordinal + failure.released, node: index, item: this.#failedResult(node, failure, source.batch) });
          },
        };
        const rows = node.operator.process(input, chunk, marks, report);
        results[index] = rows;
        if (source.batch === null && node.window) for (let row = 0; row < rows.batch.length; row += 1) step.endedBeyond.add(rows.time[row]! + 1);
      } else if (node.kind === 'union') results[index] = mergeRows(node.from.map((from) => results[from]!));
      else if (node.kind === 'output') {
        const rows = this.#released(mergeRows(node.from.map((from) => results[from]!)));
        if (rows.batch.length > 0) step.outputs[node.table]!.push(rows.batch);
      }
    }
  }

  #stage(index: number, node: Extract<PhysicalNode, { kind: 'stage' }>, results: readonly Rows[], chunk: Chunk, source: ChunkSource, step: StepInProgress): Rows {
    const from = this.plan.nodes[node.from]!;
    if (from.kind === 'source') {
      const { batch } = source;
      if (batch === null || from.input !== batch.input) return noRows;
      const result = node.stage.run(batch.batch, chunk.from, chunk.to, source.now);
      for (const failed of result.failed) {
        step.deadLetters.push({ ordinal: source.ordinal + failed.row, node: index, item: this.#failedRow(node, failed, failed.row, batch, batch.batch, from.schema) });
      }
      const released = result.rows ?? identity(chunk.to).subarray(chunk.from, chunk.to);
      return { batch: { length: result.length, columns: result.columns }, released: released.subarray(0, result.length), time: timesOf(batch.time, result.rows, chunk.from, result.length) };
    }
    const rows = results[node.from]!;
    const { length } = rows.batch;
    if (length === 0) return noRows;
    const { now } = source;
    const at = now === null ? null : Float64Array.from(rows.released.subarray(0, length), (row) => now[row]!);
    const result = node.stage.run(rows.batch, 0, length, at);
    for (const failed of result.failed) {
      const released = rows.released[failed.row]!;
      step.deadLetters.push({ ordinal: source.ordinal + released, node: index, item: this.#failedRow(node, failed, released, source.batch, rows.batch, (from as { schema: Schema }).schema) });
    }
    if (result.rows === null) return { batch: { length: result.length, columns: result.columns }, released: rows.released, time: rows.time };
    const kept = result.rows;
    return {
      batch: { length: result.length, columns: result.columns },
      released: Int32Array.from({ length: result.length }, (_, row) => rows.released[kept[row]!]!),
      time: Float64Array.from({ length: result.length }, (_, row) => rows.time[kept[row]!]!),
    };
  }

  /** Without the rows that `--from` withholds. */
  #released(rows: Rows): Rows {
    const { withholdBefore } = this.#options;
    if (withholdBefore === null || rows.batch.length === 0) return rows;
    const kept: number[] = [];
    for (let row = 0; row < rows.batch.length; row += 1) if (!(rows.time[row]! < withholdBefore)) kept.push(row);
    if (kept.length === rows.batch.length) return rows;
    return { batch: { length: kept.length, columns: rows.batch.columns.map((column) => gather(column, kept, kept.length)) }, released: rows.released, time: rows.time };
  }

  #finish(step: StepInProgress, { end, withheld = false, rejected = [] }: CloseOptions): StepResult {
    const { lane, strict } = this.#options;
    if (withheld) {
      step.late.length = 0;
      step.deadLetters.length = 0;
    }
    for (const item of rejected) step.deadLetters.push({ ordinal: this.#counts.rows, node: -1, item: { ...item, lane, step: this.#seq } });
    if (strict && step.deadLetters.length > 0) throw failedStrictly(inOrder(step.deadLetters)[0]!);
    step.outputs.forEach((batches, table) => {
      for (const batch of batches) this.#digests[table]!.append(batch, this.#stepDigest.outputs[table]!);
    });
    const late = inOrder(step.late);
    const deadLetters = inOrder(step.deadLetters);
    this.#counts.late += late.length;
    this.#counts.deadLetters += deadLetters.length;
    const watermarks = this.#watermarks.record();
    this.#lastDigest = this.#stepDigest.close(this.#lastDigest, late, deadLetters, watermarks);
    const record: StepRecord = {
      lane, seq: this.#seq, now: this.#now, slices: step.slices, end, digest: this.#lastDigest,
      outputRows: this.#digests.map((digest) => digest.rows), watermarks,
    };
    this.#seq += 1;
    const outputs = step.outputs.flatMap((batches, table) => batches.map((batch) => ({ table, batch })));
    return { record, outputs, late, deadLetters, endedBeyond: step.endedBeyond };
  }

  /** Where the row that released something came from; at the end of history, after the last row. */
  #origin(released: number, batch: ScanBatch | null): { input: string; partition: number; position: number; eventTime: number } {
    if (batch === null) return { input: this.pipeline.sources[0]!.name, partition: 0, position: this.#positions[0]![0]!, eventTime: this.#now };
    return {
      input: this.pipeline.sources[batch.input]!.name, partition: batch.partition,
      position: positionOf(batch, released), eventTime: batch.time[released]!,
    };
  }

  #lateRow(node: OperatorNode, refusal: Refusal, batch: ScanBatch | null): LateRow {
    const { rows, row } = refusal;
    return {
      ...this.#origin(rows.released[row]!, batch), eventTime: rows.time[row]!, watermark: refusal.watermark, lane: this.#options.lane, step: this.#seq,
      statement: node.statement, operator: node.operator.name, windowStart: refusal.windowStart, windowEnd: refusal.windowEnd,
      reason: refusal.reason, row: rowJson(rows.batch, row, node.inputSchema),
    };
  }

  #failedRow(node: { statement: number; name: string }, failed: FailedRow, released: number, source: ScanBatch | null, batch: Batch, schema: Schema): DeadLetter {
    const { line, column, text } = failed.place;
    return {
      ...this.#origin(released, source), lane: this.#options.lane, step: this.#seq, statement: node.statement, operator: node.name,
      expression: `line ${line}, column ${column}: ${text}`, error: failed.error, key: null, value: rowJson(batch, failed.row, schema),
    };
  }

  #failedResult(node: OperatorNode, failure: FailedResult, source: ScanBatch | null): DeadLetter {
    const { line, column, text } = failure.place;
    return {
      ...this.#origin(failure.released, source), eventTime: failure.time, lane: this.#options.lane, step: this.#seq, statement: node.statement,
      operator: node.operator.name, expression: `line ${line}, column ${column}: ${text}`, error: failure.error, key: null, value: failure.row,
    };
  }

  /** All state: binary, versioned. The shell adds a checksum and the plan's hash. */
  snapshot(): Uint8Array {
    assert(this.#step === null, 'a snapshot is taken between steps');
    const writer = new ByteWriter(65_536);
    writer.u32(SNAPSHOT_FORMAT);
    writer.varint(this.#seq);
    writer.f64(this.#now);
    this.#watermarks.snapshot(writer);
    for (const times of this.#delivered) writer.float64Array(times);
    for (const positions of this.#positions) writer.float64Array(positions);
    for (const count of Object.values(this.#counts)) writer.varint(count);
    writer.string(this.#lastDigest ?? '');
    for (const digest of this.#digests) digest.snapshot(writer);
    for (const node of this.#operators()) {
      const state = new ByteWriter(4096);
      node.operator.snapshot(state);
      writer.string(node.operator.name);
      writer.bytes(state.written());
    }
    return writer.toBytes();
  }

  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    const format = reader.u32();
    if (format !== SNAPSHOT_FORMAT) throw new TapewrightError('CHECKPOINT_MISMATCH', `the checkpoint has format ${format}, this version reads ${SNAPSHOT_FORMAT}`);
    this.#seq = reader.varint();
    this.#now = reader.f64();
    this.#watermarks.restore(reader);
    this.#delivered = this.#delivered.map(() => reader.float64Array());
    this.#positions = this.#positions.map(() => reader.float64Array());
    this.#counts = { rows: reader.varint(), behind: reader.varint(), late: reader.varint(), deadLetters: reader.varint() };
    this.#lastDigest = reader.string() || null;
    this.#digests.forEach((digest, table) => {
      const { name, schema } = this.pipeline.sinks[table]!;
      assert(digest.rows === 0, 'state is restored into a new engine');
      this.#digests[table] = OutputDigest.restore(reader, name, schema, this.#options.hash);
    });
    for (const node of this.#operators()) {
      const name = reader.string();
      if (name !== node.operator.name) throw new TapewrightError('CHECKPOINT_MISMATCH', `the checkpoint holds ${name} where the plan has ${node.operator.name}`);
      node.operator.restore(new ByteReader(reader.bytes()));
    }
  }

  #operators(): OperatorNode[] {
    return this.plan.nodes.filter((node): node is OperatorNode => node.kind === 'operator');
  }
}

/** A row that never entered a step: its event time cannot be used. */
export interface DeadLetterOrigin {
  /** Row of the batch that was read. */
  readonly row: number;
  readonly position: number;
  readonly error: string;
  readonly expression: string;
}

interface ChunkSource {
  /** Null at the end of history. */
  readonly batch: ScanBatch | null;
  readonly now: Float64Array | null;
  /** Added to a chunk row's index: its number in the lane. */
  readonly ordinal: number;
}

class StepInProgress {
  readonly outputs: Batch[][];
  readonly late: Placed<LateRow>[] = [];
  readonly deadLetters: Placed<DeadLetter>[] = [];
  readonly slices: Slice[] = [];
  open: Omit<Slice, 'checksum'> | null = null;
  readonly endedBeyond = new Set<number>();

  constructor(tables: number) {
    this.outputs = Array.from({ length: tables }, () => []);
  }
}

/** What a step refused, with its place in the order of the lane: the row that released it, then the node. */
interface Placed<Item> {
  readonly ordinal: number;
  readonly node: number;
  readonly item: Item;
}

/** Nodes see a chunk one after the other; by row and node, the order does not depend on how rows were cut. */
function inOrder<Item>(placed: readonly Placed<Item>[]): Item[] {
  return [...placed].sort((a, b) => a.ordinal - b.ordinal || a.node - b.node).map(({ item }) => item);
}

let ascending = new Int32Array(0);

/** 0, 1, 2 … up to `length`. */
function identity(length: number): Int32Array {
  if (ascending.length < length) ascending = Int32Array.from({ length: Math.max(length, 65_536) }, (_, index) => index);
  return ascending;
}

function timesOf(time: Float64Array, rows: Int32Array | null, from: number, length: number): Float64Array {
  if (rows === null) return time.subarray(from, from + length);
  const times = new Float64Array(length);
  for (let row = 0; row < length; row += 1) times[row] = time[rows[row]!]!;
  return times;
}

function marksOf(column: { values: unknown; nulls?: Uint8Array | null } | undefined, time: Float64Array): Float64Array {
  if (column === undefined) return new Float64Array(time.length).fill(-Infinity);
  const values = column.values as Float64Array;
  const nulls = column.nulls ?? null;
  return nulls === null ? values : values.map((value, row) => (nulls[row] === 0 ? value : -Infinity));
}

function reachable(nodes: readonly PhysicalNode[], input: number): number[] {
  const reached = new Set<number>();
  nodes.forEach((node, index) => {
    const from = node.kind === 'source' ? [] : typeof node.from === 'number' ? [node.from] : node.from;
    if ((node.kind === 'source' && node.input === input) || from.some((source) => reached.has(source))) reached.add(index);
  });
  return [...reached];
}

/** One row as JSON, for people: integers beyond 2^53 and NaN as strings. */
export function rowJson(batch: Batch, row: number, schema: Schema): string {
  const entries = schema.map(({ name }, column) => {
    const value = cell(batch.columns[column]!, row);
    return [name, typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

function failedStrictly(letter: DeadLetter): TapewrightError {
  return new TapewrightError('EXPRESSION_FAILED',
    `${letter.expression}: ${letter.error}, at row ${letter.position} of ${letter.input}. Without --strict such rows go to dead-letters.parquet.`, { ...letter });
}
