/** Partitions that wait for what their next message needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldPieces } from '../../src/live/held.js';
import type { LogReader } from '../../src/live/log.js';
import type { LaneInput, Piece } from '../../src/live/rerun.js';

/** Records whose value is the id of their schema; an id can be read once it is `known`. */
function held(known: ReadonlySet<number>): { readonly pieces: HeldPieces; readonly paused: Set<number> } {
  const paused = new Set<number>();
  const reader = { pause: (_topic: string, partition: number, isPaused: boolean) => void (isPaused ? paused.add(partition) : paused.delete(partition)) } as unknown as LogReader;
  const decoder = { ready: (records: readonly { readonly value: Buffer }[]) => records.findIndex(({ value }) => !known.has(value[0]!)) };
  const ready = (records: readonly { readonly value: Buffer }[]): number => (decoder.ready(records) < 0 ? records.length : decoder.ready(records));
  const input = { table: 't', topic: 't', partitions: [0, 1, 2], decoder: { ready } } as unknown as LaneInput;
  return { pieces: new HeldPieces([input], reader), paused };
}

const piece = (partition: number, first: number, ids: readonly number[]): Piece =>
  ({ input: 0, partition, at: 0, records: ids.map((id, index) => ({ offset: first + index, key: null, value: Buffer.from([id]), timestamp: 0 })) });

/** Law: whatever becomes known when, each partition's records leave once, in order, and none before its schema is known. */
test('every record leaves once, in the order of its partition', () => {
  const arrival = fc.record({ partition: fc.nat(2), ids: fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }) });
  const event = fc.oneof(arrival, fc.nat(4));
  fc.assert(fc.property(fc.array(event, { maxLength: 30 }), (events) => {
    const known = new Set<number>();
    const { pieces, paused } = held(known);
    const next = [0, 0, 0], left = [0, 0, 0];
    const take = (found: Piece | null): void => {
      for (const { offset, value } of found?.records ?? []) {
        assert.equal(offset, left[found!.partition]);
        assert.ok(known.has(value![0]!));
        left[found!.partition]! += 1;
      }
    };
    const drain = (): void => {
      for (let found = pieces.next(); found !== null; found = pieces.next()) take(found);
    };
    for (const each of events) {
      if (typeof each === 'number') known.add(each);
      else {
        take(pieces.admit(piece(each.partition, next[each.partition]!, each.ids)));
        next[each.partition]! += each.ids.length;
      }
      if (typeof each === 'number') drain();
      assert.equal(pieces.isEmpty, left.every((count, partition) => count === next[partition]));
    }
    for (let id = 0; id <= 4; id += 1) known.add(id);
    drain();
    assert.deepEqual(left, next);
    assert.ok(pieces.isEmpty && paused.size === 0);
  }));
});

test('a partition that waits is paused, the others pass', () => {
  const known = new Set([1]);
  const { pieces, paused } = held(known);
  assert.equal(pieces.admit(piece(0, 0, [1, 1, 2, 1]))!.records.length, 2);
  assert.equal(pieces.admit(piece(0, 4, [1])), null);
  assert.equal(pieces.admit(piece(1, 0, [1]))!.records.length, 1);
  assert.deepEqual([...paused], [0]);
  assert.equal(pieces.next(), null);
  known.add(2);
  assert.deepEqual([pieces.next(), pieces.next(), pieces.next()].map((each) => each?.records.map(({ offset }) => offset)), [[2, 3], [4], undefined]);
  assert.equal(paused.size, 0);
});
