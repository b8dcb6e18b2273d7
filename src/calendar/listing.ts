/** The sessions of a span of dates, for people and for programs. */
import { millisPerDay } from '../core/civil-date.js';
import { TapewrightError } from '../core/errors.js';
import type { Calendar } from './calendar.js';
import { dateText, parseDate, weekdayOf } from './days.js';
import type { Phase } from './venue.js';
import { localText, type Zone } from './zone.js';

export interface ListedSession {
  readonly phase: Phase;
  /** Epoch ms. */
  readonly open: number;
  readonly close: number;
  /** `09:30` on the clock there; with its date where that is another one. */
  readonly localOpen: string;
  readonly localClose: string;
}

export interface ListedDate {
  readonly date: string;
  readonly weekday: string;
  /** Whether the venue is open as the date begins there. */
  readonly openBefore: boolean;
  /** None: nothing opens that day. */
  readonly sessions: readonly ListedSession[];
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** Every date from..to, both included. @throws USAGE for what are no dates in order, CALENDAR_MISSING for one that is not pinned. */
export function listSessions(calendar: Calendar, from: string, to: string): ListedDate[] {
  const [first, last] = [dayOf('from', from), dayOf('to', to)];
  if (last < first) throw new TapewrightError('USAGE', `--to ${to}: must not be before --from ${from}`, { from, to });
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const date = dateText(first + index);
    const sessions = calendar.sessionsOf(date).map(({ phase, open, close }): ListedSession => {
      const { zone } = calendar.venue;
      return { phase, open, close, localOpen: clockText(zone, open, date), localClose: clockText(zone, close, date) };
    });
    const openBefore = calendar.isOpen(calendar.venue.zone.toUtc(first + index, 0));
    return { date, weekday: weekdays[weekdayOf(first + index)]!, openBefore, sessions };
  });
}

function dayOf(flag: string, text: string): number {
  const day = parseDate(text);
  if (day === null) throw new TapewrightError('USAGE', `--${flag} ${text}: must be a date such as 2026-03-02`, { flag, given: text });
  return day;
}

function clockText(zone: Zone, millis: number, date: string): string {
  const [day, clock] = localText(zone, millis).split(' ') as [string, string];
  return day === date ? clock : `${day} ${clock}`;
}

/** `2026-03-02T14:30Z`. */
function utcText(millis: number): string {
  const minutes = Math.floor((millis % millisPerDay) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${dateText(Math.floor(millis / millisPerDay))}T${two(Math.floor(minutes / 60))}:${two(minutes % 60)}Z`;
}

/** A line a session; a line a date on which nothing opens. */
export function sessionLines(dates: readonly ListedDate[]): string[] {
  const width = Math.max(0, ...dates.flatMap(({ sessions }) => sessions.map(({ phase }) => phase.length)));
  return dates.flatMap(({ date, weekday, openBefore, sessions }) => sessions.length === 0
    ? [`${date} ${weekday}  ${openBefore ? 'open since before' : 'closed'}`]
    : sessions.map(({ phase, open, close, localOpen, localClose }) =>
      `${date} ${weekday}  ${phase.padEnd(width)}  ${localOpen} to ${localClose}  (${utcText(open)} to ${utcText(close)})`));
}
