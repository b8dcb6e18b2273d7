import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendar } from '../../src/calendar/calendar.js';
import { listSessions, sessionLines } from '../../src/calendar/listing.js';

test('a line a session, and one for a date without', () => {
  assert.deepEqual(sessionLines(listSessions(calendar('XNYS'), '2026-11-26', '2026-11-27')), [
    '2026-11-26 Thu  closed',
    '2026-11-27 Fri  pre-market   04:00 to 09:30  (2026-11-27T09:00Z to 2026-11-27T14:30Z)',
    '2026-11-27 Fri  regular      09:30 to 13:00  (2026-11-27T14:30Z to 2026-11-27T18:00Z)',
    '2026-11-27 Fri  after-hours  13:00 to 17:00  (2026-11-27T18:00Z to 2026-11-27T22:00Z)',
  ]);
  assert.deepEqual(sessionLines(listSessions(calendar('FX'), '2026-02-28', '2026-03-02')),
    ['2026-02-28 Sat  closed', '2026-03-01 Sun  regular  17:00 to 2026-03-06 17:00  (2026-03-01T22:00Z to 2026-03-06T22:00Z)', '2026-03-02 Mon  open since before']);
});

test('dates in order, of pinned years', () => {
  assert.throws(() => listSessions(calendar('XLON'), '2026-03-02', '2026-03-01'), /--to 2026-03-01: must not be before --from 2026-03-02/);
  assert.throws(() => listSessions(calendar('XLON'), 'monday', '2026-03-01'), /--from monday: must be a date/);
  assert.throws(() => listSessions(calendar('XLON'), '2030-12-31', '2031-01-01'), /does not have 2031-01-01/);
});
