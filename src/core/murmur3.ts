/**
 * MurmurHash3 x64-128 with seed 0 (Austin Appleby's, in the public domain), for order-free set digests: quick
 * and well spread, not safe against someone who wants a collision. 64-bit words are pairs of 32-bit halves.
 */

const C1_HIGH = 0x87c37b91 | 0;
const C1_LOW = 0x114253d5;
const C2_HIGH = 0x4cf5ad43;
const C2_LOW = 0x2745937f;

/** The high half of a product of two 64-bit words; the low half is Math.imul of the low halves. */
function productHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const other = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  const cross = (Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
  return (((Math.imul(a1, b1) + cross) | 0) + (((middle >>> 16) + (other >>> 16)) | 0)) | 0;
}

/** 1 when a sum of two low halves, one of them `added`, has passed 2^32, else 0. */
function carryOf(sum: number, added: number): number {
  return sum >>> 0 < added >>> 0 ? 1 : 0;
}

/** Up to four bytes at `at`, but none at `to` or beyond, as a little-endian half word. */
function tailWord(view: DataView, at: number, to: number): number {
  let word = 0;
  for (let i = Math.min(to, at + 4) - 1; i >= at; i--) word = (word << 8) | view.getUint8(i);
  return word;
}

/** Hashes bytes [from, to) of `view`: out = [h1 high, h1 low, h2 high, h2 low]. */
export function murmur3(view: DataView, from: number, to: number, out: Int32Array): void {
  let h1High = 0;
  let h1Low = 0;
  let h2High = 0;
  let h2Low = 0;
  for (let at = from; ; at += 16) {
    // Whole blocks, and at the end a block of 0 to 15 bytes, which is scrambled as if zeros followed.
    const whole = at + 16 <= to;
    let k1Low = whole ? view.getInt32(at, true) : tailWord(view, at, to);
    let k1High = whole ? view.getInt32(at + 4, true) : tailWord(view, at + 4, to);
    let k2Low = whole ? view.getInt32(at + 8, true) : tailWord(view, at + 8, to);
    let k2High = whole ? view.getInt32(at + 12, true) : tailWord(view, at + 12, to);

    // k1 · c1, rotated by 31, · c2.
    let high = productHigh(k1High, k1Low, C1_HIGH, C1_LOW);
    let low = Math.imul(k1Low, C1_LOW);
    k1High = (high << 31) | (low >>> 1);
    k1Low = (low << 31) | (high >>> 1);
    h1High ^= productHigh(k1High, k1Low, C2_HIGH, C2_LOW);
    h1Low ^= Math.imul(k1Low, C2_LOW);
    // k2 · c2, rotated by 33, · c1.
    high = productHigh(k2High, k2Low, C2_HIGH, C2_LOW);
    low = Math.imul(k2Low, C2_LOW);
    k2High = (low << 1) | (high >>> 31);
    k2Low = (high << 1) | (low >>> 31);
    const second = productHigh(k2High, k2Low, C1_HIGH, C1_LOW);
    const secondLow = Math.imul(k2Low, C1_LOW);
    if (!whole) {
      h2High ^= second;
      h2Low ^= secondLow;
      break;
    }

    // h1 rotated by 27, plus h2, times 5, plus a constant.
    high = (h1High << 27) | (h1Low >>> 5);
    low = (h1Low << 27) | (h1High >>> 5);
    h1Low = (low + h2Low) | 0;
    h1High = (high + h2High + carryOf(h1Low, low)) | 0;
    high = (h1High << 2) | (h1Low >>> 30);
    low = h1Low << 2;
    h1Low = (h1Low + low) | 0;
    h1High = (h1High + high + carryOf(h1Low, low)) | 0;
    low = (h1Low + 0x52dce729) | 0;
    h1High = (h1High + carryOf(low, h1Low)) | 0;
    h1Low = low;

    h2High ^= second;
    h2Low ^= secondLow;
    // h2 rotated by 31, plus h1, times 5, plus a constant.
    high = (h2High << 31) | (h2Low >>> 1);
    low = (h2Low << 31) | (h2High >>> 1);
    h2Low = (low + h1Low) | 0;
    h2High = (high + h1High + carryOf(h2Low, low)) | 0;
    high = (h2High << 2) | (h2Low >>> 30);
    low = h2Low << 2;
    h2Low = (h2Low + low) | 0;
    h2High = (h2High + high + carryOf(h2Low, low)) | 0;
    low = (h2Low + 0x38495ab5) | 0;
    h2High = (h2High + carryOf(low, h2Low)) | 0;
    h2Low = low;
  }

  const length = to - from;
  h1Low ^= length;
  h2Low ^= length;
  out[1] = (h1Low + h2Low) | 0;
  out[0] = (h1High + h2High + carryOf(out[1], h1Low)) | 0;
  out[3] = (h2Low + out[1]) | 0;
  out[2] = (h2High + out[0] + carryOf(out[3], h2Low)) | 0;
  mix(out, 0);
  mix(out, 2);
  const sumLow = (out[1] + out[3]) | 0;
  out[0] = (out[0] + out[2] + carryOf(sumLow, out[1])) | 0;
  out[1] = sumLow;
  const lastLow = (out[3] + sumLow) | 0;
  out[2] = (out[2] + out[0] + carryOf(lastLow, out[3])) | 0;
  out[3] = lastLow;
}

/** The final mix of the word at `i`. */
function mix(words: Int32Array, i: number): void {
  let high = words[i]!;
  let low = words[i + 1]! ^ (high >>> 1);
  high = productHigh(high, low, 0xff51afd7 | 0, 0xed558ccd | 0);
  low = Math.imul(low, 0xed558ccd | 0);
  low ^= high >>> 1;
  high = productHigh(high, low, 0xc4ceb9fe | 0, 0x1a85ec53);
  low = Math.imul(low, 0x1a85ec53);
  words[i] = high;
  words[i + 1] = low ^ (high >>> 1);
}
