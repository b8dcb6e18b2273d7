/** US equities: hours, holidays and half days of the New York Stock Exchange, which all US venues keep. */
import { civilOf, daysOf } from '../core/civil-date.js';
import { daySet, easterOf, FRIDAY, isWeekend, lastWeekday, MONDAY, nthWeekday, parseDate, SATURDAY, SUNDAY, THURSDAY, weekdayOf } from './days.js';
import { pinnedYears, type Session, type Venue } from './venue.js';
import { at, newYorkZone } from './zone.js';

/** What no rule says: attacks, presidents' funerals, a hurricane. */
const closures = daySet(
  '2001-09-11', '2001-09-12', '2001-09-13', '2001-09-14', '2004-06-11', '2007-01-02', '2012-10-29', '2012-10-30', '2018-12-05', '2025-01-09',
);

/** Half days that no rule says: Fridays after Christmas and after the fourth of July. */
const halfDays = daySet('2002-07-05', '2003-12-26');

/** Opened at noon, a year after the attacks. */
const openedAtNoon = parseDate('2002-09-11')!;

/** A Saturday's holiday is kept on Friday, a Sunday's on Monday. */
function observed(day: number): number {
  const weekday = weekdayOf(day);
  return weekday === SATURDAY ? day - 1 : weekday === SUNDAY ? day + 1 : day;
}

function isHoliday(day: number): boolean {
  const { year } = civilOf(day);
  const newYear = daysOf(year, 1, 1);
  return (
    // On a Saturday it is not kept at all: the year's last day is one of business.
    (day === observed(newYear) && weekdayOf(newYear) !== SATURDAY) ||
    day === nthWeekday(year, 1, MONDAY, 3) || day === nthWeekday(year, 2, MONDAY, 3) || day === easterOf(year) - 2 ||
    day === lastWeekday(year, 5, MONDAY) || (year >= 2022 && day === observed(daysOf(year, 6, 19))) || day === observed(daysOf(year, 7, 4)) ||
    day === nthWeekday(year, 9, MONDAY, 1) || day === nthWeekday(year, 11, THURSDAY, 4) || day === observed(daysOf(year, 12, 25))
  );
}

/** Closed at one: the day after Thanksgiving, Christmas Eve, and the eve of Independence Day. */
function isHalfDay(day: number): boolean {
  const { year } = civilOf(day);
  // Where the holiday is a Thursday, its eve is a half day only since 2013.
  const eve = daysOf(year, 7, 3);
  const eveCounts = weekdayOf(eve) !== FRIDAY && (weekdayOf(eve + 1) !== THURSDAY || year >= 2013);
  return halfDays.has(day) || day === nthWeekday(year, 11, THURSDAY, 4) + 1 || day === daysOf(year, 12, 24) || (day === eve && eveCounts);
}

export const newYork: Venue = {
  name: 'XNYS', title: 'US equities, New York', zone: newYorkZone, years: pinnedYears, neverCloses: false,
  also: ['XNAS', 'ARCX', 'BATS', 'BATY', 'EDGA', 'EDGX', 'IEXG', 'LTSE', 'MEMX', 'XASE', 'XBOS', 'XCHI', 'XCIS', 'XPHL'],
  sessionsOf(day): readonly Session[] {
    if (isWeekend(day) || closures.has(day) || isHoliday(day)) return [];
    const time = (clock: string): number => newYorkZone.toUtc(day, at(clock));
    const open = time(day === openedAtNoon ? '12:00' : '09:30');
    const [close, end] = isHalfDay(day) ? [time('13:00'), time('17:00')] : [time('16:00'), time('20:00')];
    return [{ phase: 'pre-market', open: time('04:00'), close: open }, { phase: 'regular', open, close }, { phase: 'after-hours', open: close, close: end }];
  },
};
