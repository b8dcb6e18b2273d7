/**
 * MATCH_RECOGNIZE: rows wait for the watermark, are searched for the pattern key by key in order of event time, and
 * each match leaves as one row when it is certain. As in Flink, a row at or below the watermark is late.
 */
import { batchOf, type Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { gather } from '../core/column-builder.js';
import type { Physical, Schema } from '../core/types.js';
import type { Place } from '../plan/expression.js';
import { compileMatchCondition, type MatchTest } from '../plan/match-condition.js';
import { referenceColumns, renumbered, type MatchExpression, type MatchNode, type MatchReference } from '../plan/match.js';
import type { SortKey } from '../plan/plan.js';
import { compareValues } from './accumulator.js';
import { KeyTable } from './key-table.js';
import { MatchAggregates, type AggregateReference } from './match-aggregates.js';
import { buildAutomaton, type State } from './match-automaton.js';
import { MatchMeasures, type FailedMatch } from './match-measures.js';
import { Run } from './match-runs.js';
import { MatchSearch, type Searcher } from './match-search.js';
import { compileWays, type Ways } from './match-ways.js';
import { noRows, releaseOf, watermarkBefore, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { WaitingRows, type ReleasedRows } from './waiting-rows.js';

/** Columns are numbered by `input`. Delivers the columns of `partition`, then the measures. */
export type MatchSpec = Omit<MatchNode, 'kind' | 'input' | 'schema' | 'rowtime'> & { readonly name: string; readonly input: Schema };

/** How often keys whose matches have all timed out are looked for, in milliseconds of event time, at the least. */
const SWEEP_MIN = 60_000;

export class MatchRecognize implements Operator, Searcher {
  readonly name: string;
  readonly states: readonly State[];
  readonly ways: readonly Ways[];
  readonly waiting: Run;
  readonly spare: Run[] = [];
  readonly skip: MatchSpec['skip'];
  readonly within: number | null;
  readonly back: number;
  readonly schema: Schema;
  readonly #spec: MatchSpec;
  /** Input columns that are kept; `schema` are their fields. */
  readonly #kept: readonly number[];
  /** Input columns that wait for the watermark: those, and what orders rows of one instant. */
  readonly #waits: readonly number[];
  readonly #aggregates: MatchAggregates;
  readonly #measures: MatchMeasures;
  #keys: KeyTable;
  #rows: WaitingRows;
  #searches: (MatchSearch | undefined)[] = [];
  /** Searches in which whole matches wait. */
  readonly #withWhole = new Set<MatchSearch>();
  #watermark = -Infinity;
  #swept = -Infinity;
  #ids = new Int32Array(0);
  /** What is on trial, for aggregates and failures. */
  run: Run;
  #search: MatchSearch | null = null;
  #at = 0;
  #failed = false;
  readonly #failures: FailedMatch[] = [];

  constructor(spec: MatchSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.skip = spec.skip;
    this.within = spec.within;
    const expressions = [...spec.defines.filter((define) => define !== null), ...spec.measures];
    const references = expressions.flatMap((expression) => expression.references);
    this.#kept = [...new Set(references.flatMap(referenceColumns))].sort((a, b) => a - b);
    this.schema = this.#kept.map((column) => spec.input[column]!);
    this.#waits = [...new Set([...this.#kept, ...spec.order.map(({ column }) => column)])];
    this.back = references.reduce((most, reference) => Math.max(most, reference.kind === 'row' ? reference.back : 0), 0);
    const { start, states } = buildAutomaton(spec.pattern);
    this.states = states;
    this.waiting = Run.waiting(start, spec.pattern.length);
    this.run = this.waiting;
    const renumber = (expression: MatchExpression): MatchExpression =>
      ({ ...expression, references: expression.references.map((reference) => renumbered(reference, (column) => this.#kept.indexOf(column))) });
    const defines = spec.defines.map((define) => (define === null ? null : renumber(define)));
    this.#aggregates = new MatchAggregates(defines.flatMap((define) => (define === null ? [] : define.references.filter(isAggregate))), this.schema);
    const tests = defines.map((define, variable) => (define === null ? null : this.#testOf(define, variable)));
    this.ways = states.map((state) => compileWays(state, tests));
    this.#measures = new MatchMeasures(spec.partition.map((column) => spec.input[column]!), spec.measures.map(renumber), this.schema);
    this.#keys = new KeyTable(spec.partition.length);
    this.#rows = new WaitingRows(this.#waits.map((column) => spec.input[column]!));
  }

  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    if (rows.batch.length > 0) this.#take(rows, chunk, watermark, report);
    const after = watermark.after[chunk.to - 1]!;
    this.#watermark = after;
    const released = this.#rows.release(after, this.#keys);
    if (released !== null) this.#searchIn(this.#ordered(released));
    for (const search of this.#withWhole) search.advance(after);
    if (this.within !== null && after >= this.#swept + Math.max(this.within, SWEEP_MIN)) this.#sweep();
    return this.#matches(chunk, watermark, report);
  }

  #take({ batch, released, ...rest }: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    if (this.#ids.length < batch.length) this.#ids = new Int32Array(batch.length);
    this.#keys.fill(this.#spec.partition.map((column) => batch.columns[column]!), batch.length, this.#ids);
    const time = (batch.columns[this.#spec.time] as Column & { values: Float64Array }).values;
    const waiting = batchOf(batch.length, this.#waits.map((column) => batch.columns[column]!));
    let accepted = 0;
    for (let row = 0; row < batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, released[row]!);
      if (time[row]! > before) continue;
      this.#rows.append(waiting, accepted, row, time, this.#ids, null);
      accepted = row + 1;
      report.late({ rows: { batch, released, ...rest }, row, watermark: before, windowStart: null, windowEnd: null, reason: 'the watermark has passed this time' });
    }
    this.#rows.append(waiting, accepted, batch.length, time, this.#ids, null);
  }

  /** Rows of one key and one instant in the order that ORDER BY gives beyond the time; arrival decides the rest. */
  #ordered(released: ReleasedRows): ReleasedRows {
    if (this.#spec.order.length === 0) return released;
    const order = this.#spec.order.map((key) => ({ ...key, column: this.#waits.indexOf(key.column) }));
    const { length, time, ids } = released;
    const rows = Int32Array.from({ length }, (_, row) => row);
    for (let start = 0; start < length; ) {
      let end = start + 1;
      while (end < length && time[end] === time[start] && ids[end] === ids[start]) end += 1;
      if (end - start > 1) rows.subarray(start, end).sort((a, b) => compareRows(released.columns, order, a, b) || a - b);
      start = end;
    }
    // Times and keys are the same within what changed places.
    return { ...released, columns: released.columns.map((column) => gather(column, rows, length)) };
  }

  #searchIn({ columns, time, ids, length }: ReleasedRows): void {
    const kept = columns.slice(0, this.#kept.length);
    for (let row = 0; row < length; row += 1) {
      const id = ids[row]!;
      const search = (this.#searches[id] ??= new MatchSearch(this, id));
      const at = time[row]!;
      search.advance(at);
      if (search.rows.isFull) search.rows.makeRoom(search.needed);
      const index = search.rows.append(kept, row, at);
      search.step(index, at);
      if (search.whole.length > 0) this.#withWhole.add(search);
    }
  }

  /** The rows of the matches that are certain by now. */
  #matches(chunk: Chunk, watermark: WatermarkPath, report: Report): Rows {
    for (const search of this.#withWhole) if (search.whole.length === 0) this.#withWhole.delete(search);
    const matched = this.#measures.take(this.#keys, (failure) => this.#failures.push(failure));
    this.#failures.sort((a, b) => a.time - b.time || this.#keys.compare(a.id, b.id));
    for (const { time, id, place, error } of this.#failures) {
      const keys = this.#spec.partition.map((column, part) => [this.#spec.input[column]!.name, printableKey(this.#keys.value(part, id))]);
      report.failed({ released: releaseOf(watermark, chunk, time), time, place, error, row: JSON.stringify({ ...Object.fromEntries(keys), event_time: time }) });
    }
    this.#failures.length = 0;
    if (matched.length === 0) return noRows;
    const released = Int32Array.from(matched.time, (time) => releaseOf(watermark, chunk, time));
    return { batch: { length: matched.length, columns: matched.columns }, released, time: matched.time };
  }

  onTrial(search: MatchSearch, at: number): void {
    this.#search = search;
    this.#at = at;
    this.#aggregates.nextRow();
  }

  /** A condition's test; one with an aggregate that cannot be computed does not hold. */
  #testOf(define: MatchExpression, variable: number): MatchTest {
    const test = compileMatchCondition(define, variable, {
      aggregate: (reference) => this.#aggregate(reference, variable), fail: (place, error) => this.#fail(place, error),
    });
    if (!define.references.some(isAggregate)) return test;
    return (...args) => {
      this.#failed = false;
      return test(...args) && !this.#failed;
    };
  }

  matched(search: MatchSearch, run: Run, time: number): void {
    const failure = this.#measures.add(search.id, time, run, search.rows);
    if (failure !== null) this.#failures.push(failure);
  }

  stuck(search: MatchSearch, time: number, error: string): void {
    this.#failures.push({ time, id: search.id, place: this.#spec.place, error: `AFTER MATCH SKIP: ${error}` });
  }

  ended(run: Run): void {
    this.#aggregates.release(run);
    this.spare.push(run);
  }

  #aggregate(reference: AggregateReference, variable: number): Physical {
    const result = this.#aggregates.onTrial(reference, this.run, this.#search!.rows, this.#at, variable);
    if ('value' in result) return result.value;
    this.#fail(reference.call.place, result.error);
    return null;
  }

  #fail(place: Place, error: string): void {
    const search = this.#search!;
    this.#failed = true;
    this.#failures.push({ time: search.rows.time[this.#at]!, id: search.id, place, error });
  }

  /** Frees what has timed out in keys that had no row for a while. */
  #sweep(): void {
    this.#swept = this.#watermark;
    this.#searches.forEach((search, id) => {
      if (search === undefined) return;
      search.advance(this.#watermark);
      if (!search.isLive && this.back === 0) this.#searches[id] = undefined;
    });
  }

  snapshot(writer: ByteWriter): void {
    // What has timed out is not saved, whether or not it has been swept up.
    this.#sweep();
    this.#keys.snapshot(writer);
    this.#rows.snapshot(writer);
    writer.f64(this.#watermark);
    for (let id = 0; id < this.#keys.size; id += 1) {
      const search = this.#searches[id];
      const holds = search !== undefined && (search.isLive || (this.back > 0 && search.rows.length > 0));
      writer.u8(holds ? 1 : 0);
      if (holds) search.snapshot(writer);
    }
  }

  restore(reader: ByteReader): void {
    this.#keys = new KeyTable(this.#spec.partition.length);
    this.#keys.restore(reader);
    this.#rows.restore(reader);
    this.#watermark = reader.f64();
    this.#swept = this.#watermark;
    this.#searches = [];
    this.#withWhole.clear();
    for (let id = 0; id < this.#keys.size; id += 1) {
      if (reader.u8() === 0) continue;
      const search = MatchSearch.restored(this, id, reader);
      this.#searches[id] = search;
      if (search.whole.length > 0) this.#withWhole.add(search);
    }
  }
}

const isAggregate = (reference: MatchReference): reference is AggregateReference => reference.kind === 'aggregate';

const printableKey = (value: number | bigint | string | null): number | string | null => (typeof value === 'bigint' ? String(value) : value);

function compareRows(columns: readonly Column[], order: readonly SortKey[], a: number, b: number): number {
  for (const { column, descending, nullsLast } of order) {
    const [left, right] = [valueAt(columns[column]!, a), valueAt(columns[column]!, b)];
    if (left === null || right === null) {
      if (left === right) continue;
      return (left === null) === nullsLast ? 1 : -1;
    }
    const compared = compareValues(left, right);
    if (compared !== 0) return descending ? -compared : compared;
  }
  return 0;
}

function valueAt(column: Column, row: number): number | bigint | string | null {
  if (column.storage === 'text') return column.dictionary === null ? column.values[row]! : column.dictionary.strings[column.values[row]!]!;
  return column.nulls !== null && column.nulls[row] !== 0 ? null : column.values[row]!;
}
