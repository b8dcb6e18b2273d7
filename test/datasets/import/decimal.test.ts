import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimalPlaces, nearestDouble, scaledInteger } from '../../../src/datasets/import/decimal.js';

/** A decimal by its digits, the number of them behind the point, and how it is written. */
const decimals = fc.record({
  value: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), places: fc.integer({ min: 0, max: 12 }), zeros: fc.integer({ min: 0, max: 3 }), exponent: fc.integer({ min: -6, max: 6 }),
});

/** `value` / 10^places, with `zeros` more behind the point, shifted into the notation with an exponent unless that is 0. */
function written({ value, places, zeros, exponent }: { value: bigint; places: number; zeros: number; exponent: number }): string {
  const behind = Math.max(0, places + exponent);
  const digits = (value < 0n ? -value : value).toString() + '0'.repeat(Math.max(0, -(places + exponent)));
  const padded = digits.padStart(behind + 1, '0');
  const fraction = padded.slice(padded.length - behind) + '0'.repeat(zeros);
  const text = `${value < 0n ? '-' : ''}${padded.slice(0, padded.length - behind)}${fraction === '' ? '' : `.${fraction}`}`;
  return exponent === 0 ? text : `${text}e${exponent}`;
}

test('a decimal at a scale is its digits times a power of ten, or nothing when that is not whole', () => {
  fc.assert(fc.property(decimals, fc.integer({ min: 0, max: 18 }), (decimal, scale) => {
    const { value, places } = decimal;
    const numerator = value * 10n ** BigInt(scale), denominator = 10n ** BigInt(places);
    const expected = numerator % denominator === 0n ? numerator / denominator : null;
    const found = scaledInteger(written(decimal), scale);
    assert.equal(found === null ? null : BigInt(found), expected);
    // Canonical: a number exactly where it is safe.
    if (found !== null) assert.equal(typeof found, Number.isSafeInteger(Number(found)) ? 'number' : 'bigint');
  }));
});

test('the places of a decimal are the least scale at which it is whole', () => {
  fc.assert(fc.property(decimals, (decimal) => {
    const text = written(decimal);
    const places = decimalPlaces(text)!;
    assert.notEqual(scaledInteger(text, places), null);
    if (places > 0) assert.equal(scaledInteger(text, places - 1), null);
  }));
});

test('a price is the double nearest to its text, also when its point is moved', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.integer({ min: 0, max: 16 }), (value, places) => {
    const digits = value.toString().padStart(places + 1, '0');
    const plain = `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`;
    assert.equal(nearestDouble(value.toString(), -places), Number(plain));
  }));
  // Dividing the double nearest to the digits would round twice.
  assert.equal(nearestDouble('9007199254740993', -2), Number('90071992547409.93'));
  assert.equal(nearestDouble('1', 400), null);
});

test('what is no decimal number is none', () => {
  for (const text of ['', '.', '-', 'e5', '1e', '1,5', '0x10', 'NaN', 'Infinity', '1_000', ' 1', '１', '1'.repeat(61)]) {
    assert.deepEqual([scaledInteger(text, 0), decimalPlaces(text), nearestDouble(text, 0), nearestDouble(text, -4)], [null, null, null, null], text);
  }
});
