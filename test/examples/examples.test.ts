/** The examples of docs/typescript.md, as they are, through runs that are stopped and taken up again, and verified. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explain, explanationText } from '../../src/runtime/explain.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { queryBundle } from '../../src/sinks/query.js';
import { Bundle } from '../../src/stores/bundle.js';
import { directoryFor } from '../stores/directory.js';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
const time = (second: number): string => new Date(Date.UTC(2026, 2, 2, 14, 30, second)).toISOString().slice(0, 19);

/** A trade a second of A, and of B a trade every 90 seconds; the last of A is far off. */
const trades = Array.from({ length: 400 }, (_, second) => [
  { symbol: 'A', price: second === 399 ? 150 : 100 + (second % 3), volume: 1 + (second % 4), event_time: time(second) },
  ...(second % 90 === 0 ? [{ symbol: 'B', price: 50, volume: 10, event_time: time(second) }] : []),
]).flat();

function tradesIn(directory: string): string {
  const path = join(directory, 'trades.jsonl');
  writeFileSync(path, trades.map((trade) => `${JSON.stringify(trade)}\n`).join(''));
  return path;
}

async function rowsOf(directory: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await queryBundle(directory, sql)).rows;
}

test('bars.ts: a pipeline of the builder is a run like any other, and its bundle holds SQL alone', async (context) => {
  const directory = directoryFor(context);
  const bind = [`trades=${tradesIn(directory)}`];
  const { directory: run } = await runReplay({ ...(await newRunOptions(example('bars'), { bind, out: join(directory, 'run') })), report: true });
  assert.deepEqual(await rowsOf(run, "SELECT low, high, CAST(trades AS INTEGER) FROM bars_1m WHERE symbol = 'A' ORDER BY window_start LIMIT 1"), [[100, 102, 60]]);
  assert.deepEqual(await rowsOf(run, 'SELECT symbol, price FROM spikes'), [['A', 150]]);
  const { manifest } = await Bundle.open(run);
  assert.equal(manifest.texts.modules, undefined);
  assert.equal((await verifyRun(run)).equal, true);
  const explained = explanationText(explain((await loadScenario(example('bars'))).texts, { ...defaultParameters, bindings: {}, key: ['symbol'] }));
  assert.match(explained, /every stateful operator is keyed by symbol/);
});

test('functions.ts: SQL calls them', async (context) => {
  const directory = directoryFor(context);
  writeFileSync(join(directory, 'query.sql'), `CREATE TABLE trades (symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND);
SELECT symbol, weighted_median(price, volume) AS median, mid(MIN(price), MAX(price)) AS middle
FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY symbol, window_start, window_end;
SELECT option_root(symbol) AS root FROM trades;
`);
  const options = await newRunOptions(join(directory, 'query.sql'), { bind: [`trades=${tradesIn(directory)}`], functions: [example('functions')], out: join(directory, 'run') });
  const { directory: run, deadLetters } = await runReplay({ ...options, report: false });
  assert.deepEqual(await rowsOf(run, "SELECT DISTINCT median, middle FROM query_1 WHERE symbol = 'A' AND median = 101 AND middle = 101"), [[101, 101]]);
  assert.equal(deadLetters, trades.length);
  assert.equal((await verifyRun(run)).equal, true);
});

test('quiet-symbols.ts: state and timers go through checkpoints and a stop', async (context) => {
  const directory = directoryFor(context);
  const bind = [`trades=${tradesIn(directory)}`];
  const whole = await runReplay({ ...(await newRunOptions(example('quiet-symbols'), { bind, out: join(directory, 'whole') })), report: true });
  assert.deepEqual(await rowsOf(whole.directory, "SELECT CAST(rows_before AS INTEGER), epoch(rowtime) % 3600 - 1800 FROM silences WHERE symbol = 'B'"), [60, 150, 240, 330, 420].map((second) => [1, second]));
  const out = join(directory, 'stopped');
  const stopped = await runReplay({ ...(await newRunOptions(example('quiet-symbols'), { bind, out, 'stop-after-rows': '150', 'step-every': '1s' })), report: false });
  assert.equal(stopped.status, 'stopped');
  const resumed = await runReplay({ run: { kind: 'resume', directory: out }, stopAfterRows: null, report: false });
  assert.deepEqual(resumed.outputs, whole.outputs);
  // Keys divide it into lanes.
  const divided = await runReplay({ ...(await newRunOptions(example('quiet-symbols'), { bind, out: join(directory, 'lanes'), key: 'symbol', lanes: '3' })), report: false });
  assert.equal(divided.outputs['silences']!.setDigest, whole.outputs['silences']!.setDigest);
});
