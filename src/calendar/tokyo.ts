/** The Tokyo Stock Exchange: two sessions a day around lunch, with the hours of each time. */
import { civilOf } from '../core/civil-date.js';
import { isWeekend, parseDate } from './days.js';
import { isJapaneseHoliday } from './tokyo-holidays.js';
import { pinnedYears, type Session, type Venue } from './venue.js';
import { at, tokyoZone } from './zone.js';

const on = (date: string): number => parseDate(date)!;

/** The day on which the exchange's own system failed before the open. */
const failed = on('2020-10-01');

/** From these days on. */
const laterLunch = on('2011-11-21');
const laterClose = on('2024-11-05');

/** The afternoon began half an hour later while the exchange could not take all orders, [from, to). */
const shortAfternoons = { from: on('2006-01-19'), to: on('2006-04-24') };

/** Days on which the system failed, or nearly did: no morning; an early end. */
const noMorning = on('2005-11-01');
const earlyEnd = on('2006-01-18');

/** The exchange's holiday over New Year is longer than the public one. */
function isClosed(day: number): boolean {
  const { month, day: date } = civilOf(day);
  const newYear = (month === 1 && date <= 3) || (month === 12 && date === 31);
  return isWeekend(day) || newYear || day === failed || isJapaneseHoliday(day);
}

/** Only the morning was traded on the first day of a year, to 2009, and on the last, to 2008. */
function isMorningOnly(day: number): boolean {
  const { year, month } = civilOf(day);
  const isEdge = (from: number, step: number): boolean => {
    let next = from;
    while (isClosed(next)) next += step;
    return next === day;
  };
  if (month === 1 && year <= 2009) return isEdge(on(`${year}-01-01`), 1);
  return month === 12 && year <= 2008 && isEdge(on(`${year}-12-31`), -1);
}

export const tokyo: Venue = {
  name: 'XTKS', title: 'Tokyo Stock Exchange', also: ['XJPX'], zone: tokyoZone, years: pinnedYears, neverCloses: false,
  sessionsOf(day): readonly Session[] {
    if (isClosed(day)) return [];
    const session = (open: string, close: string): Session => ({ phase: 'regular', open: tokyoZone.toUtc(day, at(open)), close: tokyoZone.toUtc(day, at(close)) });
    const morning = session('09:00', day >= laterLunch ? '11:30' : '11:00');
    if (isMorningOnly(day)) return [morning];
    if (day === noMorning) return [session('13:30', '15:00')];
    const shortened = day >= shortAfternoons.from && day < shortAfternoons.to;
    return [morning, session(shortened ? '13:00' : '12:30', day === earlyEnd ? '14:40' : day >= laterClose ? '15:30' : '15:00')];
  },
};
