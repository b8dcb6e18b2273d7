/** Our own reader of Parquet gives what DuckDB's gives, whatever wrote the pages; what it does not know it leaves. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openDuckReader } from '../../src/sources/duck-reader.js';
import { openParquetReader } from '../../src/sources/parquet/reader.js';
import type { RawColumn, Reader, ReaderRequest } from '../../src/sources/reader.js';
import type { SourceColumn } from '../../src/sources/source.js';
import { TapewrightError } from '../../src/core/errors.js';
import { bind, column, temporaryFolder, writeParquet } from './files.js';

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

/** By column of the file: DuckDB's expression over row number `i` and a seed, and what the table declares. */
const kinds: Readonly<Record<string, { readonly sql: string; readonly column: SourceColumn }>> = {
  symbol: { sql: "'S' || (hash(i, SEED) % 40)", column: column('symbol', 'STRING') },
  id: { sql: "'order-' || hash(i, SEED + 1)::VARCHAR", column: column('id', 'STRING') },
  price: { sql: '(hash(i, SEED + 2) % 500) / 100.0::DOUBLE', column: column('price', 'DOUBLE') },
  wide: { sql: '(hash(i, SEED + 3) >> 1)::BIGINT - 4611686018427387904', column: column('wide', 'BIGINT') },
  volume: { sql: '(hash(i, SEED + 4) % 70000)::BIGINT', column: column('volume', 'BIGINT') },
  lots: { sql: '(hash(i, SEED + 5) % 300)::INTEGER - 150', column: column('lots', 'DOUBLE') },
  day: { sql: "DATE '2024-01-01' + (hash(i, SEED + 6) % 90)::INTEGER", column: column('day', 'DATE') },
  event_time: { sql: "TIMESTAMP '2024-01-02 09:30:00.000123' + to_microseconds((i * 997 + hash(i, SEED + 7) % 50000)::BIGINT)", column: column('event_time', 'TIMESTAMP', { precision: 3 }, true) },
  fine: { sql: "TIMESTAMP '2024-01-02 09:30:00.000123' + to_microseconds(i)", column: column('fine', 'TIMESTAMP', { precision: 6 }) },
};

interface Rows {
  readonly cells: readonly unknown[][];
  readonly remarks: readonly string[];
}

async function rowsOf(reader: Reader): Promise<Rows> {
  const cells: unknown[][] = [];
  const dictionaries: string[][] = [];
  try {
    for (let position: number | null = null; ;) {
      const batch = await reader.next();
      if (batch === null) return { cells, remarks: [...reader.remarks].sort() };
      if (position !== null) assert.equal(batch.position, position);
      position = batch.position + batch.length;
      const columns = batch.columns.map((raw, index) => cellsOf(raw, batch.length, dictionaries, index));
      for (let row = 0; row < batch.length; row += 1) cells.push(columns.map((values) => values[row]));
    }
  } finally {
    await reader.close();
  }
}

function cellsOf(raw: RawColumn, length: number, dictionaries: string[][], index: number): unknown[] {
  if (raw.kind === 'text') {
    if (raw.restart) dictionaries[index] = [];
    dictionaries[index]!.push(...raw.added);
    return Array.from({ length }, (_, row) => (raw.codes[row] === 0 ? null : dictionaries[index]![raw.codes[row]! - 1]));
  }
  return Array.from({ length }, (_, row) => (raw.nulls !== null && raw.nulls[row] !== 0 ? null : raw.kind === 'wide' ? BigInt(raw.values[row]!) : Number(raw.values[row]!)));
}

const requestOf = (file: string, columns: readonly SourceColumn[], from = 0, batchRows = 65_536): ReaderRequest =>
  ({ table: 'ticks', binding: bind(file), files: [file], columns, from, batchRows });

/** Integers that only one of the two holds as bigint are equal all the same: which batch has a wide one depends on nothing that counts. */
const plain = (rows: Rows): unknown => JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : typeof value === 'number' ? String(value) : value));

test('any columns, codec, version and row groups: the same rows from any position', { timeout: 120_000 }, async () => {
  const names = Object.keys(kinds);
  let read = 0;
  await fc.assert(fc.asyncProperty(
    fc.record({
      names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 5 }),
      rows: fc.integer({ min: 0, max: 9000 }), seed: fc.integer({ min: 0, max: 1e6 }), nulls: fc.constantFrom(0, 1, 3, 50),
      codec: fc.constantFrom('zstd', 'snappy', 'gzip', 'lz4_raw', 'uncompressed', 'brotli'),
      version: fc.constantFrom('V1', 'V2'), group: fc.constantFrom(2048, 4096, 122_880), dictionary: fc.constantFrom(1, 100, 1e6),
      from: fc.integer({ min: 0, max: 9000 }), batchRows: fc.constantFrom(1000, 4096, 65_536),
    }),
    async ({ names: chosen, rows, seed, nulls, codec, version, group, dictionary, from, batchRows }) => {
      const file = path('random.parquet');
      const columns = chosen.map((name) => {
        const sql = kinds[name]!.sql.replaceAll('SEED', String(seed));
        return `${nulls === 0 ? sql : `CASE WHEN hash(i, ${seed} + 100) % ${nulls + 1} = 0 THEN NULL ELSE ${sql} END`} AS ${name}`;
      });
      await writeParquet(file, `SELECT ${columns.join(', ')} FROM range(${rows}) t(i)`,
        `, COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE ${group}, DICTIONARY_SIZE_LIMIT ${dictionary}`);
      const request = requestOf(file, chosen.map((name) => kinds[name]!.column), Math.min(from, rows), batchRows);
      const ours = await openParquetReader(request);
      if (ours === null) return;
      read += 1;
      assert.equal(ours.rowsTotal, rows);
      const [mine, theirs] = [await rowsOf(ours), await rowsOf(await openDuckReader(request))];
      assert.equal(plain(mine), plain(theirs));
    },
  ), { numRuns: 60 });
  assert.ok(read > 25, `only ${read} files were ours to read`);
});

test('damaged bytes end in an error with the place, or are met by DuckDB; no row is made up beyond the file', { timeout: 120_000 }, async () => {
  const file = await writeParquet(path('whole.parquet'), `SELECT ${Object.entries(kinds).map(([name, { sql }]) => `${sql.replaceAll('SEED', '7')} AS ${name}`).join(', ')} FROM range(5000) t(i)`, ', ROW_GROUP_SIZE 2048');
  const bytes = await readFile(file);
  const columns = Object.values(kinds).map((kind) => kind.column);
  let failed = 0;
  await fc.assert(fc.asyncProperty(fc.integer({ min: 4, max: bytes.length - 9 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
    const damaged = path('damaged.parquet');
    const copy = Buffer.from(bytes);
    copy[at]! ^= change;
    await writeFile(damaged, copy);
    const reader = await openParquetReader(requestOf(damaged, columns));
    if (reader === null) return;
    try {
      const { cells } = await rowsOf(reader);
      assert.ok(cells.length <= reader.rowsTotal!);
    } catch (error) {
      failed += 1;
      assert.ok(error instanceof TapewrightError, String(error));
      assert.match(error.message, /is damaged: reading stops after row \d+ \(|declared DOUBLE/);
    }
  }), { numRuns: 400 });
  // One in 16: most changed bytes make another value.
  assert.ok(failed > 3, `${failed} damages were seen`);
});

test('what only DuckDB can give is left to it', async () => {
  const file = await writeParquet(path('rare.parquet'), "SELECT true AS flag, 1.5::DECIMAL(9, 2) AS price, {'a': 1} AS nested, 'x'::VARCHAR AS symbol");
  const opens = async (...columns: SourceColumn[]): Promise<boolean> => {
    const reader = await openParquetReader(requestOf(file, columns));
    await reader?.close();
    return reader !== null;
  };
  assert.equal(await opens(column('flag', 'BOOLEAN')), false);
  assert.equal(await opens(column('price', 'DOUBLE')), false);
  assert.equal(await opens(column('missing', 'DOUBLE')), false);
  assert.equal(await opens(column('symbol', 'DOUBLE')), false);
});
