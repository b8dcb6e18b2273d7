/** How values of whole milliseconds are spread: exact below 2,048, to a thousandth above, in memory that does not grow. */

const exact = 2048;
/** Halvings that bring the greatest safe integer below `exact`. */
const shiftsMax = 43;

export class Quantiles {
  readonly #counts = new Float64Array(exact * shiftsMax);
  count = 0;
  max = 0;

  /** `value`: a whole number, 0 or more. */
  add(value: number): void {
    let rest = value, shift = 0;
    while (rest >= exact) {
      rest = Math.floor(rest / 2);
      shift += 1;
    }
    this.#counts[shift * exact + rest]! += 1;
    this.count += 1;
    if (value > this.max) this.max = value;
  }

  /** The least value that at least this share of all values does not exceed; 0 where there are none. */
  at(share: number): number {
    const wanted = Math.ceil(share * this.count);
    let passed = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      passed += this.#counts[index]!;
      if (passed >= wanted && passed > 0) return Math.min(this.max, this.#upper(index));
    }
    return this.max;
  }

  /** Values of each range that has any: from 2^n to below 2^(n + 1), in the order of their size. */
  octaves(): { readonly from: number; readonly count: number }[] {
    const octaves = new Map<number, number>();
    for (let index = 0; index < this.#counts.length; index += 1) {
      const count = this.#counts[index]!;
      if (count === 0) continue;
      let from = 1;
      while (from * 2 <= this.#upper(index)) from *= 2;
      octaves.set(from, (octaves.get(from) ?? 0) + count);
    }
    return [...octaves].map(([from, count]) => ({ from, count })).sort((a, b) => a.from - b.from);
  }

  #upper(index: number): number {
    const shift = Math.floor(index / exact);
    return (index - shift * exact + 1) * 2 ** shift - 1;
  }
}
