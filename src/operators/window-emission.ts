/** What windows let out within one chunk, as rows: keys, aggregates, window_start, window_end, window_time. */
import { printable } from '../core/batch.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { storageOf, type Schema } from '../core/types.js';
import type { AggregateCall } from '../plan/plan.js';
import type { AggregatePlan } from './aggregates.js';
import type { Cells } from './cells.js';
import type { KeyTable } from './key-table.js';
import { noRows, type Report, type Rows } from './operator.js';
import type { Pane } from './pane.js';

export interface EmissionSpec {
  readonly input: Schema;
  readonly keys: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  /** Each row ends with a text: why its window fired. */
  readonly labelled?: boolean;
}

export class WindowEmission {
  readonly #spec: EmissionSpec;
  readonly #plan: AggregatePlan;
  #builders: ColumnBuilder[] | null = null;
  #released = new ColumnBuilder('real');
  #time = new ColumnBuilder('real');
  #failures: { row: number; error: string; call: number }[] = [];

  constructor(spec: EmissionSpec, plan: AggregatePlan) {
    this.#spec = spec;
    this.#plan = plan;
  }

  /** The groups of one window in the order of their keys, those without rows left out. A start of null: the key's part after the others. */
  window(pane: Pane, keys: KeyTable, start: number | null, end: number, released: number, hasRows: ((slot: number) => boolean) | null = null): void {
    this.#open(pane.ids.length);
    for (const slot of inKeyOrder(pane, keys)) {
      if (hasRows !== null && !hasRows(slot)) continue;
      const id = pane.ids[slot]!;
      this.group(keys, id, pane.cells, slot, start ?? (keys.value(this.#spec.keys.length, id) as number), end, released);
    }
  }

  /** The row of one group: its state is slot `slot` of `cells`. */
  group(keys: KeyTable, id: number, cells: Cells, slot: number, start: number, end: number, released: number, label: string | null = null): void {
    const { keys: parts, aggregates } = this.#spec;
    const builders = this.#open(16);
    const windowAt = parts.length + aggregates.length;
    for (let part = 0; part < parts.length; part += 1) builders[part]!.append(keys.value(part, id));
    for (let call = 0; call < aggregates.length; call += 1) {
      const builder = builders[parts.length + call]!;
      const error = this.#plan.results[call]!.write(cells, slot, builder);
      if (error === null) continue;
      builder.appendNull();
      this.#failures.push({ row: this.#time.length, error, call });
    }
    builders[windowAt]!.appendNumber(start);
    builders[windowAt + 1]!.appendNumber(end);
    builders[windowAt + 2]!.appendNumber(end - 1);
    if (this.#spec.labelled === true) builders[windowAt + 3]!.append(label);
    this.#released.appendNumber(released);
    this.#time.appendNumber(end - 1);
  }

  /** Builders of all columns, made when the first row comes. */
  #open(rows: number): ColumnBuilder[] {
    const { input, keys, aggregates } = this.#spec;
    return (this.#builders ??= [
      ...keys.map((key) => new ColumnBuilder(storageOf(input[key]!.type), rows)),
      ...aggregates.map((call) => new ColumnBuilder(storageOf(call.type), rows)),
      ...[0, 1, 2].map(() => new ColumnBuilder('real', rows)),
      ...(this.#spec.labelled === true ? [new ColumnBuilder('text', rows)] : []),
    ]);
  }

  /** Rows by (releasing row, causing time) where they were given otherwise: `compare` orders those of one window's end. */
  finishOrdered(report: Report, compare: (a: number, b: number) => number): Rows {
    const { reals: released } = this.#released;
    const { reals: time } = this.#time;
    const order = Array.from({ length: this.#time.length }, (_, row) => row);
    const by = (a: number, b: number): number => released[a]! - released[b]! || time[a]! - time[b]! || compare(a, b) || a - b;
    return order.every((row) => row === 0 || by(row - 1, row) < 0) ? this.finish(report) : this.finish(report, order.sort(by));
  }

  /** The rows in the order in which they were given, or in `order`. */
  finish(report: Report, order: readonly number[] | null = null): Rows {
    if (this.#builders === null) return noRows;
    const length = this.#time.length;
    const columns = this.#builders.map((builder) => builder.finish());
    const released = Int32Array.from(this.#released.reals.subarray(0, length));
    const time = this.#time.reals.slice(0, length);
    if (this.#failures.length === 0 && order === null) return { batch: { length, columns }, released, time };
    const failed = new Set<number>();
    for (const { row, error, call } of this.#failures) {
      if (failed.has(row)) continue;
      failed.add(row);
      const keys = this.#spec.keys.map((key, part) => [this.#spec.input[key]!.name, printable(columns[part]!, row)]);
      const windowAt = keys.length + this.#spec.aggregates.length;
      const window = [['window_start', columns[windowAt]!.values[row]], ['window_end', columns[windowAt + 1]!.values[row]]];
      report.failed({
        released: released[row]!, time: time[row]!, place: this.#spec.aggregates[call]!.place, error,
        row: JSON.stringify(Object.fromEntries([...keys, ...window])),
      });
    }
    const kept = (order ?? Array.from({ length }, (_, row) => row)).filter((row) => !failed.has(row));
    return {
      batch: { length: kept.length, columns: columns.map((column) => gather(column, kept, kept.length)) },
      released: Int32Array.from(kept, (row) => released[row]!),
      time: Float64Array.from(kept, (row) => time[row]!),
    };
  }
}

/** Slots in the order of their keys' values. */
function inKeyOrder({ ids }: Pane, keys: KeyTable): Int32Array {
  if (faults.keysUnordered) return Int32Array.from(ids.keys());
  if (!keys.worthRanking(ids.length)) return Int32Array.from(ids.keys()).sort((a, b) => keys.compare(ids[a]!, ids[b]!));
  const ranks = keys.ranks();
  if (ids.length * 64 < keys.size) return Int32Array.from(ids.keys()).sort((a, b) => ranks[ids[a]!]! - ranks[ids[b]!]!);
  // Each slot is laid at its rank, and picked up in order: no comparison is quicker.
  const laid = new Int32Array(keys.size);
  for (let slot = 0; slot < ids.length; slot += 1) laid[ranks[ids[slot]!]!] = slot + 1;
  const order = new Int32Array(ids.length);
  let at = 0;
  for (let rank = 0; rank < laid.length; rank += 1) if (laid[rank] !== 0) order[at++] = laid[rank]! - 1;
  return order;
}
