/**
 * Seeded random numbers that are the same on every machine and Node version: 32-bit integer arithmetic
 * (the xoshiro128** recurrence of Blackman and Vigna) and nothing whose last bit an engine may choose.
 */

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Four uniform 16-bit values add up to a standard deviation of 65536 / √3; this makes it 1. */
const BELL_SCALE = Math.sqrt(3) / 65536;

const ROUGH_SCALE = Math.sqrt(3) / 256;

/** A probability as what `next` must be below. */
export const chance = (probability: number): number => Math.floor(probability * 4294967296);

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** One sequence for each pair of a seed (any safe integer) and a stream (a 32-bit integer). */
  constructor(seed: number, stream = 0) {
    // A counter hashed four times: neighbouring seeds share no bits, and the state is never all zero.
    let counter = (seed >>> 0) ^ Math.imul(Math.floor(seed / 4294967296) | 0, 0x85ebca6b) ^ Math.imul(stream, 0xc2b2ae35);
    const scramble = (): number => {
      counter = (counter + 0x9e3779b9) | 0;
      let bits = counter;
      bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
      bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
      return bits ^ (bits >>> 15);
    };
    this.#a = scramble();
    this.#b = scramble();
    this.#c = scramble();
    this.#d = scramble() | 1;
  }

  /** Uniform in 0..2^32 - 1. */
  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result >>> 0;
  }

  /** Uniform in 0..bound - 1, for a bound of at most 2^21 (so that the product is exact). */
  below(bound: number): number {
    return Math.floor((this.next() * bound) / 4294967296);
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  fraction(): number {
    return this.next() / 4294967296;
  }

  /** As `bell`, of four bytes of one number: coarser, and twice as fast. */
  roughBell(): number {
    const draw = this.next();
    return ((draw >>> 24) + ((draw >>> 16) & 255) + ((draw >>> 8) & 255) + (draw & 255) - 510) * ROUGH_SCALE;
  }

  /** Mean 0, standard deviation 1, within ±3.5: a bell curve without logarithms. */
  bell(): number {
    const first = this.next();
    const second = this.next();
    return ((first >>> 16) + (first & 0xffff) + (second >>> 16) + (second & 0xffff) - 131070) * BELL_SCALE;
  }
}

/** Draws indices 0..n - 1 in proportion to their weights, with one random number each (Walker's alias method). */
export class WeightedChoice {
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  constructor(weights: readonly number[]) {
    const count = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#keep = new Float64Array(count).fill(1);
    this.#alias = Int32Array.from({ length: count }, (_, index) => index);
    const share = weights.map((weight) => (weight * count) / total);
    const small: number[] = [];
    const large: number[] = [];
    share.forEach((value, index) => (value < 1 ? small : large).push(index));
    // Each column of a bar chart of equal heights holds one light index and the surplus of one heavy one.
    while (small.length > 0 && large.length > 0) {
      const light = small.pop()!;
      const heavy = large.pop()!;
      this.#keep[light] = share[light]!;
      this.#alias[light] = heavy;
      share[heavy] = share[heavy]! - (1 - share[light]!);
      (share[heavy]! < 1 ? small : large).push(heavy);
    }
  }

  draw(random: Random): number {
    const place = (random.next() * this.#keep.length) / 4294967296;
    const index = Math.floor(place);
    return place - index < this.#keep[index]! ? index : this.#alias[index]!;
  }
}
