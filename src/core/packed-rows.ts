/** Rows of a batch as bytes of state, each in one piece: written column by column, so that how a column is kept is asked once. */
import type { Column, TextColumn } from './batch.js';
import { ByteWriter } from './bytes.js';
import { packedTags, writePacked } from './packed.js';
import { PackedTexts, packedTextBytes, writeTextAt } from './packed-texts.js';
import { copyBytes } from './record-bytes.js';
import type { Int64 } from './types.js';

/** Bytes that a number takes at the most. */
const numberBytes = 9;

/** An exact integer on its way. */
const single = new ByteWriter(64);

export class PackedRows {
  /** Row k is the bytes [starts[k], ends[k]) of the batch that came last. */
  view = new DataView(new ArrayBuffer(0));
  starts = new Int32Array(0);
  ends = new Int32Array(0);
  #bytes = new Uint8Array(0);

  /** `which`: the columns that a row has, in their order. */
  constructor(private readonly which: readonly number[]) {}

  /** Rows 0..length; `texts`: of each column that has a dictionary, what is known of it. */
  pack(columns: readonly Column[], texts: readonly (PackedTexts | null)[], length: number): void {
    const { which } = this;
    this.#makeRoom(columns, texts, length);
    for (let index = 0; index < which.length; index += 1) this.#write(columns[which[index]!]!, texts[which[index]!]!, length);
  }

  /** Each row begins after the most that those before it can take. */
  #makeRoom(columns: readonly Column[], texts: readonly (PackedTexts | null)[], length: number): void {
    if (this.starts.length < length) {
      this.starts = new Int32Array(2 * length);
      this.ends = new Int32Array(2 * length);
    }
    const { starts, ends } = this;
    let most = 0;
    for (const index of this.which) most += mostBytesOf(columns[index]!, texts[index]!);
    if (most === Infinity) this.#addBytes(columns, texts, length);
    else starts.fill(most, 0, length);
    let at = 0;
    for (let row = 0; row < length; row += 1) {
      const size = starts[row]!;
      starts[row] = ends[row] = at;
      at += size;
    }
    if (at <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(2 * at);
    this.view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes each row takes at the most. */
  #addBytes(columns: readonly Column[], texts: readonly (PackedTexts | null)[], length: number): void {
    const sizes = this.starts;
    sizes.fill(0, 0, length);
    for (const index of this.which) {
      const column = columns[index]!;
      for (let row = 0; row < length; row += 1) sizes[row]! += bytesAt(column, texts[index]!, row);
    }
  }

  #write(column: Column, texts: PackedTexts | null, length: number): void {
    if (column.storage === 'text') this.#writeTexts(column, texts, length);
    else if (column.values instanceof Float64Array) this.#writeNumbers(column.values, column.nulls, length);
    else this.#writeExact(column.values, column.nulls, length);
  }

  #writeTexts(column: TextColumn, texts: PackedTexts | null, length: number): void {
    const { view, ends } = this;
    if (column.dictionary === null) for (let row = 0; row < length; row += 1) ends[row] = writeTextAt(column.values[row]!, view, ends[row]!);
    else for (let row = 0; row < length; row += 1) ends[row] = texts!.write(column.values[row]!, view, ends[row]!);
  }

  #writeExact(values: readonly Int64[], nulls: Uint8Array | null, length: number): void {
    const { view, ends } = this;
    for (let row = 0; row < length; row += 1) {
      single.reset();
      writePacked(single, nulls !== null && nulls[row] !== 0 ? null : values[row]!);
      ends[row] = copyBytes(single.view, 0, single.length, view, ends[row]!);
    }
  }

  /** As `writePacked` writes them. */
  #writeNumbers(values: Float64Array, nulls: Uint8Array | null, length: number): void {
    const { view, ends } = this;
    const bytes = this.#bytes;
    for (let row = 0; row < length; row += 1) {
      const at = ends[row]!;
      if (nulls !== null && nulls[row] !== 0) {
        bytes[at] = packedTags.null;
        ends[row] = at + 1;
        continue;
      }
      const value = values[row]!;
      const whole = value | 0;
      if (whole !== value || (whole === 0 && Object.is(value, -0))) {
        bytes[at] = packedTags.real;
        if (value === value) view.setFloat64(at + 1, value, true);
        else view.setBigUint64(at + 1, 0x7ff8_0000_0000_0000n, true);
        ends[row] = at + 9;
      } else if (whole >>> 0 < 256) {
        bytes[at] = packedTags.byte;
        bytes[at + 1] = whole;
        ends[row] = at + 2;
      } else if (whole >>> 0 < 65_536) {
        bytes[at] = packedTags.short;
        bytes[at + 1] = whole;
        bytes[at + 2] = whole >>> 8;
        ends[row] = at + 3;
      } else {
        bytes[at] = packedTags.int;
        bytes[at + 1] = whole;
        bytes[at + 2] = whole >>> 8;
        bytes[at + 3] = whole >>> 16;
        bytes[at + 4] = whole >>> 24;
        ends[row] = at + 5;
      }
    }
  }
}

/** Bytes that a value of a column takes at the most; Infinity: that is another for each. */
function mostBytesOf(column: Column, texts: PackedTexts | null): number {
  if (column.storage === 'text') return texts === null ? Infinity : texts.mostBytes();
  return column.values instanceof Float64Array ? numberBytes : Infinity;
}

function bytesAt(column: Column, texts: PackedTexts | null, row: number): number {
  if (column.storage === 'text') return column.dictionary === null ? packedTextBytes(column.values[row] ?? '') : texts!.bytesOf(column.values[row]!);
  const value = column.values[row]!;
  // Tag, sign and length, and two digits a byte.
  return typeof value === 'number' ? numberBytes : 6 + value.toString(16).length;
}
