import assert from 'node:assert/strict';
import { test } from 'node:test';
import duckdb from '@duckdb/node-bindings';
import { corrupt } from '../../src/sources/corrupt.js';
import { openDuck } from '../../src/sources/duck.js';

test('a file that DuckDB has no memory for is not called damaged', async () => {
  const duck = await openDuck({ memory: 8 });
  const cause: unknown = await duckdb.query(duck.connection, 'SELECT max(x) FROM (SELECT random() AS x FROM range(10000000) ORDER BY x OFFSET 1)').then(() => null, (error: unknown) => error);
  duck.close();
  assert.notEqual(cause, null);
  const error = corrupt('ticks.parquet', 'reading stops after row 7', cause);
  assert.equal(error.code, 'DATASET_INVALID');
  assert.match(error.message, /^ticks\.parquet needs more memory than reading may take: reading stops after row 7 \(Out of Memory Error.*\); write it again with smaller row groups$/);
});

test('any other failure says that the file is damaged', () => {
  assert.equal(corrupt('ticks.parquet', 'its footer cannot be read', new Error('Invalid Input Error: no magic bytes')).code, 'DATASET_CORRUPT');
});
