/**
 * What a captured table gives for the rows of one batch: rows that came, and rows out of its state that they take back.
 * They are listed first, then made column by column: how a column is kept is asked once.
 */
import { cell, type Batch, type Column, type TextColumn } from '../core/batch.js';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { ColumnBuilder } from '../core/column-builder.js';
import { ColumnMemory } from '../core/column-memory.js';
import { packedTags, readPacked } from '../core/packed.js';
import type { PackedTexts } from '../core/packed-texts.js';
import { storageOf, type Schema, type Storage } from '../core/types.js';
import { noRows, type Rows } from './operator.js';

export class TakenRows {
  /** Values of rows out of the state, packed: whoever writes them here says where they begin. */
  readonly packed = new ByteWriter(4096);
  length = 0;
  readonly #memory = new ColumnMemory();
  #kinds = new Uint8Array(256);
  /** By row: the one of the batch that caused it. */
  #sources = new Int32Array(256);
  /** By row: where its next value is in `packed`; -1: it has the values that came. */
  #keysAt = new Int32Array(256);
  #restAt = new Int32Array(256);
  #hasKeys = false;
  #reader = new ByteReader(this.packed.buffer);

  readonly #storages: readonly Storage[];

  /** `keys`: columns of the key, and `rest`: the others, both as they are packed one after the other. */
  constructor(schema: Schema, private readonly keys: readonly number[], private readonly rest: readonly number[]) {
    this.#storages = schema.map(({ type }) => storageOf(type));
  }

  /** Whose key, and whose other values, begin in `packed` at the bytes given; -1: they are those of row `source`. */
  add(kind: number, source: number, keyAt: number, restAt: number): void {
    const at = this.length;
    if (at === this.#kinds.length) this.#grow();
    this.#kinds[at] = kind;
    this.#sources[at] = source;
    this.#keysAt[at] = keyAt;
    this.#restAt[at] = restAt;
    if (keyAt >= 0) this.#hasKeys = true;
    this.length = at + 1;
  }

  #grow(): void {
    const larger = <Words extends Uint8Array | Int32Array>(words: Words, twice: Words): Words => {
      twice.set(words);
      return twice;
    };
    const capacity = 2 * this.length;
    this.#kinds = larger(this.#kinds, new Uint8Array(capacity));
    this.#sources = larger(this.#sources, new Int32Array(capacity));
    this.#keysAt = larger(this.#keysAt, new Int32Array(capacity));
    this.#restAt = larger(this.#restAt, new Int32Array(capacity));
  }

  /** All rows since the last call. `texts`: of each column of `batch` that has a dictionary. */
  take({ columns }: Batch, texts: readonly (PackedTexts | null)[], { released, time }: Rows): Rows {
    const { length } = this;
    if (length === 0) return noRows;
    if (this.#reader.buffer !== this.packed.buffer) this.#reader = new ByteReader(this.packed.buffer);
    const storages = this.#storages;
    const keysAt = this.#hasKeys ? this.#keysAt : null;
    const taken = new Array<Column>(storages.length);
    for (const column of this.keys) taken[column] = this.#column(storages[column]!, columns[column]!, texts[column]!, keysAt);
    for (const column of this.rest) taken[column] = this.#column(storages[column]!, columns[column]!, texts[column]!, this.#restAt);
    const memory = this.#memory, sources = this.#sources;
    const takenReleased = memory.codes(length), takenTime = memory.reals(length), kinds = memory.bytes(length);
    for (let row = 0; row < length; row += 1) {
      takenReleased[row] = released[sources[row]!]!;
      takenTime[row] = time[sources[row]!]!;
      kinds[row] = this.#kinds[row]!;
    }
    this.length = 0;
    this.#hasKeys = false;
    this.packed.reset();
    return { batch: { length, columns: taken }, released: takenReleased, time: takenTime, kinds };
  }

  /** `at`: where the values of this column begin, then end, in `packed`; null: all are of `came`. */
  #column(storage: Storage, came: Column, texts: PackedTexts | null, at: Int32Array | null): Column {
    if (came.storage === 'text') return came.dictionary === null ? this.#byValue(storage, came, at, null, 0) : this.#codes(came, texts!, at);
    return came.values instanceof Float64Array ? this.#numbers(storage, came, came.values, came.nulls, at) : this.#byValue(storage, came, at, null, 0);
  }

  #codes(came: TextColumn & { readonly values: Int32Array }, texts: PackedTexts, at: Int32Array | null): Column {
    const { length } = this;
    const sources = this.#sources, reader = this.#reader, given = came.values;
    const codes = this.#memory.codes(length);
    const column: Column = { storage: 'text', values: codes, dictionary: texts.dictionary };
    for (let row = 0; row < length; row += 1) {
      const code = given[sources[row]!]!;
      if (at === null || at[row]! < 0) {
        codes[row] = code;
        continue;
      }
      const found = texts.codeAt(reader, at[row]!, code);
      // A text that came before the dictionary did.
      if (found < 0) return this.#byValue('text', came, at, column, row);
      codes[row] = found;
      at[row] = texts.end;
    }
    return column;
  }

  #numbers(storage: Storage, came: Column, given: Float64Array, givenNulls: Uint8Array | null, at: Int32Array | null): Column {
    const { length } = this;
    const sources = this.#sources, reader = this.#reader, { buffer } = reader;
    const values = this.#memory.reals(length);
    let nulls: Uint8Array | null = null;
    for (let row = 0; row < length; row += 1) {
      const from = at === null ? -1 : at[row]!;
      if (from < 0) {
        const source = sources[row]!;
        values[row] = given[source]!;
        if (givenNulls !== null && givenNulls[source] !== 0) (nulls ??= this.#memory.bytes(length))[row] = 1;
        continue;
      }
      switch (buffer[from]) {
        case packedTags.byte:
          values[row] = buffer[from + 1]!;
          at![row] = from + 2;
          break;
        case packedTags.short:
          values[row] = buffer[from + 1]! | (buffer[from + 2]! << 8);
          at![row] = from + 3;
          break;
        case packedTags.int:
          values[row] = buffer[from + 1]! | (buffer[from + 2]! << 8) | (buffer[from + 3]! << 16) | (buffer[from + 4]! << 24);
          at![row] = from + 5;
          break;
        case packedTags.real:
          reader.moveTo(from + 1);
          values[row] = reader.f64();
          at![row] = from + 9;
          break;
        case packedTags.null:
          (nulls ??= this.#memory.bytes(length))[row] = 1;
          at![row] = from + 1;
          break;
        default:
          return this.#byValue(storage, came, at, { storage, values, nulls } as Column, row);
      }
    }
    return { storage, values, nulls } as Column;
  }

  /** Of a column that neither holds doubles nor codes, or cannot go on so: rows 0..from are those of `begun`. */
  #byValue(storage: Storage, came: Column, at: Int32Array | null, begun: Column | null, from: number): Column {
    const builder = new ColumnBuilder(storage, this.length);
    for (let row = 0; row < from; row += 1) builder.append(cell(begun!, row));
    for (let row = from; row < this.length; row += 1) {
      if (at === null || at[row]! < 0) {
        builder.append(cell(came, this.#sources[row]!));
        continue;
      }
      this.#reader.moveTo(at[row]!);
      builder.append(readPacked(this.#reader));
      at[row] = this.#reader.position;
    }
    return builder.finish();
  }
}
