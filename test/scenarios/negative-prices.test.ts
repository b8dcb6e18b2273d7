/** Prices below zero, as of oil in April 2020, through the SQL that is shipped. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pipeline } from '../../src/plan/plan.js';
import { withResponses } from '../../src/plan/responses.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { readResponses } from '../../src/scenario/responses.js';
import { parseYaml } from '../../src/scenario/yaml.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline, type Entry } from '../engine/run-engine.js';

function shipped(scenario: string): Pipeline {
  const folder = join(packageRoot(), 'scenarios', scenario);
  const order = ['tables.sql', 'views.sql', 'outputs.sql'];
  assert.ok(order.every((name) => readdirSync(folder).includes(name)));
  const pipeline = planSql(order.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n'));
  const policy = readResponses(parseYaml(readFileSync(join(folder, 'scenario.yaml'), 'utf8'), 'scenario.yaml', 'SCENARIO_INVALID').map('responses'));
  return policy === null ? pipeline : withResponses(pipeline, policy);
}

const START = Date.parse('2020-04-20T18:00:00Z');
/** A trade a second of a contract that falls from 2 to −38 dollars; its spread is ten times as wide at one moment. */
const trades: readonly Entry[] = Array.from({ length: 1200 }, (_, second): Entry => {
  const price = Math.round((2 - (40 * second) / 1200) * 100) / 100;
  const half = second === 900 ? 0.5 : 0.05;
  return { symbol: 'CLK0', price, volume: 10, bid: price - half, ask: price + half, event_time: START + second * 1000, exchange: 'XNYM', event_type: 'TRADE' };
});

test('trading-day: means, extremes and volatility of prices below zero, and alerts on them', () => {
  const { outputs } = runPipeline(shipped('trading-day'), { market_data_raw: trades });
  const last = outputs['candles_1m']!.at(-1)!;
  assert.deepEqual(last.slice(3, 7), [-36, -36, -37.97, -37.97]);
  const below = outputs['moving_average']!.filter(([, , , mean]) => (mean as number) < -10);
  assert.ok(below.length > 10);
  for (const [, , , mean, volatility] of below) assert.ok((volatility as number) > 0 && (volatility as number) < 2, `${mean} ${volatility}`);
  assert.ok(outputs['volatility_alerts']!.some(([, type, mean]) => type === 'HIGH_VOLATILITY' && (mean as number) < -10));
  assert.deepEqual(outputs['anomaly_alerts']!.filter(([, , , , type]) => type === 'SPREAD_WIDENING').map(([, price, , time]) => [price, time]), [[-28, START + 900_000]]);
});

test('halts: responses to anomalies of prices below zero', () => {
  const { outputs } = runPipeline(shipped('halts'), { market_data_raw: trades });
  const told = outputs['notifications']!.map(([, , type, , channel]) => `${type} ${channel}`);
  assert.ok(told.includes('HIGH_VOLATILITY desk'));
  assert.ok(told.includes('SPREAD_WIDENING liquidity-watch'));
});
