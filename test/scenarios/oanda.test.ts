/** Oanda's EURUSD and XAUUSD quotes of 2014-05-02, with the bars that somebody else published for them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';

const ticks = sharedPath('data', 'oanda_fx_20140502', 'ticks.parquet');
const skip = skipUnless('data', 'oanda_fx_20140502', 'ticks.parquet');

const table = `CREATE TABLE quotes (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, exchange STRING, event_type STRING,
  event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'market-data-raw');`;

const bars = (unit: string) => `SELECT symbol, window_start,
    FIRST_VALUE(bid) AS bid_open, MAX(bid) AS bid_high, MIN(bid) AS bid_low, LAST_VALUE(bid) AS bid_close,
    FIRST_VALUE(ask) AS ask_open, MAX(ask) AS ask_high, MIN(ask) AS ask_low, LAST_VALUE(ask) AS ask_close
  FROM TABLE(TUMBLE(TABLE quotes, DESCRIPTOR(event_time), INTERVAL '1' ${unit})) GROUP BY symbol, window_start, window_end;`;

test('the published second and minute bars come out, all eight fields of all bars', { skip }, async () => {
  await withRun(`${table} ${bars('SECOND')} ${bars('MINUTE')}`, { quotes: ticks }, async ({ query }) => {
    for (const [output, unit] of [['query_1', 'second'], ['query_2', 'minute']] as const) {
      const ours = await query(`SELECT symbol, epoch_ms(window_start) AS start, * EXCLUDE (symbol, window_start) FROM ${output}`);
      for (const symbol of ['EURUSD', 'XAUUSD']) {
        const published = readFileSync(sharedPath('data', 'oanda_fx_20140502', 'expected', `${symbol.toLowerCase()}_20140502_${unit}_bars.csv`), 'utf8').trim().split('\n');
        const wanted = published.slice(1).map((line) => line.trim().split(',').slice(1).map(Number));
        const mine = ours.filter((row) => row['symbol'] === symbol).map((row) => Object.entries(row).filter(([name]) => name !== 'symbol').map(([, value]) => Number(value)));
        assert.equal(mine.length, wanted.length, `${symbol}: as many ${unit} bars`);
        wanted.forEach((bar, index) => {
          bar.forEach((value, field) => assert.ok(Math.abs(mine[index]![field]! - value) <= 1e-9, `${symbol} ${unit} bar ${index}, field ${field}: ${mine[index]![field]} is not ${value}`));
        });
      }
    }
  });
});

test('the payrolls of 12:30 set off a spread alert or an anomaly in both symbols', { skip }, async () => {
  const over = 'OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL \'5\' MINUTE PRECEDING AND CURRENT ROW)';
  const sql = `${table}
    CREATE VIEW measured AS SELECT symbol, event_time,
      ABS(price - AVG(price) ${over}) / NULLIF(STDDEV_POP(price) ${over}, 0) AS z, (ask - bid) / NULLIF(AVG(ask - bid) ${over}, 0) AS spread_ratio FROM quotes;
    SELECT symbol, event_time, CASE WHEN z > 3 THEN 'PRICE_SPIKE' ELSE 'SPREAD_WIDENING' END AS anomaly_type FROM measured WHERE z > 3 OR spread_ratio > 2;`;
  await withRun(sql, { quotes: ticks }, async ({ query }) => {
    const rows = await query(`SELECT symbol, count(*) AS alerts FROM query_1 WHERE event_time BETWEEN TIMESTAMP '2014-05-02 12:30:00' AND TIMESTAMP '2014-05-02 12:32:00' GROUP BY symbol ORDER BY symbol`);
    assert.deepEqual(rows.map(({ symbol }) => symbol), ['EURUSD', 'XAUUSD']);
    for (const { alerts } of rows) assert.ok(Number(alerts) > 0);
  });
});
