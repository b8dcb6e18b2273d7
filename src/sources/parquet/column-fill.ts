/** Fills one column of the batches to deliver from the pages of a Parquet column. */
import { copyWords, floorWords } from '../int64-words.js';
import type { RawColumn } from '../reader.js';
import { TextCodes } from '../text-codes.js';
import type { BatchMemory } from './batch-memory.js';
import { codesMax, type DataPage, type PageCodes, type Pages } from './pages.js';

/** How values lie in the file: DOUBLE, 32-bit integers, 64-bit integers to be divided and floored, or texts. */
export type ParquetWire =
  | { readonly kind: 'double' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64'; readonly divide: 1 | 1e3 | 1e6 }
  | { readonly kind: 'text' };

export interface ColumnFill {
  /** True once times finer than their type were floored. */
  readonly floored: boolean;
  /** The column chunk whose rows come next. */
  enter(pages: Pages): void;
  /** The next `rows` rows of the chunk become rows `at` and on of the batch. Throws an Error where its bytes are damaged. */
  fill(rows: number, at: number): void;
  /** The next `rows` rows of the chunk are left out. */
  skip(rows: number): void;
  take(): RawColumn;
}

export const columnFill = (wire: ParquetWire, capacity: number, memory: BatchMemory): ColumnFill =>
  (wire.kind === 'text' ? new TextFill(capacity, memory) : new NumberFill(wire, capacity, memory));

/** Walks over the rows of a chunk, page by page. */
abstract class PagedFill<Page extends { readonly codes: PageCodes | null }> {
  #pages: Pages | null = null;
  #page: Page | null = null;
  #rows = 0;
  #at = 0;

  enter(pages: Pages): void {
    this.#pages = pages;
    this.#page = null;
    this.#rows = this.#at = 0;
  }

  fill(rows: number, at: number): void {
    this.#walk(rows, (page, from, to, filled) => this.copy(page, from, to, at + filled));
  }

  skip(rows: number): void {
    this.#walk(rows, ({ codes }, from, to) => forCodes(codes, from, to, () => undefined));
  }

  #walk(rows: number, visit: (page: Page, from: number, to: number, filled: number) => void): void {
    for (let filled = 0; filled < rows;) {
      while (this.#at === this.#rows) {
        const page = this.#pages!.next();
        this.#page = this.open(page, this.#pages!);
        this.#rows = page.rows;
        this.#at = 0;
      }
      const take = Math.min(this.#rows - this.#at, rows - filled);
      visit(this.#page!, this.#at, this.#at + take, filled);
      this.#at += take;
      filled += take;
    }
  }

  protected abstract open(page: DataPage, pages: Pages): Page;
  protected abstract copy(page: Page, from: number, to: number, at: number): void;
}

/** Calls `use` with the codes of rows from..to, piece by piece: those of row `row` and on stand from the beginning. */
function forCodes(codes: PageCodes | null, from: number, to: number, use: (codes: Int32Array, row: number, count: number) => void): void {
  if (codes !== null) for (let row = from; row < to; row += codesMax) use(codes.take(Math.min(codesMax, to - row)), row, Math.min(codesMax, to - row));
}

/** Numbers: as doubles, or, where one is beyond ±2^53, as they are. */
type Numbers = Float64Array | BigInt64Array;

interface NumberPage {
  /** By row, or, with `codes`, by code; null: `words` are to be divided and floored. */
  readonly values: Numbers | null;
  readonly words: Int32Array | null;
  readonly codes: PageCodes | null;
  readonly nulls: Uint8Array | null;
}

class NumberFill extends PagedFill<NumberPage> implements ColumnFill {
  floored = false;
  #dictionary: { readonly of: Uint8Array; readonly values: Numbers } | null = null;
  #values: Float64Array | null = null;
  #wide: BigInt64Array | null = null;
  #nulls: Uint8Array | null = null;
  #filled = 0;

  constructor(private readonly wire: Exclude<ParquetWire, { kind: 'text' }>, private readonly capacity: number, private readonly memory: BatchMemory) {
    super();
  }

  protected open({ codes, nulls, bytes, values, rows }: DataPage, { dictionary }: Pages): NumberPage {
    if (codes === null && nulls === null && this.wire.kind === 'int64' && this.wire.divide !== 1) return { values: null, words: this.#words(bytes, values), codes, nulls };
    if (codes === null) return { values: spread(this.#numbers(bytes, values), nulls, rows), words: null, codes, nulls };
    if (this.#dictionary?.of !== dictionary!.bytes) this.#dictionary = { of: dictionary!.bytes, values: this.#numbers(dictionary!.bytes, dictionary!.count) };
    return { values: this.#dictionary.values, words: null, codes, nulls };
  }

  #words(bytes: Uint8Array, count: number): Int32Array {
    fitting(bytes, count, 8);
    return new Int32Array(bytes.buffer, bytes.byteOffset, count * 2);
  }

  #numbers(bytes: Uint8Array, count: number): Numbers {
    fitting(bytes, count, this.wire.kind === 'int32' ? 4 : 8);
    if (this.wire.kind === 'double') return new Float64Array(bytes.buffer, bytes.byteOffset, count);
    if (this.wire.kind === 'int32') return Float64Array.from(new Int32Array(bytes.buffer, bytes.byteOffset, count));
    const values = new Float64Array(count);
    const words = this.#words(bytes, count);
    if (this.wire.divide === 1) return copyWords(words, 0, count, values, 0, null) ? values : new BigInt64Array(bytes.buffer, bytes.byteOffset, count);
    if (floorWords(words, 0, count, this.wire.divide, values, 0, null)) this.floored = true;
    return values;
  }

  protected copy({ values, words, codes, nulls }: NumberPage, from: number, to: number, at: number): void {
    if (nulls !== null) this.#mark(nulls, from, to, at);
    if (values instanceof BigInt64Array || this.#wide !== null) this.#copyWide(values!, codes, from, to, at);
    else {
      const target = (this.#values ??= this.memory.reals(this.capacity));
      if (words !== null) this.floored = floorWords(words, from, to, (this.wire as { divide: number }).divide, target, at, null) || this.floored;
      else if (codes === null) target.set(values!.subarray(from, to), at);
      else forCodes(codes, from, to, (piece, row, count) => gather(values!, piece, count, target, at + row - from));
      if (nulls !== null) for (let row = from; row < to; row += 1) if (nulls[row] !== 0) target[at + row - from] = 0;
    }
    this.#filled = at + to - from;
  }

  #mark(nulls: Uint8Array, from: number, to: number, at: number): void {
    this.#nulls ??= new Uint8Array(this.capacity);
    this.#nulls.set(nulls.subarray(from, to), at);
  }

  #copyWide(values: Numbers, codes: PageCodes | null, from: number, to: number, at: number): void {
    if (this.#wide === null) {
      this.#wide = new BigInt64Array(this.capacity);
      for (let row = 0; row < this.#filled; row += 1) this.#wide[row] = BigInt(this.#values![row]!);
    }
    const wide = this.#wide;
    if (codes === null) for (let row = from; row < to; row += 1) wide[at + row - from] = BigInt(values[row]!);
    else forCodes(codes, from, to, (piece, row, count) => {
      for (let k = 0; k < count; k += 1) wide[at + row - from + k] = BigInt(values[piece[k]!]!);
    });
    const nulls = this.#nulls;
    if (nulls !== null) for (let row = at; row < at + to - from; row += 1) if (nulls[row] !== 0) wide[row] = 0n;
  }

  take(): RawColumn {
    const values = this.#values ?? new Float64Array(0), wide = this.#wide, nulls = this.#nulls;
    this.#values = this.#wide = this.#nulls = null;
    this.#filled = 0;
    return wide === null ? { kind: 'number', values, nulls } : { kind: 'wide', values: wide, nulls };
  }
}

function fitting(bytes: Uint8Array, count: number, width: number): void {
  if (count * width > bytes.length) throw new Error(`${count} values do not fit into a page of ${bytes.length} bytes`);
}

/** A function of its own, so that it stays compiled whatever else its callers meet. */
function gather(values: Float64Array, codes: Int32Array, count: number, target: Float64Array, at: number): void {
  for (let row = 0; row < count; row += 1) target[at + row] = values[codes[row]!]!;
}

/** From one after the other to one a row. */
function spread(values: Numbers, nulls: Uint8Array | null, rows: number): Numbers {
  if (nulls === null) return values;
  let from = 0;
  if (values instanceof BigInt64Array) return BigInt64Array.from({ length: rows }, (_, row) => (nulls[row] !== 0 ? 0n : values[from++]!));
  return Float64Array.from({ length: rows }, (_, row) => (nulls[row] !== 0 ? 0 : values[from++]!));
}

interface TextPage {
  /** By row, or, with `codes`, by code: where each text lies in `bytes`. */
  readonly starts: Int32Array;
  readonly bytes: Uint8Array;
  readonly codes: PageCodes | null;
  readonly nulls: Uint8Array | null;
}

/** Throws for what is not UTF-8: replaced characters would make different texts one. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts of a dictionary are looked up once each; others once a row. */
class TextFill extends PagedFill<TextPage> implements ColumnFill {
  readonly floored = false;
  readonly #texts = new TextCodes();
  #codes: Int32Array | null = null;
  #dictionary: { readonly of: Uint8Array; readonly starts: Int32Array } | null = null;
  /** Codes in this batch of those of the dictionary; 0: not met yet. */
  #translated = new Int32Array(0);

  constructor(private readonly capacity: number, private readonly memory: BatchMemory) {
    super();
  }

  protected open({ codes, nulls, bytes, values, rows }: DataPage, { dictionary }: Pages): TextPage {
    if (codes === null) {
      const starts = startsOf(bytes, values);
      let from = 0;
      return { starts: nulls === null ? starts : Int32Array.from({ length: rows }, (_, row) => (nulls[row] !== 0 ? 0 : starts[from++]!)), bytes, codes, nulls };
    }
    if (this.#dictionary?.of !== dictionary!.bytes) {
      this.#dictionary = { of: dictionary!.bytes, starts: startsOf(dictionary!.bytes, dictionary!.count) };
      this.#translated = new Int32Array(dictionary!.count);
    }
    return { starts: this.#dictionary.starts, bytes: dictionary!.bytes, codes, nulls };
  }

  protected copy({ starts, bytes, codes, nulls }: TextPage, from: number, to: number, at: number): void {
    const target = (this.#codes ??= this.memory.codes(this.capacity));
    const shift = at - from;
    const isNull = (row: number): boolean => nulls !== null && nulls[row] !== 0;
    if (codes === null) {
      for (let row = from; row < to; row += 1) target[row + shift] = isNull(row) ? 0 : this.#texts.codeOf(textAt(bytes, starts[row]!));
      return;
    }
    const translated = this.#translated;
    forCodes(codes, from, to, (piece, first, count) => {
      if (translate(translated, piece, count, target, first + shift) && nulls === null) return;
      for (let row = first; row < first + count; row += 1) {
        const code = piece[row - first]!;
        target[row + shift] = isNull(row) ? 0 : (translated[code] ||= this.#texts.codeOf(textAt(bytes, starts[code]!)));
      }
    });
  }

  take(): RawColumn {
    const codes = this.#codes ?? new Int32Array(0);
    this.#codes = null;
    const taken = this.#texts.takeAdded();
    if (this.#texts.restarts) this.#translated.fill(0);
    return { kind: 'text', codes, ...taken };
  }
}

/** Whether all codes have been met before. */
function translate(translated: Int32Array, codes: Int32Array, count: number, target: Int32Array, at: number): boolean {
  let met = 1;
  for (let row = 0; row < count; row += 1) {
    const code = translated[codes[row]!]!;
    target[at + row] = code;
    met &= code === 0 ? 0 : 1;
  }
  return met !== 0;
}

/** Where each of `count` texts begins: its length in four bytes, then its bytes. */
function startsOf(bytes: Uint8Array, count: number): Int32Array {
  const starts = new Int32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    starts[index] = at;
    if (at + 4 > bytes.length) throw new Error('texts end early');
    at += 4 + view.getUint32(at, true);
  }
  if (at > bytes.length) throw new Error('texts end early');
  return starts;
}

function textAt(bytes: Uint8Array, start: number): string {
  const length = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
  return utf8.decode(bytes.subarray(start + 4, start + 4 + length));
}
