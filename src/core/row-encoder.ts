/** The canonical bytes of rows, over which digests are taken. docs/digest.md gives the format. */
import type { Batch, Column, Dictionary } from './batch.js';
import { ByteWriter } from './bytes.js';
import { assert } from './errors.js';
import { INSERT } from './row-kind.js';
import type { Field, Int64, Schema } from './types.js';
import { encodeUtf8, utf8Length } from './utf8.js';

/** How a column's values are written. */
type Form = 'integer' | 'real' | 'decimal' | 'text' | 'bytes';

function formOf({ type }: Field): Form {
  switch (type.kind) {
    case 'DOUBLE': case 'FLOAT': return 'real';
    case 'DECIMAL': return 'decimal';
    case 'STRING': return 'text';
    case 'BYTES': return 'bytes';
    default: return 'integer';
  }
}

/** Bytes that a value takes after its tag; of texts, the length before them. */
const WIDTHS: Readonly<Record<Form, number>> = { integer: 8, real: 8, decimal: 17, text: 4, bytes: 4 };

/** UTF-8 of the strings of one dictionary, each encoded when first met. */
class EncodedStrings {
  readonly #writer = new ByteWriter();
  #starts = new Int32Array(64).fill(-1);
  #lengths = new Int32Array(64);

  constructor(readonly dictionary: Dictionary) {}

  lengthOf(code: number): number {
    if (code >= this.#starts.length || this.#starts[code]! < 0) this.#encode(code);
    return this.#lengths[code]!;
  }

  /** Copies the bytes of `code`, whose length was asked for before, to `at`. */
  copy(code: number, into: Uint8Array, at: number): void {
    const from = this.#writer.buffer;
    const start = this.#starts[code]!;
    const length = this.#lengths[code]!;
    if (length > 32) into.set(from.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) into[at + i] = from[start + i]!;
  }

  #encode(code: number): void {
    if (code >= this.#starts.length) {
      const starts = new Int32Array(Math.max(this.dictionary.size, code * 2)).fill(-1);
      starts.set(this.#starts);
      const lengths = new Int32Array(starts.length);
      lengths.set(this.#lengths);
      this.#starts = starts;
      this.#lengths = lengths;
    }
    const text = this.dictionary.strings[code]!;
    const length = utf8Length(text);
    const at = this.#writer.reserve(length);
    encodeUtf8(text, this.#writer.buffer, at);
    this.#starts[code] = at;
    this.#lengths[code] = length;
  }
}

/** Writes rows of one schema. Keeps the UTF-8 of dictionaries, so make one for each output and keep it. */
export class RowEncoder {
  readonly #forms: readonly Form[];
  readonly #scales: readonly number[];
  readonly #strings: (EncodedStrings | null)[];
  /** Where each row goes on, while columns are written one after another. */
  #heads = new Int32Array(1024);
  #ends = new Int32Array(1024);

  constructor(schema: Schema) {
    this.#forms = schema.map(formOf);
    this.#scales = schema.map((field) => field.type.scale ?? 0);
    this.#strings = schema.map(() => null);
  }

  /**
   * Appends rows [from, to). `kinds` are those of a changelog's rows, as core/row-kind.ts numbers them; null: all are
   * inserts. Returns where in `writer` each row ends, row `from` first; valid until the next call.
   */
  encode(writer: ByteWriter, batch: Batch, from: number, to: number, kinds: Uint8Array | null = null): Int32Array {
    assert(batch.columns.length === this.#forms.length, 'a batch has the columns of its schema');
    this.#measure(writer, batch, from, to);
    const view = writer.view;
    const heads = this.#heads;
    for (let i = 0; i < to - from; i++) {
      view.setUint8(heads[i]!, kinds === null ? INSERT : kinds[from + i]!);
      heads[i] = heads[i]! + 1;
    }
    for (let c = 0; c < this.#forms.length; c++) {
      const column = batch.columns[c]!;
      if (column.storage === 'text') {
        if (column.dictionary === null) writeStrings(writer, heads, column.values, this.#forms[c] === 'bytes', from, to);
        else writeCodes(writer, heads, column.values, this.#strings[c]!, from, to);
      } else if (this.#forms[c] === 'decimal') {
        writeDecimals(view, heads, column.values, column.nulls, this.#scales[c]!, from, to);
      } else if (this.#forms[c] === 'real') {
        writeReals(view, heads, column.values as Float64Array, column.nulls, from, to);
      } else if (column.values instanceof Float64Array) {
        writeIntegers(view, heads, column.values, column.nulls, from, to);
      } else {
        writeBigIntegers(view, heads, column.values, column.nulls, from, to);
      }
    }
    return this.#ends;
  }

  /** Finds where each row begins and ends, and makes room. */
  #measure(writer: ByteWriter, batch: Batch, from: number, to: number): void {
    const count = to - from;
    if (count > this.#ends.length) {
      this.#heads = new Int32Array(count);
      this.#ends = new Int32Array(count);
    }
    const sizes = this.#ends;
    let width = 1;
    for (const form of this.#forms) width += 1 + WIDTHS[form];
    sizes.fill(width, 0, count);
    for (let c = 0; c < this.#forms.length; c++) this.#addVariable(c, batch.columns[c]!, from, to);
    let end = writer.length;
    const begin = end;
    for (let i = 0; i < count; i++) {
      this.#heads[i] = end;
      end += sizes[i]!;
      sizes[i] = end;
    }
    writer.reserve(end - begin);
  }

  /** Adds to the sizes of rows what texts take, and takes off what NULLs do not. */
  #addVariable(c: number, column: Column, from: number, to: number): void {
    const sizes = this.#ends;
    const width = WIDTHS[this.#forms[c]!];
    if (column.storage === 'text' && column.dictionary !== null) {
      let strings = this.#strings[c]!;
      if (strings === null || strings.dictionary !== column.dictionary) {
        strings = new EncodedStrings(column.dictionary);
        this.#strings[c] = strings;
      }
      for (let row = from; row < to; row++) {
        const code = column.values[row]!;
        sizes[row - from] = sizes[row - from]! + (code === 0 ? -width : strings.lengthOf(code));
      }
    } else if (column.storage === 'text') {
      const latin1 = this.#forms[c] === 'bytes';
      for (let row = from; row < to; row++) {
        const text = column.values[row] as string | null;
        sizes[row - from] = sizes[row - from]! + (text === null ? -width : latin1 ? text.length : utf8Length(text));
      }
    } else if (column.nulls !== null) {
      for (let row = from; row < to; row++) if (column.nulls[row] !== 0) sizes[row - from] = sizes[row - from]! - width;
    }
  }
}

/** Appends rows [from, to) of `batch` to `writer`: for cold paths and tests. */
export function encodeRows(writer: ByteWriter, batch: Batch, from: number, to: number, schema: Schema): void {
  new RowEncoder(schema).encode(writer, batch, from, to);
}

// The loops below write one column of all rows. A tag of 1 precedes a value; NULL is a tag of 0 alone.

function writeReals(view: DataView, heads: Int32Array, values: Float64Array, nulls: Uint8Array | null, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    if (nulls !== null && nulls[row] !== 0) {
      view.setUint8(at, 0);
      heads[row - from] = at + 1;
      continue;
    }
    const value = values[row]!;
    view.setUint8(at, 1);
    if (value === value) view.setFloat64(at + 1, value);
    else {
      // One NaN, whatever its bits were.
      view.setUint32(at + 1, 0x7ff80000);
      view.setUint32(at + 5, 0);
    }
    heads[row - from] = at + 9;
  }
}

function writeIntegers(view: DataView, heads: Int32Array, values: Float64Array, nulls: Uint8Array | null, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    if (nulls !== null && nulls[row] !== 0) {
      view.setUint8(at, 0);
      heads[row - from] = at + 1;
      continue;
    }
    const value = values[row]!;
    const high = Math.floor(value / 4294967296);
    view.setUint8(at, 1);
    view.setInt32(at + 1, high);
    view.setUint32(at + 5, value - high * 4294967296);
    heads[row - from] = at + 9;
  }
}

function writeBigIntegers(view: DataView, heads: Int32Array, values: readonly Int64[], nulls: Uint8Array | null, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    const isNull = nulls !== null && nulls[row] !== 0;
    view.setUint8(at, isNull ? 0 : 1);
    if (!isNull) view.setBigInt64(at + 1, BigInt(values[row]!));
    heads[row - from] = at + (isNull ? 1 : 9);
  }
}

function writeDecimals(
  view: DataView, heads: Int32Array, values: Float64Array | readonly Int64[], nulls: Uint8Array | null, scale: number, from: number, to: number,
): void {
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    if (nulls !== null && nulls[row] !== 0) {
      view.setUint8(at, 0);
      heads[row - from] = at + 1;
      continue;
    }
    const value = values[row]!;
    view.setUint8(at, 1);
    view.setUint8(at + 1, scale);
    if (typeof value === 'number') {
      const sign = value < 0 ? -1 : 0;
      const high = Math.floor(value / 4294967296);
      view.setInt32(at + 2, sign);
      view.setInt32(at + 6, sign);
      view.setInt32(at + 10, high);
      view.setUint32(at + 14, value - high * 4294967296);
    } else {
      view.setBigInt64(at + 2, value >> 64n);
      view.setBigUint64(at + 10, BigInt.asUintN(64, value));
    }
    heads[row - from] = at + 18;
  }
}

function writeCodes(writer: ByteWriter, heads: Int32Array, codes: Int32Array, strings: EncodedStrings, from: number, to: number): void {
  const view = writer.view;
  const buffer = writer.buffer;
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    const code = codes[row]!;
    if (code === 0) {
      view.setUint8(at, 0);
      heads[row - from] = at + 1;
      continue;
    }
    const length = strings.lengthOf(code);
    view.setUint8(at, 1);
    view.setUint32(at + 1, length);
    strings.copy(code, buffer, at + 5);
    heads[row - from] = at + 5 + length;
  }
}

function writeStrings(writer: ByteWriter, heads: Int32Array, texts: readonly (string | null)[], latin1: boolean, from: number, to: number): void {
  const view = writer.view;
  const buffer = writer.buffer;
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    const text = texts[row]!;
    if (text === null) {
      view.setUint8(at, 0);
      heads[row - from] = at + 1;
      continue;
    }
    let end = at + 5;
    if (latin1) for (let i = 0; i < text.length; i++) buffer[end++] = text.charCodeAt(i);
    else end = encodeUtf8(text, buffer, end);
    view.setUint8(at, 1);
    view.setUint32(at + 1, end - at - 5);
    heads[row - from] = end;
  }
}
