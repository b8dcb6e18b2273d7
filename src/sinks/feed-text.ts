/**
 * Texts into DuckDB's vectors. Up to 12 bytes a text is held in its 16-byte descriptor; a longer one lies elsewhere, and its
 * descriptor has its first bytes and its address. DuckDB is given all long texts of a vector as one, and says where it put
 * that: so the descriptors of all are made here, without a call for each.
 */
import duckdb from '@duckdb/node-bindings';
import type { BlockText } from './block-text.js';
import { chunkRows, copy, writeValidity, type ChunkWriter } from './vector.js';

const inlineMost = 12;
const wordsPerLow = 4_294_967_296;

/** Descriptors of one vector. */
const words = new Int32Array(chunkRows * 4);
const inWords = new Uint8Array(words.buffer);

export function textWriter({ codes, bytes, ends, count }: BlockText): ChunkWriter {
  return codes === null ? (vector, from, to) => writeEach(vector, bytes, ends, from, to) : byCode(codes, bytes, ends, count);
}

/** An address, as two words of 32 bits. */
interface Place {
  readonly low: number;
  readonly high: number;
}

/** Where DuckDB keeps `bytes`, more than 12, as long as there is the vector. Its first row is written over afterwards. */
function placed(vector: duckdb.Vector, bytes: Uint8Array): Place {
  duckdb.vector_assign_string_element_len(vector, 0, bytes);
  const descriptor = duckdb.vector_get_data(vector, 16);
  const view = new DataView(descriptor.buffer, descriptor.byteOffset, 16);
  return { low: view.getUint32(8, true), high: view.getUint32(12, true) };
}

/** The descriptor at word `at` of `into`, whose bytes are `bytes` as well: of `length` bytes from `start` on. */
function describe(into: Int32Array, inBytes: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): void {
  into[at] = length;
  into[at + 1] = into[at + 2] = into[at + 3] = 0;
  const kept = length > inlineMost ? 4 : length;
  for (let i = 0; i < kept; i += 1) inBytes[at * 4 + 4 + i] = bytes[start + i]!;
}

function point(into: Int32Array, at: number, { low, high }: Place, offset: number): void {
  const sum = low + offset;
  into[at + 2] = sum;
  into[at + 3] = sum >= wordsPerLow ? high + 1 : high;
}

const endOf = (end: number): number => (end < 0 ? ~end : end);

/** Each row has a text of its own. */
function writeEach(vector: duckdb.Vector, bytes: Uint8Array, ends: Int32Array, from: number, to: number): void {
  const first = from === 0 ? 0 : endOf(ends[from - 1]!);
  let start = first, nulls = 0, longest = 0;
  for (let row = from; row < to; row += 1) {
    const end = ends[row]!;
    if (end < 0) nulls += 1;
    const length = endOf(end) - start;
    describe(words, inWords, (row - from) * 4, bytes, start, length);
    if (length > longest) longest = length;
    start += length;
  }
  if (longest > inlineMost) {
    const place = placed(vector, bytes.subarray(first, start));
    start = first;
    for (let at = 0; at < (to - from) * 4; at += 4) {
      if (words[at]! > inlineMost) point(words, at, place, start - first);
      start += words[at]!;
    }
  }
  copy(vector, words.subarray(0, (to - from) * 4));
  if (nulls > 0) writeValidity(vector, (row) => ends[row]! >= 0, from, to);
}

/** Rows share texts: a descriptor is made once a text, and the address of a long one once a vector. */
function byCode(codes: Int32Array, bytes: Uint8Array, ends: Int32Array, count: number): ChunkWriter {
  const descriptors = new Int32Array((count + 1) * 4);
  const inDescriptors = new Uint8Array(descriptors.buffer);
  const startOf = (code: number): number => (code === 1 ? 0 : ends[code - 2]!);
  let hasLong = false;
  for (let code = 1; code <= count; code += 1) {
    const length = ends[code - 1]! - startOf(code);
    describe(descriptors, inDescriptors, code * 4, bytes, startOf(code), length);
    if (length > inlineMost) hasLong = true;
  }
  const place = (vector: duckdb.Vector, from: number, to: number): void => {
    const used = new Set<number>();
    for (let row = from; row < to; row += 1) if (descriptors[codes[row]! * 4]! > inlineMost) used.add(codes[row]!);
    if (used.size === 0) return;
    const long = new Uint8Array([...used].reduce((sum, code) => sum + descriptors[code * 4]!, 0));
    let at = 0;
    for (const code of used) {
      long.set(bytes.subarray(startOf(code), ends[code - 1]!), at);
      at += descriptors[code * 4]!;
    }
    const base = placed(vector, long);
    at = 0;
    for (const code of used) {
      point(descriptors, code * 4, base, at);
      at += descriptors[code * 4]!;
    }
  };
  return (vector, from, to) => {
    if (hasLong) place(vector, from, to);
    let nulls = 0;
    for (let row = from; row < to; row += 1) {
      const code = codes[row]!, at = (row - from) * 4;
      nulls |= code === 0 ? 1 : 0;
      words[at] = descriptors[code * 4]!;
      words[at + 1] = descriptors[code * 4 + 1]!;
      words[at + 2] = descriptors[code * 4 + 2]!;
      words[at + 3] = descriptors[code * 4 + 3]!;
    }
    copy(vector, words.subarray(0, (to - from) * 4));
    if (nulls !== 0) writeValidity(vector, (row) => codes[row] !== 0, from, to);
  };
}
