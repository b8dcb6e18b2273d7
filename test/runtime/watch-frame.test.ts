/** A screen of a watched run, as it looks. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { watchFrame } from '../../src/runtime/watch-frame.js';
import type { WatchState } from '../../src/runtime/watch-state.js';

const state: WatchState = {
  name: 'trading-day', speed: 1, rate: 1_234, watermark: Date.UTC(2026, 2, 2, 14, 31, 2, 250), message: null,
  progress: { rows: 250_000, rowsTotal: 2_000_000, eventTime: Date.UTC(2026, 2, 2, 14, 31, 7, 250), late: 12, lagMs: 40 },
  tape: [
    { time: '14:31:07.250', symbol: 'AAPL', text: '187.25 × 100', tick: 1 }, { time: '14:31:07.101', symbol: 'T', text: '17.5 × 2500', tick: -1 },
    { time: '14:31:06.990', symbol: 'AAPL', text: '187.24 × 300', tick: 0 },
  ],
  alerts: [{ time: '14:31:05.000', symbol: 'TSLA', kind: 'PRICE_SPIKE', text: 'price 201.5  volume 100  price_zscore 4.2' }, { time: '14:30:59.000', symbol: 'T', kind: 'VOLUME_SURGE', text: 'price 17.5  volume 90000' }],
  alertCounts: [['PRICE_SPIKE', 3], ['VOLUME_SURGE', 1]], latest: [],
  outputs: [{ name: 'vwap_1m', rows: 1_200 }, { name: 'anomaly_alerts', rows: 4 }],
  movers: [{ symbol: 'TSLA', first: 200, last: 201.5, samples: [200, 200.5, 201, 199] }, { symbol: 'AAPL', first: 190, last: 187.25, samples: [190, 188] }],
};

test('a wide screen has tape and movers side by side, alerts below', () => {
  assert.deepEqual(watchFrame(state, 100, 14, false), [
    ' trading-day  1 × real time                                                 2026-03-02 14:31:07.250',
    ' ━━━───────────────────  12 %   250 k rows   1.23 k rows/s   watermark −5.0 s   lag 40 ms   12 late',
    '',
    ' TAPE                                          TOP MOVERS, since the view began',
    ' 14:31:07.250  AAPL  ▲ 187.25 × 100            TSLA   201.5     +0.75 %  ▄▅▇▁█',
    ' 14:31:07.101  T     ▼ 17.5 × 2500             AAPL  187.25     −1.45 %  █▃▁',
    ' 14:31:06.990  AAPL    187.24 × 300',
    '', '', '',
    ' LAST ALERTS  PRICE_SPIKE 3   VOLUME_SURGE 1',
    ' 14:31:05.000  TSLA  PRICE_SPIKE   price 201.5  volume 100  price_zscore 4.2',
    ' 14:30:59.000  T     VOLUME_SURGE  price 17.5  volume 90000',
    ' vwap_1m 1.20 k   anomaly_alerts 4',
  ]);
});

test('a narrow one has them one under the other; without alerts the last outputs; what the run says stands at the foot', () => {
  const quiet: WatchState = {
    ...state, speed: null, alerts: [], alertCounts: [], latest: [{ output: 'vwap_1m', text: 'AAPL  14:30:00.000  187.2' }], message: 'Stopping.', progress: { ...state.progress, rowsTotal: null },
  };
  assert.deepEqual(watchFrame(quiet, 60, 14, false), [
    ' trading-day  as fast as it goes    2026-03-02 14:31:07.250',
    ' 250 k rows   1.23 k rows/s   watermark −5.0 s   lag 40 ms …',
    '',
    ' TOP MOVERS, since the view began',
    ' TSLA  201.5     +0.75 %  ▄▅▇▁█',
    '',
    ' TAPE',
    ' 14:31:07.250  AAPL  ▲ 187.25 × 100',
    '',
    ' LAST OUTPUTS',
    ' vwap_1m  AAPL  14:30:00.000  187.2',
    '', '',
    ' Stopping.',
  ]);
});

test('no line is wider and no screen higher than there is room, and only colours are escapes', () => {
  const nasty = fc.constantFrom('A', 'a\u001b[2Jb', '', 'ünïcode', '\n', 'x'.repeat(200));
  const row = fc.record({ time: fc.constant('14:31:07.250'), symbol: nasty, text: nasty, kind: nasty, output: nasty, tick: fc.constantFrom(-1, 0, 1) });
  fc.assert(fc.property(fc.array(row, { maxLength: 30 }), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }), fc.boolean(), nasty, (rows, width, height, colours, message) => {
    const movers = rows.map(({ symbol }) => ({ symbol, first: 1, last: 1.5, samples: [1, 2] }));
    const lines = watchFrame({ ...state, name: message, tape: rows, alerts: rows, latest: rows, movers, message, alertCounts: rows.map(({ kind }) => [kind, 1]) }, width, height, colours);
    assert.ok(lines.length <= height);
    // Only what sets a colour may be there, so nothing is left of it once those are gone.
    const bare = lines.map((line) => (colours ? line.replace(/\u001b\[\d+m/g, '') : line));
    for (const line of bare) assert.ok([...line].length <= width && !/[\u0000-\u001f\u007f]/.test(line), JSON.stringify(line));
    assert.deepEqual(bare.map((line) => line.trimEnd()), watchFrame({ ...state, name: message, tape: rows, alerts: rows, latest: rows, movers, message, alertCounts: rows.map(({ kind }) => [kind, 1]) }, width, height, false));
  }), { numRuns: 200 });
});
