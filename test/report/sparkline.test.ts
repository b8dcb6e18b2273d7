import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sparkline, thinned } from '../../src/report/sparkline.js';

const values = fc.array(fc.option(fc.double()), { maxLength: 60 });

test('a curve is as long as its values, and rises where they do', () => {
  fc.assert(fc.property(values, (list) => {
    const curve = sparkline(list);
    assert.equal(curve.length, list.length);
    list.forEach((one, a) => list.forEach((other, b) => {
      if (one !== null && other !== null && Number.isFinite(one) && Number.isFinite(other) && one <= other) assert.ok(curve[a]! <= curve[b]!, `${one} ${other}`);
    }));
  }));
  assert.equal(sparkline([1, 2, null, 3, 4, NaN, 5, 6, 7, 8]), '▁▂ ▃▄ ▅▆▇█');
  assert.equal(sparkline([5, 5, 5]), '▅▅▅');
  assert.equal(sparkline([2e-323, 1.5e-323]), '█▁');
  assert.equal(sparkline([-1.7e308, 1.7e308]), '▁█');
  assert.equal(sparkline([]), '');
});

test('thinned values keep their order and the last one there is', () => {
  fc.assert(fc.property(values, fc.integer({ min: 0, max: 30 }), (list, width) => {
    const thin = thinned(list, width);
    assert.equal(thin.length, Math.min(width, list.length));
    if (width > 0 && list.length > 0 && list.at(-1) !== null) assert.equal(thin.at(-1), list.at(-1));
  }));
  assert.deepEqual(thinned([1, null, 2, 3, 4, null], 3), [1, 3, 4]);
});
