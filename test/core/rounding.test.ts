import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bitLength, exactOf, fixedOf, powerOfTwo, productError, roundRatio, sumError } from '../../src/core/rounding.js';
import { finite, fixed, isNearest } from './reals.js';

test('law: a fraction is rounded to the nearest double, ties to even', () => {
  const numerator = fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), finite.map((x) => fixed(x)), fc.tuple(finite, finite).map(([a, b]) => fixed(a) + fixed(b)));
  const denominator = fc.oneof(fc.constant(1n), fc.constant(2n), fc.bigInt({ min: 1n, max: 2n ** 64n }), fc.nat(2200).map((shift) => 1n << BigInt(shift)));
  fc.assert(fc.property(numerator, denominator, (a, b) => {
    assert.ok(isNearest(roundRatio(a, b), a << 1074n, b), `${a} / ${b} is not ${roundRatio(a, b)}`);
  }), { numRuns: 3000 });
});

test('law: a double is taken apart and put together again', () => {
  fc.assert(fc.property(finite, (x) => {
    const { numerator, exponent } = exactOf(x);
    assert.equal(Number(numerator) * powerOfTwo(exponent), x + 0);
    assert.equal(fixedOf(x), fixed(x));
  }), { numRuns: 500 });
});

test('law: sums and products with their errors are exact', () => {
  const moderate = fc.double({ min: -1e60, max: 1e60, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-60);
  fc.assert(fc.property(moderate, moderate, (a, b) => {
    assert.equal(fixed(a + b) + fixed(sumError(a, b)), fixed(a) + fixed(b));
    assert.equal((fixed(a * b) + fixed(productError(a, b))) << 1074n, fixed(a) * fixed(b));
  }), { numRuns: 500 });
});

test('the edges of the doubles', () => {
  assert.equal(powerOfTwo(-1074), Number.MIN_VALUE);
  assert.equal(powerOfTwo(-1043), 2 ** -1043);
  assert.equal(powerOfTwo(-1022), 2 ** -1022);
  assert.equal(powerOfTwo(1023), 2 ** 1023);
  assert.equal(roundRatio(1n, 1n << 1075n), 0);
  assert.equal(roundRatio(3n, 1n << 1075n), 2 * Number.MIN_VALUE);
  assert.equal(roundRatio((1n << 1024n) - (1n << 970n), 1n), Infinity);
  assert.equal(roundRatio((1n << 1024n) - (1n << 970n) - 1n, 1n), Number.MAX_VALUE);
  for (const bits of [1, 4, 5, 8, 53, 64, 1075]) assert.equal(bitLength(1n << BigInt(bits - 1)), bits);
});
