/** Arithmetic of dates and timestamps: months added, and timestamps split at their day. */
import { civilOf, daysOf, monthLength } from '../core/civil-date.js';
import { toInt64 } from '../core/int64.js';
import type { Int64 } from '../core/types.js';

export { civilOf, daysOf, millisPerDay, monthLength } from '../core/civil-date.js';

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
