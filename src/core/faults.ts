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
  /** What takes back a row of a group is left out. */
  retractionLeftOut: false,
  /** A value that a change leaves out as unchanged is taken for NULL. */
  unchangedTaken: false,
  /** What is given in the middle of a transaction is shown. */
  transactionsShown: false,
  /** A transaction of a database is given when its END is there, whether its changes are or not. */
  transactionsCut: false,
  /** Changes of transactions that were given already are taken again. */
  repeatsTaken: false,
  /** A checkpoint leaves out changes whose transactions are not whole yet. */
  changesNotSaved: false,
  /** When a row of a Top-N is taken back, the next one does not take its place. */
  nobodyMovesUp: false,
  /** Ties in event time are broken by the newest row first. */
  tiesReversed: false,
  /** What breaks a tie changes from one to the next. */
  tiesByChance: false,
  /** Late rows are dropped in silence. */
  lateRowsDropped: false,
  /** A row between two sessions joins the newer one and leaves the older as it was. */
  sessionsApart: false,
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
  /** MIN and MAX start from zero: wrong for what lies on one side of it. */
  extremesStartAtZero: false,
  /** AVG of integers rounds instead of cutting off. */
  averageRounds: false,
  /** Integers beyond 2^53 are rounded to doubles. */
  integersRounded: false,
  /** The variance is the mean of squares less the square of the mean, in doubles. */
  varianceBySquares: false,
  /** A NULL key goes to the group of the empty string. */
  nullKeysMerged: false,
  /** A frame holds rows that come up to a second after the current one. */
  looksAhead: false,
  /** Watermarks are one millisecond ahead. */
  watermarkAhead: false,
  /** An operator with several inputs goes by the fastest of them. */
  fastestInputLeads: false,
  /** After a restore, windows that have fired and share rows with open ones fire again. */
  firesAgainAfterRestore: false,
  /** A temporal join takes the version that came last, whatever its time. */
  versionsByArrival: false,
  /** An outer join within windows, or bounds on time, lets rows go without partner that have had one. */
  pairedRowsPadded: false,
  /** The first rows by ORDER BY are those that came first. */
  rankedByArrival: false,
  /** That the first row of a key has left is not remembered. */
  firstRowRepeats: false,
  /** A regular join does not count the partners of outer rows: each new one takes back the row without any. */
  partnersNotCounted: false,
  /** Every lane takes the rows of all keys. */
  lanesOverlap: false,
  /** An interval join leaves out pairs that are exactly at its upper or lower bound. */
  boundsLeftOut: false,
  /** A greedy variable of a pattern lets the next one have rows that it could take. */
  greedyGivesWay: false,
  /** A checkpoint leaves out the matches in the making. */
  matchesNotSaved: false,
  /** A step whose commit was not answered is sent again before the journal is asked. */
  resentUnasked: false,
  /** A checkpoint leaves out the timers that an operator of the user's has set. */
  timersNotSaved: false,
  /** A checkpoint leaves out what the triggers of global windows know. */
  triggersNotSaved: false,
  /** What a user's aggregate knows of a part of its rows is lost where the parts are joined. */
  partsLost: false,
  /** What changes in a page that a checkpoint has is changed in its place, so that the next checkpoint does not write it. */
  pageNotMarked: false,
  /** A checkpoint has of frames only the rows that one before had. */
  frameRowsNotPaged: false,
  /** Number of rows of a lane after which the process dies, in effect; -1: never. */
  stopAtRow: -1,
};
