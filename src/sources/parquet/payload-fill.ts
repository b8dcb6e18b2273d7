/** Payloads of records out of the pages of a Parquet column, as bytes: none is moved by itself, and no text is made. */
import { isUtf8 } from 'node:buffer';
import { spareBytes } from '../../formats/change-values.js';
import type { PayloadColumn } from '../capture-records.js';
import { codesMax, type DataPage, type Pages } from './pages.js';

/** Taken from a page at once, where it lies whole in memory. */
const pieceBytes = 1 << 17;
/** A value of more is none that a page holds. */
const valueMax = 2 ** 30;
/** Stands where the length of a value stood: bytes of values and those between them are UTF-8 together just when each value is. */
const blank = 0x20;

/** Where the values of a dictionary lie in `#bytes`, from its beginning on. */
interface Entries {
  readonly of: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly isText: boolean;
}

export class PayloadFill {
  /** The chunk's dictionary, then the values of the batch, then what was unpacked ahead of the rows asked for. */
  #bytes = Buffer.allocUnsafeSlow(8 * pieceBytes);
  #first = 0;
  #at = 0;
  #filled = 0;
  #pages: Pages | null = null;
  #page: DataPage | null = null;
  /** Of the page: the next row, and bytes that are not in `#bytes` yet. */
  #row = 0;
  #rest: Uint8Array = new Uint8Array(0);
  /** Of the value whose length was read last. */
  #end = 0;
  #dictionary: Entries | null = null;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #nulls: Uint8Array | null = null;
  #count = 0;
  /** Of the batch: whether each value begins as text does. */
  #isText = true;

  /** `isBinary`: of a column of bytes; else of texts. */
  constructor(private readonly name: string, private readonly isBinary: boolean, capacity: number) {
    this.#starts = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
  }

  /** The column chunk whose rows come next; those of the batch before are no more. */
  enter(pages: Pages): void {
    this.leave();
    this.#pages = pages;
    this.#dictionary = null;
    this.#first = this.#at = this.#filled = 0;
  }

  /** Nothing more is read of the page: who unpacks it gives back what that takes. */
  leave(): void {
    this.#page?.more?.return(undefined);
    this.#page = null;
  }

  /** Begins a batch: what `take` gave before is written over. */
  begin(): void {
    this.#bytes.copyWithin(this.#first, this.#at, this.#filled);
    this.#filled -= this.#at - this.#first;
    this.#at = this.#first;
    this.#count = 0;
    this.#nulls = null;
    this.#isText = true;
  }

  /** The next `rows` rows of the chunk, or fewer where they have `bytes` bytes: how many. Throws an Error where its bytes are damaged. */
  fill(rows: number, bytes: number): number {
    const from = this.#count;
    while (this.#count - from < rows && this.#at - this.#first < bytes) {
      if (this.#page === null || this.#row === this.#page.rows) this.#open();
      const page = this.#page!;
      const take = Math.min(page.rows - this.#row, rows - (this.#count - from));
      if (page.codes !== null) this.#coded(page, Math.min(codesMax, take));
      else this.#plain(page.nulls, take, bytes);
    }
    return this.#count - from;
  }

  #open(): void {
    this.leave();
    const page = this.#page = this.#pages!.next();
    this.#row = 0;
    // What a page has beyond its values is none of them.
    this.#filled = this.#at;
    if (page.codes === null) this.#rest = page.bytes;
    else this.#learn(this.#pages!.dictionary!);
  }

  #learn({ bytes, count }: { readonly bytes: Uint8Array; readonly count: number }): void {
    if (this.#dictionary?.of === bytes) return;
    if (this.#dictionary !== null || this.#at > 0) throw new Error('a dictionary stands behind values');
    const starts = new Int32Array(count), ends = new Int32Array(count);
    this.#rest = bytes;
    let isText = true;
    for (let index = 0; index < count; index += 1) {
      this.#value();
      starts[index] = this.#at + 4;
      ends[index] = this.#at = this.#end;
      isText &&= this.#beginsText(starts[index]!, this.#at);
    }
    this.#first = this.#filled = this.#at;
    this.#dictionary = { of: bytes, starts, ends, isText: this.#areTexts(0) && isText };
  }

  /** Reads the length of the value at `#at`, and has all of it in `#bytes`. */
  #value(): void {
    const at = this.#at;
    if (at + 4 > this.#filled) this.#pull(at + 4);
    const bytes = this.#bytes;
    const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    if (length > valueMax) throw new Error(`a value says it has ${length} bytes`);
    bytes[at] = bytes[at + 1] = bytes[at + 2] = bytes[at + 3] = blank;
    this.#end = at + 4 + length;
    if (this.#end > this.#filled) this.#pull(this.#end);
  }

  #beginsText(start: number, end: number): boolean {
    return !this.isBinary || (start < end && this.#bytes[start] !== 0);
  }

  #plain(nulls: Uint8Array | null, rows: number, most: number): void {
    const starts = this.#starts, ends = this.#ends, { isBinary } = this;
    const limit = this.#first + most;
    let row = this.#row;
    let count = this.#count;
    for (const last = row + rows; row < last && this.#at < limit; row += 1, count += 1) {
      if (nulls !== null && nulls[row] !== 0) {
        this.#mark(count);
        continue;
      }
      this.#value();
      const start = this.#at + 4, end = this.#end;
      starts[count] = start;
      ends[count] = this.#at = end;
      if (isBinary && !this.#beginsText(start, end)) this.#isText = false;
    }
    this.#row = row;
    this.#count = count;
  }

  #coded({ codes, nulls }: DataPage, rows: number): void {
    const { starts, ends, isText } = this.#dictionary!;
    const taken = codes!.take(rows);
    const from = this.#count;
    for (let index = 0; index < rows; index += 1) {
      const code = taken[index]!;
      this.#starts[from + index] = starts[code]!;
      this.#ends[from + index] = ends[code]!;
    }
    if (nulls !== null) for (let index = 0; index < rows; index += 1) if (nulls[this.#row + index] !== 0) this.#mark(from + index);
    if (!isText) this.#isText = false;
    this.#row += rows;
    this.#count += rows;
  }

  #mark(record: number): void {
    this.#nulls ??= new Uint8Array(this.#starts.length);
    this.#nulls[record] = 1;
    this.#starts[record] = this.#ends[record] = this.#first;
  }

  /** Takes bytes from the page until `#filled` is `needed`. */
  #pull(needed: number): void {
    while (this.#filled < needed) {
      if (this.#rest.length === 0) {
        const next = this.#page?.more?.next();
        if (next === undefined || next.done === true) throw new Error('values end early');
        this.#rest = next.value;
      }
      const piece = this.#rest.length <= pieceBytes ? this.#rest : this.#rest.subarray(0, pieceBytes);
      const least = this.#filled + piece.length + spareBytes;
      if (least > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#filled)], Math.max(2 * this.#bytes.length, least));
      this.#bytes.set(piece, this.#filled);
      this.#filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
  }

  #areTexts(from: number): boolean {
    if (isUtf8(this.#bytes.subarray(from, this.#at))) return true;
    if (this.isBinary) return false;
    throw new Error(`${this.name} is not UTF-8`);
  }

  /** What was filled since `begin`; it is valid until then. */
  take(): PayloadColumn {
    // What begins as no text need not be looked at further, unless it must be one.
    const isText = (this.#isText || !this.isBinary) && this.#areTexts(this.#first) && this.#isText;
    return { bytes: this.#bytes.subarray(0, this.#filled), starts: this.#starts, ends: this.#ends, nulls: this.#nulls, isBinary: !isText };
  }
}
