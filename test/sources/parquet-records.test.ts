/** Records read straight out of Parquet are those of the lines that DuckDB makes of them, whatever wrote the pages. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { lineOf } from '../../src/sources/capture-records.js';
import { RecordReader } from '../../src/sources/parquet/record-reader.js';
import { recordTopics } from '../../src/sources/parquet/record-topics.js';
import { rowPieces, rowTopics } from '../../src/sources/recorded-rows.js';
import { temporaryFolder, writeParquet } from './files.js';

const folder = temporaryFolder();

/** By column, DuckDB's expressions over row number `i` and a seed, in the forms in which recordings have it. */
const columns: Readonly<Record<string, readonly string[]>> = {
  topic: ["'dbz.t' || (hash(i, SEED) % 5)"],
  partition: ['(hash(i, SEED + 1) % 3)::INTEGER', '(hash(i, SEED + 1) % 3)::BIGINT'],
  offset: ['i', '(i % 2000000000)::INTEGER', '9007199254740000 + i'],
  timestamp: ['1772441940078 + i', "TIMESTAMP '2026-03-02 09:30:00' + to_microseconds(i * 1999)", "TIMESTAMPTZ '2026-03-02 09:30:00+00' + to_milliseconds(i)", "(TIMESTAMP '2026-03-02 09:30:00' + to_milliseconds(i))::TIMESTAMP_MS"],
  key: ["'{\"id\":' || hash(i, SEED + 2) % 300 || '}'", "encode('{\"id\":' || i || '}')", "CASE i % 3 WHEN 0 THEN '\\x00\\x00\\x07'::BLOB WHEN 1 THEN '\\xFF'::BLOB ELSE ''::BLOB END"],
  value: [
    "'{\"after\":{\"note\":\"' || repeat(md5(i::VARCHAR), (hash(i, SEED + 3) % 40)::INTEGER) || '\"}}'", "'{\"ä\":\"' || chr((200 + hash(i, SEED + 3) % 5000)::INTEGER) || '\"}'", "'v' || (hash(i, SEED + 3) % 50)",
    "encode('{\"after\":' || hash(i, SEED + 3) || '}')", "CASE WHEN hash(i, SEED + 3) % 9 = 0 THEN '\\x00\\x00\\x00\\x00\\x0C\\xFF'::BLOB ELSE encode('é' || i) END",
  ],
  headers: ["'{\"__debezium.oldkey\":\"' || hash(i, SEED + 4) % 20 || '\"}'", "'{\"h\": ' || i || '}'", "'no JSON'", "json_object('a', i % 7)"],
};

/** As `lineOf` writes it; an empty line: the record has no topic. */
async function ours(...files: readonly string[]): Promise<string[] | null> {
  const reader = await RecordReader.open(files);
  if (reader === null) return null;
  const lines: string[] = [];
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      for (let record = 0; record < batch.length; record += 1) lines.push(batch.topics[record] === -1 ? '' : lineOf(batch, record));
    }
  } finally {
    await reader.close();
  }
  return lines;
}

async function duckLines(file: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const piece of rowPieces({ format: 'parquet', files: [file] })) lines.push(...piece.toString('utf8').split('\n').slice(0, -1));
  return lines;
}

const parsed = (lines: readonly string[]): unknown[] => lines.map((line) => (line === '' ? null : (JSON.parse(line) as unknown)));

function topicsOf(lines: readonly string[]): Map<string, number> {
  const topics = new Map<string, number>();
  for (const record of parsed(lines) as ({ topic: string; partition?: number } | null)[]) {
    if (record !== null) topics.set(record.topic, Math.max(topics.get(record.topic) ?? 1, (record.partition ?? 0) + 1));
  }
  return topics;
}

const drawn = fc.record({
  names: fc.subarray(['partition', 'offset', 'timestamp', 'key', 'headers']), forms: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }), order: fc.nat(),
  rows: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 3000, max: 20_000 })), seed: fc.integer({ min: 0, max: 1e6 }), nulls: fc.constantFrom(0, 0, 2, 30),
  codec: fc.constantFrom('zstd', 'zstd', 'snappy', 'gzip', 'lz4_raw', 'uncompressed'), group: fc.constantFrom(2048, 122_880), dictionary: fc.constantFrom(1, 1e6),
});

test('any columns, forms, codecs and row groups: the records that their lines are', { timeout: 120_000 }, async () => {
  await fc.assert(fc.asyncProperty(drawn, async ({ names, forms, order, rows, seed, nulls, codec, group, dictionary }) => {
    const file = join(folder, 'records.parquet');
    const chosen = ['topic', 'value', ...names].map((name, index) => {
      const sql = columns[name]![forms[index]! % columns[name]!.length]!.replaceAll('SEED', String(seed));
      return `${nulls === 0 ? sql : `CASE WHEN hash(i, ${seed} + ${index + 100}) % ${nulls} = 0 THEN NULL ELSE ${sql} END`} AS "${name}"`;
    });
    const turned = [...chosen.slice(order % chosen.length), ...chosen.slice(0, order % chosen.length)];
    await writeParquet(file, `SELECT ${turned.join(', ')} FROM range(${rows}) t(i)`, `, COMPRESSION ${codec}, ROW_GROUP_SIZE ${group}, DICTIONARY_SIZE_LIMIT ${dictionary}`);
    const lines = await ours(file), expected = await duckLines(file);
    assert.notEqual(lines, null);
    assert.deepEqual(parsed(lines!), parsed(expected));
    assert.deepEqual([...(await recordTopics([file]))!], [...topicsOf(expected)]);
  }), { numRuns: 60 });
});

test('damaged bytes end in an error with the place; nothing is made up beyond the file', { timeout: 120_000 }, async () => {
  const text = (name: string, form: number): string => `${columns[name]![form]!.replaceAll('SEED', '7')} AS "${name}"`;
  const file = await writeParquet(join(folder, 'whole.parquet'), `SELECT ${text('topic', 0)}, ${text('partition', 0)}, ${text('offset', 0)}, ${text('timestamp', 1)}, ${text('key', 0)}, ${text('value', 0)}, ${text('headers', 0)} FROM range(5000) t(i)`, ', ROW_GROUP_SIZE 4096, DICTIONARY_SIZE_LIMIT 500');
  const bytes = await readFile(file);
  let failed = 0;
  await fc.assert(fc.asyncProperty(fc.integer({ min: 4, max: bytes.length - 9 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
    const damaged = join(folder, 'damaged.parquet');
    const copy = Buffer.from(bytes);
    copy[at]! ^= change;
    await writeFile(damaged, copy);
    try {
      const lines = await ours(damaged);
      assert.ok(lines === null || lines.length <= 5000);
      await recordTopics([damaged]);
    } catch (error) {
      failed += 1;
      assert.ok(error instanceof TapewrightError, String(error));
      assert.match(error.message, /is damaged: reading stops after row \d+ \(/);
    }
  }), { numRuns: 250 });
  assert.ok(failed > 10, `${failed} damages were seen`);
});

test('files follow each other, as long as their columns are alike; long values are read in few rows at a time', async () => {
  const write = (name: string, value: string, rows: number): Promise<string> =>
    writeParquet(join(folder, name), `SELECT 't' || i % 3 AS topic, i % 2 AS partition, ${value} AS value FROM range(${rows}) t(i)`, ', ROW_GROUP_SIZE 2048');
  const [short, empty, long, bytes] = [await write('a.parquet', "'v' || i", 5000), await write('b.parquet', "'v' || i", 0), await write('c.parquet', 'i || repeat(md5(i::VARCHAR), 1000)', 300), await write('d.parquet', 'encode(i::VARCHAR)', 10)];
  const lines = await ours(short, empty, long);
  assert.deepEqual(parsed(lines!), parsed([...await duckLines(short), ...await duckLines(long)]));
  assert.deepEqual([...(await recordTopics([short, empty, long]))!], [['t0', 2], ['t1', 2], ['t2', 2]]);
  assert.deepEqual([await ours(empty), await ours(short, bytes)], [[], null]);
  const reader = (await RecordReader.open([long]))!;
  const lengths: number[] = [];
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) lengths.push(batch.length);
  await reader.close();
  assert.equal(lengths.length > 3 && Math.max(...lengths) < 100, true, String(lengths));
});

test('a file that was cut off, bytes that are no UTF-8, and what only DuckDB knows', async () => {
  const file = await writeParquet(join(folder, 'latin.parquet'), "SELECT 't' AS topic, CASE WHEN i = 4500 THEN 'Gruesse' ELSE 'v' || i END AS value FROM range(5000) t(i)", ', COMPRESSION uncompressed, ROW_GROUP_SIZE 2048, DICTIONARY_SIZE_LIMIT 1');
  const bytes = await readFile(file);
  const wrong = Buffer.from(bytes.toString('latin1').replace('Gruesse', 'Gr\xfc\xdfe!!'), 'latin1');
  await writeFile(file, wrong);
  // As DuckDB says it of the same file.
  await assert.rejects(ours(file), { code: 'DATASET_CORRUPT', message: /latin\.parquet is damaged: reading stops after row 4096 \(value is not UTF-8\); fetch or write the file again$/ });
  await assert.rejects(duckLines(file), { code: 'DATASET_CORRUPT' });
  await writeFile(file, bytes.subarray(0, bytes.length - 100));
  assert.equal(await ours(file), null);
  await assert.rejects(rowTopics({ format: 'parquet', files: [file] }));
  for (const columns of ["'t' AS topic, 'v' AS value, MAP {'a': 'b'} AS headers", "'t' AS topic, 'v' AS value, 1.5 AS \"offset\"", "'t' AS topic", "1 AS topic, 'v' AS value"]) {
    await writeParquet(file, `SELECT ${columns}`);
    assert.equal(await ours(file), null, columns);
  }
});
