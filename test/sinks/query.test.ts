import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { batchOf } from '../../src/core/batch.js';
import { formatCsv, formatJson, formatTable, queryBundle } from '../../src/sinks/query.js';
import { deadLetterBatch, deadLetterSchema, lateBatch, lateSchema } from '../../src/sinks/refused.js';
import { joinSegments, ParquetOutput } from '../../src/sinks/parquet.js';
import { temporaryFolder, writeParquet } from '../sources/files.js';

const bundle = temporaryFolder();
mkdirSync(join(bundle, 'outputs'));
await writeParquet(join(bundle, 'outputs', 'vwap.parquet'), "SELECT * FROM (VALUES ('AAPL', 1.5::DOUBLE, 9007199254740993::BIGINT, TIMESTAMP '2024-01-02 14:30:00'), ('MSFT', 'nan'::DOUBLE, 2, NULL)) t(symbol, price, volume, ts)");

test('outputs, late rows and dead letters are tables', async () => {
  const late = { input: 'ticks', partition: 0, position: 7, eventTime: 1_704_205_800_123, watermark: 1_704_205_900_000, lane: 0, step: 3, statement: 1, operator: 'window 1', windowStart: 1_704_205_800_000, windowEnd: null, reason: 'the window has fired', row: '{"symbol":"AAPL"}' };
  const letter = { input: 'ticks', partition: 0, position: 8, eventTime: null, lane: 0, step: 3, statement: 0, operator: 'filter', expression: 'a / b', error: 'division by zero', key: null, value: '\u00ff\u0000' };
  for (const [table, schema, batch] of [['late', lateSchema, lateBatch([late, { ...late, watermark: -Infinity }])], ['dead-letters', deadLetterSchema, deadLetterBatch([letter])]] as const) {
    const output = await ParquetOutput.open(join(bundle, 'work'), table, schema);
    output.append(batch);
    await output.closeSegment();
    await joinSegments(join(bundle, 'work'), table, schema, output.segments, join(bundle, `${table}.parquet`));
  }
  assert.deepEqual((await queryBundle(bundle, 'SELECT position, event_time, watermark, window_end FROM late')).rows, [
    [7, '2024-01-02 14:30:00.123', '2024-01-02 14:31:40', null],
    [7, '2024-01-02 14:30:00.123', null, null],
  ]);
  assert.deepEqual((await queryBundle(bundle, 'SELECT hex(value), key, event_time FROM dead_letters')).rows, [['FF00', null, null]]);
});

test('a run that has not ended is queried as far as it is durable', async () => {
  const running = temporaryFolder();
  const schema = [{ name: 'n', type: { kind: 'INT', nullable: true } as const }];
  const output = await ParquetOutput.open(join(running, 'outputs'), 'counts', schema);
  for (const n of [1, 2]) {
    output.append(batchOf(1, [{ storage: 'real', values: Float64Array.of(n), nulls: null }]));
    await output.closeSegment();
  }
  assert.deepEqual((await queryBundle(running, 'SELECT n FROM counts')).rows, [[1], [2]]);
});

test('rows are JSON values, exactly', async () => {
  const result = await queryBundle(bundle, 'SELECT * FROM vwap ORDER BY symbol');
  assert.deepEqual(result.columns.map(({ name, type }) => `${name} ${type}`), ['symbol VARCHAR', 'price DOUBLE', 'volume BIGINT', 'ts TIMESTAMP']);
  assert.deepEqual(result.rows, [['AAPL', 1.5, '9007199254740993', '2024-01-02 14:30:00'], ['MSFT', 'NaN', 2, null]]);
  assert.equal(formatCsv(result), 'symbol,price,volume,ts\nAAPL,1.5,9007199254740993,2024-01-02 14:30:00\nMSFT,NaN,2,\n');
  assert.equal(formatTable(result), [
    'symbol  price            volume  ts',
    '------  -----  ----------------  -------------------',
    'AAPL      1.5  9007199254740993  2024-01-02 14:30:00',
    'MSFT      NaN                 2  NULL',
    '(2 rows)', '',
  ].join('\n'));
  assert.deepEqual(JSON.parse(formatJson(result)), [
    { symbol: 'AAPL', price: 1.5, volume: '9007199254740993', ts: '2024-01-02 14:30:00' }, { symbol: 'MSFT', price: 'NaN', volume: 2, ts: null },
  ]);
});

test('text of a stranger stays text', () => {
  const result = { columns: [{ name: 'a', type: 'VARCHAR' }], rows: [['x\u001b[31m"\n,'], ['']] };
  assert.match(formatTable(result), /x\\u001b\[31m"\\u000a,/);
  assert.equal(formatCsv(result), 'a\n"x\u001b[31m""\n,"\n""\n');
});

test('a query reads the bundle and nothing else, and writes nowhere', async () => {
  for (const [sql, code] of [
    ["SELECT * FROM read_text('/etc/hostname')", 'SQL_INVALID'],
    [`COPY vwap TO '${join(bundle, 'outputs', 'vwap.parquet')}'`, 'USAGE'],
    ["ATTACH '/tmp/x.db'", 'USAGE'], ['SELECT 1; SELECT 2', 'USAGE'], ['SET lock_configuration = false', 'USAGE'], ['', 'USAGE'],
    ['INSTALL httpfs', 'USAGE'], ['SELECT nonsense FROM vwap', 'SQL_INVALID'], ['SELEC', 'SQL_INVALID'],
  ] as const) {
    await assert.rejects(queryBundle(bundle, sql), { code }, sql);
  }
  const stranger = temporaryFolder();
  mkdirSync(join(stranger, 'outputs'));
  symlinkSync(join(bundle, 'outputs', 'vwap.parquet'), join(stranger, 'outputs', 'stolen.parquet'));
  await assert.rejects(queryBundle(stranger, 'SELECT 1'), { code: 'BUNDLE_INVALID' });
  writeFileSync(join(stranger, 'outputs', 'rubbish.parquet'), 'PAR1 not really PAR1');
  await assert.rejects(queryBundle(stranger, 'SELECT 1'), { code: 'DATASET_CORRUPT' });
});
