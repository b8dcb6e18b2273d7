/** Transactions that were given last are found by their ids, as if all had been looked through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Bound } from '../../src/cdc/gap.js';
import { RecentTransactions } from '../../src/cdc/recent.js';
import { numberOf, numberOfBytes } from '../../src/cdc/xid.js';

const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const), by: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), by: fc.integer({ min: -9, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('around' as const), by: fc.integer({ min: -60, max: 9 }) }) },
  fc.record({ kind: fc.constant('clear' as const), by: fc.constant(0) }),
);

/** Texts of numbers that are no numbers themselves share their places with those that are. */
const namings: readonly ((number: number) => string)[] = [String, (number) => (number % 3 === 0 ? `0${number}` : String(number)), (number) => `${number}-a`, (number) => `9007199254740993${number}`];

test('of the last so many, each is found by its id, and by what was committed around it', () => {
  let found = 0, beside = 0;
  fc.assert(fc.property(fc.constantFrom(1, 2, 5, 8, 700), fc.integer({ min: 1, max: 120 }), fc.array(act, { minLength: 10, maxLength: 60, size: 'max' }), fc.constantFrom(...namings), (most, first, acts, naming) => {
    const recent = new RecentTransactions(most);
    let known: Bound[] = [];
    let xid = first, lsn = 1000;
    for (const { kind, by } of acts) {
      if (kind === 'next') {
        // Ids are not committed in their order, begin again, and may be of one digit more.
        xid = Math.max(1, xid + (by === 3 ? 1024 * 4 : by));
        lsn += 7;
        const bound = { xid: naming(xid), lsn, time: lsn / 2 };
        if (naming === String && by > 0) recent.addNumbered({ xid, lsn, time: lsn / 2 });
        else recent.add(bound);
        known = [...known, bound].slice(-most);
      } else if (kind === 'ask') {
        const number = Math.max(1, xid + by), asked = naming(number), expected = known.findLast((bound) => bound.xid === asked);
        assert.deepEqual(recent.of(asked), expected);
        assert.equal(recent.has({ xid: number, lsn, time: 0 }), known.some((bound) => bound.xid === String(number)));
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

test('an id is a number where its digits are, and no other text has them', () => {
  fc.assert(fc.property(fc.oneof(fc.nat(2 ** 31 - 1).map(String), fc.stringMatching(/^[0-9]{0,17}$/), fc.string({ unit: fc.constantFrom('0', '1', '9', '-', ' ', '.', 'e'), maxLength: 4 })), (xid) => {
    const number = numberOf(xid);
    assert.ok(/^(0|[1-9][0-9]{0,14})$/.test(xid) ? String(number) === xid : Number.isNaN(number));
    const bytes = Buffer.from(`1${xid}1`, 'utf8');
    assert.ok(Object.is(numberOfBytes(bytes, 1, bytes.length - 1), number));
  }));
});
