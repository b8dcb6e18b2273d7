import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { bind, column, readAll, temporaryFolder, writeText } from './files.js';

const folder = temporaryFolder();
let files = 0;
const write = (content: string | Uint8Array): string => writeText(join(folder, `${files++}.csv`), content);
const csv = (path: string) => bind(path, 'csv');

/** Law: what is written by the rules of RFC 4180 is read back, however it is cut into batches. */
test('any text in quotes comes back', async () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r', ';', ' '), maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 31 }), async (rows, batchRows) => {
      const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      const path = write(['a,b', ...quoted].join('\r\n'));
      const read = await readAll(csv(path), [column('b', 'STRING'), column('a', 'STRING')], { batchRows });
      assert.deepEqual(read.rows, rows.map(([a, b]) => [b, a]));
    }),
    { numRuns: 60 },
  );
});

test('fields become values of the declared types; empty is NULL, a quoted empty text is not', async () => {
  const path = write('id;price;when;flag;name;amount\n1;1.5;2024-01-02 14:30:00.5;true;x;1.10\n;NaN;1704205800000;0;"";\n9007199254740993;;;;;-99999999.99\n');
  const columns = [
    column('id', 'BIGINT'), column('price', 'DOUBLE'), column('when', 'TIMESTAMP', { precision: 3 }, true), column('flag', 'BOOLEAN'),
    column('name', 'STRING'), column('amount', 'DECIMAL', { precision: 10, scale: 2 }),
  ];
  const { rows, rejected } = await readAll(csv(path), columns);
  assert.deepEqual(rejected, []);
  assert.deepEqual(rows, [
    [1, 1.5, 1704205800500, 1, 'x', 110],
    [null, NaN, 1704205800000, 0, '', null],
    [9007199254740993n, null, null, null, null, -9999999999],
  ]);
});

test('a bad value or a row of another length is rejected with its place; the rows around it stay', async () => {
  const path = write('id,price\n1,1.5\nx,2\n3\n4,4,4\n5,5.5\n\n6,oops\n7,7');
  const { rows, positions, rejected } = await readAll(csv(path), [column('id', 'INT'), column('price', 'DOUBLE')], { batchRows: 2 });
  assert.deepEqual(rows, [[1, 1.5], [5, 5.5], [7, 7]]);
  assert.deepEqual(positions, [0, 4, 6]);
  assert.deepEqual(rejected, [
    { position: 1, column: 'id', error: 'not a value of INT', value: 'x,2' },
    { position: 2, column: null, error: 'the header has 2 fields, this row 1', value: '3' },
    { position: 3, column: null, error: 'the header has 2 fields, this row 3', value: '4,4,4' },
    { position: 5, column: 'price', error: 'not a value of DOUBLE', value: '6,oops' },
  ]);
});

test('gzip, a byte order mark, tabs, an order and expressions', async () => {
  const columns = [column('id', 'INT'), column('ts', 'TIMESTAMP', { precision: 3 }, true)];
  const packed = writeText(join(folder, 'packed.tsv.gz'), gzipSync('\ufeffid\ttimestamp\n2\t20\n1\t10\n'));
  assert.deepEqual((await readAll(csv(packed), columns)).rows, [[2, 20], [1, 10]]);
  const plain = write('id,ts\n3,30\n1,10\n2,20\n1,5\n');
  assert.deepEqual((await readAll(bind(plain, 'csv', { order: 'id' }), columns)).rows, [[1, 10], [1, 5], [2, 20], [3, 30]]);
  const mapped = bind(plain, 'csv', { select: { ts: 'make_timestamp(CAST(ts AS BIGINT) * 1000000)' } });
  assert.deepEqual((await readAll(mapped, columns, { from: 1 })).rows, [[1, 10_000], [2, 20_000], [1, 5_000]]);
  const invalid = bind(write('id,ts\n1,1\nx,2\n'), 'csv', { select: { ts: 'epoch_ms(CAST(ts AS BIGINT))' } });
  await assert.rejects(readAll(invalid, columns), { code: 'DATASET_INVALID', message: /cannot be read as declared/ });
});
