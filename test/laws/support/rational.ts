/** Exact arithmetic by whole numbers alone, apart from the engine's: doubles as counts of 2^-1074. */

const bits = new DataView(new ArrayBuffer(8));

/** A finite double as a count of 2^-1074. */
export function unitsOf(x: number): bigint {
  bits.setFloat64(0, x);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & 0xf_ffff_ffff_ffffn;
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return word >> 63n === 1n ? -size : size;
}

/** The double nearest to `numerator` / `denominator` counts of 2^-1074, ties to even; zero is +0. `denominator` is above 0. */
export function nearest(numerator: bigint, denominator: bigint): number {
  const size = numerator < 0n ? -numerator : numerator;
  let shift = 0n;
  let quotient = size / denominator;
  if (quotient >> 53n !== 0n) shift = BigInt(quotient.toString(2).length - 53);
  const divisor = denominator << shift;
  quotient = size / divisor;
  const rest = 2n * (size - quotient * divisor);
  if (rest > divisor || (rest === divisor && quotient % 2n === 1n)) quotient += 1n;
  // Two exact factors, since 2^1024 is no double: only the last product may overflow.
  const exponent = Number(shift) - 1074;
  const value = Number(quotient) * 2 ** Math.min(exponent, 0) * 2 ** Math.max(Math.min(exponent, 971), 0) * (exponent > 971 ? Infinity : 1);
  return numerator < 0n ? -value : value === 0 ? 0 : value;
}

/** The exact variance of whole numbers (or counts of 2^-1074): `numerator` / `denominator` squared units. */
export function varianceOf(values: readonly bigint[], sample: boolean): { readonly numerator: bigint; readonly denominator: bigint } {
  const count = BigInt(values.length);
  const sum = values.reduce((total, value) => total + value, 0n);
  const squares = values.reduce((total, value) => total + value * value, 0n);
  return { numerator: count * squares - sum * sum, denominator: count * (sample ? count - 1n : count) };
}

/** Whether `x` is within one unit in the last place of the root of numerator / denominator squared counts of 2^-1074. */
export function isNearRoot(x: number, numerator: bigint, denominator: bigint): boolean {
  if (numerator === 0n) return Object.is(x, 0);
  if (!(x >= 0)) return false;
  const below = x === 0 ? 0n : unitsOf(x === Infinity ? Number.MAX_VALUE : neighbour(x, -1n));
  if (below * below * denominator > numerator) return false;
  if (x === Infinity || x === Number.MAX_VALUE) return true;
  const above = unitsOf(neighbour(x, 1n));
  return above * above * denominator >= numerator;
}

function neighbour(x: number, step: bigint): number {
  bits.setFloat64(0, x);
  bits.setBigUint64(0, bits.getBigUint64(0) + step);
  return bits.getFloat64(0);
}

/** The greatest whole number whose square is at most `value`. */
export function rootOf(value: bigint): bigint {
  if (value < 2n) return value;
  let low = 1n << (BigInt(value.toString(2).length - 1) / 2n);
  let high = low * 2n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Half away from zero. `denominator` is above 0. */
export function halfUp(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator;
  const quotient = (2n * size + denominator) / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}
