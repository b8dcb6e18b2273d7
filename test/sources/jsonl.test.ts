import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { bind, column, readAll, temporaryFolder, writeText } from './files.js';

const folder = temporaryFolder();
let files = 0;
const write = (...lines: readonly string[]): string => writeText(join(folder, `${files++}.jsonl`), lines.map((line) => `${line}\n`).join(''));
const jsonl = (path: string) => bind(path, 'jsonl');
const idAndTime = [column('id', 'BIGINT'), column('ts', 'TIMESTAMP', { precision: 3 }, true)];

/** Law: rows, positions, rejected rows and watermarks do not depend on batches, nor rows on where reading begins. */
test('any batch size and any first position give the same rows and watermarks', async () => {
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.record({ id: fc.integer(), ts: fc.nat() }).map((row) => JSON.stringify(row)) },
    { weight: 2, arbitrary: fc.nat().map((watermark) => JSON.stringify({ watermark })) },
    { weight: 1, arbitrary: fc.constantFrom('', 'not json', '{"id": "x", "ts": 1}', '[1]') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }).filter((lines) => !lines[0]?.startsWith('[')), fc.integer({ min: 1, max: 50 }), fc.nat(45), async (lines, batchRows, from) => {
      const path = write('{"id": 0, "ts": 0}', ...lines);
      const whole = await readAll(jsonl(path), idAndTime);
      const cut = await readAll(jsonl(path), idAndTime, { batchRows });
      assert.deepEqual([cut.rows, cut.positions, cut.rejected], [whole.rows, whole.positions, whole.rejected]);
      // A batch before the first watermark line need not speak of watermarks.
      assert.deepEqual(cut.watermarks, whole.watermarks.slice(whole.watermarks.length - cut.watermarks.length));
      const later = await readAll(jsonl(path), idAndTime, { from });
      const kept = whole.positions.findIndex((position) => position >= from);
      assert.deepEqual(later.rows, kept < 0 ? [] : whole.rows.slice(kept));
      assert.deepEqual(later.rejected, whole.rejected.filter(({ position }) => position >= from));
    }),
    { numRuns: 60 },
  );
});

test('watermark lines stand between rows and take no position', async () => {
  const path = write('{"id":1,"ts":10}', '{"watermark": 5}', '{"watermark":8}', '', '{"id":2,"ts":20}', '{"id":3,"ts":30}', '{"watermark":25}');
  const read = await readAll(jsonl(path), idAndTime);
  assert.deepEqual(read.rows, [[1, 10], [2, 20], [3, 30]]);
  assert.deepEqual(read.positions, [0, 1, 2]);
  assert.deepEqual(read.watermarks, [8, 8, 25]);
  assert.deepEqual((await readAll(jsonl(path), idAndTime, { batchRows: 1 })).watermarks, [8, 8, 25]);
});

test('values keep their digits, and times come as ISO text or epoch milliseconds', async () => {
  const path = write(
    '{"big": 9223372036854775807, "d": 0.1, "dec": 12345678901234567890.12, "flag": true, "s": "é", "ts": "2024-01-02T14:30:00.123456"}',
    '{"big": "-9007199254740993", "d": "NaN", "dec": "-0.01", "flag": false, "s": 12.50, "ts": "2024-01-02 14:30:00Z"}',
    '{"big": 1e0, "d": -0.0, "dec": 7, "s": {"a": [1]}, "ts": 1704205800000}',
    '{"ts": "2024-01-02T14:30:00.5+01:00", "unknown": 1}',
    '{"ts": "2024-01-02T14:30"}',
  );
  const read = await readAll(jsonl(path), [
    column('big', 'BIGINT'), column('d', 'DOUBLE'), column('dec', 'DECIMAL', { precision: 38, scale: 2 }), column('flag', 'BOOLEAN'), column('s', 'STRING'),
    column('ts', 'TIMESTAMP', { precision: 3 }, true), column('ts', 'TIMESTAMP', { precision: 9 }),
  ], { table: 't' });
  assert.deepEqual(read.rows, [
    [9223372036854775807n, 0.1, 1234567890123456789012n, 1, 'é', 1704205800123, 1704205800123456000n],
    [-9007199254740993n, NaN, -1, 0, '12.50', 1704205800000, 1704205800000000000n],
    [1, -0, 700, null, '{"a":[1]}', 1704205800000, 1704205800000000000n],
    [null, null, null, null, null, 1704202200500, 1704202200500000000n],
    [null, null, null, null, null, 1704205800000, 1704205800000000000n],
  ]);
  assert.deepEqual(read.rejected, []);
  assert.deepEqual(read.remarks, ['t.ts: times finer than its type are floored']);
});

test('undecodable lines are kept as rejected rows with their place and text', async () => {
  const path = join(folder, 'bad.jsonl');
  const long = `{"id": 1, "ts": 1, "pad": "${'x'.repeat(3 << 20)}"}`;
  writeText(path, Buffer.concat([
    Buffer.from('{"id":1,"ts":1}\nnonsense\n{"id":2.5,"ts":2}\n{"id":3,"ts":"2024-02-30 00:00:00"}\n'),
    Buffer.from('7b22696422ff3a317d0a', 'hex'), Buffer.from(`${long}\n{"id":4,"ts":4}`),
  ]));
  const { rows, positions, rejected } = await readAll(jsonl(path), idAndTime);
  assert.deepEqual(rows, [[1, 1], [4, 4]]);
  assert.deepEqual(positions, [0, 6]);
  assert.deepEqual(rejected.map(({ position, column, error, value }) => [position, column, error, value.slice(0, 20)]), [
    [1, null, 'the line is not a JSON object', 'nonsense'],
    [2, 'id', 'not a value of BIGINT', '{"id":2.5,"ts":2}'],
    [3, 'ts', 'not a value of TIMESTAMP(3)', '{"id":3,"ts":"2024-0'],
    [4, null, 'the record is not UTF-8', '{"id"\u00ff:1}'],
    [5, null, 'the record is longer than 1 MiB', long.slice(0, 20)],
  ]);
});

test('gzip is read through, and its damages are named', async () => {
  const packed = gzipSync(Array.from({ length: 5000 }, (_, id) => `{"id":${id * 7919},"ts":${id}}\n`).join(''));
  const whole = await readAll(jsonl(writeText(join(folder, 'whole.jsonl.gz'), packed)), idAndTime, { inline: false });
  assert.equal(whole.rows.length, 5000);
  const cut = jsonl(writeText(join(folder, 'cut.jsonl.gz'), packed.subarray(0, packed.length >> 1)));
  await assert.rejects(readAll(cut, idAndTime), (error: unknown) => error instanceof TapewrightError && error.code === 'DATASET_CORRUPT' && /cut\.jsonl\.gz is damaged/.test(error.message));
});

test('fields are found as columns are; a JSON array and a missing field are refused', async () => {
  const path = write('{"ID": 1, "timestamp": 5}');
  assert.deepEqual((await readAll(jsonl(path), idAndTime, { table: 't' })).rows, [[1, 5]]);
  assert.deepEqual((await readAll(bind(path, 'jsonl', { select: { id: '"timestamp"', ts: '"ID"' } }), idAndTime)).rows, [[5, 1]]);
  assert.deepEqual((await readAll(bind(path, 'jsonl', { select: { id: '"timestamp" * 2' } }), idAndTime)).rows, [[10, 5]]);
  await assert.rejects(readAll(jsonl(path), [column('price', 'DOUBLE')]), /no column price .* its columns are ID, timestamp/);
  await assert.rejects(readAll(jsonl(write('[{"id": 1}]')), idAndTime), /JSON array/);
});
