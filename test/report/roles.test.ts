import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlType, timestampType, type Field } from '../../src/core/types.js';
import { marketColumns, rolesOf } from '../../src/report/roles.js';

const real = (name: string): Field => ({ name, type: sqlType('DOUBLE') });
const long = (name: string): Field => ({ name, type: sqlType('BIGINT') });
const text = (name: string): Field => ({ name, type: sqlType('STRING') });
const time = (name: string): Field => ({ name, type: timestampType(3) });

test('windows are drawn over their start, one symbol at a time', () => {
  const roles = rolesOf([time('window_end'), text('venue'), text('symbol'), time('window_start'), real('vwap'), long('total_volume')]);
  assert.deepEqual(roles, { time: 'window_start', end: 'window_end', symbol: 'symbol', kind: null, candles: [], volume: 'total_volume', numbers: ['vwap', 'total_volume'] });
});

test('rows with a time and a type are alerts', () => {
  const { time: over, kind, symbol } = rolesOf([text('alert_type'), text('pair'), time('at'), real('score')]);
  assert.deepEqual([over, kind, symbol], ['at', 'alert_type', 'pair']);
  assert.equal(rolesOf([text('symbol'), text('alert_type')]).kind, null, 'without a time there is nothing to draw over');
});

test('four columns that differ in open, high, low and close only are a candle', () => {
  const names = (columns: readonly string[]) => rolesOf(columns.map(real)).candles.map(({ name, open, high, low, close }) => [name, open, high, low, close].join(' '));
  assert.deepEqual(names(['open', 'high', 'low', 'close']), [' open high low close']);
  assert.deepEqual(names(['open_price', 'high_price', 'low_price', 'close_price']), ['price open_price high_price low_price close_price']);
  assert.deepEqual(names(['bid_open', 'bid_high', 'bid_low', 'bid_close', 'ask_open', 'ask_high', 'ask_low', 'ask_close']), ['bid bid_open bid_high bid_low bid_close', 'ask ask_open ask_high ask_low ask_close']);
  assert.deepEqual(names(['o', 'h', 'l', 'c']), [' o h l c']);
  assert.deepEqual(names(['openPrice', 'highPrice', 'lowPrice', 'closePrice']), ['Price openPrice highPrice lowPrice closePrice']);
  assert.deepEqual(names(['open', 'high', 'low', 'last']), []);
  assert.deepEqual(names(['options', 'high', 'low', 'close']), []);
});

test('an output without times, texts or numbers has no roles at all', () => {
  assert.deepEqual(rolesOf([{ name: 'flag', type: sqlType('BOOLEAN') }]), { time: null, end: null, symbol: null, kind: null, candles: [], volume: null, numbers: [] });
});

test('a chart of prices draws what is named like a price, with its mean, deviation and spread', () => {
  const found = (names: readonly string[]) => marketColumns(rolesOf(names.map(real)));
  assert.deepEqual(found(['price_stddev', 'price', 'price_mean', 'spread_ratio', 'spread', 'volume']), { price: 'price', vwap: null, mean: 'price_mean', deviation: 'price_stddev', volume: 'volume', spread: 'spread' });
  assert.deepEqual(['vwap', 'ma', 'bid_close'].map((name) => found(['total_volume', 'high_price', 'low_price', name]).price), ['vwap', 'ma', 'bid_close']);
  assert.equal(found(['trade_count', 'volume']).price, 'trade_count', 'there is always something to draw');
});
