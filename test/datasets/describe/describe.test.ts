import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TapewrightError } from '../../../src/core/errors.js';
import { describe } from '../../../src/datasets/describe/describe.js';
import { descriptionPage } from '../../../src/datasets/describe/page.js';
import { descriptionText } from '../../../src/datasets/describe/text.js';
import { queryToFile } from '../../../src/sinks/query-file.js';
import { temporaryFolder, writeParquet, writeText } from '../../sources/files.js';
import { sharedPath, skipUnless } from '../../support/shared.js';

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

const noon = Date.UTC(2026, 2, 2, 12);
const iso = (millis: number): string => new Date(millis).toISOString().slice(0, -1);

/** A quiet hour of two symbols, a trade and a quote a second, with some of everything that is wrong with data. */
function faultyDay(): string[] {
  const rows: string[] = [];
  const trade = (second: number, symbol: string, price: number | string, size: number | string): string => `${iso(noon + second * 1000)},${symbol},TRADE,${price},${size},,`;
  const quote = (second: number, symbol: string, bid: number | string, ask: number | string): string => `${iso(noon + second * 1000)},${symbol},QUOTE,,,${bid},${ask}`;
  for (let second = 0; second < 1800; second += 1) {
    const symbol = second % 2 === 0 ? 'AAA' : 'BBB';
    rows.push(quote(second, symbol, 99.99, 100.01), trade(second, symbol, second % 4 < 2 ? 100 : 100.01, 10));
  }
  rows.splice(1000, 0, trade(490, 'AAA', 100, 5)); // ten seconds late
  rows.splice(1500, 0, quote(749, 'BBB', 100.05, 100), quote(749, 'BBB', 100, 100), quote(749, 'BBB', 0, 100.01), quote(749, 'BBB', 99.99, 100.01));
  rows.splice(2001, 0, trade(998, 'AAA', 125, 10)); // a fat finger
  rows.splice(2500, 0, trade(1248, 'AAA', 100, 0), trade(1248, 'AAA', 'NaN', 10), trade(1248, 'AAA', 100, -3), ...Array<string>(2).fill(trade(1248, 'AAA', 100, 77)));
  rows.push(trade(5400, 'AAA', 100, 10), 'yesterday,AAA,TRADE,1,1,,');
  return rows;
}

const header = 'ts,ticker,kind,last_price,size,bid,ask';
const csv = `${header}\n${faultyDay().join('\n')}\n`;
const asked = { event_type: 'kind' };

test('what is wrong with a file is found, counted and told, with its place', async () => {
  const { profile, subject, verdict } = await describe(writeText(path('faulty.csv'), csv), asked);
  assert.deepEqual(subject.found, { time: 'ts', symbol: 'ticker', price: 'last_price', volume: 'size', bid: 'bid', ask: 'ask', event_type: 'kind' });
  assert.deepEqual([profile.rows, profile.rejected.rows, profile.rejected.examples[0]!.column], [3612, 1, 'ts']);
  assert.deepEqual(profile.symbols.map(({ symbol, rows }) => [symbol, rows]), [['AAA', 1808], ['BBB', 1804]]);
  assert.deepEqual(profile.disorder.worst.map(({ position, by }) => [position, by])[0], [1000, 9_000]);
  const { quotes, prints } = profile;
  assert.deepEqual([quotes!.crossed, quotes!.locked, quotes!.zero, quotes!.negative, quotes!.oneSided], [1, 1, 1, 0, 0]);
  assert.deepEqual([prints!.priceMissing, prints!.volumeZero, prints!.volumeNegative, prints!.suspicious], [1, 1, 1, 1]);
  assert.deepEqual(prints!.examples.map(({ symbol, price, by }) => [symbol, price, by]), [['AAA', 125, 'quote']]);
  assert.equal(profile.repeated, 2);
  assert.deepEqual(profile.silences[0], { from: noon + 1_799_000, to: noon + 5_400_000 });
  assert.equal(profile.sessions.length, 2);
  assert.equal(verdict.weight, 'care');
  assert.equal(verdict.watermark, "WATERMARK FOR ts AS ts - INTERVAL '10' SECOND");
  const told = verdict.findings.map(({ text }) => text).join('\n');
  for (const words of [/1 row \(.*\) cannot be read .* row 3,612: ts is not a value of TIMESTAMP\(3\)/, /1 crossed, 1 with a zero/, /125 at 2026-03-02 12:16:38\.000/, /1 h\b|1 h 0|60 min|longest silence lasts 1 h/]) assert.match(told, words);
});

test('the same rows are the same in any container', async () => {
  const good = `${header}\n${faultyDay().filter((row) => !row.startsWith('yesterday')).join('\n')}\n`;
  const query = `SELECT * REPLACE (CAST(ts AS TIMESTAMP) AS ts) FROM read_csv('${writeText(path('good.csv'), good)}', types = {'size': 'BIGINT', 'last_price': 'DOUBLE'})`;
  mkdirSync(join(folder, 'outputs'));
  await writeParquet(join(folder, 'outputs', 'good.parquet'), query);
  const elsewhere = temporaryFolder();
  await queryToFile(folder, 'FROM good', 'arrow', join(elsewhere, 'good.arrow'));
  const facts = async (file: string) => {
    const { columns, ...profile } = (await describe(file, asked)).profile;
    return { ...profile, columns: columns.map(({ name, nulls }) => ({ name, nulls })) };
  };
  const expected = await facts(path('good.csv'));
  assert.equal(expected.rows, 3612);
  for (const file of [writeText(path('good.csv.gz'), gzipSync(good)), join(folder, 'outputs', 'good.parquet'), join(elsewhere, 'good.arrow')]) assert.deepEqual(await facts(file), expected, file);
});

test('one far-future tick is what is wrong, not the rest of the day', async () => {
  const rows = Array.from({ length: 500 }, (_, second) => `{"time":${second === 100 ? noon + 1e11 : noon + second * 1000},"symbol":"A","price":5}`);
  const { verdict, profile } = await describe(writeText(path('future.jsonl'), rows.join('\n')), {});
  assert.equal(verdict.weight, 'mend');
  assert.match(verdict.findings[0]!.text, /^Row 100 alone jumps from 2026-03-02 12:01:39\.000 to 2029-05-02 .*: 399 rows after it would be behind it\. Replay with --max-ahead 1h/);
  assert.equal(profile.disorder.jumps.length, 1);
  assert.deepEqual([profile.strays!.rows, profile.strays!.disorder.behind, profile.disorder.behind, profile.span], [1, 0, 399, { from: noon, to: noon + 499_000 }]);
  assert.match(verdict.watermark!, /INTERVAL '1' SECOND/);
});

test('epochs in other units are read, and what a replay needs is said; flags and --map say what is not found', async () => {
  const file = writeText(path('seconds.csv'), `when,px\n${Array.from({ length: 30 }, (_, row) => `${noon / 1000 + row},10`).join('\n')}\n`);
  const found = await describe(file, { time: 'when', price: 'px' });
  assert.deepEqual(found.profile.span, { from: noon, to: noon + 29_000 });
  assert.match(found.verdict.findings.map(({ text }) => text).join('\n'), /--map 'TABLE\.when=make_timestamp\(/);
  assert.match(descriptionText(found), /Found: time is when, read as make_timestamp/);
  const mapped = await describe(file, { time: 'when', price: 'px', map: { time: 'epoch_ms(CAST("when" AS BIGINT) * 1000 + 5)' } });
  assert.deepEqual(mapped.profile.span, { from: noon + 5, to: noon + 29_005 });
  const refused = (asked: Parameters<typeof describe>[1], message: RegExp) => assert.rejects(describe(file, asked), (error: unknown) => error instanceof TapewrightError && message.test(error.message));
  await refused({ time: 'wen' }, /has no such column; did you mean 'when'\?/);
  await refused({ time: 'when', map: { prize: 'px' } }, /--map prize: did you mean 'price'\?/);
  await assert.rejects(describe(writeText(path('headless.csv'), '1,2\n3,4\n'), {}), { code: 'DATASET_INVALID', message: /has no header/ });
  await assert.rejects(describe('us-equities-dya', {}), { code: 'DATASET_MISSING', message: /did you mean 'us-equities-day'\?/ });
});

test('a file without prices is described as far as it goes; one without rows has a verdict too', async () => {
  const only = await describe(writeText(path('times.csv'), 'time,note\n2026-03-02T12:00:00,a\n2026-03-02T12:00:00,\n'), {});
  assert.deepEqual([only.profile.rows, only.profile.quotes, only.profile.prints, only.profile.columns[1]!.nulls], [2, null, null, 1]);
  const typed = await describe(await writeParquet(path('typed.parquet'), "SELECT TIMESTAMP '2026-03-02' AS at, 7 AS number"), {});
  assert.deepEqual(typed.subject.found, { time: 'at (TIMESTAMP)' });
  const empty = await describe(await writeParquet(path('empty.parquet'), "SELECT TIMESTAMP '2026-03-02' AS time, 1.0::DOUBLE AS price WHERE false"), {});
  assert.deepEqual([empty.verdict.weight, empty.verdict.findings[0]!.text], ['mend', 'It has no rows with an event time.']);
  assert.match(descriptionText(empty), /Verdict: Not to be trusted/);
  assert.match(descriptionPage(empty), /No row has an event time/);
});

test("a stranger's words stay words, on the page and on the terminal; the page asks nobody", async () => {
  const evil = '</td><script>alert(1)</script>\u001b[31m';
  const rows = Array.from({ length: 20 }, (_, row) => JSON.stringify({ time: noon + row, symbol: evil, price: 1, '<img src=x onerror=alert(1)>': 1 }));
  const description = await describe(writeText(path('evil.jsonl'), rows.join('\n')), {});
  const page = descriptionPage(description);
  assert.doesNotMatch(page, /<script|<img|\u001b/);
  assert.match(page, /&#60;script&#62;alert\(1\)/);
  assert.doesNotMatch(page, /https?:|<[^>]*(src|href)=|url\(|@import/);
  assert.doesNotMatch(descriptionText(description), /\u001b/);
});

test('the real days: in order, no crossed quotes, and their own oddities', { skip: skipUnless('data') }, async () => {
  const of = (name: string) => describe(sharedPath('data', name, 'ticks.parquet'), {});
  const oanda = await of('oanda_fx_20140502');
  assert.deepEqual([oanda.profile.rows, oanda.profile.disorder.behind, oanda.profile.quotes!.crossed, oanda.verdict.weight], [314_356, 0, 0, 'good']);
  const widest = oanda.profile.quotes!.widest[0]!;
  assert.deepEqual([widest.symbol, Number(widest.spread.toFixed(6)), new Date(widest.time).toISOString()], ['EURUSD', 0.0015, '2014-05-02T12:30:01.470Z']);
  const binance = await of('binance_coinm_perp_20240808');
  assert.deepEqual([binance.profile.rows, binance.profile.prints!.prints, binance.profile.prints!.suspicious, binance.profile.quotes!.quotes], [92_748, 8_830, 0, 83_918]);
  const mtgox = await of('mtgox_btcusd_20130101');
  assert.deepEqual([mtgox.profile.rows, Math.round((mtgox.profile.silences[0]!.to - mtgox.profile.silences[0]!.from) / 60_000)], [2_331, 24]);
  assert.ok(readFileSync(sharedPath('data', 'mtgox_btcusd_20130101', 'README.md'), 'utf8').includes('longest silence 24 minutes'));
});

test('a dataset is described by its schema, also where its time is a number', async () => {
  const mine = join(temporaryFolder(), 'mine');
  mkdirSync(mine);
  writeText(join(mine, 'ticks.csv'), `ts,symbol,price\n${Array.from({ length: 20 }, (_, row) => `${noon / 1000 + row},A,${row + 1}`).join('\n')}\n`);
  const yaml = (schema: string): string => `name: mine\ndescription: d\norigin: o\nlicence: l\nfiles: ticks.csv\nschema: { ${schema} }\nspan: { from: 2026-03-02T12:00:00Z, to: 2026-03-02T13:00:00Z }\n`;
  const described = await describe(join(writeText(join(mine, 'dataset.yaml'), yaml('ts: BIGINT, symbol: STRING, price: DOUBLE'))), {});
  assert.deepEqual([described.profile.span, described.subject.dataset!.name], [{ from: noon, to: noon + 19_000 }, 'mine']);
  const small = await describe('us-equities-day?rows=2000', {}, { cache: join(mine, 'cache') });
  assert.deepEqual([small.profile.rows, small.subject.found['event_type']], [2000, 'event_type (VARCHAR)']);
});
