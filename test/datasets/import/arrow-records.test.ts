import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeArrow } from '../../../src/datasets/import/arrow-records.js';
import { describeParquet } from '../../../src/datasets/import/parquet-records.js';
import { packageRoot } from '../../../src/runtime/versions.js';
import { queryToFile } from '../../../src/sinks/query-file.js';
import { temporaryFolder, writeParquet } from '../../sources/files.js';
import { importFiles, rowsOf } from './importing.js';

const ticks = `SELECT TIMESTAMP '2024-01-02 14:30:00.5' + to_milliseconds(CAST(i * 250 AS BIGINT)) AS time, 'S' || i % 3 AS symbol,
  CAST(100 + i * 0.01 AS DECIMAL(12, 4)) AS price, CAST(i % 7 + 1 AS BIGINT) AS size FROM range(3000) t(i)`;

test('Arrow imports to the same rows as Parquet', async () => {
  const folder = temporaryFolder();
  const bundle = join(folder, 'bundle');
  mkdirSync(join(bundle, 'outputs'), { recursive: true });
  const parquet = await writeParquet(join(bundle, 'outputs', 'ticks.parquet'), ticks);
  const arrow = join(folder, 'ticks.arrow');
  await queryToFile(bundle, 'FROM ticks', 'arrow', arrow);
  const flags = { 'time-zone': 'UTC', exchange: 'X' };
  const expected = await importFiles(join(folder), [parquet], { ...flags, out: join(folder, 'a') });
  const found = await importFiles(join(folder), [arrow], { ...flags, out: join(folder, 'b') });
  assert.deepEqual([found.rows, found.span, found.files[0]!.mapping], [3000, expected.span, expected.files[0]!.mapping]);
  assert.deepEqual(await rowsOf(found.path), await rowsOf(expected.path));
});

test('values have all their digits, as those of Parquet', async () => {
  const shape = await describeArrow(join(packageRoot(), 'test', 'sources', 'arrow', 'files', 'types.arrow'));
  const first = Object.fromEntries(shape.columns.map((name, column) => [name, shape.sample[0]![column]]));
  assert.deepEqual(first, {
    event_time: '2024-01-02 14:30:00.123456789', s: '1969-12-31 23:59:59', ms: '1969-12-31 23:59:59.999', us: '1969-12-31 23:59:59.998999', big: '9007199254740993', u32: '4294967295', i8: '-128',
    f16: '1.5', f32: '1.5', f64: '0.1', flag: 'true', day: '1969-12-31', day64: '1969-12-31', dec: '1.25', wide: '12345678901234567890.12345', text: 'AAPL', large: 'AAPL', view: 'AAPL',
    dict: 'AAPL', dict8: 'x', bytes: 'FF00', list: null, struct: null, nothing: null, repeat: 'abc'.repeat(200), last: '0',
  });
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'outputs'));
  const values = "SELECT 1e300::DOUBLE AS a, -0.5::DOUBLE AS b, 'nan'::DOUBLE AS c, '-inf'::DOUBLE AS d, 0.05::DECIMAL(3, 2) AS e, -7::DECIMAL(5, 0) AS f, false AS g, TIMESTAMP '2024-01-02 03:04:05' AS h";
  const parquet = await describeParquet(await writeParquet(join(folder, 'outputs', 'values.parquet'), values));
  const arrow = join(temporaryFolder(), 'values.arrow');
  await queryToFile(folder, 'FROM "values"', 'arrow', arrow);
  assert.deepEqual((await describeArrow(arrow)).sample[0], parquet.sample[0]);
});
