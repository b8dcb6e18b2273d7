/** Ten minutes of Binance's coin-margined perpetuals across midnight: trades and best quotes of two contracts as they were on the wire. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';

const ticks = sharedPath('data', 'binance_coinm_perp_20240808', 'ticks.parquet');
const skip = skipUnless('data', 'binance_coinm_perp_20240808', 'ticks.parquet');

const table = `CREATE TABLE market (symbol STRING, price DOUBLE, volume BIGINT, event_type STRING, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');`;
const vwap = (size: string) => `SELECT symbol, window_start, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume) AS contracts, COUNT(*) AS trades
  FROM TABLE(TUMBLE(TABLE market, DESCRIPTOR(event_time), INTERVAL ${size})) WHERE event_type = 'TRADE' GROUP BY symbol, window_start, window_end;`;

test('the whole capture has the known prices and contracts, and midnight divides its days', { skip }, async () => {
  await withRun(`${table} ${vwap("'30' DAY")} ${vwap("'1' DAY")}`, { market: ticks }, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.late, result.rejected], [92_748, 0, 0]);
    assert.deepEqual(result.remarks, ["market.event_time is taken from the file's column timestamp (epoch milliseconds)"]);
    const whole = await query('SELECT symbol, vwap, contracts::INT AS contracts, trades::INT AS trades FROM query_1');
    assert.deepEqual(whole.map(({ symbol, contracts, trades }) => [symbol, contracts, trades]), [['BTCUSD_PERP', 182_183, 5235], ['ETHUSD_PERP', 459_497, 3595]]);
    [61652.85706899115, 2680.021150127206].forEach((known, index) => assert.ok(Math.abs((whole[index]!['vwap'] as number) / known - 1) < 1e-12, `${String(whole[index]!['vwap'])}`));
    const days = await query('SELECT symbol, sum(contracts)::INT AS contracts, count(*)::INT AS days FROM query_2 GROUP BY symbol ORDER BY symbol');
    assert.deepEqual(days.map((row) => Object.values(row)), [['BTCUSD_PERP', 182_183, 2], ['ETHUSD_PERP', 459_497, 2]]);
  });
});

test('the text of trading-day runs on it unchanged, and sees the burst of 00:01:47', { skip }, async () => {
  const { texts } = await loadScenario(join(packageRoot(), 'scenarios', 'trading-day'));
  await withRun(texts.sql.map(({ text }) => text).join('\n'), { market_data_raw: ticks }, async ({ query }) => {
    const surges = await query(`SELECT symbol, count(*)::INT AS n FROM anomaly_alerts WHERE anomaly_type = 'VOLUME_SURGE'
      AND symbol = 'BTCUSD_PERP' AND event_time BETWEEN TIMESTAMP '2024-08-09 00:01:47' AND TIMESTAMP '2024-08-09 00:01:48' GROUP BY symbol`);
    assert.equal(surges.length, 1);
    assert.ok((surges[0]!['n'] as number) > 0);
    // One day's end is the next one's beginning: no minute is missing.
    const minutes = await query("SELECT symbol, count(*)::INT AS n, sum(total_volume)::INT AS volume FROM vwap_1m GROUP BY symbol ORDER BY symbol");
    assert.deepEqual(minutes.map((row) => Object.values(row)), [['BTCUSD_PERP', 12, 182_183], ['ETHUSD_PERP', 12, 459_497]]);
  });
});
