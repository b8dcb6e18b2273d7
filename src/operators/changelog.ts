/**
 * A captured table from its changes: each row with the one of its key that it takes back. What a change says of the row
 * before it is not believed (under the default replica identity it is filler): the state knows it. Values that a change
 * left out as unchanged are those of the row before. A change that changes nothing of what is asked for gives nothing.
 */
import { cell, type Column, type Dictionary } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { REMOVE, TRUNCATE } from '../core/change.js';
import { view } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { KeyedPages, type PageLimits } from '../core/keyed-pages.js';
import { PackedRows } from '../core/packed-rows.js';
import { PackedTexts } from '../core/packed-texts.js';
import { readPacked, writePacked, type PackedValue } from '../core/packed.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../core/row-kind.js';
import type { Schema } from '../core/types.js';
import { compareValues } from './accumulator.js';
import { MovedRows, leftOut } from './moved-rows.js';
import { noRows, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { TakenRows } from './taken-rows.js';

export interface ChangelogSpec {
  readonly name: string;
  /** The table's columns that are asked for, its key's among them; then `changeColumns`. */
  readonly input: Schema;
  readonly keys: readonly number[];
}

type Values = readonly PackedValue[];

/** Rows that are packed at once: each has room for the most that it can take, and a snapshot comes as one chunk, however large. */
const packedRows = 4096;

export class Changelog implements Operator {
  readonly name: string;
  readonly #spec: ChangelogSpec;
  readonly #schema: Schema;
  /** The columns that are not the key's. */
  readonly #rest: readonly number[];
  /** Of the table's columns: what is known of the dictionary that each came with last. */
  readonly #texts: (PackedTexts | null)[];
  /** Partitions take turns, and each has its own dictionaries. */
  readonly #textsByDictionary = new WeakMap<Dictionary, PackedTexts>();
  /** Keys and other values of the rows that came. */
  readonly #keys: PackedRows;
  readonly #values: PackedRows;
  /** The row of the chunk that is the first of those that are packed. */
  #first = 0;
  readonly #taken: TakenRows;
  /** Rows by key: values of the other columns. */
  #pages = new KeyedPages();
  readonly #moved = new MovedRows();
  /** Columns by index, of each text that names them. */
  readonly #unchanged = new Map<string, readonly number[]>();

  constructor(spec: ChangelogSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#schema = spec.input.slice(0, -2);
    this.#rest = this.#schema.flatMap((_, column) => (spec.keys.includes(column) ? [] : [column]));
    this.#texts = this.#schema.map(() => null);
    this.#keys = new PackedRows(spec.keys);
    this.#values = new PackedRows(this.#rest);
    this.#taken = new TakenRows(this.#schema, spec.keys, this.#rest);
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new KeyedPages(limits);
  }

  process(rows: Rows, _chunk: Chunk, _watermark: WatermarkPath, report: Report): Rows {
    const { length } = rows.batch;
    if (length === 0) return noRows;
    for (let from = 0; from < length; from += packedRows) this.#apply(rows, from, Math.min(length, from + packedRows), report);
    this.#pages.settle();
    return this.#taken.take(rows.batch, this.#texts, rows);
  }

  /** Rows [from, to) of the chunk. */
  #apply(rows: Rows, from: number, to: number, report: Report): void {
    const { columns } = rows.batch;
    const kinds = columns[columns.length - 2]!.values as Float64Array;
    const unchanged = columns[columns.length - 1]!;
    // Most changes leave nothing out, and that is asked for each of them.
    const codes = unchanged.storage === 'text' && unchanged.dictionary !== null ? unchanged.values : null;
    this.#pack(to - from === rows.batch.length ? columns : columns.map((column) => view(column, from, to)), to - from);
    this.#first = from;
    const { view: bytes, starts, ends } = this.#keys;
    this.#pages.seek(bytes, starts, ends, to - from);
    for (let row = from, at = 0; row < to; row += 1, at += 1) {
      if (kinds[row] === TRUNCATE) {
        this.#truncate(row);
        continue;
      }
      const address = this.#pages.findNext(bytes, starts[at]!, ends[at]!, at);
      if (kinds[row] === REMOVE) {
        if (address >= 0) this.#remove(address, row, cell(unchanged, row) as string | null);
        continue;
      }
      const left = codes !== null && codes[row] === 0 ? null : cell(unchanged, row) as string | null;
      if (left === null || faults.unchangedTaken) this.#upsert(address, row);
      else this.#upsertFilled(address, row, this.#filled(rows, row, address, left, report));
    }
  }

  #remove(address: number, row: number, left: string | null): void {
    if (left !== null) this.#moved.leave(left, () => this.#rowAt(address));
    this.#taken.add(DELETE, row, -1, this.#pages.copyValue(address, this.#taken.packed));
    this.#pages.delete(address);
  }

  #pack(columns: readonly Column[], length: number): void {
    const texts = this.#texts;
    for (let index = 0; index < texts.length; index += 1) {
      const column = columns[index]!;
      const dictionary = column.storage === 'text' ? column.dictionary : null;
      if (dictionary !== (texts[index]?.dictionary ?? null)) texts[index] = dictionary === null ? null : this.#textsOf(dictionary);
    }
    this.#keys.pack(columns, texts, length);
    this.#values.pack(columns, texts, length);
  }

  #textsOf(dictionary: Dictionary): PackedTexts {
    let texts = this.#textsByDictionary.get(dictionary);
    if (texts === undefined) this.#textsByDictionary.set(dictionary, (texts = new PackedTexts(dictionary)));
    return texts;
  }

  #upsert(address: number, row: number): void {
    const { view: bytes, starts, ends } = this.#values;
    const at = row - this.#first;
    const from = starts[at]!, to = ends[at]!;
    if (address >= 0) {
      if (this.#pages.hasValueBytes(address, bytes, from, to)) return;
      this.#taken.add(UPDATE_BEFORE, row, -1, this.#pages.copyValue(address, this.#taken.packed));
    }
    this.#taken.add(address < 0 ? INSERT : UPDATE_AFTER, row, -1, -1);
    this.#pages.putBytes(address, bytes, from, to);
  }

  /** As `#upsert`, of values that are not those that came. */
  #upsertFilled(address: number, row: number, filled: Values): void {
    const { packed } = this.#taken;
    const { keyAt, restAt, end } = this.#packed(filled);
    if (address >= 0) {
      if (this.#pages.hasValueBytes(address, packed.view, restAt, end)) return;
      this.#taken.add(UPDATE_BEFORE, row, -1, this.#pages.copyValue(address, packed));
    }
    this.#taken.add(address < 0 ? INSERT : UPDATE_AFTER, row, keyAt, restAt);
    this.#pages.putBytes(address, packed.view, restAt, end);
  }

  /** Where a row's values now are among those that are given. */
  #packed(values: Values): { readonly keyAt: number; readonly restAt: number; readonly end: number } {
    const { packed } = this.#taken;
    const keyAt = packed.length;
    for (const column of this.#spec.keys) writePacked(packed, values[column]!);
    const restAt = packed.length;
    for (const column of this.#rest) writePacked(packed, values[column]!);
    return { keyAt, restAt, end: packed.length };
  }

  /** In the order of keys. */
  #truncate(row: number): void {
    const { keys } = this.#spec;
    const all = this.#pages.addresses().map((address) => this.#rowAt(address));
    all.sort((a, b) => keys.reduce((order, key) => order || compareCells(a[key]!, b[key]!), 0));
    for (const values of all) {
      const { keyAt, restAt } = this.#packed(values);
      this.#taken.add(DELETE, row, keyAt, restAt);
    }
    this.#pages.clear();
  }

  #rowAt(address: number): PackedValue[] {
    const values = new Array<PackedValue>(this.#schema.length);
    const key = this.#pages.keyAt(address);
    for (const column of this.#spec.keys) values[column] = readPacked(key);
    const value = this.#pages.valueAt(address);
    for (const column of this.#rest) values[column] = readPacked(value);
    return values;
  }

  /** The row with the values that it left out. */
  #filled(rows: Rows, row: number, address: number, left: string, report: Report): Values {
    const { columns } = rows.batch;
    const wanted = this.#columnsOf(left);
    const moved = left.startsWith('{') ? this.#moved.arrive(leftOut(left)) : null;
    const before = address < 0 ? moved : this.#rowAt(address);
    if (wanted.length > 0 && before === null) {
      const names = wanted.map((column) => this.#schema[column]!.name).join(', ');
      report.failed({
        released: rows.released[row]!, time: rows.time[row]!, place: { line: 1, column: 1, text: names },
        error: `the change leaves ${names} out as unchanged, and no earlier row of its key is known: NULL is taken`,
        row: JSON.stringify(Object.fromEntries(this.#spec.keys.map((key) => [this.#schema[key]!.name, String(cell(columns[key]!, row))]))),
      });
    }
    return this.#schema.map((_, column) => (before !== null && wanted.includes(column) ? before[column]! : cell(columns[column]!, row)));
  }

  #columnsOf(left: string): readonly number[] {
    let columns = this.#unchanged.get(left);
    if (columns === undefined) {
      const { left: names, moved } = leftOut(left);
      columns = this.#schema.flatMap(({ name }, index) => (names.includes(name) ? [index] : []));
      // Of changes of the key there are too many.
      if (moved === null) this.#unchanged.set(left, columns);
    }
    return columns;
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    this.#moved.snapshot(writer);
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#moved.restore(reader);
    this.#pages.restore(reader, pages);
  }
}

function compareCells(a: PackedValue, b: PackedValue): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compareValues(a, b);
}
