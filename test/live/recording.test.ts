/** What a recording holds after a crash at any moment. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { batchOf, cell } from '../../src/core/batch.js';
import { ColumnBuilder } from '../../src/core/column-builder.js';
import { decimalType, sqlType, storageOf, timestampType, type Int64, type Schema } from '../../src/core/types.js';
import { Recording, type RecordedTable } from '../../src/live/recording.js';
import { openSource } from '../../src/sources/open.js';

const schema: Schema = [
  { name: 'symbol', type: sqlType('STRING') }, { name: 'price', type: sqlType('DOUBLE') }, { name: 'size', type: sqlType('BIGINT') }, { name: 'amount', type: decimalType(20, 2) },
  { name: 'count', type: sqlType('INT') }, { name: 'open', type: sqlType('BOOLEAN') }, { name: 'at', type: timestampType(3) }, { name: 'fine', type: timestampType(6) }, { name: 'day', type: sqlType('DATE') },
];
type Row = readonly (Int64 | string | null)[];
const tables: Record<string, RecordedTable> = { ticks: { schema, folder: '', prefix: 'rows' } };

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-recording-')); });
after(() => rm(folder, { recursive: true, force: true }));

function batch(rows: readonly Row[]) {
  return batchOf(rows.length, schema.map(({ type }, column) => {
    const builder = new ColumnBuilder(storageOf(type), rows.length);
    for (const row of rows) builder.append(row[column]!);
    return builder.finish();
  }));
}

async function read(paths: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of paths) {
    const source = await openSource({ path, format: 'parquet', select: {}, order: null }, schema.map((field) => ({ ...field, eventTime: false })), { inline: true });
    for (let next = await source.next(); next !== null; next = await source.next()) {
      const { batch: { columns, length } } = next;
      for (let row = 0; row < length; row += 1) rows.push(columns.map((column) => cell(column, row)));
    }
    await source.close();
  }
  return rows;
}

const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value));
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const rowArbitrary: fc.Arbitrary<Row> = fc.tuple(
  orNull(fc.string({ unit: 'grapheme', maxLength: 6 })), orNull(fc.double({ noNaN: true })), orNull(big), orNull(fc.integer({ min: -1e12, max: 1e12 })),
  orNull(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), orNull(fc.constantFrom(0, 1)), orNull(fc.integer({ min: -1e12, max: 4e12 })), orNull(fc.integer({ min: -1e15, max: 4e15 })), orNull(fc.integer({ min: -10_000, max: 30_000 })),
);
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const), rows: fc.array(rowArbitrary, { maxLength: 5 }) }) },
  fc.record({ kind: fc.constantFrom('sync' as const, 'crash' as const, 'compact' as const) }),
);

test('after a crash a recording holds what was synced, and its state with it', async () => {
  let number = 0;
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
    const path = join(folder, String(number++));
    let recording = await Recording.open(path, tables, 0);
    const durable: Row[] = [];
    let waiting: Row[] = [];
    const sync = async (): Promise<void> => {
      durable.push(...waiting);
      waiting = [];
      await recording.sync(durable.length);
    };
    for (const one of acts) {
      if (one.kind === 'append') {
        recording.append('ticks', batch(one.rows));
        waiting.push(...one.rows);
      } else if (one.kind === 'sync') await sync();
      else if (one.kind === 'compact') {
        await sync();
        await recording.compact('ticks');
      } else {
        await recording.close();
        // Half a batch on its way to the disk, and a file that nobody counts.
        for (const file of await readdir(path)) if (file.endsWith('.arrows')) await appendFile(join(path, file), Buffer.alloc(77, 255));
        await appendFile(join(path, 'rows-000099.arrows'), 'half');
        recording = await Recording.open(path, tables, 0);
        waiting = [];
        assert.equal(recording.state, durable.length);
      }
      assert.equal(recording.rows('ticks'), durable.length + waiting.length);
    }
    await sync();
    await recording.compact('ticks');
    assert.deepEqual(await read(recording.parts('ticks')), durable);
    await recording.close();
  }), { numRuns: 12 });
});

test('other columns than those recorded are refused, and so is a second recorder', async () => {
  const path = join(folder, 'columns');
  const first = await Recording.open(path, tables, 0);
  await first.sync(0);
  await assert.rejects(Recording.open(path, tables, 0), { code: 'BUNDLE_LOCKED' });
  await first.close();
  await assert.rejects(Recording.open(path, { ticks: { ...tables['ticks']!, schema: schema.slice(1) } }, 0), /with other columns .*record into another folder/);
  await assert.rejects(Recording.open(path, { others: tables['ticks']! }, 0), /holds a recording of ticks/);
});
