/**
 * Planted bugs. Each flag breaks the engine in one known way, so that the laws can be shown to catch it.
 * All are off except inside a law's own test. Flags are only ever set, never added or removed.
 */
export const faults = {
  /** Sums of doubles are added the plain way, rounding at each addition. */
  naiveSum: false,
  /** When an accumulator is relieved, what should go to the next one is lost. */
  dropCarry: false,
  /** A row at watermark = window end − 1 and one before it count as late. */
  lateAtBound: false,
  /** Groups leave a window in the order of their first row, not of their keys. */
  keysUnordered: false,
  /** A RANGE frame ends at the current row: its peers are left out. */
  peersLeftOut: false,
  /** Rows are processed in the order of arrival instead of event time. */
  arrivalForEventTime: false,
  /** Rows that leave a frame stay in its sums. */
  neverRetract: false,
  /** Ties in event time are broken by the newest row first. */
  tiesReversed: false,
  /** The watermark moves per batch, not per row. */
  watermarkPerBatch: false,
  /** A row that WHERE leaves out does not move the watermark. */
  filteredRowsHoldWatermark: false,
  /** A checkpoint leaves out the watermarks. */
  watermarkNotSaved: false,
  /** A checkpoint leaves out rows that wait for the watermark. */
  waitingRowsNotSaved: false,
  /** After a restore, a window that was under way begins anew. */
  openWindowsNotSaved: false,
  /** MIN starts from the smallest positive double, MAX from zero. */
  extremesStartAtZero: false,
  /** Every lane takes the rows of all keys. */
  lanesOverlap: false,
  /** Number of rows of a lane after which the process dies, in effect; -1: never. */
  stopAtRow: -1,
};
