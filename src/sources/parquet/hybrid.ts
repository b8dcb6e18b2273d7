/** Runs of repeated and of bit-packed integers, as levels and dictionary codes are written. */

/**
 * Fills `codes` from `bytes` at `at`, each `width` bits wide. Returns where the next byte stands. Throws an Error where
 * the bytes end early or a code is not below `limit`. Runs once a value: the loops are long and plain.
 */
export function readHybrid(bytes: Uint8Array, start: number, width: number, count: number, limit: number, codes: Int32Array): number {
  let at = start;
  let filled = 0;
  while (filled < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new Error('a run has no header');
      const byte = bytes[at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    header >>>= 0;
    if ((header & 1) === 0) {
      const size = (width + 7) >> 3;
      if (at + size > bytes.length) throw new Error('a run ends early');
      let value = 0;
      for (let byte = 0; byte < size; byte += 1) value += bytes[at + byte]! * 2 ** (8 * byte);
      at += size;
      if (value >= limit) throw new Error(`code ${value} is not in the dictionary`);
      const to = Math.min(count, filled + (header >>> 1));
      if (to === filled) throw new Error('a run is empty');
      codes.fill(value, filled, to);
      filled = to;
    } else {
      const values = Math.min((header >>> 1) * 8, count - filled);
      const size = (header >>> 1) * width;
      // The last group may be cut off after the values that are there.
      const needed = Math.ceil((values * width) / 8);
      if (values === 0 || at + needed > bytes.length) throw new Error('a run ends early');
      const greatest = unpack(bytes, at, width, values, codes, filled);
      if (greatest >= limit) throw new Error(`code ${greatest} is not in the dictionary`);
      at = Math.min(bytes.length, at + size);
      filled += values;
    }
  }
  return at;
}

/** Returns the greatest code. Each value is picked from the bytes that hold it, so that no step waits for the one before. */
function unpack(bytes: Uint8Array, start: number, width: number, values: number, codes: Int32Array, from: number): number {
  // The last values are left to those who look where the bytes end.
  const quick = width > 25 ? 0 : Math.min(values, Math.max(0, Math.floor(((bytes.length - start - 4) * 8) / Math.max(1, width))));
  const mask = 2 ** width - 1;
  let greatest = 0;
  if (width <= 9) {
    for (let index = 0, bit = 0; index < quick; index += 1, bit += width) {
      const byte = start + (bit >>> 3);
      const value = ((bytes[byte]! | (bytes[byte + 1]! << 8)) >>> (bit & 7)) & mask;
      codes[from + index] = value;
      if (value > greatest) greatest = value;
    }
  } else if (width <= 17) {
    for (let index = 0, bit = 0; index < quick; index += 1, bit += width) {
      const byte = start + (bit >>> 3);
      const value = ((bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16)) >>> (bit & 7)) & mask;
      codes[from + index] = value;
      if (value > greatest) greatest = value;
    }
  } else {
    for (let index = 0, bit = 0; index < quick; index += 1, bit += width) {
      const byte = start + (bit >>> 3);
      const value = ((bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24)) >>> (bit & 7)) & mask;
      codes[from + index] = value;
      if (value > greatest) greatest = value;
    }
  }
  return Math.max(greatest, unpackSlowly(bytes, start, width, quick, values, codes, from));
}

/** Values first..values, of any width, up to the end of the bytes. Sums of five bytes are exact. */
function unpackSlowly(bytes: Uint8Array, start: number, width: number, first: number, values: number, codes: Int32Array, from: number): number {
  let greatest = 0;
  for (let index = first; index < values; index += 1) {
    const bit = index * width;
    const byte = start + Math.floor(bit / 8);
    let held = 0;
    for (let k = 4; k >= 0; k -= 1) held = held * 256 + (byte + k < bytes.length ? bytes[byte + k]! : 0);
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
