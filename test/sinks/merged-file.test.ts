import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf, Dictionary } from '../../src/core/batch.js';
import type { Schema } from '../../src/core/types.js';
import { mergeFiles } from '../../src/sinks/merged-file.js';
import { ParquetOutput } from '../../src/sinks/parquet.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { bind, readAll, temporaryFolder } from '../sources/files.js';

const folder = temporaryFolder();
let runs = 0;

const schema: Schema = [
  { name: 'n', type: { kind: 'BIGINT', nullable: true } }, { name: 'x', type: { kind: 'DOUBLE', nullable: true } },
  { name: 's', type: { kind: 'STRING', nullable: true } }, { name: 'amount', type: { kind: 'DECIMAL', nullable: true, precision: 20, scale: 4 } },
];

/** A file for each of `parts`: rows [first, first + part), of which some are NULL and some texts are seldom. */
async function files(parts: readonly number[], columns = schema): Promise<{ readonly paths: string[]; readonly target: string }> {
  const directory = join(folder, `run-${runs++}`);
  const output = await ParquetOutput.open(directory, 't', columns);
  const dictionary = new Dictionary();
  let first = 0;
  for (const rows of parts) {
    const numbers = (of: (row: number) => number): Float64Array => Float64Array.from({ length: rows }, (_, row) => of(first + row));
    output.append(batchOf(rows, [
      { storage: 'int64', values: numbers((row) => row), nulls: Uint8Array.from({ length: rows }, (_, row) => ((first + row) % 7 === 0 ? 1 : 0)) },
      { storage: 'real', values: numbers((row) => row / 3), nulls: null },
      { storage: 'text', values: Int32Array.from({ length: rows }, (_, row) => dictionary.intern(`text ${(first + row) % 40}`)), dictionary },
      { storage: 'int64', values: numbers((row) => -row), nulls: null },
    ].slice(0, columns.length) as never));
    await output.closeSegment();
    first += rows;
  }
  return { paths: output.segments.flatMap((segment) => segment.files.map((file) => join(directory, '.segments', file))), target: join(directory, 'whole.parquet') };
}

/** Law: a merged file has the rows of its files, in their order, for DuckDB and for our own reader. */
test('a merged file has the rows of all its files', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 4096, max: 30_000 }), { minLength: 1, maxLength: 20 }), async (parts) => {
    const { paths, target } = await files(parts);
    assert.equal(await mergeFiles(paths, target), true);
    const count = parts.reduce((sum, rows) => sum + rows, 0);
    const duck = await openDuck({ files: [target] });
    const told = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR), CAST(count(n) AS VARCHAR), CAST(count(*) FILTER (coalesce(n = file_row_number, file_row_number % 7 = 0)
      AND x = file_row_number / 3 AND s = 'text ' || (file_row_number % 40) AND amount * 10000 = -file_row_number) AS VARCHAR) FROM read_parquet(${quoteText(target)}, file_row_number = true)`);
    assert.deepEqual(told, [[String(count), String(count - Math.ceil(count / 7)), String(count)]]);
    // What readers skip by: least and greatest values, and filters of what a row group has.
    const few = await textRows(duck.connection, `SELECT CAST(count(*) FILTER (s = 'text 3') AS VARCHAR), (SELECT CAST(count(*) AS VARCHAR) FROM read_parquet(${quoteText(target)}) WHERE s = 'text 3'), (SELECT CAST(count(*) AS VARCHAR) FROM read_parquet(${quoteText(target)}) WHERE n = ${count - 2} OR s = 'none') FROM read_parquet(${quoteText(target)})`);
    duck.close();
    assert.equal(few[0]![0], few[0]![1]);
    assert.equal(few[0]![2], (count - 2) % 7 === 0 ? '0' : '1');
    const { rows } = await readAll(bind(target), [{ name: 'x', type: schema[1]!.type, eventTime: false }]);
    assert.ok(rows.every(([x], row) => x === row / 3) && rows.length === count);
  }), { numRuns: 6 });
});

test('files of small row groups, or of other columns, are left to be made anew', async () => {
  const small = await files([5000, 10, 10]);
  assert.equal(await mergeFiles(small.paths, small.target), false);
  assert.equal(existsSync(small.target), false);
  const other = await files([5000], schema.slice(0, 2));
  const whole = await files([5000]);
  assert.equal(await mergeFiles([...whole.paths, ...other.paths], whole.target), false);
  await assert.rejects(mergeFiles([join(folder, 'none.parquet')], whole.target), { code: 'ENOENT' });
});
