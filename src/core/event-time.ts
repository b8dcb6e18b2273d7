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
