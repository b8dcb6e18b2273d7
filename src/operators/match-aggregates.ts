/** Aggregates over the rows of a variable, for conditions (row by row) and for measures (all at once). */
import { ColumnBuilder } from '../core/column-builder.js';
import { storageOf, type Physical, type Schema } from '../core/types.js';
import type { MatchReference } from '../plan/match.js';
import { bindAggregates, planAggregates, type AggregatePlan } from './aggregates.js';
import { Cells } from './cells.js';
import type { MatchRows } from './match-rows.js';
import type { Run, RunSum } from './match-runs.js';

export type AggregateReference = MatchReference & { readonly kind: 'aggregate' };

/** An aggregate's value, or why there is none. */
export type AggregateValue = { readonly value: Physical } | { readonly error: string };

/** Slots of `cells` that runs no longer need are used again. */
class Slots {
  readonly cells: Cells;
  readonly #free: number[] = [];

  constructor({ realWidth, objectWidth }: AggregatePlan) {
    this.cells = new Cells(realWidth, objectWidth);
  }

  take(): number {
    return this.#free.pop() ?? this.cells.allocate();
  }

  give(slot: number): void {
    this.cells.reset(slot);
    this.#free.push(slot);
  }
}

/** The aggregates over one variable, or over all. */
class Group {
  readonly #plan: AggregatePlan;
  readonly #slots: Slots;
  readonly #scratch: number;
  readonly #builders: readonly ColumnBuilder[];
  readonly #calls: readonly AggregateReference['call'][];
  #bound: readonly unknown[] | null = null;
  #onTrial: Run | null = null;

  constructor(readonly variable: number | null, references: readonly AggregateReference[], schema: Schema) {
    this.#calls = references.map(({ call }) => call);
    this.#plan = planAggregates(this.#calls, schema, 'never');
    this.#slots = new Slots(this.#plan);
    this.#scratch = this.#slots.take();
    this.#builders = this.#calls.map(({ type }) => new ColumnBuilder(storageOf(type), 1));
  }

  /** Forgets which run the scratch slot is of: the next row is on trial. */
  nextRow(): void {
    this.#onTrial = null;
  }

  /** The aggregate as it is with the row at index `at` on trial for `variable`. */
  onTrial(index: number, run: Run, group: number, rows: MatchRows, at: number, variable: number): AggregateValue {
    const { cells } = this.#slots;
    const own = this.variable === null || this.variable === variable;
    if (this.#onTrial !== run || !own) {
      const sum = this.#caughtUp(run, group, rows, at);
      if (!own) return sum === null ? this.#emptyResult(index) : this.#read(index, sum.slot);
      cells.reset(this.#scratch);
      for (const accumulator of this.#plan.accumulators) {
        if (sum !== null) accumulator.merge(cells, this.#scratch, cells, sum.slot);
        accumulator.add(cells, this.#scratch, at);
      }
      this.#onTrial = run;
    }
    return this.#read(index, this.#scratch);
  }

  /** The aggregate over the rows numbered `first` to `last`. */
  over(index: number, rows: MatchRows, first: number, last: number): AggregateValue {
    this.#bind(rows);
    this.#onTrial = null;
    this.#slots.cells.reset(this.#scratch);
    if (first >= 0) for (let row = first; row <= last; row += 1) this.#add(this.#scratch, row - rows.base);
    return this.#read(index, this.#scratch);
  }

  release(sum: RunSum): void {
    this.#slots.give(sum.slot);
  }

  /** The run's own sum over the rows that it has taken; null where there are none. */
  #caughtUp(run: Run, group: number, rows: MatchRows, at: number): RunSum | null {
    this.#bind(rows);
    const first = this.variable === null ? run.start : run.first(this.variable);
    const last = this.variable === null ? rows.base + at - 1 : run.last(this.variable);
    if (first < 0 || first > last) return null;
    const sums = (run.sums ??= []);
    const sum = (sums[group] ??= { slot: this.#slots.take(), upTo: first - 1 });
    for (let row = sum.upTo + 1; row <= last; row += 1) this.#add(sum.slot, row - rows.base);
    sum.upTo = last;
    return sum;
  }

  #add(slot: number, at: number): void {
    for (const accumulator of this.#plan.accumulators) accumulator.add(this.#slots.cells, slot, at);
  }

  #bind(rows: MatchRows): void {
    if (this.#bound === rows.columns) return;
    this.#bound = rows.columns;
    bindAggregates(this.#plan, rows.columns, rows.time);
  }

  #emptyResult(index: number): AggregateValue {
    this.#slots.cells.reset(this.#scratch);
    this.#onTrial = null;
    return this.#read(index, this.#scratch);
  }

  #read(index: number, slot: number): AggregateValue {
    const builder = this.#builders[index]!;
    builder.length = 0;
    builder.nulls = null;
    builder.objects.length = 0;
    const error = this.#plan.results[index]!.write(this.#slots.cells, slot, builder);
    if (error !== null) return { error };
    if (builder.storage === 'text' || builder.objects.length > 0) return { value: builder.objects[0]! };
    return { value: builder.nulls === null ? builder.reals[0]! : null };
  }
}

/** The aggregates of several expressions, each computed once. */
export class MatchAggregates {
  readonly #groups: Group[] = [];
  readonly #at = new Map<AggregateReference, { readonly group: number; readonly index: number }>();

  /** `schema`: the columns of the key's rows, by which the references are numbered. */
  constructor(references: readonly AggregateReference[], schema: Schema) {
    const variables = [...new Set(references.map(({ variable }) => variable))];
    variables.forEach((variable, group) => {
      const own = references.filter((reference) => reference.variable === variable);
      own.forEach((reference, index) => this.#at.set(reference, { group, index }));
      this.#groups.push(new Group(variable, own, schema));
    });
  }

  nextRow(): void {
    for (const group of this.#groups) group.nextRow();
  }

  onTrial(reference: AggregateReference, run: Run, rows: MatchRows, at: number, variable: number): AggregateValue {
    const { group, index } = this.#at.get(reference)!;
    return this.#groups[group]!.onTrial(index, run, group, rows, at, variable);
  }

  over(reference: AggregateReference, run: Run, rows: MatchRows): AggregateValue {
    const { group, index } = this.#at.get(reference)!;
    const { variable } = reference;
    const [first, last] = variable === null ? [run.start, run.end] : [run.first(variable), run.last(variable)];
    return this.#groups[group]!.over(index, rows, first, last);
  }

  /** The run has ended: what it had summed up is free again. */
  release(run: Run): void {
    if (run.sums === null) return;
    run.sums.forEach((sum, group) => { if (sum !== undefined) this.#groups[group]!.release(sum); });
    run.sums = null;
  }
}
