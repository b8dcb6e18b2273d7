/** Files that are not what they should be: each is refused with its name, what is wrong with it, and nothing left behind. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TapewrightError, type ErrorCode } from '../../src/core/errors.js';
import { withRun } from '../support/run-sql.js';
import { temporaryFolder, writeParquet, writeText } from '../sources/files.js';

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

const sql = `CREATE TABLE ticks (symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka');
SELECT symbol, window_start, SUM(price * volume) AS notional
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`;

before(async () => {
  const rows = "SELECT 'S' || i % 3 AS symbol, 10.0::DOUBLE + i % 7 AS price, (i % 5)::BIGINT AS volume, make_timestamp(1772461800000000 + i * 1000000) AS event_time FROM range(0, 8192) t(i)";
  await writeParquet(path('good.parquet'), rows, ', ROW_GROUP_SIZE 2048');
  await writeParquet(path('without.parquet'), `SELECT symbol, price, event_time FROM (${rows})`);
  await writeParquet(path('text.parquet'), `SELECT * REPLACE (volume::VARCHAR AS volume) FROM (${rows})`);
  await writeParquet(path('none.parquet'), `SELECT * FROM (${rows}) WHERE false`);
});

async function refused(file: string, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(withRun(sql, { ticks: path(file) }, async () => undefined), (error: unknown) => {
    assert.ok(error instanceof TapewrightError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

test('a file that is missing, empty or a directory', async () => {
  await refused('nowhere.parquet', 'DATASET_MISSING', /nowhere\.parquet does not exist/);
  await refused('*.nowhere.parquet', 'DATASET_MISSING', /no file matches/);
  for (const name of ['empty.parquet', 'empty.csv', 'empty.jsonl']) {
    writeText(path(name), '');
    await refused(name, 'DATASET_CORRUPT', /is empty \(0 bytes\)/);
  }
  mkdirSync(path('folder.parquet'));
  await refused('folder.parquet', 'DATASET_INVALID', /is a directory; to read the files in it, bind .*folder\.parquet\/\*\.parquet/);
});

test('a file of the wrong kind: text named Parquet, Parquet named JSON, a name that says nothing, a JSON array', async () => {
  writeText(path('prose.parquet'), 'symbol,price\nA,1\n');
  await refused('prose.parquet', 'DATASET_CORRUPT', /is not a Parquet file: it does not begin with PAR1/);
  copyFileSync(path('good.parquet'), path('good.jsonl'));
  await refused('good.jsonl', 'DATASET_INVALID', /is a Parquet file; give it the extension \.parquet/);
  writeText(path('ticks.xls'), 'symbol');
  await refused('ticks.xls', 'DATASET_INVALID', /cannot tell the format .*accepted are Parquet/);
  writeText(path('array.json'), '[{"symbol":"A"}]');
  await refused('array.json', 'DATASET_INVALID', /is a JSON array/);
});

test('Parquet truncated in its footer, damaged in its footer, damaged in a page', async () => {
  const bytes = readFileSync(path('good.parquet'));
  for (const size of [bytes.length - 1, bytes.length - 9, bytes.length >> 1, 12]) {
    copyFileSync(path('good.parquet'), path('cut.parquet'));
    truncateSync(path('cut.parquet'), size);
    await refused('cut.parquet', 'DATASET_CORRUPT', /is truncated: its Parquet footer is missing; fetch or write the file again/);
  }
  const footer = Buffer.from(bytes);
  footer.fill(0x7f, bytes.length - 80, bytes.length - 8);
  writeFileSync(path('footer.parquet'), footer);
  await refused('footer.parquet', 'DATASET_CORRUPT', /is damaged: its footer cannot be read/);
  const page = Buffer.from(bytes);
  page.fill(0xff, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.6) + 400);
  writeFileSync(path('page.parquet'), page);
  await refused('page.parquet', 'DATASET_CORRUPT', /is damaged: reading stops after row \d+ .*fetch or write the file again/);
});

test('a compressed file that ends too soon is named with the row where reading stops', async () => {
  const lines = Array.from({ length: 20_000 }, (_, row) => `A,${row % 97}.25,${row % 13},2026-03-02 14:30:${String(row % 60).padStart(2, '0')}\n`).join('');
  const packed = gzipSync(`symbol,price,volume,event_time\n${lines}`);
  writeFileSync(path('cut.csv.gz'), packed.subarray(0, packed.length - 200));
  await refused('cut.csv.gz', 'DATASET_CORRUPT', /cut\.csv\.gz is damaged: reading stops after row \d+/);
});

test('a needed column that is not there, or of another type, is named with what to write', async () => {
  await refused('without.parquet', 'DATASET_INVALID', /has no column volume for table ticks; its columns are symbol, price, event_time; name one with --map ticks\.volume=/);
  await refused('text.parquet', 'DATASET_INVALID', /ticks\.volume is declared BIGINT, but in .* it is VARCHAR; declare that type, or convert it with --map ticks\.volume=/);
  writeText(path('without.csv'), 'symbol,price,event_time\nA,1,2026-03-02 14:30:00\n');
  await refused('without.csv', 'DATASET_INVALID', /has no column volume/);
  writeText(path('without.jsonl'), '{"symbol":"A","price":1,"event_time":0}\n');
  await refused('without.jsonl', 'DATASET_INVALID', /has no column volume/);
});

test('a file of no rows is an answer: outputs with schema and no rows', async () => {
  writeText(path('header.csv'), 'symbol,price,volume,event_time\n');
  for (const file of ['none.parquet', 'header.csv']) {
    await withRun(sql, { ticks: path(file) }, async ({ result, query }) => {
      assert.deepEqual([result.rows, result.late, result.rejected, result.outputs['query_1']!.rows], [0, 0, 0, 0]);
      assert.deepEqual((await query('SELECT column_name FROM (DESCRIBE query_1)')).map(({ column_name }) => column_name), ['symbol', 'window_start', 'notional']);
    });
  }
});

test('a column that the plan does not read may be missing or of any type', async () => {
  const narrow = sql.replace('SUM(price * volume) AS notional', 'MAX(price) AS high');
  for (const file of ['without.parquet', 'text.parquet']) await withRun(narrow, { ticks: path(file) }, async ({ result }) => assert.equal(result.rows, 8192));
});

test('what could not begin leaves nothing that would be in the way', async () => {
  const out = path('out');
  mkdirSync(out);
  const { newRunOptions } = await import('../../src/scenario/flags.js');
  const { runReplay } = await import('../../src/runtime/replay.js');
  writeText(path('run.sql'), sql);
  // Damaged from the start: of what is damaged later, some rows have run already.
  const damaged = readFileSync(path('good.parquet'));
  writeFileSync(path('first-page.parquet'), damaged.fill(0xff, 40, 400));
  const run = async (file: string) => runReplay({ ...(await newRunOptions(path('run.sql'), { bind: [`ticks=${path(file)}`], out })), report: false });
  for (const file of ['without.parquet', 'cut.parquet', 'first-page.parquet', 'nowhere.parquet']) await assert.rejects(run(file), TapewrightError);
  assert.equal(existsSync(join(out, 'manifest.json')), false);
  assert.equal((await run('good.parquet')).status, 'complete');
});
