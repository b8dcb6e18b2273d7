/** Codes of an Arrow column's texts: a dictionary's codes are translated, others are looked up once a distinct short text. */
import { StringTable } from '../strings.js';
import type { RawColumn } from '../reader.js';
import { textAt, type TextAt } from './dictionary.js';
import type { ArrowBatch, ColumnBuffers } from './file.js';
import type { ArrowColumn } from './schema.js';

/** Fills one text column of the batches to deliver. */
export class ArrowTexts {
  readonly #strings: StringTable;
  #codes: Int32Array | null = null;
  /** Codes given in this batch to those of a dictionary, plus one; 0: not met yet. */
  #translated = new Int32Array(0);
  #encode: (from: number, to: number, codes: Int32Array, at: number) => void = () => undefined;

  constructor(private readonly capacity: number, column: ArrowColumn) {
    this.#strings = new StringTable(column.type === 'BLOB');
  }

  /** The batch whose rows come next. Throws an Error for what does not fit. */
  enter(column: ArrowColumn, batch: ArrowBatch, buffers: ColumnBuffers): void {
    const { layout } = column;
    this.#translated = new Int32Array(0);
    if (layout.kind === 'null') this.#encode = () => undefined;
    else if (layout.kind === 'codes') this.#encode = this.#translator(codesOf(layout, buffers), batch.dictionary(layout.dictionary).values, buffers);
    else this.#encode = this.#reader(textAt(column, buffers), shortTexts(layout, buffers), buffers);
  }

  /** Rows from..to of that batch become rows `at` and on of the one to deliver. */
  append(from: number, to: number, at: number): void {
    this.#encode(from, to, (this.#codes ??= new Int32Array(this.capacity)), at);
  }

  take(): RawColumn {
    const codes = this.#codes ?? new Int32Array(0);
    this.#codes = null;
    // Codes may begin anew with the next batch.
    this.#translated = new Int32Array(0);
    return { kind: 'text', codes, ...this.#strings.takeAdded() };
  }

  /** Texts of up to 12 bytes are told apart by their bytes, without making a string a row; longer ones are made. */
  #reader(text: TextAt, short: ShortTexts, { validity }: ColumnBuffers) {
    return (from: number, to: number, codes: Int32Array, at: number): void => {
      const count = to - from;
      const { data, first } = short(from, to);
      const words = new Int32Array(data.buffer, data.byteOffset, data.length >> 2);
      const known = new Uint8Array((first + count + 7) >> 3);
      const long: number[] = [];
      for (let row = 0; row < count; row += 1) {
        const slot = first + row;
        if (validity !== null && (validity[(from + row) >> 3]! & (1 << ((from + row) & 7))) === 0) continue;
        if (words[slot * 4]! < 0) throw new RangeError('a text has a negative length');
        if (words[slot * 4]! > 12) long.push(row);
        else known[slot >> 3]! |= 1 << (slot & 7);
      }
      codes.fill(0, at, at + count);
      this.#strings.encode(data, known, first, first + count, codes, at);
      for (const row of long) codes[at + row] = this.#strings.codeOf(text(from + row)!);
    };
  }

  #translator(source: ArrayLike<number>, values: readonly (string | null)[], { validity }: ColumnBuffers) {
    return (from: number, to: number, codes: Int32Array, at: number): void => {
      if (this.#translated.length === 0) this.#translated = new Int32Array(values.length);
      const translated = this.#translated;
      for (let row = from; row < to; row += 1) {
        if (validity !== null && (validity[row >> 3]! & (1 << (row & 7))) === 0) {
          codes[at + row - from] = 0;
          continue;
        }
        const code = source[row]!;
        if (translated[code] === undefined) throw new RangeError(`a code is ${code}, where the dictionary has ${values.length} texts`);
        if (translated[code] === 0) translated[code] = 1 + (values[code] == null ? 0 : this.#strings.codeOf(values[code]));
        codes[at + row - from] = translated[code]! - 1;
      }
    };
  }
}

/** Rows from..to as DuckDB describes strings: 16 bytes each, the length and up to 12 bytes. `first`: where row `from` is. */
type ShortTexts = (from: number, to: number) => { readonly data: Uint8Array; readonly first: number };

function shortTexts(layout: ArrowColumn['layout'], { buffers, length }: ColumnBuffers): ShortTexts {
  // Arrow's views are the same as DuckDB's descriptors.
  if (layout.kind === 'views') {
    if (buffers[0]!.length < length * 16) throw new RangeError('texts are missing');
    return (from) => ({ data: buffers[0]!, first: from });
  }
  const bytes = layout.kind === 'fixed' ? layout.bytes : 0;
  const ends = layout.kind === 'offsets' ? offsetsOf(layout.bytes, buffers[0]!, length) : null;
  const source = layout.kind === 'fixed' ? buffers[0]! : buffers[1]!;
  return (from, to) => {
    const data = new Uint8Array((to - from) * 16), words = new Int32Array(data.buffer);
    for (let row = from, slot = 0; row < to; row += 1, slot += 1) {
      const start = ends === null ? row * bytes : ends[row]!, end = ends === null ? start + bytes : ends[row + 1]!;
      const size = end - start;
      words[slot * 4] = size;
      if (size < 0 || start < 0 || end > source.length) throw new RangeError('a text lies outside its buffer');
      if (size <= 12) for (let index = 0; index < size; index += 1) data[slot * 16 + 4 + index] = source[start + index]!;
    }
    return { data, first: 0 };
  };
}

function offsetsOf(bytes: 4 | 8, buffer: Uint8Array, length: number): Int32Array | Float64Array {
  // A column without rows may have no offsets at all.
  if (buffer.length < (length + 1) * bytes) throw new RangeError('texts are missing');
  const of = [buffer.buffer as ArrayBuffer, buffer.byteOffset, length + 1] as const;
  return bytes === 4 ? new Int32Array(...of) : Float64Array.from(new BigInt64Array(...of), Number);
}

function codesOf({ bytes, signed }: Extract<ArrowColumn['layout'], { kind: 'codes' }>, { buffers, length }: ColumnBuffers): ArrayLike<number> {
  const data = buffers[0]!;
  if (data.length < length * bytes) throw new RangeError('codes are missing');
  const of = [data.buffer as ArrayBuffer, data.byteOffset, length] as const;
  switch (bytes) {
    case 1: return signed ? new Int8Array(...of) : new Uint8Array(...of);
    case 2: return signed ? new Int16Array(...of) : new Uint16Array(...of);
    case 4: return signed ? new Int32Array(...of) : new Uint32Array(...of);
    default: return Float64Array.from(signed ? new BigInt64Array(...of) : new BigUint64Array(...of), Number);
  }
}
