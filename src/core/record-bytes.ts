/** Small pieces of records as bytes: how they are compared, copied and hashed. */

/** The bytes [from, to) to `at`, and where they end there. A call to copy few of them costs more than they do. */
export function copyBytes(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number {
  if (to - from > 32) into.set(bytes.subarray(from, to), at);
  else for (let byte = from, end = at; byte < to; byte += 1, end += 1) into[end] = bytes[byte]!;
  return at + to - from;
}

/** Whether the bytes [from, to) are those at `at`. */
export function areSameBytes(bytes: Uint8Array, from: number, to: number, other: Uint8Array, at: number): boolean {
  for (let byte = from, end = at; byte < to; byte += 1, end += 1) if (bytes[byte] !== other[end]) return false;
  return true;
}

/** FNV-1a over the bytes [from, to), 32 bits with a sign, mixed once more so that the high ones are good for a choice, too. */
export function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let byte = from; byte < to; byte += 1) hash = Math.imul(hash ^ bytes[byte]!, 0x01000193);
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
