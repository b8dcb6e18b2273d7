/** What four lanes would get of the market: the skew that hot symbols bring. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { queryBundle } from '../../src/sinks/query.js';
import { Bundle } from '../../src/stores/bundle.js';

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-lanes-'));
after(() => rm(temporary, { recursive: true, force: true }));
const folder = join(packageRoot(), 'scenarios', 'hot-symbols');

test('the part that is keyed by symbol runs on four lanes; the one with the hottest symbols has most to do', async (t) => {
  const bind = ['market_data_raw=us-equities-day?rows=100000&inject=none'];
  const { directory, late } = await runReplay({ ...(await newRunOptions(join(folder, 'by-symbol.sql'), { bind, key: 'symbol', lanes: '4', out: join(temporary, 'run') })), report: false });
  const { manifest } = await Bundle.open(directory);
  const lanes = manifest.outputs['symbol_minutes']!.lanes!;
  const events: number[] = [];
  for (const { from, to } of lanes) {
    const { rows } = await queryBundle(directory, `SELECT CAST(sum(events) AS INTEGER) FROM (SELECT events, row_number() OVER () - 1 AS place FROM symbol_minutes) WHERE place >= ${from} AND place < ${to}`);
    events.push(Number(rows[0]![0]));
  }
  t.diagnostic(`events by lane: ${events.join(', ')}`);
  const all = events.reduce((sum, each) => sum + each, 0);
  assert.equal(all + late, 100_000);
  // Four equal lanes would have a quarter each. AAPL alone is more than a seventh of the events, and stays in one lane.
  assert.ok(Math.max(...events) > 0.3 * all && Math.min(...events) < 0.24 * all, events.join(', '));
  const symbols = await queryBundle(directory, `SELECT count(*) FROM (SELECT symbol FROM (SELECT symbol, row_number() OVER () - 1 AS place FROM symbol_minutes)
    GROUP BY symbol HAVING count(DISTINCT CASE ${lanes.map(({ to }, lane) => `WHEN place < ${to} THEN ${lane}`).join(' ')} END) > 1)`);
  assert.equal(Number(symbols.rows[0]![0]), 0, 'a symbol is in one lane');
});

test('shares of the whole market need one lane, and asking for more is refused with the reason', async () => {
  const options = await newRunOptions(folder, { lanes: '4', key: 'symbol', out: join(temporary, 'refused') });
  await assert.rejects(runReplay(options), (error: unknown) => /lane/.test((error as Error).message) && /symbol/.test((error as Error).message));
});
