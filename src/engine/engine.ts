/**
 * One lane of a pipeline as a fold: (state, step, rows of its slices) -> (state, outputs). Pure and synchronous.
 * A row passes the whole plan before its watermark does; nothing depends on how rows are cut into batches.
 */
import type { Batch } from '../core/batch.js';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { gather } from '../core/column-builder.js';
import { greatestOf } from '../core/event-time.js';
import { OutputDigest, type HashFunction } from '../core/digest.js';
import { TapewrightError, assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import type { PageLimits } from '../core/keyed-pages.js';
import { StepDigest } from '../core/step-digest.js';
import type { DeadLetter, LateRow, OutputRows, StepRecord } from '../core/step.js';
import type { Schema } from '../core/types.js';
import { mergeRows } from '../operators/merge-rows.js';
import { noRows, type Operator, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from '../operators/operator.js';
import { inOnePiece, inParts, readOperators, writeOperators, type EngineState } from './engine-state.js';
import { buildPhysical, type PhysicalNode, type PhysicalPlan } from './physical.js';
import { idleTimeoutOf } from '../plan/idle-timeout.js';
import type { Pipeline } from '../plan/plan.js';
import type { FailedRow } from '../plan/stage.js';
import { digestSchema, kindCodesOf, withKinds } from './changelog.js';
import { SliceChecksum } from './checksum.js';
import { moment, rowAt, type ChunkPart, type ChunkSource } from './chunk.js';
import { PendingRows } from './pending-rows.js';
import { Reached } from './reached.js';
import { releasersOf } from './released-by.js';
import { failedResult, failedRow, failedStrictly, lateRow, type Situation } from './refused-rows.js';
import { identity, kindsOf, ownColumns, picked, timesOf } from './row-arrays.js';
import { Idleness } from './idleness.js';
import { scanRows, type ReadRows, type ScannedRows } from './scan.js';
import { marksIn, positionOf, type ScanBatch, type SliceRows } from './scan-batch.js';
import { netted } from './net-changes.js';
import { StepInProgress, inOrder } from './step-in-progress.js';
import { slicesOf, transactedSlice, type TransactedRows } from './transacted-rows.js';
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
  /** Outputs say which row let each of their rows go. Not where rows are withheld. */
  readonly releasedBy?: boolean;
  /** Limits of the pages that keyed state is kept in; the usual ones when not given. */
  readonly pages?: PageLimits;
  /** Sources whose rows come in transactions, by database: their watermarks move at the end of each. None when not given. */
  readonly captures?: readonly (readonly number[])[];
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
  /** As `withheld`, and its outputs do not count either. */
  readonly silent?: boolean;
  /** Rows that could not be read, to be kept with this step. */
  readonly rejected?: readonly Omit<DeadLetter, 'lane' | 'step'>[];
}

type OperatorNode = Extract<PhysicalNode, { kind: 'operator' }>;
type StageNode = Extract<PhysicalNode, { kind: 'stage' }>;

const SNAPSHOT_FORMAT = 4;

export class Engine {
  readonly plan: PhysicalPlan;
  readonly pipeline: Pipeline;
  readonly #inputNames: readonly string[];
  readonly #options: EngineOptions;
  readonly #reached: Reached;
  readonly #digests: OutputDigest[];
  readonly #stepDigest: StepDigest;
  /** Digest of the last step; null before the first. */
  #lastDigest: string | null = null;
  /** By input and partition. */
  readonly #checksums: SliceChecksum[][];
  #step: StepInProgress | null = null;
  #nows = new Float64Array(0);
  /** `now` as far as rows have run; the clock stands at 1970 before any event time. */
  #nowRun = -Infinity;
  /** The clock of the current step, where the journal says it; null: event time is the clock, as in replay. */
  #stepNow: number | null = null;
  /** Null: no partition is ever idle. */
  readonly #idleness: Idleness | null;
  readonly #pending: PendingRows;
  /** Rows run through the plan: the number of the next one in the lane. */
  #rowsRun = 0;
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
    this.#inputNames = pipeline.sources.map(({ name }) => name);
    this.#options = options;
    this.plan = buildPhysical(pipeline);
    if (options.pages !== undefined) for (const operator of this.#operators()) operator.limitPages?.(options.pages);
    this.#reached = new Reached(this.plan.nodes, pipeline.sources.length, options.captures ?? []);
    this.#digests = pipeline.sinks.map((sink) => new OutputDigest(sink.name, digestSchema(sink), options.hash));
    this.#stepDigest = new StepDigest(pipeline.sinks.length, options.hash);
    this.#checksums = options.partitions.map((count, input) => Array.from({ length: count }, () => new SliceChecksum(this.plan.columns[input]!.length)));
    const captures = (options.captures ?? []).map((inputs) => inputs.map((input) => ({ input, delay: this.plan.scans[input]?.delayed?.delay ?? null })));
    this.#watermarks = new Watermarks(pipeline.sources.map((source) => source.watermark !== null), options.partitions, this.plan.groups, captures);
    const idleTimeout = idleTimeoutOf(pipeline.settings);
    this.#idleness = idleTimeout === null ? null : new Idleness(idleTimeout, pipeline.sources.map((source) => source.watermark !== null), options.partitions, this.#watermarks);
    this.#delivered = options.partitions.map((count) => new Float64Array(count).fill(-Infinity));
    this.#positions = options.partitions.map((count) => new Float64Array(count));
    this.#pending = new PendingRows(options.partitions);
  }

  get seq(): number {
    return this.#seq;
  }

  get now(): number {
    return this.#now;
  }

  /**
   * Steps from here on have this clock, epoch ms: what the journal of a live run says. It never goes back. To be called
   * before the first row of a step. Partitions that have been silent for too long by it are idle; `resumed`: silence
   * counts from now, since nobody listened before.
   */
  tick(now: number, resumed = false): void {
    this.#flush();
    this.#stepNow = Math.max(now, this.#stepNow ?? -Infinity);
    if (this.#idleness === null) return;
    for (const silent of this.#idleness.tick(this.#stepNow, resumed)) {
      this.#step ??= new StepInProgress(this.pipeline.sinks.length);
      this.#move(this.#reached.all, () => this.#watermarks.sleep(silent), false);
    }
  }

  /** When the next input partition is idle if it stays silent, epoch ms; Infinity: none. */
  get idleAt(): number {
    return this.#idleness?.nextDue ?? Infinity;
  }

  /** By input and partition, as a step's record has them. */
  get watermarks(): StepRecord['watermarks'] {
    return this.#watermarks.record();
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

  /** Rows before `position` that were not fed could not be used: they are not read again. */
  skip(input: number, partition: number, position: number): void {
    if (position > this.#positions[input]![partition]!) this.#positions[input]![partition] = position;
  }

  /** Event times and watermarks of freshly read rows; see `scanRows`. */
  scan(input: number, partition: number, read: ReadRows): ScannedRows {
    const scanned = scanRows(this.plan.scans[input]!, input, partition, read);
    return faults.filteredRowsHoldWatermark || faults.watermarkAhead ? { ...scanned, batch: this.#wronglyMarked(scanned.batch) } : scanned;
  }

  /** The planted bugs `filteredRowsHoldWatermark` and `watermarkAhead`. */
  #wronglyMarked(scanned: ScanBatch): ScanBatch {
    if (faults.watermarkAhead) return { ...scanned, marks: marksIn(scanned).map((mark) => mark + 1) };
    const passing = new Set<number>();
    for (const node of this.plan.nodes) {
      const from = node.kind === 'stage' ? this.plan.nodes[node.from]! : null;
      if (node.kind !== 'stage' || from === null || from.kind !== 'source' || from.input !== scanned.input) continue;
      const { rows, length } = node.stage.run(scanned.batch, 0, scanned.batch.length, null);
      for (let row = 0; row < length; row += 1) passing.add(rows === null ? row : rows[row]!);
    }
    return { ...scanned, marks: marksIn(scanned).map((mark, row) => (passing.has(row) ? mark : -Infinity)) };
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
    const { batch, to } = rows;
    let { from } = rows;
    for (const { row, mark } of batch.marksBefore) {
      if (row < from || row >= to) continue;
      if (row > from) this.#take({ batch, from, to: row });
      from = row;
      this.#raise(batch, mark);
    }
    this.#take(from === rows.from ? rows : { batch, from, to });
  }

  /** As `feed`, of transactions [first, end) that are whole, at once. */
  feedTransactions(rows: TransactedRows, first: number, end: number): void {
    if (first === end) return;
    const hears = this.#idleness !== null && this.#stepNow !== null;
    if (hears || rows.batches.some(({ marksBefore }) => marksBefore.length > 0)) {
      for (const slice of slicesOf(rows, first, end)) this.feed(slice);
      return;
    }
    this.#step ??= new StepInProgress(this.pipeline.sinks.length);
    const slice = transactedSlice(rows, first, end);
    if (slice.parts.some(({ batch }) => this.#pending.isBefore(batch))) this.#flush();
    this.#pending.addTransacted(slice);
    this.#step.recordTransacted(slice);
    for (const part of slice.parts) this.#note(part);
  }

  #take(rows: SliceRows): void {
    if (this.#idleness !== null) this.#hear(rows.batch);
    if (this.#pending.isBefore(rows.batch)) this.#flush();
    this.#pending.add(rows);
    this.#step!.record(rows);
    this.#note(rows);
  }

  /** A partition that was idle holds the watermark back again, from this row on. */
  #hear(partition: ScanBatch): void {
    if (this.#stepNow === null || !this.#idleness!.hear(partition, this.#stepNow)) return;
    this.#flush();
    this.#watermarks.wake(partition);
  }

  /** Drops what the step has put out so far: for one that is closed `silent`, and has more rows than memory holds the outputs of. */
  forget(): void {
    this.#flush();
    this.#step?.forget();
  }

  /** Whether rows of a step were fed that is not closed yet. */
  get midStep(): boolean {
    return this.#step !== null;
  }

  /** Ends the current step. Its outputs and digest do not depend on how its rows were fed. */
  close(options: CloseOptions): StepResult {
    assert(!this.#pending.isOpen, 'a step ends with its last transaction');
    this.#flush();
    const step = (this.#step ??= new StepInProgress(this.pipeline.sinks.length));
    for (const slice of step.slices) step.checksums.push(this.#checksums[slice.input]![slice.partition]!.finish());
    if (options.end) this.#end();
    this.#step = null;
    return this.#finish(step, options);
  }

  /** Moves what the merge asks for: counts, positions, event times. */
  #note({ batch, from, to, greatest }: SliceRows): void {
    const { input, partition, time } = batch;
    this.#counts.rows += to - from;
    const before = this.#delivered[input]![partition]!;
    const delivered = greatest === undefined ? greatestOf(time, from, to, before) : Math.max(greatest, before);
    this.#delivered[input]![partition] = delivered;
    if (delivered > this.#now) this.#now = delivered;
    this.#positions[input]![partition] = positionOf(batch, to - 1) + 1;
  }

  /** Runs the rows fed so far through the plan, but for those of a transaction that has not ended. */
  #flush(): void {
    const source = this.#pending.take(this.#rowsRun);
    if (source === null) return;
    this.#rowsRun += source.chunk.to - source.chunk.from;
    // Here, not where rows are fed: inputs may take turns row by row, and each call costs.
    for (const { batch, from, to } of source.parts) this.#checksums[batch.input]![batch.partition]!.update(batch.batch, from, to);
    const { behind, path } = this.#watermarks.advance(source);
    this.#counts.behind += behind;
    this.#run(this.#reached.byAll(source.parts), { source, path, now: this.plan.usesNow ? this.#nowPath(source) : null, isEnd: false });
  }

  /** CURRENT_TIMESTAMP at each chunk row: the greatest event time up to it. One array for all chunks. */
  #nowPath(source: ChunkSource): Float64Array {
    const { from, to } = source.chunk;
    if (this.#nows.length < to) this.#nows = new Float64Array(Math.max(to, 1024));
    if (this.#stepNow !== null) return this.#nows.fill(this.#stepNow, from, to);
    for (let at = from; at < to; at += 1) {
      const { batch, row } = rowAt(source, at)!;
      if (batch.time[row]! > this.#nowRun) this.#nowRun = batch.time[row]!;
      this.#nows[at] = clockAt(this.#nowRun);
    }
    return this.#nows;
  }

  #end(): void {
    this.#move(this.#reached.all, () => this.#watermarks.end(), true);
  }

  /** A mark that stands before a row has its own turn: what it lets go is not judged by it. */
  #raise({ input, partition }: ScanBatch, mark: number): void {
    if (mark <= this.#watermarks.get(input, partition)) return;
    this.#flush();
    this.#move(this.#reached.by(input), () => this.#watermarks.raise(input, partition, mark), false);
  }

  /** Watermarks move without a row. */
  #move(nodes: readonly number[], advance: () => void, isEnd: boolean): void {
    const paths = this.plan.groups.map((_, group) => ({ before: this.#watermarks.of(group), after: new Float64Array(1) }));
    advance();
    paths.forEach(({ after }, group) => { after[0] = this.#watermarks.of(group); });
    const now = this.plan.usesNow ? new Float64Array(1).fill(this.#stepNow ?? clockAt(this.#nowRun)) : null;
    this.#run(nodes, { source: moment(this.#rowsRun), path: (group) => paths[group]!, now, isEnd });
  }

  #run(nodes: readonly number[], turn: Turn): void {
    const step = this.#step!;
    const results = new Array<Rows>(this.plan.nodes.length).fill(noRows);
    for (const index of nodes) {
      const node = this.plan.nodes[index]!;
      if (node.kind === 'stage') results[index] = this.#stage(index, node, results, turn);
      else if (node.kind === 'operator') {
        const rows = this.#operate(index, node, results, turn);
        results[index] = rows;
        if (turn.isEnd && node.window) for (let row = 0; row < rows.batch.length; row += 1) step.endedBeyond.add(rows.time[row]! + 1);
      } else if (node.kind === 'union') results[index] = mergeRows(node.from.map((from) => results[from]!));
      else if (node.kind === 'output') {
        const merged = mergeRows(node.from.map((from) => results[from]!));
        // What changes rows that were withheld must come with them: a changelog is whole or worth nothing.
        const rows = node.changes === 'none' ? this.#released(merged) : withKinds(netted(merged, turn.source.transactions, node.key), this.pipeline.sinks[node.table]!);
        if (rows.batch.length === 0) continue;
        step.outputs[node.table]!.push(rows.batch);
        if (this.#options.releasedBy === true) step.releasedBy[node.table]!.push(releasersOf(turn.source, rows));
      }
    }
  }

  #operate(index: number, node: OperatorNode, results: readonly Rows[], { source, path, now }: Turn): Rows {
    const own = path(node.group);
    const watermark = now === null ? own : { before: own.before, after: own.after, now };
    const { made, from } = node;
    const report = this.#reportOf(index, node, 0, source);
    if (made.inputs === 1) return made.operator.process(results[from[0]!]!, source.chunk, watermark, report);
    return made.operator.process(results[from[0]!]!, results[from[1]!]!, source.chunk, watermark, [report, this.#reportOf(index, node, 1, source)]);
  }

  #reportOf(index: number, node: OperatorNode, side: number, source: ChunkSource): Report {
    const step = this.#step!;
    // A row that many windows refuse is written once.
    let last: LateRow | null = null;
    let lastRow = -1;
    return {
      late: (refusal) => {
        if (faults.lateRowsDropped) return;
        const { rows, row, windowStart, windowEnd } = refusal;
        last = last !== null && row === lastRow ? { ...last, windowStart, windowEnd } : lateRow(node, side, refusal, source, this.#situation());
        lastRow = row;
        step.late.push({ ordinal: source.ordinal + rows.released[row]!, node: index, item: last });
      },
      failed: (failure) => {
        if (!this.#isWithheld(failure.time)) step.deadLetters.push({ ordinal: source.ordinal + failure.released, node: index, item: failedResult(node, failure, source, this.#situation()) });
      },
    };
  }

  #stage(index: number, node: StageNode, results: readonly Rows[], turn: Turn): Rows {
    const from = this.plan.nodes[node.from]! as Extract<PhysicalNode, { schema: Schema }>;
    if (from.kind !== 'source') return this.#derivedStage(index, node, from.schema, results[node.from]!, turn);
    const parts = turn.source.parts.filter(({ batch }) => batch.input === from.input);
    // Of several parts the rows must all be there when they are merged.
    const lends = node.lends && parts.length === 1;
    return mergeRows(parts.map((part) => this.#sourceStage(index, node, from.schema, part, turn, lends)));
  }

  #sourceStage(index: number, node: StageNode, schema: Schema, { batch, from, to, released }: ChunkPart, { source, now }: Turn, lends: boolean): Rows {
    // CURRENT_TIMESTAMP is known by chunk row; the stage asks by batch row.
    let nowAt = now;
    if (now !== null && released !== null) {
      nowAt = new Float64Array(to);
      for (let row = from; row < to; row += 1) nowAt[row] = now[released[row - from]!]!;
    }
    const result = node.stage.run(batch.batch, from, to, nowAt, lends);
    const at = (row: number) => (released === null ? row : released[row - from]!);
    for (const failed of result.failed) if (!this.#isWithheld(batch.time[failed.row]!)) this.#failRow(index, node, failed, at(failed.row), batch.batch, schema, source);
    const { rows, length } = result;
    let letOut: Int32Array;
    if (released === null) letOut = rows ?? identity(to).subarray(from, to);
    else letOut = rows === null ? released : picked(released, rows, from, length);
    const time = timesOf(batch.time, rows, from, length);
    if (batch.lent !== true || lends) return { batch: { length, columns: result.columns }, released: letOut, time };
    return { batch: { length, columns: ownColumns(result.columns, batch.batch) }, released: letOut, time: rows === null ? time.slice() : time };
  }

  #derivedStage(index: number, node: StageNode, schema: Schema, rows: Rows, { source, now }: Turn): Rows {
    const { length } = rows.batch;
    if (length === 0) return noRows;
    const nowAt = now === null ? null : Float64Array.from(rows.released.subarray(0, length), (row) => now[row]!);
    const result = node.stage.run(rows.batch, 0, length, nowAt, node.lends);
    for (const failed of result.failed) if (!this.#isWithheld(rows.time[failed.row]!)) this.#failRow(index, node, failed, rows.released[failed.row]!, rows.batch, schema, source);
    if (result.rows === null) return { batch: { length: result.length, columns: result.columns }, released: rows.released, time: rows.time, kinds: rows.kinds };
    const kept = result.rows;
    return {
      batch: { length: result.length, columns: result.columns },
      released: picked(rows.released, kept, 0, result.length),
      time: timesOf(rows.time, kept, 0, result.length),
      kinds: rows.kinds === undefined ? undefined : kindsOf(rows.kinds, kept, result.length),
    };
  }

  #failRow(index: number, node: StageNode, failed: FailedRow, released: number, batch: Batch, schema: Schema, source: ChunkSource): void {
    this.#step!.deadLetters.push({ ordinal: source.ordinal + released, node: index, item: failedRow(node, failed, released, batch, schema, source, this.#situation()) });
  }

  #situation(): Situation {
    return {
      lane: this.#options.lane, step: this.#seq, inputs: this.#inputNames,
      end: { position: this.#positions[0]![0]!, eventTime: this.#now },
    };
  }

  /** Whether what `time` caused lies before `--from`. What has no event time (-Infinity) does not. */
  #isWithheld(time: number): boolean {
    const { withholdBefore } = this.#options;
    return withholdBefore !== null && time < withholdBefore && time !== -Infinity;
  }

  /** Without the rows that `--from` withholds. */
  #released(rows: Rows): Rows {
    if (this.#options.withholdBefore === null || rows.batch.length === 0) return rows;
    const kept: number[] = [];
    for (let row = 0; row < rows.batch.length; row += 1) if (!this.#isWithheld(rows.time[row]!)) kept.push(row);
    if (kept.length === rows.batch.length) return rows;
    return { batch: { length: kept.length, columns: rows.batch.columns.map((column) => gather(column, kept, kept.length)) }, released: rows.released, time: rows.time };
  }

  #finish(step: StepInProgress, { end, silent = false, withheld = silent, rejected = [] }: CloseOptions): StepResult {
    const { lane, strict } = this.#options;
    if (withheld) {
      step.late.length = 0;
      step.deadLetters.length = 0;
    }
    if (silent) step.forget();
    for (const item of rejected) step.deadLetters.push({ ordinal: this.#counts.rows, node: -1, item: { ...item, lane, step: this.#seq } });
    if (strict && step.deadLetters.length > 0) throw failedStrictly(inOrder(step.deadLetters)[0]!);
    step.outputs.forEach((batches, table) => {
      const { changes } = this.pipeline.sinks[table]!;
      const [digest, step] = [this.#digests[table]!, this.#stepDigest.outputs[table]!];
      for (const batch of batches) digest.append(batch, step, changes === 'none' ? null : kindCodesOf(batch));
    });
    const late = inOrder(step.late);
    const deadLetters = inOrder(step.deadLetters);
    this.#counts.late += late.length;
    this.#counts.deadLetters += deadLetters.length;
    const watermarks = this.#watermarks.record();
    this.#lastDigest = this.#stepDigest.close(this.#lastDigest, late, deadLetters, watermarks);
    const record: StepRecord = {
      lane, seq: this.#seq, now: this.#stepNow ?? this.#now, slices: step.slices.map(({ input, partition, from, to, rows }, index) => ({ input, partition, from, to, rows, checksum: step.checksums[index]! })),
      order: step.order, end, ...(this.#idleness?.resumed === true ? { resumed: true } : {}), digest: this.#lastDigest,
      outputRows: this.#digests.map((digest) => digest.rows), watermarks,
    };
    this.#seq += 1;
    const outputs: OutputRows[] = [];
    step.outputs.forEach((batches, table) => batches.forEach((batch, index) => {
      const releasedBy = step.releasedBy[table]![index];
      outputs.push(releasedBy === undefined ? { table, batch } : { table, batch, releasedBy });
    }));
    return { record, outputs, late, deadLetters, endedBeyond: step.endedBeyond };
  }

  /** All state in one piece. */
  snapshot(): Uint8Array {
    return inOnePiece(this.checkpoint());
  }

  /** What `snapshot` returned, into a new engine. */
  restore(bytes: Uint8Array): void {
    this.resume(inParts(bytes));
  }

  /** All state. What there is of it in pages is not copied. */
  checkpoint(): EngineState {
    assert(this.#step === null, 'a snapshot is taken between steps');
    const writer = new ByteWriter(65_536);
    writer.u32(SNAPSHOT_FORMAT);
    writer.varint(this.#seq);
    writer.f64(this.#now);
    this.#watermarks.snapshot(writer);
    this.#idleness?.snapshot(writer);
    for (const times of this.#delivered) writer.float64Array(times);
    for (const positions of this.#positions) writer.float64Array(positions);
    for (const count of Object.values(this.#counts)) writer.varint(count);
    writer.string(this.#lastDigest ?? '');
    for (const digest of this.#digests) digest.snapshot(writer);
    const pages = writeOperators(writer, this.#operators());
    return { body: writer.toBytes(), pages };
  }

  /** What `checkpoint` returned, into a new engine. The pages are not to be changed. */
  resume({ body, pages }: EngineState): void {
    const reader = new ByteReader(body);
    const format = reader.u32();
    if (format !== SNAPSHOT_FORMAT) throw new TapewrightError('CHECKPOINT_MISMATCH', `the checkpoint has format ${format}, this version reads ${SNAPSHOT_FORMAT}`);
    this.#seq = reader.varint();
    this.#now = reader.f64();
    this.#watermarks.restore(reader);
    this.#idleness?.restore(reader);
    this.#delivered = this.#delivered.map(() => reader.float64Array());
    this.#positions = this.#positions.map(() => reader.float64Array());
    this.#counts = { rows: reader.varint(), behind: reader.varint(), late: reader.varint(), deadLetters: reader.varint() };
    this.#rowsRun = this.#counts.rows;
    this.#nowRun = this.#now;
    this.#lastDigest = reader.string() || null;
    this.#digests.forEach((digest, table) => {
      const sink = this.pipeline.sinks[table]!;
      assert(digest.rows === 0, 'state is restored into a new engine');
      this.#digests[table] = OutputDigest.restore(reader, sink.name, digestSchema(sink), this.#options.hash);
    });
    readOperators(reader, pages, this.#operators());
  }

  #operators(): (Operator | TwoInputOperator)[] {
    return this.plan.nodes.flatMap((node) => (node.kind === 'operator' ? [node.made.operator] : []));
  }
}

/** A chunk on its way through the plan. */
interface Turn {
  readonly source: ChunkSource;
  path(group: number): WatermarkPath;
  /** CURRENT_TIMESTAMP by chunk row, where the plan uses it. */
  readonly now: Float64Array | null;
  readonly isEnd: boolean;
}

const clockAt = (now: number): number => (now === -Infinity ? 0 : now);
