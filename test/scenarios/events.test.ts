/**
 * The scenarios that are about an event. Each is replayed twice: as it is shipped, where all is as expected and its
 * committed report comes out to the byte; and over a day where the event is not there, or is another one, where just
 * those expectations fail that speak of it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import type { ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { unmetExpectations } from '../../src/scenario/expectations.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { queryBundle } from '../../src/sinks/query.js';
import { tapewright } from '../commands/command-line.js';
import { assertCommitted, eventScenarios, replayShipped } from './committed-reports.js';

interface Otherwise {
  readonly bind: string;
  /** `output.check` of the scenario file, in its order. */
  readonly unmet: readonly string[];
}

const quietDay = 'market_data_raw=us-equities-day?rows=100000&inject=none';

const otherwise: Readonly<Record<(typeof eventScenarios)[number], Otherwise>> = {
  // Another symbol crashes, at another time.
  'flash-crash': {
    bind: 'market_data_raw=us-equities-day?rows=150000&seed=2&inject=flash-crash:1',
    unmet: ['fall_alerts.soon', 'fall_alerts.fall', 'fall_alerts.rebound', 'fall_alerts.quiet', 'crashes.deep', 'crashes.quiet'],
  },
  'sliding-volatility': { bind: quietDay, unmet: ['sliding_alerts.aapl', 'sliding_alerts.spy', 'tumbling_alerts.aapl', 'tumbling_alerts.spy', 'alert_delays.both'] },
  'fx-payrolls': {
    bind: 'fx_quotes=fx-day?rows=50000&inject=none',
    unmet: ['release_alerts.seconds', 'release_alerts.spreads', 'release_alerts.gold_spread', 'release_alerts.prices', 'release_alerts.quotes'],
  },
  'hot-symbols': { bind: quietDay, unmet: ['hot_alerts.spy', 'hot_alerts.pltr', 'hot_alerts.qqq'] },
  // The burst comes at another time.
  'black-swan': {
    bind: 'market_data_raw=us-equities-day?rows=200000&seed=2&inject=burst:1',
    unmet: ['event_rates.flood', 'rate_alerts.first', 'rate_alerts.burst', 'rate_alerts.quiet'],
  },
  'stuck-price': { bind: 'market_data_raw=us-equities-day?rows=250000&inject=none', unmet: ['stuck_alerts.stuck', 'stuck_alerts.soon'] },
  rebound: { bind: 'market_data_raw=us-equities-day?rows=250000&inject=none', unmet: ['rebound_alerts.spikes', 'rebound_alerts.fingers', 'rebound_alerts.soon', 'rebounds_by_hour.pair'] },
};

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-events-'));
after(() => rm(temporary, { recursive: true, force: true }));
const path = (scenario: string): string => join(packageRoot(), 'scenarios', scenario);

async function unmet(scenario: string, result: ReplayResult): Promise<string[]> {
  const { texts } = await loadScenario(path(scenario));
  return unmetExpectations(texts.expect, result, async (sql) => (await queryBundle(result.directory, sql)).rows);
}

/** The names that the scenario file gives to conditions, for sentences about them; a sentence about something else stays. */
async function named(scenario: string, sentences: readonly string[]): Promise<string[]> {
  const { expect } = parse(await readFile(join(path(scenario), 'scenario.yaml'), 'utf8')) as { expect: { outputs: Record<string, { checks?: Record<string, { where: string }> }> } };
  const checks = Object.entries(expect.outputs).flatMap(([output, { checks: all = {} }]) => Object.entries(all).map(([name, { where }]) => ({ name: `${output}.${name}`, start: `${output} where ${where}: ` })));
  return sentences.map((sentence) => checks.find(({ start }) => sentence.startsWith(start))?.name ?? sentence);
}

for (const scenario of eventScenarios) {
  test(`${scenario}: what is expected comes out, and the committed report byte for byte`, async (t) => {
    const result = await replayShipped(scenario, join(temporary, scenario));
    t.diagnostic(`${scenario}: ${result.rows} rows in ${result.seconds.toFixed(1)} s`);
    assert.deepEqual(await unmet(scenario, result), []);
    await assertCommitted(scenario, result.directory);
  });

  test(`${scenario}: without its event, what speaks of the event is not met, and all else is`, async () => {
    const { bind, unmet: expected } = otherwise[scenario];
    const options = await newRunOptions(path(scenario), { bind: [bind], out: join(temporary, `${scenario}-otherwise`) });
    const result = await runReplay({ ...options, report: false });
    assert.deepEqual(await named(scenario, await unmet(scenario, result)), expected);
  });
}

test('on the command line an event that is not there is exit code 1, and is named', () => {
  const { code, out } = tapewright(temporary, 'replay', path('stuck-price'), '--bind', 'market_data_raw=us-equities-day?rows=20000&inject=none', '--json', '--quiet');
  assert.equal(code, 1);
  const { failed } = JSON.parse(out) as { failed: string[] };
  assert.ok(failed.some((one) => one.startsWith("stuck_alerts where alert_type = 'STUCK_PRICE' AND symbol = 'AMZN'") && one.endsWith(': 0 rows, at least 6 expected')), out);
});
