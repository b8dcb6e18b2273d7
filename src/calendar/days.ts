/** Days of the week, of feasts and as text. A day is a count since 1970-01-01, wherever it is lived. */
import { civilOf, daysOf, monthLength } from '../core/civil-date.js';

export const SUNDAY = 0;
export const MONDAY = 1;
export const TUESDAY = 2;
export const WEDNESDAY = 3;
export const THURSDAY = 4;
export const FRIDAY = 5;
export const SATURDAY = 6;

/** The first day of 1970 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + THURSDAY) % 7) + 7) % 7;

export const isWeekend = (day: number): boolean => weekdayOf(day) === SUNDAY || weekdayOf(day) === SATURDAY;

/** The `count`th Monday (or other weekday) of a month, from 1. */
export function nthWeekday(year: number, month: number, weekday: number, count: number): number {
  const first = daysOf(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (count - 1) * 7;
}

export function lastWeekday(year: number, month: number, weekday: number): number {
  const last = daysOf(year, month, monthLength(year, month));
  return last - ((weekdayOf(last) - weekday + 7) % 7);
}

/** Easter Sunday of the western churches: the Sunday after the full moon that their tables have on or after 21 March. */
export function easterOf(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const skipped = century - Math.floor(century / 4) - Math.floor((8 * century + 13) / 25);
  const age = (skipped + 19 * golden + 15) % 30;
  const moon = age - (age === 29 || (age === 28 && golden > 10) ? 1 : 0);
  const fullMoon = daysOf(year, 3, 21) + moon;
  return fullMoon + 7 - weekdayOf(fullMoon);
}

/** `2026-03-02`. */
export function dateText(day: number): string {
  const { year, month, day: dayOfMonth } = civilOf(day);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}

/** The day that `2026-03-02` names; null for what is no date. */
export function parseDate(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month) ? daysOf(year, month, day) : null;
}

/** Of texts that are dates, written down in this project. */
export const daySet = (...dates: readonly string[]): ReadonlySet<number> => new Set(dates.map((date) => parseDate(date)!));
