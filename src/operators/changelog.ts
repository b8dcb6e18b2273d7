/**
 * A captured table from its changes: each row with the one of its key that it takes back. What a change says of the row
 * before it is not believed (under the default replica identity it is filler): the state knows it. Values that a change
 * left out as unchanged are those of the row before. A change that changes nothing of what is asked for gives nothing.
 */
import { batchOf, cell, type Batch, type Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { REMOVE, TRUNCATE } from '../core/change.js';
import { ColumnBuilder, gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../core/row-kind.js';
import { storageOf, type Schema } from '../core/types.js';
import { grown } from './grown.js';
import { KeyTable } from './key-table.js';
import { noRows, type Chunk, type Operator, type Report, type Rows, type WatermarkPath } from './operator.js';
import { SlotStore } from './slot-store.js';

export interface ChangelogSpec {
  readonly name: string;
  /** The table's columns that are asked for, its key's among them; then `changeColumns`. */
  readonly input: Schema;
  readonly keys: readonly number[];
}

const NONE = -1;
/** Fewer keys are not worth a look at how many of them have a row. */
const SWEEP_MIN = 65_536;

/** What leaves, row by row: its kind, where the row is kept, and the input row that it is due to. */
interface Given {
  readonly kinds: number[];
  readonly slots: number[];
  readonly rows: number[];
}

export class Changelog implements Operator {
  readonly name: string;
  readonly #spec: ChangelogSpec;
  readonly #schema: Schema;
  #keys: KeyTable;
  #store: SlotStore;
  /** By key id: the slot of its row. */
  #slots: Int32Array = new Int32Array(0);
  #ids = new Int32Array(0);
  #new = new Int32Array(0);
  /** Slots that nobody needs once this chunk's rows have left. */
  #freed: number[] = [];
  /** Columns by index, of each text that names them. */
  readonly #unchanged = new Map<string, readonly number[]>();
  #sweepAt = SWEEP_MIN;

  constructor(spec: ChangelogSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#schema = spec.input.slice(0, -2);
    this.#keys = new KeyTable(spec.keys.length);
    this.#store = new SlotStore(this.#schema);
  }

  process(rows: Rows, _chunk: Chunk, _watermark: WatermarkPath, report: Report): Rows {
    const { columns, length } = rows.batch;
    if (length === 0) return noRows;
    if (this.#ids.length < length) {
      this.#ids = new Int32Array(length * 2);
      this.#new = new Int32Array(length * 2);
    }
    this.#keys.fill(this.#spec.keys.map((column) => columns[column]!), length, this.#ids);
    this.#slots = grown(this.#slots, this.#keys.size, NONE);
    const own = columns.slice(0, -2);
    this.#store.add(own, length, this.#new);
    const given = this.#play(rows, batchOf(length, own), report);
    const views = this.#store.views();
    const result: Rows = given.rows.length === 0 ? noRows : {
      batch: { length: given.rows.length, columns: views.map((column) => gather(column, given.slots, given.slots.length)) },
      released: Int32Array.from(given.rows, (row) => rows.released[row]!), time: Float64Array.from(given.rows, (row) => rows.time[row]!),
      kinds: Uint8Array.from(given.kinds),
    };
    for (const slot of this.#freed) this.#store.free(slot);
    this.#freed = [];
    if (this.#keys.size >= this.#sweepAt) this.#sweep();
    return result;
  }

  #play(rows: Rows, own: Batch, report: Report): Given {
    const { columns } = rows.batch;
    const changes = columns[columns.length - 2]!.values as Float64Array;
    const unchanged = columns[columns.length - 1]!;
    const given: Given = { kinds: [], slots: [], rows: [] };
    let views = this.#store.views();
    for (let row = 0; row < own.length; row += 1) {
      const id = this.#ids[row]!;
      let slot = this.#new[row]!;
      const before = this.#slots[id]!;
      if (changes[row] === TRUNCATE || changes[row] === REMOVE) {
        this.#freed.push(slot);
        if (changes[row] === TRUNCATE) this.#truncate(row, given);
        else if (before !== NONE) this.#remove(id, row, given);
        continue;
      }
      const left = cell(unchanged, row) as string | null;
      if (left !== null && !faults.unchangedTaken) {
        slot = this.#filled(rows, own, row, before, left, report);
        views = this.#store.views();
      }
      this.#upsert(id, slot, row, views, given);
    }
    return given;
  }

  #upsert(id: number, slot: number, row: number, views: readonly Column[], given: Given): void {
    const before = this.#slots[id]!;
    if (before === NONE) give(given, INSERT, slot, row);
    else if (views.every((column) => Object.is(cell(column, before), cell(column, slot)))) {
      this.#freed.push(slot);
      return;
    } else {
      give(given, UPDATE_BEFORE, before, row);
      give(given, UPDATE_AFTER, slot, row);
      this.#freed.push(before);
    }
    this.#slots[id] = slot;
  }

  #remove(id: number, row: number, given: Given): void {
    const slot = this.#slots[id]!;
    give(given, DELETE, slot, row);
    this.#freed.push(slot);
    this.#slots[id] = NONE;
  }

  /** In the order of keys. */
  #truncate(row: number, given: Given): void {
    for (const id of this.#live().sort((a, b) => this.#keys.compare(a, b))) this.#remove(id, row, given);
  }

  /** The row with the values that it left out: a slot of its own. */
  #filled(rows: Rows, own: Batch, row: number, before: number, left: string, report: Report): number {
    this.#freed.push(this.#new[row]!);
    const wanted = this.#columnsOf(left);
    if (wanted.length > 0 && before === NONE) {
      const names = wanted.map((column) => this.#schema[column]!.name).join(', ');
      report.failed({
        released: rows.released[row]!, time: rows.time[row]!, place: { line: 1, column: 1, text: names },
        error: `the change leaves ${names} out as unchanged, and no earlier row of its key is known: NULL is taken`,
        row: JSON.stringify(Object.fromEntries(this.#spec.keys.map((key) => [this.#schema[key]!.name, String(cell(own.columns[key]!, row))]))),
      });
    }
    const views = this.#store.views();
    const columns = own.columns.map((column, index) => {
      const builder = new ColumnBuilder(storageOf(this.#schema[index]!.type), 1);
      builder.append(before !== NONE && wanted.includes(index) ? cell(views[index]!, before) : cell(column, row));
      return builder.finish();
    });
    const slot = new Int32Array(1);
    this.#store.add(columns, 1, slot);
    return slot[0]!;
  }

  #columnsOf(left: string): readonly number[] {
    let columns = this.#unchanged.get(left);
    if (columns === undefined) {
      const names = JSON.parse(left) as string[];
      columns = this.#schema.flatMap(({ name }, index) => (names.includes(name) ? [index] : []));
      this.#unchanged.set(left, columns);
    }
    return columns;
  }

  /** Ids of the keys that have a row. */
  #live(): number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.#keys.size; id += 1) if (this.#slots[id] !== NONE) ids.push(id);
    return ids;
  }

  /** Forgets keys whose rows are gone, where they are most. */
  #sweep(): void {
    const live = this.#live();
    if (live.length * 2 <= this.#keys.size) this.#keep(this.#keys.keeping(live), Int32Array.from(live, (id) => this.#slots[id]!));
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * this.#keys.size);
  }

  #keep(keys: KeyTable, slots: Int32Array): void {
    this.#keys = keys;
    this.#slots = slots;
  }

  snapshot(writer: ByteWriter): void {
    const live = this.#live();
    this.#keys.keeping(live).snapshot(writer);
    this.#store.snapshot(writer, Int32Array.from(live, (id) => this.#slots[id]!));
  }

  restore(reader: ByteReader): void {
    const keys = new KeyTable(this.#spec.keys.length);
    keys.restore(reader);
    this.#store = new SlotStore(this.#schema);
    const length = this.#store.restore(reader);
    this.#keep(keys, Int32Array.from({ length }, (_, slot) => slot));
  }
}

function give({ kinds, slots, rows }: Given, kind: number, slot: number, row: number): void {
  kinds.push(kind);
  slots.push(slot);
  rows.push(row);
}
