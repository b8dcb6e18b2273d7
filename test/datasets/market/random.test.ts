import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random, WeightedChoice } from '../../../src/datasets/market/random.js';

test('one seed and stream give one sequence; another seed or stream gives another', () => {
  const first = (seed: number, stream: number) => {
    const random = new Random(seed, stream);
    return Array.from({ length: 8 }, () => random.next());
  };
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(), (seed, stream) => {
      assert.deepEqual(first(seed, stream), first(seed, stream));
      assert.notDeepEqual(first(seed, stream), first(seed, stream + 1));
      assert.notDeepEqual(first(seed, stream), first(seed ^ 1, stream));
    }),
  );
});

test('these numbers stay as they are, on every machine and Node version', () => {
  const random = new Random(1);
  assert.deepEqual(Array.from({ length: 4 }, () => random.next()), [393288148, 2174103013, 3814759091, 2092745082]);
});

test('below stays within its bound and reaches all of it', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 8 }), (seed, bound) => {
      const random = new Random(seed);
      const seen = new Set(Array.from({ length: 400 }, () => random.below(bound)));
      assert.deepEqual([...seen].sort(), Array.from({ length: bound }, (_, index) => index));
    }),
  );
});

test('the bell has mean 0 and deviation 1', () => {
  const random = new Random(7);
  let sum = 0;
  let squares = 0;
  for (let draw = 0; draw < 100_000; draw += 1) {
    const value = random.bell();
    assert.ok(Math.abs(value) < 3.5);
    sum += value;
    squares += value * value;
  }
  assert.ok(Math.abs(sum / 100_000) < 0.02, `mean ${sum / 100_000}`);
  assert.ok(Math.abs(squares / 100_000 - 1) < 0.02, `variance ${squares / 100_000}`);
});

test('indices are drawn in proportion to their weights, those without weight never', () => {
  const weights = [5, 0, 3, 1, 1];
  const choice = new WeightedChoice(weights);
  const random = new Random(3);
  const counts = weights.map(() => 0);
  for (let draw = 0; draw < 100_000; draw += 1) counts[choice.draw(random)]! += 1;
  weights.forEach((weight, index) => assert.ok(Math.abs(counts[index]! - weight * 10_000) < 600, `${counts[index]}`));
  assert.equal(counts[1], 0);
});

test('the generator uses no function whose last bit an engine may choose, and no clock', () => {
  const folder = new URL('../../../src/datasets/market/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 12);
  for (const file of files) {
    const source = readFileSync(new URL(file, folder), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
    const exact = ['floor', 'ceil', 'round', 'sqrt', 'imul', 'min', 'max', 'abs'];
    for (const [, name] of source.matchAll(/\bMath\.(\w+)/g)) assert.ok(exact.includes(name!), `${file} uses Math.${name}`);
    assert.doesNotMatch(source, /\*\*|\bDate\b|\bprocess\b|node:|toLocale|localeCompare|\bIntl\b/);
  }
});
