import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendar, venues } from '../../src/calendar/calendar.js';
import { TapewrightError } from '../../src/core/errors.js';
import { fx } from '../../src/datasets/market/fx.js';
import { SESSION_CLOSE, SESSION_OPEN } from '../../src/datasets/market/us-equities.js';

const minutes = (millis: number): string => new Date(millis).toISOString().slice(11, 16);

/** Regular sessions of a date, in UTC: `14:30-21:00`. */
const hours = (venue: string, date: string): string => calendar(venue).sessionsOf(date)
  .filter(({ phase }) => phase === 'regular').map(({ open, close }) => `${minutes(open)}-${minutes(close)}`).join(' ');

const instants = fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2030, 11, 1) });
const named = fc.constantFrom(...venues.filter(({ neverCloses }) => !neverCloses).map(({ name }) => name));

/** Law: openings and closings take turns, and what lies between them is open. */
test('from an opening to the next closing a venue is open, from there to the next opening it is not', () => {
  fc.assert(fc.property(named, instants, (name, now) => {
    const { isOpen, nextOpen, nextClose } = bound(name);
    const [open, close] = [nextOpen(now)!, nextClose(now)!];
    assert.ok(open > now && close > now);
    assert.equal(isOpen(now), close < open, 'what comes next tells what is');
    assert.deepEqual([isOpen(open - 1), isOpen(open), isOpen(close - 1), isOpen(close)], [false, true, true, false]);
    const next = Math.min(open, close);
    // Nothing happens before the next of both.
    assert.deepEqual([nextOpen(next - 1), nextClose(next - 1)], [open, close]);
  }));
});

function bound(name: string): { isOpen(at: number): boolean; nextOpen(at: number): number | null; nextClose(at: number): number | null } {
  const found = calendar(name);
  return { isOpen: (at) => found.isOpen(at), nextOpen: (at) => found.nextOpen(at), nextClose: (at) => found.nextClose(at) };
}

/** Law: sessions of a date come in order, do not overlap, and are those that `isOpen` knows. */
test('the sessions of a date are what is open in it', () => {
  fc.assert(fc.property(named, instants, (name, now) => {
    const sessions = calendar(name).sessionsOf(new Date(now).toISOString().slice(0, 10));
    sessions.forEach(({ phase, open, close }, index) => {
      assert.ok(open < close && (index === 0 || sessions[index - 1]!.close <= open));
      assert.equal(calendar(name).isOpen(open), phase === 'regular');
      assert.equal(calendar(name).isOpen(close - 1), phase === 'regular');
    });
  }));
});

test('New York: daylight saving, holidays, half days', () => {
  const days: [string, string][] = [
    ['2026-03-06', '14:30-21:00'], ['2026-03-09', '13:30-20:00'], ['2026-10-30', '13:30-20:00'], ['2026-11-02', '14:30-21:00'],
    // Before 2007 the clocks changed in April and October.
    ['2006-03-31', '14:30-21:00'], ['2006-04-03', '13:30-20:00'], ['2006-10-30', '14:30-21:00'],
    ['2026-01-01', ''], ['2026-01-19', ''], ['2026-02-16', ''], ['2026-04-03', ''], ['2026-05-25', ''], ['2026-06-19', ''], ['2026-07-03', ''],
    ['2026-09-07', ''], ['2026-11-26', ''], ['2026-12-25', ''], ['2026-11-27', '14:30-18:00'], ['2026-12-24', '14:30-18:00'], ['2026-12-26', ''],
    // A Saturday's New Year is not kept; Juneteenth is since 2022.
    ['2021-12-31', '14:30-21:00'], ['2022-06-20', ''], ['2021-06-18', '13:30-20:00'],
    ['2012-07-03', '13:30-17:00'], ['2013-07-03', '13:30-17:00'], ['2002-07-05', '13:30-17:00'], ['2020-07-02', '13:30-20:00'],
  ];
  for (const [date, expected] of days) assert.equal(hours('XNYS', date), expected, date);
  assert.deepEqual(calendar('XNAS').sessionsOf('2026-11-27').map(({ phase, open, close }) => `${phase} ${minutes(open)}-${minutes(close)}`),
    ['pre-market 09:00-14:30', 'regular 14:30-18:00', 'after-hours 18:00-22:00']);
});

test('New York: days that no rule foresees', () => {
  for (const date of ['2001-09-11', '2001-09-14', '2004-06-11', '2007-01-02', '2012-10-29', '2012-10-30', '2018-12-05', '2025-01-09']) assert.equal(hours('XNYS', date), '', date);
  for (const date of ['2001-09-10', '2001-09-17', '2012-10-31', '2018-12-06', '2025-01-10']) assert.notEqual(hours('XNYS', date), '', date);
  assert.equal(hours('XNYS', '2002-09-11'), '16:00-20:00');
});

test('London: bank holidays, those that were moved, half days', () => {
  const days: [string, string][] = [
    ['2026-03-27', '08:00-16:30'], ['2026-03-30', '07:00-15:30'], ['2026-10-26', '08:00-16:30'], ['2026-04-03', ''], ['2026-04-06', ''], ['2026-05-04', ''],
    ['2026-05-25', ''], ['2026-08-31', ''], ['2026-12-24', '08:00-12:30'], ['2026-12-25', ''], ['2026-12-28', ''], ['2026-12-31', '08:00-12:30'],
    ['2020-05-04', '07:00-15:30'], ['2020-05-08', ''], ['2022-05-30', '07:00-15:30'], ['2022-06-02', ''], ['2022-06-03', ''], ['2022-09-19', ''], ['2023-05-08', ''],
    ['2022-12-23', '08:00-12:30'], ['2022-12-27', ''], ['2023-01-02', ''], ['2011-04-29', ''],
  ];
  for (const [date, expected] of days) assert.equal(hours('XLON', date), expected, date);
});

test('Tokyo: lunch, hours that changed, equinoxes, bridges between holidays', () => {
  const days: [string, string][] = [
    ['2026-03-02', '00:00-02:30 03:30-06:30'], ['2024-11-01', '00:00-02:30 03:30-06:00'], ['2024-11-05', '00:00-02:30 03:30-06:30'],
    ['2011-11-18', '00:00-02:00 03:30-06:00'], ['2011-11-21', '00:00-02:30 03:30-06:00'], ['2006-01-18', '00:00-02:00 03:30-05:40'],
    ['2006-01-19', '00:00-02:00 04:00-06:00'], ['2006-04-24', '00:00-02:00 03:30-06:00'], ['2005-11-01', '04:30-06:00'],
    // First and last days of years; since 2010 they are like others.
    ['2009-01-05', '00:00-02:00'], ['2008-12-30', '00:00-02:00'], ['2009-12-30', '00:00-02:00 03:30-06:00'], ['2010-01-04', '00:00-02:00 03:30-06:00'],
    ['2026-01-02', ''], ['2026-12-31', ''], ['2020-10-01', ''], ['2026-03-20', ''], ['2012-03-20', ''], ['2012-09-22', ''], ['2026-09-23', ''],
    // Between respect for the aged and the equinox.
    ['2026-09-21', ''], ['2026-09-22', ''], ['2015-09-22', ''], ['2019-04-30', ''], ['2019-05-02', ''], ['2019-10-22', ''], ['2020-07-24', ''], ['2020-10-12', '00:00-02:30 03:30-06:00'],
    ['2021-08-09', ''], ['2018-12-24', ''], ['2019-12-23', '00:00-02:30 03:30-06:00'], ['2020-02-24', ''], ['2008-05-06', ''], ['2026-05-06', ''],
  ];
  for (const [date, expected] of days) assert.equal(hours('XTKS', date), expected, date);
});

test('the week of foreign exchange is one session, shorter or longer where New York changes its clocks', () => {
  const [week] = calendar('FX').sessionsOf('2026-03-01');
  assert.deepEqual([new Date(week!.open).toISOString(), new Date(week!.close).toISOString()], ['2026-03-01T22:00:00.000Z', '2026-03-06T22:00:00.000Z']);
  const [summer] = calendar('FX').sessionsOf('2026-03-08');
  assert.deepEqual([new Date(summer!.open).toISOString(), new Date(summer!.close).toISOString()], ['2026-03-08T21:00:00.000Z', '2026-03-13T21:00:00.000Z']);
  assert.deepEqual(calendar('FX').sessionsOf('2026-03-03'), []);
});

test('the generated days keep the hours of the calendars', () => {
  const [, session] = calendar('XNAS').sessionsOf('2026-03-02');
  assert.deepEqual([session!.open, session!.close], [SESSION_OPEN, SESSION_CLOSE]);
  assert.equal(calendar('FX').nextClose(fx(1).from), fx(1).to);
});

test('what is always open never opens nor closes, in any year', () => {
  const always = calendar('24/7');
  for (const at of [Date.UTC(1815, 5, 18), Date.UTC(2026, 2, 2), Date.UTC(2150, 0, 1)]) assert.deepEqual([always.isOpen(at), always.nextOpen(at), always.nextClose(at)], [true, null, null]);
  assert.equal(always.sessionsOf('2026-03-07').length, 1);
});

test('dates that are not pinned are refused, with those that are', () => {
  const refused = (ask: () => unknown, pattern: RegExp): void => assert.throws(ask, (error: unknown) => error instanceof TapewrightError && error.code === 'CALENDAR_MISSING' && pattern.test(error.message));
  refused(() => calendar('XNYS').sessionsOf('1999-12-31'), /XNYS does not have 1999-12-31: it has the years 2000 to 2030/);
  refused(() => calendar('XLON').isOpen(Date.UTC(2031, 0, 1)), /2031-01-01/);
  refused(() => calendar('FX').nextOpen(NaN), /NaN/);
  refused(() => calendar('XNYC'), /did you mean XNYS/);
  refused(() => calendar('???'), /there are XNYS, XLON, XTKS, FX, 24\/7/);
  assert.throws(() => calendar('XNYS').sessionsOf('2026-02-29'), /is no date/);
  assert.equal(calendar('xnys').nextOpen(Date.UTC(2030, 11, 31, 23)), null);
});
