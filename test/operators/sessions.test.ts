/** The list of sessions against their definition: rows in order of time, cut where two are more than the gap apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Sessions } from '../../src/operators/sessions.js';

const rows = fc.array(fc.record({ id: fc.nat(2), time: fc.integer({ min: -60, max: 60 }) }), { maxLength: 40 });

function defined(given: readonly { readonly id: number; readonly time: number }[], gap: number): string[] {
  const found: { id: number; start: number; end: number }[] = [];
  for (const { id, time } of [...given].sort((a, b) => a.id - b.id || a.time - b.time)) {
    const last = found.at(-1);
    if (last !== undefined && last.id === id && time <= last.end) last.end = time + gap;
    else found.push({ id, start: time, end: time + gap });
  }
  return found.sort((a, b) => a.end - b.end || a.id - b.id).map(({ id, start, end }) => `${id}: ${start} ${end}`);
}

/** What is due by `watermark`, least end first. */
function taken(sessions: Sessions, watermark: number): string[] {
  const found: { id: number; start: number; end: number }[] = [];
  for (let slot = sessions.take(watermark); slot >= 0; slot = sessions.take(watermark)) {
    found.push({ id: sessions.ids[slot]!, start: sessions.starts[slot]!, end: sessions.ends[slot]! });
    sessions.free(slot);
  }
  assert.deepEqual(found.map(({ end }) => end), found.map(({ end }) => end).sort((a, b) => a - b), 'least end first');
  return found.sort((a, b) => a.end - b.end || a.id - b.id).map(({ id, start, end }) => `${id}: ${start} ${end}`);
}

function take(sessions: Sessions, { id, time }: { readonly id: number; readonly time: number }): void {
  const slot = sessions.touching(id, time);
  if (slot < 0) sessions.open(id, time);
  else sessions.widen(slot, time);
}

test('in whatever order rows come, their sessions are those of the definition', () => {
  fc.assert(fc.property(rows, fc.integer({ min: 1, max: 30 }), (given, gap) => {
    const sessions = new Sessions(gap);
    for (const row of given) take(sessions, row);
    assert.deepEqual(taken(sessions, Infinity), defined(given, gap));
    assert.deepEqual(sessions.live(), []);
  }));
});

test('what fires in between is no more, and slots are used again', () => {
  fc.assert(fc.property(rows, rows, fc.integer({ min: 1, max: 30 }), (first, second, gap) => {
    const sessions = new Sessions(gap);
    for (const row of first) take(sessions, row);
    const before = taken(sessions, 60 + gap);
    const size = sessions.size;
    // Far enough that none of the first touches any of the second.
    const later = second.map(({ id, time }) => ({ id, time: time + 1000 }));
    for (const row of later) take(sessions, row);
    assert.deepEqual([...before, ...taken(sessions, Infinity)], [...defined(first, gap), ...defined(later, gap)]);
    assert.ok(sessions.size <= Math.max(size, later.length));
  }));
});
