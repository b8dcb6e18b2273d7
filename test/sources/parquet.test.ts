import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, truncateSync, copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { bindingOf, openSource } from '../../src/sources/open.js';
import { bind, column, readAll, temporaryFolder, writeParquet } from './files.js';

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

const ticks = `SELECT 'S' || i % 7 AS symbol, i * 0.25 AS price, i * 10 AS volume,
  CASE WHEN i % 5 = 0 THEN NULL ELSE 'a string of more than twelve bytes ' || i % 11 END AS note,
  make_timestamp(1700000000000000 + i * 1500) AS ts FROM range(0, 5000) t(i)`;
const tickColumns = [
  column('symbol', 'STRING'), column('price', 'DOUBLE'), column('volume', 'BIGINT'), column('note', 'STRING'),
  column('ts', 'TIMESTAMP', { precision: 3 }, true),
];

/** Law: rows do not depend on how they are cut into batches, nor on where reading begins. */
test('any batch size and any first position give the same rows', async () => {
  const file = await writeParquet(path('ticks.parquet'), ticks, ', ROW_GROUP_SIZE 2048');
  const whole = await readAll(bind(file), tickColumns);
  assert.equal(whole.rows.length, 5000);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 0, max: 5001 }), async (batchRows, from) => {
      const { rows, positions } = await readAll(bind(file), tickColumns, { batchRows: Math.max(batchRows, 50), from });
      assert.deepEqual(rows, whole.rows.slice(from));
      assert.deepEqual(positions, whole.positions.slice(from));
    }),
    { numRuns: 20 },
  );
});

test('a reader thread delivers what an inline reader does, and hashes the file', async () => {
  const file = await writeParquet(path('threaded.parquet'), ticks);
  const inline = await readAll(bind(file), tickColumns, { batchRows: 512 });
  const threaded = await readAll(bind(file), tickColumns, { batchRows: 512, inline: false });
  assert.deepEqual(threaded, inline);
  assert.deepEqual(inline.rows[5], ['S5', 1.25, 50, null, 1_700_000_000_007]);
  const source = await openSource(bind(file), tickColumns);
  assert.equal(source.rowsTotal, 5000);
  assert.equal(await source.fingerprint(), createHash('sha256').update(readFileSync(file)).digest('hex'));
  await source.close();
});

test('types keep every bit', async () => {
  const file = await writeParquet(path('types.parquet'), `SELECT * FROM (VALUES
    (1, true, (-128)::TINYINT, 9007199254740993::BIGINT, 1.5::FLOAT, -0.0::DOUBLE, 12345.67::DECIMAL(10,2), 123456789012345678901234567.89::DECIMAL(38,2), DATE '1969-12-31', TIMESTAMP '2024-01-02 14:30:00.123456', TIMESTAMPTZ '2024-01-02 14:30:00.123456+01', make_timestamp_ns(-1), '\\x00\\xff'::BLOB),
    (2, false, 127::TINYINT, (-9007199254740991)::BIGINT, 'nan'::FLOAT, 'inf'::DOUBLE, (-0.01)::DECIMAL(10,2), (-1)::DECIMAL(38,2), DATE '2024-02-29', TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMPTZ '1970-01-01 00:00:00+00', make_timestamp_ns(1), ''::BLOB),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) t(id, b, tiny, big, f, d, dec, wide, day, ts, tz, ns, bytes) ORDER BY id`);
  const { rows, remarks } = await readAll(bind(file), [
    column('b', 'BOOLEAN'), column('tiny', 'INT'), column('big', 'BIGINT'), column('f', 'DOUBLE'), column('d', 'DOUBLE'),
    column('dec', 'DECIMAL', { precision: 12, scale: 3 }), column('wide', 'DECIMAL', { precision: 38, scale: 2 }), column('day', 'DATE'),
    column('ts', 'TIMESTAMP', { precision: 3 }), column('ts', 'TIMESTAMP', { precision: 6 }), column('tz', 'TIMESTAMP_LTZ', { precision: 3 }),
    column('ns', 'TIMESTAMP', { precision: 3 }), column('ns', 'TIMESTAMP', { precision: 9 }), column('bytes', 'BYTES'),
  ]);
  assert.deepEqual(rows, [
    [1, -128, 9007199254740993n, 1.5, -0, 12345670, 12345678901234567890123456789n, -1, 1704205800123, 1704205800123456, 1704202200123, -1, -1, '\u0000\u00ff'],
    [0, 127, -9007199254740991, NaN, Infinity, -10, -100, 19782, -1, -1, 0, 0, 1, ''],
    [null, null, null, null, null, null, null, null, null, null, null, null, null, null],
  ]);
  assert.ok(remarks.some((remark) => remark.includes('ts: times finer than its type are floored')));
});

test('event time comes from timestamp when the file has no such column, and the source says so', async () => {
  const millis = await writeParquet(path('millis.parquet'), 'SELECT 1700000000123::BIGINT AS "timestamp", 1 AS Volume');
  const columns = [column('event_time', 'TIMESTAMP', { precision: 3 }, true), column('volume', 'BIGINT')];
  const read = await readAll(bind(millis), columns, { table: 'ticks' });
  assert.deepEqual(read.rows, [[1_700_000_000_123, 1]]);
  assert.deepEqual(read.remarks, [
    "ticks.event_time is taken from the file's column timestamp (epoch milliseconds)",
    "ticks.volume is read from the file's column Volume",
  ]);
  const mapped = await readAll(bind(millis, 'parquet', { select: { event_time: 'make_timestamp("timestamp" * 1000 + 1000)', volume: 'volume' } }), columns);
  assert.deepEqual(mapped.rows, [[1_700_000_000_124, 1]]);
});

test('what does not fit is refused with names, types and a way out', async () => {
  const file = await writeParquet(path('plain.parquet'), "SELECT 'x' AS symbol, 1.5::DOUBLE AS price, 1::BIGINT << 60 AS big");
  const fails = (columns: Parameters<typeof readAll>[1], select: Record<string, string> = {}) => readAll(bind(file, 'parquet', { select }), columns, { table: 'ticks' });
  const invalid = (pattern: RegExp) => (error: unknown) => error instanceof TapewrightError && error.code === 'DATASET_INVALID' && pattern.test(error.message);
  await assert.rejects(fails([column('volume', 'BIGINT')]), invalid(/no column volume for table ticks; its columns are symbol, price, big; .*--map ticks\.volume=/));
  await assert.rejects(fails([column('price', 'BIGINT')]), invalid(/ticks\.price is declared BIGINT, but in .* it is DOUBLE/));
  await assert.rejects(fails([column('symbol', 'TIMESTAMP', { precision: 3 })]), invalid(/declared TIMESTAMP\(3\).*VARCHAR/));
  await assert.rejects(fails([column('symbol', 'STRING')], { symbol: "x'; DROP" }), invalid(/--map ticks\.symbol: DuckDB refuses/));
  await assert.rejects(fails([column('symbol', 'STRING')], { symbol: '1) FROM range(3); SELECT (2' }), invalid(/refuses/));
  await assert.rejects(fails([column('symbol', 'STRING')], { symbol: "(SELECT content FROM read_text('/etc/hostname'))" }), invalid(/disabled by configuration/));
  await assert.rejects(fails([column('price', 'DOUBLE')], { price: 'big + 1' }), invalid(/declared DOUBLE, but row 0 holds the integer 1152921504606846977/));
});

test('files of a pattern are read in the order of their names, positions running on', async () => {
  for (const [name, first] of [['part-b', 100], ['part-a', 0], ['part-c', 200]] as const) {
    await writeParquet(path(`${name}.parquet`), `SELECT i AS id, 'k' || i % 3 AS k FROM range(${first}, ${first + 100}) t(i)`);
  }
  const columns = [column('id', 'BIGINT'), column('k', 'STRING')];
  const all = await readAll(bind(path('part-*.parquet')), columns, { batchRows: 70 });
  assert.deepEqual(all.rows.map(([id]) => id), Array.from({ length: 300 }, (_, id) => id));
  assert.deepEqual(all.positions, all.rows.map(([id]) => id));
  const later = await readAll(bind(path('part-*.parquet')), columns, { from: 150 });
  assert.deepEqual(later.rows, all.rows.slice(150));
  assert.deepEqual(later.positions[0], 150);
});

test('an order column sorts the rows, ties by file and row', async () => {
  const file = await writeParquet(path('unsorted.parquet'), 'SELECT i AS id, (i * 7) % 5 AS rank FROM range(0, 3000) t(i)');
  const binding = bind(file, 'parquet', { order: 'rank' });
  const { rows, positions } = await readAll(binding, [column('id', 'BIGINT'), column('rank', 'INT')].slice(0, 1));
  const expected = Array.from({ length: 3000 }, (_, id) => id).sort((a, b) => (a * 7) % 5 - (b * 7) % 5 || a - b);
  assert.deepEqual(rows.map(([id]) => id), expected);
  assert.deepEqual(positions, expected.map((_, index) => index));
  assert.deepEqual((await readAll(binding, [column('id', 'BIGINT')], { from: 2990 })).rows.map(([id]) => id), expected.slice(2990));
});

test('more than 65,536 distinct strings start a new dictionary', async () => {
  const file = await writeParquet(path('distinct.parquet'), "SELECT 'order ' || i AS id FROM range(0, 150000) t(i)");
  const source = await openSource(bind(file), [column('id', 'STRING')], { batchRows: 40_000, inline: true });
  const dictionaries = new Set<unknown>();
  let row = 0;
  for (let next = await source.next(); next !== null; next = await source.next()) {
    const [ids] = next.batch.columns;
    assert.ok(ids?.storage === 'text' && ids.dictionary !== null);
    dictionaries.add(ids.dictionary);
    assert.ok(ids.dictionary.size <= 65_536 + 40_000 + 1);
    for (let at = 0; at < next.batch.length; at += 1, row += 1) assert.equal(ids.dictionary.strings[ids.values[at]!], `order ${row}`);
  }
  await source.close();
  assert.equal(row, 150_000);
  assert.equal(dictionaries.size, 2);
});

test('damaged and missing files are named, and no thread is left behind', async () => {
  const good = await writeParquet(path('good.parquet'), ticks, ', ROW_GROUP_SIZE 2048, COMPRESSION zstd');
  const bytes = readFileSync(good);
  const fails = async (file: string, code: string, pattern: RegExp): Promise<void> => {
    for (const inline of [true, false]) {
      await assert.rejects(readAll(bind(file), tickColumns, { inline }), (error: unknown) => {
        assert.ok(error instanceof TapewrightError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, pattern);
        return true;
      });
    }
  };
  await fails(path('none.parquet'), 'DATASET_MISSING', /none\.parquet does not exist/);
  await fails(path('none-*.parquet'), 'DATASET_MISSING', /no file matches/);
  await fails(folder, 'DATASET_INVALID', /is a directory/);
  writeFileSync(path('empty.parquet'), '');
  await fails(path('empty.parquet'), 'DATASET_CORRUPT', /is empty/);
  copyFileSync(good, path('footer.parquet'));
  truncateSync(path('footer.parquet'), bytes.length - 20);
  await fails(path('footer.parquet'), 'DATASET_CORRUPT', /truncated/);
  writeFileSync(path('text.parquet'), 'symbol,price\na,1\nb,2\n');
  await fails(path('text.parquet'), 'DATASET_CORRUPT', /not a Parquet file/);
  // Rubbish in the last quarter of the data pages; the footer is whole.
  const page = Buffer.from(bytes);
  page.fill(0xa5, Math.floor(bytes.length * 0.5), Math.floor(bytes.length * 0.6));
  writeFileSync(path('page.parquet'), page);
  await fails(path('page.parquet'), 'DATASET_CORRUPT', /page\.parquet is damaged: reading stops after row \d+/);
});

test('a source can be closed at any moment', async () => {
  const file = await writeParquet(path('closing.parquet'), ticks);
  for (const batches of [0, 1, 3]) {
    const source = await openSource(bind(file), tickColumns, { batchRows: 100 });
    for (let batch = 0; batch < batches; batch += 1) await source.next();
    await source.close();
    await source.close();
  }
});

test('the format of a path follows from its name, else from its first bytes', async () => {
  const file = await writeParquet(path('no-extension'), 'SELECT 1 AS a');
  assert.equal(bindingOf(file).format, 'parquet');
  assert.equal(bindingOf('x.CSV.gz').format, 'csv');
  assert.equal(bindingOf('x.ndjson').format, 'jsonl');
  assert.throws(() => bindingOf('ticks.xlsx'), /cannot tell the format of ticks\.xlsx; accepted are Parquet/);
});

const oanda = resolve(process.cwd(), '../shared/data/oanda_fx_20140502/ticks.parquet');
test('a real day of quotes is read whole', { skip: existsSync(oanda) ? false : 'no shared data' }, async () => {
  const source = await openSource(bindingOf(oanda), [column('symbol', 'STRING'), column('bid', 'DOUBLE'), column('ask', 'DOUBLE')]);
  let rows = 0;
  for (let next = await source.next(); next !== null; next = await source.next()) rows += next.batch.length;
  await source.close();
  assert.equal(rows, source.rowsTotal);
});
