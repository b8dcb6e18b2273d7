/**
 * Interns the key columns of rows: one dense id for each distinct key, in order of first appearance. As in Flink,
 * NaN is one key, and −0 is another than 0.
 */
import type { Column, Dictionary } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { compareValues } from './accumulator.js';

type KeyPart = number | bigint | string | null;

/** Codes of one key column's values, with a shortcut for dictionary columns. */
class PartTable {
  readonly values: KeyPart[] = [];
  readonly #codes = new Map<KeyPart, number>();
  #dictionary: Dictionary | null = null;
  #byDictionary = new Int32Array(0);

  codeOf(value: KeyPart): number {
    // A map takes −0 for 0. A column of numbers has no strings, so this one is free.
    const key = Object.is(value, -0) ? '-0' : value;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.values.length;
    this.values.push(value);
    this.#codes.set(key, code);
    return code;
  }

  fill(column: Column, length: number, codes: Int32Array): void {
    if (column.storage === 'text' && column.dictionary !== null) {
      this.#fillFromDictionary(column.values, column.dictionary, length, codes);
      return;
    }
    const values = column.values as ArrayLike<KeyPart>;
    const nulls = column.storage === 'text' ? null : column.nulls;
    for (let row = 0; row < length; row += 1) {
      codes[row] = this.codeOf(nulls !== null && nulls[row] !== 0 ? null : values[row]!);
    }
  }

  #fillFromDictionary(values: Int32Array, dictionary: Dictionary, length: number, codes: Int32Array): void {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#byDictionary = new Int32Array(dictionary.size).fill(-1);
    } else if (this.#byDictionary.length < dictionary.size) {
      const larger = new Int32Array(Math.max(dictionary.size, this.#byDictionary.length * 2)).fill(-1);
      larger.set(this.#byDictionary);
      this.#byDictionary = larger;
    }
    const known = this.#byDictionary;
    for (let row = 0; row < length; row += 1) {
      let code = known[values[row]!]!;
      if (code < 0) {
        code = this.codeOf(dictionary.strings[values[row]!] ?? (faults.nullKeysMerged ? '' : null));
        known[values[row]!] = code;
      }
      codes[row] = code;
    }
  }
}

const PAIR = 2 ** 26;

export class KeyTable {
  #parts: PartTable[];
  /** From (id of the parts so far) · 2^26 + (code of the next part) to an id; one map for each part but the first. */
  #pairs: Map<number, number>[];
  /** For each id of level k: its prefix id and its part's code. */
  #prefixes: number[][];
  #codes: number[][];
  #scratch = new Int32Array(0);
  #ranks = new Int32Array(0);
  #ranked = 0;

  constructor(readonly width: number) {
    this.#parts = Array.from({ length: width }, () => new PartTable());
    this.#pairs = Array.from({ length: Math.max(0, width - 1) }, () => new Map());
    this.#prefixes = this.#pairs.map(() => []);
    this.#codes = this.#pairs.map(() => []);
  }

  get size(): number {
    if (this.width === 0) return 1;
    return this.width === 1 ? this.#parts[0]!.values.length : this.#prefixes[this.width - 2]!.length;
  }

  /** Ids of the keys of rows 0..length: `out[row]`. */
  fill(columns: readonly Column[], length: number, out: Int32Array): void {
    if (this.width === 0) {
      out.fill(0, 0, length);
      return;
    }
    this.#parts[0]!.fill(columns[0]!, length, out);
    if (this.width === 1) return;
    if (this.#scratch.length < length) this.#scratch = new Int32Array(length);
    for (let level = 1; level < this.width; level += 1) {
      this.#parts[level]!.fill(columns[level]!, length, this.#scratch);
      for (let row = 0; row < length; row += 1) out[row] = this.#pair(level - 1, out[row]!, this.#scratch[row]!);
    }
  }

  /** Part `part` of key `id`. */
  value(part: number, id: number): KeyPart {
    let at = id;
    for (let level = this.width - 1; level > part; level -= 1) at = this.#prefixes[level - 1]![at]!;
    const code = part === 0 ? at : this.#codes[part - 1]![at]!;
    return this.#parts[part]!.values[code]!;
  }

  /** The rank of each id in key order: NULL first, numbers by value, strings by code unit. */
  ranks(): Int32Array {
    const size = this.size;
    if (this.#ranked === size) return this.#ranks;
    const ids = Array.from({ length: size }, (_, id) => id);
    ids.sort((a, b) => this.compare(a, b));
    this.#ranks = new Int32Array(size);
    ids.forEach((id, rank) => { this.#ranks[id] = rank; });
    this.#ranked = size;
    return this.#ranks;
  }

  /** Whether `count` ids are best ordered by rank. Few of a table that grows are not: ranks would cost a sort of all. */
  worthRanking(count: number): boolean {
    return this.#ranked === this.size || count * 8 >= this.size;
  }

  compare(a: number, b: number): number {
    for (let part = 0; part < this.width; part += 1) {
      const left = this.value(part, a);
      const right = this.value(part, b);
      const order = left === null ? (right === null ? 0 : -1) : right === null ? 1 : compareValues(left, right);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** A table that holds only the given ids, which become 0, 1, 2 … */
  keeping(ids: readonly number[]): KeyTable {
    const kept = new KeyTable(this.width);
    for (const id of ids) kept.intern(Array.from({ length: this.width }, (_, part) => this.value(part, id)));
    return kept;
  }

  intern(values: readonly KeyPart[]): number {
    if (this.width === 0) return 0;
    let id = this.#parts[0]!.codeOf(values[0]!);
    for (let level = 1; level < this.width; level += 1) id = this.#pair(level - 1, id, this.#parts[level]!.codeOf(values[level]!));
    return id;
  }

  snapshot(writer: ByteWriter): void {
    const size = this.size;
    writer.varint(size);
    for (let id = 0; id < size; id += 1) {
      for (let part = 0; part < this.width; part += 1) writer.physical(this.value(part, id));
    }
  }

  restore(reader: ByteReader): void {
    const size = reader.varint();
    for (let id = 0; id < size; id += 1) this.intern(Array.from({ length: this.width }, () => reader.physical() as KeyPart));
  }

  #pair(level: number, prefix: number, code: number): number {
    const map = this.#pairs[level]!;
    const pair = prefix * PAIR + code;
    const known = map.get(pair);
    if (known !== undefined) return known;
    const id = this.#prefixes[level]!.length;
    map.set(pair, id);
    this.#prefixes[level]!.push(prefix);
    this.#codes[level]!.push(code);
    return id;
  }
}
