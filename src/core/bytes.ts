/** Bytes in and out: snapshots and digests are written and read here. Little-endian unless a name says otherwise. */
import { littleEndian } from './byte-reader.js';
import { assert } from './errors.js';
import type { Int64 } from './types.js';
import { encodeUtf8, utf8Length } from './utf8.js';

/** Appends to a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written: a view, valid until the next write or `reset`. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, as a copy of its own. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  /** Makes room for `count` more bytes, counts them as written, and returns where they begin in `buffer`. */
  reserve(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return at;
  }

  /** Takes back the last `count` bytes that were reserved. */
  giveBack(count: number): void {
    this.#length -= count;
  }

  /** The buffer behind, for loops that fill what they reserved. Changes at `reserve`. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  u32BE(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value);
  }

  u64BE(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigUint64(at, value);
  }

  f64BE(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, lowest first, the high bit set on all but the last. */
  varint(value: number): void {
    assert(value >= 0 && Number.isSafeInteger(value), 'a varint is a safe integer from 0');
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** Bytes as they are, without their length. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The bytes [from, to): few of them cost less than a call. */
  rawRange(bytes: Uint8Array, from: number, to: number): void {
    const at = this.reserve(to - from), own = this.#bytes;
    if (to - from > 32) own.set(bytes.subarray(from, to), at);
    else for (let byte = from, end = at; byte < to; byte += 1, end += 1) own[end] = bytes[byte]!;
  }

  /** Length as varint, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Length in UTF-8 as varint, then UTF-8. A lone surrogate becomes U+FFFD. */
  string(text: string): void {
    const length = utf8Length(text);
    this.varint(length);
    const at = this.reserve(length);
    encodeUtf8(text, this.#bytes, at);
  }

  /** As `string`, but the length as 4 bytes, big-endian. */
  stringBE(text: string): void {
    const length = utf8Length(text);
    this.u32BE(length);
    const at = this.reserve(length);
    encodeUtf8(text, this.#bytes, at);
  }

  /** Any integer: sign, length and magnitude. */
  bigint(value: bigint): void {
    const size = value < 0n ? -value : value;
    const digits = size.toString(16);
    const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
    this.u8(value < 0n ? 1 : 0);
    this.varint(hex.length / 2);
    for (let i = 0; i < hex.length; i += 2) this.u8(parseInt(hex.slice(i, i + 2), 16));
  }

  int64(value: Int64): void {
    this.u8(typeof value === 'number' ? 0 : 1);
    if (typeof value === 'number') this.f64(value);
    else this.bigint(value);
  }

  /** Length as varint, then the values. */
  /** NULL, a number, an exact integer or a string, with a tag before it. */
  physical(value: number | bigint | string | null): void {
    if (value === null) this.u8(0);
    else if (typeof value === 'number') {
      this.u8(1);
      this.f64(value);
    } else if (typeof value === 'bigint') {
      this.u8(2);
      this.bigint(value);
    } else {
      this.u8(3);
      this.string(value);
    }
  }

  float64Array(values: Float64Array): void {
    this.varint(values.length);
    const at = this.reserve(values.byteLength);
    if (littleEndian) this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    else for (let i = 0; i < values.length; i++) this.#view.setFloat64(at + i * 8, values[i]!, true);
  }

  /** Length as varint, then the values. */
  int32Array(values: Int32Array): void {
    this.varint(values.length);
    const at = this.reserve(values.byteLength);
    if (littleEndian) this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    else for (let i = 0; i < values.length; i++) this.#view.setInt32(at + i * 4, values[i]!, true);
  }
}

export { ByteReader } from './byte-reader.js';
export { decodeUtf8, encodeUtf8, utf8Length } from './utf8.js';

const hexDigits = Array.from({ length: 256 }, (_, byte) => (byte < 16 ? '0' : '') + byte.toString(16));

/** Lower-case hexadecimal, two digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += hexDigits[bytes[at]!]!;
  return text;
}

/** The bytes that `hexOf` wrote. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(hex.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}
