/** The scenario of a release over other quotes than its own: Oanda's of a real one, and a file whose columns have other names. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { queryBundle } from '../../src/sinks/query.js';
import { sharedPath, skipUnless } from '../support/shared.js';

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-fx-'));
after(() => rm(temporary, { recursive: true, force: true }));

async function replayOver(name: string, bind: string, map: readonly string[] = []): Promise<{ rows: number; query: (sql: string) => Promise<(string | number)[][]> }> {
  const options = await newRunOptions(join(packageRoot(), 'scenarios', 'fx-payrolls'), { bind: [bind], map, out: join(temporary, name) });
  const { rows, directory } = await runReplay({ ...options, report: false });
  return { rows, query: async (sql) => (await queryBundle(directory, sql)).rows.map((row) => row.map((value) => (typeof value === 'string' ? value : Number(value)))) };
}

const skip = skipUnless('data', 'oanda_fx_20140502', 'ticks.parquet');

test("Oanda's quotes of 2014-05-02: all three alerts in both symbols from 12:30 to 12:32, when the payrolls came out", { skip }, async () => {
  const { rows, query } = await replayOver('oanda', `fx_quotes=${sharedPath('data', 'oanda_fx_20140502', 'ticks.parquet')}`);
  assert.equal(rows, 314_356);
  const alerts = await query(`SELECT symbol, alert_type, min(epoch(window_end)) - epoch(TIMESTAMP '2014-05-02 12:30:00') FROM release_alerts
    WHERE window_end BETWEEN TIMESTAMP '2014-05-02 12:30:00' AND TIMESTAMP '2014-05-02 12:32:00' GROUP BY ALL ORDER BY ALL`);
  // A minute is known when it is over; spreads are wide in the second before the release already.
  assert.deepEqual(alerts, ['EURUSD', 'XAUUSD'].flatMap((symbol) => [[symbol, 'BURST', 60], [symbol, 'PRICE_MOVE', 60], [symbol, 'SPREAD_WIDENING', 0]]));
  const widest = await query("SELECT DISTINCT symbol, strftime(arg_max(window_end, ratio), '%H:%M:%S') FROM release_alerts WHERE alert_type = 'SPREAD_WIDENING' AND epoch(window_end) % 86400 BETWEEN 45000 AND 45120 GROUP BY symbol ORDER BY symbol");
  assert.deepEqual(widest, [['EURUSD', '12:30:03'], ['XAUUSD', '12:30:05']]);
});

test('a file with other names and times is bound as the scenario says', async () => {
  const path = join(temporary, 'quotes.csv');
  await writeFile(path, 'pair,bid,ask,ts\nEURUSD,1.1,1.1002,1772803800000\nEURUSD,1.2,1.2002,1772803800900\n,,,1772803801000\nEURUSD,1.4,1.3,1772803802000\n');
  const { query } = await replayOver('csv', `fx_quotes=${path}`, ['fx_quotes.symbol=pair', 'fx_quotes.event_time=ts']);
  // Crossed and empty quotes make no bar.
  assert.deepEqual(await query("SELECT symbol, strftime(window_start, '%H:%M:%S'), round(open_price, 6), round(close_price, 6), quote_count FROM bars_1s"), [['EURUSD', '13:30:00', 1.1001, 1.2001, 2]]);
});
