/** Files that are not what they are called, and texts that other programs write: named, and what to do; nothing is guessed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../../src/core/errors.js';
import { RowHash } from '../../../src/datasets/import/row-hash.js';
import { writeParquet } from '../../sources/files.js';
import { directoryFor } from '../../stores/directory.js';
import { filesIn, gzip, imported, importFiles, zip, type Flags } from './importing.js';

const header = 'time,symbol,price,size\n';
const good = '1704067200000,A,1.5,2\n1704067200001,B,2.5,3\n1704067200002,C,3.5,4\n';

async function refused(context: TestContext, name: string, content: string | Uint8Array, says: RegExp, flags: Flags = {}): Promise<void> {
  const directory = directoryFor(context);
  const paths = filesIn(directory, { [name]: content });
  await assert.rejects(importFiles(directory, paths, flags), (error: unknown) => {
    assert.ok(error instanceof TapewrightError, String(error));
    assert.equal(error.code, 'DATASET_INVALID', error.message);
    assert.match(error.message, says);
    return true;
  });
  assert.deepEqual(readdirSync(directory), [name]);
}

test('files that hold no lines of rows are said to be what they are', async (context) => {
  const utf16 = Buffer.from(`\ufeff${header}${good}`, 'utf16le');
  await refused(context, 'a.csv', utf16, /a\.csv is UTF-16; write it as UTF-8/);
  await refused(context, 'a.csv', utf16.subarray(2), /is UTF-16/);
  await refused(context, 'a.csv', Buffer.from(utf16).swap16(), /is UTF-16/);
  await refused(context, 'a.csv', '<!DOCTYPE html>\n<html><body>404</body></html>\n', /is a web page or XML, as failed downloads often are/);
  await refused(context, 'a.csv', '%PDF-1.4\n1 0 obj\n', /is a PDF/);
  await refused(context, 'a.csv', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /is an Excel workbook; save it as CSV/);
  await refused(context, 'a.csv', Buffer.from([1, 2, 3, 0, 5, 10, 7]), /is no text/);
  await refused(context, 'a.csv', `${header}${good}`.replaceAll('\n', '\r'), /end with a carriage return alone/);
  await refused(context, 'a.xlsx', zip({ '[Content_Types].xml': 'x', 'xl/workbook.xml': 'y' }), /is an Excel workbook; save it as CSV/);
  await refused(context, 'a.zip', zip({ 'in.zip': zip({ 'a.csv': header + good }, { stored: true }).toString('latin1') }, { stored: true }), /is an archive within an archive/);
  await refused(context, 'a.csv.gz', gzip('\u001f\u008b twice'), /is packed twice/);
});

test('blank lines, comments and sep= before the header are passed over, and told; places stay those of the file', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', `\n# exported by a program, yesterday\n#\n\n${header}${good}1704067200003,D,x,1\n`);
  assert.equal(rows.length, 3);
  assert.match(result.files[0]!.says.join(' '), /The first 2 lines are comments\./);
  assert.equal((JSON.parse(readFileSync(join(result.path, 'rejects.jsonl'), 'utf8')) as { row: number }).row, 9);
  const excel = await imported(directoryFor(context), 'a.csv', 'sep=;\ntime;symbol;price;size\n1704067200000;A;1.5;2\n');
  assert.equal(excel.rows.length, 1);
  // A header may begin with the mark of a comment: it has the fields of its rows.
  const hash = await imported(directoryFor(context), 'a.csv', '#symbol,time,price,size\nA,1704067200000,1.5,2\n');
  assert.match(hash.rows[0]!, /^A 1\.5 2 /);
});

test('a header without rows, and rows that have none of its fields, are no dataset', async (context) => {
  await refused(context, 'a.csv', header, /a\.csv has nothing to import: behind its header no row has its 4 fields/);
  await refused(context, 'a.csv', `${header}1,2\n3,4\n`, /no row has its 4 fields/);
  await refused(context, 'a.json', '{"time": 1704067200000, "symbol"\n', /none of its first lines is a JSON object/);
});

test('columns that hold more than a value, a header in Latin-1, rows without times', async (context) => {
  const directory = directoryFor(context);
  const nested = await writeParquet(join(directory, 'a.parquet'), "SELECT 1704067200000 AS time, {'a': 1} AS symbol, 1.5 AS price, 2 AS size");
  await assert.rejects(importFiles(directory, [nested]), /its column symbol is STRUCT\(a INTEGER\), and a row needs one value there/);
  const { result } = await imported(directoryFor(context), 'a.jsonl', '{"time":1704067200000,"symbol":{"a":1},"price":1,"size":3}\n{"time":1704067200000,"symbol":"A","price":1.5,"size":3}\n');
  assert.deepEqual(result.rejected, { 'the symbol is an object or a list': 1 });
  await refused(context, 'a.csv', Buffer.from('time,größe,symbol,price,size\n1704067200000,1,A,1,2\n', 'latin1'), /its header is not UTF-8; if the file is Latin-1, say so with --encoding latin1/);
  await refused(context, 'a.jsonl', '{"time":null,"symbol":"A","price":1,"size":1}\n', /none of its first rows has a time/);
  const zero = await imported(directoryFor(context), 'a.csv', `${header}${good}0000000000000,A,1,1\n`);
  assert.deepEqual([zero.rows.length, zero.result.rejected], [3, { 'the time is 0, which stands for none': 1 }]);
});

test('a pipe is no file', { skip: process.platform === 'win32' }, async (context) => {
  const directory = directoryFor(context);
  const path = join(directory, 'pipe.csv');
  execFileSync('mkfifo', [path]);
  await assert.rejects(importFiles(directory, [path]), /is no file but a pipe or a device/);
});

test('two columns of one name are refused where one of them is needed', async (context) => {
  await refused(context, 'a.csv', 'time,symbol,price,Price,size\n1704067200000,A,1,2,3\n', /columns 3 and 4 are both called price; rename/);
  const { rows } = await imported(directoryFor(context), 'a.csv', 'time,symbol,price,size,note,note\n1704067200000,A,1,3,x,y\n');
  assert.equal(rows.length, 1);
});

test('numbers with a comma are rejects that say so: it may be a decimal comma, or one of thousands', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', `${header}${good}1704067200003,D,"1,234.50",1\n1704067200003,D,1.5,"1,000"\n`);
  assert.equal(rows.length, 3);
  const says = 'has a comma in it: numbers are read with a decimal point only';
  assert.deepEqual(result.rejected, { [`the price ${says}`]: 1, [`the size ${says}`]: 1 });
  await refused(context, 'a.csv', 'time;symbol;price;size\n1704067200000;A;1,5;2\n', /no row could be used: 1 × the price has a comma in it/);
});

test('symbols that a terminal would obey, or that are no names, are rejects', async (context) => {
  const { rows, result } = await imported(directoryFor(context), 'a.csv', `${header}${good}1704067200003,\u001b[31mD,1,1\n1704067200003,D\0,1,1\n1704067200003,${'D'.repeat(201)},1,1\n`);
  assert.equal(rows.length, 3);
  assert.deepEqual(result.rejected, { 'the symbol has control characters': 2, 'the symbol has more than 200 letters': 1 });
});

test('times that are seen often and not read say what to write instead', async (context) => {
  const times: [string, RegExp][] = [
    ['2024-01-01 09:30:00 AM', /'2024-01-01 09:30:00 AM' count to twelve/], ['2024-01-01 09:30:00 EST', /name their zone by letters, which may mean several.*-05:00/],
    ['2024-01-01', /are days, and a row needs a time of day/], ['45292.5', /are days as spreadsheets count them/], ['soon', /are neither an epoch nor a date with a time/],
  ];
  for (const [time, says] of times) await refused(context, 'a.csv', `${header}${time},A,1,2\n`, says, { 'time-zone': 'UTC' });
  // The example is one of those without a zone.
  await refused(context, 'a.csv', `${header}2024-01-01T00:00:00Z,A,1,2\n2024-01-01 00:00:01,A,1,2\n`, /times such as '2024-01-01 00:00:01' state no zone/);
});

test('two files with the same rows in other bytes are refused', async (context) => {
  const directory = directoryFor(context);
  const paths = filesIn(directory, { 'a.csv': header + good, 'b.csv.gz': gzip(`${header}${good.replaceAll('.5', '.50')}\n`) });
  await assert.rejects(importFiles(directory, paths), { code: 'DATASET_INVALID', message: /a\.csv and .*b\.csv\.gz hold the same rows/ });
  assert.deepEqual(readdirSync(directory).sort(), ['a.csv', 'b.csv.gz']);
});

/** Law: the hash tells any two lists of rows apart that differ in a row, and none that do not. */
test('hashes of rows are equal where the rows are', () => {
  const tick = fc.record({
    symbol: fc.constantFrom('A', 'B', 'AB'), price: fc.constantFrom(null, 0, 1, 1.5, -1e300), volume: fc.constantFrom(0, 1, 2 ** 40), bid: fc.constantFrom(null, 1, 2), ask: fc.constantFrom(null, 1, 2),
    time: fc.integer({ min: 1_704_067_200_000, max: 1_704_067_200_003 }), exchange: fc.constant(null), type: fc.constant('TRADE' as const),
  });
  const hashOf = (ticks: readonly Parameters<RowHash['add']>[0][]): string => {
    const hash = new RowHash();
    for (const each of ticks) hash.add(each);
    return hash.text;
  };
  fc.assert(fc.property(fc.array(tick, { maxLength: 5 }), fc.array(tick, { maxLength: 5 }), (one, other) => {
    assert.equal(hashOf(one), hashOf(structuredClone(one)));
    assert.equal(hashOf(one) === hashOf(other), JSON.stringify(one) === JSON.stringify(other));
  }));
});
