/** The regular join by its law, and by example as Flink has the order and kinds of its rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../src/core/bytes.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../src/core/row-kind.js';
import { make, regularLaw } from './regular-model.js';
import { tinyPages } from '../engine/written-pages.js';
import { drive, type Arrival, type Given } from './two-inputs.js';

test('law: at every moment the changelog adds up to the join of the tables as they stand', () => {
  fc.assert(regularLaw, { numRuns: 400 });
});

const left = (k: string, v: number, kind = INSERT, now = 0): Arrival => ({ side: 0, k, ts: 0, v, kind, mark: 0, now });
const right = (k: string, v: number, kind = INSERT, now = 0): Arrival => ({ side: 1, k, ts: 0, v, kind, mark: 0, now });
/** `+I 1-2`: kind, left's v, right's. */
const told = (rows: readonly Given[]): string[] => rows.map((given) => `${given[0]} ${given[3] ?? ''}-${given[6] ?? ''}`);

test('an inner join hands on the kind of the row that came; of several partners the oldest comes first', () => {
  const arrivals = [right('a', 1), right('a', 2), left('a', 10), left('a', 10, UPDATE_BEFORE), left('a', 11, UPDATE_AFTER), right('a', 1, DELETE)];
  assert.deepEqual(told(drive(make('inner'), arrivals).rows), ['+I 10-1', '+I 10-2', '-U 10-1', '-U 10-2', '+U 11-1', '+U 11-2', '-D 11-1']);
});

test('an outer join takes the lone row back with the first partner, and says it again after the last', () => {
  const arrivals = [left('a', 10), right('a', 1), right('a', 2), right('a', 1, DELETE), right('a', 2, UPDATE_BEFORE), right('a', 3, UPDATE_AFTER), left('a', 10, DELETE)];
  assert.deepEqual(told(drive(make('left'), arrivals).rows), [
    '+I 10-', '-D 10-', '+I 10-1', '+I 10-2', '-D 10-1', '-U 10-2', '+I 10-', '-D 10-', '+I 10-3', '-D 10-3',
  ]);
});

test('semi and anti joins give left rows as their first partner comes and their last goes', () => {
  const arrivals = [left('a', 10), right('a', 1), right('a', 2), right('a', 1, DELETE), right('a', 2, UPDATE_BEFORE)];
  assert.deepEqual(told(drive(make('semi'), arrivals).rows), ['+I 10-', '-U 10-']);
  assert.deepEqual(told(drive(make('anti'), arrivals).rows), ['+I 10-', '-D 10-', '+I 10-']);
});

test('time to live: a row not touched for longer is forgotten; its partner keeps what it had', () => {
  const arrivals = [left('a', 10, INSERT, 0), right('a', 1, INSERT, 100), right('a', 2, INSERT, 101), right('a', 3, INSERT, 202), left('a', 11, INSERT, 203)];
  assert.deepEqual(told(drive(make('inner', { ttl: [100, null] }), arrivals).rows), ['+I 10-1', '+I 11-1', '+I 11-2', '+I 11-3']);
  // A new partner touches a row of an outer side.
  assert.deepEqual(told(drive(make('left', { ttl: [100, null] }), arrivals).rows), ['+I 10-', '-D 10-', '+I 10-1', '+I 10-2', '+I 11-1', '+I 11-2', '+I 11-3']);
  assert.deepEqual(told(drive(make('inner', { ttl: [null, 100] }), arrivals).rows), ['+I 10-1', '+I 10-2', '+I 10-3', '+I 11-3']);
});

test('a row of the same unique key takes the place of the one before', () => {
  const arrivals = [left('a', 10), left('a', 11), right('a', 1)];
  assert.deepEqual(told(drive(make('inner', { identities: [[0], [0]], unique: [true, false] }), arrivals).rows), ['+I 11-1']);
});

test('keys that have come and gone are no burden, and change nothing', () => {
  const arrivals: Arrival[] = [right('keep', 7)];
  for (let n = 0; n < 9000; n += 1) arrivals.push(left(`k${n}`, n), left(`k${n}`, n, DELETE));
  arrivals.push(left('keep', 1), left('k5', 2), right('k5', 3));
  for (const restore of [false, true]) assert.deepEqual(told(drive(make('inner'), arrivals, [3000], restore).rows), ['+I 1-7', '+I 2-3']);
});

/** Few keys of many rows each, that come and go. */
const crowd = fc.array(fc.tuple(fc.constantFrom<0 | 1>(0, 1, 1), fc.constantFrom('a', 'a', 'b', 'c', null), fc.nat(99), fc.nat(3), fc.integer({ min: 0, max: 30 })), { minLength: 50, maxLength: 400 }).map((draws) => {
  const there: Record<string, number[]> = {};
  let now = 0;
  return draws.map(([side, k, v, removes, later]): Arrival => {
    now += later;
    const known = (there[`${side}${k}`] ??= []);
    const gone = removes === 0 && known.length > 0 ? known.splice(v % known.length, 1)[0]! : null;
    if (gone === null) known.push(v);
    return { side, k: k as string, ts: 0, v: gone ?? v, kind: gone === null ? INSERT : DELETE, mark: 0, now };
  });
});

test('law: it makes no difference which keys are at hand and which in pages', () => {
  const more = fc.constantFrom({}, { ttl: [900, 300] as const }, { identities: [[0, 2], [0, 2]] as const, unique: [true, true] as const });
  fc.assert(fc.property(crowd, fc.constantFrom('inner' as const, 'left' as const, 'full' as const, 'semi' as const, 'anti' as const), more, fc.constantFrom([7], [60], [1, 150]), (arrivals, type, spec, chunks) => {
    const made = make(type, spec);
    const paged = (): ReturnType<typeof made> => {
      const join = made();
      join.limitPages(tinyPages);
      return join;
    };
    const { rows } = drive(made, arrivals);
    assert.deepEqual(drive(paged, arrivals, chunks).rows, rows);
    assert.deepEqual(drive(made, arrivals, chunks, true).rows, rows);
  }), { numRuns: 60 });
});

test('of a key with many rows a checkpoint writes those beside what has changed', () => {
  const join = make('left')();
  const seen = new Set<Uint8Array>();
  const news = (arrivals: readonly Arrival[]): number => {
    drive(() => join, arrivals);
    return join.snapshot(new ByteWriter()).reduce((bytes, page) => (seen.has(page) ? bytes : (seen.add(page), bytes + page.length)), 0);
  };
  const first = news(Array.from({ length: 5000 }, (_, v) => right(v % 5 === 0 ? 'other' : 'one', v)));
  assert.equal(news([]), 0);
  const second = news([right('one', 7, DELETE), right('one', 5001)]);
  assert.ok(second > 0 && second < first / 50, `${second} of ${first} bytes`);
});
