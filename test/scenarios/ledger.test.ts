/** The ledger beside the tape: as it is shipped, and with changes applied one by one, where what must hold does not. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { unmetExpectations } from '../../src/scenario/expectations.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { queryBundle } from '../../src/sinks/query.js';
import { sharedPath, skipUnless } from '../support/shared.js';
import { assertCommitted, replayShipped } from './committed-reports.js';

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-ledger-'));
after(() => rm(temporary, { recursive: true, force: true }));
const path = join(packageRoot(), 'scenarios', 'ledger');

async function unmet(result: ReplayResult): Promise<string[]> {
  const { texts } = await loadScenario(path);
  return unmetExpectations(texts.expect, result, async (sql) => (await queryBundle(result.directory, sql)).rows);
}

test('ledger: as expected, and its committed report to the byte', async () => {
  const result = await replayShipped('ledger', join(temporary, 'shipped'));
  assert.deepEqual(await unmet(result), []);
  await assertCommitted('ledger', result.directory);
});

/** Other changes beside a short tape. `change` is made to the SQL. */
async function over(ledger: string, out: string, settings: string, change = (sql: string): string => sql): Promise<ReplayResult> {
  const tables = ['orders', 'transactions', 'positions', 'account_balances'].map((table) => `${table}=${ledger}`);
  const options = await newRunOptions(path, { bind: ['market_data_raw=us-equities-day?rows=20000&seed=3', ...tables], out: join(temporary, out) });
  assert.ok(options.run.kind === 'new');
  const { texts } = options.run;
  return runReplay({ ...options, run: { ...options.run, texts: { ...texts, sql: [{ path: 'settings.sql', text: settings }, ...texts.sql.map(({ path: file, text }) => ({ path: file, text: change(text) }))] } } });
}

const short = (out: string, settings: string): Promise<ReplayResult> => over('ledger-day?rows=3000&seed=3', out, settings);

const violations = ['balance_violations', 'leg_violations', 'booking_violations', 'share_violations'];

test('ledger: transactions that are applied whole break nothing; change by change all that must hold is broken', async () => {
  const whole = await short('whole', '');
  for (const name of violations) assert.equal(whole.outputs[name]!.rows, 0, name);
  const parts = await short('parts', "SET 'cdc.transaction.topic' = 'none';");
  for (const name of violations) assert.ok(parts.outputs[name]!.rows > 0, name);
  // At the end all is well again: only the changelogs of the violations say what was shown in between.
  for (const name of violations) assert.equal(parts.outputs[name]!.standing, 0, name);
  const sentences = await unmet(parts);
  for (const name of violations) assert.ok(sentences.some((sentence) => sentence.includes(`${name}__changes`)), name);
  // Both come to the same tables.
  for (const name of ['ledger_totals', 'order_book']) {
    const rows = async ({ directory }: ReplayResult) => (await queryBundle(directory, `FROM ${name} ORDER BY ALL`)).rows;
    assert.deepEqual(await rows(parts), await rows(whole));
  }
});

const capture = ['data', 'debezium_postgres_3.7', 'debezium-capture.jsonl'] as const;
test('ledger: over the capture of a real database, which has ten accounts with 10,000 dollars each', { skip: skipUnless(...capture) }, async () => {
  const smaller = (sql: string): string => sql.replace('4000000', '100000').replace('250000 + t.booked', '10000 + t.booked').replace('<> 8000', '<> 600');
  const whole = await over(sharedPath(...capture), 'capture', '', smaller);
  assert.deepEqual(violations.map((name) => whole.outputs[name]!.rows), [0, 0, 0, 0]);
  const { rows } = await queryBundle(whole.directory, 'SELECT total_balance FROM ledger_totals');
  assert.equal(Number(rows[0]![0]), 100_000);
  assert.ok(whole.outputs['exposures']!.standing! >= 12);
  const parts = await over(sharedPath(...capture), 'capture-parts', "SET 'cdc.transaction.topic' = 'none';", smaller);
  for (const name of violations) assert.ok(parts.outputs[name]!.rows > 0, name);
});
