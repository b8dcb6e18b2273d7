import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell, type Batch } from '../../../src/core/batch.js';
import { generateUsEquitiesDay, usEquitiesDaySchema } from '../../../src/datasets/us-equities/day.js';
import {
  ANOMALY_KINDS, CONSTANT_SYMBOL, SESSION_CLOSE, SESSION_OPEN, usEquitiesDayLabels,
} from '../../../src/datasets/us-equities/market.js';

interface Tick {
  symbol: string; price: number; volume: number; bid: number; ask: number; time: number; exchange: string; eventType: string;
}

function* ticksOf(batches: Iterable<Batch>): Generator<Tick> {
  for (const { columns, length } of batches) {
    for (let row = 0; row < length; row += 1) {
      const [symbol, price, volume, bid, ask, time, exchange, eventType] = columns.map((column) => cell(column, row));
      yield { symbol, price, volume, bid, ask, time, exchange, eventType } as Tick;
    }
  }
}

/** Over the values of all rows, column by column, so that cuts into batches do not matter. */
function digestOf(batches: Iterable<Batch>): string {
  const hashes = usEquitiesDaySchema.map(() => createHash('sha256'));
  for (const { columns, length } of batches) {
    columns.forEach(({ values }, index) => {
      const numbers = Float64Array.from(values as Float64Array).subarray(0, length);
      hashes[index]!.update(new Uint8Array(numbers.buffer));
    });
  }
  return createHash('sha256').update(hashes.map((hash) => hash.digest('hex')).join()).digest('hex');
}

const sample = [...ticksOf(generateUsEquitiesDay({ seed: 1, rows: 300_000 }))];
const share = (condition: (tick: Tick) => boolean) => sample.filter(condition).length / sample.length;
const between = (value: number, least: number, most: number) => assert.ok(value >= least && value <= most, `${value} is not in ${least}..${most}`);

test('the same seed and rows give the same rows, however they are cut into batches', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 4000 }), (seed, rows, batchRows) => {
      const whole = digestOf(generateUsEquitiesDay({ seed, rows }));
      assert.equal(digestOf(generateUsEquitiesDay({ seed, rows, batchRows })), whole);
      assert.notEqual(digestOf(generateUsEquitiesDay({ seed: seed ^ 1, rows })), whole);
    }),
    { numRuns: 8 },
  );
});

test('there are exactly the rows asked for, in batches of the size asked for', () => {
  const lengths = Array.from(generateUsEquitiesDay({ seed: 2, rows: 2500, batchRows: 1000 }), ({ length }) => length);
  assert.deepEqual(lengths, [1000, 1000, 500]);
});

test('seed 1 gives these rows on every machine and Node version', () => {
  assert.equal(digestOf(generateUsEquitiesDay({ seed: 1, rows: 20_000 })), 'a10232c25f70b130aaf852403b28c339686b1b8f26501308fc48ff1dca5bf7b5');
});

test('file order is the order of arrival: one row in twenty is behind, a few by more than five seconds', () => {
  let latest = -Infinity;
  let behind = 0;
  let farBehind = 0;
  for (const { time } of sample) {
    if (time < latest) behind += 1;
    if (time <= latest - 5000) farBehind += 1;
    latest = Math.max(latest, time);
  }
  between(behind / sample.length, 0.045, 0.052);
  between(farBehind, 2, 20);
});

test('event times lie in the session, are whole milliseconds, and tie at times, also within a symbol', () => {
  for (const { time } of sample) assert.ok(Number.isInteger(time) && time >= SESSION_OPEN && time < SESSION_CLOSE);
  const instants = new Set(sample.map(({ time }) => time));
  const peers = new Set(sample.map(({ time, symbol }) => `${time} ${symbol}`));
  assert.ok(instants.size < peers.size && peers.size < sample.length);
});

test('the open and the close are busier than noon', () => {
  const hour = 3_600_000;
  const during = (from: number) => share(({ time }) => time >= from && time < from + hour);
  const noon = during(SESSION_OPEN + 2.75 * hour);
  assert.ok(during(SESSION_OPEN) > 1.8 * noon && during(SESSION_CLOSE - hour) > 1.8 * noon);
});

test('prices are on the tick grid and within their quotes, and a bid is below its ask', () => {
  const onGrid = (price: number) => Math.round(price * 100) / 100 === price;
  for (const { price, bid, ask } of sample) {
    assert.ok(onGrid(price) && onGrid(bid) && onGrid(ask));
    assert.ok(0 < bid && bid < ask && bid <= price && price <= ask);
  }
});

test('most trades are round lots, quotes always', () => {
  assert.ok(sample.every(({ volume }) => Number.isInteger(volume) && volume > 0));
  assert.ok(sample.every(({ eventType, volume }) => eventType === 'TRADE' || volume % 100 === 0));
  const trades = sample.filter(({ eventType }) => eventType === 'TRADE');
  between(trades.filter(({ volume }) => volume % 100 === 0).length / trades.length, 0.9, 0.97);
});

test('there are trades, quotes and best quotes, 500 symbols by popularity, and 10 venues', () => {
  between(share(({ eventType }) => eventType === 'TRADE'), 0.28, 0.32);
  between(share(({ eventType }) => eventType === 'QUOTE'), 0.4, 0.44);
  between(share(({ eventType }) => eventType === 'BBO'), 0.26, 0.3);
  assert.equal(new Set(sample.map(({ symbol }) => symbol)).size, 500);
  assert.equal(new Set(sample.map(({ exchange }) => exchange)).size, 10);
  // With weights 1, 1/2, 1/3 … the first of 500 has 14.7 % and the second half as much.
  between(share(({ symbol }) => symbol === 'AAPL'), 0.135, 0.16);
  between(share(({ symbol }) => symbol === 'TSLA'), 0.065, 0.082);
});

test('one symbol trades at one price all day, the others do not', () => {
  const pricesOf = (of: string) => new Set(sample.filter(({ symbol, eventType }) => symbol === of && eventType === 'TRADE').map(({ price }) => price));
  assert.deepEqual([...pricesOf(CONSTANT_SYMBOL)], [100.1]);
  assert.ok(pricesOf('AAPL').size > 50);
});

test('every anomaly is where its label says, once, whatever the number of rows', () => {
  const labels = usEquitiesDayLabels(1);
  for (const kind of ANOMALY_KINDS) assert.equal(labels.filter(({ type }) => type === kind).length, 6);
  for (const rows of [100_000, 300_000]) {
    const ticks = rows === sample.length ? sample : [...ticksOf(generateUsEquitiesDay({ seed: 1, rows }))];
    for (const { symbol, from: eventTime, type: kind } of labels) {
      const found = ticks.filter((tick) => tick.symbol === symbol && tick.time === eventTime && tick.eventType === 'TRADE' && tick.exchange === 'XNAS');
      assert.ok(found.length >= 1, `${kind} in ${symbol}`);
    }
  }
});

test('each anomaly is of its kind, and of no kind that comes before it', () => {
  for (const { type: kind, symbol, from: eventTime } of usEquitiesDayLabels(1)) {
    const frame = sample.filter((tick) => tick.symbol === symbol && tick.eventType === 'TRADE' && tick.time >= eventTime - 300_000 && tick.time <= eventTime);
    const it = frame.find((tick) => tick.time === eventTime)!;
    const mean = (value: (tick: Tick) => number) => frame.reduce((sum, tick) => sum + value(tick), 0) / frame.length;
    const average = mean(({ price }) => price);
    const score = Math.abs(it.price - average) / Math.sqrt(mean(({ price }) => (price - average) * (price - average)));
    const ratio = it.volume / mean(({ volume }) => volume);
    const widening = (it.ask - it.bid) / mean(({ bid, ask }) => ask - bid);
    // With 300,000 rows only the busiest symbols trade often enough for a score of 3 to be possible.
    if (frame.length < 20) continue;
    const found = score > 3 ? 'PRICE_SPIKE' : ratio > 5 ? 'VOLUME_SURGE' : score > 2 && ratio > 3 ? 'COMBINED_ANOMALY' : widening > 2 ? 'SPREAD_WIDENING' : null;
    assert.equal(found, kind, `${symbol}: ${score}, ${ratio}, ${widening}, ${frame.length} trades`);
  }
});
