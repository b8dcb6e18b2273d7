/** The commands for captured databases, as far as they go without one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { writeFiles } from './command-line.js';
import { runAll } from './one-process.js';

const line = (op: string, id: number, balance: string): string => `${JSON.stringify({ topic: 'cdc.accounts', partition: 0, key: `{"id":${id}}`, value: JSON.stringify({ before: null, after: { id, balance }, source: { schema: 'public', table: 'accounts', ts_ms: id, lsn: 10 + id, sequence: `[null,"${10 + id}"]` }, op }) })}\n`;

const files = {
  'accounts.sql': "CREATE TABLE accounts (id INT, balance DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'cdc.accounts', 'format' = 'debezium-json');\nSELECT * FROM accounts;\n",
  'held.jsonl': line('c', 1, '1.00') + line('c', 2, '2.00'),
  'new.jsonl': line('c', 1, '1.00') + line('c', 2, '2.50') + line('c', 3, '3.00'),
};
const database = ['--database', 'postgresql://me@127.0.0.1:1/finance'];

test('every command has a help with examples', (context) => {
  const commands = ['connector', 'status', 'reconcile', 'pack'];
  runAll(directoryFor(context), commands.map((command) => ['cdc', command, '--help'])).forEach(({ code, out, err }, index) => {
    assert.equal(code, 0, err);
    assert.match(out, /EXAMPLES\n +\$ tapewright /, commands[index]!);
    assert.match(out, /--json/);
  });
});

test('a connector is printed as Connect takes it, and never with a secret', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, files);
  const [plain, json, bare, secret, nothing] = runAll(directory, [
    ['cdc', 'connector', 'accounts.sql', ...database], ['cdc', 'connector', 'accounts.sql', ...database, '--json'], ['cdc', 'connector', 'accounts.sql', ...database, '--password', 'hunter2'],
    ['cdc', 'connector', 'accounts.sql', '--database', 'postgresql://me:hunter2@db/finance'], ['cdc', 'connector', 'trading-day', ...database],
  ]);
  assert.equal(plain!.code, 0, plain!.err);
  const { name, config } = JSON.parse(plain!.out) as { name: string; config: Record<string, string> };
  assert.deepEqual([name, config['table.include.list'], config['database.password']], ['finance-cdc', 'public.accounts', '${env:PGPASSWORD}']);
  assert.deepEqual((JSON.parse(json!.out) as { config: object }).config, config);
  for (const { code, out, err } of [bare!, secret!]) {
    assert.deepEqual([code, out], [2, '']);
    assert.doesNotMatch(err, /hunter2/);
  }
  assert.match(nothing!.err, /no table of the scenario is kept from changes/);
});

test('reconcile exits with what it found: 1 different, 0 equal, 2 could not', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, files);
  const asked = ['--sql', 'accounts.sql', '--table', 'accounts'];
  const [different, json, equal, gone, unreachable] = runAll(directory, [
    ['cdc', 'reconcile', 'held.jsonl', ...asked, '--snapshot', 'new.jsonl', '--out', 'corrections.jsonl'], ['cdc', 'reconcile', 'held.jsonl', ...asked, '--snapshot', 'new.jsonl', '--json'],
    ['cdc', 'reconcile', 'new.jsonl', ...asked, '--snapshot', 'new.jsonl'], ['cdc', 'reconcile', 'gone', ...asked, '--snapshot', 'new.jsonl'], ['cdc', 'reconcile', 'held.jsonl', ...asked, ...database, '--json'],
  ]);
  assert.equal(different!.code, 1, different!.err);
  assert.match(different!.out, /accounts: 2 corrections[\s\S]*different id=2: balance "2\.00" → "2\.50"[\s\S]*missing {3}id=3[\s\S]*2 corrections in corrections\.jsonl/);
  const told = JSON.parse(json!.out) as { equal: boolean; tables: { table: string; corrections: number; held: { rows: number; hash: string } }[] };
  assert.deepEqual([json!.code, told.equal, told.tables[0]!.table, told.tables[0]!.corrections, told.tables[0]!.held.rows], [1, false, 'accounts', 2, 2]);
  assert.equal(equal!.code, 0, equal!.err);
  assert.match(equal!.out, /^accounts: equal\n/);
  assert.equal(gone!.code, 2);
  assert.equal(unreachable!.code, 2);
  assert.equal((JSON.parse(unreachable!.out) as { error: { code: string } }).error.code, 'DATABASE_UNREACHABLE');
});

test('status needs somebody to ask', (context) => {
  const [nobody, connect] = runAll(directoryFor(context), [['cdc', 'status'], ['cdc', 'status', '--connect', 'http://127.0.0.1:1', '--json']]);
  assert.equal(nobody!.code, 2);
  assert.match(nobody!.err, /--database, --connect, or both/);
  assert.equal((JSON.parse(connect!.out) as { error: { code: string } }).error.code, 'CONNECT_UNREACHABLE');
});

test('pack makes Parquet of a recording, which replays as its lines do', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, files);
  const [packed, equal, refused] = runAll(directory, [
    ['cdc', 'pack', 'new.jsonl', '--out', 'packed/new.parquet'], ['cdc', 'reconcile', 'new.jsonl', '--sql', 'accounts.sql', '--table', 'accounts', '--snapshot', 'packed/new.parquet'],
    ['cdc', 'pack', 'accounts.sql', '--out', 'accounts.parquet'],
  ]);
  assert.equal(packed!.code, 0, packed!.err);
  assert.match(packed!.out, /^3 records in packed\/new\.parquet: 0\.0 MB of 0\.0 MB\n$/);
  assert.deepEqual([equal!.code, equal!.out.split('\n')[0]], [0, 'accounts: equal']);
  assert.deepEqual([refused!.code, refused!.out], [2, '']);
});
