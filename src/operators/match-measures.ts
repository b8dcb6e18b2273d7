/** Matches as rows: what the measures refer to is read when a match is found, the measures are computed for all at once. */
import { batchOf, type Column } from '../core/batch.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { storageOf, type Physical, type Schema } from '../core/types.js';
import { compileStage } from '../plan/compile.js';
import { columnRef, substitute, type Place } from '../plan/expression.js';
import { identityOf } from '../plan/identity.js';
import type { MatchExpression, MatchReference } from '../plan/match.js';
import type { Stage } from '../plan/stage.js';
import type { KeyTable } from './key-table.js';
import { MatchAggregates, type AggregateReference } from './match-aggregates.js';
import type { MatchRows } from './match-rows.js';
import type { Run } from './match-runs.js';

/** A match that has no row, and why. */
export interface FailedMatch {
  readonly time: number;
  readonly id: number;
  readonly place: Place;
  readonly error: string;
}

/** Rows in the order (causing time, key, as found). */
export interface MatchedRows {
  readonly length: number;
  readonly columns: readonly Column[];
  readonly time: Float64Array;
}

export class MatchMeasures {
  readonly #references: MatchReference[] = [];
  readonly #aggregates: MatchAggregates;
  readonly #schema: Schema;
  readonly #stage: Stage;
  #builders: ColumnBuilder[] = [];
  #ids: number[] = [];
  #times: number[] = [];

  /** `keys`: the key's columns, which come first. References are numbered by `rows`, the columns that are kept. */
  constructor(readonly keys: Schema, measures: readonly MatchExpression[], rows: Schema) {
    const known = new Map<string, number>();
    const outputs = measures.map(({ references, expression }) => substitute(expression, (index) => {
      const reference = references[index]!;
      const key = identityOf(reference);
      let at = known.get(key);
      if (at === undefined) {
        at = this.#references.push(reference) - 1;
        known.set(key, at);
      }
      return columnRef(keys.length + at, reference.type);
    }));
    this.#aggregates = new MatchAggregates(this.#references.filter((reference): reference is AggregateReference => reference.kind === 'aggregate'), rows);
    this.#schema = [...keys, ...this.#references.map(({ type }, at) => ({ name: `reference ${at}`, type }))];
    this.#stage = compileStage({ input: this.#schema, filter: null, outputs: [...keys.map(({ type }, key) => columnRef(key, type)), ...outputs] });
    this.#restart();
  }

  /** A match of key `id`, certain at `time`; returns why it can be no row. */
  add(id: number, time: number, run: Run, rows: MatchRows): FailedMatch | null {
    const values: Physical[] = [];
    for (const reference of this.#references) {
      if (reference.kind === 'rowtime') values.push(time);
      else if (reference.kind === 'row') values.push(valueOf(reference, run, rows));
      else {
        const result = this.#aggregates.over(reference, run, rows);
        if ('error' in result) return { time, id, place: reference.call.place, error: result.error };
        values.push(result.value);
      }
    }
    values.forEach((value, at) => this.#builders[at]!.append(value));
    this.#ids.push(id);
    this.#times.push(time);
    return null;
  }

  /** The rows of the matches added since the last call; those that a measure refuses are told to `fail`. */
  take(table: KeyTable, fail: (failure: FailedMatch) => void): MatchedRows {
    const count = this.#ids.length;
    if (count === 0) return { length: 0, columns: [], time: new Float64Array(0) };
    const ids = this.#ids;
    const times = this.#times;
    const order = Int32Array.from({ length: count }, (_, match) => match);
    order.sort((a, b) => times[a]! - times[b]! || table.compare(ids[a]!, ids[b]!) || a - b);
    const keys = this.keys.map(({ type }, part) => {
      const builder = new ColumnBuilder(storageOf(type), count);
      for (const match of order) builder.append(table.value(part, ids[match]!));
      return builder.finish();
    });
    const columns = [...keys, ...this.#builders.map((builder) => gather(builder.finish(), order, count))];
    const result = this.#stage.run(batchOf(count, columns), 0, count, null);
    for (const { row, place, error } of result.failed) {
      const match = order[row]!;
      fail({ time: times[match]!, id: ids[match]!, place, error });
    }
    this.#restart();
    const kept = result.rows;
    return { length: result.length, columns: result.columns, time: Float64Array.from({ length: result.length }, (_, at) => times[order[kept === null ? at : kept[at]!]!]!) };
  }

  #restart(): void {
    this.#builders = this.#references.map(({ type }) => new ColumnBuilder(storageOf(type)));
    this.#ids = [];
    this.#times = [];
  }
}

function valueOf({ column, variable, from, offset, back }: MatchReference & { kind: 'row' }, run: Run, rows: MatchRows): Physical {
  const [first, last] = variable === null ? [run.start, run.end] : [run.first(variable), run.last(variable)];
  const number = from === 'first' ? first + offset : last - offset;
  const at = number - back - rows.base;
  if (first < 0 || number < first || number > last || at < 0) return null;
  const nulls = rows.nulls[column]!;
  return nulls !== null && nulls[at] !== 0 ? null : rows.values[column]![at]!;
}
