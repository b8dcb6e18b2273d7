/** Public holidays of Japan, by the law as it stood in each year. */
import { civilOf, daysOf } from '../core/civil-date.js';
import { daySet, MONDAY, nthWeekday, SUNDAY, weekdayOf } from './days.js';

/** Of March and of September, from 2000 on. The government announces each in the February of the year before. */
const vernalEquinoxes = [
  20, 20, 21, 21, 20, 20, 21, 21, 20, 20, 21, 21, 20, 20, 21, 21, 20, 20, 21, 21, 20, 20, 21, 21, 20, 20, 20, 21, 20, 20, 20,
];
const autumnalEquinoxes = [
  23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 22, 23, 23, 23, 22, 23, 23, 23, 22, 23, 23, 23, 22, 23, 23, 23, 22, 23, 23,
];
const EQUINOXES_FROM = 2000;

/** The enthronement of 2019, and the days that it put between holidays. */
const enthronement = daySet('2019-04-30', '2019-05-01', '2019-05-02', '2019-10-22');

/** Marine, mountain and sports day in the years of the Olympic games. */
const olympics: Readonly<Record<number, readonly (readonly [number, number])[]>> = {
  2020: [[7, 23], [8, 10], [7, 24]],
  2021: [[7, 22], [8, 8], [7, 23]],
};

/** Holidays by name of the law, before any is moved off a Sunday. */
function named(year: number): number[] {
  const equinox = year - EQUINOXES_FROM;
  const days = [
    daysOf(year, 1, 1), nthWeekday(year, 1, MONDAY, 2), daysOf(year, 2, 11), daysOf(year, 3, vernalEquinoxes[equinox]!), daysOf(year, 4, 29),
    daysOf(year, 5, 3), daysOf(year, 5, 5), year < 2003 ? daysOf(year, 9, 15) : nthWeekday(year, 9, MONDAY, 3),
    daysOf(year, 9, autumnalEquinoxes[equinox]!), daysOf(year, 11, 3), daysOf(year, 11, 23),
  ];
  // Until 2006 the fourth of May was only the day between two holidays.
  if (year >= 2007) days.push(daysOf(year, 5, 4));
  if (year <= 2018) days.push(daysOf(year, 12, 23));
  if (year >= 2020) days.push(daysOf(year, 2, 23));
  const moved = olympics[year];
  if (moved !== undefined) return [...days, ...moved.map(([month, day]) => daysOf(year, month, day))];
  days.push(year < 2003 ? daysOf(year, 7, 20) : nthWeekday(year, 7, MONDAY, 3), nthWeekday(year, 10, MONDAY, 2));
  if (year >= 2016) days.push(daysOf(year, 8, 11));
  return days;
}

const years = new Map<number, ReadonlySet<number>>();

function holidaysOf(year: number): ReadonlySet<number> {
  const known = years.get(year);
  if (known !== undefined) return known;
  const holidays = new Set(named(year));
  for (const day of [...holidays]) {
    if (weekdayOf(day) !== SUNDAY) continue;
    // The next day that is none; until 2006 the Monday, whatever it was.
    let substitute = day + 1;
    while (year >= 2007 && holidays.has(substitute)) substitute += 1;
    holidays.add(substitute);
  }
  for (const day of [...holidays]) if (holidays.has(day + 2) && !holidays.has(day + 1) && weekdayOf(day + 1) !== SUNDAY) holidays.add(day + 1);
  years.set(year, holidays);
  return holidays;
}

export const isJapaneseHoliday = (day: number): boolean => enthronement.has(day) || holidaysOf(civilOf(day).year).has(day);
