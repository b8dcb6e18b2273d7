/** Small pieces of records as bytes: how they are compared, copied and hashed. */

/** From so many bytes on, a call to copy them costs less than they do. */
const called = 256;

/** The bytes [from, to) to `at`, and where they end there: four at a time. */
export function copyBytes(bytes: DataView, from: number, to: number, into: DataView, at: number): number {
  let byte = from, end = at;
  if (to - from >= called) {
    bytesOf(into, at, at + to - from).set(bytesOf(bytes, from, to));
    return at + to - from;
  }
  for (const last = to - 4; byte <= last; byte += 4, end += 4) into.setInt32(end, bytes.getInt32(byte, true), true);
  for (; byte < to; byte += 1, end += 1) into.setUint8(end, bytes.getUint8(byte));
  return end;
}

const bytesOf = ({ buffer, byteOffset }: DataView, from: number, to: number): Uint8Array => new Uint8Array(buffer, byteOffset + from, to - from);

/** Whether the bytes [from, to) are those at `at`: as many are there. */
export function areSameBytes(bytes: DataView, from: number, to: number, other: DataView, at: number): boolean {
  let byte = from, end = at;
  for (const last = to - 4; byte <= last; byte += 4, end += 4) if (bytes.getInt32(byte, true) !== other.getInt32(end, true)) return false;
  for (; byte < to; byte += 1, end += 1) if (bytes.getUint8(byte) !== other.getUint8(end)) return false;
  return true;
}

/** FNV-1a over the bytes [from, to), 32 bits with a sign, mixed once more so that the high ones are good for a choice, too. */
export function hashOfBytes(bytes: DataView, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let byte = from; byte < to; byte += 1) hash = Math.imul(hash ^ bytes.getUint8(byte), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** How many bytes `writeVarint` writes. */
export const varintBytes = (value: number): number => (value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128)));

/** Returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) + 128;
  bytes[end++] = rest;
  return end;
}
