/** Alerts against labels: what DuckDB counts is what the definition says, one pair at a time. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import fc from 'fast-check';
import { sqlType, timestampType, type Field } from '../../src/core/types.js';
import type { SinkTable } from '../../src/plan/plan.js';
import { accuracyText, millisText } from '../../src/report/accuracy-text.js';
import { alertOutputs, judgeAlerts, ratio, type Accuracy, type AskedSpan, type TypeAccuracy } from '../../src/report/accuracy.js';
import { defaultRules, type AccuracyRules } from '../../src/scenario/accuracy.js';
import { withBundle } from '../../src/sinks/query.js';
import { openDuck } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { temporaryFolder } from '../sources/files.js';

interface Label {
  readonly type: string;
  readonly symbol: string | null;
  readonly from: number;
  readonly to: number;
}

interface Alert {
  readonly type: string | null;
  readonly symbol: string | null;
  readonly time: number | null;
}

const text = (name: string): Field => ({ name, type: sqlType('STRING') });
const time = (name: string): Field => ({ name, type: timestampType(3) });
const alerts: SinkTable = { name: 'alerts', schema: [text('symbol'), text('anomaly_type'), time('window_start'), time('event_time')], primaryKey: [], options: {}, changes: 'none' };
const candles: SinkTable = { name: 'candles', schema: [text('symbol'), time('window_start')], primaryKey: [], options: {}, changes: 'none' };

/** A bundle's folder with these labels and alerts, judged. */
async function judged(labels: readonly Label[], rows: readonly Alert[], rules: AccuracyRules = defaultRules, span: AskedSpan = { from: null, to: null }): Promise<Accuracy> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'outputs'));
  mkdirSync(join(folder, 'labels'));
  const cell = (value: string | null): string => (value === null ? 'NULL' : quoteText(value));
  const at = (millis: number | null): string => (millis === null ? 'NULL' : `make_timestamp_ms(${millis})`);
  await write(join(folder, 'labels', 'a.parquet'), 'type VARCHAR, symbol VARCHAR, from_time TIMESTAMP, to_time TIMESTAMP, size DOUBLE', labels.map(({ type, symbol, from, to }) => `(${cell(type)}, ${cell(symbol)}, ${at(from)}, ${at(to)}, 1)`));
  await write(join(folder, 'outputs', 'alerts.parquet'), 'symbol VARCHAR, anomaly_type VARCHAR, window_start TIMESTAMP, event_time TIMESTAMP', rows.map((row) => `(${cell(row.symbol)}, ${cell(row.type)}, NULL, ${at(row.time)})`));
  return withBundle(folder, 256, (query) => judgeAlerts([candles, alerts], rules, span, query));
}

async function write(path: string, columns: string, rows: readonly string[]): Promise<void> {
  const duck = await openDuck({ files: [path] });
  await duckdb.query(duck.connection, `CREATE TABLE t (${columns})`);
  if (rows.length > 0) await duckdb.query(duck.connection, `INSERT INTO t VALUES ${rows.join(', ')}`);
  await duckdb.query(duck.connection, `COPY t TO ${quoteText(path)} (FORMAT parquet)`);
  duck.close();
}

/** As the definition reads. */
function expected(labels: readonly Label[], rows: readonly Alert[], { types, toleranceMs }: AccuracyRules): Pick<Accuracy, 'types' | 'notJudged'> {
  const names = [...new Set([...labels.map(({ type }) => type), ...Object.keys(types)])].sort();
  const stands = (label: string, alert: string): boolean => (types[label] ?? [label]).includes(alert);
  const finds = (alert: Alert, label: Label): boolean => alert.type !== null && alert.time !== null && stands(label.type, alert.type)
    && (label.symbol === null || label.symbol === alert.symbol) && alert.time >= label.from && alert.time <= label.to + toleranceMs;
  const usable = rows.filter((row) => row.type !== null && row.time !== null);
  const found = names.map((type): TypeAccuracy => {
    const own = labels.filter((label) => label.type === type);
    const delays = own.flatMap((label) => {
      const times = usable.filter((alert) => finds(alert, label)).map((alert) => alert.time! - label.from);
      return times.length === 0 ? [] : [Math.min(...times)];
    }).sort((a, b) => a - b);
    const matched = usable.filter((alert) => own.some((label) => finds(alert, label)));
    const counted = usable.filter((alert) => stands(type, alert.type!) && (matched.includes(alert) || !labels.some((label) => finds(alert, label))));
    const at = (share: number): number => delays[Math.ceil(Math.round(delays.length * share * 10) / 10) - 1]!;
    return {
      type, labels: own.length, found: delays.length, alerts: counted.length, matched: matched.length,
      precision: ratio(matched.length, counted.length), recall: ratio(delays.length, own.length),
      delayMs: delays.length === 0 ? null : { median: at(0.5), p90: at(0.9), max: delays.at(-1)! },
    };
  });
  const strange = usable.map(({ type }) => type!).filter((type) => !names.some((label) => stands(label, type)));
  return { types: found, notJudged: [...new Set(strange)].sort().map((type) => ({ type, alerts: strange.filter((one) => one === type).length })) };
}

test('what is counted is what the definition says', async () => {
  const symbol = fc.constantFrom('A', "B'", null);
  const type = fc.constantFrom('SPIKE', 'CRASH', 'STUCK');
  const label = fc.record({ type, symbol, from: fc.nat(60), length: fc.nat(20) }).map(({ length, ...one }): Label => ({ ...one, to: one.from + length }));
  const alert = fc.record({ type: fc.constantFrom('SPIKE', 'CRASH', 'OTHER', null), symbol, time: fc.option(fc.nat(90), { freq: 10 }) });
  const types = fc.constantFrom<AccuracyRules['types']>({}, { CRASH: ['SPIKE', 'CRASH'] }, { STUCK: ['OTHER'], CRASH: ['SPIKE'] });
  await fc.assert(fc.asyncProperty(fc.array(label, { maxLength: 8 }), fc.array(alert, { maxLength: 20 }), types, fc.nat(5), async (labels, rows, map, toleranceMs) => {
    const rules = { ...defaultRules, types: map, toleranceMs };
    const { outputs, toleranceMs: tolerance, ...found } = await judged(labels, rows, rules);
    assert.deepEqual(found, expected(labels, rows, rules));
    assert.deepEqual([outputs, tolerance], [['alerts'], toleranceMs]);
  }), { numRuns: 40 });
});

const minute = 60_000;
const day: readonly Label[] = [
  { type: 'SPIKE', symbol: 'A', from: 0, to: 1_000 }, { type: 'SPIKE', symbol: 'B', from: minute, to: minute }, { type: 'SPIKE', symbol: 'C', from: 2 * minute, to: 2 * minute },
  { type: 'BURST', symbol: null, from: 3 * minute, to: 4 * minute },
];
const said: readonly Alert[] = [
  { type: 'SPIKE', symbol: 'A', time: 250 }, { type: 'SPIKE', symbol: 'A', time: 900 }, { type: 'SPIKE', symbol: 'A', time: 7_000 }, { type: 'SPIKE', symbol: 'B', time: minute + 5_000 },
  { type: 'SPIKE', symbol: 'A', time: 2 * minute }, { type: 'BURST', symbol: 'Z', time: 3 * minute + 10 }, { type: 'HIGH', symbol: 'A', time: 0 },
];

test('a second alert within a label is no false one, an alert of another symbol is', async () => {
  const { types, notJudged } = await judged(day, said);
  assert.deepEqual(types, [
    { type: 'BURST', labels: 1, found: 1, alerts: 1, matched: 1, precision: 1, recall: 1, delayMs: { median: 10, p90: 10, max: 10 } },
    { type: 'SPIKE', labels: 3, found: 2, alerts: 5, matched: 3, precision: 0.6, recall: 0.667, delayMs: { median: 250, p90: 5_000, max: 5_000 } },
  ]);
  assert.deepEqual(notJudged, [{ type: 'HIGH', alerts: 1 }]);
});

test('labels outside the asked span do not count', async () => {
  const { types } = await judged(day, said, defaultRules, { from: 1, to: 2 * minute });
  assert.deepEqual(types.map(({ type, labels, found }) => [type, labels, found]), [['SPIKE', 1, 1]]);
});

test('thirds and halves are written as people round them', () => {
  fc.assert(fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 }), (part, whole) => {
    const thousandths = Math.round(ratio(part, whole)! * 1_000);
    assert.equal(BigInt(thousandths), (2_000n * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)));
  }));
  assert.deepEqual([ratio(1, 3), ratio(2, 3), ratio(1, 2_000), ratio(0, 7), ratio(3, 0)], [0.333, 0.667, 0.001, 0, null]);
});

test('alerts are found by their columns, and what a scenario names must be there', () => {
  assert.deepEqual(alertOutputs([candles, alerts], defaultRules).map(({ table, type, symbol, time: { name } }) => [table, type, symbol, name]), [['alerts', 'anomaly_type', 'symbol', 'event_time']]);
  const said_ = (rules: Partial<AccuracyRules>): string => {
    try {
      return JSON.stringify(alertOutputs([candles, alerts], { ...defaultRules, ...rules }).map(({ time: { name } }) => name));
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(said_({ time: 'window_start' }), '["window_start"]');
  assert.match(said_({ outputs: ['alert'] }), /'alert' of accuracy\.output is no output; did you mean 'alerts'\?/);
  assert.match(said_({ outputs: ['candles'] }), /'candles' has no column for the type or the time/);
  assert.match(said_({ outputs: ['alerts'], symbol: 'symbl' }), /no column 'symbl', which accuracy names; did you mean 'symbol'\?/);
  assert.match(said_({ outputs: ['alerts'], time: 'symbol' }), /'symbol' of 'alerts' is no time/);
});

test('runs stand side by side, type by type', () => {
  const spike: TypeAccuracy = { type: 'SPIKE', labels: 3, found: 2, alerts: 5, matched: 3, precision: 0.6, recall: 0.667, delayMs: { median: 250, p90: 5_000, max: 125_000 } };
  const one = { directory: 'runs/a', outputs: ['alerts'], toleranceMs: 5_000, types: [spike], notJudged: [{ type: 'HIGH', alerts: 7 }] };
  assert.equal(accuracyText([one]), [
    'type   labels  found  recall  alerts  matched  precision  delay: median      p90        most',
    'SPIKE       3      2   0.667       5        3      0.600         250 ms  5.000 s  2 min 05 s', '',
    'Alerts of alerts, up to 5.000 s after a label\'s end.', 'Not judged, since no label is of their type: 7 HIGH.',
  ].join('\n'));
  const none: TypeAccuracy = { type: 'STUCK', labels: 1, found: 0, alerts: 0, matched: 0, precision: null, recall: 0, delayMs: null };
  assert.equal(accuracyText([one, { ...one, directory: 'b', types: [none], notJudged: [] }]).split('\n').slice(0, 5).map((line) => line.replace(/ +/g, ' ')).join('\n'), [
    'type run labels found recall alerts matched precision delay: median p90 most', 'SPIKE runs/a 3 2 0.667 5 3 0.600 250 ms 5.000 s 2 min 05 s', ' b – – – – – – – – –',
    'STUCK runs/a – – – – – – – – –', ' b 1 0 0.000 0 0 – – – –',
  ].join('\n'));
  assert.deepEqual([0, 999, 1_000, 59_999, 60_000, 3_725_000].map(millisText), ['0 ms', '999 ms', '1.000 s', '59.999 s', '1 min 00 s', '62 min 05 s']);
});
