/** Rows of frames by slot: half the bytes where these are enough, and always the very numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FramePool } from '../../src/operators/frame-pool.js';

test('law: times and values are those that came, however large, fine or odd', () => {
  const value = fc.oneof({ weight: 6, arbitrary: fc.nat(5000) }, { weight: 1, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.constantFrom(-0, NaN, 0.1, 2 ** 24 + 1, Infinity) });
  const time = fc.oneof({ weight: 8, arbitrary: fc.nat(1e9).map((after) => 1.7e12 + after) }, { weight: 1, arbitrary: fc.constantFrom(-5, 0.5, 1.8e12, -(2 ** 53)) });
  fc.assert(fc.property(fc.array(fc.array(fc.tuple(time, value, fc.nat(3)), { minLength: 1, maxLength: 40 }), { maxLength: 60 }), (batches) => {
    const pool = new FramePool(['real']);
    const expected: { slot: number; time: number; value: number }[] = [];
    for (const rows of batches) {
      const values = Float64Array.from(rows, ([, number]) => number);
      const slots = pool.add([{ storage: 'real', values, nulls: null }], Float64Array.from(rows, ([at]) => at), Int32Array.from(rows, ([,, id]) => id), rows.length);
      rows.forEach(([at, number], row) => expected.push({ slot: slots[row]!, time: at, value: number }));
    }
    const [column] = pool.views();
    assert.deepEqual(expected.map(({ slot }) => ({ slot, time: pool.time[slot]! + pool.timeBase, value: column!.values[slot] })), expected);
  }), { numRuns: 200 });
});

test('an hour of trades takes 8 bytes a row, and 16 once there is another kind', () => {
  const pool = new FramePool(['real']);
  const add = (time: number, value: number) => pool.add([{ storage: 'real', values: Float64Array.of(value), nulls: null }], Float64Array.of(time), Int32Array.of(0), 1);
  for (let row = 0; row < 5000; row += 1) add(1.7e12 + row, row);
  assert.ok(pool.time instanceof Int32Array);
  assert.ok((pool.views()[0]!.values as unknown) instanceof Float32Array);
  add(1.8e12, 0.1);
  assert.ok(pool.time instanceof Float64Array);
  assert.ok(pool.views()[0]!.values instanceof Float64Array);
});
