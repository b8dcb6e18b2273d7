/** Columns of a batch, filled from DuckDB's vectors. Everything here runs once a row: the loops are long and plain. */
import { isValid } from './duck.js';
import { copyWords, floorWords } from './int64-words.js';
import { StringTable } from './strings.js';
import type { RawColumn } from './reader.js';

/**
 * How a column comes out of DuckDB, and what is made of it:
 * `double` DOUBLE as it is; `days` DATE (32-bit days since 1970); `int64` 64-bit integers (BIGINT, DECIMAL up to 18
 * digits, counts of a fixed unit), divided by `divide` and floored; `int128` DECIMAL beyond 18 digits;
 * `text` VARCHAR, or BLOB with `latin1`.
 */
export type Wire =
  | { readonly kind: 'double' }
  | { readonly kind: 'days' }
  | { readonly kind: 'int128' }
  | { readonly kind: 'int64'; readonly divide: 1 | 1e3 | 1e6 }
  | { readonly kind: 'text'; readonly latin1: boolean };

/** Fills one column of a batch, then hands it over and starts on the next batch. */
export interface ColumnBuilder {
  /** Bytes a row in the vector. */
  readonly width: number;
  /** True once times finer than their type were floored. */
  readonly floored?: boolean;
  /** Rows from..to of a vector become rows `at` and on of the batch. */
  append(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, at: number): void;
  take(): RawColumn;
}

export function columnBuilder(wire: Wire, capacity: number): ColumnBuilder {
  switch (wire.kind) {
    case 'text': return new TextBuilder(capacity, wire.latin1);
    case 'int64': return new Int64Builder(capacity, wire.divide);
    case 'int128': return new Int128Builder(capacity);
    default: return new PlainBuilder(capacity, wire.kind);
  }
}

/** NULL flags of a batch; null until the first NULL. */
class Nulls {
  flags: Uint8Array | null = null;

  constructor(private readonly capacity: number) {}

  mark(validity: Uint8Array, from: number, to: number, at: number): void {
    for (let row = from; row < to; row += 1) {
      if (isValid(validity, row)) continue;
      this.flags ??= new Uint8Array(this.capacity);
      this.flags[at + row - from] = 1;
    }
  }

  take(): Uint8Array | null {
    const taken = this.flags;
    this.flags = null;
    return taken;
  }
}

/** DOUBLE and DATE: bytes are copied as they are. */
class PlainBuilder implements ColumnBuilder {
  readonly width: number;
  #values: Float64Array | null = null;
  readonly #nulls: Nulls;

  constructor(private readonly capacity: number, private readonly kind: 'double' | 'days') {
    this.width = kind === 'double' ? 8 : 4;
    this.#nulls = new Nulls(capacity);
  }

  append(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, at: number): void {
    const values = (this.#values ??= new Float64Array(this.capacity));
    const start = data.byteOffset + from * this.width;
    values.set(this.kind === 'double' ? new Float64Array(data.buffer, start, to - from) : new Int32Array(data.buffer, start, to - from), at);
    if (validity === null) return;
    this.#nulls.mark(validity, from, to, at);
    const flags = this.#nulls.flags;
    // A NULL's slot in a vector holds whatever was there before.
    if (flags !== null) for (let row = at; row < at + to - from; row += 1) if (flags[row] !== 0) values[row] = 0;
  }

  take(): RawColumn {
    const values = this.#values ?? new Float64Array(0);
    this.#values = null;
    return { kind: 'number', values, nulls: this.#nulls.take() };
  }
}

/** 64-bit integers as doubles while all are within ±2^53, else as they are. */
class Int64Builder implements ColumnBuilder {
  readonly width = 8;
  floored = false;
  #values: Float64Array | null = null;
  #wide: BigInt64Array | null = null;
  readonly #nulls: Nulls;

  constructor(private readonly capacity: number, private readonly divide: number) {
    this.#nulls = new Nulls(capacity);
  }

  append(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, at: number): void {
    const values = (this.#values ??= new Float64Array(this.capacity));
    if (validity !== null) this.#nulls.mark(validity, from, to, at);
    const words = new Int32Array(data.buffer, data.byteOffset, to * 2);
    const { flags } = this.#nulls;
    let safe = true;
    if (this.divide === 1) safe = copyWords(words, from, to, values, at, flags);
    else if (floorWords(words, from, to, this.divide, values, at, flags)) this.floored = true;
    if (!safe || this.#wide !== null) this.#widen(new BigInt64Array(data.buffer, data.byteOffset, to), from, to, at);
  }

  #widen(source: BigInt64Array, from: number, to: number, at: number): void {
    if (this.#wide === null) {
      this.#wide = new BigInt64Array(this.capacity);
      for (let row = 0; row < at; row += 1) this.#wide[row] = BigInt(this.#values![row]!);
    }
    const flags = this.#nulls.flags;
    for (let row = from; row < to; row += 1) {
      const out = at + row - from;
      this.#wide[out] = flags !== null && flags[out] !== 0 ? 0n : source[row]!;
    }
  }

  take(): RawColumn {
    const values = this.#values ?? new Float64Array(0);
    const wide = this.#wide;
    this.#values = null;
    this.#wide = null;
    const nulls = this.#nulls.take();
    return wide === null ? { kind: 'number', values, nulls } : { kind: 'wide', values: wide, nulls };
  }
}

/** Decimals of more than 18 digits: rare, so plain rather than quick. */
class Int128Builder implements ColumnBuilder {
  readonly width = 16;
  #values: bigint[] = [];
  readonly #nulls: Nulls;

  constructor(capacity: number) {
    this.#nulls = new Nulls(capacity);
  }

  append(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, at: number): void {
    if (validity !== null) this.#nulls.mark(validity, from, to, at);
    const flags = this.#nulls.flags;
    const halves = new BigInt64Array(data.buffer, data.byteOffset, to * 2);
    for (let row = from; row < to; row += 1) {
      const isNull = flags !== null && flags[at + row - from] !== 0;
      this.#values.push(isNull ? 0n : (halves[row * 2 + 1]! << 64n) | BigInt.asUintN(64, halves[row * 2]!));
    }
  }

  take(): RawColumn {
    const values = this.#values;
    this.#values = [];
    const nulls = this.#nulls.take();
    return { kind: 'wide', values, nulls };
  }
}

class TextBuilder implements ColumnBuilder {
  readonly width = 16;
  readonly #strings: StringTable;
  #codes: Int32Array | null = null;

  constructor(private readonly capacity: number, latin1: boolean) {
    this.#strings = new StringTable(latin1);
  }

  append(data: Uint8Array, validity: Uint8Array | null, from: number, to: number, at: number): void {
    const codes = (this.#codes ??= new Int32Array(this.capacity));
    this.#strings.encode(data, validity, from, to, codes, at);
  }

  take(): RawColumn {
    const codes = this.#codes ?? new Int32Array(0);
    this.#codes = null;
    return { kind: 'text', codes, ...this.#strings.takeAdded() };
  }
}
