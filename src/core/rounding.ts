/** Exact doubles: what a double stands for, the double nearest to a fraction, and sums and products with their error. */

const view = new DataView(new ArrayBuffer(8));

/** 2 to the power `exponent`, -1074 to 1023. Math.pow promises less. */
export function powerOfTwo(exponent: number): number {
  if (exponent >= -1022) {
    view.setUint32(0, (exponent + 1023) << 20);
    view.setUint32(4, 0);
  } else if (exponent >= -1042) {
    view.setUint32(0, 1 << (exponent + 1042));
    view.setUint32(4, 0);
  } else {
    view.setUint32(0, 0);
    view.setUint32(4, 1 << (exponent + 1074));
  }
  return view.getFloat64(0);
}

/** A finite double is exactly `numerator` · 2^`exponent`; the exponent is -1074 to 971. */
export interface ExactDouble {
  readonly numerator: bigint;
  readonly exponent: number;
}

/** The exact value of a finite double. */
export function exactOf(x: number): ExactDouble {
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const mantissa = (biased === 0 ? high & 0xfffff : (high & 0xfffff) + 0x100000) * 4294967296 + view.getUint32(4);
  return { numerator: BigInt(x < 0 ? -mantissa : mantissa), exponent: biased === 0 ? -1074 : biased - 1075 };
}

/** A finite double as an integer count of 2^-1074. */
export function fixedOf(x: number): bigint {
  if (x === 0) return 0n;
  const { numerator, exponent } = exactOf(x);
  return numerator << BigInt(exponent + 1074);
}

/** Bits of a positive integer, without its leading zeros. */
export function bitLength(value: bigint): number {
  const digits = value.toString(16);
  return digits.length * 4 - Math.clz32(parseInt(digits[0]!, 16)) + 28;
}

/** `numerator` / `denominator` as mantissa · 2^exponent, the mantissa an integer of 53 bits (fewer if the exponent would pass `least`), ties to even. */
function roundedMantissa(numerator: bigint, denominator: bigint, least: number): { mantissa: number; exponent: number } {
  // The quotient shall have at least 54 bits, or end at 2^(least - 2): then a sticky bit decides every tie.
  const exponent = Math.max(bitLength(numerator) - bitLength(denominator) - 55, least - 2);
  const scaled = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  const divisor = exponent > 0 ? denominator << BigInt(exponent) : denominator;
  const quotient = scaled / divisor;
  const sticky = quotient * divisor === scaled ? 0n : 1n;
  const bits = quotient === 0n ? 0 : bitLength(quotient);
  const dropped = Math.max(bits - 53, least - exponent);
  const kept = quotient >> BigInt(dropped);
  const half = 1n << BigInt(dropped - 1);
  const rest = ((quotient - (kept << BigInt(dropped))) << 1n) | sticky;
  const up = rest > half << 1n || (rest === half << 1n && (kept & 1n) === 1n);
  return { mantissa: Number(up ? kept + 1n : kept), exponent: exponent + dropped };
}

/** The double nearest to `numerator` / `denominator`, ties to even; beyond the range ±infinity. `denominator` is above 0. */
export function roundRatio(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n;
  const { mantissa, exponent } = roundedMantissa(negative ? -numerator : numerator, denominator, -1074);
  const size = exponent > 971 ? Infinity : mantissa * powerOfTwo(exponent);
  return negative ? -size : size;
}

/** The root of the 53-bit rounding of `numerator` / `denominator`, which itself may lie far outside the doubles. Both are above 0. */
export function rootOfRatio(numerator: bigint, denominator: bigint): number {
  const { mantissa, exponent } = roundedMantissa(numerator, denominator, -1e9);
  const odd = exponent & 1;
  const root = Math.sqrt(odd === 0 ? mantissa : mantissa * 2);
  const half = (exponent - odd) / 2;
  return half < -1000 ? root * powerOfTwo(-500) * powerOfTwo(half + 500) : root * powerOfTwo(half);
}

/** What a + b loses by rounding: a + b is exactly `fl(a + b) + sumError(a, b)`. */
export function sumError(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** What a · b loses by rounding. Exact while the product and its parts neither overflow nor fall below 2^-1022. */
export function productError(a: number, b: number): number {
  const aScaled = 134217729 * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = 134217729 * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (a * b - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
