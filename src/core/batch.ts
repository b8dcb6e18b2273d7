/** Rows in delivery order, one array a column: row `i` is every column's `i`th. Never mutated once handed on. */
import { assert } from './errors.js';
import type { Int64 } from './types.js';

/** Distinct strings of one source column. Code 0 is NULL. Grows at its end only, so a code keeps its meaning. */
export class Dictionary {
  readonly strings: (string | null)[] = [null];
  /** Of those that were asked for, and all before them. */
  readonly #codes = new Map<string, number>();
  #coded = 1;

  get size(): number {
    return this.strings.length;
  }

  /** The code of `text`, or -1 when no row has had it. */
  codeOf(text: string): number {
    return this.#known(text) ?? -1;
  }

  intern(text: string | null): number {
    if (text === null) return 0;
    return this.#known(text) ?? this.strings.push(text) - 1;
  }

  /** Texts that it does not have, in the order of their codes: of columns that nobody asks for codes, none is looked at. */
  add(texts: readonly string[]): void {
    for (let index = 0; index < texts.length; index += 1) this.strings.push(texts[index]!);
  }

  #known(text: string): number | undefined {
    for (; this.#coded < this.strings.length; this.#coded += 1) this.#codes.set(this.strings[this.#coded]!, this.#coded);
    return this.#codes.get(text);
  }
}

/** Numbers and times. `nulls[i]` is 1 where row i is NULL (its value is then 0); no `nulls`: none is. */
export interface RealColumn {
  readonly storage: 'real';
  readonly values: Float64Array;
  readonly nulls: Uint8Array | null;
}

/** 64-bit integers, decimals, fine timestamps: Float64Array while every value is a safe integer. */
export interface Int64Column {
  readonly storage: 'int64';
  readonly values: Float64Array | readonly Int64[];
  readonly nulls: Uint8Array | null;
}

/** Strings: codes into `dictionary`, or, without one, the strings themselves (null for NULL). */
export type TextColumn =
  | { readonly storage: 'text'; readonly values: Int32Array; readonly dictionary: Dictionary }
  | { readonly storage: 'text'; readonly values: readonly (string | null)[]; readonly dictionary: null };

export type Column = RealColumn | Int64Column | TextColumn;

export interface Batch {
  readonly length: number;
  readonly columns: readonly Column[];
}

export function batchOf(length: number, columns: readonly Column[]): Batch {
  for (const column of columns) assert(column.values.length >= length, 'columns are as long as their batch');
  return { length, columns };
}

/** The physical value of one cell, NULL as null: for cold paths (errors, late rows, tests). */
export function cell(column: Column, row: number): Int64 | string | null {
  if (column.storage === 'text') {
    return column.dictionary === null ? column.values[row]! : column.dictionary.strings[column.values[row]!]!;
  }
  return column.nulls !== null && column.nulls[row] !== 0 ? null : column.values[row]!;
}

/** Whether two rows of a column have one value: NULL is itself, −0 is another than 0. */
export function isSameCell(column: Column, one: number, other: number): boolean {
  // Texts of one dictionary are one where their codes are.
  if (column.storage === 'text') return column.values[one] === column.values[other];
  const { nulls, values } = column;
  if (nulls !== null && (nulls[one] !== 0 || nulls[other] !== 0)) return nulls[one] !== 0 && nulls[other] !== 0;
  return Object.is(values[one], values[other]);
}

/** A cell as JSON can hold it: integers beyond 2^53 and what is no finite number as text. */
export function printable(column: Column, row: number): number | string | null {
  const value = cell(column, row);
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value;
}
