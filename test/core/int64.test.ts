import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addInt64, compareInt64, divideInt64, inInt64Range, int64ToNumber, multiplyInt64, negateInt64, remainderInt64, subtractInt64, toBig, toInt64,
} from '../../src/core/int64.js';
import { INTEGER_STRIDE, addInteger, clearInteger, integerSum, mergeInteger, subtractInteger } from '../../src/core/exact-integer.js';
import { Spills } from '../../src/core/exact-sum.js';
import type { Int64 } from '../../src/core/types.js';

const big = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -100n, max: 100n }),
  fc.bigInt({ min: -3n, max: 3n }).map((d) => 2n ** 53n + d),
  fc.bigInt({ min: -3n, max: 3n }).map((d) => -(2n ** 53n) + d),
  fc.bigInt({ min: -3n, max: 3n }).map((d) => 2n ** 52n + d),
);

const same = (actual: Int64, expected: bigint): void => assert.ok(Object.is(actual, toInt64(expected)), `${actual} is not ${expected}`);

test('law: arithmetic is that of the integers, in canonical form', () => {
  fc.assert(fc.property(big, big, (a, b) => {
    const x = toInt64(a);
    const y = toInt64(b);
    assert.equal(typeof x === 'number', Number.isSafeInteger(Number(a)) && BigInt(Number(a)) === a);
    assert.equal(toBig(x), a);
    same(addInt64(x, y), a + b);
    same(subtractInt64(x, y), a - b);
    same(multiplyInt64(x, y), a * b);
    same(negateInt64(x), -a);
    if (b !== 0n) {
      same(divideInt64(x, y), a / b);
      same(remainderInt64(x, y), a % b);
    }
    assert.equal(Math.sign(compareInt64(x, y)), a < b ? -1 : a > b ? 1 : 0);
    assert.equal(int64ToNumber(x), Number(a));
    assert.equal(inInt64Range(multiplyInt64(x, y)), BigInt.asIntN(64, a * b) === a * b);
  }), { numRuns: 2000 });
});

test('law: sums of integers are exact in any order, taken back and merged', () => {
  fc.assert(fc.property(fc.array(big), fc.array(big), (kept, gone) => {
    const spills = new Spills();
    const state = new Float64Array(3 * INTEGER_STRIDE);
    const other = INTEGER_STRIDE;
    for (const v of gone) addInteger(state, 0, toInt64(v), spills, 0);
    kept.forEach((v, i) => addInteger(state, i % 2 === 0 ? 0 : other, toInt64(v), spills, i % 2 === 0 ? 0 : other));
    for (const v of gone) subtractInteger(state, 0, toInt64(v), spills, 0);
    mergeInteger(state, 0, spills, 0, state, other, spills, other);
    same(integerSum(state, 0, spills, 0), kept.reduce((sum, v) => sum + v, 0n));
    clearInteger(state, other, spills, other);
    for (const v of kept) subtractInteger(state, 0, toInt64(v), spills, 0);
    assert.ok(Object.is(integerSum(state, 0, spills, 0), 0) && spills.isEmpty);
  }), { numRuns: 500 });
});

test('a sum may pass 64 bits', () => {
  const spills = new Spills();
  const state = new Float64Array(INTEGER_STRIDE);
  for (let i = 0; i < 3; i++) addInteger(state, 0, 2n ** 63n - 1n, spills, 0);
  assert.equal(integerSum(state, 0, spills, 0), 3n * (2n ** 63n - 1n));
  const safe = new Float64Array(INTEGER_STRIDE);
  for (let i = 0; i < 5000; i++) addInteger(safe, 0, Number.MAX_SAFE_INTEGER, spills, 1);
  assert.equal(integerSum(safe, 0, spills, 1), BigInt(Number.MAX_SAFE_INTEGER) * 5000n);
});
