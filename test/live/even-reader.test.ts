/** Partitions that are read so that they keep together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EvenReader } from '../../src/live/even-reader.js';
import type { LogMessage, LogReader } from '../../src/live/log.js';
import { MemoryLog } from './memory-log.js';
import { dayStart, outputsOf, quiet, runToEnd, specsOn, sqlOf } from './memory-run.js';

const count = 4, minute = 60_000;
const inputs = [{ topic: 'a', partitions: [0, 1, 2] }, { topic: 'b', partitions: [0] }];
const places = inputs.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** A body of the log that notes what is paused, and is told what is at its end. */
function reader(): { readonly even: EvenReader; readonly paused: Set<string>; readonly ended: Set<string> } {
  const paused = new Set<string>(), ended = new Set<string>();
  const body: LogReader = {
    emptyAnswers: 99, next: () => Promise.resolve(null), close: () => Promise.resolve(),
    pause: (topic, partition, isPaused) => void (isPaused ? paused.add(nameOf(topic, partition)) : paused.delete(nameOf(topic, partition))),
    isAtEnd: (topic, partition) => ended.has(nameOf(topic, partition)),
  };
  return { even: new EvenReader(body, inputs), paused, ended };
}

type Mark = number | 'end' | null;

/** A lane with these watermarks, place by place, far from any stop. */
const at = (...marks: readonly Mark[]) => ({ engine: { watermarks: [marks.slice(0, 3), marks.slice(3)] }, positions: [[5, 5, 5], [5]], start: { stops: null } });

/**
 * Law: whoever has more to read and may be read is paused exactly while it is more than a minute ahead of another such; so
 * the slowest never is, and reading goes on. What is held for another reason stays so.
 */
test('what is far ahead waits for what has more to read, and for nothing else', () => {
  const place = fc.record({ mark: fc.oneof(fc.integer({ min: 0, max: 5 * minute }), fc.constant(null), fc.constant('end' as const)), isEnded: fc.boolean(), isHeld: fc.boolean() });
  fc.assert(fc.property(fc.array(fc.array(place, { minLength: count, maxLength: count }), { maxLength: 6 }), (looks) => {
    const { even, paused, ended } = reader();
    for (const look of looks) {
      look.forEach(({ isEnded, isHeld }, index) => {
        const { topic, partition } = places[index]!;
        if (isEnded) ended.add(nameOf(topic, partition));
        else ended.delete(nameOf(topic, partition));
        even.pause(topic, partition, isHeld);
      });
      even.keepTogether(at(...look.map(({ mark }) => mark)));
      const numbers = look.map(({ mark }) => (mark === null ? -Infinity : mark === 'end' ? Infinity : mark));
      const slowest = Math.min(...numbers.filter((_, index) => !look[index]!.isEnded && !look[index]!.isHeld));
      const expected = places.filter((_, index) => look[index]!.isHeld || (Number.isFinite(numbers[index]) && numbers[index]! > slowest + minute));
      assert.deepEqual([...paused].sort(), expected.map(({ topic, partition }) => nameOf(topic, partition)).sort());
    }
  }));
});

test('while a part of the log is not asked for, its end is not believed', () => {
  const { even, ended, paused } = reader();
  even.keepTogether(at(0, 2 * minute, 'end', 'end'));
  assert.deepEqual([[...paused], even.emptyAnswers], [['a/1'], 0]);
  ended.add('a/0');
  even.keepTogether(at(0, 2 * minute, 'end', 'end'));
  assert.deepEqual([[...paused], even.emptyAnswers], [[], 99], 'who is read to its end keeps nobody waiting, though the watermark waits for it');
});

test('where the body does not say what is at its end, nobody waits', () => {
  const body: LogReader = { emptyAnswers: 0, next: () => Promise.resolve(null), close: () => Promise.resolve(), pause: () => assert.fail('paused') };
  new EvenReader(body, inputs).keepTogether(at(0, 5 * minute, 5 * minute, 5 * minute));
});

test('who has read what belongs to the run keeps nobody waiting, though its topic goes on', () => {
  const { even, paused } = reader();
  const lane = at(0, 2 * minute, 2 * minute, 2 * minute);
  const stops = places.map((place) => ({ ...place, offset: 9 }));
  even.keepTogether({ ...lane, start: { stops } });
  assert.equal(paused.size, 3);
  even.keepTogether({ ...lane, positions: [[9, 5, 5], [5]], start: { stops } });
  assert.equal(paused.size, 0);
});

/** One lane over partitions whose rows are as far apart, in seconds, as `spacing` says. */
async function runOver(spacing: readonly number[], seconds: number): Promise<{ readonly drift: number; readonly log: MemoryLog }> {
  const log = new MemoryLog();
  await log.create('ticks', spacing.length);
  const producer = await log.producer('ticks');
  const messages = spacing.flatMap((apart, partition) => Array.from({ length: Math.ceil(seconds / apart) }, (_, index): LogMessage =>
    ({ topic: 'ticks', partition, key: null, value: Buffer.from(JSON.stringify({ symbol: `S${partition}`, price: (index * 37) % 100, event_time: new Date(dayStart + index * apart * 1000).toISOString().slice(0, 23) })) })));
  await producer.commit(messages, null);
  const left = spacing.map((apart) => Math.ceil(seconds / apart));
  let drift = 0;
  const sql = sqlOf().replace(", 'key.fields' = 'symbol'", '');
  await runToEnd(log, (await specsOn(log, { sql }))(0), { ...quiet, onStep: (_lane, { record }) => {
    for (const { partition, rows } of record.slices) left[partition]! -= rows;
    const [marks] = record.watermarks as (number | null)[][];
    const reading = marks!.filter((_, partition) => left[partition]! > 0).map((mark) => mark ?? dayStart);
    if (reading.length > 1) drift = Math.max(drift, Math.max(...reading) - Math.min(...reading));
  } });
  assert.deepEqual(left, left.map(() => 0), 'all rows are read');
  return { drift, log };
}

/** Rows of one fetch, which come all the same: see MemoryLog. */
const fetched = 7;

test('a lane reads all of partitions that go at different paces, none far ahead of what is left of the others', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 4 }), async (spacing) => {
    const { drift, log } = await runOver(spacing, 400);
    assert.ok(drift <= minute + (fetched + 1) * 1000 * Math.max(...spacing), `${drift} ms of event time`);
    assert.equal(outputsOf(log)['run-late']![0]!.length, 0);
  }), { numRuns: 20 });
});
