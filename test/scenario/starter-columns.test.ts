import assert from 'node:assert/strict';
import test from 'node:test';
import { findColumns, type Columns, type StarterColumns, type StarterRole } from '../../src/scenario/starter-columns.js';

/** Columns of a CSV file whose one row is this. */
const text = (row: Readonly<Record<string, string>>): Columns => ({ path: 't.csv', form: 'csv', columns: Object.keys(row), sample: [Object.values(row)], types: [] });
const typed = (columns: Readonly<Record<string, string>>): Columns => ({ path: 't.parquet', form: 'parquet', columns: Object.keys(columns), sample: [], types: Object.values(columns) });
const said = (found: StarterColumns): string => Object.values(found).flatMap((column) => (typeof column === 'object' && 'name' in column ? [`${column.name} ${column.type} = ${column.expression ?? 'itself'}`] : [])).join('; ');
const time = (row: Readonly<Record<string, string>>): string => findColumns(text({ ...row, price: '5' }), {}).time.expression ?? 'itself';

test('columns are found by what they are called, exactly first', () => {
  const found = findColumns(text({ Ticker: 'A', 'Trade Time': '2024-01-02 14:30:00', 'Last Price': '7', Qty: '3', 'Update Time': '2024-01-02 14:30:00', venue: 'X' }), {});
  assert.equal(said(found), 'event_time TIMESTAMP(3) = "Trade Time"; symbol STRING = "Ticker"; price DOUBLE = "Last Price"; volume BIGINT = "Qty"');
  assert.deepEqual(found.others, ['Update Time', 'venue']);
  assert.equal(said(findColumns(text({ event_time: '1704205800000', symbol: 'A', price: '7', volume: '0.5' }), {})), 'event_time TIMESTAMP(3) = itself; symbol STRING = itself; price DOUBLE = itself; volume DOUBLE = itself');
  assert.equal(said(findColumns(text({ time: '2024-01-02', bid_price_0: '1', bid_size: '5', ask_price_0: '2', ask_size: '6' }), {})), 'event_time TIMESTAMP(3) = "time"; bid DOUBLE = "bid_price_0"; ask DOUBLE = "ask_price_0"');
});

test('when a row happened comes before when it was received', () => {
  assert.equal(time({ local_ts: '1704205800000', exch_ts: '1704205800001' }), '"exch_ts"');
  assert.equal(time({ recv_time: '1704205800000' }), '"recv_time"');
});

test('numbers of JSON that are names are made texts where DuckDB reads the file', () => {
  const row: Columns = { ...text({ ts: '1704205800', sym: '7', price: '5' }), form: 'json' };
  assert.equal(findColumns(row, {}).symbol?.expression, 'CAST("sym" AS VARCHAR)');
  assert.equal(findColumns({ ...row, sample: [['1704205800000', '7', '5']] }, {}).symbol?.expression, '"sym"');
});

test('what the user names is taken, whatever it is called, and once', () => {
  const asked: Partial<Record<StarterRole, string>> = { time: 'x', price: 'y' };
  assert.equal(said(findColumns(text({ x: '1704205800000', y: '7', price: '8', time: '2024-01-02' }), asked)), 'event_time TIMESTAMP(3) = "x"; price DOUBLE = "y"');
});

test('epochs are told apart by their digits, dates by their form', () => {
  assert.equal(time({ t: '1704205800000' }), '"t"');
  assert.equal(time({ t: '1704205800' }), 'make_timestamp(CAST("t" AS BIGINT) * 1000000)');
  assert.equal(time({ t: '1704205800000000' }), 'make_timestamp(CAST("t" AS BIGINT))');
  assert.equal(time({ t: '1704205800000000000' }), 'make_timestamp_ns(CAST("t" AS BIGINT))');
  assert.equal(time({ t: '1704205800.25' }), 'make_timestamp(CAST(round(CAST("t" AS DECIMAL(28, 9)) * 1000000) AS BIGINT))');
  assert.equal(time({ event_time: '2024-01-02T14:30:00.123456789+01:00' }), 'itself');
  assert.match(time({ date: '2024/01/02 14:30:00' }), /^strptime\("date", \['%Y\/%m\/%d %H:%M:%S\.%f', /);
  assert.equal(time({ date: '20240102 143000' }), `strptime("date", ['%Y%m%d %H%M%S'])`);
  assert.equal(time({ date: '2024-01-02', clock: '14:30:00.5' }), `CAST(CAST("date" AS VARCHAR) || ' ' || CAST("clock" AS VARCHAR) AS TIMESTAMP)`);
  assert.equal(time({ time: '14:30:00.5', day: '2024-01-02' }), `CAST(CAST("day" AS VARCHAR) || ' ' || CAST("time" AS VARCHAR) AS TIMESTAMP)`);
});

test('columns of Parquet are converted only where they must be', () => {
  const types = { ts: 'TIMESTAMP WITH TIME ZONE', sym: "ENUM('A')", px: 'DECIMAL(12,3)', qty: 'UBIGINT', note: 'STRUCT(a INTEGER)' };
  assert.equal(said(findColumns(typed(types), {})), 'event_time TIMESTAMP(3) = "ts"; symbol STRING = "sym"; price DOUBLE = "px"; volume BIGINT = CAST("qty" AS BIGINT)');
  assert.equal(said(findColumns(typed({ time: 'TIMESTAMP', symbol: 'INTEGER', price: 'FLOAT' }), {})), 'event_time TIMESTAMP(3) = "time"; symbol STRING = CAST("symbol" AS VARCHAR); price DOUBLE = itself');
});

test('what cannot be told is asked for', () => {
  assert.throws(() => findColumns(text({ a: '5', b: '6' }), {}), /no column can be told to be a time; its columns are a, b: name it with --time/);
  assert.throws(() => findColumns(text({ time: '2024-01-02', note: 'x' }), {}), /no column can be told to be a price, or bid and ask; .*name it with --price, or --bid and --ask/);
  assert.throws(() => findColumns(text({ time: '2024-01-02', price: '5,5' }), {}), /numbers need a decimal point, and some of these have a comma/);
  assert.throws(() => findColumns(text({ time: '14:30:00', price: '5' }), {}), /times such as '14:30:00' are none that can be read without guessing; .*datasets import t\.csv/);
  assert.throws(() => findColumns(text({ time: '2024-01-02', price: '5' }), { bid: 'bit' }), /--bid bit: t\.csv has no such column; its columns are time, price/);
});
