/** The port of accumulators: how one aggregate's state takes rows in, gives them back, merges and is read. */
import type { Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { Cells } from './cells.js';

export interface Accumulator {
  /** Doubles and objects that it keeps per slot. */
  readonly realWidth: number;
  readonly objectWidth: number;
  /** Where in a slot they begin. */
  place(realAt: number, objectAt: number): void;
  /** Columns that the rows of the next calls index; `time` is their event time. */
  bind(argument: Column | null, filter: Column | null, time: Float64Array): void;
  add(cells: Cells, slot: number, row: number): void;
  /** Whether no row of the columns bound is left out, by its FILTER or as NULL. */
  readonly takesAll: boolean;
  /** As `add` for rows from..to and their slots, where `takesAll`: a plain loop over numbers. */
  addAll?(cells: Cells, slots: Int32Array, from: number, to: number): void;
  /** Takes a row out of a sliding frame; rows leave in the order in which they came. */
  retract(cells: Cells, slot: number, row: number): void;
  /** Adds the state of another slot, whose rows are of other instants or arrived later. */
  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void;
  /** The objects of a slot (the numbers are saved with the cells). */
  save(writer: ByteWriter, cells: Cells, slot: number): void;
  load(reader: ByteReader, cells: Cells, slot: number): void;
}

/** Row access to one argument column, with the filter applied: the shared part of accumulators. */
export abstract class ArgumentReader {
  protected realAt = 0;
  protected objectAt = 0;
  protected values: Float64Array | Int32Array | readonly unknown[] = [];
  protected nulls: Uint8Array | null = null;
  protected strings: readonly (string | null)[] | null = null;
  protected filter: Float64Array | null = null;
  protected filterNulls: Uint8Array | null = null;
  protected time: Float64Array = new Float64Array(0);
  protected isText = false;
  takesAll = false;

  place(realAt: number, objectAt: number): void {
    this.realAt = realAt;
    this.objectAt = objectAt;
  }

  bind(argument: Column | null, filter: Column | null, time: Float64Array): void {
    this.time = time;
    this.filter = filter === null ? null : (filter.values as Float64Array);
    this.filterNulls = filter === null || filter.storage === 'text' ? null : filter.nulls;
    this.takesAll = filter === null && (argument === null || (argument.values instanceof Float64Array && argument.storage !== 'text' && argument.nulls === null));
    if (argument === null) return;
    this.isText = argument.storage === 'text';
    this.values = argument.values;
    this.strings = argument.storage === 'text' && argument.dictionary !== null ? argument.dictionary.strings : null;
    this.nulls = argument.storage === 'text' ? null : argument.nulls;
  }

  /** Whether a row's FILTER lets it through and its argument is not NULL. */
  protected takes(row: number): boolean {
    if (this.filter !== null && (this.filter[row] !== 1 || (this.filterNulls !== null && this.filterNulls[row] !== 0))) return false;
    if (this.isText) return this.strings !== null ? this.values[row] !== 0 : this.values[row] !== null;
    return this.nulls === null || this.nulls[row] === 0;
  }

  /** The argument of a row for which `takes` holds. */
  protected valueAt(row: number): unknown {
    return this.strings !== null ? this.strings[this.values[row] as number] : this.values[row];
  }

  save(_writer: ByteWriter, _cells: Cells, _slot: number): void {}
  load(_reader: ByteReader, _cells: Cells, _slot: number): void {}
}

/** How SQL orders values within one column: numbers with NaN above all and −0 below +0; strings by code unit. */
export function compareValues(a: number | bigint | string, b: number | bigint | string): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) {
    if (a !== 0) return 0;
    return Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
  }
  // Not ordered and not equal: at least one is NaN.
  return a !== a ? (b !== b ? 0 : 1) : -1;
}
