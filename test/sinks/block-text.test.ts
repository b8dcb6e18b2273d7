import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf, Dictionary, type TextColumn as Column } from '../../src/core/batch.js';
import type { Schema } from '../../src/core/types.js';
import { TextColumn } from '../../src/sinks/block-text.js';
import { BlockBuilder, blockRows } from '../../src/sinks/block.js';
import { joinSegments, ParquetOutput } from '../../src/sinks/parquet.js';
import { BatchMemory } from '../../src/sources/parquet/batch-memory.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { bind, readAll, temporaryFolder } from '../sources/files.js';

const folder = temporaryFolder();
let runs = 0;
const schema: Schema = [{ name: 's', type: { kind: 'STRING', nullable: true } }, { name: 'b', type: { kind: 'BYTES', nullable: true } }];

const column = (texts: readonly (string | null)[], coded: boolean): Column => {
  if (!coded) return { storage: 'text', values: texts, dictionary: null };
  const dictionary = new Dictionary();
  return { storage: 'text', values: Int32Array.from(texts, (text) => dictionary.intern(text)), dictionary };
};

/** `distinct` different texts in turns, each number of bytes from 0 on, and NULL now and then. */
const part = fc.record({ rows: fc.integer({ min: 1, max: 12_000 }), distinct: fc.integer({ min: 1, max: 12_000 }), longest: fc.integer({ min: 0, max: 40 }), nulls: fc.integer({ min: 2, max: 50 }), coded: fc.boolean() });

/** Law: texts come back as they were, whether they repeat or not, whatever came before them in their column. */
test('texts that repeat and texts that do not are written alike', async () => {
  await fc.assert(fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
    const directory = join(folder, `run-${runs++}`);
    const output = await ParquetOutput.open(directory, 't', schema);
    const expected: (string | null)[] = [];
    for (const { rows, distinct, longest, nulls, coded } of parts) {
      const texts = Array.from({ length: rows }, (_, row) => (row % nulls === 0 ? null : `${row % distinct}·é${'x'.repeat(row % (longest + 1))}`));
      output.append(batchOf(rows, [column(texts, coded), column(texts.map((text) => text?.replace('·', '\u00b7') ?? null), coded)]));
      expected.push(...texts);
    }
    await output.closeSegment();
    await joinSegments(directory, 't', schema, output.segments);
    const { rows } = await readAll(bind(join(directory, 't.parquet')), schema.map((field) => ({ ...field, eventTime: false })));
    assert.deepEqual(rows.map(([text]) => text), expected);
    assert.deepEqual(rows.map(([, bytes]) => bytes), expected);
  }), { numRuns: 10 });
});

test('codes are kept while texts repeat, and given up where they do not', () => {
  const memory = new BatchMemory();
  const texts = (rows: number, distinct: number): Column => column(Array.from({ length: rows }, (_, row) => `text ${row % distinct}`), false);
  const repeating = new TextColumn(memory, false);
  repeating.append(texts(30_000, 1500), 0, 30_000, 0);
  const coded = repeating.take();
  assert.deepEqual([coded.codes === null, coded.count], [false, 1500]);
  repeating.append(texts(30_000, 30_000), 0, 30_000, 0);
  const spread = repeating.take();
  assert.deepEqual([spread.codes, spread.count, Buffer.from(spread.bytes.subarray(spread.ends[8998], spread.ends[8999])).toString()], [null, 30_000, 'text 8999']);
});

test('a block of many bytes is full before it has many rows', () => {
  const builder = new BlockBuilder(schema);
  const long = 'y'.repeat(2 ** 16);
  const batch = (first: number) => batchOf(64, [column(Array.from({ length: 64 }, (_, row) => `${first + row}${long}`), false), column(Array.from({ length: 64 }, () => null), false)]);
  for (let first = 0; first < 128; first += 64) {
    assert.equal(builder.room, blockRows - first);
    for (let row = 0; row < 64;) row = builder.append(batch(first), row, 64);
  }
  assert.equal(builder.room, 0);
  assert.equal(builder.take().length, 128);
  assert.equal(builder.room, blockRows);
});

/** Law: long texts are written within the memory that there is, repeated or not, and whatever the rows are cut into. */
test('rows of long texts are written and joined, however many they are', async () => {
  const one: Schema = [{ name: 's', type: { kind: 'STRING', nullable: true } }];
  const shape = fc.record({ repeated: fc.boolean(), coded: fc.boolean(), cut: fc.integer({ min: 500, max: 3000 }) });
  await fc.assert(fc.asyncProperty(shape, async ({ repeated, coded, cut }) => {
    const directory = join(folder, `run-${runs++}`);
    const output = await ParquetOutput.open(directory, 't', one);
    // 300 million units: more than the writer may hold.
    const count = 30_000, tail = 'z'.repeat(10_000);
    for (let first = 0; first < count; first += cut) {
      const rows = Math.min(cut, count - first);
      output.append(batchOf(rows, [column(Array.from({ length: rows }, (_, row) => `${repeated ? (first + row) % 7 : first + row} ${tail}`), coded)]));
      if (output.full) await output.drain();
    }
    await output.closeSegment();
    await joinSegments(directory, 't', one, output.segments);
    const path = join(directory, 't.parquet');
    const duck = await openDuck({ files: [path] });
    const told = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM read_parquet(${quoteText(path)}, file_row_number = true) WHERE s = (file_row_number${repeated ? ' % 7' : ''}) || ' ${tail}'`);
    duck.close();
    assert.deepEqual(told, [[String(count)]]);
  }), { numRuns: 3, examples: [[{ repeated: false, coded: false, cut: 2000 }], [{ repeated: true, coded: true, cut: 2000 }]] });
});
