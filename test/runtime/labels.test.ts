/** A run takes the labels of its data along; those that cannot be used do not spoil it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import { runAccuracy } from '../../src/report/run-accuracy.js';
import type { ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { openDuck } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { Bundle } from '../../src/stores/bundle.js';
import { directoryFor } from '../stores/directory.js';

const dataset = `name: mine
description: d
origin: o
licence: l
files: ticks.jsonl
labels: labels.parquet
schema: { symbol: STRING, price: DOUBLE, event_time: TIMESTAMP(3) }
span: { from: 2024-01-02T00:00:00Z, to: 2024-01-03T00:00:00Z }
`;
const scenario = (accuracy: string): string => `pipeline: [a.sql]\nbind: { ticks: mine }\naccuracy: ${accuracy}\n`;
const sql = `CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND) WITH ('connector' = 'kafka');
SELECT symbol, event_time, 'HIGH' AS alert_type, price FROM ticks WHERE price > 5;`;
const good = "SELECT 'SPIKE' AS type, 'A' AS symbol, TIMESTAMP '2024-01-02 14:30:01' AS from_time, TIMESTAMP '2024-01-02 14:30:02' AS to_time, 1.0::DOUBLE AS size";

/** Runs the scenario in a directory that has the dataset, with labels as `labels` selects them; null: no such file. */
async function ran(context: TestContext, labels: string | null, accuracy = '{ types: { SPIKE: [HIGH] } }'): Promise<{ directory: string; result: ReplayResult }> {
  const directory = directoryFor(context);
  const folder = join(directory, 'datasets', 'mine');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(directory, 's'));
  writeFileSync(join(folder, 'dataset.yaml'), dataset);
  writeFileSync(join(folder, 'ticks.jsonl'), [1, 2, 9, 3].map((price, second) => `${JSON.stringify({ symbol: 'A', price, event_time: `2024-01-02 14:30:0${second}` })}\n`).join(''));
  writeFileSync(join(directory, 's', 'scenario.yaml'), scenario(accuracy));
  writeFileSync(join(directory, 's', 'a.sql'), sql);
  if (labels !== null) {
    const path = join(folder, 'labels.parquet');
    const duck = await openDuck({ files: [path] });
    await duckdb.query(duck.connection, `COPY (${labels}) TO ${quoteText(path)} (FORMAT parquet)`);
    duck.close();
  }
  const here = process.cwd();
  process.chdir(directory);
  try {
    return { directory, result: await runReplay(await newRunOptions('s', { out: join(directory, 'run') })) };
  } finally {
    process.chdir(here);
  }
}

test('labels go into the bundle byte for byte, and judge its alerts wherever it is', async (context) => {
  const { directory, result } = await ran(context, good);
  const bytes = readFileSync(join(directory, 'datasets/mine/labels.parquet'));
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { manifest } = await Bundle.open(result.directory);
  assert.equal(manifest.datasets['ticks']?.labels?.digest, digest);
  const file = `labels/${digest.slice(0, 16)}.parquet`;
  assert.deepEqual(readFileSync(join(result.directory, file)), bytes);
  assert.equal(manifest.files[file], digest);
  const elsewhere = join(directoryFor(context), 'moved');
  cpSync(result.directory, elsewhere, { recursive: true });
  rmSync(join(directory, 'datasets/mine/labels.parquet'));
  const { types, labels } = await runAccuracy(elsewhere, null);
  assert.deepEqual(types, [{ type: 'SPIKE', labels: 1, found: 1, alerts: 1, matched: 1, precision: 1, recall: 1, delayMs: { median: 1_000, p90: 1_000, max: 1_000 } }]);
  assert.deepEqual(labels, { ticks: digest });
  assert.deepEqual((JSON.parse(readFileSync(join(elsewhere, 'report.json'), 'utf8')) as { accuracy: { types: unknown } }).accuracy.types, types);
  // A tolerance of nothing, and the alert stands at the label's very end.
  assert.equal((await runAccuracy(elsewhere, 0)).types[0]!.found, 1);
});

test('labels that cannot be used are told of, and the run stands without them', async (context) => {
  for (const [labels, why] of [[null, /labels of ticks .* are left out: there is no such file/], ["SELECT 'SPIKE' AS type", /are left out: .*symbol/], ["SELECT 'SPIKE' AS type, 'A' AS symbol, 'soon' AS from_time, 'later' AS to_time, 1 AS size", /are left out: .*soon/]] as const) {
    const { result } = await ran(context, labels);
    assert.match(result.remarks.join(), why);
    assert.ok(!readdirSync(result.directory).includes('labels'));
    await assert.rejects(runAccuracy(result.directory, null), { code: 'DATASET_MISSING' });
  }
});

test('a run with labels verifies, also once they are gone', async (context) => {
  const { directory, result } = await ran(context, good);
  const here = process.cwd();
  process.chdir(directory);
  try {
    assert.equal((await verifyRun(result.directory)).equal, true);
    rmSync(join(directory, 'datasets/mine/labels.parquet'));
    assert.equal((await verifyRun(result.directory)).equal, true);
  } finally {
    process.chdir(here);
  }
});

test('rules that fit no output are refused before a row is read', async (context) => {
  await assert.rejects(ran(context, good, '{ output: alerts }'), { code: 'SCENARIO_INVALID', message: /'alerts' of accuracy\.output is no output; there are query_1/ });
});
