/**
 * A captured table from its changes: each row with the one of its key that it takes back. What a change says of the row
 * before it is not believed (under the default replica identity it is filler): the state knows it. Values that a change
 * left out as unchanged are those of the row before. A change that changes nothing of what is asked for gives nothing.
 */
import { cell } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { REMOVE, TRUNCATE } from '../core/change.js';
import { faults } from '../core/faults.js';
import { KeyedPages, type PageLimits } from '../core/keyed-pages.js';
import { PackedColumn, appendPacked } from '../core/packed-column.js';
import { readPacked, writePacked, type PackedValue } from '../core/packed.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../core/row-kind.js';
import type { Schema } from '../core/types.js';
import { compareValues } from './accumulator.js';
import { ChangeRows } from './change-rows.js';
import { MovedRows, leftOut } from './moved-rows.js';
import { noRows, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';

export interface ChangelogSpec {
  readonly name: string;
  /** The table's columns that are asked for, its key's among them; then `changeColumns`. */
  readonly input: Schema;
  readonly keys: readonly number[];
}

type Values = readonly PackedValue[];

export class Changelog implements Operator {
  readonly name: string;
  readonly #spec: ChangelogSpec;
  readonly #schema: Schema;
  /** The columns that are not the key's. */
  readonly #rest: readonly number[];
  /** The table's columns of the chunk. */
  readonly #cells: readonly PackedColumn[];
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
    this.#cells = this.#schema.map(() => new PackedColumn());
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new KeyedPages(limits);
  }

  process(rows: Rows, _chunk: Chunk, _watermark: WatermarkPath, report: Report): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    const kinds = columns[columns.length - 2]!.values as Float64Array;
    const unchanged = columns[columns.length - 1]!;
    const { key } = this.#pages;
    this.#cells.forEach((cells, column) => cells.take(columns[column]!));
    // An update is two rows.
    const changes = new ChangeRows(this.#schema, 2 * length);
    for (let row = 0; row < length; row += 1) {
      if (kinds[row] === TRUNCATE) {
        this.#truncate(rows, row, changes);
        continue;
      }
      key.reset();
      for (const column of this.#spec.keys) this.#cells[column]!.write(key, row);
      const address = this.#pages.find();
      if (kinds[row] === REMOVE) {
        if (address < 0) continue;
        this.#moved.leave(cell(unchanged, row) as string | null, () => this.#rowAt(address));
        this.#giveBefore(changes, DELETE, address, rows, row);
        this.#pages.delete(address);
        continue;
      }
      const left = cell(unchanged, row) as string | null;
      if (left === null || faults.unchangedTaken) this.#upsert(address, rows, row, changes);
      else this.#upsertFilled(address, rows, row, this.#filled(rows, row, address, left, report), changes);
    }
    this.#pages.settle();
    return changes.finish();
  }

  #upsert(address: number, rows: Rows, row: number, changes: ChangeRows): void {
    const { value } = this.#pages;
    const cells = this.#cells;
    value.reset();
    for (const column of this.#rest) cells[column]!.write(value, row);
    if (address >= 0) {
      if (this.#pages.hasValue(address)) return;
      this.#giveBefore(changes, UPDATE_BEFORE, address, rows, row);
    }
    for (let column = 0; column < cells.length; column += 1) cells[column]!.appendTo(changes.columns[column]!, row);
    changes.add(address < 0 ? INSERT : UPDATE_AFTER, rows.released[row]!, rows.time[row]!);
    this.#pages.put(address);
  }

  /** As `#upsert`, of values that are not those that came. */
  #upsertFilled(address: number, rows: Rows, row: number, filled: Values, changes: ChangeRows): void {
    const { value } = this.#pages;
    value.reset();
    for (const column of this.#rest) writePacked(value, filled[column]!);
    if (address >= 0) {
      if (this.#pages.hasValue(address)) return;
      this.#giveBefore(changes, UPDATE_BEFORE, address, rows, row);
    }
    this.#give(changes, address < 0 ? INSERT : UPDATE_AFTER, filled, rows, row);
    this.#pages.put(address);
  }

  /** The row that is taken back: its key is that of `row`. */
  #giveBefore(changes: ChangeRows, kind: number, address: number, rows: Rows, row: number): void {
    for (const column of this.#spec.keys) this.#cells[column]!.appendTo(changes.columns[column]!, row);
    const before = this.#pages.valueAt(address);
    for (const column of this.#rest) appendPacked(changes.columns[column]!, before);
    changes.add(kind, rows.released[row]!, rows.time[row]!);
  }

  /** In the order of keys. */
  #truncate(rows: Rows, row: number, changes: ChangeRows): void {
    const { keys } = this.#spec;
    const all = this.#pages.addresses().map((address) => this.#rowAt(address));
    all.sort((a, b) => keys.reduce((order, key) => order || compareCells(a[key]!, b[key]!), 0));
    for (const values of all) this.#give(changes, DELETE, values, rows, row);
    this.#pages.clear();
  }

  #give(changes: ChangeRows, kind: number, values: Values, rows: Rows, row: number): void {
    for (let column = 0; column < values.length; column += 1) changes.columns[column]!.append(values[column]!);
    changes.add(kind, rows.released[row]!, rows.time[row]!);
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
