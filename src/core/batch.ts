/** Rows in delivery order, one array a column: row `i` is every column's `i`th. Never mutated once handed on. */
import { assert } from './errors.js';
import type { Int64 } from './types.js';

/** Texts in ASCII, one behind the other: text i is bytes[ends[i - 1]..ends[i]). */
export interface AsciiTexts {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
}

/** One of so many texts is asked for by itself and not kept, before all are made. */
const fewOf = 8;

/** Arguments of a call that fit on any stack. */
const unitsMost = 4096;
/** Of a text that is made: a list is handed on in half the time that bytes are. */
const units: number[] = [];

/** Distinct strings of one source column. Code 0 is NULL. Grows at its end only, so a code keeps its meaning. */
export class Dictionary {
  readonly #strings: (string | null)[] = [null];
  /** Codes that there are; of the last ones no string is made until somebody asks. */
  #size = 1;
  /** How often one of those was asked for by itself. */
  #asked = 0;
  /** Of strings that were sought, and all before them. */
  readonly #codes = new Map<string, number>();
  #coded = 1;
  /** Of texts that came as bytes, by code: where they lie in `ascii`. The end is 0 where they do not. */
  ascii = new Uint8Array(0);
  asciiStarts = new Int32Array(0);
  asciiEnds = new Int32Array(0);
  /** Zero is the end of none. */
  #filled = 1;

  get size(): number {
    return this.#size;
  }

  get strings(): readonly (string | null)[] {
    if (this.#strings.length < this.#size) this.#make();
    return this.#strings;
  }

  /** The text of a code, NULL as null: where few of them are asked for, no others are made. */
  text(code: number): string | null {
    if (code >= this.#strings.length) {
      this.#asked += 1;
      if (this.#asked * fewOf < this.#size - this.#strings.length) return asciiText(this.ascii, this.asciiStarts[code]!, this.asciiEnds[code]!);
      this.#make();
    }
    return this.#strings[code]!;
  }

  /** Code units of a code's text; -1: it is NULL. */
  units(code: number): number {
    const { asciiStarts, asciiEnds } = this;
    if (code < asciiEnds.length && asciiEnds[code]! > 0) return asciiEnds[code]! - asciiStarts[code]!;
    return this.strings[code]?.length ?? -1;
  }

  /** The code of `text`, or -1 when no row has had it. */
  codeOf(text: string): number {
    return this.#known(text) ?? -1;
  }

  intern(text: string | null): number {
    if (text === null) return 0;
    const known = this.#known(text);
    if (known !== undefined) return known;
    this.add([text]);
    return this.#size - 1;
  }

  /** Texts that it does not have, in the order of their codes: of columns that nobody asks for codes, none is looked at. */
  add(texts: readonly string[]): void {
    if (texts.length === 0) return;
    if (this.#strings.length < this.#size) this.#make();
    for (let index = 0; index < texts.length; index += 1) this.#strings.push(texts[index]!);
    this.#size = this.#strings.length;
  }

  /** As `add`: most texts that are another in each row are never asked for as strings. */
  addAscii({ bytes, ends }: AsciiTexts): void {
    const size = this.#size + ends.length, filled = this.#filled + bytes.length;
    if (filled > this.ascii.length) {
      const larger = new Uint8Array(2 * filled);
      larger.set(this.ascii);
      this.ascii = larger;
    }
    if (size > this.asciiEnds.length) {
      this.asciiStarts = doubled(this.asciiStarts, size);
      this.asciiEnds = doubled(this.asciiEnds, size);
    }
    this.ascii.set(bytes, this.#filled);
    for (let index = 0, at = this.#filled; index < ends.length; index += 1) {
      this.asciiStarts[this.#size + index] = at;
      this.asciiEnds[this.#size + index] = at = this.#filled + ends[index]!;
    }
    this.#filled = filled;
    this.#size = size;
  }

  /** Each by itself: one that is cut out of many keeps the bytes of all of them for as long as somebody keeps it. */
  #make(): void {
    const strings = this.#strings, { ascii, asciiStarts, asciiEnds } = this;
    this.#asked = 0;
    for (let code = strings.length; code < this.#size; code += 1) strings.push(asciiText(ascii, asciiStarts[code]!, asciiEnds[code]!));
  }

  #known(text: string): number | undefined {
    const { strings } = this;
    for (; this.#coded < strings.length; this.#coded += 1) this.#codes.set(strings[this.#coded]!, this.#coded);
    return this.#codes.get(text);
  }
}

function asciiText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += unitsMost) {
    units.length = Math.min(to - at, unitsMost);
    for (let unit = 0; unit < units.length; unit += 1) units[unit] = bytes[at + unit]!;
    text += String.fromCharCode(...units);
  }
  return text;
}

function doubled(words: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(least, 2 * words.length));
  larger.set(words);
  return larger;
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
    return column.dictionary === null ? column.values[row]! : column.dictionary.text(column.values[row]!);
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
