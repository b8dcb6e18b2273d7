/** Runs a pipeline over rows in memory, through the planner, the engine and the merge that a replay uses. */
import { createHash } from 'node:crypto';
import { Dictionary, type Batch } from '../../../src/core/batch.js';
import type { HashFunction } from '../../../src/core/digest.js';
import type { DeadLetter, LateRow, StepRecord } from '../../../src/core/step.js';
import type { PageLimits } from '../../../src/core/keyed-pages.js';
import { Engine } from '../../../src/engine/engine.js';
import type { EngineState } from '../../../src/engine/engine-state.js';
import { columnRef, substitute } from '../../../src/plan/expression.js';
import { laneKeys } from '../../../src/plan/lanes.js';
import { lookBack } from '../../../src/plan/look-back.js';
import { rawSchema } from '../../../src/engine/physical.js';
import type { Pipeline as Plan } from '../../../src/plan/plan.js';
import { Gate } from '../../../src/runtime/gate.js';
import { LaneFeed, StoppedByFault } from '../../../src/runtime/lane-feed.js';
import { Partitioner } from '../../../src/runtime/partition.js';
import { planSql } from '../../../src/sql/planner.js';
import { read } from '../../engine/written-pages.js';
import { columnOf, rowsOf, type Cell } from './cells.js';
import { sqlOf, tableFields, tableNames } from './query.js';
import type { Case } from './random-pipelines.js';
import type { Row } from './random-rows.js';
import { lawFunctions } from './user-code.js';

export interface RunOptions {
  /** Rows of one batch after the other, from the beginning again when they are used up. */
  readonly batchRows?: readonly number[];
  readonly stepEvery?: number;
  /** Rows, and rejected rows, that end a step. */
  readonly rowsMost?: number;
  readonly rejectedMost?: number;
  /** By `symbol`. */
  readonly lanes?: number;
  /** Called at the end of each step of each lane. */
  readonly onStep?: (engine: Engine, record: StepRecord) => void;
  /** The state to start from, by lane. */
  readonly restore?: readonly (Uint8Array | EngineState)[];
  readonly pages?: PageLimits;
  readonly end?: boolean;
  /** Only event times in [from, to), with as much before as the plan looks back. */
  readonly span?: { readonly from: number; readonly to: number };
}

export interface Refused {
  readonly late: readonly LateRow[];
  readonly deadLetters: readonly DeadLetter[];
}

export interface Run extends Refused {
  /** Rows of each output in emission order; with several lanes lane after lane. */
  readonly outputs: readonly (readonly Cell[][])[];
  /** Of each lane. */
  readonly digests: readonly (readonly { rows: number; digest: string; setDigest: string }[])[];
  readonly records: readonly StepRecord[];
  /** Rows that were fed, and how many of them were behind. */
  readonly rows: number;
  readonly behind: number;
  /** Rows of each output that the state it started from had put out. */
  readonly startRows: readonly number[];
  /** The fault switch stopped it. */
  readonly stopped: boolean;
}

export const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

const plans = new WeakMap<Case, Plan>();

export function planOf(drawn: Case): Plan {
  let plan = plans.get(drawn);
  if (plan === undefined) plans.set(drawn, plan = planSql(sqlOf(drawn.pipeline), lawFunctions));
  return plan;
}

export const run = (drawn: Case, options: RunOptions = {}): Run => runPlan(planOf(drawn), drawn.tables, options);

/** `tables`: rows of each of `tableNames`. */
export function runPlan(plan: Plan, tables: readonly (readonly Row[])[], options: RunOptions = {}): Run {
  const { stepEvery = 10_000, lanes = 1, onStep, restore, end = true } = options;
  const outputs: Cell[][][] = plan.sinks.map(() => []);
  const late: LateRow[] = [];
  const deadLetters: DeadLetter[] = [];
  const records: StepRecord[] = [];
  const engines = Array.from({ length: lanes }, (_, lane) => {
    const engine = new Engine(plan, { lane, partitions: plan.sources.map(() => 1), hash: sha256, withholdBefore: options.span?.from ?? null, strict: false, ...(options.pages === undefined ? {} : { pages: options.pages }) });
    const state = restore?.[lane];
    if (state instanceof Uint8Array) engine.restore(state);
    else if (state !== undefined) engine.resume(read(state));
    return engine;
  });
  const startRows = plan.sinks.map((_, table) => engines.reduce((sum, engine) => sum + engine.outputs[table]!.rows, 0));
  let stopped = false;
  for (const [lane, engine] of engines.entries()) {
    const feed = new LaneFeed(engine, { stepEvery, from: options.span?.from ?? null, rowsMost: options.rowsMost, rejectedMost: options.rejectedMost }, (result) => {
      for (const { table, batch } of result.outputs) outputs[table]!.push(...rowsOf(batch, plan.sinks[table]!.schema));
      late.push(...result.late);
      deadLetters.push(...result.deadLetters);
      records.push(result.record);
      onStep?.(engine, result.record);
    });
    const inputs = plan.sources.map((_, input) => new Input(plan, input, tables, engine, feed, options));
    try {
      for (;;) {
        const drained = feed.drain(Infinity, () => false);
        if (drained.kind === 'done') break;
        if (drained.kind === 'starved') inputs[drained.input]!.read(lane);
      }
      feed.finish(end);
    } catch (error) {
      if (!(error instanceof StoppedByFault)) throw error;
      stopped = true;
    }
  }
  return {
    outputs, late, deadLetters, records, startRows, stopped, digests: engines.map((engine) => engine.outputs),
    rows: engines.reduce((sum, engine) => sum + engine.counts.rows, 0), behind: engines.reduce((sum, engine) => sum + engine.counts.behind, 0),
  };
}

/** One table on its way into one lane, batch by batch. */
class Input {
  readonly #columns: readonly number[];
  readonly #rows: readonly Row[];
  readonly #dictionaries: readonly (Dictionary | null)[];
  readonly #partitioner: Partitioner | null;
  readonly #name: string;
  readonly #gate: Gate;
  #at: number;
  #cut = 0;

  constructor(
    plan: Plan, private readonly input: number, tables: readonly (readonly Row[])[], private readonly engine: Engine,
    private readonly feed: LaneFeed, private readonly options: RunOptions,
  ) {
    const source = plan.sources[input]!;
    this.#name = source.name;
    this.#columns = engine.plan.columns[input]!;
    this.#rows = tables[(tableNames as readonly string[]).indexOf(source.name)]!;
    // Codes for some columns, plain strings for others: the engine takes both.
    this.#dictionaries = this.#columns.map((column) => (tableFields[column]!.name === 'note' ? null : new Dictionary()));
    this.#partitioner = partitionerOf(plan, input, this.#columns, options.lanes ?? 1);
    this.#at = engine.position(input, 0);
    const reach = options.span === undefined ? 0 : lookBack(plan);
    this.#gate = new Gate({ from: options.span === undefined || reach === null ? null : options.span.from - reach, to: options.span?.to ?? null, maxAhead: null, start: null }, -Infinity);
  }

  read(lane: number): void {
    const sizes = this.options.batchRows ?? [1024];
    const size = Math.max(1, sizes[this.#cut % sizes.length]!);
    this.#cut += 1;
    const rows = this.#rows.slice(this.#at, this.#at + size);
    if (rows.length === 0) {
      this.feed.end(this.input);
      return;
    }
    const whole = { batch: this.#batch(rows), position: this.#at, positions: null, watermarks: null };
    const part = this.#partitioner === null ? whole : this.#partitioner.split(whole)[lane]!;
    this.#at += rows.length;
    const scanned = this.engine.scan(this.input, 0, part);
    for (const { position, error, expression } of scanned.rejected) {
      this.feed.reject(this.input, { input: this.#name, partition: 0, position, eventTime: null, statement: -1, operator: 'source', expression, error, key: null, value: null });
    }
    for (const passed of this.#gate.pass(scanned.batch).batches) this.feed.push(passed);
  }

  #batch(rows: readonly Row[]): Batch {
    return {
      length: rows.length,
      columns: this.#columns.map((column, index) => columnOf(tableFields[column]!.kind, rows.map((row) => row[column]!), this.#dictionaries[index]!)),
    };
  }
}

function partitionerOf(plan: Plan, input: number, read: readonly number[], lanes: number): Partitioner | null {
  if (lanes === 1) return null;
  const keys = laneKeys(plan, ['symbol']);
  if (!keys.possible) throw new Error(keys.reason);
  const source = plan.sources[input]!;
  const raw = rawSchema(source);
  const expressions = keys.columns[input]!.map((column) =>
    substitute(source.columns[column]!.expression, (index) => columnRef(read.indexOf(index), raw[index]!.type)));
  return new Partitioner(read.map((column) => raw[column]!), expressions, lanes);
}
