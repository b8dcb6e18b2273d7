/** Follows a recording through a pipeline, transaction by transaction: what its outputs are at the end of each. */
import { cell } from '../../src/core/batch.js';
import type { StepResult } from '../../src/engine/engine.js';
import { Engine } from '../../src/engine/engine.js';
import type { CaptureRecord } from '../../src/runtime/capture-reader.js';
import { findCaptures, openCapture } from '../../src/runtime/captures.js';
import { LaneFeed } from '../../src/runtime/lane-feed.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import type { Prepared } from '../../src/runtime/prepare.js';
import { sha256 } from '../../src/runtime/sha256.js';
import { bindingOf } from '../../src/sources/files.js';

type Cells = readonly (string | number | bigint | null)[];

/** Outputs as tables, by name. */
export class Standing {
  readonly tables = new Map<string, Map<string, Cells>>();
  readonly #changes = new Map<string, number>();

  constructor(private readonly engine: Engine) {
    for (const { name } of engine.pipeline.sinks) this.tables.set(name, new Map());
  }

  /** The rows of an output. A row that is there twice counts twice. */
  rows(table: string): readonly Cells[] {
    return [...this.tables.get(table)!.values()];
  }

  /** How many changes an output had so far. */
  changes(table: string): number {
    return this.#changes.get(table) ?? 0;
  }

  take({ outputs }: StepResult): void {
    for (const { table, batch } of outputs) {
      const sink = this.engine.pipeline.sinks[table]!;
      this.#changes.set(sink.name, this.changes(sink.name) + batch.length);
      const rows = this.tables.get(sink.name)!;
      const key = sink.changes === 'upsert' ? sink.primaryKey.map((name) => sink.schema.findIndex((field) => field.name === name)) : null;
      for (let row = 0; row < batch.length; row += 1) {
        const cells = batch.columns.map((column) => cell(column, row));
        const op = sink.changes === 'none' ? '+I' : (cells.pop() as string);
        const name = (key === null ? cells : key.map((index) => cells[index]!)).map(String).join('\u0001');
        if (op === '+I' || op === '+U') {
          if (key === null && rows.has(name)) throw new Error(`${sink.name}: the row ${name} is there twice`);
          rows.set(name, cells);
        } else if (!rows.delete(name)) throw new Error(`${sink.name}: the row ${name} is taken back, and was not there`);
      }
    }
  }
}

export interface Followed {
  readonly standing: Standing;
  readonly record: CaptureRecord;
  readonly steps: readonly StepResult[];
  /** Digests of the outputs at the end. */
  readonly digests: readonly string[];
}

export interface FollowOptions {
  /** Called at the end of each transaction. */
  readonly onTransaction?: (standing: Standing, step: StepResult) => void;
  /** Each change counts as a transaction: what no run does. */
  readonly changeByChange?: boolean;
  /** After so many steps the state is saved, and a new engine and reader go on with it. */
  readonly restoreAfter?: number;
  /** Rows of a step; 1: each transaction is one. */
  readonly rowsMost?: number;
}

/** All sources of `sql` are tables of changes, and bound to `file`. */
export async function follow(sql: string, file: string, options: FollowOptions = {}): Promise<Followed> {
  const pipeline = planTexts({ name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } });
  const record = { dataset: null, generated: false, binding: bindingOf(file), fingerprint: null, rows: null };
  const prepared: Prepared = { pipeline, inputs: pipeline.sources.map(({ name }) => ({ table: name, record, spanFrom: null })), laneColumns: null, lookBack: 0, planHash: '', remarks: [] };
  const [found] = await findCaptures(prepared, { ...defaultParameters, bindings: {} });
  if (found === undefined) throw new Error('the recording does not tell of transactions');
  const captures = [found.inputs];
  const make = (): Engine => new Engine(pipeline, { lane: 0, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: null, strict: false, captures });
  const steps: StepResult[] = [];
  let engine = make();
  const standing = new Standing(engine);
  const take = (step: StepResult): void => {
    steps.push(step);
    standing.take(step);
    options.onTransaction?.(standing, step);
  };
  for (;;) {
    const feed = new LaneFeed(engine, { stepEvery: 10_000, from: null, captures, rowsMost: options.rowsMost ?? 1 }, take);
    if (options.changeByChange === true) cutByChange(feed);
    const { capture } = openCapture(found, prepared, { engine, feed, gates: null });
    const pauses = (): boolean => steps.length === options.restoreAfter;
    let isPaused = false;
    for (;;) {
      const end = feed.drain(Infinity, pauses);
      if (end.kind === 'done') break;
      if (end.kind === 'paused') {
        isPaused = true;
        break;
      }
      await capture.read();
    }
    if (!isPaused) {
      feed.finish(true);
      return { standing, record: capture.record, steps, digests: engine.outputs.map(({ digest }) => digest) };
    }
    await capture.close();
    const state = engine.snapshot();
    engine = make();
    engine.restore(state);
    options = { ...options, restoreAfter: -1 };
  }
}

function cutByChange(feed: LaneFeed): void {
  const push = feed.pushTransactions.bind(feed);
  feed.pushTransactions = (input, { ends, times, ...rows }) => push(input, {
    ...rows,
    ends: Int32Array.from(rows.row, (_, row) => row + 1),
    times: Float64Array.from(rows.row, (_, row) => times[ends.findIndex((end) => row < end)]!),
  });
}
