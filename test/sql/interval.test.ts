import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import type { IntervalField } from '../../src/sql/ast.js';
import { intervalField, readInterval } from '../../src/sql/interval.js';

const place = { line: 1, column: 1, text: 'INTERVAL' };
const read = (text: string, from: IntervalField, to?: IntervalField, negative = false) => readInterval({ text, negative, from, to, place });

test('law: DAY TO SECOND is the sum of its fields, and a sign before the quotes or in them negates it', () => {
  fc.assert(fc.property(fc.nat(9999), fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999), fc.boolean(), fc.boolean(), (day, hour, minute, second, millis, outer, inner) => {
    const text = `${inner ? '-' : ''}${day} ${hour}:${String(minute).padStart(2, '0')}:${second}.${String(millis).padStart(3, '0')}`;
    const sum = (((day * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millis;
    const { type, value } = read(text, 'DAY', 'SECOND', outer);
    assert.deepEqual([type, value], ['INTERVAL_DAY', sum === 0 ? 0 : outer !== inner ? -sum : sum]);
  }));
});

test('each field alone, in milliseconds or months', () => {
  const values = (['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'] as const).map((field) => read('2', field).value);
  assert.deepEqual(values, [24, 6, 2, 1_209_600_000, 172_800_000, 7_200_000, 120_000, 2_000]);
  assert.equal(read('1-6', 'YEAR', 'MONTH').value, 18);
  assert.equal(read('1:30', 'MINUTE', 'SECOND').value, 90_000);
  assert.equal(read('10 12', 'DAY', 'HOUR').value, 907_200_000);
  assert.equal(read('0.5', 'SECOND').value, 500);
  assert.equal(read(' +300 ', 'SECOND').value, 300_000);
});

test('units in any case, singular or plural', () => {
  assert.deepEqual(['MINUTE', 'minutes', 'Days', 'fortnight', 'S'].map(intervalField), ['MINUTE', 'MINUTE', 'DAY', undefined, undefined]);
});

test('what does not fit its fields is refused', () => {
  const wrong: [string, IntervalField, IntervalField?][] = [
    ['x', 'MINUTE'], ['', 'DAY'], ['1:30', 'MINUTE'], ['1.5', 'MINUTE'], ['1', 'DAY', 'HOUR'], ['1 25', 'DAY', 'HOUR'], ['1:60', 'MINUTE', 'SECOND'], ['1-12', 'YEAR', 'MONTH'],
    ['1', 'SECOND', 'DAY'], ['1', 'YEAR', 'DAY'], ['9007199254740993', 'DAY'],
  ];
  for (const [text, from, to] of wrong) {
    assert.throws(() => read(text, from, to), (error) => error instanceof TapewrightError && error.code === 'SQL_INVALID', `${text} ${from} ${to}`);
  }
  assert.throws(() => read('0.0001', 'SECOND'), { code: 'SQL_UNSUPPORTED' });
  assert.throws(() => read('x', 'DAY', 'MINUTE'), { message: /Write it like INTERVAL '5 10:10' DAY TO MINUTE\./ });
});
