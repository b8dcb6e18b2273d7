import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatEventTime, parseDuration, parseEventTime } from '../../src/scenario/duration.js';

/** Law: an event time that was printed reads back to the millisecond. */
test('event times read back as they were printed', () => {
  fc.assert(fc.property(fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) }), (millis) => {
    if (millis < Date.parse('0000-01-01T00:00Z')) return;
    assert.equal(parseEventTime(formatEventTime(millis)), millis);
    assert.equal(parseEventTime(new Date(millis).toISOString()), millis);
  }));
});

test('event times are UTC unless they name a zone, and floored to the millisecond', () => {
  const half = Date.UTC(2026, 2, 2, 14, 30);
  for (const text of ['2026-03-02T14:30', '2026-03-02 14:30:00', '2026-03-02T14:30:00.000999Z', '2026-03-02T09:30:00-05:00', '2026-03-02T09:30-0500', String(half)]) {
    assert.equal(parseEventTime(text), half, text);
  }
  assert.equal(parseEventTime('2026-03-02'), Date.UTC(2026, 2, 2));
  for (const text of ['', 'today', '2026-02-31', '2026-13-01', '2026-03-02T25:00', '14:30', '1.5', '2026-03-02T14']) assert.equal(parseEventTime(text), null, text);
});

test('durations in short and in ISO form', () => {
  const cases: [string, number][] = [
    ['500ms', 500], ['10s', 10_000], ['5m', 300_000], ['5min', 300_000], ['1h', 3_600_000], ['1d', 86_400_000], ['1h30m', 5_400_000], ['1.5s', 1_500],
    ['PT5M', 300_000], ['pt1h30m', 5_400_000], ['P1D', 86_400_000], ['P1DT0.25S', 86_400_250],
  ];
  for (const [text, millis] of cases) assert.equal(parseDuration(text), millis, text);
  for (const text of ['', '10', '-5s', '0s', 'P', 'PT', '5 parsecs', '5mm', '1e3s', '999999999999d']) assert.equal(parseDuration(text), null, text);
});

test('times that are none are said in words', () => {
  assert.equal(formatEventTime(-Infinity), 'no time yet');
  assert.equal(formatEventTime(Infinity), 'the end');
  assert.equal(formatEventTime(0), '1970-01-01 00:00:00.000');
});
