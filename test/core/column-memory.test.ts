import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ColumnMemory } from '../../src/core/column-memory.js';

/** Law: arrays that were handed out are zero, as long as asked for, and no two of them share a byte. */
test('each array is its own', () => {
  const wanted = fc.record({ kind: fc.constantFrom('reals', 'codes', 'bytes'), length: fc.oneof(fc.nat(20), fc.nat(6000)) });
  fc.assert(fc.property(fc.array(wanted, { maxLength: 60 }), (list) => {
    const memory = new ColumnMemory();
    const all = list.map(({ kind, length }, index) => {
      const array = memory[kind](length);
      assert.equal(array.length, length);
      assert.ok(array.every((value) => value === 0));
      return array.fill(index + 1);
    });
    all.forEach((array, index) => assert.ok((array as Uint8Array).every((value) => value === index + 1)));
  }));
});
