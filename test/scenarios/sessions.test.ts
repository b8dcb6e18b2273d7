/**
 * The scenarios about sessions and responses: each is replayed as it is shipped, where all is as expected and its
 * committed report comes out to the byte, and over a day on which nothing was put in.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { unmetExpectations } from '../../src/scenario/expectations.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { queryBundle } from '../../src/sinks/query.js';
import { assertCommitted, replayShipped, sessionScenarios } from './committed-reports.js';

/** The tables whose expectations fail where nothing was put in. */
const missed: Readonly<Record<(typeof sessionScenarios)[number], readonly string[]>> = {
  'trader-sessions': ['trader_sessions', 'lopsided_sessions'],
  halts: ['anomaly_alerts', 'trading_halts', 'risk_reviews', 'notifications'],
  'open-close': ['venue_phases', 'venue_halts'],
};

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-sessions-'));
after(() => rm(temporary, { recursive: true, force: true }));
const path = (scenario: string): string => join(packageRoot(), 'scenarios', scenario);

async function unmet(scenario: string, result: ReplayResult): Promise<string[]> {
  const { texts } = await loadScenario(path(scenario));
  return unmetExpectations(texts.expect, result, async (sql) => (await queryBundle(result.directory, sql)).rows);
}

for (const scenario of sessionScenarios) {
  test(`${scenario}: as expected, and its committed report to the byte`, async () => {
    const result = await replayShipped(scenario, join(temporary, scenario));
    assert.deepEqual(await unmet(scenario, result), []);
    await assertCommitted(scenario, result.directory);
  });

  test(`${scenario}: on another day what it is about is missed`, async () => {
    const result = await runReplay(await newRunOptions(path(scenario), { bind: ['market_data_raw=us-equities-day?rows=100000&seed=3&inject=none'], out: join(temporary, `${scenario}-otherwise`) }));
    assert.deepEqual([...new Set((await unmet(scenario, result)).map((sentence) => sentence.split(/[ :]/)[0]!))], missed[scenario]);
  });
}

test('halts: four lanes have the same responses as one', async () => {
  const bind = ['market_data_raw=us-equities-day?rows=100000&seed=3&inject=none'];
  const lanes = await runReplay(await newRunOptions(path('halts'), { bind, out: join(temporary, 'lanes'), lanes: '4' }));
  const one = await verifyRun(join(temporary, 'halts-otherwise'));
  const sets = (outputs: ReplayResult['outputs']) => Object.entries(outputs).map(([name, { rows, setDigest }]) => [name, rows, setDigest]);
  assert.deepEqual(sets(lanes.outputs), sets(one.outputs));
});

test('halts: a run that was stopped half-way and resumed has the same responses, and verifies', async () => {
  const bind = ['market_data_raw=us-equities-day?rows=100000&seed=3&inject=none'];
  const stopped = await runReplay(await newRunOptions(path('halts'), { bind, out: join(temporary, 'stopped'), 'stop-after-rows': '40000' }));
  assert.equal(stopped.status, 'stopped');
  const resumed = await runReplay({ run: { kind: 'resume', directory: stopped.directory }, stopAfterRows: null });
  const straight = await verifyRun(join(temporary, 'halts-otherwise'));
  assert.ok(straight.equal, straight.difference?.message);
  assert.ok(straight.outputs['trading_halts']!.rows > 0);
  assert.deepEqual(resumed.outputs, straight.outputs);
});
