/** What a market looks like, found in a day of 200,000 rows. datasets/us-equities-day/README.md has the same of the default day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureFacts } from './facts.js';
import { between } from './ticks.js';

const facts = measureFacts(1, 200_000, 6);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const session = facts.halfHours.slice(11, 24);

test('intensity is a U over the session, with little before and after it', () => {
  const [open, noon, close] = [session[0]!, Math.min(...session.slice(4, 9)), session.at(-1)!];
  assert.ok(open > 2 * noon && close > 2 * noon, `${open}, ${noon}, ${close}`);
  assert.ok(session.indexOf(Math.min(...session)) >= 4 && session.indexOf(Math.min(...session)) <= 8);
  between(sum(facts.halfHours.slice(0, 11)), 0.01, 0.03, 'what comes before the session');
  between(sum(facts.halfHours.slice(24)), 0.01, 0.04, 'what comes after it');
  assert.ok(facts.halfHours[10]! > facts.halfHours[0]! && facts.halfHours[24]! > facts.halfHours.at(-1)!);
});

test('arrivals come in clusters, the longer one looks the more', () => {
  assert.ok(facts.fano.second > 1.2 && facts.fano.tenSeconds > facts.fano.second, JSON.stringify(facts.fano));
  assert.ok(facts.fanoOfSymbol > 1.5, `${facts.fanoOfSymbol}`);
});

test('returns have heavy tails', () => assert.ok(facts.kurtosis > 5, `${facts.kurtosis}`));

test('large moves follow large ones for minutes, while their signs forget at once', () => {
  for (const value of facts.absoluteLag) assert.ok(value > 0.03, `${facts.absoluteLag.join()}`);
  between(facts.returnsLag[0]!, -0.2, 0.05, 'returns at lag 1');
  for (const value of facts.returnsLag.slice(1)) between(value, -0.1, 0.1, 'returns at a later lag');
});

test('trades bounce between bid and ask', () => between(facts.bounce, -0.5, -0.1, 'changes of trade prices at lag 1'));

test('spreads widen with volatility', () => between(facts.spreadAndVolatility, 0.2, 0.9, 'the correlation'));

test('symbols move together, those of a sector the more', () => {
  const { together } = measureFacts(2, 200_000, 12);
  assert.ok(together.others > 0.15 && together.sector > together.others, JSON.stringify(together));
});

test('sizes follow a power law beyond ten lots, and are round lots mostly', () => {
  assert.ok(facts.tail.trades > 100);
  between(facts.tail.exponent, 1.6, 2.5, 'the exponent');
  between(facts.roundLots, 0.9, 0.97, 'the share of round lots');
});
