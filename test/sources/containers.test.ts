/** The same rows in files of every format. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { batchOf, type Batch, type Column } from '../../src/core/batch.js';
import { TapewrightError } from '../../src/core/errors.js';
import { decimalType, sqlType, storageOf, timestampType, timestampUnits, type Schema, type SqlType } from '../../src/core/types.js';
import { datasetDigest } from '../../src/datasets/resolve.js';
import { joinSegments, ParquetOutput } from '../../src/sinks/parquet.js';
import { queryToFile } from '../../src/sinks/query-file.js';
import { bindingOf, openSource } from '../../src/sources/open.js';
import { bind, column, readAll, temporaryFolder, writeText } from './files.js';

type Cell = number | bigint | string | null;

const longBits = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(canonical);
const text = fc.oneof(fc.constantFrom('AAPL', 'MSFT', '', 'é', '\ufeffx', '"quoted", and more', 'two\nlines', 'a text of more than twelve bytes'), fc.string({ unit: 'binary', maxLength: 14 }));

function canonical(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

const decimal = (precision: number, scale: number): [SqlType, fc.Arbitrary<Cell>] =>
  [decimalType(precision, scale), fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }).map(canonical)];

/** Times in the years 1700 to 2260, which nanoseconds reach. */
const time = (precision: number): [SqlType, fc.Arbitrary<Cell>] => {
  const second = BigInt(timestampUnits(precision));
  return [timestampType(precision), fc.bigInt({ min: -8_500_000_000n * second, max: 9_000_000_000n * second }).map(canonical)];
};

const types: readonly [SqlType, fc.Arbitrary<Cell>][] = [
  [sqlType('BOOLEAN'), fc.constantFrom(0, 1)], [sqlType('TINYINT'), fc.integer({ min: -128, max: 127 })], [sqlType('SMALLINT'), fc.integer({ min: -32768, max: 32767 })],
  [sqlType('INT'), fc.integer()], [sqlType('BIGINT'), longBits], [sqlType('FLOAT'), fc.float()], [sqlType('DOUBLE'), fc.double()],
  decimal(4, 1), decimal(9, 9), decimal(18, 4), decimal(38, 10), time(3), time(6), time(9),
  [sqlType('DATE'), fc.integer({ min: -700_000, max: 2_900_000 })], [sqlType('STRING'), text],
];

interface Table {
  readonly schema: Schema;
  readonly rows: readonly (readonly Cell[])[];
}

/** Two columns or more: in CSV, a lone NULL is a blank line. */
const tables: fc.Arbitrary<Table> = fc.array(fc.constantFrom(...types), { minLength: 2, maxLength: 6 }).chain((chosen) =>
  fc.array(fc.tuple(...chosen.map(([, value]) => fc.option(value, { freq: 6 }))), { minLength: 1, maxLength: 40 }).map((rows) => ({
    schema: chosen.map(([type], index) => ({ name: `c${index}`, type })), rows: rows as Cell[][],
  })),
);

function batchOfRows({ schema, rows }: Table): Batch {
  return batchOf(rows.length, schema.map(({ type }, index): Column => {
    const cells = rows.map((row) => row[index]!);
    const storage = storageOf(type);
    if (storage === 'text') return { storage, values: cells as (string | null)[], dictionary: null };
    const nulls = Uint8Array.from(cells, (cell) => (cell === null ? 1 : 0));
    const values = cells.map((cell) => cell ?? 0) as number[];
    return storage === 'int64' && values.some((value) => typeof value === 'bigint') ? { storage, values, nulls } : { storage, values: Float64Array.from(values), nulls } as Column;
  }));
}

/** A cell in text, with all its digits. */
function written(cell: Exclude<Cell, null>, { kind, precision, scale }: SqlType): string {
  switch (kind) {
    case 'BOOLEAN': return cell === 1 ? 'true' : 'false';
    case 'DATE': return new Date(Number(cell) * 86_400_000).toISOString().replace('T00:00:00.000Z', '');
    case 'DECIMAL': {
      const digits = String(cell).replace('-', '').padStart(scale! + 1, '0');
      return `${Number(cell) < 0 ? '-' : ''}${digits.slice(0, digits.length - scale!)}.${digits.slice(digits.length - scale!)}`;
    }
    case 'TIMESTAMP': {
      const units = BigInt(timestampUnits(precision!)), value = BigInt(cell);
      const seconds = (value - (((value % units) + units) % units)) / units;
      return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(value - seconds * units).padStart(precision!, '0')}`;
    }
    default: return Object.is(cell, -0) ? '-0' : String(cell);
  }
}

const csvOf = ({ schema, rows }: Table): string => [
  schema.map(({ name }) => name).join(','),
  ...rows.map((row) => row.map((cell, index) => (cell === null ? '' : typeof cell === 'string' ? `"${cell.replaceAll('"', '""')}"` : written(cell, schema[index]!.type))).join(',')),
].map((line) => `${line}\n`).join('');

const jsonOf = ({ schema, rows }: Table): string => rows.map((row) => {
  const members = row.map((cell, index) => {
    const { name, type } = schema[index]!;
    const isBare = cell !== null && typeof cell !== 'string' && (type.kind === 'BOOLEAN' || (type.kind !== 'DATE' && type.kind !== 'TIMESTAMP' && Number.isFinite(Number(cell))));
    return `"${name}":${cell === null ? 'null' : isBare ? written(cell, type) : JSON.stringify(typeof cell === 'string' ? cell : written(cell, type))}`;
  });
  return `{${members.join(',')}}\n`;
}).join('');

/** Law: rows are what they are, whatever holds them, and however they are cut into batches. */
test('the same rows have the same digest in any container', async () => {
  const bundle = temporaryFolder();
  mkdirSync(join(bundle, 'outputs'));
  const files = temporaryFolder();
  const path = (name: string): string => join(files, name);
  await fc.assert(
    fc.asyncProperty(tables, fc.integer({ min: 1, max: 41 }), async (table, batchRows) => {
      const batch = batchOfRows(table);
      const output = await ParquetOutput.open(join(bundle, 'work'), 't', table.schema);
      output.append(batch);
      await output.closeSegment();
      await joinSegments(join(bundle, 'work'), 't', table.schema, output.segments, join(bundle, 'outputs', 't.parquet'));
      for (const format of ['parquet', 'arrow'] as const) await queryToFile(bundle, 'FROM t', format, path(`t.${format}`));
      writeFileSync(path('t.csv'), csvOf(table));
      writeFileSync(path('t.csv.gz'), gzipSync(csvOf(table)));
      writeFileSync(path('t.jsonl.gz'), gzipSync(jsonOf(table)));
      const expected = datasetDigest('t', table.schema);
      expected.append(batch);
      const digest = expected.digest();
      const columns = table.schema.map(({ name, type }) => ({ name, type, eventTime: false }));
      for (const name of ['t.parquet', 't.arrow', 't.csv', 't.csv.gz', 't.jsonl.gz']) {
        const source = await openSource(bindingOf(path(name)), columns, { inline: true, batchRows });
        const found = datasetDigest('t', table.schema);
        for (let next = await source.next(); next !== null; next = await source.next()) {
          assert.deepEqual(next.rejected, [], name);
          found.append(next.batch);
        }
        await source.close();
        assert.equal(found.digest(), digest, name);
      }
    }),
    { numRuns: 25 },
  );
});

test('gzip that is cut, or followed by something else, is named; one that says too little is not held whole', async () => {
  const folder = temporaryFolder();
  const columns = [column('id', 'INT')];
  const rows = gzipSync(`id\n${Array.from({ length: 50_000 }, (_, id) => `${(id * 7919) % 65_537}\n`).join('')}`);
  const read = (name: string, bytes: Uint8Array) => readAll(bind(writeText(join(folder, name), bytes), 'csv'), columns);
  assert.equal((await read('whole.csv.gz', rows)).rows.length, 50_000);
  assert.equal((await read('two.csv.gz', Buffer.concat([rows, gzipSync('7\n8\n')]))).rows.length, 50_002);
  const refused = (message: RegExp) => (error: unknown): boolean => error instanceof TapewrightError && error.code === 'DATASET_CORRUPT' && message.test(error.message);
  await assert.rejects(read('cut.csv.gz', rows.subarray(0, rows.length >> 1)), refused(/cut\.csv\.gz is damaged: .*unexpected end of file/));
  await assert.rejects(read('more.csv.gz', Buffer.concat([rows, Buffer.from('id,price\n1,2\n')])), refused(/more\.csv\.gz is damaged: .*incorrect header/));
  const flipped = Buffer.from(rows);
  flipped[rows.length >> 1]! ^= 0x10;
  await assert.rejects(read('flipped.csv.gz', flipped), refused(/flipped\.csv\.gz is damaged/));
  // A thousandth of its size on disk, and one endless line.
  const before = process.memoryUsage().rss;
  const bomb = await read('bomb.csv.gz', gzipSync(Buffer.concat([Buffer.from('id\n1\n'), Buffer.alloc(96 << 20, 0x39), Buffer.from('\n2\n')])));
  assert.deepEqual(bomb.rows, [[1], [2]]);
  assert.deepEqual(bomb.rejected.map(({ position, error }) => [position, error]), [[1, 'the record is longer than 1 MiB']]);
  assert.ok(process.memoryUsage().rss - before < 300 << 20);
});
