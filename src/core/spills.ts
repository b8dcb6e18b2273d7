/** What does not fit the grid of an exact sum, by slot key: exact, slow and rare. */
import { exactOf } from './rounding.js';
import type { ByteReader, ByteWriter } from './bytes.js';

export interface Spill {
  /** Count of 2^-1074. */
  sum: bigint;
  /** Count of 2^-2148. */
  squares: bigint;
  /** A sum of integers. */
  integer: bigint;
  nan: number;
  positiveInfinities: number;
  negativeInfinities: number;
}

/** One for each state array, or for each operator: no two sums in it share a key. An entry that becomes all zero goes. */
export class Spills {
  readonly #entries = new Map<number, Spill>();

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get(key: number): Spill | undefined {
    return this.#entries.get(key);
  }

  /** The entry of `key`, made if there is none. */
  take(key: number): Spill {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { sum: 0n, squares: 0n, integer: 0n, nan: 0, positiveInfinities: 0, negativeInfinities: 0 };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Drops the entry if nothing is left in it; says whether one remains. */
  settle(key: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const empty = entry.nan === 0 && entry.positiveInfinities === 0 && entry.negativeInfinities === 0
      && entry.sum === 0n && entry.squares === 0n && entry.integer === 0n;
    if (empty) this.#entries.delete(key);
    return !empty;
  }

  delete(key: number): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  snapshot(writer: ByteWriter): void {
    const keys = [...this.#entries.keys()].sort((a, b) => a - b);
    writer.varint(keys.length);
    for (const key of keys) {
      writer.f64(key);
      writeSpill(writer, this.#entries.get(key)!);
    }
  }

  /** Replaces all entries. */
  restore(reader: ByteReader): void {
    this.#entries.clear();
    for (let left = reader.varint(); left > 0; left--) this.#entries.set(reader.f64(), readSpill(reader));
  }

  /** The entries of keys from `from` up to `to`. */
  saveRange(writer: ByteWriter, from: number, to: number): void {
    const keys: number[] = [];
    if (!this.isEmpty) for (let key = from; key < to; key += 1) if (this.#entries.has(key)) keys.push(key);
    writer.varint(keys.length);
    for (const key of keys) {
      writer.varint(key - from);
      writeSpill(writer, this.#entries.get(key)!);
    }
  }

  /** What `saveRange` wrote, from the key `from` on. */
  loadRange(reader: ByteReader, from: number): void {
    for (let left = reader.varint(); left > 0; left--) this.#entries.set(from + reader.varint(), readSpill(reader));
  }
}

function writeSpill(writer: ByteWriter, entry: Spill): void {
  writer.bigint(entry.sum);
  writer.bigint(entry.squares);
  writer.bigint(entry.integer);
  writer.f64(entry.nan);
  writer.f64(entry.positiveInfinities);
  writer.f64(entry.negativeInfinities);
}

const readSpill = (reader: ByteReader): Spill => ({
  sum: reader.bigint(), squares: reader.bigint(), integer: reader.bigint(),
  nan: reader.f64(), positiveInfinities: reader.f64(), negativeInfinities: reader.f64(),
});

/** Adds `weight` (1 or -1) times `x`, of any size, to the entry; `squared` adds x² too. */
export function spillValue(entry: Spill, x: number, weight: number, squared: boolean): void {
  if (x !== x) entry.nan += weight;
  else if (x === Infinity) entry.positiveInfinities += weight;
  else if (x === -Infinity) entry.negativeInfinities += weight;
  else if (x !== 0) {
    const { numerator, exponent } = exactOf(x);
    const sign = BigInt(weight);
    entry.sum += sign * (numerator << BigInt(exponent + 1074));
    if (squared) entry.squares += sign * ((numerator * numerator) << BigInt(2 * exponent + 2148));
  }
}

/** NaN or an infinity when the entry holds one, else 0: such a value decides the sum. */
export function decided(entry: Spill): number {
  if (entry.nan !== 0 || (entry.positiveInfinities !== 0 && entry.negativeInfinities !== 0)) return NaN;
  return entry.positiveInfinities !== 0 ? Infinity : entry.negativeInfinities !== 0 ? -Infinity : 0;
}
