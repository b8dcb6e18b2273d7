import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { londonZone, localText, newYorkZone, tokyoZone, utcZone } from '../../src/calendar/zone.js';
import { millisPerDay } from '../../src/core/civil-date.js';

const zones = [newYorkZone, londonZone, tokyoZone, utcZone];
const from = Date.UTC(2000, 0, 1);
const to = Date.UTC(2031, 0, 1);

/** Law: a time on a clock leads to the instant at which the clock shows it, unless the clocks skip it. */
test('local times and instants lead to each other', () => {
  fc.assert(fc.property(fc.constantFrom(...zones), fc.integer({ min: from, max: to }), (zone, instant) => {
    const local = instant + zone.offsetAt(instant);
    const day = Math.floor(local / millisPerDay);
    const back = zone.toUtc(day, local - day * millisPerDay);
    // Shown twice, it is the first of both.
    assert.ok(back === instant || back === instant - 3_600_000, zone.name);
    assert.equal(back + zone.offsetAt(back), local);
  }), { numRuns: 1000 });
});

/** The platform's rules are those of its version: known changes stand in the next test, this one only looks for slips. */
test('offsets agree with those of this Node', () => {
  for (const zone of [newYorkZone, londonZone, tokyoZone]) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone.name, timeZoneName: 'longOffset' });
    for (let at = from; at < to; at += millisPerDay / 2) {
      const said = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
      const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(said)!;
      const offset = match[1] === undefined ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
      assert.equal(zone.offsetAt(at), offset, `${zone.name} ${new Date(at).toISOString()}`);
    }
  }
});

test('the minute before the clocks change and the minute after', () => {
  const shown = (zone: typeof utcZone, instant: string): string => localText(zone, Date.parse(instant));
  assert.deepEqual(['2026-03-08T06:59Z', '2026-03-08T07:00Z', '2026-11-01T05:59Z', '2026-11-01T06:00Z'].map((instant) => shown(newYorkZone, instant)),
    ['2026-03-08 01:59', '2026-03-08 03:00', '2026-11-01 01:59', '2026-11-01 01:00']);
  assert.deepEqual(['2006-04-02T06:59Z', '2006-04-02T07:00Z', '2006-10-29T05:59Z', '2006-10-29T06:00Z'].map((instant) => shown(newYorkZone, instant)),
    ['2006-04-02 01:59', '2006-04-02 03:00', '2006-10-29 01:59', '2006-10-29 01:00']);
  assert.deepEqual(['2026-03-29T00:59Z', '2026-03-29T01:00Z', '2026-10-25T00:59Z', '2026-10-25T01:00Z'].map((instant) => shown(londonZone, instant)),
    ['2026-03-29 00:59', '2026-03-29 02:00', '2026-10-25 01:59', '2026-10-25 01:00']);
  assert.equal(shown(tokyoZone, '2026-07-01T15:00Z'), '2026-07-02 00:00');
});
