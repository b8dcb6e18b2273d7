import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pane } from '../../src/operators/pane.js';

test('a key has one slot in a pane, whether it was cooled in between or not', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.nat(2000), fc.constant('cool' as const))), (acts) => {
    const pane = new Pane(0, 1, 0);
    const model = new Map<number, number>();
    for (const act of acts) {
      if (act === 'cool') pane.cool();
      else {
        if (!model.has(act)) model.set(act, model.size);
        assert.equal(pane.slotOf(act), model.get(act));
      }
    }
    assert.deepEqual(pane.ids, [...model.keys()]);
    assert.equal(pane.cells.size, model.size);
  }));
});

test('keys that got other numbers keep their slots', () => {
  const pane = new Pane(0, 1, 0);
  for (const id of [70, 3, 9]) pane.slotOf(id);
  pane.renumber([0, 1, 2]);
  assert.deepEqual([0, 1, 2, 70].map((id) => pane.slotOf(id)), [0, 1, 2, 3]);
});
