/** Chance that can be repeated: a number that a seed and values of the row decide. */
import { ByteWriter } from '../core/bytes.js';
import { murmur3 } from '../core/murmur3.js';

/** Evenly spread over [0, 1); the same for the same seed and values, on every machine. */
export function seededNumber(seed: string | number, ...values: readonly (string | number | bigint | boolean | null)[]): number {
  const writer = new ByteWriter();
  for (const value of [seed, ...values]) writer.physical(typeof value === 'boolean' ? Number(value) : value);
  const hash = new Int32Array(4);
  murmur3(writer.view, 0, writer.length, hash);
  // 53 bits of the first half.
  return ((hash[0]! >>> 0) * 2 ** 21 + ((hash[1]! >>> 0) >>> 11)) / 2 ** 53;
}
