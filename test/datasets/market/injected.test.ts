import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateDay } from '../../../src/datasets/market/generate.js';
import { ANOMALY_TYPES, type AnomalyLabel, type AnomalyType, type Injections } from '../../../src/datasets/market/injections.js';
import { planDay } from '../../../src/datasets/market/plan.js';
import { SESSION_CLOSE, SESSION_OPEN, usEquities } from '../../../src/datasets/market/us-equities.js';
import { between, ticksOf, type Tick } from './ticks.js';

const spec = usEquities(1);
const rows = 200_000;
const sample = [...ticksOf(generateDay(spec, { seed: 1, rows }))];
const { labels } = planDay(spec, 1, spec.inject);
const labelled = (type: AnomalyType): AnomalyLabel[] => labels.filter((label) => label.type === type);
const during = ({ symbol, from, to }: Omit<AnomalyLabel, 'type' | 'size'>, eventType?: string, ticks: readonly Tick[] = sample): Tick[] =>
  ticks.filter((tick) => tick.time >= from && tick.time <= to && (symbol === null || tick.symbol === symbol) && (eventType === undefined || tick.eventType === eventType));
const minutes = (count: number): number => count * 60_000;
const mean = (ticks: readonly Tick[], value: (tick: Tick) => number): number => ticks.reduce((sum, tick) => sum + value(tick), 0) / ticks.length;

test('as many labels as asked for, inside the session, of known symbols, in the order of time; none on demand', () => {
  const some = fc.dictionary(fc.constantFrom(...ANOMALY_TYPES), fc.integer({ min: 1, max: 30 })) as fc.Arbitrary<Injections>;
  const symbols = new Set(spec.instruments.map(({ symbol }) => symbol));
  fc.assert(
    fc.property(fc.maxSafeNat(), some, (seed, inject) => {
      const found = planDay(spec, seed, inject).labels;
      for (const type of ANOMALY_TYPES) assert.equal(found.filter((label) => label.type === type).length, inject[type] ?? 0);
      for (const { symbol, from, to } of found) assert.ok(from <= to && from > SESSION_OPEN && to < SESSION_CLOSE && (symbol === null || symbols.has(symbol)));
      assert.deepEqual(found.map(({ from }) => from), found.map(({ from }) => from).sort((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
  assert.deepEqual(planDay(spec, 1, {}).labels, []);
});

test('every single trade that was put in is where its label says, whatever the number of rows', () => {
  for (const count of [50_000, rows]) {
    const ticks = count === rows ? sample : [...ticksOf(generateDay(spec, { seed: 1, rows: count }))];
    for (const { type, symbol, from, to } of labels.filter((label) => label.from === label.to)) {
      assert.ok(ticks.some((tick) => tick.symbol === symbol && tick.time === from && tick.eventType === 'TRADE'), `${type} in ${symbol} of ${count}`);
      assert.equal(to, from);
    }
  }
});

test('each of them is of its type, and of no type that is looked for before it', () => {
  for (const { type, symbol, from } of labels.filter((label) => label.from === label.to)) {
    const frame = during({ symbol, from: from - minutes(5), to: from }, 'TRADE');
    const it = frame.find((tick) => tick.time === from && (type !== 'VOLUME_SURGE' || tick.volume > 5000))!;
    const average = mean(frame, ({ price }) => price);
    const score = Math.abs(it.price - average) / Math.sqrt(mean(frame, ({ price }) => (price - average) * (price - average)));
    const ratio = it.volume / mean(frame, ({ volume }) => volume);
    // With 200,000 rows only the busiest symbols trade often enough for a score of 3 to be possible.
    if (frame.length < 25) continue;
    const found = score > 3 ? 'PRICE_SPIKE' : ratio > 5 ? 'VOLUME_SURGE' : score > 2 && ratio > 3 ? 'COMBINED_ANOMALY' : null;
    assert.equal(found, type === 'FAT_FINGER' ? 'PRICE_SPIKE' : type, `${symbol}: ${score}, ${ratio}, ${frame.length} trades`);
  }
});

test('spreads of a widening are several times as wide, for its symbol and its time only', () => {
  const spread = ({ bid, ask }: Tick): number => ask - bid;
  const inject = { SPREAD_WIDENING: 20 };
  const ticks = [...ticksOf(generateDay(spec, { seed: 1, rows: 150_000, inject }))];
  let seen = 0;
  for (const { symbol, from, to, size } of planDay(spec, 1, inject).labels) {
    // A quote that stood before may be told once more as it begins.
    const wide = during({ symbol, from, to }, 'BBO', ticks).slice(1);
    const before = during({ symbol, from: from - minutes(5), to: from - 1 }, 'BBO', ticks);
    if (wide.length < 3) continue;
    seen += 1;
    between(mean(wide, spread) / mean(before, spread), 0.5 * size, 1.5 * size, `${symbol} at ${from}`);
  }
  assert.ok(seen >= 4, `${seen} seen`);
});

test('a flash crash falls by its size and comes back', () => {
  for (const { symbol, from, to, size } of labelled('FLASH_CRASH')) {
    const middle = (ticks: readonly Tick[]): number[] => ticks.map(({ bid, ask }) => (bid + ask) / 2);
    const before = middle(during({ symbol, from: from - minutes(2), to: from }, 'BBO')).at(-1)!;
    const bottom = Math.min(...middle(during({ symbol, from, to }, 'BBO')));
    const after = middle(during({ symbol, from: to, to: to + minutes(3) }, 'BBO'))[0]!;
    between(bottom / before - 1, size - 0.015, size + 0.015, 'the fall');
    between(after / before, 0.98, 1.02, 'what came back');
  }
});

test('a stuck price is one price, quotes and trades, for ten minutes', () => {
  for (const { symbol, from, to } of labelled('STUCK_PRICE')) {
    const stuck = during({ symbol, from, to });
    assert.equal(new Set(stuck.filter(({ eventType }) => eventType === 'TRADE').map(({ price }) => price)).size, 1);
    assert.equal(new Set(stuck.filter(({ eventType }) => eventType === 'BBO').map(({ bid, ask }) => `${bid} ${ask}`)).size, 1);
    assert.ok(stuck.length > 20);
  }
});

test('a burst has ten times the rows, a gap none', () => {
  for (const { from, to, size } of labelled('BURST')) {
    const seconds = (to + 1 - from) / 1000;
    const usual = during({ symbol: null, from: from - minutes(2), to: from - 1 }).length / 120;
    between(during({ symbol: null, from, to }).length / seconds / usual, 0.5 * size, 2 * size, 'the burst');
  }
  for (const { from, to } of labelled('FEED_GAP')) assert.equal(during({ symbol: null, from, to }).length, 0);
});
