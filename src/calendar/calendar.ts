/** When venues open and close: by name, to the millisecond of event time, from the rules and dates pinned beside. */
import { daysOf, millisPerDay } from '../core/civil-date.js';
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { alwaysOpen } from './always-open.js';
import { dateText, parseDate } from './days.js';
import { fxWeek } from './fx-week.js';
import { london } from './london.js';
import { newYork } from './new-york.js';
import { tokyo } from './tokyo.js';
import type { Session, Venue } from './venue.js';

export const venues: readonly Venue[] = [newYork, london, tokyo, fxWeek, alwaysOpen];

export class Calendar {
  /** Of continuous trading, ascending; sessions back to back are one. */
  readonly #opens: number[] = [];
  readonly #closes: number[] = [];
  /** Epoch ms, [from, to): what the pinned years cover. */
  readonly #from: number;
  readonly #to: number;

  constructor(readonly venue: Venue) {
    const { zone, years } = venue;
    const [first, end] = [daysOf(years.from, 1, 1), daysOf(years.to + 1, 1, 1)];
    this.#from = zone.toUtc(first, 0);
    this.#to = zone.toUtc(end, 0);
    if (venue.neverCloses) this.#add({ phase: 'regular', open: this.#from, close: this.#to });
    else for (let day = first; day < end; day += 1) for (const session of venue.sessionsOf(day)) this.#add(session);
  }

  /** Sessions that open on a date there (`2026-03-02`), by time; none on a day off. @throws CALENDAR_MISSING outside the pinned years. */
  sessionsOf(date: string): readonly Session[] {
    const day = parseDate(date);
    if (day === null) throw new TapewrightError('USAGE', `${date} is no date; write it as 2026-03-02`, { date });
    const { years } = this.venue;
    if (day < daysOf(years.from, 1, 1) || day >= daysOf(years.to + 1, 1, 1)) throw this.#missing(date);
    return this.venue.sessionsOf(day);
  }

  /** Whether trading is continuous at an epoch ms. @throws CALENDAR_MISSING outside the pinned years. */
  isOpen(millis: number): boolean {
    this.#check(millis);
    const next = firstAbove(this.#opens, millis);
    return next > 0 && millis < this.#closes[next - 1]!;
  }

  /** The first opening after an epoch ms; null: none in the pinned years, or the venue never closes. @throws CALENDAR_MISSING. */
  nextOpen(millis: number): number | null {
    return this.#next(this.#opens, millis);
  }

  /** The first closing after an epoch ms; null: none in the pinned years, or the venue never closes. @throws CALENDAR_MISSING. */
  nextClose(millis: number): number | null {
    return this.#next(this.#closes, millis);
  }

  #next(times: readonly number[], millis: number): number | null {
    this.#check(millis);
    const next = times[firstAbove(times, millis)];
    return next === undefined || this.venue.neverCloses ? null : next;
  }

  #add({ phase, open, close }: Session): void {
    if (phase !== 'regular') return;
    if (this.#closes.at(-1) === open) this.#closes[this.#closes.length - 1] = close;
    else {
      this.#opens.push(open);
      this.#closes.push(close);
    }
  }

  #check(millis: number): void {
    if (!(millis >= this.#from && millis < this.#to)) throw this.#missing(Number.isFinite(millis) ? dateText(Math.floor(millis / millisPerDay)) : String(millis));
  }

  #missing(date: string): TapewrightError {
    const { name, years } = this.venue;
    return new TapewrightError(
      'CALENDAR_MISSING', `calendar ${name} does not have ${date}: it has the years ${years.from} to ${years.to}; use rows of those years, or the calendar 24/7 without holidays`,
      { venue: name, date, from: years.from, to: years.to },
    );
  }
}

/** Index of the first that is greater; the length when none is. */
function firstAbove(times: readonly number[], millis: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! > millis) high = middle;
    else low = middle + 1;
  }
  return low;
}

const made = new Map<Venue, Calendar>();

/** The calendar of a venue, by its market identifier code (XNYS, XNAS, XLON, XTKS), FX, or 24/7. @throws CALENDAR_MISSING for another name. */
export function calendar(name: string): Calendar {
  const wanted = name.toUpperCase();
  const venue = venues.find((each) => each.name === wanted || each.also.includes(wanted));
  if (venue === undefined) {
    const names = venues.flatMap((each) => [each.name, ...each.also]);
    const meant = nearest(wanted, names);
    throw new TapewrightError(
      'CALENDAR_MISSING', `there is no calendar '${name}'; ${meant === null ? `there are ${venues.map((each) => each.name).join(', ')}` : `did you mean ${meant}?`}`, { name },
    );
  }
  let found = made.get(venue);
  if (found === undefined) {
    found = new Calendar(venue);
    made.set(venue, found);
  }
  return found;
}
