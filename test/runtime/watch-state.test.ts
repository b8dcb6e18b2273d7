import assert from 'node:assert/strict';
import test from 'node:test';
import { batchOf, Dictionary, type Column } from '../../src/core/batch.js';
import { decimalType, sqlType, timestampType, type Schema } from '../../src/core/types.js';
import type { SliceRows } from '../../src/engine/scan-batch.js';
import { Watch, type WatchedRun } from '../../src/runtime/watch-state.js';
import { cellText, realText } from '../../src/runtime/watch-text.js';

const base = Date.UTC(2026, 2, 2, 14, 30);
const progress = { rows: 0, rowsTotal: null, eventTime: base, late: 0 };
const trades: Schema = [{ name: 'symbol', type: sqlType('STRING') }, { name: 'price', type: sqlType('DOUBLE') }, { name: 'volume', type: sqlType('BIGINT') }, { name: 'event_type', type: sqlType('STRING') }];
const alerts: Schema = [{ name: 'symbol', type: sqlType('STRING') }, { name: 'alert_type', type: sqlType('STRING') }, { name: 'event_time', type: timestampType(6) }, { name: 'score', type: sqlType('DOUBLE') }];
const run = (schema: Schema = trades): WatchedRun => ({
  name: 'test', speed: 1, lanes: 1, inputs: [{ schema, hasWatermark: true }],
  sinks: [{ name: 'candles', schema: [{ name: 'window_start', type: timestampType(3) }], primaryKey: [], options: {}, changes: 'none' }, { name: 'alerts', schema: alerts, primaryKey: [], options: {}, changes: 'none' }],
});

const dictionary = new Dictionary();
const coded = (values: readonly (string | null)[]): Column => ({ storage: 'text', values: Int32Array.from(values, (text) => dictionary.intern(text)), dictionary });
const texts = (values: readonly (string | null)[]): Column => ({ storage: 'text', values, dictionary: null });
const numbers = (values: readonly (number | null)[]): Column => ({ storage: 'real', values: Float64Array.from(values, (value) => value ?? 0), nulls: Uint8Array.from(values, (value) => Number(value === null)) });

/** Rows a second apart, each watermark five seconds behind. */
function slice(columns: readonly Column[], length: number): SliceRows {
  const time = Float64Array.from({ length }, (_, row) => base + 1_000 * row);
  return { batch: { input: 0, partition: 0, batch: batchOf(length, columns), time, greatest: Math.max(...time), marks: null, delay: 5_000, marksBefore: [], position: 0, positions: null }, from: 0, to: length };
}

test('the tape has the newest trade first, with its tick; quotes are no trades', () => {
  const watch = new Watch(run());
  watch.takeRows(0, slice([coded(['A', 'B', 'A', 'A', 'A']), numbers([10, 5, 99, 10.5, 10]), numbers([100, 1, 0, 200, 0]), coded(['TRADE', 'TRADE', 'QUOTE', 'TRADE', 'TRADE'])], 5));
  const { tape, movers, watermark } = watch.state(progress, 0);
  assert.deepEqual(tape.map(({ time, symbol, text, tick }) => [time, symbol, text, tick]), [
    ['14:30:04.000', 'A', '10', -1], ['14:30:03.000', 'A', '10.5 × 200', 1], ['14:30:01.000', 'B', '5 × 1', 0], ['14:30:00.000', 'A', '10 × 100', 0],
  ]);
  assert.deepEqual(movers.map(({ symbol, first, last }) => [symbol, first, last]), [['A', 10, 10], ['B', 5, 5]]);
  assert.equal(watermark, base - 1_000);
});

test('quotes move by the middle of bid and ask, and a table without symbols is one', () => {
  const schema: Schema = [{ name: 'bid', type: decimalType(10, 2) }, { name: 'ask', type: decimalType(10, 2) }];
  const watch = new Watch(run(schema));
  watch.takeRows(0, slice([numbers([100, 200, null]), numbers([102, 208, 1])], 3));
  const { tape, movers } = watch.state(progress, 0);
  assert.deepEqual(tape.map(({ text, tick }) => [text, tick]), [['– / 0.01', 0], ['2 / 2.08', 1], ['1 / 1.02', 0]]);
  assert.deepEqual(movers.map(({ first, last }) => [first, last]), [[1.01, 2.04]]);
});

test('those that moved most come first, whichever way; a price of nothing moves nowhere', () => {
  const watch = new Watch(run());
  watch.takeRows(0, slice([texts(['A', 'B', 'C', 'Z', 'A', 'B', 'C']), numbers([10, 10, 10, 0, 10.1, 8, 11]), numbers([1, 1, 1, 1, 1, 1, 1]), texts([null, null, null, null, null, null, null])], 7));
  assert.deepEqual(watch.state(progress, 0).movers.map(({ symbol }) => symbol), ['B', 'C', 'A']);
});

test('alerts are counted by kind, and every output by its rows', () => {
  const watch = new Watch(run());
  const micros: Column = { storage: 'int64', values: Float64Array.of((base + 250) * 1_000, base * 1_000), nulls: null };
  for (let step = 0; step < 2; step += 1) watch.takeStep({ outputs: [{ table: 1, batch: batchOf(2, [texts(['A', null]), texts(['SPIKE', step === 0 ? 'SPIKE' : null]), micros, numbers([4.25, null])]) }, { table: 0, batch: batchOf(1, [numbers([base])]) }] });
  const state = watch.state(progress, 0);
  assert.deepEqual(state.alertCounts, [['SPIKE', 3], ['NULL', 1]]);
  assert.deepEqual(state.outputs, [{ name: 'candles', rows: 2 }, { name: 'alerts', rows: 4 }]);
  assert.deepEqual(state.alerts.slice(0, 2), [{ time: '14:30:00.000', symbol: 'NULL', kind: 'NULL', text: 'score –' }, { time: '14:30:00.250', symbol: 'A', kind: 'SPIKE', text: 'score 4.25' }]);
  assert.deepEqual(state.latest[0], { output: 'candles', text: '14:30:00.000' });
});

test('a day of rows takes no more memory than a screen', () => {
  const watch = new Watch(run());
  for (let step = 0; step < 50; step += 1) watch.takeRows(0, slice([coded(Array.from({ length: 500 }, (_, row) => `S${row % 100}`)), numbers(Array.from({ length: 500 }, (_, row) => row + 1)), numbers(Array(500).fill(1)), coded(Array(500).fill('TRADE'))], 500));
  const { tape, movers } = watch.state(progress, 0);
  assert.deepEqual([tape.length, movers.length, movers.every(({ samples }) => samples.length <= 40)], [60, 60, true]);
});

test('values are short', () => {
  assert.deepEqual([1284.2350000000001, 1.38665, 0, NaN, 1e21, 2 / 3].map(realText), ['1284.235', '1.38665', '0', 'NaN', '1e+21', '0.6666667']);
  assert.deepEqual([cellText(sqlType('BOOLEAN'), 1), cellText(decimalType(10, 3), 1_500), cellText(sqlType('DATE'), 1), cellText(timestampType(9), 1_500_000_000n), cellText(sqlType('BIGINT'), 2n ** 60n)], ['true', '1.5', '1970-01-02', '00:00:01.500', '1152921504606846976']);
});
