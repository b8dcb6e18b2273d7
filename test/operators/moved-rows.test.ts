/** A row whose key changes, and the long text that its create lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { MovedRows, leftOut } from '../../src/operators/moved-rows.js';

const moved = (place: string): string => JSON.stringify({ left: [], moved: place });

test('a row is there for the create that goes with its delete, once, also after a checkpoint', () => {
  const rows = new MovedRows();
  rows.leave('["note"]', () => assert.fail('it is no change of a key'));
  rows.leave(null, () => assert.fail('it is no change of a key'));
  rows.leave(moved('7'), () => [1, 'long', null, 2n ** 60n]);
  rows.leave(moved('8'), () => [2, 'text', null, 0.5]);
  const writer = new ByteWriter(16);
  rows.snapshot(writer);
  const restored = new MovedRows();
  restored.restore(new ByteReader(writer.written()));
  assert.deepEqual(restored.arrive(leftOut(moved('8'))), [2, 'text', null, 0.5]);
  assert.equal(restored.arrive(leftOut(moved('8'))), null);
  assert.equal(restored.arrive(leftOut('["note"]')), null);
  assert.deepEqual(restored.arrive(leftOut(moved('7'))), [1, 'long', null, 2n ** 60n]);
});

test('rows that nothing comes for are forgotten, the oldest first', () => {
  const rows = new MovedRows();
  for (let place = 0; place < 100; place += 1) rows.leave(moved(String(place)), () => [place]);
  assert.equal(rows.arrive(leftOut(moved('0'))), null);
  assert.deepEqual(rows.arrive(leftOut(moved('99'))), [99]);
});
