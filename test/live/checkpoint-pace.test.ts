/** When checkpoints are taken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CheckpointPace } from '../../src/live/checkpoint-pace.js';

test('however long they take, they begin an interval apart at the least, with a pause between', () => {
  fc.assert(fc.property(fc.integer({ min: 1000, max: 60_000 }), fc.array(fc.nat(100_000), { minLength: 1, maxLength: 20 }), (every, durations) => {
    const pace = new CheckpointPace(every, 0);
    const pause = Math.min(5000, every / 2);
    let begun = 0, ended = 0;
    for (const duration of durations) {
      const due = Math.max(begun + every, ended + pause);
      assert.deepEqual([pace.isDue(due - 1), pace.isDue(due)], [false, true]);
      pace.begin(begun = due);
      pace.end(ended = begun + duration);
    }
  }));
});

test('one that takes longer than a minute is told once', () => {
  const pace = new CheckpointPace(10_000, 0);
  assert.equal(pace.isOverdue(100_000), false, 'none is being written');
  pace.begin(100_000);
  assert.deepEqual([159_999, 160_000, 170_000].map((now) => pace.isOverdue(now)), [false, true, false]);
  pace.end(170_000);
  pace.begin(180_000);
  assert.equal(pace.isOverdue(240_000), true);
});
