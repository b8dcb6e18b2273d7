import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dateText, easterOf, FRIDAY, lastWeekday, MONDAY, nthWeekday, parseDate, SUNDAY, weekdayOf } from '../../src/calendar/days.js';

const dayOf = (text: string): number => parseDate(text)!;

/** Law: days, weekdays and their texts are the platform's, which the pure layers may not ask. */
test('days agree with the platform', () => {
  fc.assert(fc.property(fc.integer({ min: -700_000, max: 2_000_000 }), (day) => {
    const platform = new Date(day * 86_400_000);
    assert.equal(weekdayOf(day), platform.getUTCDay());
    assert.equal(dateText(day), platform.toISOString().slice(0, 10));
    assert.equal(parseDate(dateText(day)), day);
  }));
});

/** Law: Easter is a Sunday from 22 March to 25 April. */
test('Easter', () => {
  fc.assert(fc.property(fc.integer({ min: 1583, max: 4000 }), (year) => {
    const easter = easterOf(year);
    assert.equal(weekdayOf(easter), SUNDAY);
    assert.ok(easter >= dayOf(`${year}-03-22`) && easter <= dayOf(`${year}-04-25`));
  }));
  for (const date of ['1818-03-22', '1943-04-25', '1981-04-19', '2000-04-23', '2008-03-23', '2011-04-24', '2024-03-31', '2026-04-05', '2038-04-25']) assert.equal(dateText(easterOf(Number(date.slice(0, 4)))), date);
});

test('weekdays of a month', () => {
  assert.equal(dateText(nthWeekday(2026, 3, SUNDAY, 2)), '2026-03-08');
  assert.equal(dateText(nthWeekday(2026, 6, MONDAY, 1)), '2026-06-01');
  assert.equal(dateText(lastWeekday(2026, 5, FRIDAY)), '2026-05-29');
});

test('what is no date has none', () => {
  for (const text of ['2026-02-29', '2026-13-01', '2026-00-10', '2026-1-1', '', '20260101', '2026-06-31']) assert.equal(parseDate(text), null, text);
});
