/** Transactions that were given last are found by their ids, as if all had been looked through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Bound } from '../../src/cdc/gap.js';
import { RecentTransactions } from '../../src/cdc/recent.js';

const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const), by: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), by: fc.integer({ min: -9, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('around' as const), by: fc.integer({ min: -60, max: 9 }) }) },
  fc.record({ kind: fc.constant('clear' as const), by: fc.constant(0) }),
);

test('of the last so many, each is found by its id, and by what was committed around it', () => {
  let found = 0, beside = 0;
  fc.assert(fc.property(fc.constantFrom(1, 2, 5, 8, 700), fc.integer({ min: 1, max: 120 }), fc.array(act, { minLength: 10, maxLength: 60, size: 'max' }), (most, first, acts) => {
    const recent = new RecentTransactions(most);
    let known: Bound[] = [];
    let xid = first, lsn = 1000;
    for (const { kind, by } of acts) {
      if (kind === 'next') {
        // Ids are not committed in their order, begin again, and may be of one digit more.
        xid = Math.max(1, xid + (by === 3 ? 1024 * 4 : by));
        lsn += 7;
        const bound = { xid: String(xid), lsn, time: lsn / 2 };
        recent.add(bound);
        known = [...known, bound].slice(-most);
      } else if (kind === 'ask') {
        const asked = String(Math.max(1, xid + by)), expected = known.findLast((bound) => bound.xid === asked);
        assert.deepEqual(recent.of(asked), expected);
        if (expected !== undefined) found += 1;
      } else if (kind === 'around') {
        const at = known.findIndex((bound) => bound.lsn! > lsn + by);
        const expected = at <= 0 ? null : [known[at - 1]!, known[at]!];
        assert.deepEqual(recent.around(lsn + by), expected);
        if (expected !== null) beside += 1;
      } else {
        recent.clear();
        known = [];
      }
      assert.deepEqual(recent.all(), known);
      assert.equal(recent.countBetween(first, xid), known.filter((bound) => Number(bound.xid) > first && Number(bound.xid) < xid).length);
    }
  }), { numRuns: 300 });
  assert.ok(found > 100 && beside > 50, `${found} found, ${beside} beside`);
});

test('there may be as many as are kept, of which some share a place', () => {
  const recent = new RecentTransactions(5000);
  const xids = Array.from({ length: 12_000 }, (_, index) => String(index % 3 === 0 ? index : index * 4096));
  xids.forEach((xid, index) => recent.add({ xid, lsn: index, time: index }));
  const last = new Map(xids.map((xid, index) => [xid, index]));
  for (const [xid, index] of last) assert.deepEqual(recent.of(xid), index < 7000 ? undefined : { xid, lsn: index, time: index });
});
