import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateDay, type DayParameters } from '../../../src/datasets/market/generate.js';
import { noInjections } from '../../../src/datasets/market/injections.js';
import { planDay } from '../../../src/datasets/market/plan.js';
import { CONSTANT_SYMBOL, SESSION_CLOSE, SESSION_OPEN, usEquities } from '../../../src/datasets/market/us-equities.js';
import { between, digestOf, ticksOf, type Tick } from './ticks.js';

const day = (parameters: DayParameters) => generateDay(usEquities(parameters.seed), parameters);
const spec = usEquities(1);
const plan = planDay(spec, 1, spec.inject);
const sample = [...ticksOf(day({ seed: 1, rows: 200_000 }))];
const share = (condition: (tick: Tick) => boolean) => sample.filter(condition).length / sample.length;
const inOutage = ({ exchange, time }: Tick) => exchange === spec.venues[plan.outage.venue]!.name && time >= plan.outage.from && time < plan.outage.to;

test('the same seed, rows and anomalies give the same rows, however they are cut into batches', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 4000 }), (seed, rows, batchRows) => {
      const whole = digestOf(day({ seed, rows }));
      assert.equal(digestOf(day({ seed, rows, batchRows })), whole);
      assert.notEqual(digestOf(day({ seed: seed ^ 1, rows })), whole);
    }),
    { numRuns: 3 },
  );
});

test('there are exactly the rows asked for, in batches of the size asked for', () => {
  const lengths = Array.from(day({ seed: 2, rows: 2500, batchRows: 1000 }), ({ length }) => length);
  assert.deepEqual(lengths, [1000, 1000, 500]);
  assert.deepEqual(Array.from(day({ seed: 2, rows: 1 }), ({ length }) => length), [1]);
});

test('seed 1 gives these rows on every machine and Node version', () => {
  assert.equal(digestOf(day({ seed: 1, rows: 20_000 })), '186bd0a1ca160b7376f975bfa4f8c0d33dee4cfcb633abf7b5692f076a9dcba7');
});

test('file order is the order of arrival: one row in twenty is behind, a few by more than five seconds', () => {
  let latest = -Infinity;
  let behind = 0;
  let farBehind = 0;
  for (const tick of sample) {
    if (tick.time < latest) behind += 1;
    if (tick.time <= latest - 5000 && !inOutage(tick)) farBehind += 1;
    latest = Math.max(latest, tick.time);
  }
  between(behind / sample.length, 0.045, 0.07);
  between(farBehind, 1, 12);
});

test('what a venue held back while it failed arrives when it is back, in order, ten times as fast', () => {
  const { from, to } = plan.outage;
  const held = sample.flatMap((tick, row) => (inOutage(tick) ? [{ ...tick, row }] : []));
  assert.ok(held.length >= 4);
  assert.deepEqual(held.map(({ time }) => time), held.map(({ time }) => time).sort((a, b) => a - b));
  const arrived = sample.slice(held[0]!.row, held.at(-1)!.row).filter((tick) => !inOutage(tick) && tick.time >= to);
  between(Math.max(...arrived.map(({ time }) => time)) - to, 0, (to - from) / 10);
  assert.equal(sample.slice(0, held[0]!.row).filter(({ time }) => time >= to + 5000).length, 0);
});

test('event times lie in the day, are whole milliseconds, and tie at times, also within a symbol', () => {
  for (const { time } of sample) assert.ok(Number.isInteger(time) && time >= spec.from && time < spec.to);
  const instants = new Set(sample.map(({ time }) => time));
  const peers = new Set(sample.map(({ time, symbol }) => `${time} ${symbol}`));
  assert.ok(instants.size < peers.size && peers.size < sample.length);
});

test('prices are on the tick grid, and a bid is below its ask', () => {
  const onGrid = (price: number) => Math.round(price * 100) / 100 === price;
  for (const { price, bid, ask } of sample) {
    assert.ok(onGrid(price) && onGrid(bid) && onGrid(ask));
    assert.ok(0 < bid && bid < ask);
  }
});

test('a trade lies within the quote of its venue, unless it is labelled', () => {
  const prints = new Set(plan.prints.map(({ instrument, time }) => `${spec.instruments[instrument]!.symbol} ${time}`));
  const outside = sample.filter(({ price, bid, ask }) => price < bid || price > ask);
  assert.deepEqual(outside.filter(({ symbol, time }) => !prints.has(`${symbol} ${time}`)), []);
  between(outside.length, 8, plan.prints.length);
});

/** In the order in which they happened, no two of a symbol at one instant apart from their order of arrival. */
function happened(): Tick[] {
  const rows = [...ticksOf(generateDay({ ...spec, venues: spec.venues.map((venue) => ({ ...venue, latency: 0, late: 0 })) }, { seed: 1, rows: 60_000, inject: noInjections }))];
  return rows.filter(({ time }) => time < plan.outage.from);
}

test('quotes, best quotes and trades agree: no venue is better than the best, and what betters it is followed by the new best', () => {
  const best = new Map<string, Tick>();
  const better = new Map<string, Tick>();
  let checked = 0;
  for (const tick of happened()) {
    const standing = best.get(tick.symbol);
    if (tick.eventType === 'BBO') {
      const quote = better.get(tick.symbol);
      if (quote !== undefined) assert.deepEqual([tick.bid, tick.ask, tick.exchange], [quote.bid, quote.ask, quote.exchange]);
      better.delete(tick.symbol);
      best.set(tick.symbol, tick);
    } else if (standing !== undefined && Math.floor(tick.time / 1000) !== SESSION_OPEN / 1000) {
      const within = tick.bid <= standing.bid && tick.ask >= standing.ask;
      if (tick.eventType === 'QUOTE' && !within) better.set(tick.symbol, tick);
      // Between a better quote and the best prices it sets, no trade comes.
      else if (tick.eventType === 'TRADE' && standing.time > SESSION_OPEN + 1000) {
        assert.ok(within && tick.price >= standing.bid && tick.price <= standing.ask && !better.has(tick.symbol));
        checked += 1;
      }
    }
  }
  assert.ok(checked > 5000, `${checked}`);
});

test('there are trades, quotes and best quotes, 500 symbols by popularity, and 10 venues', () => {
  between(share(({ eventType }) => eventType === 'TRADE'), 0.2, 0.32);
  between(share(({ eventType }) => eventType === 'QUOTE'), 0.4, 0.5);
  between(share(({ eventType }) => eventType === 'BBO'), 0.22, 0.32);
  assert.equal(new Set(sample.map(({ symbol }) => symbol)).size, 500);
  assert.equal(new Set(sample.map(({ exchange }) => exchange)).size, 10);
  // With weights 1, 1/2, 1/3 … the first of 500 has 14.7 % and the second half as much.
  between(share(({ symbol }) => symbol === 'AAPL'), 0.13, 0.17);
  between(share(({ symbol }) => symbol === 'TSLA'), 0.06, 0.09);
});

test('one symbol trades at one price all day, the others do not', () => {
  const pricesOf = (of: string) => new Set(sample.filter(({ symbol, eventType }) => symbol === of && eventType === 'TRADE').map(({ price }) => price));
  assert.deepEqual([...pricesOf(CONSTANT_SYMBOL)], [100.1]);
  assert.ok(pricesOf('AAPL').size > 50);
});

test('both auctions trade a symbol at one price, as all its rows of that second', () => {
  for (const second of [SESSION_OPEN, SESSION_CLOSE]) {
    const rows = sample.filter(({ time }) => time >= second && time < second + 1000);
    assert.ok(rows.length > 50 && rows.every(({ eventType }) => eventType === 'TRADE'));
    const prices = new Map<string, Set<number>>();
    for (const { symbol, price } of rows) prices.set(symbol, (prices.get(symbol) ?? new Set()).add(price));
    assert.ok([...prices.values()].every(({ size }) => size === 1));
    assert.ok(prices.size > 20);
  }
});

test('traders take, market makers quote; a trader works for minutes, then is away', () => {
  const times = new Map<string, number[]>();
  for (const { trader, eventType, time } of sample) {
    assert.match(trader, eventType === 'TRADE' ? /^T\d{4}$/ : /^MM\d\d$/);
    if (eventType === 'TRADE' && time >= SESSION_OPEN && time < SESSION_CLOSE) times.set(trader, [...(times.get(trader) ?? []), time]);
  }
  assert.ok(times.size > 300);
  const spans = [...times.values()].map((each) => Math.max(...each) - Math.min(...each));
  // Stays of at most an hour and a little; few come back within the same session.
  between(spans.filter((span) => span <= 3_700_000).length / spans.length, 0.85, 1);
});
