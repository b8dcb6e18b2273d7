import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import fc from 'fast-check';
import { batchOf, Dictionary, type Batch, type Column } from '../../src/core/batch.js';
import { storageOf, type Int64, type Schema, type SqlType } from '../../src/core/types.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { joinSegments, ParquetOutput, removeSegments, type Segment } from '../../src/sinks/parquet.js';
import { bind, readAll, temporaryFolder } from '../sources/files.js';

const folder = temporaryFolder();
let runs = 0;
const newDirectory = (): string => join(folder, `run-${runs++}`, 'outputs');

const type = (kind: SqlType['kind'], rest: Partial<SqlType> = {}): SqlType => ({ kind, nullable: true, ...rest });
const schema: Schema = [
  { name: 'b', type: type('BOOLEAN') }, { name: 'tiny', type: type('TINYINT') }, { name: 'small', type: type('SMALLINT') }, { name: 'int', type: type('INT') },
  { name: 'big', type: type('BIGINT') }, { name: 'f', type: type('FLOAT') }, { name: 'd', type: type('DOUBLE') }, { name: 'p4', type: type('DECIMAL', { precision: 4, scale: 1 }) },
  { name: 'p9', type: type('DECIMAL', { precision: 9, scale: 2 }) }, { name: 'p18', type: type('DECIMAL', { precision: 18, scale: 2 }) }, { name: 'p38', type: type('DECIMAL', { precision: 38, scale: 10 }) },
  { name: 'day', type: type('DATE') }, { name: 'ms', type: type('TIMESTAMP', { precision: 3 }) }, { name: 'us', type: type('TIMESTAMP', { precision: 6 }) },
  { name: 'ns', type: type('TIMESTAMP', { precision: 9 }) }, { name: 'ltz', type: type('TIMESTAMP_LTZ', { precision: 3 }) }, { name: 'ltz "6"', type: type('TIMESTAMP_LTZ', { precision: 6 }) },
  { name: 'text', type: type('STRING') }, { name: 'bytes', type: type('BYTES') },
];

const canonical = (value: bigint): Int64 => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
const integers = (bits: number) => fc.bigInt({ min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n }).map(canonical);
const decimals = (digits: number) => fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map(canonical);
const millis = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  b: fc.constantFrom(0, 1), tiny: integers(8), small: integers(16), int: integers(32), big: integers(64),
  f: fc.float().map((value) => Math.fround(value)), d: fc.double(), p4: decimals(4), p9: decimals(9), p18: decimals(18), p38: decimals(38),
  day: fc.integer({ min: -719_162, max: 2_932_896 }), ms: millis, us: integers(52), ns: integers(62), ltz: millis, 'ltz "6"': integers(52),
  text: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\u0000', '0')), bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
};
const rowsOf = fc.array(fc.tuple(...schema.map(({ name }) => fc.option(values[name]!, { freq: 4 }))), { minLength: 1, maxLength: 40 });

/** Columns as operators make them: floats while safe, strings by dictionary or plainly. */
function batchFrom(rows: readonly (readonly unknown[])[], dictionaries: boolean): Batch {
  const columns = schema.map((field, index): Column => {
    const cells = rows.map((row) => row[index] as Int64 | string | null);
    const storage = storageOf(field.type);
    if (storage === 'text') {
      if (!dictionaries) return { storage, values: cells as (string | null)[], dictionary: null };
      const dictionary = new Dictionary();
      return { storage, values: Int32Array.from(cells, (text) => dictionary.intern(text as string | null)), dictionary };
    }
    const nulls = cells.includes(null) ? Uint8Array.from(cells, (value) => (value === null ? 1 : 0)) : null;
    const numbers = cells.map((value) => (value ?? 0) as Int64);
    if (numbers.some((value) => typeof value === 'bigint')) return { storage: 'int64', values: numbers, nulls };
    return { storage, values: Float64Array.from(numbers as number[]), nulls };
  });
  return batchOf(rows.length, columns);
}

const columns = schema.map((field) => ({ ...field, eventTime: false }));
const readBack = async (path: string) => (await readAll(bind(path), columns)).rows;

/** Law: what is appended, in whatever batches and segments, comes back in order and to the bit. */
test('rows come back to the bit, however they were cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(rowsOf, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 5 }), async (parts) => {
      const directory = newDirectory();
      const output = await ParquetOutput.open(directory, 't', schema);
      for (const [rows, dictionaries, close] of parts) {
        const batch = batchFrom(rows, dictionaries);
        output.append(batch, 0, rows.length >> 1);
        output.append(batch, rows.length >> 1);
        if (close) await output.closeSegment();
      }
      await output.closeSegment();
      await joinSegments(directory, 't', schema, output.segments);
      const expected = parts.flatMap(([rows]) => rows);
      assert.equal(output.rows, expected.length);
      assert.deepEqual(await readBack(join(directory, 't.parquet')), expected);
    }),
    { numRuns: 25 },
  );
});

test('an output without rows has its schema, and Parquet types are what the declared ones say', async () => {
  const directory = newDirectory();
  const output = await ParquetOutput.open(directory, 'none', schema);
  assert.equal(await output.closeSegment(), null);
  const target = join(directory, 'none.parquet');
  await joinSegments(directory, 'none', schema, output.segments);
  assert.deepEqual(await readBack(target), []);
  const duck = await openDuck({ files: [target] });
  const logical = await textRows(duck.connection, `SELECT name, coalesce(regexp_extract(CAST(logical_type AS VARCHAR), 'isAdjustedToUTC=\\d, unit=.*'), type) FROM parquet_schema(${quoteText(target)}) WHERE name IN ('ms', 'us', 'ns', 'ltz', 'big')`);
  duck.close();
  const unit = Object.fromEntries(logical.map(([name, said]) => [name!, said!]));
  assert.match(unit['ms']!, /UTC=0.*MilliSeconds/);
  assert.match(unit['us']!, /UTC=0.*MicroSeconds/);
  assert.match(unit['ns']!, /UTC=0.*NanoSeconds/);
  assert.match(unit['ltz']!, /UTC=1/);
});

test('a resumed output keeps the segments it is told of and deletes the rest', async () => {
  const directory = newDirectory();
  const one = [{ name: 'n', type: type('INT', { nullable: false }) }];
  const numbers = (from: number, to: number): Batch => batchOf(to - from, [{ storage: 'real', values: Float64Array.from({ length: to - from }, (_, index) => from + index), nulls: null }]);
  const write = async (table: string, lane: number, bounds: readonly number[], segments: readonly Segment[] = []): Promise<ParquetOutput> => {
    const output = await ParquetOutput.open(directory, table, one, { lane, segments });
    for (let index = 1; index < bounds.length; index += 1) {
      output.append(numbers(bounds[index - 1]!, bounds[index]!));
      await output.closeSegment();
    }
    return output;
  };
  const first = await write('t', 0, [0, 10, 20, 30]);
  const other = await write('t-0', 1, [0, 5]);
  const resumed = await write('t', 0, [20, 25], first.segments.slice(0, 2));
  assert.equal(resumed.rows, 25);
  await joinSegments(directory, 't', one, [...resumed.segments, ...other.segments]);
  const { rows } = await readAll(bind(join(directory, 't.parquet')), [{ ...one[0]!, eventTime: false }]);
  assert.deepEqual(rows.map(([n]) => n), [...Array.from({ length: 25 }, (_, n) => n), 0, 1, 2, 3, 4]);
  assert.equal(readdirSync(join(directory, '.segments')).length, 4);
  await assert.rejects(write('t', 0, [0], [{ files: ['t-0-000009.parquet'], rows: 1 }]), { code: 'BUNDLE_INVALID', message: /t-0-000009\.parquet is missing/ });
  await removeSegments(directory);
  assert.deepEqual(readdirSync(directory), ['t.parquet']);
});

/** Law: a zero keeps its sign, whatever stood before it, and however the rows were cut. */
test('0 and −0 come back as they were', async () => {
  const zeros: Schema = [{ name: 'd "1"', type: type('DOUBLE') }, { name: 'f', type: type('FLOAT') }];
  const rows = fc.array(fc.tuple(fc.constantFrom(0, -0, 1, null), fc.constantFrom(0, -0, NaN)), { minLength: 1, maxLength: 60 });
  await fc.assert(fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 3 }), async (parts) => {
    const directory = newDirectory();
    const output = await ParquetOutput.open(directory, 't', zeros);
    for (const part of parts) {
      const nulls = Uint8Array.from(part, ([value]) => (value === null ? 1 : 0));
      output.append(batchOf(part.length, [
        { storage: 'real', values: Float64Array.from(part, ([value]) => value ?? 0), nulls }, { storage: 'real', values: Float64Array.from(part, ([, value]) => value), nulls: null },
      ]));
      await output.closeSegment();
    }
    await joinSegments(directory, 't', zeros, output.segments);
    const { rows: read } = await readAll(bind(join(directory, 't.parquet')), zeros.map((field) => ({ ...field, eventTime: false })));
    assert.deepEqual(read, parts.flat());
  }), { numRuns: 30 });
});

/** Law: a run that was killed while it joined its outputs joins them again, and leaves no more than one that was not. */
test('segments that are joined once more leave the same files', async () => {
  await fc.assert(fc.asyncProperty(fc.array(rowsOf, { maxLength: 3 }), async (parts) => {
    const directory = newDirectory();
    const output = await ParquetOutput.open(directory, 't', schema);
    for (const rows of parts) {
      output.append(batchFrom(rows, false));
      await output.closeSegment();
    }
    for (let time = 0; time < 2; time += 1) await joinSegments(directory, 't', schema, output.segments);
    await removeSegments(directory);
    assert.deepEqual(readdirSync(directory), ['t.parquet']);
    assert.deepEqual(await readBack(join(directory, 't.parquet')), parts.flat());
  }), { numRuns: 10 });
});

test('more rows than memory should hold are written while they come', async () => {
  const directory = newDirectory();
  const one: Schema = [{ name: 'n', type: type('BIGINT') }, { name: 's', type: type('STRING') }];
  const dictionary = new Dictionary();
  const codes = Int32Array.from({ length: 50_000 }, (_, row) => dictionary.intern(`symbol number ${row % 300}`));
  const output = await ParquetOutput.open(directory, 'many', one);
  for (let part = 0; part < 12; part += 1) {
    const values = Float64Array.from({ length: 50_000 }, (_, row) => part * 50_000 + row);
    output.append(batchOf(50_000, [{ storage: 'int64', values, nulls: null }, { storage: 'text', values: codes, dictionary }]));
    if (output.full) await output.drain();
  }
  const segment = await output.closeSegment();
  // The first holds three blocks, each of the others one.
  assert.deepEqual([segment!.rows, segment!.files.length], [600_000, 8]);
  await joinSegments(directory, 'many', one, output.segments);
  const target = join(directory, 'many.parquet');
  const duck = await openDuck({ files: [target] });
  const [counts] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR), CAST(sum(CASE WHEN n = file_row_number AND s = 'symbol number ' || (n % 50000 % 300) THEN 1 ELSE 0 END) AS VARCHAR) FROM read_parquet(${quoteText(target)}, file_row_number = true)`);
  duck.close();
  assert.deepEqual(counts, ['600000', '600000']);
});

/** Law: a time comes back as it was, or is refused. */
test('times in nanoseconds beyond what a file holds are refused', async () => {
  const one: Schema = [{ name: 'ns', type: type('TIMESTAMP', { precision: 9 }) }];
  const edges = [-(2n ** 63n), 2n ** 63n - 1n, -62_135_596_800_000_000_000n, 253_402_300_799_999_999_999n];
  const near = fc.tuple(fc.constantFrom(...edges), fc.bigInt({ min: -3n, max: 3n })).map(([edge, by]) => edge + by);
  await fc.assert(fc.asyncProperty(fc.array(near, { minLength: 1, maxLength: 3 }), async (times) => {
    const directory = newDirectory();
    const output = await ParquetOutput.open(directory, 't', one);
    output.append(batchOf(times.length, [{ storage: 'int64', values: times, nulls: null }]));
    if (times.some((time) => BigInt.asIntN(64, time) !== time)) return assert.rejects(output.closeSegment(), { code: 'SQL_UNSUPPORTED', message: /^column ns: .*CAST it to TIMESTAMP\(6\)/ });
    await output.closeSegment();
    await joinSegments(directory, 't', one, output.segments);
    const { rows } = await readAll(bind(join(directory, 't.parquet')), [{ ...one[0]!, eventTime: false }]);
    assert.deepEqual(rows.map(([time]) => time), times);
  }), { numRuns: 30 });
});

test('what cannot be written is said with its path', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  await assert.rejects(ParquetOutput.open(join(file, 'outputs'), 't', schema), { code: 'OUTPUT_UNWRITABLE', message: /a-file.*a part of the path is a file/ });
  const ltz: Schema = [{ name: 'fine', type: type('TIMESTAMP_LTZ', { precision: 9 }) }];
  await assert.rejects(ParquetOutput.open(newDirectory(), 't', ltz), { code: 'SQL_UNSUPPORTED', message: /column fine: TIMESTAMP_LTZ\(9\).*CAST/ });
  const directory = newDirectory();
  const output = await ParquetOutput.open(directory, 't', schema);
  mkdirSync(join(directory, '.segments', 't-0-000000.parquet.part'));
  output.append(batchFrom([schema.map(() => null)], false));
  await assert.rejects(output.closeSegment(), { code: 'OUTPUT_UNWRITABLE', message: /t-0-000000\.parquet/ });
});

test('the vectors of this DuckDB hold what the writer expects', () => {
  assert.equal(duckdb.vector_size(), 2048);
  assert.match(duckdb.library_version(), /^v1\.5\./);
});
