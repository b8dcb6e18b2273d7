import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Spills } from '../../src/core/exact-sum.js';
import { faults } from '../../src/core/faults.js';
import {
  MOMENTS_STRIDE, addMoments, clearMoments, mergeMoments, momentsMean, momentsSum, roundedDeviation, roundedVariance, subtractMoments,
} from '../../src/core/moments.js';
import { alike, finite, fixed, isNearest } from './reals.js';

class Moments {
  readonly state = new Float64Array(MOMENTS_STRIDE);
  readonly spills = new Spills();
  count = 0;
  add(x: number): void { this.count++; addMoments(this.state, 0, x, this.spills, 1); }
  subtract(x: number): void { this.count--; subtractMoments(this.state, 0, x, this.spills, 1); }
  merge(other: Moments): void {
    this.count += other.count;
    mergeMoments(this.state, 0, this.spills, 1, other.state, 0, other.spills, 1);
  }
  get sum(): number { return momentsSum(this.state, 0, this.spills, 1); }
  get mean(): number { return momentsMean(this.state, 0, this.spills, 1, this.count); }
  variance(sample = false): number { return roundedVariance(this.state, 0, this.spills, 1, this.count, sample); }
  deviation(sample = false): number { return roundedDeviation(this.state, 0, this.spills, 1, this.count, sample); }
}

const momentsOf = (values: readonly number[]): Moments => {
  const moments = new Moments();
  for (const x of values) moments.add(x);
  return moments;
};

/** n · Σx² - (Σx)², a count of 2^-2148. */
function spread(values: readonly number[]): bigint {
  let sum = 0n;
  let squares = 0n;
  for (const x of values) {
    const exact = fixed(x);
    sum += exact;
    squares += exact * exact;
  }
  return BigInt(values.length) * squares - sum * sum;
}

/** Whether the variance is rounded correctly: the spread over divisor · 2^1074 is a count of 2^-1074. */
const isVariance = (x: number, values: readonly number[], divisor: bigint): boolean => isNearest(x, spread(values), divisor << 1074n);

/** Whether x is within one unit in the last place of the exact deviation: (x ± ulp)² lies on both sides of the variance. */
function isDeviation(x: number, values: readonly number[], divisor: bigint): boolean {
  const exact = spread(values);
  const unit = fixed(x) === 0n ? 1n : 1n << BigInt(Math.max(0, fixed(x).toString(2).length - 53));
  const low = fixed(x) - unit;
  const high = fixed(x) + unit;
  return (low < 0n || low * low * divisor <= exact) && high * high * divisor >= exact;
}

const columns = fc.oneof(fc.array(finite, { minLength: 1, maxLength: 25 }), fc.array(alike, { minLength: 1, maxLength: 40 }));

test('law: variance is correctly rounded and deviation within one unit in the last place', () => {
  fc.assert(fc.property(columns, (values) => {
    const moments = momentsOf(values);
    const n = BigInt(values.length);
    assert.ok(isVariance(moments.variance(), values, n * n), `population ${moments.variance()}`);
    assert.ok(isDeviation(moments.deviation(), values, n * n), `deviation ${moments.deviation()}`);
    if (values.length === 1) return;
    assert.ok(isVariance(moments.variance(true), values, n * (n - 1n)), `sample ${moments.variance(true)}`);
    assert.ok(isDeviation(moments.deviation(true), values, n * (n - 1n)));
  }), { numRuns: 1000 });
});

test('law: order, retraction and partial moments do not change a bit', () => {
  const any = fc.oneof({ weight: 9, arbitrary: fc.oneof(finite, alike) }, { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) });
  fc.assert(fc.property(fc.array(any, { minLength: 1, maxLength: 20 }), fc.array(any, { maxLength: 20 }), (kept, gone) => {
    const expected = momentsOf(kept);
    const sliding = momentsOf([...gone, ...kept]);
    for (const x of gone) sliding.subtract(x);
    const merged = momentsOf(kept.slice(0, kept.length >> 1));
    merged.merge(momentsOf(kept.slice(kept.length >> 1)));
    for (const other of [sliding, merged]) {
      assert.ok(Object.is(other.variance(), expected.variance()));
      assert.ok(Object.is(other.deviation(), expected.deviation()));
      assert.ok(Object.is(other.mean, expected.mean));
      assert.ok(Object.is(other.sum, expected.sum));
    }
    for (const x of kept) sliding.subtract(x);
    assert.ok(Object.is(sliding.sum, 0) && sliding.spills.isEmpty);
  }), { numRuns: 500 });
});

test('a constant price has no variance, at any price and count', () => {
  for (const price of [0.1, 101.37, 1e12 + 0.0001, 1e200, 1e-300, 5e-324, 1.7976931348623157e308, 0]) {
    const moments = new Moments();
    for (let i = 0; i < 3000; i++) {
      moments.add(price);
      if (i % 100 === 0) assert.ok(Object.is(moments.variance(), 0) && Object.is(moments.deviation(), 0));
    }
    assert.equal(moments.mean, price);
    for (let i = 0; i < 2900; i++) moments.subtract(price);
    assert.ok(Object.is(moments.variance(true), 0));
    clearMoments(moments.state, 0, moments.spills, 1);
    assert.ok(moments.spills.isEmpty && moments.state.every((x) => x === 0));
  }
});

test('squares beyond the doubles: the variance overflows, the deviation does not', () => {
  const moments = momentsOf([1e200, -1e200]);
  assert.equal(moments.variance(), Infinity);
  assert.equal(moments.deviation(), 1e200);
  assert.equal(momentsOf([1e-200, -1e-200]).deviation(), 1e-200);
});

test('a million ticks of 1e-4 at 1e12, sliding', () => {
  const moments = new Moments();
  const value = (i: number): number => 1e12 + ((i * 7919) % 20_011) * 1e-4;
  for (let i = 0; i < 1_000_000; i++) {
    moments.add(value(i));
    if (i >= 300) moments.subtract(value(i - 300));
    if (i % 100_000 === 99_999) {
      const frame = Array.from({ length: 300 }, (_, k) => value(i - k));
      assert.ok(isVariance(moments.variance(), frame, 90_000n));
      assert.ok(isDeviation(moments.deviation(true), frame, 89_700n));
    }
  }
});

test('many values of one sign, also above the grid of squares', () => {
  for (const [x, y] of [[123.456, 123.457], [2 ** 49 + 1, 2 ** 49 + 3]] as const) {
    const moments = new Moments();
    for (let i = 0; i < 20_000; i++) moments.add(i % 2 === 0 ? x : y);
    const exact = (fixed(y) - fixed(x)) ** 2n;
    assert.ok(isNearest(moments.variance(), exact, 4n << 1074n));
  }
});

test('the planted bugs show', () => {
  const variance = (): number => momentsOf(Array.from({ length: 4000 }, (_, i) => 1000.1 + (i % 3))).variance();
  const right = variance();
  for (const fault of ['naiveSum', 'dropCarry'] as const) {
    faults[fault] = true;
    try {
      assert.notEqual(variance(), right);
    } finally {
      faults[fault] = false;
    }
  }
});
