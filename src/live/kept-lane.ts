/** What a lane took in, kept as it came: rows by input, messages that could not be used, and the journal. Crash-safe. */
import { cell, type Batch, type Column } from '../core/batch.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { sqlType, storageOf, type Schema } from '../core/types.js';
import { positionOf, type SliceRows } from '../engine/scan-batch.js';
import { keptOrigin, keptRejectedSchema, keptSchema } from '../runtime/kept-input.js';
import { journalLine } from '../stores/journal.js';
import type { StepRecord } from '../core/step.js';
import { Recording, type RecordedTable } from './recording.js';
import { isCaptured, type FoldedStep, type LaneInput, type Rejection } from './rerun.js';

interface State {
  /** The next step to be kept. */
  readonly seq: number;
  /** Least and greatest event time; null before any. */
  readonly span: { readonly from: number; readonly to: number } | null;
  /** Whether its first step only built state. */
  readonly warm: boolean;
}

export const rejectedTable = 'rejected';
export const journalTable = 'journal';
export const inputTable = (input: number): string => `input-${input}`;

const journalSchema: Schema = [{ name: 'line', type: sqlType('STRING', false) }];

/** Rows that wait before they become a record batch. */
const waitingMax = 16_384;
/** Bytes of record batches that wait for the disk. */
const pendingMax = 16 * 1024 * 1024;

export class KeptLane {
  #seq: number;
  #warm: boolean;
  #from: number;
  #to: number;
  /** By input. */
  readonly #waiting: Fed[][];
  #rejected: { readonly step: number; readonly rejection: Rejection }[] = [];
  #lines: string[] = [];
  #rows = 0;

  private constructor(readonly recording: Recording<State>, private readonly inputs: readonly LaneInput[], private readonly schemas: readonly Schema[]) {
    const { seq, span, warm } = recording.state;
    this.#warm = warm;
    this.#seq = seq;
    this.#from = span?.from ?? Infinity;
    this.#to = span?.to ?? -Infinity;
    this.#waiting = schemas.map(() => []);
  }

  /** `schemas`: the columns that the plan reads, by input. Throws BUNDLE_LOCKED, OUTPUT_UNWRITABLE. */
  static async open(folder: string, inputs: readonly LaneInput[], schemas: readonly Schema[]): Promise<KeptLane> {
    const table = (prefix: string, schema: Schema): [string, RecordedTable] => [prefix, { schema, folder: '', prefix }];
    const tables = [...schemas.map((schema, input) => table(inputTable(input), keptSchema(schema))), table(rejectedTable, keptRejectedSchema), table(journalTable, journalSchema)];
    return new KeptLane(await Recording.open<State>(folder, Object.fromEntries(tables), { seq: 0, span: null, warm: false }), inputs, schemas);
  }

  /** The next step that it lacks. */
  get seq(): number {
    return this.#seq;
  }

  get isWarm(): boolean {
    return this.#warm;
  }

  get span(): State['span'] {
    return this.#from <= this.#to ? { from: this.#from, to: this.#to } : null;
  }

  /** As `take`, and waits for the disk where much waits for it. */
  async keep(step: FoldedStep): Promise<boolean> {
    const isKept = this.take(step);
    if (this.recording.pendingBytes >= pendingMax) await this.sync();
    return isKept;
  }

  /** Takes a step that follows; one that it has already is passed over. False: steps before it are missing. */
  take(step: FoldedStep): boolean {
    const { pieces, fed, rejected, record, silent = false } = step;
    if (record.seq < this.#seq) return true;
    if (record.seq > this.#seq) return false;
    if (silent) this.#warm = true;
    const times = timesOf(pieces.filter(({ input }) => !isCaptured(this.inputs[input]!)));
    for (const rows of fed) {
      const { input, partition, time } = rows.batch;
      this.#waiting[input]!.push({ rows, times: times.get(`${input}/${partition}`) ?? null });
      this.#rows += rows.to - rows.from;
      for (let row = rows.from; row < rows.to; row += 1) this.#see(time[row]!);
    }
    for (const rejection of sorted(rejected)) this.#rejected.push({ step: record.seq, rejection });
    this.#lines.push(journalLine(this.inputs.some(isCaptured) ? ofRows(step) : record));
    this.#seq += 1;
    if (this.#rows >= waitingMax) this.#flush();
    return true;
  }

  #see(time: number): void {
    if (time === -Infinity) return;
    if (time < this.#from) this.#from = time;
    if (time > this.#to) this.#to = time;
  }

  #flush(): void {
    this.#waiting.forEach((fed, input) => {
      this.recording.append(inputTable(input), batchOf(fed, this.schemas[input]!, this.inputs[input]!));
      fed.length = 0;
    });
    this.recording.append(rejectedTable, this.#rejectedBatch());
    this.recording.append(journalTable, { length: this.#lines.length, columns: [texts(this.#lines)] });
    this.#rejected = [];
    this.#lines = [];
    this.#rows = 0;
  }

  #rejectedBatch(): Batch {
    const found = this.#rejected;
    const at = (read: (rejection: Rejection, step: number) => number): Float64Array => Float64Array.from(found, ({ rejection, step }) => read(rejection, step));
    const text = (read: (rejection: Rejection) => string | null): Column => texts(found.map(({ rejection }) => read(rejection)));
    const { inputs } = this;
    return {
      length: found.length,
      columns: [
        { storage: 'int64', values: at((_, step) => step), nulls: null }, text(({ input }) => inputs[input]!.table),
        { storage: 'real', values: at(({ input, partition }) => inputs[input]!.partitions[partition]!), nulls: null }, { storage: 'int64', values: at(({ offset }) => offset), nulls: null },
        text(({ expression }) => expression), text(({ error }) => error), text(({ key }) => key), text(({ value }) => value),
      ],
    };
  }

  /** Makes everything taken durable. */
  async sync(): Promise<void> {
    this.#flush();
    if (this.#seq !== this.recording.state.seq) await this.recording.sync({ seq: this.#seq, span: this.span, warm: this.#warm });
  }

  /** All of it as Parquet; nothing is taken while it goes on. */
  async compact(): Promise<void> {
    await this.sync();
    for (const table of [...this.schemas.keys()].map(inputTable).concat(rejectedTable, journalTable)) await this.recording.compact(table);
  }

  close(): Promise<void> {
    return this.recording.close();
  }
}

interface Fed {
  readonly rows: SliceRows;
  /** Of the messages, by offset; null: they are of no topic. */
  readonly times: ReadonlyMap<number, number> | null;
}

/** Rows of a captured table are kept as they were applied, in one partition. */
export const keptPartitions = (input: LaneInput): readonly number[] => (isCaptured(input) ? [0] : input.partitions);

/** A step of captured tables as its rows tell it, without the records that they came in. */
function ofRows({ result: { record }, fed }: FoldedStep): StepRecord {
  const transactions: number[] = [];
  let before = 0, open = 0;
  for (const { from, to, transaction } of fed) {
    if (transaction === undefined) before += to - from;
    else open += to - from;
    if (transaction !== 'end') continue;
    transactions.push(before, open);
    before = open = 0;
  }
  return transactions.length === 0 ? record : { ...record, transactions };
}

/** Of messages by offset, by `input/partition`. */
function timesOf(pieces: FoldedStep['pieces']): Map<string, Map<number, number>> {
  const times = new Map<string, Map<number, number>>();
  for (const { input, partition, records } of pieces) {
    const key = `${input}/${partition}`;
    const known = times.get(key) ?? new Map<number, number>();
    for (const { offset, timestamp } of records) known.set(offset, timestamp);
    times.set(key, known);
  }
  return times;
}

const texts = (values: (string | null)[]): Column => ({ storage: 'text', values, dictionary: null });

/** In the order of the dead letters that the engine was given. */
const sorted = (rejected: readonly Rejection[]): Rejection[] => [...rejected].sort((a, b) => a.input - b.input || a.partition - b.partition || a.offset - b.offset);

function batchOf(fed: readonly Fed[], read: Schema, input: LaneInput): Batch {
  const partitions = keptPartitions(input);
  const schema = keptSchema(read);
  const length = fed.reduce((sum, { rows: { from, to } }) => sum + to - from, 0);
  const builders = schema.map(({ type }) => new ColumnBuilder(storageOf(type), Math.max(1, length)));
  const [partition, offset, timestamp] = builders.slice(-keptOrigin) as [ColumnBuilder, ColumnBuilder, ColumnBuilder];
  for (const { rows: { batch, from, to }, times } of fed) {
    for (let row = from; row < to; row += 1) {
      for (let column = 0; column < read.length; column += 1) builders[column]!.append(cell(batch.batch.columns[column]!, row));
      const at = positionOf(batch, row);
      partition.append(partitions[batch.partition]!);
      offset.append(at);
      timestamp.append(times?.get(at) ?? null);
    }
  }
  return { length, columns: builders.map((builder) => builder.finish()) };
}
