import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pane } from '../../src/operators/pane.js';
import { SlidingPanes } from '../../src/operators/sliding-panes.js';

const paneMillis = 10;
const make = (end = 0): Pane => new Pane(end, 1, 0);

function count(pane: Pane, id: number, by: number): void {
  // Asking for a slot may move the numbers.
  const slot = pane.slotOf(id);
  pane.cells.reals[slot]! += by;
}

/** Adds counts key by key. */
function merge(into: Pane, from: Pane): void {
  from.ids.forEach((id, slot) => count(into, id, from.cells.reals[slot]!));
}

const groupsOf = (pane: Pane): [number, number][] =>
  pane.ids.map((id, slot): [number, number] => [id, pane.cells.reals[slot]!]).sort(([a], [b]) => a - b);

/** Counts by key of consecutive panes; null where there is no pane. */
const days = fc.array(fc.option(fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 4 })), { minLength: 1, maxLength: 40 });

test('law: a sliding window is what its panes make together, whichever windows are asked for', () => {
  fc.assert(fc.property(days, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean()), (day, length, stride, changes) => {
    const panes = new Map<number, Pane>();
    day.forEach((counts, index) => {
      if (counts === null) return;
      const pane = make((index + 1) * paneMillis);
      for (const [id, times] of counts) count(pane, id, times);
      panes.set(pane.end, pane);
    });
    const sliding = new SlidingPanes(paneMillis, make, merge);
    for (let last = length, window = 0; last <= day.length; last += stride, window += 1) {
      const [start, end] = [(last - length) * paneMillis, last * paneMillis];
      const expected = make();
      for (let at = start + paneMillis; at <= end; at += paneMillis) if (panes.has(at)) merge(expected, panes.get(at)!);
      assert.deepEqual(groupsOf(sliding.contents(panes, start, end)), groupsOf(expected));
      // A late row joins a pane that has been merged already.
      const pane = panes.get(end);
      if (changes[window] !== true || pane === undefined) continue;
      sliding.forget();
      count(pane, 7, 1);
    }
  }));
});

test('many keys are not kept once for every pane', () => {
  const panes = new Map<number, Pane>();
  for (let end = paneMillis; end <= 10 * paneMillis; end += paneMillis) {
    const pane = make(end);
    for (let id = 0; id < 20_000; id += 1) count(pane, id, 1);
    panes.set(end, pane);
  }
  const sliding = new SlidingPanes(paneMillis, make, merge);
  for (const last of [8, 9, 10]) {
    const whole = sliding.contents(panes, (last - 8) * paneMillis, last * paneMillis);
    assert.equal(whole.ids.length, 20_000);
    assert.ok(whole.cells.reals.subarray(0, 20_000).every((times) => times === 8));
  }
});
