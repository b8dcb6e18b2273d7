/**
 * Time zones of the venues, by rules pinned here: the zone data of a platform change with its version, and with them
 * would what a run computes.
 */
import { civilOf, daysOf, millisPerDay } from '../core/civil-date.js';
import { lastWeekday, nthWeekday, SUNDAY } from './days.js';

const HOUR = 3_600_000;

/** Epoch ms between which clocks are an hour ahead: [from, to). */
interface Summer {
  readonly from: number;
  readonly to: number;
}

export interface Zone {
  /** The name in the IANA database. */
  readonly name: string;
  /** Local time minus UTC at an epoch ms, in ms. */
  offsetAt(utc: number): number;
  /**
   * Epoch ms of a time of day, in ms since midnight on the clock there. Of a time shown twice, the first; a time that
   * the clocks skip counts on from before they did.
   */
  toUtc(day: number, time: number): number;
}

function zoneOf(name: string, standard: number, summerOf: ((year: number) => Summer) | null): Zone {
  const isSummer = (utc: number): boolean => {
    if (summerOf === null) return false;
    const { from, to } = summerOf(civilOf(Math.floor(utc / millisPerDay)).year);
    return utc >= from && utc < to;
  };
  return {
    name,
    offsetAt: (utc) => (isSummer(utc) ? standard + HOUR : standard),
    toUtc: (day, time) => {
      const plain = day * millisPerDay + time - standard;
      return isSummer(plain - HOUR) ? plain - HOUR : plain;
    },
  };
}

/** Clocks change at two in the morning on the clock. The Energy Policy Act moved both days from 2007 on. */
export const newYorkZone = zoneOf('America/New_York', -5 * HOUR, (year) => {
  const [from, to] = year < 2007
    ? [nthWeekday(year, 4, SUNDAY, 1), lastWeekday(year, 10, SUNDAY)]
    : [nthWeekday(year, 3, SUNDAY, 2), nthWeekday(year, 11, SUNDAY, 1)];
  return { from: from * millisPerDay + 7 * HOUR, to: to * millisPerDay + 6 * HOUR };
});

/** At one in the morning of UTC, with the rest of Europe. */
export const londonZone = zoneOf('Europe/London', 0, (year) => ({
  from: lastWeekday(year, 3, SUNDAY) * millisPerDay + HOUR, to: lastWeekday(year, 10, SUNDAY) * millisPerDay + HOUR,
}));

export const tokyoZone = zoneOf('Asia/Tokyo', 9 * HOUR, null);

export const utcZone = zoneOf('UTC', 0, null);

/** A time of day in ms since midnight: `at('09:30')`. */
export function at(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
}

/** `2026-03-02 09:30` on the clock there. */
export function localText(zone: Zone, utc: number): string {
  const local = utc + zone.offsetAt(utc);
  const { year, month, day } = civilOf(Math.floor(local / millisPerDay));
  const minutes = Math.floor((local - daysOf(year, month, day) * millisPerDay) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
