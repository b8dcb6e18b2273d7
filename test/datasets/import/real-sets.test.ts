/** The three real sets: what was published, imported, is row for row what their ticks.parquet holds. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkDataset } from '../../../src/datasets/check.js';
import { loadDataset } from '../../../src/datasets/dataset.js';
import { quoteText } from '../../../src/sources/quote.js';
import { directoryFor } from '../../stores/directory.js';
import { sharedPath, skipUnless } from '../../support/shared.js';
import { importFiles, query, type Flags } from './importing.js';

async function importsAs(context: TestContext, set: string, raw: readonly string[], rows: number, flags: Flags): Promise<void> {
  const { path, ...result } = await importFiles(directoryFor(context), raw.map((name) => sharedPath('data', set, 'raw', name)), flags);
  assert.equal(result.rows, rows);
  assert.deepEqual([result.leftOut, result.rejected], [{}, {}]);
  const [data, ticks] = [join(path, 'data.parquet'), sharedPath('data', set, 'ticks.parquet')];
  const columns = ['symbol', 'price', 'volume', 'bid', 'ask', 'exchange', 'event_type'];
  const differs = [...columns.map((name) => `ours.${name} IS DISTINCT FROM theirs.${name}`), 'epoch_ms(ours.event_time) IS DISTINCT FROM theirs."timestamp"'].join(' OR ');
  const [counts] = await query([data, ticks], `SELECT count(*)::VARCHAR, count(*) FILTER (${differs})::VARCHAR
    FROM read_parquet(${quoteText(data)}) AS ours POSITIONAL JOIN read_parquet(${quoteText(ticks)}) AS theirs`);
  assert.deepEqual(counts, [String(rows), '0']);
  const dataset = await loadDataset(path);
  assert.deepEqual((await checkDataset(dataset)).problems, []);
}

test('Mt.Gox: sizes in satoshi, the id as the time', { skip: skipUnless('data', 'mtgox_btcusd_20130101', 'raw') }, (context) =>
  importsAs(context, 'mtgox_btcusd_20130101', ['trades-mgtox-usd-2013-01-01.csv'], 2331, { 'size-scale': '1e8' }));

test('Oanda: two archives as one day, ties in the order of the files', { skip: skipUnless('data', 'oanda_fx_20140502', 'raw') }, (context) =>
  importsAs(context, 'oanda_fx_20140502', ['forex_oanda_tick_eurusd_20140502_quote.zip', 'cfd_oanda_tick_xauusd_20140502_quote.zip'], 314_356, { 'time-zone': 'UTC' }));

test('Binance: four captures of trades and best bids and offers', { skip: skipUnless('data', 'binance_coinm_perp_20240808', 'raw') }, (context) =>
  importsAs(context, 'binance_coinm_perp_20240808', ['btcusd_perp_20240808', 'btcusd_perp_20240809', 'ethusd_perp_20240808', 'ethusd_perp_20240809'].map((name) => `cm_${name}.trade_bookTicker.jsonl.gz`), 92_748, {}));
