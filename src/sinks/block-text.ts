/** Texts waiting to be written: bytes, so that what crosses to the writer are a few buffers and no strings. */
import type { Column, Dictionary, TextColumn as Text } from '../core/batch.js';
import { encodeUtf8 } from '../core/bytes.js';
import type { BatchMemory } from '../sources/parquet/batch-memory.js';

/**
 * Texts one after the other in `bytes` (UTF-8, or BYTES as they are); `ends` says where each ends. By `codes` a row has
 * text `code - 1`, 0 being NULL; without, row `i` has text `i`, and the end of a NULL is written as its complement. Arrays
 * are longer than what is in them.
 */
export interface BlockText {
  readonly kind: 'text';
  readonly codes: Int32Array | null;
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
  readonly count: number;
}

const firstRows = 256, firstBytes = 4096;
/** Rows after which it is seen whether texts repeat; different ones from which on it matters; rows that must have one, on average. */
const pieceRows = 2048, variedFrom = 8192, repeatsLeast = 4;

/** The least power of two, from `first` on, that holds `count`. */
export function capacityFor(count: number, first = firstRows): number {
  let capacity = first;
  while (capacity < count) capacity *= 2;
  return capacity;
}

/** Code units of the texts of rows from..to. */
export function unitsOf({ values, dictionary }: Text, from: number, to: number): number {
  let units = 0;
  if (dictionary === null) for (let row = from; row < to; row += 1) units += (values[row] as string | null)?.length ?? 0;
  else for (let row = from; row < to; row += 1) units += Math.max(0, dictionary.units(values[row] as number));
  return units;
}

/** Texts that repeat are held once each; where they hardly do, that is found soon, and each row's is held. */
export class TextColumn {
  #codes: Int32Array | null = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #size = 0;
  #ends: Int32Array = new Int32Array(0);
  #count = 0;
  #known = new Map<string, number>();
  /** Codes of the dictionary met last, as codes of this block (0: not met yet). */
  #dictionary: Dictionary | null = null;
  #translated = new Int32Array(0);

  /** `isBytes`: a text is bytes, one code unit each. */
  constructor(private readonly memory: BatchMemory, private readonly isBytes: boolean) {}

  append(column: Column, from: number, to: number, at: number): void {
    if (column.storage !== 'text') throw new TypeError('a number column where text is declared');
    for (let row = from; row < to;) {
      const end = Math.min(to, row + pieceRows);
      const first = at + row - from, rows = at + end - from;
      if (this.#codes === null) this.#add(column, row, end);
      else {
        this.#encode(column, row, end, first);
        if (this.#count > variedFrom && this.#count * repeatsLeast > rows) this.#spread(rows);
      }
      row = end;
    }
  }

  /** Each row's text. */
  #add(column: Text, from: number, to: number): void {
    const { values, dictionary } = column;
    for (let row = from; row < to; row += 1) {
      const text = dictionary === null ? values[row] as string | null : dictionary.text(values[row] as number);
      if (text === null) this.#end(~this.#size);
      else this.#put(text);
    }
  }

  /** Each row's code. */
  #encode(column: Column & { readonly storage: 'text' }, from: number, to: number, at: number): void {
    const rows = at + to - from;
    if (rows > this.#codes!.length) {
      const larger = this.memory.codes(capacityFor(rows));
      larger.set(this.#codes!);
      this.memory.takeBack([this.#codes!.buffer as ArrayBuffer]);
      this.#codes = larger;
    }
    if (column.dictionary !== null) return this.#translate(column.values, column.dictionary, from, to, at);
    const codes = this.#codes!, texts = column.values;
    let last: string | null = null, code = 0;
    for (let row = from; row < to; row += 1) {
      const text = texts[row]!;
      if (text !== last) {
        code = text === null ? 0 : this.#code(text);
        last = text;
      }
      codes[at + row - from] = code;
    }
  }

  #translate(source: Int32Array, dictionary: Dictionary, from: number, to: number, at: number): void {
    if (dictionary !== this.#dictionary || dictionary.size > this.#translated.length) {
      const larger = new Int32Array(capacityFor(dictionary.size));
      if (dictionary === this.#dictionary) larger.set(this.#translated);
      this.#dictionary = dictionary;
      this.#translated = larger;
    }
    const codes = this.#codes!, translated = this.#translated;
    for (let row = from; row < to; row += 1) {
      const code = source[row]!;
      if (code !== 0 && translated[code] === 0) translated[code] = this.#code(dictionary.text(code)!);
      codes[at + row - from] = translated[code]!;
    }
  }

  #code(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#put(text);
    this.#known.set(text, this.#count);
    return this.#count;
  }

  #put(text: string): void {
    // A code unit has three bytes at the most.
    if (this.#size + 3 * text.length > this.#bytes.length) this.#grow(this.#size + 3 * text.length);
    const bytes = this.#bytes;
    let end = this.#size;
    if (this.isBytes) for (let i = 0; i < text.length; i += 1) bytes[end++] = text.charCodeAt(i);
    else end = encodeUtf8(text, bytes, end);
    this.#size = end;
    this.#end(end);
  }

  #end(end: number): void {
    if (this.#count === this.#ends.length) {
      const larger = this.memory.codes(capacityFor(this.#count + 1));
      larger.set(this.#ends);
      this.memory.takeBack([this.#ends.buffer as ArrayBuffer]);
      this.#ends = larger;
    }
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  #grow(size: number): void {
    const larger = this.memory.bytes(capacityFor(size, firstBytes));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.memory.takeBack([this.#bytes.buffer as ArrayBuffer]);
    this.#bytes = larger;
  }

  /** From codes to each row's own text: they hardly repeat. */
  #spread(rows: number): void {
    const codes = this.#codes!, bytes = this.#bytes, ends = this.#ends;
    this.#bytes = this.memory.bytes(bytes.length);
    this.#ends = this.memory.codes(capacityFor(rows));
    this.#size = this.#count = 0;
    for (let row = 0; row < rows; row += 1) {
      const code = codes[row]!;
      const from = code < 2 ? 0 : ends[code - 2]!, to = code === 0 ? 0 : ends[code - 1]!;
      if (this.#size + to - from > this.#bytes.length) this.#grow(this.#size + to - from);
      this.#bytes.set(bytes.subarray(from, to), this.#size);
      this.#size += to - from;
      this.#end(code === 0 ? ~this.#size : this.#size);
    }
    this.memory.takeBack([codes.buffer as ArrayBuffer, bytes.buffer as ArrayBuffer, ends.buffer as ArrayBuffer]);
    this.#codes = null;
    this.#forget();
  }

  #forget(): void {
    this.#known = new Map();
    this.#dictionary = null;
    this.#translated = new Int32Array(0);
  }

  take(): BlockText {
    const column: BlockText = { kind: 'text', codes: this.#codes, bytes: this.#bytes, ends: this.#ends, count: this.#count };
    // The next block likely holds as much.
    this.#codes = new Int32Array(0);
    this.#bytes = this.#size === 0 ? new Uint8Array(0) : this.memory.bytes(this.#bytes.length);
    this.#ends = new Int32Array(0);
    this.#size = this.#count = 0;
    this.#forget();
    return column;
  }
}
