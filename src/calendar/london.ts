/** The London Stock Exchange: hours, bank holidays of England, half days before Christmas and New Year. */
import { civilOf, daysOf } from '../core/civil-date.js';
import { daySet, easterOf, FRIDAY, isWeekend, lastWeekday, MONDAY, nthWeekday, SATURDAY, SUNDAY, weekdayOf } from './days.js';
import { pinnedYears, type Session, type Venue } from './venue.js';
import { at, londonZone } from './zone.js';

/** Jubilees with the spring holiday they moved, a wedding, the seventy-fifth VE day, a funeral, a coronation. */
const closures = daySet(
  '2002-06-03', '2002-06-04', '2011-04-29', '2012-06-04', '2012-06-05', '2020-05-08', '2022-06-02', '2022-06-03', '2022-09-19', '2023-05-08',
);

/** Kept on another day of that year: it is among the closures. */
const movedMay = 2020;
const movedSpring: readonly number[] = [2002, 2012, 2022];

function isHoliday(day: number): boolean {
  const { year } = civilOf(day);
  const newYear = daysOf(year, 1, 1);
  const christmas = daysOf(year, 12, 25);
  // Christmas and Boxing Day take the next working days where they fall on a weekend, and never the same.
  const weekday = weekdayOf(christmas);
  const [first, second] = weekday === FRIDAY ? [christmas, christmas + 3] : weekday === SATURDAY ? [christmas + 2, christmas + 3]
    : weekday === SUNDAY ? [christmas + 1, christmas + 2] : [christmas, christmas + 1];
  return (
    day === newYear + (weekdayOf(newYear) === SATURDAY ? 2 : weekdayOf(newYear) === SUNDAY ? 1 : 0) ||
    day === easterOf(year) - 2 || day === easterOf(year) + 1 || (year !== movedMay && day === nthWeekday(year, 5, MONDAY, 1)) ||
    (!movedSpring.includes(year) && day === lastWeekday(year, 5, MONDAY)) || day === lastWeekday(year, 8, MONDAY) || day === first || day === second
  );
}

/** `day`, or the Friday before it. */
const workingDay = (day: number): number => day - (weekdayOf(day) === SATURDAY ? 1 : weekdayOf(day) === SUNDAY ? 2 : 0);

function isHalfDay(day: number): boolean {
  const { year } = civilOf(day);
  return day === workingDay(daysOf(year, 12, 24)) || day === workingDay(daysOf(year, 12, 31));
}

export const london: Venue = {
  name: 'XLON', title: 'London Stock Exchange', also: [], zone: londonZone, years: pinnedYears, neverCloses: false,
  sessionsOf(day): readonly Session[] {
    if (isWeekend(day) || closures.has(day) || isHoliday(day)) return [];
    const time = (clock: string): number => londonZone.toUtc(day, at(clock));
    return [{ phase: 'regular', open: time('08:00'), close: time(isHalfDay(day) ? '12:30' : '16:30') }];
  },
};
