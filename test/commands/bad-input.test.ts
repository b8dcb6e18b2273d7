/** What a user gets to see when the input is bad: exit 2, one sentence that names the place, nothing on standard output, nothing left behind. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { example, writeFiles, type Ran } from './command-line.js';
import { runAll } from './one-process.js';

const table = example['vwap.sql']!.slice(0, example['vwap.sql']!.indexOf('CREATE TABLE vwap_1m'));
const sqls: Readonly<Record<string, readonly [text: string, complaint: RegExp]>> = {
  'syntax.sql': ['SELECT symbol FORM ticks;', /syntax\.sql, line 5, column \d+: .*Did you mean FROM in place of 'FORM'\?/],
  'column.sql': ['SELECT symbol, prise FROM ticks;', /column\.sql, line 5, column 16: no column 'prise'.* Did you mean 'price'\?/],
  'table.sql': ['SELECT symbol FROM tick;', /table\.sql, line 5, column 20: no table or view 'tick'\. Did you mean 'ticks'\?/],
  'clause.sql': ['SELECT a.symbol FROM ticks a JOIN ticks b ON a.symbol = b.symbol;', /clause\.sql, line 5, column \d+: this join would remember every row for ever: .*table\.exec\.state\.ttl/],
  'order.sql': ['SELECT symbol FROM ticks\nORDER BY price;', /order\.sql, line 6, column \d+: ORDER BY is not supported/],
  'function.sql': ['SELECT SUBSTRR(symbol, 1) FROM ticks;', /function\.sql, line 5, column 8: there is no function SUBSTRR; nearest: SUBSTR/],
  'type.sql': ['SELECT symbol - 1 FROM ticks;', /type\.sql, line 5, column 8: - does not take STRING, INT/],
  'path.sql': ["CREATE TABLE `../x` (s STRING) WITH ('connector' = 'jdbc');\nINSERT INTO `../x` SELECT symbol FROM ticks;", /path\.sql, line 5, column 14: table name "\.\.\/x" holds '\/' or '\\'/],
  'twins.sql': ["CREATE TABLE out1 (s STRING) WITH ('connector' = 'jdbc');\nCREATE TABLE OUT1 (s STRING) WITH ('connector' = 'jdbc');\nINSERT INTO out1 SELECT symbol FROM ticks;\nINSERT INTO OUT1 SELECT symbol FROM ticks;", /twins\.sql, line 8, column 1: the outputs 'out1' and 'OUT1' differ only in case.* Rename one/],
  'alike.sql': ['SELECT symbol AS a, price AS A FROM ticks;', /alike\.sql, line 5, column 1: the columns 'a' and 'A' of 'query_1' differ only in case/],
  'empty.sql': ['', /empty\.sql, line 1, column 1: the text has no INSERT INTO and no SELECT/],
};

test('SQL that cannot run is refused before a row is read, with file, line, column and what to write', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { ...example, ...Object.fromEntries(Object.entries(sqls).map(([name, [text]]) => [name, `${table}${text}\n`])) });
  const ran = runAll(directory, Object.keys(sqls).map((name) => ['replay', name, '--bind', 'ticks=ticks.jsonl', '--out', 'run']));
  for (const [index, [name, [, complaint]]] of Object.entries(sqls).entries()) {
    const { code, out, err } = ran[index]!;
    assert.equal(code, 2, `${name}: ${err}`);
    assert.match(err, complaint);
    assert.equal(err.trim().split('\n').length, 1, err);
    assert.equal(out, '');
  }
  assert.ok(!existsSync(join(directory, 'run')), 'nothing is left');
});

test('flags, bindings and spans that cannot be meant are refused by name', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { ...example, 'scenario.yaml': 'pipeline: vwap.sql\nbind: { ticks: ticks.jsonl }\nspeeed: 4\n', 'escape.csv': '\u001b[2Jsymbol,b\n1,2\n' });
  const bound = ['vwap.sql', '--bind', 'ticks=ticks.jsonl'];
  const cases: [string[], RegExp][] = [
    [['.'], /scenario\.yaml, line 3: unknown key 'speeed'/],
    [['vwap.sql'], /nothing is bound to table ticks: give --bind ticks=FILE/],
    [['vwap.sql', '--bind', 'tiks=ticks.jsonl'], /reads no table tiks; it reads ticks/],
    [['vwap.sql', '--bind', 'vwap_1m=ticks.jsonl'], /vwap_1m is written, not read/],
    [['vwap.sql', '--bind', 'ticks=us-equities-dya'], /no such file and no such dataset; did you mean 'us-equities-day'\?/],
    [[...bound, '--map', 'ticks.prise=price'], /--map ticks\.prise: table ticks reads no column prise; it reads symbol, price, volume, event_time/],
    [[...bound, '--map', 'ticks.price=(SELECT 1'], /--map ticks\.price/],
    [[...bound, '--map', 'ticks.price=price + random()'], /--map ticks\.price: random gives another value in each run/],
    [[...bound, '--map', 'ticks.event_time=CURRENT_TIMESTAMP::TIMESTAMP'], /--map ticks\.event_time: current_timestamp gives another value in each run/],
    [['vwap.sql', '--bind', 'ticks=escape.csv'], /its columns are \\u001b\[2Jsymbol, b; name one with --map/],
    [[...bound, '--from', '2026-03-03', '--to', '2026-03-02'], /the span from 2026-03-03 00:00:00\.000 to 2026-03-02 00:00:00\.000 is empty: --to must be later than --from/],
    [[...bound, '--from', '2026-03-03'], /no row has an event time in \[2026-03-03 00:00:00\.000, the end\): those of ticks are of 2026-03-02 14:30:01\.000 to 2026-03-02 14:31:30\.000/],
    [[...bound, '--lanes', '3', '--key', 'price'], /3 lanes are not possible: .*price/],
    [[...bound, '--max-ahead', 'soon'], /--max-ahead soon: must be a duration/],
  ];
  const ran = runAll(directory, [...cases.map(([args]) => args), bound].map((args) => ['replay', ...args, '--out', 'run']));
  for (const [index, [args, message]] of cases.entries()) {
    const { code, out, err } = ran[index]!;
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, message);
    assert.doesNotMatch(err, /\bat .*\.js:/);
    assert.equal(out, '');
  }
  assert.equal(ran[cases.length]!.code, 0, 'none of them stands in the way');
});

test('bad rows are told and kept; late and rejected rows alone are exit 0, and --strict is exit 2', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, {
    ...example, 'division.sql': `${table}SELECT symbol, 10 / volume AS ratio FROM ticks;\n`,
    'bad.jsonl': `${example['ticks.jsonl']!}{"symbol":"A","price":"much","volume":1,"event_time":"2026-03-02T14:31:40"}\n{"symbol":"A","price":1,"volume":0,"event_time":"2026-03-05T00:00:00"}\n`,
  });
  const bound = ['division.sql', '--bind', 'ticks=bad.jsonl'];
  const [kept, letters, strict] = runAll(directory, [
    ['replay', ...bound, '--out', 'run'],
    ['query', 'run', 'SELECT "position", error, decode(value) AS text FROM dead_letters', '--format', 'csv'],
    ['replay', ...bound, '--strict', '--out', 'strict'],
  ]) as [Ran, Ran, Ran];
  assert.equal(kept.code, 0, kept.err);
  assert.match(kept.out, /0 late rows, 0 rejected rows, 1 dead letters/, 'the price is not read');
  assert.match(kept.err, /Remark: ticks: row 6 moves event time ahead by 57\.5 hours/);
  assert.match(letters.out, /^6,.*division by zero.*""symbol"":""A"/m);
  assert.equal(strict.code, 2);
  assert.match(strict.err, /division\.sql, line 5, column 16: 10 \/ volume: .*division by zero.* at row 6 of ticks\. Without --strict such rows go to dead-letters\.parquet/);
});

test('an output may be called late: then the late rows are bundle.late', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { ...example, 'vwap.sql': example['vwap.sql']!.replaceAll('vwap_1m', 'late') });
  const [ran, output, late, report] = runAll(directory, [
    ['replay', 'vwap.sql', '--bind', 'ticks=ticks.jsonl', '--out', 'run'], ['query', 'run', 'SELECT count(vwap) AS n FROM late', '--format', 'csv'],
    ['query', 'run', 'SELECT reason FROM bundle.late', '--format', 'csv'], ['report', 'run', '--json'],
  ]) as [Ran, Ran, Ran, Ran];
  assert.equal(ran.code, 0, ran.err);
  assert.match(output.out, /^n\r?\n3/);
  assert.match(late.out, /^reason\r?\nthe window has fired/);
  assert.equal((JSON.parse(report.out) as { lateRows: unknown[] }).lateRows.length, 1);
});

test('where a scenario has several files, a failing expression is placed in its own', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, {
    'ticks.jsonl': example['ticks.jsonl']!, 'tables.sql': table, 'outputs.sql': '\nSELECT symbol, 1 / (volume - 1) AS ratio FROM ticks;\n',
    'scenario.yaml': 'name: two\npipeline: [tables.sql, outputs.sql]\nbind: { ticks: ticks.jsonl }\n',
  });
  const [ran, letters, strict] = runAll(directory, [
    ['replay', '.', '--out', 'run'], ['query', 'run', 'SELECT DISTINCT expression FROM dead_letters', '--format', 'csv'], ['replay', '.', '--out', 'strict', '--strict'],
  ]) as [Ran, Ran, Ran];
  assert.equal(ran.code, 0, ran.err);
  assert.match(letters.out, /"outputs\.sql, line 2, column 16: 1 \/ \(volume - 1\)"/);
  assert.match(strict.err, /outputs\.sql, line 2, column 16: 1 \/ \(volume - 1\): division by zero, at row 1 of ticks/);
  assert.equal(runAll(directory, [['verify', 'run']])[0]!.code, 0);
});

test('a directory that cannot be used is named, and a changed bundle is told by its file', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { ...example, 'file': 'in the way' });
  const bound = ['replay', 'vwap.sql', '--bind', 'ticks=ticks.jsonl'];
  const ran = runAll(directory, ['file', 'file/run', '.', 'run'].map((out) => [...bound, '--out', out]));
  for (const { code, err } of ran.slice(0, 3)) {
    assert.equal(code, 2);
    assert.match(err, /choose another directory with --out|is not empty/);
  }
  assert.equal(ran[3]!.code, 0);
  const late = join(directory, 'run', 'late.parquet');
  const bytes = readFileSync(late);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(late, bytes);
  const [verified] = runAll(directory, [['verify', 'run']]) as [Ran];
  assert.equal(verified.code, 1);
  assert.match(verified.out, /late\.parquet/);
});
