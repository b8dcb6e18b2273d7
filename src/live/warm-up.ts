/** Builds a lane's state out of history: its step 0, of which nothing is put out. The same each time that it is made. */
import { cell } from '../core/batch.js';
import { assert, TapewrightError } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import type { Engine } from '../engine/engine.js';
import type { ScanBatch, SliceRows } from '../engine/scan-batch.js';
import { rawSchema } from '../engine/physical.js';
import { laneKeys } from '../plan/lanes.js';
import { columnRef, substitute } from '../plan/expression.js';
import type { Pipeline } from '../plan/plan.js';
import { sourceColumns } from '../runtime/source-columns.js';
import { Partitioner, pickRows, type LanePart } from '../runtime/partition.js';
import { openSource } from '../sources/open.js';
import type { Source, SourceColumn } from '../sources/source.js';
import type { StartRecord } from './journal-topic.js';
import type { LogPosition } from './log.js';
import { differs, type FoldedStep, type LaneInput } from './rerun.js';
import { findWarm, type WarmRecord } from './warm.js';
import { hasToWarm } from './warm-step.js';

/** So that rows of partitions and inputs alternate about as they would have come. */
const batchRows = 4096;
/** Rows after which what they put out is dropped. */
const forgetRows = 65_536;

export interface WarmLane {
  readonly pipeline: Pipeline;
  readonly inputs: readonly LaneInput[];
  /** Partitions of each input's topic, in all lanes. */
  readonly partitions: readonly number[];
}

/** Throws DATASET_MISSING or DATASET_CORRUPT where the history is not what the run began with, LANES_IMPOSSIBLE where rows cannot be told apart. */
export async function warmUp(lane: WarmLane, engine: Engine, { warm, positions }: Pick<StartRecord, 'warm' | 'positions'>, keep: boolean): Promise<FoldedStep> {
  assert(warm !== undefined && warm !== null && engine.seq === 0, 'history comes before the first row');
  const histories: History[] = [];
  const fed: SliceRows[] = [];
  try {
    for (const input of lane.inputs.keys()) if (warm.tables[lane.inputs[input]!.table] !== undefined) histories.push(await History.open(lane, engine, input, warm, positions));
    let rows = 0;
    for (let next = earliest(histories); next !== null; next = earliest(histories)) {
      for (const batch of next.batches) {
        const slice = { batch, from: 0, to: batch.batch.length };
        engine.feed(slice);
        if (keep) fed.push(slice);
        rows += batch.batch.length;
      }
      await next.advance();
      if (rows < forgetRows) continue;
      engine.forget();
      rows = 0;
    }
  } finally {
    for (const history of histories) await history.close();
  }
  const result = engine.close({ end: false, silent: true });
  return { pieces: [], fed, rejected: [], result, record: result.record, silent: true };
}

/** For those who make a journal again: its steps that are left when the history is in the state. Throws CHECKPOINT_MISMATCH where it gives another digest. */
export async function warmAgain(lane: WarmLane, engine: Engine, start: StartRecord, steps: readonly StepRecord[], onStep: ((step: FoldedStep) => Promise<unknown>) | null): Promise<readonly StepRecord[]> {
  const [first] = steps;
  if (first === undefined || !hasToWarm(start, engine)) return steps;
  const step = await warmUp(lane, engine, start, onStep !== null);
  if (step.record.digest !== first.digest) throw differs(first, step.record.digest);
  await onStep?.(step);
  return steps.slice(1);
}

/** The one whose rows so far reach least far in event time. */
function earliest(histories: readonly History[]): History | null {
  let found: History | null = null;
  for (const history of histories) if (!history.isEnded && (found === null || history.reached < found.reached)) found = history;
  return found;
}

/** The warm rows of one input. */
class History {
  batches: readonly ScanBatch[] = [];
  isEnded = false;
  /** Greatest event time of the batches before. */
  reached = -Infinity;
  #turn = 0;

  private constructor(
    private readonly lane: WarmLane, private readonly engine: Engine, private readonly input: number, private readonly warm: WarmRecord, private readonly starts: readonly LogPosition[],
    private readonly source: Source, private readonly read: number, private readonly partitioner: Partitioner | null, private readonly cut: 'offset' | 'time',
  ) {}

  static async open(lane: WarmLane, engine: Engine, input: number, warm: WarmRecord, starts: readonly LogPosition[]): Promise<History> {
    const { table, topic } = lane.inputs[input]!;
    const { given, base, fingerprint, cut } = warm.tables[table]!;
    const found = await findWarm(given, base, table, topic);
    if (found.fingerprint !== fingerprint) throw new TapewrightError('DATASET_CORRUPT', `${given}, which table ${table} was warmed from when the run began, has changed since (${found.fingerprint.slice(0, 16)}…, then ${fingerprint.slice(0, 16)}…); bring back what it was, or start under another group (--group)`, { table, given });
    const columns = sourceColumns(lane.pipeline, input, engine.plan.columns[input]!);
    const origin: SourceColumn[] = cut === 'time' ? [] : ['kafka_partition', 'kafka_offset'].map((name) => ({ name, type: { kind: 'BIGINT', nullable: false }, eventTime: false }));
    const source = await openSource(found.binding, [...columns, ...origin], { table, batchRows });
    const history = new History(lane, engine, input, warm, starts, source, columns.length, cut === 'time' ? partitionerOf(lane, engine, input) : null, cut);
    await history.advance();
    return history;
  }

  /** Goes to the next batch of which rows count. */
  async advance(): Promise<void> {
    for (const { greatest } of this.batches) if (greatest > this.reached) this.reached = greatest;
    for (;;) {
      const next = await this.source.next();
      this.isEnded = next === null;
      this.batches = next === null ? [] : this.#divided(next).flatMap((part, partition) => (part === null || part.batch.length === 0 ? [] : [this.#within(this.engine.scan(this.input, partition, part).batch)])).filter(({ batch }) => batch.length > 0);
      if (next === null || this.batches.length > 0) return;
    }
  }

  /** By partition of the engine; null: no rows. */
  #divided(given: LanePart): (LanePart | null)[] {
    const { partitions } = this.lane.inputs[this.input]!;
    const part = { ...given, batch: { length: given.batch.length, columns: given.batch.columns.slice(0, this.read) }, watermarks: null };
    if (this.cut === 'offset') return this.#byOffset(given, part);
    if (this.partitioner !== null) {
      const parts = this.partitioner.split(part);
      return partitions.map((partition) => parts[partition] ?? null);
    }
    if (partitions.length === 1) return [part];
    const rows = partitions.map((): number[] => []);
    for (let row = 0; row < part.batch.length; row += 1) rows[this.#turn++ % partitions.length]!.push(row);
    return rows.map((own) => pickRows(part, own));
  }

  #byOffset({ batch }: LanePart, part: LanePart): LanePart[] {
    const { topic, partitions } = this.lane.inputs[this.input]!;
    const [partition, offset] = [batch.columns[this.read]!, batch.columns[this.read + 1]!];
    return partitions.map((own) => {
      const start = this.starts.find((position) => position.topic === topic && position.partition === own)!.offset;
      const rows: number[] = [];
      for (let row = 0; row < batch.length; row += 1) if (Number(cell(partition, row)) === own && Number(cell(offset, row)) < start) rows.push(row);
      return pickRows(part, rows);
    });
  }

  /** Rows before the end; all, where offsets have cut them. */
  #within(batch: ScanBatch): ScanBatch {
    const { to } = this.warm;
    if (this.cut === 'offset' || to === null || batch.greatest < to) return batch;
    const rows: number[] = [];
    for (let row = 0; row < batch.batch.length; row += 1) if (batch.time[row]! < to) rows.push(row);
    return this.engine.scan(this.input, batch.partition, pickRows({ batch: batch.batch, position: batch.position, positions: batch.positions, watermarks: null }, rows)).batch;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** As the producer of the topic partitions its messages; null: each partition may have any row. */
function partitionerOf({ pipeline, inputs, partitions }: WarmLane, engine: Engine, input: number): Partitioner | null {
  const count = partitions[input]!;
  const { table, partitions: own } = inputs[input]!;
  if (count === 1) return null;
  const keys = laneKeys(pipeline, null);
  if (!keys.possible) return null;
  const columns = keys.columns[input]!;
  if (columns.length > 1 && own.length < count) throw new TapewrightError('LANES_IMPOSSIBLE', `--warm-from: the partitions of ${table} are told by several key fields, whose bytes history does not say; warm it from a recording of the topic`, { table });
  const source = pipeline.sources[input]!;
  const raw = rawSchema(source);
  const read = engine.plan.columns[input]!;
  const expressions = columns.map((column) => substitute(source.columns[column]!.expression, (index) => columnRef(read.indexOf(index), raw[index]!.type)));
  return new Partitioner(read.map((column) => raw[column]!), expressions, count);
}
