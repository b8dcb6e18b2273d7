/** What one lane of a run writes: outputs, late rows and dead letters as Parquet segments, and its step records. */
import type { StepResult } from '../engine/engine.js';
import type { StepRecord } from '../core/step.js';
import type { Pipeline } from '../plan/plan.js';
import { deadLetterBatch, deadLetterSchema, lateBatch, lateSchema } from '../sinks/refused.js';
import { ParquetOutput, type Segment } from '../sinks/parquet.js';
import type { Bundle } from '../stores/bundle.js';

/** Durable segments by table, in the order of the pipeline's sinks, then late rows, then dead letters. */
export interface DurableSegments {
  readonly outputs: readonly (readonly Segment[])[];
  readonly late: readonly Segment[];
  readonly deadLetters: readonly Segment[];
}

/** Step records of which more do not wait for the journal, and numbers in them: those of transactions say whose turn each row was. */
const recordsMost = 4096, numbersMost = 65_536;
/** Of a slice: a step has one for each partition that delivered rows. */
const sliceNumbers = 5;

export class LaneOutput {
  #records: StepRecord[] = [];
  /** Numbers in them. */
  #numbers = 0;

  private constructor(private readonly outputs: readonly ParquetOutput[], private readonly late: ParquetOutput, private readonly deadLetters: ParquetOutput) {}

  /** Opens the files of a lane; of an earlier process only `kept` counts, the rest is deleted. */
  static async open(bundle: Bundle, pipeline: Pipeline, lane: number, kept: DurableSegments | null): Promise<LaneOutput> {
    const outputs: ParquetOutput[] = [];
    for (const [table, { name, schema }] of pipeline.sinks.entries()) {
      outputs.push(await ParquetOutput.open(bundle.path('outputs'), name, schema, { lane, segments: kept?.outputs[table] ?? [] }));
    }
    const late = await ParquetOutput.open(bundle.directory, 'late', lateSchema, { lane, segments: kept?.late ?? [] });
    const deadLetters = await ParquetOutput.open(bundle.directory, 'dead-letters', deadLetterSchema, { lane, segments: kept?.deadLetters ?? [] });
    return new LaneOutput(outputs, late, deadLetters);
  }

  take(result: StepResult): void {
    for (const { table, batch } of result.outputs) this.outputs[table]!.append(batch);
    if (result.late.length > 0) this.late.append(lateBatch(result.late));
    if (result.deadLetters.length > 0) this.deadLetters.append(deadLetterBatch(result.deadLetters));
    // A step without rows changes nothing: it is not written, unless it ends history.
    this.#records.push(result.record);
    const { order, slices } = result.record;
    this.#numbers += order.length + sliceNumbers * slices.length;
  }

  /** Step records since the last call. */
  takeRecords(): StepRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#numbers = 0;
    return records;
  }

  /** Too many step records wait for the journal. */
  get journalDue(): boolean {
    return this.#records.length > recordsMost || this.#numbers > numbersMost;
  }

  /** Too much waits for the disk. */
  get full(): boolean {
    return this.#all().some((output) => output.full);
  }

  async drain(): Promise<void> {
    for (const output of this.#all()) await output.drain();
  }

  /** Waits until no file is being written any more, whatever came of it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#all().map((output) => output.drain()));
  }

  /** Makes everything taken so far durable. */
  async sync(): Promise<DurableSegments> {
    await Promise.all(this.#all().map((output) => output.closeSegment()));
    return {
      outputs: this.outputs.map((output) => [...output.segments]),
      late: [...this.late.segments], deadLetters: [...this.deadLetters.segments],
    };
  }

  #all(): ParquetOutput[] {
    return [...this.outputs, this.late, this.deadLetters];
  }
}
