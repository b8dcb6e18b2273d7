/** The markets besides US equities: what is the same model is tested there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crypto, CRYPTO_SIZE_EXPONENT } from '../../../src/datasets/market/crypto.js';
import { fx, RELEASE } from '../../../src/datasets/market/fx.js';
import { generateDay } from '../../../src/datasets/market/generate.js';
import { planDay } from '../../../src/datasets/market/plan.js';
import { between, digestOf, ticksOf, type Tick } from './ticks.js';

const rows = 100_000;
const quotes = [...ticksOf(generateDay(fx(1), { seed: 1, rows }))];
const coins = [...ticksOf(generateDay(crypto(1), { seed: 1, rows }))];
const mean = (ticks: readonly Tick[], value: (tick: Tick) => number): number => ticks.reduce((sum, tick) => sum + value(tick), 0) / ticks.length;
const minutes = (from: number, to: number): Tick[] => quotes.filter(({ symbol, time }) => symbol === 'EURUSD' && time >= RELEASE + from * 60_000 && time < RELEASE + to * 60_000);

test('seed 1 gives these rows on every machine and Node version', () => {
  assert.equal(digestOf(generateDay(fx(1), { seed: 1, rows: 20_000 })), 'b32bc24f0585d28abb560c9e3dbfdbb96ee45fe10b38251102bdd731bade0b83');
  assert.equal(digestOf(generateDay(crypto(1), { seed: 1, rows: 20_000 })), 'd90823c27370fbdf63b48931af269e32236dc03348efe30b69a35da5b22fc2cf');
});

test('foreign exchange is quotes only, with their middle as the price', () => {
  const { from, to, instruments } = fx(1);
  const units = new Map(instruments.map(({ symbol, ticksPerUnit }) => [symbol, ticksPerUnit]));
  for (const { symbol, price, bid, ask, time, eventType } of quotes) {
    const ticks = (of: number): number => Math.round(of * units.get(symbol)!);
    assert.ok(eventType === 'QUOTE' && time >= from && time < to);
    assert.ok(0 < bid && bid < ask && ticks(bid) / units.get(symbol)! === bid && ticks(ask) / units.get(symbol)! === ask);
    assert.equal(price, (ticks(bid) + ticks(ask)) / 2 / units.get(symbol)!);
  }
  assert.equal(new Set(quotes.map(({ symbol }) => symbol)).size, instruments.length);
});

test('at the release quotes come many times as fast, spreads widen and the price moves; the labels say so', () => {
  const spread = ({ bid, ask }: Tick): number => ask - bid;
  assert.ok(minutes(0, 1).length > 10 * (minutes(-10, 0).length / 10));
  between(mean(minutes(0, 2), spread) / mean(minutes(-10, 0), spread), 4, 25, 'the widening');
  const usual = Math.max(...[-4, -3, -2].map((minute) => Math.abs(minutes(minute, minute + 1).at(-1)!.price - minutes(minute, minute + 1)[0]!.price)));
  assert.ok(Math.abs(minutes(0, 1).at(-1)!.price - minutes(-1, 0).at(-1)!.price) > usual);
  const labels = planDay(fx(1), 1, fx(1).inject).labels;
  assert.deepEqual(labels.map(({ type, symbol, from }) => [type, symbol, from]), [['BURST', null, RELEASE], ['SPREAD_WIDENING', null, RELEASE]]);
  assert.deepEqual(planDay(fx(1), 1, {}).labels, []);
});

test('without the release its minutes are as others', () => {
  const calm = [...ticksOf(generateDay(fx(1), { seed: 1, rows, inject: {} }))].filter(({ time }) => time >= RELEASE - 600_000 && time < RELEASE + 600_000);
  between(calm.filter(({ time }) => time >= RELEASE).length / calm.length, 0.35, 0.65);
});

test('coins trade at every hour of the day, in whole parts of 1e-8 of a coin, most of them in fractions of a lot', () => {
  const hours = new Array<number>(24).fill(0);
  for (const { time } of coins) hours[new Date(time).getUTCHours()]! += 1;
  assert.ok(Math.min(...hours) > rows / 24 / 3 && Math.max(...hours) < (3 * rows) / 24);
  assert.ok(coins.every(({ volume, bid, ask }) => Number.isSafeInteger(volume) && volume > 0 && bid < ask));
  const trades = coins.filter(({ eventType, symbol }) => eventType === 'TRADE' && symbol === 'BTC-USD');
  const lot = crypto(1).instruments[0]!.lot;
  assert.equal(CRYPTO_SIZE_EXPONENT, 8);
  between(trades.filter(({ volume }) => volume % lot !== 0).length / trades.length, 0.4, 0.6);
  // A usual trade is of a few thousandths of a coin.
  between(mean(trades, ({ volume }) => volume) / 1e8, 0.0005, 0.02);
});
