/** Where the arrays of a stage's results come from. */
export interface StageMemory {
  /** Array number `at` of a run: `length` values, whatever they are. */
  reals(at: number, length: number): Float64Array;
  codes(at: number, length: number): Int32Array;
  /** The first values of such an array. */
  first<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, length: number): Values;
}

/** New ones for every run: whoever reads them may keep them. */
export const newMemory: StageMemory = {
  reals: (_, length) => new Float64Array(length),
  codes: (_, length) => new Int32Array(length),
  // Copied where most of the memory would be kept for nothing.
  first: (values, length) => (length < values.length / 4 ? values.slice(0, length) : values.subarray(0, length)) as typeof values,
};

const ROWS_USUAL = 4096;

/** The same ones for every run: nothing is left to be collected, and they stay in the processor's cache. */
export class LentMemory implements StageMemory {
  readonly #reals: Float64Array[] = [];
  readonly #codes: Int32Array[] = [];

  reals(at: number, length: number): Float64Array {
    let values = this.#reals[at];
    if (values === undefined || values.length < length) this.#reals[at] = values = new Float64Array(Math.max(length, ROWS_USUAL));
    return values.subarray(0, length);
  }

  codes(at: number, length: number): Int32Array {
    let values = this.#codes[at];
    if (values === undefined || values.length < length) this.#codes[at] = values = new Int32Array(Math.max(length, ROWS_USUAL));
    return values.subarray(0, length);
  }

  first<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, length: number): Values {
    return values.subarray(0, length) as Values;
  }
}
