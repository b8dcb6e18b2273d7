/** A starter runs at once, whatever the file and however its columns are called. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import fc from 'fast-check';
import { newRunOptions } from '../../src/scenario/flags.js';
import { makeStarter, type StarterRequest } from '../../src/scenario/starter-write.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryBundle } from '../../src/sinks/query.js';
import { openDuck } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { directoryFor } from '../stores/directory.js';

async function parquet(path: string, select: string): Promise<void> {
  const duck = await openDuck({ files: [path] });
  await duckdb.query(duck.connection, `COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`);
  duck.close();
}

/** Makes a starter over the file, runs it, and gives its candles. */
async function candles(context: TestContext | string, file: string, columns: StarterRequest['columns'] = {}): Promise<{ rows: readonly (readonly unknown[])[]; made: Awaited<ReturnType<typeof makeStarter>>; rejected: number }> {
  const directory = typeof context === 'string' ? context : directoryFor(context);
  const made = await makeStarter({ name: 'mine', from: file, out: join(directory, 'made'), columns });
  const result = await runReplay({ ...(await newRunOptions(made.folder, { out: join(directory, 'run') })), report: false });
  const { rows } = await queryBundle(result.directory, "SELECT symbol, strftime(window_start, '%Y-%m-%d %H:%M'), open_price, close_price, row_count FROM candles_1m ORDER BY 1, 2");
  return { rows, made, rejected: result.rejected };
}

const expected = [['A', '2024-01-02 14:30', 10.5, 11, 2], ['A', '2024-01-02 14:31', 12, 12, 1], ['B', '2024-01-02 14:30', 3, 3, 1]];
const ticks = [['2024-01-02 14:30:01.250', 'A', 10.5, 100], ['2024-01-02 14:30:02', 'B', 3, 5], ['2024-01-02 14:30:59', 'A', 11, 1], ['2024-01-02 14:31:10', 'A', 12, 7]] as const;
const millisOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** The four ticks with their times as `time` writes them. */
const csv = (header: string, time: (text: string) => string, separator = ','): string =>
  [header, ...ticks.map(([at, symbol, price, size]) => [time(at), symbol, price, size].join(separator)), ''].join('\n');

test('times are read however a file writes them', async (context) => {
  const forms: Readonly<Record<string, string>> = {
    iso: csv('event_time,symbol,price,volume', (text) => text), seconds: csv('ts,ticker,last,size', (text) => String(Math.floor(millisOf(text) / 1_000))),
    micros: csv('"Trade Time";Ticker;Last Price;Qty', (text) => `${millisOf(text)}000`, ';'), points: csv('date,pair,price,amount', (text) => text.replaceAll('-', '.')),
    two: csv('date,time,symbol,price,volume', (text) => `${text.slice(0, 10).replaceAll('-', '')},${text.slice(11)}`),
  };
  for (const [name, text] of Object.entries(forms)) {
    const directory = directoryFor(context);
    writeFileSync(join(directory, 'ticks.csv'), text);
    const { rows, rejected } = await candles(directory, join(directory, 'ticks.csv'));
    assert.deepEqual([rows, rejected], [expected, 0], name);
  }
});

test('Parquet of any column types runs', async (context) => {
  const values = ticks.map(([at, symbol, price, size]) => `(TIMESTAMP '${at}', '${symbol}', ${price}, ${size})`).join(', ');
  const from = `FROM (VALUES ${values}) AS t(m, s, p, v)`;
  const selects = [
    'm AS event_time, s AS symbol, p::DOUBLE AS price, v::BIGINT AS volume', 'm::TIMESTAMP_NS AS ts, s AS ticker, p::DECIMAL(12, 3) AS price, v::UBIGINT AS size',
    'epoch_ms(m)::UBIGINT AS t, s::ENUM (\'A\', \'B\') AS s, p::FLOAT AS p, v::HUGEINT AS q', "m::TIMESTAMPTZ AS time, s AS sym, p::VARCHAR AS price, v::DECIMAL(10, 0) AS qty",
    'epoch_us(m) AS ts, s AS symbol, p::DOUBLE AS price, v::INTEGER AS size', 'epoch(m)::DOUBLE AS epoch, s AS symbol, p::DOUBLE AS price', 'm::DATE AS day_date, m::TIME AS day_time, s AS symbol, p::DOUBLE AS price',
    'CAST(m AS VARCHAR) AS datetime, s AS symbol, p::DOUBLE AS "Last Price"',
  ];
  for (const select of selects) {
    const directory = directoryFor(context);
    await parquet(join(directory, 'ticks.parquet'), `SELECT ${select} ${from}`);
    assert.deepEqual((await candles(directory, join(directory, 'ticks.parquet'))).rows, expected, select);
  }
});

test('names with quotes, spaces, reserved words and commands to a terminal are names', async () => {
  const odd = fc.constantFrom('sel"ect', "it's", 'a b', 'group', '-- x', '*/', '${a}', 'ünïcode', '\u009b2J', 'table.column', '`x`', "x' AS y", '#no', '{a: b}');
  await fc.assert(fc.asyncProperty(fc.uniqueArray(odd, { minLength: 4, maxLength: 4 }), fc.constantFrom('csv', 'jsonl', 'parquet'), fc.boolean(), async (names, form, isEpoch) => {
    const directories: (() => void)[] = [];
    const context = { after: (act: () => void) => directories.push(act) } as unknown as TestContext;
    try {
      const directory = directoryFor(context);
      const file = join(directory, `my "odd" file's.${form}`);
      const time = (text: string): string => (isEpoch ? `${millisOf(text)}000` : text);
      const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
      if (form === 'csv') writeFileSync(file, csv(quoted.join(','), time));
      else if (form === 'jsonl') writeFileSync(file, ticks.map(([at, ...rest]) => `${JSON.stringify(Object.fromEntries([time(at), ...rest].map((value, index) => [names[index]!, value])))}\n`).join(''));
      else await parquet(file, `SELECT * FROM (VALUES ${ticks.map(([at, s, p, v]) => `('${time(at)}', '${s}', ${p}, ${v})`).join(', ')}) AS t(${quoted.join(', ')})`);
      const [at, symbol, price, volume] = names as [string, string, string, string];
      const { rows, made } = await candles(directory, file, { time: at, symbol, price, volume });
      assert.deepEqual(rows, expected);
      for (const each of made.files) assert.ok(!readFileSync(each, 'utf8').includes('\u009b'), each);
    } finally {
      for (const act of directories) act();
    }
  }), { numRuns: 8, examples: [[["*/", "ünïcode", "-- x", "#no"], "csv", false]] });
});

test('quotes alone, trades without sizes, and a file of one symbol run', async (context) => {
  const file = (name: string, text: string): [string, string] => {
    const directory = directoryFor(context);
    writeFileSync(join(directory, name), text);
    return [directory, join(directory, name)];
  };
  const quotes = await candles(...file('eurusd.csv', 'Time,Bid,Ask\n2024-01-02T14:30:00,1.5,2.5\n2024-01-02T14:30:10,1.75,2.75\n'));
  assert.deepEqual(quotes.rows, [['mine', '2024-01-02 14:30', 2, 2.25, 2]]);
  assert.match(readFileSync(join(quotes.made.folder, 'outputs.sql'), 'utf8'), /\(bid \+ ask\) \/ 2 AS price, ask - bid AS spread/);
  const prints = await candles(...file('p.jsonl', '{"time":1704205800000,"price":"7.5"}\n{"time":1704205801000,"price":"8"}\n'));
  assert.deepEqual(prints.rows, [['mine', '2024-01-02 14:30', 7.5, 8, 2]]);
  const mixed = await candles(...file('m.csv', 'symbol,event_time,event_type,price,volume,bid,ask\nA,2024-01-02 14:30:00,QUOTE,9,0,8,10\nA,2024-01-02 14:30:01,TRADE,10,5,,\nA,2024-01-02 14:30:02,TRADE,11,5,,\n'));
  assert.deepEqual(mixed.rows, [['A', '2024-01-02 14:30', 10, 11, 2]]);
});

test('a dataset is as good as a file, and its own expressions stand for its columns', async (context) => {
  const directory = directoryFor(context);
  writeFileSync(join(directory, 'raw.csv'), csv('when;ticker;p;v', (text) => `${millisOf(text)}000`, ';'));
  mkdirSync(join(directory, 'datasets/mine'), { recursive: true });
  writeFileSync(join(directory, 'datasets/mine/dataset.yaml'), `name: mine
description: d
origin: o
licence: l
files: ../../raw.csv
schema: { at: TIMESTAMP(3), ticker: STRING, last: DOUBLE, v: BIGINT }
select: { at: make_timestamp(CAST("when" AS BIGINT)), last: p }
span: { from: 2024-01-02T00:00:00Z, to: 2024-01-03T00:00:00Z }
`);
  const here = process.cwd();
  process.chdir(directory);
  try {
    const { rows, made } = await candles(directory, 'mine', { time: 'at' });
    assert.deepEqual(rows, expected);
    assert.match(readFileSync(join(made.folder, 'scenario.yaml'), 'utf8'), /ticks: 'mine'/);
  } finally {
    process.chdir(here);
  }
});

test('what is found is said, what is there is never overwritten, and what cannot run is not written', async (context) => {
  const directory = directoryFor(context);
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('t.csv'), csv('time,symbol,price,volume', (text) => text));
  const made = await makeStarter({ name: 'first', from: path('t.csv'), out: null, columns: {} });
  assert.deepEqual([made.folder, made.columns, readdirSync(made.folder)], [path('first'), { time: 'time', symbol: 'symbol', price: 'price', volume: 'volume' }, ['outputs.sql', 'scenario.yaml', 'tables.sql']]);
  writeFileSync(path('bars.csv'), 'nothing,here\nx,y\n');
  writeFileSync(path('days.csv'), 'time,price\n01/02/2024 10:00,5\n');
  writeFileSync(path('bare.csv'), '1704205800000,5,3\n1704205800001,5,3\n');
  writeFileSync(path('bad.csv'), 'time,price\n2024-01-02 14:30:00,5\n');
  writeFileSync(path('new.csv'), `time,price\n${Array.from({ length: 9 }, (_, index) => `2024-01-02 14:3${9 - index}:00,5`).join('\n')}\n`);
  mkdirSync(path('full'));
  writeFileSync(path('full/notes.txt'), 'mine');
  const refused = async (name: string, file: string, columns: StarterRequest['columns'] = {}): Promise<string> => {
    const error = await makeStarter({ name, from: path(file), out: null, columns }).then(() => null, (caught: Error & { code: string }) => caught);
    return `${error?.code} ${error?.message.replaceAll(directory, '')}`;
  };
  assert.match(await refused('first', 't.csv'), /USAGE \/first is not empty \(it holds outputs\.sql\), and nothing is overwritten/);
  assert.match(await refused('full', 't.csv'), /USAGE .*notes\.txt/);
  assert.match(await refused('../x', 't.csv'), /USAGE '\.\.\/x' is no name for a scenario/);
  assert.match(await refused('a', 'none.csv'), /DATASET_MISSING/);
  assert.match(await refused('a', 't.csv', { time: 'tiem' }), /USAGE --time tiem: .* has no such column; did you mean 'time'\?/);
  assert.match(await refused('a', 'bars.csv'), /DATASET_INVALID in .* no column can be told to be a time; its columns are nothing, here: name it with --time/);
  assert.match(await refused('a', 'days.csv'), /times such as '01\/02\/2024 10:00' are none that can be read without guessing/);
  assert.match(await refused('a', 'bare.csv'), /has no header, so its columns have no names/);
  assert.match(await refused('a', 'bad.csv', { symbol: 'price', price: 'time' }), /DATASET_INVALID/);
  assert.match((await makeStarter({ name: 'n', from: path('new.csv'), out: null, columns: {} })).remarks.join(), /newest rows stand first/);
  assert.deepEqual(readdirSync(directory).sort(), ['bad.csv', 'bare.csv', 'bars.csv', 'days.csv', 'first', 'full', 'n', 'new.csv', 't.csv']);
});
