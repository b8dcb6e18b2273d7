/** Avro's integers four bytes at a time: so many behind a message may be looked at, which shows at its end. Everything here runs for each record. */
import { cursor, longAt } from './avro-bytes.js';

/** Of the four bytes of a word, the highest bit of those that end an integer. */
const ends = (word: number): number => ~word & 0x80808080;

/** How many bytes there are up to the first that ends an integer. */
const sizeOf = (found: number): number => ((31 - Math.clz32(found & -found)) >> 3) + 1;

/** Behind the integer at `at`; -1: it does not end by `last`. */
export function longEnd(view: DataView, start: number, last: number): number {
  for (let at = start; at < last; at += 4) {
    const found = ends(view.getInt32(at, true));
    if (found !== 0) return at + sizeOf(found);
  }
  return -1;
}

/** As `longAt`, of a message with a view of it. */
export function exactAt(bytes: Uint8Array, view: DataView, at: number, last: number): number {
  const word = view.getInt32(at, true), found = ends(word);
  let low = (word & 0x7f) | ((word >> 1) & 0x3f80) | ((word >> 2) & 0x1fc000) | ((word >> 3) & 0xfe00000);
  if (found !== 0) {
    const size = sizeOf(found);
    if (at + size > last) return longAt(bytes, at, last);
    low &= (1 << (7 * size)) - 1;
    cursor.at = at + size;
    return (low >>> 1) ^ -(low & 1);
  }
  const next = view.getInt32(at + 4, true), over = ends(next);
  // Of eight bytes and more few are exact.
  if (over === 0 || at + 8 > last) return longAt(bytes, at, last);
  const size = sizeOf(over);
  if (size === 4) return longAt(bytes, at, last);
  const high = ((next & 0x7f) | ((next >> 1) & 0x3f80) | ((next >> 2) & 0x1fc000)) & ((1 << (7 * size)) - 1);
  cursor.at = at + 4 + size;
  const half = high * 134_217_728 + (low >>> 1);
  return (low & 1) === 0 ? half : -half - 1;
}
