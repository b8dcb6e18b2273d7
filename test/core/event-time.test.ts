/** Peaks of event times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { peakRows, peaksOf } from '../../src/core/event-time.js';

const time = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity) });

test('peaks are the greatest of their rows, and the least is that of all', () => {
  fc.assert(fc.property(fc.array(time, { maxLength: 3 * peakRows + 5 }), (times) => {
    const { least, greatest } = peaksOf(Float64Array.from(times));
    assert.equal(least, Math.min(...times));
    assert.deepEqual([...greatest], Array.from({ length: Math.ceil(times.length / peakRows) }, (_, index) => Math.max(...times.slice(index * peakRows, (index + 1) * peakRows))));
  }));
});

test('one that is no time shows in the least, wherever it stands', () => {
  fc.assert(fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), fc.nat(), (times, at) => {
    assert.ok(Number.isNaN(peaksOf(Float64Array.from(times).with(at % times.length, NaN)).least));
  }));
});
