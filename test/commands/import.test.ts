import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { example, tapewright, writeFiles } from './command-line.js';

const trades = 'time,symbol,price,size,venue\n2026-03-02 14:30:01,A,10.5,2,X\n2026-03-02 14:30:59,A,11.5,6,X\n2026-03-02 14:31:30,A,12,1\n';

test('a file is imported, and replays at once under its name', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { 'trades.csv': trades, 'vwap.sql': example['vwap.sql']! });
  const { code, out, err } = tapewright(directory, 'datasets', 'import', 'trades.csv', '--name', 'mine', '--time-zone', 'UTC', '--licence', 'my own');
  assert.equal(code, 0, err);
  assert.match(out, /^mine: 2 rows of 1 symbol, 2026-03-02T14:30:01\.000Z to 2026-03-02T14:30:59\.000Z, in /);
  assert.match(err, /trades\.csv: trades: columns for time, price and size \(trades\)\. Times are dates and times in UTC\./);
  assert.match(err, /Rejected: 1 records: it has 4 fields, the others 5\./);
  assert.equal(tapewright(directory, 'datasets', 'check', 'mine').code, 0);
  assert.match(tapewright(directory, 'datasets', 'describe', 'mine').out, /my own/);
  const replayed = tapewright(directory, 'replay', 'vwap.sql', '--bind', 'ticks=mine', '--out', 'run', '--quiet');
  assert.equal(replayed.code, 0, replayed.err);
  assert.match(tapewright(directory, 'query', 'run', 'SELECT symbol, vwap FROM vwap_1m').out, /A\s.*11\.25/);
});

test('what could not be imported exits 2 and leaves nothing; --json is one object either way', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { 'trades.csv': trades, 'more.csv': trades.replaceAll('A', 'B') });
  const refused = tapewright(directory, 'datasets', 'import', 'trades.csv', '--name', 'mine', '--json');
  assert.equal(refused.code, 2);
  assert.equal((JSON.parse(refused.out) as { error: { code: string } }).error.code, 'DATASET_INVALID');
  assert.match(refused.err, /state no zone/);
  assert.equal(existsSync(join(directory, 'datasets')), false);
  const { code, out, err } = tapewright(directory, 'datasets', 'import', 'trades.csv', 'more.csv', '--name', 'mine', '--time-zone', 'UTC', '--json');
  assert.equal(code, 0, err);
  const { rows, symbols, files } = JSON.parse(out) as { rows: number; symbols: string[]; files: unknown[] };
  assert.deepEqual([rows, symbols, files.length], [4, ['A', 'B'], 2]);
});
