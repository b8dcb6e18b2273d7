/**
 * Planted bugs. Each flag breaks the engine in one known way, so that the laws can be shown to catch it.
 * All are off except inside a law's own test. Flags are only ever set, never added or removed.
 */
export const faults = {
  /** Sums of doubles are added the plain way, rounding at each addition. */
  naiveSum: false,
  /** When an accumulator is relieved, what should go to the next one is lost. */
  dropCarry: false,
};
