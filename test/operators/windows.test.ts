/** Window arithmetic against the definition: every start that could hold the time is tried. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AlignedWindow } from '../../src/plan/plan.js';
import { WindowEnds } from '../../src/operators/window-ends.js';
import { floorTo, windowsOf } from '../../src/operators/windows.js';

const specs: fc.Arbitrary<AlignedWindow> = fc.record({
  kind: fc.constantFrom('tumble' as const, 'hop' as const, 'cumulate' as const), part: fc.integer({ min: 1, max: 50 }), times: fc.integer({ min: 1, max: 6 }),
  rest: fc.integer({ min: 0, max: 30 }), offset: fc.integer({ min: -400, max: 400 }),
}).map(({ kind, part, times, rest, offset }) => {
  // HOP in GROUP BY need not be a multiple of its slide.
  const size = part * times + (kind === 'hop' ? rest : 0);
  if (kind === 'tumble') return { kind, size, offset };
  return kind === 'hop' ? { kind, size, slide: part, offset } : { kind, size, step: part, offset };
});

/** [start, end) of each window that holds `time`, by the words of Flink's documentation. */
function defined(spec: AlignedWindow, time: number): string[] {
  const every = spec.kind === 'hop' ? spec.slide : spec.size;
  const found: [number, number][] = [];
  for (let k = Math.floor((time - spec.offset - 2 * spec.size) / every); spec.offset + k * every <= time; k += 1) {
    const start = spec.offset + k * every;
    if (time >= start + spec.size) continue;
    const step = spec.kind === 'cumulate' ? spec.step : spec.size;
    for (let end = start + step; end <= start + spec.size; end += step) if (time < end) found.push([start, end]);
  }
  return found.sort((a, b) => a[1] - b[1]).map((window) => window.join());
}

test('the windows of a time are those of the definition, before 1970 as well', () => {
  fc.assert(fc.property(specs, fc.integer({ min: -5000, max: 5000 }), (spec, time) => {
    const windows = windowsOf(spec);
    const pane = floorTo(time, windows.pane, windows.offset) + windows.pane;
    const found: string[] = [];
    for (let end = windows.firstEnd(pane); end <= windows.lastEnd(pane); end += windows.stride) found.push([windows.startOf(end), end].join());
    assert.deepEqual(found, defined(spec, time));
  }), { numRuns: 1000 });
});

test('floorTo rounds down on both sides of 1970', () => {
  assert.deepEqual([-61_000, -60_000, -1, 0, 59_999, 60_000].map((time) => floorTo(time, 60_000, 0)), [-120_000, -60_000, -60_000, 0, 0, 60_000]);
  assert.equal(floorTo(0, 86_400_000, 5 * 3_600_000), -19 * 3_600_000);
});

test('ends come out in order, each once', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: -20, max: 20 }), fc.constant('take' as const))), (acts) => {
    const ends = new WindowEnds();
    const model = new Set<number>();
    for (const act of acts) {
      if (act !== 'take') {
        ends.add(act);
        model.add(act);
      } else if (model.size > 0) {
        const least = Math.min(...model);
        assert.equal(ends.take(), least);
        model.delete(least);
      }
      assert.equal(ends.first, Math.min(Infinity, ...model));
      assert.deepEqual(ends.ascending(), [...model].sort((a, b) => a - b));
    }
  }));
});
