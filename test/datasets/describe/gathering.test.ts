/** The parts of a profile against plain arithmetic. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DisorderCounter } from '../../../src/datasets/describe/disorder.js';
import { Neighbours, outsideQuote } from '../../../src/datasets/describe/prints.js';
import { bounds } from '../../../src/datasets/describe/profile.js';
import { Quantiles } from '../../../src/datasets/describe/quantiles.js';
import { Silences } from '../../../src/datasets/describe/silences.js';
import { Timeline } from '../../../src/datasets/describe/timeline.js';
import { Worst } from '../../../src/datasets/describe/worst.js';
import { bytes, count, duration, share } from '../../../src/datasets/describe/words.js';

const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 100_000_000 })), { minLength: 1, maxLength: 60 });

/** Law: what is counted in passing is what counting all of it gives. */
test('disorder is that of the rows before', () => {
  fc.assert(
    fc.property(times, (all) => {
      const counter = new DisorderCounter(3);
      all.forEach((time, position) => counter.add(time, position, null));
      const by = all.map((time, row) => Math.max(0, ...all.slice(0, row)) - time).filter((each) => each > 0);
      const found = counter.read();
      assert.equal(found.behind, by.length);
      assert.equal(found.behindBy.max, Math.max(0, ...by));
      assert.deepEqual(found.lateAt, bounds.map((bound) => ({ bound, rows: by.filter((each) => each >= bound).length })));
      assert.deepEqual(found.worst.map((row) => row.by), [...by].sort((a, b) => b - a).slice(0, 3));
      assert.equal(found.octaves.reduce((sum, each) => sum + each.count, 0), by.length);
      // At the bound that is said none is late, and a millisecond less is not enough.
      assert.equal(by.filter((each) => each >= found.boundNoneLate).length, 0);
      if (by.length > 0) assert.ok(by.some((each) => each >= found.boundNoneLate - 1));
    }),
  );
});

test('quantiles are within a thousandth of the true ones, and exact below two seconds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: 1, maxLength: 50 }), fc.constantFrom(0.01, 0.5, 0.9, 1), (values, part) => {
      const quantiles = new Quantiles();
      for (const value of values) quantiles.add(value);
      const expected = [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(part * values.length) - 1)]!;
      const found = quantiles.at(part);
      assert.ok(found >= expected && found <= (expected < 2048 ? expected : expected * 1.001), `${found} for ${expected}`);
    }),
  );
});

test('a timeline keeps every row in its stretch, however the span grows', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: -50_000, max: 50_000 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 })), { minLength: 1, maxLength: 40 }), (all) => {
      const timeline = new Timeline();
      for (const time of all) timeline.add(time);
      const { from, width, rows } = timeline.read();
      const expected = rows.map((_, place) => all.filter((time) => Math.floor((time - from) / width) === place).length);
      assert.deepEqual(rows, expected);
      assert.equal(rows.reduce((sum, each) => sum + each, 0), all.length);
    }),
  );
});

test('silences are those of the rows in order, also when late rows fill them', () => {
  fc.assert(
    fc.property(times, (all) => {
      const silences = new Silences(64);
      let max = -Infinity;
      for (const time of all) {
        if (time > max) {
          if (max > -Infinity) silences.advance(max, time);
          max = time;
        } else if (time < max) silences.split(time);
      }
      const sorted = [...new Set(all)].sort((a, b) => a - b);
      // Rows before the first one to come lengthen the span, but lie in no silence that was ever thought of.
      const first = sorted.indexOf(all[0]!);
      const expected = sorted.slice(first).flatMap((to, index, list) => (index === 0 ? [] : [to - list[index - 1]!])).sort((a, b) => b - a);
      assert.deepEqual(silences.longest(5).map(({ from, to }) => to - from), expected.slice(0, 5));
    }),
  );
});

test('the worst few stay, ties by what came first', () => {
  const worst = new Worst<readonly [number, string]>(3, ([badness]) => badness);
  for (const item of [[1, 'a'], [3, 'b'], [2, 'c'], [3, 'd'], [0, 'e'], [2, 'f']] as const) worst.add(item);
  assert.deepEqual([worst.items, worst.count], [[[3, 'b'], [3, 'd'], [2, 'c']], 6]);
});

test('a print is judged by the seven on either side; a trend, a step and a bounce are no anomalies', () => {
  const judged = (prices: readonly number[]): number[] => {
    const neighbours = new Neighbours();
    return prices.flatMap((price, position) => neighbours.add(position, position, price)?.position ?? []);
  };
  const bounce = Array.from({ length: 40 }, (_, row) => 100 + (row % 2) * 0.02);
  assert.deepEqual(judged(bounce), []);
  assert.deepEqual(judged(bounce.map((price, row) => (row === 20 ? 101 : price))), [20]);
  assert.deepEqual(judged(bounce.map((price, row) => (row === 20 || row === 23 ? 90 : price))), [20, 23]);
  assert.deepEqual(judged(bounce.map((price, row) => price + row * 0.3)), [], 'a trend');
  assert.deepEqual(judged(bounce.map((price, row) => (row < 20 ? price : price + 5))), [], 'a step');
  assert.deepEqual(judged(bounce.map((price, row) => (row === 20 ? 100.4 : price))), [], 'less than half a percent');
  const quote = { bid: 100, ask: 100.1, time: 0 };
  assert.equal(outsideQuote({ position: 0, time: 1_000, price: 101 }, quote), null);
  assert.deepEqual(outsideQuote({ position: 7, time: 1_000, price: 98 }, quote), { position: 7, time: 1_000, price: 98, expected: 100, distance: 2 / (100.1 - 100), by: 'quote' });
  assert.equal(outsideQuote({ position: 7, time: 61_000, price: 98 }, quote), null, 'an old quote says nothing');
});

test('numbers read as people write them', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(count), ['0', '999', '1,000', '1,234,567']);
  assert.deepEqual([0, 999, 1_500, 66_250, 86_400_000 * 2 + 3_600_000, 3_600_000].map(duration), ['0 ms', '999 ms', '1.5 s', '1 min 6 s', '2 d 1 h', '1 h']);
  assert.deepEqual([share(0, 5), share(1, 3), share(1, 1e7), share(5, 5)], ['0 %', '33.3 %', '< 0.001 %', '100 %']);
  assert.deepEqual([512, 1_234, 19_123_456].map(bytes), ['512 B', '1.23 kB', '19.1 MB']);
});
