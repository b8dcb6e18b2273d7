import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { SUM_STRIDE, Spills, addExact, clearExact, mergeExact, roundedMean, roundedSum, subtractExact } from '../../src/core/exact-sum.js';
import { faults } from '../../src/core/faults.js';
import { alike, finite, fixed, isNearest } from './reals.js';

const AT = 2; // sums need not begin at 0

class Sum {
  readonly state = new Float64Array(AT + SUM_STRIDE);
  readonly spills = new Spills();
  add(x: number): void { addExact(this.state, AT, x, this.spills, 7); }
  subtract(x: number): void { subtractExact(this.state, AT, x, this.spills, 7); }
  merge(other: Sum): void { mergeExact(this.state, AT, this.spills, 7, other.state, AT, other.spills, 7); }
  clear(): void { clearExact(this.state, AT, this.spills, 7); }
  get sum(): number { return roundedSum(this.state, AT, this.spills, 7); }
  mean(count: number): number { return roundedMean(this.state, AT, this.spills, 7, count); }
}

const sumOf = (values: readonly number[]): Sum => {
  const sum = new Sum();
  for (const x of values) sum.add(x);
  return sum;
};

const columns = fc.oneof(fc.array(finite, { maxLength: 40 }), fc.array(alike, { maxLength: 40 }));

test('law: the sum is the double nearest to the real sum, and so is the mean', () => {
  fc.assert(fc.property(columns, fc.integer({ min: 1, max: 1e6 }), (values, divisor) => {
    const sum = sumOf(values);
    const exact = values.reduce((total, x) => total + fixed(x), 0n);
    if (exact === 0n) assert.ok(Object.is(sum.sum, 0));
    assert.ok(isNearest(sum.sum, exact, 1n), `sum ${sum.sum}`);
    for (const count of [divisor, Math.max(1, values.length), 2, 3, 6]) {
      assert.ok(isNearest(sum.mean(count), exact, BigInt(count)), `mean ${sum.mean(count)} of ${count}`);
    }
  }), { numRuns: 1000 });
});

test('law: order, retraction and partial sums do not change a bit', () => {
  const any = fc.oneof({ weight: 9, arbitrary: finite }, { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) });
  fc.assert(fc.property(fc.array(any, { maxLength: 30 }), fc.array(any, { maxLength: 30 }), fc.nat(), (kept, gone, seed) => {
    const expected = sumOf(kept);
    const sliding = new Sum();
    for (let i = 0; i < Math.max(kept.length, gone.length); i++) {
      if (i < gone.length) sliding.add(gone[i]!);
      if (i < kept.length) sliding.add(kept[i]!);
    }
    for (const x of gone) sliding.subtract(x);
    const parts = [new Sum(), new Sum(), new Sum()];
    kept.forEach((x, i) => parts[(i * 31 + seed) % 3]!.add(x));
    const merged = new Sum();
    for (const part of parts.reverse()) merged.merge(part);
    for (const other of [sliding, merged, sumOf([...kept].reverse())]) {
      assert.ok(Object.is(other.sum, expected.sum));
      assert.ok(Object.is(other.mean(7), expected.mean(7)));
    }
    for (const x of kept) sliding.subtract(x);
    assert.ok(Object.is(sliding.sum, 0) && sliding.spills.isEmpty);
  }), { numRuns: 500 });
});

test('law: a sum goes on from its snapshot', () => {
  fc.assert(fc.property(columns, columns, (before, after) => {
    const whole = sumOf([...before, ...after]);
    const first = sumOf(before);
    const writer = new ByteWriter();
    writer.float64Array(first.state);
    first.spills.snapshot(writer);
    const reader = new ByteReader(writer.toBytes());
    const second = new Sum();
    second.state.set(reader.float64Array());
    second.spills.restore(reader);
    for (const x of after) second.add(x);
    assert.ok(Object.is(second.sum, whole.sum));
  }));
});

test('what plain addition loses', () => {
  assert.equal(sumOf([1e308, 1e308, -1e308]).sum, 1e308);
  assert.equal(sumOf([1e308, 1e308]).sum, Infinity);
  assert.equal(sumOf([1e308, 1e308]).mean(2), 1e308);
  assert.equal(sumOf([1e16, 1, -1e16]).sum, 1);
  assert.equal(sumOf(Array<number>(10).fill(0.1)).sum, 1);
  assert.equal(sumOf([5e-324, 1e300, -1e300]).sum, 5e-324);
  assert.ok(Object.is(sumOf([-0, -0]).sum, 0));
});

test('NaN and the infinities decide while they are there', () => {
  const sum = sumOf([1, 2]);
  sum.add(Infinity);
  assert.equal(sum.sum, Infinity);
  sum.add(-Infinity);
  assert.ok(Number.isNaN(sum.sum));
  sum.subtract(Infinity);
  assert.equal(sum.mean(3), -Infinity);
  sum.add(NaN);
  sum.subtract(-Infinity);
  assert.ok(Number.isNaN(sum.mean(3)));
  sum.subtract(NaN);
  assert.equal(sum.sum, 3);
  assert.ok(sum.spills.isEmpty);
});

test('twenty million additions of one sign stay exact, and go back to nothing', () => {
  const x = 123_456.789;
  const sum = new Sum();
  for (let i = 0; i < 20_000_000; i++) addExact(sum.state, AT, x, sum.spills, 7);
  assert.ok(isNearest(sum.sum, fixed(x) * 20_000_000n, 1n));
  assert.equal(sum.mean(20_000_000), x);
  for (let doubled = new Sum(), i = 0; i < 40; i++) {
    doubled = new Sum();
    doubled.merge(sum);
    doubled.merge(sum);
    sum.clear();
    sum.merge(doubled);
  }
  assert.ok(isNearest(sum.sum, fixed(x) * 20_000_000n * (1n << 40n), 1n));
});

test('large values of one sign leave the grid and come back', () => {
  const sum = new Sum();
  const x = 2 ** 57 + 2 ** 10;
  for (let i = 0; i < 5000; i++) sum.add(x);
  assert.ok(isNearest(sum.sum, fixed(x) * 5000n, 1n));
  for (let i = 0; i < 5000; i++) sum.subtract(x);
  assert.ok(Object.is(sum.sum, 0));
});

test('a million ticks of 1e-4 at 1e12, sliding', () => {
  const sum = new Sum();
  let exact = 0n;
  const value = (i: number): number => 1e12 + ((i * 7919) % 20_011) * 1e-4;
  for (let i = 0; i < 1_000_000; i++) {
    sum.add(value(i));
    if (i >= 300) sum.subtract(value(i - 300));
    if (i % 50_000 === 49_999) {
      exact = 0n;
      for (let k = i - 299; k <= i; k++) exact += fixed(value(k));
      assert.ok(isNearest(sum.sum, exact, 1n));
      assert.ok(isNearest(sum.mean(300), exact, 300n));
    }
  }
});

test('the planted bugs show', () => {
  const tenths = (): number => sumOf(Array<number>(4000).fill(0.1)).sum;
  assert.equal(tenths(), 400);
  for (const fault of ['naiveSum', 'dropCarry'] as const) {
    faults[fault] = true;
    try {
      assert.notEqual(tenths(), 400);
    } finally {
      faults[fault] = false;
    }
  }
});
