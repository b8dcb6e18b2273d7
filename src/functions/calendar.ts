/** The proleptic Gregorian calendar, UTC, without `Date`: days since 1970-01-01 and years, months, days. */
import { toInt64 } from '../core/int64.js';
import type { Int64 } from '../core/types.js';

export const millisPerDay = 86_400_000;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** Days since 1970-01-01. Counts years from March, so that the leap day is the last of its year. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilOf(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 };
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export const monthLength = (year: number, month: number): number => (month === 2 && isLeapYear(year) ? 29 : monthLengths[month - 1]!);

/** The same day some months on, or the month's last where there is none. */
export function addMonthsToDays(days: number, months: number): number {
  const { year, month, day } = civilOf(days);
  const count = year * 12 + month - 1 + months;
  const toYear = Math.floor(count / 12);
  const toMonth = count - toYear * 12 + 1;
  return daysOf(toYear, toMonth, Math.min(day, monthLength(toYear, toMonth)));
}

/** A timestamp in `units` per second, split at its day: whole days since 1970 and the units into the day. */
export function splitDay(value: Int64, units: number): { readonly days: number; readonly rest: number } {
  const perDay = units * 86_400;
  if (typeof value === 'number') {
    const days = Math.floor(value / perDay);
    return { days, rest: value - days * perDay };
  }
  const wide = BigInt(perDay);
  const rest = ((value % wide) + wide) % wide;
  return { days: Number((value - rest) / wide), rest: Number(rest) };
}

export function joinDay(days: number, rest: number, units: number): Int64 {
  const value = days * units * 86_400 + rest;
  return Number.isSafeInteger(value) ? value : toInt64(BigInt(days) * BigInt(units * 86_400) + BigInt(rest));
}

export function addMonths(value: Int64, months: number, units: number): Int64 {
  const { days, rest } = splitDay(value, units);
  return joinDay(addMonthsToDays(days, months), rest, units);
}
