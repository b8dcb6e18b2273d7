/** Hashes of whole rows, column by column: 53 bits, so that two rows that differ have the same once in a million billion. */
import type { Batch, Column } from '../../core/batch.js';

/** A number a row. The text of a column is told by its code, which a column keeps for as long as its dictionary goes on. */
export function rowHashes({ columns, length }: Batch): Float64Array {
  const a = new Int32Array(length).fill(0x2545f491), b = new Int32Array(length).fill(0x6c8e9cf5);
  for (const column of columns) mix(column, length, a, b);
  return Float64Array.from(a, (word, row) => (word >>> 0) * 2_097_152 + (b[row]! >>> 11));
}

function mix(column: Column, length: number, a: Int32Array, b: Int32Array): void {
  const { values } = column;
  if (values instanceof Int32Array) {
    for (let row = 0; row < length; row += 1) step(a, b, row, values[row]!, 0x51ed270b);
    return;
  }
  const nulls = column.storage === 'text' ? null : column.nulls;
  const words = values instanceof Float64Array ? new Int32Array(values.buffer, values.byteOffset, length * 2) : wordsOf(values, length);
  for (let row = 0; row < length; row += 1) step(a, b, row, words[row * 2]!, words[row * 2 + 1]! ^ (nulls !== null && nulls[row] !== 0 ? 0x1b56c4e9 : 0));
}

function step(a: Int32Array, b: Int32Array, row: number, low: number, high: number): void {
  let x = Math.imul(a[row]! ^ low, 0x85ebca6b);
  x = Math.imul((x ^ (x >>> 15)) + high, 0xc2b2ae35);
  a[row] = x ^ (x >>> 13);
  let y = Math.imul(b[row]! ^ high, 0xcc9e2d51);
  y = Math.imul((y ^ (y >>> 16)) + low, 0x1b873593);
  b[row] = y ^ (y >>> 14);
}

/** Integers beyond 2^53. */
function wordsOf(values: ArrayLike<number | bigint | string | null>, length: number): Int32Array {
  const words = new Int32Array(length * 2);
  for (let row = 0; row < length; row += 1) {
    const value = BigInt.asIntN(64, BigInt(values[row] ?? 0));
    words[row * 2] = Number(BigInt.asIntN(32, value));
    words[row * 2 + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
  return words;
}
