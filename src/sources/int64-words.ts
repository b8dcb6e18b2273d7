/** 64-bit integers as doubles, from their low and high words. Runs once a value: the loops are long and plain. */

const wordsPerLow = 4_294_967_296;

/**
 * Values from..to of `words` become values `at` and on; where `flags` is set, nothing is written. Returns whether all
 * are within ±(2^53 - 1).
 */
export function copyWords(words: Int32Array, from: number, to: number, values: Float64Array, at: number, flags: Uint8Array | null): boolean {
  let unsafe = 0;
  let out = at;
  for (let word = from * 2; word < to * 2; word += 2, out += 1) {
    if (flags !== null && flags[out] !== 0) continue;
    const high = words[word + 1]!, low = words[word]! >>> 0;
    values[out] = high * wordsPerLow + low;
    // Safe are [-2^53 + 1, 2^53 - 1]; the high words of that range are [-2^21, 2^21).
    if (high >= 2_097_152 || high < -2_097_151) unsafe |= high === -2_097_152 && low !== 0 ? 0 : 1;
  }
  return unsafe === 0;
}

/**
 * As `copyWords`, each divided by `divide` (at most 1e6) and floored; returns whether anything was cut off. Without
 * 64-bit arithmetic: with 2^32 = a·d + b, floor(v / d) is high·a + floor((high·b + low) / d), and every term is an
 * exact double.
 */
export function floorWords(words: Int32Array, from: number, to: number, divide: number, values: Float64Array, at: number, flags: Uint8Array | null): boolean {
  const whole = Math.floor(wordsPerLow / divide), part = wordsPerLow - whole * divide;
  let dropped = 0;
  let out = at;
  for (let word = from * 2; word < to * 2; word += 2, out += 1) {
    if (flags !== null && flags[out] !== 0) continue;
    const high = words[word + 1]!;
    const rest = high * part + (words[word]! >>> 0);
    const quotient = Math.floor(rest / divide);
    values[out] = high * whole + quotient;
    dropped += rest - quotient * divide;
  }
  return dropped !== 0;
}
