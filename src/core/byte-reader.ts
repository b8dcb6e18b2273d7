/** Bytes read back: the counterpart of `ByteWriter`. */
import { TapewrightError } from './errors.js';
import type { Int64 } from './types.js';
import { decodeUtf8 } from './utf8.js';

/** Whether typed arrays lie in memory as they are written. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reads what `ByteWriter` wrote. Bytes that end too soon raise CHECKPOINT_MISMATCH. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  /** Goes on at byte `position`. */
  moveTo(position: number): void {
    this.#at = position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) {
      throw new TapewrightError('CHECKPOINT_MISMATCH',
        `the snapshot ends too soon: ${count} bytes are wanted at byte ${at} of ${this.#bytes.length}; it was cut or is of another version: delete it and start again`,
        { at, wanted: count, length: this.#bytes.length });
    }
    this.#at = at + count;
    return at;
  }

  /** Passes `count` bytes, and returns where they begin in `buffer`. */
  skip(count: number): number {
    return this.#take(count);
  }

  /** The bytes that are read. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  u32BE(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64BE(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  f64BE(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  /** `length` bytes, a view. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  string(): string {
    const bytes = this.bytes();
    return decodeUtf8(bytes, 0, bytes.length);
  }

  bigint(): bigint {
    const negative = this.u8() === 1;
    const digits: string[] = ['0x'];
    for (const byte of this.bytes()) digits.push(byte.toString(16).padStart(2, '0'));
    const size = BigInt(digits.join(''));
    return negative ? -size : size;
  }

  int64(): Int64 {
    return this.u8() === 0 ? this.f64() : this.bigint();
  }

  physical(): number | bigint | string | null {
    const tag = this.u8();
    return tag === 0 ? null : tag === 1 ? this.f64() : tag === 2 ? this.bigint() : this.string();
  }

  float64Array(): Float64Array {
    const bytes = this.raw(this.varint() * 8);
    if (littleEndian) return new Float64Array(bytes.slice().buffer);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(i * 8, true));
  }

  int32Array(): Int32Array {
    const bytes = this.raw(this.varint() * 4);
    if (littleEndian) return new Int32Array(bytes.slice().buffer);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true));
  }
}
