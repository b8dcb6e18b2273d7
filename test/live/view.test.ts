/** The screen of a live run: it fits whatever the terminal is, and says what stands in a look. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LaneLook, LiveStatus } from '../../src/live/meter-status.js';
import { liveFrame, type LiveView } from '../../src/live/view.js';

const lane = (number: number): LaneLook => ({
  lane: number, phase: 'fetch', seq: 12, rows: 1234, positions: [{ topic: 'ticks', partition: number, offset: 99 }], watermark: Date.UTC(2026, 2, 2, 14, 30), backpressureMillis: 0,
  checkpoint: { seq: 10, bytes: 2_500_000, millis: 30, at: Date.UTC(2026, 2, 2, 14, 30, 1) }, lag: number,
});

const statusOf = (lanes: number): LiveStatus => ({
  group: 'td\u001b[2J', at: Date.UTC(2026, 2, 2, 14, 30, 5), upSeconds: 3725, rows: 1_234_567, backlog: 0, steps: 10, late: 0, deadLetters: 2, changeGaps: 0, taken: 1, rowsPerSecond: 2000, outputsPerSecond: 45,
  outputs: [{ table: 'vwap_1m', rows: 1200 }], lag: 20_000, lanes: Array.from({ length: lanes }, (_, index) => lane(index)),
  latency: { total: { count: 10, p50: 12.34, p90: 20, p99: 1203.4, p999: 1300, max: 1400 } }, backpressure: 0.25, longestPauseMillis: 12, rssBytes: 180e6,
});

const viewOf = (lanes: number, message: string | null = null): LiveView => ({
  status: statusOf(lanes), message,
  alerts: { alerts: [{ time: '14:30:01.000', symbol: 'AAPL', kind: 'PRICE_SPIKE', text: 'price 100' }], alertCounts: [['PRICE_SPIKE', 1]], latest: [] },
});

test('a frame has exactly as many lines as the screen, none wider, and nothing that a terminal obeys', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 20, max: 200 }), fc.integer({ min: 5, max: 60 }), fc.option(fc.string()), (lanes, width, height, message) => {
    const lines = liveFrame(viewOf(lanes, message), width, height, false);
    assert.equal(lines.length, height);
    for (const line of lines) assert.ok([...line].length <= width && !/[\u0000-\u001f\u007f-\u009f]/.test(line), line);
  }));
});

test('what a person looks for stands there', () => {
  const text = liveFrame(viewOf(2), 130, 30, false).join('\n');
  for (const wanted of [/up 1:02:05/, /in 1\.23 M, 2\.00 k\/s {3}out 1\.20 k, 45\/s {3}lag 20\.0 k {3}late 0 {3}dead letters 2/, /send to committed +12 +20 +1,203 +1,300 +1,400 +100 ms ✗/, /0 +fetch +12 +1\.23 k +0 {2}03-02 14:30:00/, /4\.0 s ago, 2\.5 MB/, /AAPL +PRICE_SPIKE/, /backpressure 25 %/]) assert.match(text, wanted);
  assert.match(liveFrame(viewOf(30), 130, 30, false).join('\n'), /and 22 more lanes with less lag/);
  assert.match(liveFrame(viewOf(1, 'lane 0 is taken'), 130, 30, false).at(-1)!, /lane 0 is taken/);
});
