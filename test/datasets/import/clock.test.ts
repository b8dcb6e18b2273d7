import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clockOf, type TimeForm } from '../../../src/datasets/import/clock.js';
import { parseZone, utc, type Zone } from '../../../src/datasets/import/zone.js';

const any: TimeForm = { kind: 'any' };
const settings = { file: 'a.csv', zone: utc, date: Date.UTC(2014, 4, 2) };
const read = (form: TimeForm, text: string, zone: Zone | null = utc) => clockOf(form, [text], { ...settings, zone }).read(text);

/** 1973 to 2286: where the number of digits tells the unit. */
const millis = fc.integer({ min: 1_000_000_000_00, max: 9_999_999_999_999 });

test('an epoch is read to the millisecond below, whatever its unit', () => {
  fc.assert(fc.property(millis, fc.bigInt({ min: 0n, max: 999_999n }), (time, nanos) => {
    const whole = BigInt(time) * 1_000_000n + nanos;
    fc.pre(!/^(19|20)\d{10}$/.test(String(time)));
    assert.equal(read(any, String(whole)), time);
    assert.equal(read(any, String(whole / 1000n)), time);
    assert.equal(read(any, String(time)), time);
    assert.equal(read(any, `${Math.floor(time / 1000)}.${String(time % 1000).padStart(3, '0')}9`), time);
  }));
});

test('a date with a time is read the same in all the ways it is written', () => {
  fc.assert(fc.property(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) }), (time) => {
    const iso = new Date(time).toISOString();
    const [date, clock] = [iso.slice(0, 10), iso.slice(11, 23)];
    const [year, month, day] = date.split('-') as [string, string, string];
    const ways = [iso, `${date} ${clock}`, `${date}T${clock}999999`, `${year}.${month}.${day} ${clock}`, `${year}${month}${day} ${clock}`, `${day}.${month}.${year} ${clock}`, `${date} ${clock}+00`, `${day}.${month}.${year} ${clock} GMT+0000`];
    for (const text of ways) assert.equal(read(any, text), time, text);
    assert.equal(read(any, `${date} ${clock}`, parseZone('+05:30')), time - 19_800_000);
    // A zone that the text states counts, whatever else was said.
    assert.equal(read(any, `${date} ${clock} GMT-0300`, parseZone('+05:30')), time + 10_800_000);
  }));
});

test('a local time is the only instant at which the clocks there show it', () => {
  for (const name of ['America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Asia/Tokyo']) {
    const zone = parseZone(name);
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: name, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
    const shown = (at: number): number => {
      const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
      return Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']) + (at % 1000);
    };
    fc.assert(fc.property(fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2037, 0, 1) }), (at) => {
      const local = shown(at);
      const back = zone.toUtc(local);
      const twice = [3_600_000, -3_600_000, 1_800_000, -1_800_000].some((shift) => shown(at + shift) === local);
      assert.ok(twice ? Number.isNaN(back) : back === at, `${name} ${new Date(at).toISOString()}: ${back}`);
    }), { numRuns: 60 });
  }
});

test('times of day belong to the day given', () => {
  const day = Date.UTC(2014, 4, 2);
  assert.equal(read({ kind: 'millis' }, '46.2042'), day + 46);
  assert.equal(read({ kind: 'seconds' }, '34200.004241176'), day + 34_200_004);
  assert.equal(read({ kind: 'day' }, '093000417837000'), day + 34_200_417);
  assert.equal(read({ kind: 'day' }, '9:30:00.5'), day + 34_200_500);
  for (const text of ['86400000', '-1', 'x', '']) assert.equal(read({ kind: 'millis' }, text), 'the time is no time of day', text);
  for (const text of ['86400', '1e3', '-1']) assert.equal(read({ kind: 'seconds' }, text), 'the time is no time of day', text);
  for (const text of ['24:00:00', '9:60:00', '0930']) assert.equal(read({ kind: 'day' }, text), 'the time is no time of day', text);
});

test('the unit of a file is that of most of its times', () => {
  const clock = clockOf(any, ['1704067200', '1704067200000', '1704067200001', 'x'], settings);
  assert.equal(clock.says, 'epoch milliseconds');
  assert.equal(clock.read('1704067200002'), 1704067200002);
  assert.equal(clock.read('1704067200'), 'the time is in seconds, those of the file in milliseconds');
  assert.equal(clock.read('12345678901234567890'), 'the time is no epoch time');
});

test('no zone, no time', () => {
  assert.throws(() => clockOf({ kind: 'any', advice: 'it is Oslo' }, ['2024-01-01 10:00'], { ...settings, zone: null }), /state no zone.*it is Oslo/);
  assert.throws(() => clockOf(any, ['yesterday'], settings), /neither an epoch nor a date/);
  const clock = clockOf(any, ['2024-01-01 10:00Z'], { ...settings, zone: null });
  assert.equal(clock.read('2024-01-01 10:00'), 'the time states no zone');
  assert.equal(clock.read('2024-02-30 10:00Z'), 'the time is no date with a time');
});
