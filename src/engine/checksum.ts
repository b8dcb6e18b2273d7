/**
 * The 64-bit checksum of a slice: over the columns read, in row order, the same however the rows come in batches.
 * Two 32-bit lanes per column, one over the low and one over the high word of each value, joined at the end.
 */
import type { Batch, Column, Dictionary } from '../core/batch.js';

const PRIME_LOW = 0x9e3779b1;
const PRIME_HIGH = 0x85ebca77;

export class SliceChecksum {
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #nulls: Int32Array;
  readonly #texts = new WeakMap<Dictionary, TextHashes>();
  #rows = 0;

  constructor(columns: number) {
    this.#low = new Int32Array(columns);
    this.#high = new Int32Array(columns);
    this.#nulls = new Int32Array(columns);
  }

  update(batch: Batch, from: number, to: number): void {
    this.#rows += to - from;
    batch.columns.forEach((column, index) => this.#column(column, index, from, to));
  }

  /** 16 hex digits; begins anew. */
  finish(): string {
    let low = this.#rows | 0;
    let high = ~this.#rows;
    for (let column = 0; column < this.#low.length; column += 1) {
      low = mix(low ^ this.#low[column]! ^ Math.imul(this.#nulls[column]!, PRIME_HIGH), PRIME_LOW);
      high = mix(high ^ this.#high[column]! ^ low, PRIME_HIGH);
    }
    this.#low.fill(0);
    this.#high.fill(0);
    this.#nulls.fill(0);
    this.#rows = 0;
    return hex(high) + hex(low ^ (high >>> 15));
  }

  #column(column: Column, index: number, from: number, to: number): void {
    let low = this.#low[index]!;
    let high = this.#high[index]!;
    if (column.storage === 'text') {
      const hashes = column.dictionary === null ? null : this.#hashesOf(column.dictionary);
      for (let row = from; row < to; row += 1) {
        const hash = hashes === null ? hashText(column.values[row] as string | null) : hashes[column.values[row] as number]!;
        low = Math.imul(((low << 13) | (low >>> 19)) ^ hash, PRIME_LOW);
        high = Math.imul(((high << 15) | (high >>> 17)) ^ ~hash, PRIME_HIGH);
      }
    } else {
      const { values, nulls } = column;
      if (values instanceof Float64Array) {
        const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
        for (let row = from; row < to; row += 1) {
          low = Math.imul(((low << 13) | (low >>> 19)) ^ words[2 * row]!, PRIME_LOW);
          high = Math.imul(((high << 15) | (high >>> 17)) ^ words[2 * row + 1]!, PRIME_HIGH);
        }
      } else {
        for (let row = from; row < to; row += 1) {
          // A value counts the same whether or not its batch also holds one beyond 2^53.
          const value = values[row]!;
          if (typeof value === 'number') one[0] = value;
          const hash = typeof value === 'number' ? 0 : hashText(String(value));
          low = Math.imul(((low << 13) | (low >>> 19)) ^ (typeof value === 'number' ? oneWords[0]! : hash), PRIME_LOW);
          high = Math.imul(((high << 15) | (high >>> 17)) ^ (typeof value === 'number' ? oneWords[1]! : ~hash), PRIME_HIGH);
        }
      }
      if (nulls !== null) {
        // Only NULL rows leave a trace, so that a batch without any need not carry the array.
        let trace = this.#nulls[index]!;
        for (let row = from; row < to; row += 1) if (nulls[row] !== 0) trace = Math.imul(trace ^ (this.#rows - (to - row) + 1), PRIME_HIGH);
        this.#nulls[index] = trace;
      }
    }
    this.#low[index] = low;
    this.#high[index] = high;
  }

  #hashesOf(dictionary: Dictionary): Int32Array {
    let known = this.#texts.get(dictionary);
    if (known === undefined) this.#texts.set(dictionary, known = { hashes: new Int32Array(0), size: 0 });
    if (known.size < dictionary.size) {
      const hashes = new Int32Array(dictionary.size * 2);
      hashes.set(known.hashes.subarray(0, known.size));
      for (let code = known.size; code < dictionary.size; code += 1) hashes[code] = hashText(dictionary.strings[code]!);
      known.hashes = hashes;
      known.size = dictionary.size;
    }
    return known.hashes;
  }
}

const one = new Float64Array(1);
const oneWords = new Int32Array(one.buffer);

interface TextHashes {
  hashes: Int32Array;
  size: number;
}

function hashText(text: string | null): number {
  if (text === null) return 0x5bd1e995;
  let hash = text.length;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash, PRIME_LOW);
}

function mix(value: number, prime: number): number {
  const multiplied = Math.imul(value ^ (value >>> 15), prime);
  return multiplied ^ (multiplied >>> 13);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
