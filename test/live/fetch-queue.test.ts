/** What waits between a client and a lane. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { FetchQueue } from '../../src/live/fetch-queue.js';
import type { LogFetch } from '../../src/live/log.js';

/** `first`: its first offset. */
const fetchOf = (first: number, count: number): LogFetch =>
  ({ topic: 't', partition: 0, records: Array.from({ length: count }, (_, index) => ({ offset: first + index, key: null, value: null, timestamp: 0 })) });

const unlimited = { recordsMax: Infinity, bytesMax: Infinity };

/** Law: what is pushed is taken once and in order, and there is room exactly while less than the limits waits. */
test('a queue gives what it was given, and has room while less than its limits waits', async () => {
  const push = fc.record({ count: fc.integer({ min: 1, max: 5 }), bytes: fc.nat(40) });
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(push, fc.constant('take' as const)), { maxLength: 40 }), async (events) => {
    const queue = new FetchQueue({ recordsMax: 8, bytesMax: 60 });
    const waiting: { readonly fetch: LogFetch; readonly bytes: number }[] = [];
    for (const event of events) {
      if (event === 'take') assert.equal(await queue.next(0), waiting.shift()?.fetch ?? null);
      else {
        const fetch = fetchOf(0, event.count);
        queue.push(fetch, event.bytes);
        waiting.push({ fetch, bytes: event.bytes });
      }
      const records = waiting.reduce((sum, { fetch }) => sum + fetch.records.length, 0), bytes = waiting.reduce((sum, each) => sum + each.bytes, 0);
      assert.equal(queue.hasRoom, records < 8 && bytes < 60);
      assert.equal(queue.isEmpty, waiting.length === 0);
    }
  }));
});

test('who waits is woken by what comes, by the end, or by nothing but the time', async () => {
  const queue = new FetchQueue(unlimited);
  assert.equal(await queue.next(1), null);
  const coming = queue.next(60_000);
  queue.push(fetchOf(7, 1), 1);
  assert.equal((await coming)!.records[0]!.offset, 7);
  const last = queue.next(60_000);
  queue.close();
  assert.equal(await last, null);
  assert.equal(await queue.next(60_000), null, 'nobody waits for a queue that is closed');
});

test('all readers that wait for room go on once there is some, and none before', async () => {
  const queue = new FetchQueue({ recordsMax: 3, bytesMax: Infinity });
  for (const first of [0, 2, 4]) queue.push(fetchOf(first, 2), 1);
  let waiting = 2;
  const rooms = [1, 2].map(() => queue.room(60_000).then(() => { waiting -= 1; }));
  await queue.next(0);
  await queue.room(1);
  assert.deepEqual([waiting, queue.hasRoom], [2, false], 'there are still four records');
  await queue.next(0);
  await Promise.all(rooms);
  assert.deepEqual([waiting, queue.hasRoom], [0, true]);
  queue.push(fetchOf(6, 3), 1);
  const closed = queue.room(60_000);
  queue.close();
  await closed;
});

test('a failure is told after what came before it, and what comes after it is not taken in', async () => {
  const queue = new FetchQueue({ recordsMax: 1, bytesMax: Infinity });
  queue.push(fetchOf(0, 1), 1);
  const room = queue.room(60_000);
  queue.fail(new TapewrightError('SOURCE_GAP', 'offset 1 is gone'));
  await room;
  queue.fail(new TapewrightError('KAFKA_UNREACHABLE', 'a later one'));
  queue.push(fetchOf(5, 1), 1);
  assert.equal((await queue.next(60_000))!.records[0]!.offset, 0);
  for (let again = 0; again < 2; again += 1) await assert.rejects(queue.next(60_000), { code: 'SOURCE_GAP' });
});
