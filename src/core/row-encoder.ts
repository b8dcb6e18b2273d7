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

const WORD = 4294967296;
/** Exact, and sooner multiplied than a word is divided by. */
const PER_WORD = 1 / WORD;

/** Bytes that a value takes after its tag; of texts, the length before them. */
const WIDTHS: Readonly<Record<Form, number>> = { integer: 8, real: 8, decimal: 17, text: 4, bytes: 4 };

/** How the strings of one dictionary are written, tag and length and UTF-8: each is made when first met. */
class EncodedStrings {
  /** NULL is the first: its tag alone. */
  readonly writer = new ByteWriter();
  /** By code: where a string begins in `writer`, and how many bytes it takes, 0: it was not met yet. */
  starts: Int32Array = new Int32Array(64);
  spans: Int32Array = new Int32Array(64);

  constructor(readonly dictionary: Dictionary) {
    this.writer.u8(0);
    this.spans[0] = 1;
  }

  /** The bytes that `code`, of which there are none yet, takes. */
  add(code: number): number {
    const { writer, dictionary } = this, { ascii, asciiStarts, asciiEnds } = dictionary;
    const end = code < asciiEnds.length ? asciiEnds[code]! : 0;
    this.starts[code] = writer.length;
    writer.u8(1);
    if (end === 0) writer.stringBE(dictionary.strings[code]!);
    else {
      writer.u32BE(end - asciiStarts[code]!);
      writer.rawRange(ascii, asciiStarts[code]!, end);
    }
    return (this.spans[code] = writer.length - this.starts[code]!);
  }

  /** Makes room for all codes that there are. */
  grow(): void {
    const { size } = this.dictionary;
    if (size <= this.spans.length) return;
    const larger = (words: Int32Array): Int32Array => {
      const grown = new Int32Array(2 * size);
      grown.set(words);
      return grown;
    };
    this.starts = larger(this.starts);
    this.spans = larger(this.spans);
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
   * Appends rows [from, to). `operations` are the kinds of a changelog's rows, as core/row-kind.ts numbers them, each + 1;
   * null: all are inserts. Returns where in `writer` each row ends, row `from` first; valid until the next call.
   */
  encode(writer: ByteWriter, batch: Batch, from: number, to: number, operations: Int32Array | null = null): Int32Array {
    assert(batch.columns.length === this.#forms.length + (operations === null ? 0 : 1), 'a batch has the columns of its schema, and its operations');
    this.#measure(writer, batch, from, to);
    const view = writer.view;
    const heads = this.#heads;
    const { buffer } = writer;
    for (let i = 0; i < to - from; i++) {
      const at = heads[i]!;
      buffer[at] = operations === null ? INSERT : operations[from + i]! - 1;
      heads[i] = at + 1;
    }
    for (let c = 0; c < this.#forms.length; c++) {
      const column = batch.columns[c]!;
      if (column.storage === 'text') {
        if (column.dictionary === null) writeStrings(writer, heads, column.values, this.#forms[c] === 'bytes', from, to);
        else writeCodes(writer, heads, column.values, this.#strings[c]!, from, to);
      } else if (this.#forms[c] === 'decimal') {
        writeDecimals(view, heads, column.values, column.nulls, this.#scales[c]!, from, to);
      } else if (this.#forms[c] === 'real') {
        writeReals(writer, heads, column.values as Float64Array, column.nulls, from, to);
      } else if (column.values instanceof Float64Array) {
        writeIntegers(writer, heads, column.values, column.nulls, from, to);
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
      addSpans(sizes, column.values, strings, 1 + width, from, to);
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

function writeReals(writer: ByteWriter, heads: Int32Array, values: Float64Array, nulls: Uint8Array | null, from: number, to: number): void {
  const { view, buffer } = writer;
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    if (nulls !== null && nulls[row] !== 0) {
      buffer[at] = 0;
      heads[row - from] = at + 1;
      continue;
    }
    const value = values[row]!;
    buffer[at] = 1;
    if (value === value) view.setFloat64(at + 1, value);
    else {
      // One NaN, whatever its bits were.
      view.setUint32(at + 1, 0x7ff80000);
      view.setUint32(at + 5, 0);
    }
    heads[row - from] = at + 9;
  }
}

function writeIntegers(writer: ByteWriter, heads: Int32Array, values: Float64Array, nulls: Uint8Array | null, from: number, to: number): void {
  const { view, buffer } = writer;
  for (let row = from; row < to; row++) {
    const at = heads[row - from]!;
    if (nulls !== null && nulls[row] !== 0) {
      buffer[at] = 0;
      heads[row - from] = at + 1;
      continue;
    }
    const value = values[row]!;
    buffer[at] = 1;
    writeLong(view, at + 1, value);
    heads[row - from] = at + 9;
  }
}

/** A safe integer in 8 bytes. */
function writeLong(view: DataView, at: number, value: number): void {
  const low = value | 0;
  // Most are of 32 bits.
  if (low === value) {
    view.setInt32(at, low >> 31);
    view.setInt32(at + 4, low);
    return;
  }
  const high = Math.floor(value * PER_WORD);
  view.setInt32(at, high);
  view.setUint32(at + 4, value - high * WORD);
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
      view.setInt32(at + 2, sign);
      view.setInt32(at + 6, sign);
      writeLong(view, at + 10, value);
    } else {
      view.setBigInt64(at + 2, value >> 64n);
      view.setBigUint64(at + 10, BigInt.asUintN(64, value));
    }
    heads[row - from] = at + 18;
  }
}

/** Adds what texts take to sizes in which `counted` bytes are counted for each already. */
function addSpans(sizes: Int32Array, codes: Int32Array, strings: EncodedStrings, counted: number, from: number, to: number): void {
  strings.grow();
  const { spans } = strings;
  for (let row = from; row < to; row++) {
    const code = codes[row]!;
    let span = spans[code]!;
    if (span === 0) span = strings.add(code);
    sizes[row - from] = sizes[row - from]! + span - counted;
  }
}

/** All codes were measured before. */
function writeCodes(writer: ByteWriter, heads: Int32Array, codes: Int32Array, strings: EncodedStrings, from: number, to: number): void {
  const { view, buffer } = writer;
  const { starts, spans, writer: texts } = strings;
  const textView = texts.view, textBuffer = texts.buffer;
  for (let row = from; row < to; row++) {
    let at = heads[row - from]!, source = starts[codes[row]!]!;
    const span = spans[codes[row]!]!;
    const end = at + span;
    heads[row - from] = end;
    if (span > 64) {
      buffer.set(textBuffer.subarray(source, source + span), at);
      continue;
    }
    for (; at + 4 <= end; at += 4, source += 4) view.setInt32(at, textView.getInt32(source));
    for (; at < end; at++, source++) buffer[at] = textBuffer[source]!;
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
