import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { example, tapewright, writeFiles } from './command-line.js';

interface Report {
  readonly run: string;
  readonly directory: string;
  readonly status: string;
  readonly rows: number;
  readonly late: number;
  readonly outputs: Record<string, { rows: number; digest: string; setDigest: string }>;
  readonly failed: readonly string[];
}

const replay = (directory: string, ...args: readonly string[]) => {
  const ran = tapewright(directory, 'replay', ...args, '--json');
  return { ...ran, report: (ran.out === '' ? {} : JSON.parse(ran.out)) as Report };
};
const bound = ['vwap.sql', '--bind', 'ticks=ticks.jsonl'];

test('a file of ticks and a file of SQL give rows, a late row, a digest, and a bundle to ask', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { code, err, report } = replay(directory, ...bound, '--out', 'run');
  assert.equal(code, 0, err);
  assert.equal(report.status, 'complete');
  assert.equal(report.directory, 'run');
  assert.deepEqual([report.rows, report.late, report.outputs['vwap_1m']!.rows, report.failed], [5, 1, 3, []]);
  assert.match(report.outputs['vwap_1m']!.digest, /^[0-9a-f]{64}$/);
  assert.match(report.outputs['vwap_1m']!.setDigest, /^[0-9a-f]{32}$/);
  assert.ok(existsSync(join(directory, 'run', 'outputs', 'vwap_1m.parquet')));
  assert.ok(!existsSync(join(directory, 'run', 'lock')));

  const csv = tapewright(directory, 'query', 'run', 'SELECT symbol, CAST(window_start AS VARCHAR) AS at, vwap FROM vwap_1m', '--format', 'csv');
  assert.equal(csv.code, 0, csv.err);
  assert.deepEqual(csv.out.trim().split(/\r?\n/), ['symbol,at,vwap', 'A,2026-03-02 14:30:00,11.25', 'B,2026-03-02 14:30:00,3', 'A,2026-03-02 14:31:00,12']);
  const late = JSON.parse(tapewright(directory, 'query', 'run', 'SELECT input, "position" FROM late', '--json').out) as { rows: unknown[][] };
  assert.deepEqual(late.rows.map(([input, position]) => [input, Number(position)]), [['ticks', 4]]);
});

test('without --out the run goes to runs/ID, and two runs into one directory do not mix', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { code, report } = replay(directory, ...bound);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(join(directory, 'runs')), [report.run]);
  const again = replay(directory, ...bound, '--out', join('runs', report.run));
  assert.equal(again.code, 2);
  assert.match(again.err, /is not empty/);
});

test('a run verifies; a changed byte, value or text is told with its cause', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  replay(directory, ...bound, '--out', 'run');
  const equal = tapewright(directory, 'verify', 'run');
  assert.equal(equal.code, 0, equal.err);
  replay(directory, ...bound, '--out', 'cut', '--step-every', '1s', '--batch-rows', '1');
  assert.equal(tapewright(directory, 'verify', 'run', 'cut').code, 0);

  writeFileSync(join(directory, 'ticks.jsonl'), example['ticks.jsonl']!.replace('11.5', '11.6'));
  const data = tapewright(directory, 'verify', 'run', '--json');
  assert.equal(data.code, 1, data.err);
  assert.equal((JSON.parse(data.out) as { difference: { cause: string } }).difference.cause, 'data');
});

test('a stopped run is taken up again and equals one that never stopped', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const whole = replay(directory, ...bound, '--out', 'whole').report;
  const stopped = replay(directory, ...bound, '--out', 'parts', '--stop-after-rows', '3');
  assert.equal(stopped.code, 0, stopped.err);
  assert.equal(stopped.report.status, 'stopped');
  assert.match(stopped.err, /replay --resume parts/);
  const resumed = tapewright(directory, 'replay', '--resume', 'parts', '--json');
  assert.equal(resumed.code, 0, resumed.err);
  assert.deepEqual((JSON.parse(resumed.out) as Report).outputs, whole.outputs);
  const again = tapewright(directory, 'replay', '--resume', 'parts', '--json');
  assert.equal(again.code, 0, again.err);
  assert.deepEqual((JSON.parse(again.out) as Report).outputs, whole.outputs);
  assert.equal(tapewright(directory, 'verify', 'whole', 'parts').code, 0);
});

test('an expectation that is not met exits 1 and is told', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, {
    ...example, 'scenario.yaml': 'name: tight\npipeline: vwap.sql\nbind: { ticks: ticks.jsonl }\nexpect:\n  outputs: { vwap_1m: { where: vwap > 11, rows: 3 } }\n  late: { max: 0 }\n',
  });
  const { code, err, report } = replay(directory, '.');
  assert.equal(code, 1);
  assert.deepEqual(report.failed, ['vwap_1m where vwap > 11: 2 rows, at least 3 expected', '1 late rows, at most 0 expected']);
  assert.match(err, /Not as expected: vwap_1m where vwap > 11/);
});

test('nothing but the one object goes to standard output', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const plain = tapewright(directory, 'replay', ...bound, '--out', 'run', '--quiet');
  assert.equal(plain.code, 0, plain.err);
  assert.match(plain.out, /Replayed 5 rows[^]*vwap_1m[^]*Bundle: run/);
  const manifest = JSON.parse(readFileSync(join(directory, 'run', 'manifest.json'), 'utf8')) as { status: string; texts: { sql: { text: string }[] } };
  assert.equal(manifest.status, 'complete');
  assert.equal(manifest.texts.sql[0]!.text, example['vwap.sql']);
});
