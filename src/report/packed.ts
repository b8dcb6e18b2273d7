/**
 * Numbers of a series as short text, for pages that hold hundreds of thousands of them: scaled to integers, each told
 * as what it adds to the one before, in digits of base 64 with a bit for more to come. The page reads them in packed.js.
 */
export interface Packed {
  /** A value is its integer divided by 10^digits; negative digits multiply. */
  readonly digits: number;
  readonly text: string;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Stands for a place without a number. */
const gap = '~';
/** Digits after the point that prices are written with, at the most; numbers that need more were computed. */
const digitsMax = 6;
/** Significant digits of a computed number: more than a screen shows. */
const significant = 7;
/** Powers of ten beyond it are none of a double. */
const powerMax = 300;

/** Numbers in order; null, NaN and the infinities are gaps. */
export function packed(values: readonly (number | null)[]): Packed {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const digits = digitsOf(finite);
  let text = '';
  let last = 0;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) {
      text += gap;
      continue;
    }
    const whole = scaled(value, digits);
    text += difference(whole - last);
    last = whole;
  }
  return { digits, text };
}

/** As many digits as all values need exactly; where that is too many, as many as tell the greatest of them apart. */
function digitsOf(values: readonly number[]): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  if (most === 0) return 0;
  const magnitude = Number(most.toExponential().split('e')[1]);
  // What is scaled stays far within the integers that a double holds.
  const room = 14 - magnitude;
  if (room > powerMax) return powerMax;
  for (let digits = 0; digits <= Math.min(digitsMax, room); digits += 1) {
    if (values.every((value) => isWhole(value, digits))) return digits;
  }
  return Math.min(room, significant - magnitude - 1, powerMax);
}

function isWhole(value: number, digits: number): boolean {
  const whole = scaled(value, digits);
  return Math.abs(value - unscaled(whole, digits)) <= Math.abs(value) * 1e-12;
}

function scaled(value: number, digits: number): number {
  return Math.round(digits >= 0 ? value * Number(`1e${digits}`) : value / Number(`1e${-digits}`)) + 0;
}

function unscaled(whole: number, digits: number): number {
  return digits >= 0 ? whole / Number(`1e${digits}`) : whole * Number(`1e${-digits}`);
}

/** The sign in the lowest bit, five bits a character. */
function difference(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = '';
  for (;;) {
    const part = rest % 32;
    rest = Math.floor(rest / 32);
    text += alphabet[rest > 0 ? part + 32 : part]!;
    if (rest === 0) return text;
  }
}
