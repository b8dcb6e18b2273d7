/** Runs of repeated and of bit-packed integers, as levels and dictionary codes are written. */

/** The runs from `start` on, `width` bits a code, each below `limit`: taken piece by piece, so that codes stay in the cache. */
export class HybridReader {
  #at: number;
  /** Codes left of the current run: all `#value`, or, at -1, packed from bit `#bit` of the byte at `#packed` on. */
  #left = 0;
  #value = 0;
  #packed = 0;
  #bit = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array, start: number, private readonly width: number, private readonly limit: number) {
    this.#at = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next `count` codes, to `codes` from its beginning. Throws an Error where the bytes end early or a code is not below the limit. */
  read(count: number, codes: Int32Array): void {
    for (let filled = 0; filled < count;) {
      if (this.#left === 0) this.#enter();
      const values = Math.min(this.#left, count - filled);
      if (this.#value >= 0) codes.fill(this.#value, filled, filled + values);
      else this.#unpack(values, codes, filled);
      this.#left -= values;
      filled += values;
    }
  }

  #enter(): void {
    const { bytes, width } = this;
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= bytes.length || shift > 28) throw new Error('a run has no header');
      const byte = bytes[this.#at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    header >>>= 0;
    const length = header >>> 1;
    if (length === 0) throw new Error('a run is empty');
    if ((header & 1) === 0) {
      const size = (width + 7) >> 3;
      if (this.#at + size > bytes.length) throw new Error('a run ends early');
      let value = 0;
      for (let byte = 0; byte < size; byte += 1) value += bytes[this.#at + byte]! * 2 ** (8 * byte);
      if (value >= this.limit) throw new Error(`code ${value} is not in the dictionary`);
      this.#value = value;
      this.#left = length;
      this.#at += size;
    } else {
      this.#value = -1;
      this.#left = length * 8;
      this.#packed = this.#at;
      this.#bit = 0;
      this.#at += length * width;
    }
  }

  #unpack(values: number, codes: Int32Array, from: number): void {
    const { bytes, width } = this;
    const bits = this.#bit + values * width;
    // The last group may be cut off after the values that are there.
    if (this.#packed + Math.ceil(bits / 8) > bytes.length) throw new Error('a run ends early');
    const greatest = unpack(this.#view, this.#packed, this.#bit, width, values, codes, from);
    if (greatest >= this.limit) throw new Error(`code ${greatest} is not in the dictionary`);
    this.#packed += Math.floor(bits / 8);
    this.#bit = bits % 8;
  }
}

/** Returns the greatest code. Each value is picked from the four bytes that hold it, so that no step waits for the one before. */
function unpack(view: DataView, start: number, first: number, width: number, values: number, codes: Int32Array, from: number): number {
  // The last values are left to those who look where the bytes end.
  const quick = width > 25 ? 0 : Math.min(values, Math.max(0, Math.floor(((view.byteLength - start - 5) * 8) / Math.max(1, width))));
  const mask = 2 ** width - 1;
  let greatest = 0;
  for (let index = 0, bit = first; index < quick; index += 1, bit += width) {
    const value = (view.getUint32(start + (bit >>> 3), true) >>> (bit & 7)) & mask;
    codes[from + index] = value;
    if (value > greatest) greatest = value;
  }
  return Math.max(greatest, unpackSlowly(view, start, first, width, quick, values, codes, from));
}

/** Values next..values, of any width, up to the end of the bytes. Sums of five bytes are exact. */
function unpackSlowly(view: DataView, start: number, first: number, width: number, next: number, values: number, codes: Int32Array, from: number): number {
  let greatest = 0;
  for (let index = next; index < values; index += 1) {
    const bit = first + index * width;
    const byte = start + Math.floor(bit / 8);
    let held = 0;
    for (let k = 4; k >= 0; k -= 1) held = held * 256 + (byte + k < view.byteLength ? view.getUint8(byte + k) : 0);
    const value = Math.floor(held / 2 ** (bit % 8)) % 2 ** width;
    codes[from + index] = value;
    if (value > greatest) greatest = value;
  }
  return greatest;
}

/** Whether `bytes` are levels of one bit that all are 1: most columns have no NULL, and say so in a few bytes. */
export function isAllOnes(bytes: Uint8Array, count: number): boolean {
  let at = 0;
  for (let seen = 0; seen < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) return false;
      const byte = bytes[at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    header >>>= 0;
    const run = header >>> 1;
    if ((header & 1) === 0) {
      if (bytes[at] !== 1) return false;
      at += 1;
      seen += run;
    } else {
      for (let byte = 0; byte < run && seen + byte * 8 < count; byte += 1) {
        const expected = count - seen - byte * 8 >= 8 ? 255 : 2 ** (count - seen - byte * 8) - 1;
        if (((bytes[at + byte] ?? 0) & expected) !== expected) return false;
      }
      at += run;
      seen += run * 8;
    }
    if (run === 0) return false;
  }
  return true;
}
