/** Laws of sharing lanes out: each has one owner, nobody has two more than another, and what need not move stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignLanes, type Member } from '../../src/live/lane-assigner.js';

const groups: fc.Arbitrary<{ lanes: number; members: Member[] }> = fc.record({
  lanes: fc.integer({ min: 1, max: 20 }),
  members: fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 4 }), owned: fc.array(fc.nat(24), { maxLength: 20 }) }), { minLength: 1, maxLength: 8, selector: ({ id }) => id }),
});

test('each lane has one owner, and shares differ by one at the most', () => {
  fc.assert(fc.property(groups, ({ lanes, members }) => {
    const shares = assignLanes(lanes, members);
    assert.deepEqual([...shares.values()].flat().sort((a, b) => a - b), Array.from({ length: lanes }, (_, lane) => lane));
    const sizes = members.map(({ id }) => shares.get(id)!.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }));
});

test('the order in which members are told does not matter', () => {
  fc.assert(fc.property(groups, ({ lanes, members }) => {
    assert.deepEqual(new Map([...assignLanes(lanes, members)].sort()), new Map([...assignLanes(lanes, [...members].reverse())].sort()));
  }));
});

test('who has its share already keeps it', () => {
  fc.assert(fc.property(groups, ({ lanes, members }) => {
    const before = assignLanes(lanes, members);
    const again = assignLanes(lanes, members.map(({ id }) => ({ id, owned: before.get(id)! })));
    assert.deepEqual(again, before);
  }));
});

test('who joins takes no more than its share, and from those who have most', () => {
  const shares = assignLanes(4, [{ id: 'a', owned: [0, 1, 2, 3] }, { id: 'b', owned: [] }]);
  assert.deepEqual([...shares], [['a', [0, 1]], ['b', [2, 3]]]);
});

test('who leaves has its lanes taken over, and nobody else moves', () => {
  const shares = assignLanes(6, [{ id: 'a', owned: [0, 3] }, { id: 'c', owned: [2, 5] }]);
  assert.deepEqual([...shares], [['a', [0, 1, 3]], ['c', [2, 4, 5]]]);
});

test('a process more than there are lanes has none', () => {
  assert.deepEqual(assignLanes(1, [{ id: 'a', owned: [] }, { id: 'b', owned: [0] }]).get('a'), []);
});
