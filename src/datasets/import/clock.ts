/** How a file writes its times, and what they are in epoch milliseconds. Finer digits are floored. */
import { isEventTime } from '../../core/event-time.js';
import { TapewrightError } from '../../core/errors.js';
import { isDecimal } from './decimal.js';
import type { Zone } from './zone.js';

export interface Clock {
  /** For people: `epoch microseconds`. */
  readonly says: string;
  /** Epoch ms, or what is wrong with the text. */
  read(text: string): number | string;
}

/** What a layout knows of its times. */
export interface TimeForm {
  /**
   * `any`: an epoch, or a date with a time. `seconds`, `millis`: since midnight. `day`: a time of day, 09:30:00.123 or
   * 093000123. The date of the last three is the file's.
   */
  readonly kind: 'any' | 'seconds' | 'millis' | 'day';
  /** The file itself states the zone, in its header for instance. */
  readonly zone?: Zone;
  /** What the vendor's documentation says, to be offered when the zone is missing. */
  readonly advice?: string;
}

export interface ClockSettings {
  readonly file: string;
  /** The user's. */
  readonly zone: Zone | null;
  /** Local midnight as if it were UTC, epoch ms. */
  readonly date: number | null;
}

type Unit = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';

const epochPattern = /^(\d{8,19})(?:\.(\d*))?$/;
const yearFirst = /^(\d{4})([-./]?)(\d\d)\2(\d\d)[T ]?(\d{1,2}):?(\d\d):?(\d\d)?(?:[.,]?(\d{1,9}))?\s*(Z|(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?|UTC|GMT)?$/i;
const dayFirst = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s*(Z|(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?|UTC|GMT)?$/i;

/** By its digits before the point: each unit has its own for all of 1973 to 2286. */
function unitOf(digits: string): Unit | null {
  // As milliseconds these would be of 1976; they are 2024-01-31 09:30 without its marks.
  if (digits.length === 12 && /^(19|20)/.test(digits)) return null;
  switch (digits.length) {
    case 9: case 10: return 'seconds';
    case 12: case 13: return 'milliseconds';
    case 15: case 16: return 'microseconds';
    case 18: case 19: return 'nanoseconds';
    default: return null;
  }
}

/** The clock of a file whose first times are `sample`. Throws DATASET_INVALID when they state no zone, or no date, and the user does not either. */
export function clockOf(form: TimeForm, sample: readonly string[], settings: ClockSettings): Clock {
  if (form.kind !== 'any') return timeOfDayClock(form, settings);
  const units = sample.map((text) => unitOf(epochPattern.exec(text)?.[1] ?? '')).filter((unit) => unit !== null);
  if (units.length > 0 && units.length >= sample.length / 2) return epochClock(mostFrequent(units));
  return textClock(form, sample, settings);
}

function mostFrequent(units: readonly Unit[]): Unit {
  const counts = new Map<Unit, number>();
  for (const unit of units) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

function epochClock(unit: Unit): Clock {
  const read = (text: string): number | string => {
    const match = epochPattern.exec(text);
    const found = match === null ? null : unitOf(match[1]!);
    if (match === null || found === null) return 'the time is no epoch time';
    if (found !== unit) return `the time is in ${found}, those of the file in ${unit}`;
    const digits = match[1]!;
    // Midnight of 1970 is what programs write where they have no time; one such row would stretch the span by decades.
    if (/^0+$/.test(digits)) return 'the time is 0, which stands for none';
    switch (unit) {
      case 'seconds': return Number(digits) * 1000 + Number((match[2] ?? '').slice(0, 3).padEnd(3, '0'));
      case 'milliseconds': return Number(digits);
      case 'microseconds': return Number(digits.slice(0, -3));
      case 'nanoseconds': return Number(digits.slice(0, -6));
    }
  };
  return { says: `epoch ${unit}`, read };
}

const noZone = 'the time states no zone';
const skipped = 'the clocks skipped this time that day, or showed it twice';

/** Local time as if it were UTC, and the offset it states: null for none. */
function parseText(text: string): { readonly local: number; readonly offset: number | null } | null {
  const dotted = dayFirst.exec(text);
  const match = dotted === null ? yearFirst.exec(text) : null;
  if (dotted === null && match === null) return null;
  const [year, month, day] = dotted !== null ? [dotted[3]!, dotted[2]!, dotted[1]!] : [match![1]!, match![3]!, match![4]!];
  const [hour, minute, second, fraction, zone, sign, hours, minutes] = dotted !== null ? dotted.slice(4) : match!.slice(5);
  const midnight = dateMillis(Number(year), Number(month), Number(day));
  const within = withinDay(Number(hour), Number(minute), Number(second ?? 0), fraction ?? '');
  if (midnight === null || within === null) return null;
  const offset = zone === undefined ? null : sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000;
  return { local: midnight + within, offset };
}

function withinDay(hour: number, minute: number, second: number, fraction: string): number | null {
  if (hour > 23 || minute > 59 || second > 59) return null;
  return ((hour * 60 + minute) * 60 + second) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** Midnight of a day as if it were UTC's; null for a day that no calendar has. */
export function dateMillis(year: number, month: number, day: number): number | null {
  const millis = Date.UTC(year, month - 1, day);
  const date = new Date(millis);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && isEventTime(millis) ? millis : null;
}

/** Times that are seen often and not read, and what to write instead. */
const oddTimes: readonly [RegExp, string][] = [
  [/^\d\d?\/\d\d?\/\d{4}/, 'may have the day or the month first: write them as 2024-01-31 09:30:00'],
  [/\d\s*[AP]M$/i, 'count to twelve: write them as 2024-01-31 13:30:00'],
  [/^\d{4}-\d\d-\d\d[T ]\S+ ?(?!UTC|GMT)[A-Z]{2,5}$/i, 'name their zone by letters, which may mean several: leave them out and say which with --time-zone, or write an offset such as -05:00'],
  [/^\d{4}[-./]?\d\d[-./]?\d\d$/, 'are days, and a row needs a time of day'],
  [/^\d{5}(?:\.\d+)?$/, 'are days as spreadsheets count them: write them as 2024-01-31 09:30:00'],
];

function textClock(form: TimeForm, sample: readonly string[], { file, zone }: ClockSettings): Clock {
  const parsed = sample.map(parseText).filter((time) => time !== null);
  if (sample.length === 0) throw new TapewrightError('DATASET_INVALID', `${file}: none of its first rows has a time`, { file });
  if (parsed.length === 0) {
    const why = oddTimes.find(([pattern]) => sample.some((text) => pattern.test(text)))?.[1] ?? 'are neither an epoch nor a date with a time';
    throw new TapewrightError('DATASET_INVALID', `${file}: times such as '${sample[0]}' ${why}`, { file, sample: sample[0] });
  }
  const stated = parsed.every(({ offset }) => offset !== null);
  const used = form.zone ?? zone;
  if (!stated && used === null) throw zoneMissing(file, sample.find((text) => parseText(text)?.offset === null)!, form.advice);
  const read = (text: string): number | string => {
    const time = parseText(text);
    if (time === null) return 'the time is no date with a time';
    if (time.offset !== null) return time.local - time.offset;
    if (used === null) return noZone;
    const millis = used.toUtc(time.local);
    return Number.isNaN(millis) ? skipped : millis;
  };
  return { says: stated ? 'dates and times that state their zone' : `dates and times in ${used!.name}`, read };
}

function timeOfDayClock(form: TimeForm, { file, zone, date }: ClockSettings): Clock {
  if (date === null) {
    throw new TapewrightError('DATASET_INVALID', `${file}: its times are times of day, and its name has no date; say which day with --date YYYY-MM-DD`, { file });
  }
  const used = form.zone ?? zone;
  if (used === null) throw zoneMissing(file, null, form.advice);
  const within = { seconds: secondsOfDay, millis: millisOfDay, day: clockTime }[form.kind as 'seconds' | 'millis' | 'day'];
  const read = (text: string): number | string => {
    const time = within(text);
    if (time === null) return 'the time is no time of day';
    const millis = used.toUtc(date + time);
    return Number.isNaN(millis) ? skipped : millis;
  };
  const what = { seconds: 'seconds since midnight', millis: 'milliseconds since midnight', day: 'times of day' }[form.kind as 'seconds' | 'millis' | 'day'];
  return { says: `${what} of ${new Date(date).toISOString().slice(0, 10)}, ${used.name}`, read };
}

function millisOfDay(text: string): number | null {
  if (!isDecimal(text)) return null;
  const millis = Math.floor(Number(text));
  return millis >= 0 && millis < 86_400_000 ? millis : null;
}

function secondsOfDay(text: string): number | null {
  const match = /^(\d{1,5})(?:\.(\d*))?$/.exec(text);
  if (match === null || Number(match[1]) >= 86_400) return null;
  return Number(match[1]) * 1000 + Number((match[2] ?? '').slice(0, 3).padEnd(3, '0'));
}

function clockTime(text: string): number | null {
  const match = /^(\d{1,2}):(\d\d):(\d\d)(?:\.(\d*))?$/.exec(text) ?? /^(\d\d)(\d\d)(\d\d)\.?(\d*)$/.exec(text);
  return match === null ? null : withinDay(Number(match[1]), Number(match[2]), Number(match[3]), match[4] ?? '');
}

function zoneMissing(file: string, example: string | null, advice: string | undefined): TapewrightError {
  const times = example === null ? 'its times of day state' : `times such as '${example}' state`;
  const hint = advice === undefined ? '' : `; ${advice}`;
  return new TapewrightError('DATASET_INVALID', `${file}: ${times} no zone; say which with --time-zone UTC, +HH:MM or a name such as America/New_York${hint}`, { file });
}
