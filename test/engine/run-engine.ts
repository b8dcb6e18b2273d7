/** Runs SQL over rows in memory: planner, merge and engine as a replay uses them, without files. */
import { createHash } from 'node:crypto';
import { Dictionary, cell, type Batch, type Column } from '../../src/core/batch.js';
import type { HashFunction } from '../../src/core/digest.js';
import type { DeadLetter, LateRow, StepRecord } from '../../src/core/step.js';
import { storageOf, type Field, type Int64 } from '../../src/core/types.js';
import { Engine } from '../../src/engine/engine.js';
import { rawSchema } from '../../src/engine/physical.js';
import type { Pipeline } from '../../src/plan/plan.js';
import { LaneFeed } from '../../src/runtime/lane-feed.js';
import { planSql } from '../../src/sql/planner.js';
import { read, tinyPages, write } from './written-pages.js';

export type Value = number | bigint | string | boolean | null;
export type Row = Readonly<Record<string, Value>>;
/** A row, or a watermark (epoch ms) from there on, for tables with SOURCE_WATERMARK(). */
export type Entry = Row | { readonly mark: number };

export interface RunOptions {
  /** Rows of one batch after the other, from the beginning again when they are used up. */
  readonly batchRows?: readonly number[];
  readonly stepEvery?: number;
  /** Event time before which outputs are withheld. */
  readonly from?: number;
  readonly end?: boolean;
  /** Strings come as plain strings, as codes of one dictionary, or of a new dictionary for each batch. */
  readonly strings?: 'plain' | 'coded' | 'recoded';
  /** Throw the engine away after each step so many steps apart, and go on from its snapshot. */
  readonly restoreEvery?: number;
}

export interface EngineRun {
  /** Rows of each output by name. */
  readonly outputs: Readonly<Record<string, readonly (readonly (Int64 | string | null)[])[]>>;
  readonly late: readonly LateRow[];
  readonly deadLetters: readonly DeadLetter[];
  readonly records: readonly StepRecord[];
  readonly digests: readonly string[];
  readonly counts: Engine['counts'];
}

const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

export function runSql(sql: string, tables: Readonly<Record<string, readonly Entry[]>>, options: RunOptions = {}): EngineRun {
  return runPipeline(planSql(sql), tables, options);
}

export function runPipeline(pipeline: Pipeline, tables: Readonly<Record<string, readonly Entry[]>>, options: RunOptions = {}): EngineRun {
  const outputs: Record<string, (Int64 | string | null)[][]> = Object.fromEntries(pipeline.sinks.map(({ name }) => [name, []]));
  const late: LateRow[] = [];
  const deadLetters: DeadLetter[] = [];
  const records: StepRecord[] = [];
  const inputs = pipeline.sources.map((source, input) => new MemoryInput(pipeline, input, tables[source.name] ?? [], options));
  let engine = newEngine(pipeline, options);
  for (;;) {
    let renew = false;
    const feed = new LaneFeed(engine, { stepEvery: options.stepEvery ?? 10_000, from: options.from ?? null }, (result) => {
      for (const { table, batch } of result.outputs) {
        const { name, schema } = pipeline.sinks[table]!;
        for (let row = 0; row < batch.length; row += 1) outputs[name]!.push(schema.map((_, column) => cell(batch.columns[column]!, row)));
      }
      for (const row of result.late) late.push(row);
      for (const letter of result.deadLetters) deadLetters.push(letter);
      records.push(result.record);
      renew = options.restoreEvery !== undefined && records.length % options.restoreEvery === 0;
    });
    for (const input of inputs) input.seek(engine.position(input.input, 0));
    if (drained(feed, engine, inputs, () => renew)) {
      feed.finish(options.end ?? true);
      return { outputs, late, deadLetters, records, digests: engine.outputs.map(({ digest }) => digest), counts: engine.counts };
    }
    const state = write(engine.checkpoint());
    engine = newEngine(pipeline, options);
    engine.resume(read(state));
  }
}

function newEngine(pipeline: Pipeline, options: RunOptions): Engine {
  return new Engine(pipeline, { lane: 0, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: options.from ?? null, strict: false, ...(options.restoreEvery === undefined ? {} : { pages: tinyPages }) });
}

/** False: paused at a step's end. */
function drained(feed: LaneFeed, engine: Engine, inputs: readonly MemoryInput[], pause: () => boolean): boolean {
  for (;;) {
    const end = feed.drain(Infinity, pause);
    if (end.kind === 'done') return true;
    if (end.kind === 'paused') return false;
    if (end.kind === 'starved') inputs[end.input]!.read(engine, feed);
  }
}

class MemoryInput {
  readonly #rows: readonly Row[];
  /** Watermarks before the first row, and after each. */
  readonly #before: number;
  readonly #after: Float64Array;
  readonly #isMarked: boolean;
  #dictionary = new Dictionary();
  #at = 0;
  #cut = 0;

  constructor(private readonly pipeline: Pipeline, readonly input: number, entries: readonly Entry[], private readonly options: RunOptions) {
    const rows: Row[] = [];
    const after: number[] = [];
    let mark = -Infinity;
    let before = -Infinity;
    for (const entry of entries) {
      if (typeof entry['mark'] === 'number') {
        mark = Math.max(mark, entry['mark']);
        if (rows.length === 0) before = mark;
        else after[rows.length - 1] = mark;
      } else {
        rows.push(entry as Row);
        after.push(mark);
      }
    }
    this.#rows = rows;
    this.#before = before;
    this.#after = Float64Array.from(after);
    this.#isMarked = mark > -Infinity;
  }

  seek(position: number): void {
    this.#at = position;
  }

  read(engine: Engine, feed: LaneFeed): void {
    const sizes = this.options.batchRows ?? [1024];
    const size = Math.max(1, sizes[this.#cut % sizes.length]!);
    this.#cut += 1;
    const from = this.#at;
    const rows = this.#rows.slice(from, from + size);
    if (rows.length === 0) {
      feed.end(this.input);
      return;
    }
    this.#at += rows.length;
    if (this.options.strings === 'recoded') this.#dictionary = new Dictionary();
    const raw = rawSchema(this.pipeline.sources[this.input]!);
    const batch: Batch = { length: rows.length, columns: engine.plan.columns[this.input]!.map((column) => this.#column(raw[column]!, rows)) };
    const watermarks = this.#isMarked ? { before: from === 0 ? this.#before : this.#after[from - 1]!, after: this.#after.slice(from, from + rows.length) } : null;
    const scanned = engine.scan(this.input, 0, { batch, position: from, positions: null, watermarks });
    for (const { position, error, expression } of scanned.rejected) {
      feed.reject(this.input, { input: this.pipeline.sources[this.input]!.name, partition: 0, position, eventTime: null, statement: -1, operator: 'source', expression, error, key: null, value: null });
    }
    feed.push(scanned.batch);
  }

  #column({ name, type }: Field, rows: readonly Row[]): Column {
    const values = rows.map((row) => row[name] ?? null);
    const storage = storageOf(type);
    if (storage === 'text') {
      if (this.options.strings === undefined || this.options.strings === 'plain') return { storage, values: values as (string | null)[], dictionary: null };
      return { storage, values: Int32Array.from(values as (string | null)[], (text) => this.#dictionary.intern(text)), dictionary: this.#dictionary };
    }
    const nulls = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
    if (storage === 'int64' && values.some((value) => typeof value === 'bigint')) return { storage, values: values.map((value) => (value ?? 0) as Int64), nulls };
    return { storage, values: Float64Array.from(values, (value) => Number(value ?? 0)), nulls } as Column;
  }
}
