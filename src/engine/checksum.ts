/**
 * The 64-bit checksum of a slice: over the columns read, in row order, the same however the rows come in batches.
 * Two 32-bit lanes per column, one over the low and one over the high word of each value, joined at the end.
 */
import type { Batch, Column, Dictionary } from '../core/batch.js';
import type { Int64 } from '../core/types.js';

const PRIME_LOW = 0x9e3779b1;
const PRIME_HIGH = 0x85ebca77;

export class SliceChecksum {
  /** Low and high lane of each column. */
  readonly #lanes: Int32Array;
  readonly #nulls: Int32Array;
  readonly #texts = new WeakMap<Dictionary, TextHashes>();
  #rows = 0;
  /** By column, the values met last, and the words of them: a batch comes in many pieces where steps are short. */
  readonly #values: (Float64Array | null)[];
  readonly #words: Int32Array[];

  constructor(columns: number) {
    this.#lanes = new Int32Array(columns * 2);
    this.#nulls = new Int32Array(columns);
    this.#values = new Array<Float64Array | null>(columns).fill(null);
    this.#words = new Array<Int32Array>(columns);
  }

  update(batch: Batch, from: number, to: number): void {
    this.#rows += to - from;
    const { columns } = batch;
    let single = -1;
    let coded = -1;
    for (let index = 0; index < columns.length; index += 1) {
      const column = columns[index]!;
      if (isCoded(column)) {
        if (coded < 0) coded = index;
        else {
          const other = columns[coded] as CodedColumn;
          mixCodesTwice(this.#lanes, coded * 2, other.values, this.#hashesOf(other.dictionary), index * 2, column.values, this.#hashesOf(column.dictionary), from, to);
          coded = -1;
        }
      } else if (!isPlain(column)) this.#column(column, index, from, to);
      else if (single < 0) single = index;
      else {
        // Two at a time: each lane waits for its own last product, so four go as fast as two.
        mixWordsTwice(this.#lanes, single * 2, this.#wordsOf(columns[single]!, single), index * 2, this.#wordsOf(column, index), from, to);
        single = -1;
      }
    }
    if (single >= 0) this.#column(columns[single]!, single, from, to);
    if (coded >= 0) this.#column(columns[coded]!, coded, from, to);
  }

  /** 16 hex digits; begins anew. */
  finish(): string {
    let low = this.#rows | 0;
    let high = ~this.#rows;
    for (let column = 0; column < this.#nulls.length; column += 1) {
      low = mix(low ^ this.#lanes[column * 2]! ^ Math.imul(this.#nulls[column]!, PRIME_HIGH), PRIME_LOW);
      high = mix(high ^ this.#lanes[column * 2 + 1]! ^ low, PRIME_HIGH);
    }
    this.#lanes.fill(0);
    this.#nulls.fill(0);
    this.#rows = 0;
    return hex(high) + hex(low ^ (high >>> 15));
  }

  #column(column: Column, index: number, from: number, to: number): void {
    const lanes = this.#lanes;
    const at = index * 2;
    if (column.storage === 'text') {
      if (column.dictionary !== null) mixCodes(lanes, at, column.values, this.#hashesOf(column.dictionary), from, to);
      else mixTexts(lanes, at, column.values, from, to);
      return;
    }
    const { values, nulls } = column;
    if (values instanceof Float64Array) mixWords(lanes, at, this.#wordsOf(column, index), from, to);
    else mixIntegers(lanes, at, values, from, to);
    if (nulls === null) return;
    // Only NULL rows leave a trace, so that a batch without any need not carry the array.
    let trace = this.#nulls[index]!;
    for (let row = from; row < to; row += 1) if (nulls[row] !== 0) trace = Math.imul(trace ^ (this.#rows - (to - row) + 1), PRIME_HIGH);
    this.#nulls[index] = trace;
  }

  #wordsOf(column: Column, index: number): Int32Array {
    const values = column.values as Float64Array;
    if (this.#values[index] !== values) {
      this.#values[index] = values;
      this.#words[index] = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    }
    return this.#words[index]!;
  }

  #hashesOf(dictionary: Dictionary): Int32Array {
    let known = this.#texts.get(dictionary);
    if (known === undefined) this.#texts.set(dictionary, known = { hashes: new Int32Array(0), size: 0 });
    if (known.size < dictionary.size) {
      if (known.hashes.length < dictionary.size) {
        const hashes = new Int32Array(dictionary.size * 2);
        hashes.set(known.hashes.subarray(0, known.size));
        known.hashes = hashes;
      }
      const { hashes } = known;
      const { ascii, asciiStarts, asciiEnds } = dictionary;
      for (let code = known.size; code < dictionary.size; code += 1) {
        hashes[code] = code < asciiEnds.length && asciiEnds[code]! > 0 ? hashAscii(ascii, asciiStarts[code]!, asciiEnds[code]!) : hashText(dictionary.strings[code]!);
      }
      known.size = dictionary.size;
    }
    return known.hashes;
  }
}

/** Texts by their codes. */
type CodedColumn = Column & { readonly storage: 'text'; readonly values: Int32Array; readonly dictionary: Dictionary };

const isCoded = (column: Column): column is CodedColumn => column.storage === 'text' && column.dictionary !== null;

/** Numbers, none of them NULL. */
const isPlain = (column: Column): boolean => column.storage !== 'text' && column.nulls === null && column.values instanceof Float64Array;

// A loop a kind of column, each a function of its own: in one function the engine keeps throwing its code away.

function mixWords(lanes: Int32Array, at: number, words: Int32Array, from: number, to: number): void {
  let low = lanes[at]!;
  let high = lanes[at + 1]!;
  for (let row = from; row < to; row += 1) {
    low = Math.imul(((low << 13) | (low >>> 19)) ^ words[2 * row]!, PRIME_LOW);
    high = Math.imul(((high << 15) | (high >>> 17)) ^ words[2 * row + 1]!, PRIME_HIGH);
  }
  lanes[at] = low;
  lanes[at + 1] = high;
}

function mixWordsTwice(lanes: Int32Array, first: number, firstWords: Int32Array, second: number, secondWords: Int32Array, from: number, to: number): void {
  let low = lanes[first]!;
  let high = lanes[first + 1]!;
  let otherLow = lanes[second]!;
  let otherHigh = lanes[second + 1]!;
  for (let row = from; row < to; row += 1) {
    low = Math.imul(((low << 13) | (low >>> 19)) ^ firstWords[2 * row]!, PRIME_LOW);
    high = Math.imul(((high << 15) | (high >>> 17)) ^ firstWords[2 * row + 1]!, PRIME_HIGH);
    otherLow = Math.imul(((otherLow << 13) | (otherLow >>> 19)) ^ secondWords[2 * row]!, PRIME_LOW);
    otherHigh = Math.imul(((otherHigh << 15) | (otherHigh >>> 17)) ^ secondWords[2 * row + 1]!, PRIME_HIGH);
  }
  lanes[first] = low;
  lanes[first + 1] = high;
  lanes[second] = otherLow;
  lanes[second + 1] = otherHigh;
}

function mixCodes(lanes: Int32Array, at: number, codes: Int32Array, hashes: Int32Array, from: number, to: number): void {
  let low = lanes[at]!;
  let high = lanes[at + 1]!;
  for (let row = from; row < to; row += 1) {
    const hash = hashes[codes[row]!]!;
    low = Math.imul(((low << 13) | (low >>> 19)) ^ hash, PRIME_LOW);
    high = Math.imul(((high << 15) | (high >>> 17)) ^ ~hash, PRIME_HIGH);
  }
  lanes[at] = low;
  lanes[at + 1] = high;
}

function mixCodesTwice(
  lanes: Int32Array, first: number, firstCodes: Int32Array, firstHashes: Int32Array, second: number, secondCodes: Int32Array, secondHashes: Int32Array, from: number, to: number,
): void {
  let low = lanes[first]!;
  let high = lanes[first + 1]!;
  let otherLow = lanes[second]!;
  let otherHigh = lanes[second + 1]!;
  for (let row = from; row < to; row += 1) {
    const hash = firstHashes[firstCodes[row]!]!;
    const other = secondHashes[secondCodes[row]!]!;
    low = Math.imul(((low << 13) | (low >>> 19)) ^ hash, PRIME_LOW);
    high = Math.imul(((high << 15) | (high >>> 17)) ^ ~hash, PRIME_HIGH);
    otherLow = Math.imul(((otherLow << 13) | (otherLow >>> 19)) ^ other, PRIME_LOW);
    otherHigh = Math.imul(((otherHigh << 15) | (otherHigh >>> 17)) ^ ~other, PRIME_HIGH);
  }
  lanes[first] = low;
  lanes[first + 1] = high;
  lanes[second] = otherLow;
  lanes[second + 1] = otherHigh;
}

function mixTexts(lanes: Int32Array, at: number, texts: readonly (string | null)[], from: number, to: number): void {
  for (let row = from; row < to; row += 1) {
    const hash = hashText(texts[row]!);
    mixValue(lanes, at, hash, ~hash);
  }
}

/** A value counts the same whether or not its batch also holds one beyond 2^53. */
function mixIntegers(lanes: Int32Array, at: number, values: readonly Int64[], from: number, to: number): void {
  for (let row = from; row < to; row += 1) {
    const value = values[row]!;
    if (typeof value === 'number') {
      one[0] = value;
      mixValue(lanes, at, oneWords[0]!, oneWords[1]!);
    } else {
      const hash = hashText(String(value));
      mixValue(lanes, at, hash, ~hash);
    }
  }
}

function mixValue(lanes: Int32Array, at: number, first: number, second: number): void {
  const low = lanes[at]!;
  const high = lanes[at + 1]!;
  lanes[at] = Math.imul(((low << 13) | (low >>> 19)) ^ first, PRIME_LOW);
  lanes[at + 1] = Math.imul(((high << 15) | (high >>> 17)) ^ second, PRIME_HIGH);
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

/** As `hashText`, of the text whose units are bytes[from, to). */
function hashAscii(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return mix(hash, PRIME_LOW);
}

function mix(value: number, prime: number): number {
  const multiplied = Math.imul(value ^ (value >>> 15), prime);
  return multiplied ^ (multiplied >>> 13);
}

/** Of each byte; asked of the number itself, the digits of one beyond 2^31 take many times as long. */
const byteDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(value: number): string {
  return byteDigits[value >>> 24]! + byteDigits[(value >>> 16) & 255]! + byteDigits[(value >>> 8) & 255]! + byteDigits[value & 255]!;
}
