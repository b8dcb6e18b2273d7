import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArrivalHeap, TickRows } from '../../../src/datasets/market/arrival.js';

test('rows leave by arrival, those of one arrival in the order they came', () => {
  const action = fc.oneof(fc.record({ arrival: fc.nat(20) }), fc.constant(null));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 3000 }), (actions) => {
      const heap = new ArrivalHeap();
      const row = new TickRows(1);
      let model: { arrival: number; order: number }[] = [];
      let pushed = 0;
      const pop = () => {
        const first = model.reduce((a, b) => (b.arrival < a.arrival ? b : a));
        assert.equal(heap.nextArrival, first.arrival);
        heap.popInto(row, 0);
        assert.equal(row.volume[0], first.order);
        model = model.filter((held) => held !== first);
      };
      for (const step of actions) {
        if (step !== null) {
          row.volume[0] = pushed;
          heap.push(step.arrival, row, 0);
          model.push({ arrival: step.arrival, order: pushed });
          pushed += 1;
        } else if (model.length > 0) pop();
        assert.equal(heap.size, model.length);
      }
      while (model.length > 0) pop();
      assert.equal(heap.nextArrival, Infinity);
    }),
    { numRuns: 40 },
  );
});

test('the heap grows beyond its first thousand rows', () => {
  const heap = new ArrivalHeap();
  const row = new TickRows(1);
  for (let number = 0; number < 5000; number += 1) {
    row.price[0] = (number * 7919) % 5000;
    heap.push(row.price[0], row, 0);
  }
  for (let number = 0; number < 5000; number += 1) {
    heap.popInto(row, 0);
    assert.equal(row.price[0], number);
  }
});
