/** Files that parquetjs-lite wrote are read as what was written: it is a common writer in Node, and its files have quirks. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cell } from '../../src/core/batch.js';
import { sqlType, timestampType } from '../../src/core/types.js';
import { bindingOf, openSource } from '../../src/sources/open.js';

interface Writer {
  appendRow(row: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

interface ParquetjsLite {
  readonly ParquetSchema: new (fields: Record<string, { type: string; optional?: boolean; compression?: string }>) => object;
  readonly ParquetWriter: { openFile(schema: object, path: string): Promise<Writer> };
}

const { ParquetSchema, ParquetWriter } = createRequire(import.meta.url)('parquetjs-lite') as ParquetjsLite;

test('a file that parquetjs-lite wrote gives back its rows', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapewright-test-'));
  try {
    const path = join(directory, 'ticks.parquet');
    const schema = new ParquetSchema({
      symbol: { type: 'UTF8' }, price: { type: 'DOUBLE', compression: 'SNAPPY' }, volume: { type: 'INT64', compression: 'GZIP' },
      timestamp: { type: 'TIMESTAMP_MILLIS' }, flag: { type: 'BOOLEAN', optional: true },
    });
    const rows = Array.from({ length: 5_000 }, (_, row) => ({
      symbol: `S${row % 7}`, price: 100 + row / 8, volume: row * 1_000_003, timestamp: new Date(1_700_000_000_000 + row * 10), ...(row % 3 === 0 ? {} : { flag: row % 3 === 1 }),
    }));
    const writer = await ParquetWriter.openFile(schema, path);
    for (const row of rows) await writer.appendRow(row);
    await writer.close();
    const source = await openSource(bindingOf(path), [
      { name: 'symbol', type: sqlType('STRING'), eventTime: false }, { name: 'price', type: sqlType('DOUBLE'), eventTime: false },
      { name: 'volume', type: sqlType('BIGINT'), eventTime: false }, { name: 'flag', type: sqlType('BOOLEAN'), eventTime: false },
      { name: 'event_time', type: timestampType(3), eventTime: true },
    ], { inline: true });
    const read: unknown[][] = [];
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      for (let row = 0; row < batch.batch.length; row += 1) read.push(batch.batch.columns.map((column) => cell(column, row)));
    }
    await source.close();
    assert.deepEqual(read, rows.map(({ symbol, price, volume, timestamp, flag }) => [symbol, price, volume, flag === undefined ? null : Number(flag), timestamp.getTime()]));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
