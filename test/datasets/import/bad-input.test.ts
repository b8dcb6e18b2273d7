/** What users have in their folders: a clear refusal that leaves nothing behind, or a reject with its reason. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { TapewrightError, type ErrorCode } from '../../../src/core/errors.js';
import { importDataset } from '../../../src/datasets/import/import.js';
import { importOptions } from '../../../src/datasets/import/options.js';
import { directoryFor } from '../../stores/directory.js';
import { filesIn, gzip, imported, importFiles, rowsOf, zip, type Flags } from './importing.js';

/** The import fails with all of these in its message, and the folder holds the files alone. */
async function refused(context: TestContext, files: Readonly<Record<string, string | Uint8Array>>, flags: Flags, code: ErrorCode, ...parts: readonly RegExp[]): Promise<void> {
  const directory = directoryFor(context);
  const paths = filesIn(directory, files);
  await assert.rejects(importFiles(directory, paths, flags), (error: unknown) => {
    assert.ok(error instanceof TapewrightError, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  });
  assert.deepEqual(readdirSync(directory).sort(), Object.keys(files).sort());
}

interface Reject {
  readonly row: number;
  readonly reason: string;
  readonly text: string;
}

const rejectsOf = (folder: string): Reject[] => readFileSync(join(folder, 'rejects.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Reject);

const trades = (...rows: readonly string[]): string => ['time,symbol,price,size', ...rows, ''].join('\n');
const good = ['1704067200000,A,1.5,2', '1704067200001,B,2.5,3', '1704067200002,C,3.5,4'];

test('a header that fits no mapping: the nearest is named, with what it lacks, and all that are known', (context) =>
  refused(context, { 'a.csv': 'update_id,best_bid_price,best_bid_qty,transaction_time\n1,2,3,1704067200000\n' }, {}, 'DATASET_INVALID',
    /its columns are update_id, /, /nearest is binance-book-ticker/, /also needs best_ask_price/, /known are binance-trades, .*trades/, /--as/));

test('bars are said to be bars', (context) =>
  refused(context, { 'a.csv': 'timestamp,open,high,low,close,volume,price\n1704067200000,1,2,0,1,5,1\n' }, {}, 'DATASET_INVALID', /look like bars/));

test('fields without a header that fit nothing are shown', (context) =>
  refused(context, { 'a.csv': '1,2,3\n4,5,6\n' }, {}, 'DATASET_INVALID', /no header, and its first row is 1, 2, 3/, /give it a header/));

test('--as: a name nearly right is corrected, one that does not fit says why', async (context) => {
  await refused(context, { 'a.csv': trades(...good) }, { as: 'bid_ask' }, 'USAGE', /did you mean 'bid-ask'/);
  await refused(context, { 'a.csv': trades(...good) }, { as: 'databento' }, 'DATASET_INVALID', /is not of the mapping databento/, /its columns are time, symbol/);
});

test('times without a zone wait for --time-zone; a wrong one is refused', async (context) => {
  const files = { 'a.csv': trades('2024-01-02 09:30:00,A,1,2') };
  await refused(context, files, {}, 'DATASET_INVALID', /'2024-01-02 09:30:00' state no zone/, /--time-zone UTC/);
  await refused(context, files, { 'time-zone': 'EST' }, 'USAGE', /America\/New_York/);
  await refused(context, files, { 'time-zone': 'Europe/Atlantis' }, 'USAGE', /America\/New_York/);
});

test('times of day without a date wait for --date; two dates in a name too', async (context) => {
  const row = '34200.5,4,1,100,5853300,1\n';
  const zone = { 'time-zone': 'America/New_York' };
  await refused(context, { 'AAPL_message_1.csv': row }, { ...zone, symbol: 'AAPL' }, 'DATASET_INVALID', /--date YYYY-MM-DD/);
  await refused(context, { 'AAPL_2012-06-21_2012-06-22_message_1.csv': row }, zone, 'DATASET_INVALID', /several dates \(2012-06-21, 2012-06-22\)/);
  await refused(context, { 'AAPL_2012-06-21_message_1.csv': row }, {}, 'DATASET_INVALID', /LOBSTER's times are those of the exchange/);
  await refused(context, { 'AAPL_message_1.csv': row }, { ...zone, date: '2012-02-30' }, 'USAGE', /must be a day/);
});

test('days and months that may be either are refused', (context) =>
  refused(context, { 'a.csv': trades('01/02/2024 09:30:00,A,1,2') }, { 'time-zone': 'UTC' }, 'DATASET_INVALID', /day or the month first/));

test('rows in another unit of time than the others are rejects', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', trades(...good, '1704067200003000,D,4.5,5', '1704067200,E,5.5,6'));
  assert.equal(rows.length, 3);
  assert.deepEqual(result.rejected, { 'the time is in microseconds, those of the file in milliseconds': 1, 'the time is in seconds, those of the file in milliseconds': 1 });
});

test('an hour that the clocks showed twice, or skipped, is a reject', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', trades('2024-11-03 00:59:59,A,1,1', '2024-11-03 01:30:00,A,1,1', '2024-11-03 02:00:00,A,1,1', '2024-03-10 02:30:00,A,1,1'), { 'time-zone': 'America/New_York' });
  assert.deepEqual(rows.map((row) => row.split(' ')[5]), ['2024-11-03T04:59:59.000', '2024-11-03T07:00:00.000']);
  assert.deepEqual(result.rejected, { 'the clocks skipped this time that day, or showed it twice': 2 });
});

test('fractional sizes: the least scale that makes all of them whole is named; with it they are exact', async (context) => {
  const files = { 'a.csv': trades('1704067200000,A,1,0.1', '1704067200001,A,1,0.30000001', '1704067200002,A,1,1e-3', '1704067200003,A,1,2') };
  await refused(context, files, {}, 'DATASET_INVALID', /sizes are fractional \(row 2/, /--size-scale 1e8 is the least/);
  const { rows } = await imported(directoryFor(context), 'a.csv', files['a.csv'], { 'size-scale': '1e8' });
  assert.deepEqual(rows.map((row) => row.split(' ')[2]), ['10000000', '30000001', '100000', '200000000']);
  await refused(context, files, { 'size-scale': '50' }, 'USAGE', /must be a power of ten/);
});

test('with a scale that is stated, sizes that it leaves fractional are rejects', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', trades('1704067200000,A,1,0.1', '1704067200001,A,1,0.25'), { 'size-scale': '10' });
  assert.equal(rows.length, 1);
  assert.deepEqual(result.rejected, { 'the size is no whole number at the scale 1e1': 1 });
});

test('a row cut in the middle, and what is no number, become rejects with place and text', async (context) => {
  const directory = directoryFor(context);
  const bad = ['1704067200003,D', '1704067200003,D,abc,1', '1704067200003,D,1,-5', '1704067200003,,1,5', '1704067200003,D,,5', '1704067200003,D,1,99999999999999999999'];
  const { rows, result } = await imported(directory, 'a.csv', trades(...good, ...bad, '1704067200009,E,"4.5",5', ...good));
  assert.equal(rows.length, 7);
  assert.deepEqual(rejectsOf(result.path).map(({ row, reason, text }) => [row, reason, text]), [
    [5, 'it has 2 fields, the others 4', bad[0]], [6, 'the price is no number', bad[1]], [7, 'the size is negative', bad[2]], [8, 'it has no symbol', bad[3]],
    [9, 'it has no price', bad[4]], [10, 'the size is beyond 64 bits', bad[5]],
  ]);
  assert.deepEqual(readFileSync(join(result.path, 'dataset.yaml'), 'utf8').includes('Rejected: 6'), true);
});

test('a quoted field may hold a line end; one that is never closed costs its own rows only', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', 'time,note,symbol,price,size\n1704067200000,"two\nlines",A,1.5,2\n1704067200001,,B,2.5,3\n1704067200002,,C,3.5,4\n');
  assert.equal(rows.length, 3);
  assert.deepEqual(result.rejected, {});
  const open = await imported(directoryFor(context), 'b.csv', trades(...good, '1704067200003,"D,1,1', good[0]!));
  assert.equal(open.rows.length, 4);
  assert.deepEqual(open.result.rejected, { 'a quote is not closed': 1 });
  const long = await imported(directoryFor(context), 'c.csv', trades('1704067200003,"D,1,1', ...Array.from({ length: 5000 }, (_, row) => `${1704067200003 + row},E,1,1`)));
  assert.deepEqual([long.rows.length, long.result.rejected], [5000, { 'a quote is not closed': 1 }]);
});

test('symbols in Latin-1 are rejects that say what to do, and are read when that is done', async (context) => {
  const bytes = Buffer.from(trades(...good, '1704067200003,MÜV2,4.5,5'), 'latin1');
  const { rows, result } = await imported(directoryFor(context), 'a.csv', bytes);
  assert.equal(rows.length, 3);
  assert.deepEqual(result.rejected, { 'the record is not UTF-8; if the file is Latin-1, say so with --encoding latin1': 1 });
  assert.equal(rejectsOf(result.path)[0]!.text, '1704067200003,MÜV2,4.5,5');
  const read = await imported(directoryFor(context), 'a.csv', bytes, { encoding: 'latin1' });
  assert.match(read.rows[3]!, /^MÜV2 /);
});

test('ids of 20 digits pass by; as a time they are none', async (context) => {
  const { rows } = await imported(directoryFor(context), 'a.csv', 'id,time,symbol,price,size\n12345678901234567890,1704067200000,A,1,2\n');
  assert.equal(rows.length, 1);
  const mixed = await imported(directoryFor(context), 'mtgox-usd-.csv', 'id,price,amount,type\n1356998659486096,13.5,1,ask\n1356998659486097,13.5,1,ask\n12345678901234567890,13.5,1,ask\n');
  assert.deepEqual(mixed.result.rejected, { 'the time is no epoch time': 1 });
});

test('archives: of two files, of none, damaged, of another kind', async (context) => {
  const whole = zip({ 'a.csv': trades(...good) });
  await refused(context, { 'a.zip': zip({ 'a.csv': trades(...good), 'b.csv': trades(...good) }) }, {}, 'DATASET_INVALID', /holds 2 files \(a\.csv, b\.csv\)/, /unpack it/);
  await refused(context, { 'a.zip': zip({}) }, {}, 'DATASET_INVALID', /holds no file/);
  await refused(context, { 'a.zip': whole.subarray(0, whole.length - 30) }, {}, 'DATASET_CORRUPT', /no whole zip archive/);
  const broken = Buffer.from(whole);
  broken[60]! ^= 255;
  await refused(context, { 'a.zip': broken }, {}, 'DATASET_CORRUPT', /damaged/);
  await refused(context, { 'a.csv.gz': gzip(trades(...good)).subarray(0, 40) }, {}, 'DATASET_CORRUPT', /damaged/);
  await refused(context, { 'a.csv.zst': Buffer.from('28b52ffd00000000', 'hex') }, {}, 'DATASET_INVALID', /zstd/);
});

test('an archive with the leavings of a Mac holds one file', async (context) => {
  const { rows } = await imported(directoryFor(context), 'a.zip', zip({ 'a.csv': trades(...good), '__MACOSX/._a.csv': 'x', '.DS_Store': 'y' }));
  assert.equal(rows.length, 3);
});

test('the same bytes twice are refused; files out of order are put in order', async (context) => {
  await refused(context, { 'a.csv': trades(...good), 'b.csv': trades(...good) }, {}, 'DATASET_INVALID', /a\.csv and .*b\.csv hold the same bytes/);
  const directory = directoryFor(context);
  const paths = filesIn(directory, { 'late.csv': trades(good[2]!, '1704067200002,D,1,1'), 'early.csv': trades(good[1]!, '1704067200002,E,1,1', good[0]!) });
  const sorted = await importFiles(directory, paths);
  assert.deepEqual((await rowsOf(sorted.path)).map((row) => row[0]), ['A', 'B', 'C', 'D', 'E']);
  assert.equal(sorted.unsorted, 2);
  const asFiled = await importFiles(directory, paths, { order: 'file', out: join(directory, 'filed') });
  assert.deepEqual((await rowsOf(asFiled.path)).map((row) => row[0]), ['C', 'D', 'B', 'E', 'A']);
});

test('a symbol that nobody says, and one said twice, are refused', async (context) => {
  await refused(context, { 'a.csv': 'time,bid,ask\n1704067200000,1,2\n' }, {}, 'DATASET_INVALID', /say it with --symbol/);
  await refused(context, { 'a.csv': trades(...good) }, { symbol: 'X' }, 'USAGE', /leave out --symbol/);
});

test('nothing usable, or more rejects than rows, is no dataset', async (context) => {
  await refused(context, { 'a.csv': trades() }, { 'time-zone': 'UTC' }, 'DATASET_INVALID');
  await refused(context, { 'a.csv': trades(good[0]!, '1704067200003,D,x,1', '1704067200003,D,y,1') }, {}, 'DATASET_INVALID', /more rows were rejected \(2\) than used \(1\): 2 × the price is no number/);
});

test('files that are not there, directories and empty files are named', async (context) => {
  const directory = directoryFor(context);
  mkdirSync(join(directory, 'folder'));
  writeFileSync(join(directory, 'empty.csv'), '');
  await assert.rejects(importFiles(directory, [join(directory, 'none.csv')]), { code: 'DATASET_MISSING' });
  await assert.rejects(importFiles(directory, [join(directory, 'folder')]), /is a directory/);
  await assert.rejects(importFiles(directory, [join(directory, 'empty.csv')]), { code: 'DATASET_CORRUPT' });
});

test('a folder in use is left alone, an empty one is taken, names are checked', async (context) => {
  const directory = directoryFor(context);
  const paths = filesIn(directory, { 'a.csv': trades(...good) });
  mkdirSync(join(directory, 'imported'));
  await importFiles(directory, paths);
  await assert.rejects(importFiles(directory, paths), /is not empty \(it holds data\.parquet\)/);
  assert.ok(existsSync(join(directory, 'imported', 'dataset.yaml')));
  await assert.rejects(importFiles(directory, paths, { name: '../x' }), /must be letters/);
  await assert.rejects(importFiles(directory, paths, { name: 'us-equities-day', out: undefined }), /there is a dataset of that name already/);
});

test('an import that is stopped leaves nothing behind', async (context) => {
  const directory = directoryFor(context);
  const [path] = filesIn(directory, { 'a.csv': trades(...good) });
  const options = importOptions({ name: 'a', order: 'time', encoding: 'utf8', out: join(directory, 'imported') });
  const stopped = new AbortController();
  const told: string[] = [];
  const importing = importDataset([path!], {
    ...options, signal: stopped.signal,
    onPlan: (plans) => {
      told.push(...plans.map(({ mapping }) => mapping.name));
      stopped.abort();
    },
  });
  await assert.rejects(importing, { name: 'AbortError' });
  // What will be done was told before a row was read.
  assert.deepEqual(told, ['trades']);
  assert.deepEqual(readdirSync(directory), ['a.csv']);
});
