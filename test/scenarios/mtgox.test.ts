/** Mt.Gox on 2013-01-01: few trades, sizes in satoshi, silences of up to 24 minutes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';

const ticks = sharedPath('data', 'mtgox_btcusd_20130101', 'ticks.parquet');
const skip = skipUnless('data', 'mtgox_btcusd_20130101', 'ticks.parquet');

const table = `CREATE TABLE trades (symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');`;
const candles = (size: string) => `SELECT symbol, window_start, FIRST_VALUE(price) AS open_price, MAX(price) AS high_price, MIN(price) AS low_price, LAST_VALUE(price) AS close_price,
  SUM(volume) AS satoshi, COUNT(*) AS trades, SUM(price * volume) / SUM(volume) AS vwap
  FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL ${size})) GROUP BY symbol, window_start, window_end;`;

test('the day has the known price, range and size', { skip }, async () => {
  await withRun(`${table} ${candles("'1' DAY")}`, { trades: ticks }, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.late, result.rejected, result.remarks.length], [2331, 0, 0, 1]);
    const [day] = await query('SELECT CAST(window_start AS VARCHAR) AS day, round(vwap, 6) AS vwap, low_price, high_price, satoshi::VARCHAR AS satoshi, trades::INT AS trades FROM query_1');
    assert.deepEqual(day, { day: '2013-01-01 00:00:00', vwap: 13.338073, low_price: 13.16123, high_price: 13.56, satoshi: '2816891145963', trades: 2331 });
  });
});

test('a silent minute has no candle; the others follow each other and add up to the day', { skip }, async () => {
  await withRun(`${table} ${candles("'1' MINUTE")}`, { trades: ticks }, async ({ query }) => {
    const [sums] = await query(`SELECT sum(satoshi)::VARCHAR AS satoshi, sum(trades)::INT AS trades, min(low_price) AS low, max(high_price) AS high,
      max(gap) AS silence, bool_and(gap IS NULL OR gap >= 60) AS ascending, arg_min(open_price, window_start) AS open, arg_max(close_price, window_start) AS close
      FROM (SELECT *, epoch(window_start - lag(window_start) OVER ()) AS gap FROM query_1)`);
    const { close, ...rest } = sums!;
    assert.deepEqual(rest, { satoshi: '2816891145963', trades: 2331, low: 13.16123, high: 13.56, silence: 1440, ascending: true, open: 13.51001 });
    assert.ok((close as number) >= 13.16123 && (close as number) <= 13.56);
  });
});
