/** Which event times there are: whole milliseconds of the years 1 to 9999, as in Flink's TIMESTAMP. */

/** 0001-01-01T00:00:00.000 and 9999-12-31T23:59:59.999, epoch ms. */
export const eventTimeMin = -62_135_596_800_000;
export const eventTimeMax = 253_402_300_799_999;

/** False for NaN as well. */
export const isEventTime = (millis: number): boolean => millis >= eventTimeMin && millis <= eventTimeMax;

/** The greatest of `least` and times from..to. */
export function greatestOf(times: Float64Array, from: number, to: number, least: number): number {
  let greatest = least;
  for (let row = from; row < to; row += 1) if (times[row]! > greatest) greatest = times[row]!;
  return greatest;
}

/** Rows that have one entry in `TimePeaks.greatest`. */
export const peakRows = 128;

/** The event times of a batch, `peakRows` rows at a time: who looks for one need not look at every row. */
export interface TimePeaks {
  /** NaN when one of them is none. */
  readonly least: number;
  /** Of each `peakRows` rows from the first on. */
  readonly greatest: Float64Array;
}

export function peaksOf(times: Float64Array): TimePeaks {
  const greatest = new Float64Array(Math.ceil(times.length / peakRows));
  let least = Infinity;
  for (let index = 0; index < greatest.length; index += 1) {
    const to = Math.min(times.length, (index + 1) * peakRows);
    let peak = -Infinity;
    for (let row = index * peakRows; row < to; row += 1) {
      const at = times[row]!;
      if (at > peak) peak = at;
      // NaN is neither, and stays.
      if (!(at >= least)) least = at < least ? at : NaN;
    }
    greatest[index] = peak;
  }
  return { least, greatest };
}
