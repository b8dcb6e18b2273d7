/** Where nothing tells of transactions, places and times tell what came again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ChangePlaces } from '../../src/cdc/change-by-change.js';

test('what a restarted connector sends again is a repeat; what a restored server writes in the same places is none', () => {
  const places = new ChangePlaces();
  const isRepeat = (lsn: number, lastCommit: number | null, order: number, time: number): boolean =>
    places.isRepeat({ kind: 'change', topic: 't', partition: 0, offset: 0, table: 'public.t', xid: '7', order, lsn, lastCommit, time, snapshot: null, run: null });
  assert.deepEqual([isRepeat(10, null, 1, 100), isRepeat(20, null, 2, 100), isRepeat(15, 30, 1, 110)], [false, false, false]);
  assert.deepEqual([isRepeat(20, null, 2, 100), isRepeat(15, 30, 1, 110), isRepeat(25, 30, 2, 110)], [true, true, false]);
  assert.deepEqual([isRepeat(10, null, 1, 900), isRepeat(20, null, 2, 900), isRepeat(20, null, 2, 900)], [false, false, true]);
});
