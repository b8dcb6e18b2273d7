/** Rows that are not what they should be: what SQL can hold flows through SQL, the rest is kept with its place. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { withRun, type RanSql } from '../support/run-sql.js';
import type { RunParameters } from '../../src/runtime/options.js';
import { temporaryFolder, writeParquet, writeText } from '../sources/files.js';

const folder = temporaryFolder();
let files = 0;
const jsonLines = (...rows: readonly (object | string)[]): string =>
  writeText(join(folder, `${files++}.jsonl`), rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''));

const table = `CREATE TABLE ticks (symbol STRING, price DOUBLE, volume BIGINT, event_type STRING, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');`;
const perMinute = (list: string): string => `${table}
SELECT symbol, window_start, ${list} FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`;

const open = Date.UTC(2026, 2, 2, 14, 30);
const tick = (seconds: number, rest: object = {}): object => ({ symbol: 'A', price: 10, volume: 1, event_type: 'TRADE', event_time: open + seconds * 1000, ...rest });

const run = <T>(sql: string, file: string, use: (ran: RanSql) => Promise<T>, parameters: Partial<RunParameters> = {}): Promise<T> => withRun(sql, { ticks: file }, use, parameters);

test('NULL, NaN, infinity, zero and negative volume and an unknown event type flow through SQL', async () => {
  const file = jsonLines(
    tick(1), tick(2, { price: 'NaN' }), tick(3, { price: 'Infinity', symbol: 'B' }), tick(4, { price: null }), tick(5, { volume: 0 }), tick(6, { volume: -3 }),
    tick(7, { event_type: 'GIBBERISH' }), tick(8, { event_type: null }), tick(9, { symbol: null }), tick(10, { volume: null }),
    { event_time: open + 11_000 }, tick(12, { symbol: 'B', price: '-Infinity' }),
  );
  const list = "COUNT(*) AS n, COUNT(price) AS prices, SUM(price) AS total, MAX(price) AS high, SUM(volume) AS volume, SUM(price * volume) / SUM(volume) AS vwap, COUNT(*) FILTER (WHERE event_type = 'TRADE') AS trades";
  await run(perMinute(list), file, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.rejected, result.deadLetters, result.late], [12, 0, 0, 0]);
    const rows = await query('SELECT symbol, n, prices, CAST(total AS VARCHAR) AS total, CAST(high AS VARCHAR) AS high, volume, CAST(vwap AS VARCHAR) AS vwap, trades FROM query_1');
    assert.deepEqual(rows.map((row) => Object.values(row).map((value) => (typeof value === 'bigint' ? Number(value) : value))), [
      [null, 2, 1, '10.0', '10.0', 1, '10.0', 1],
      // 1 + 1 + 1 + 0 − 3 + 1 + 1: NaN stays what it is, above all other prices.
      ['A', 8, 7, 'nan', 'nan', 2, 'nan', 6],
      ['B', 2, 2, 'nan', 'inf', 2, 'nan', 2],
    ]);
  });
});

test('a volume that sums to zero gives NaN or infinity, and NULLIF gives NULL', async () => {
  const file = jsonLines(tick(1, { volume: 0 }), tick(2, { volume: 3, symbol: 'B' }), tick(3, { volume: -3, symbol: 'B', price: 11 }));
  await run(perMinute('SUM(price * volume) / SUM(volume) AS vwap, SUM(price * volume) / NULLIF(SUM(volume), 0) AS safe'), file, async ({ query }) => {
    assert.deepEqual(await query('SELECT CAST(vwap AS VARCHAR) AS vwap, safe FROM query_1'), [{ vwap: 'nan', safe: null }, { vwap: '-inf', safe: null }]);
  });
});

test('rows that cannot be decoded and event times that are NULL are counted, and kept with place and text', async () => {
  const broken = '{"symbol":"Zürich €","price":';
  const json = jsonLines(tick(1), broken, tick(2, { price: 'ten' }), tick(3, { event_time: null }), tick(4, { volume: 1.5 }), '[]', tick(5));
  await run(perMinute('COUNT(*) AS n, SUM(price * volume) AS notional'), json, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.rejected, result.deadLetters], [2, 5, 5]);
    assert.deepEqual((await query('SELECT n FROM query_1')).map(({ n }) => Number(n)), [2]);
    const kept = await query('SELECT "position", expression, error, decode(value) AS text, input, event_time, operator FROM dead_letters');
    assert.deepEqual(kept.map(({ position, error }) => [Number(position), error]), [
      [1, 'the line is not a JSON object'], [2, 'not a value of DOUBLE'], [3, 'the event time is NULL'], [4, 'not a value of BIGINT'], [5, 'the line is not a JSON object'],
    ]);
    assert.deepEqual(kept.map(({ expression }) => expression), ['', 'price', '', 'volume', '']);
    assert.equal(kept[0]!['text'], broken);
    assert.equal(kept[1]!['text'], JSON.stringify(tick(2, { price: 'ten' })));
    assert.match(String(kept[2]!['text']), /"event_time":null/);
    for (const { input, operator } of kept) assert.deepEqual([input, operator], ['ticks', 'source']);
  });
  const csv = writeText(join(folder, 'bad.csv'), 'symbol,price,volume,event_type,event_time\nA,10,1,TRADE,2026-03-02 14:30:01\nA,n/a,1,TRADE,2026-03-02 14:30:02\nA,10,1\nA,10,1,TRADE,\nA,10,1,TRADE,yesterday\n');
  await run(perMinute('COUNT(price) AS n'), csv, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.rejected], [1, 4]);
    assert.deepEqual((await query('SELECT "position", error, decode(value) AS text FROM dead_letters')).map(({ position, error, text }) => [Number(position), error, text]), [
      [1, 'not a value of DOUBLE', 'A,n/a,1,TRADE,2026-03-02 14:30:02'], [2, 'the header has 5 fields, this row 3', 'A,10,1'],
      [3, 'the event time is NULL', '{"symbol":"A","price":10,"event_time":null}'], [4, 'not a value of TIMESTAMP(3)', 'A,10,1,TRADE,yesterday'],
    ]);
  });
});

test('an event time of 0 or going backwards is late where its window has fired, and kept', async () => {
  const file = jsonLines(tick(0), tick(70), tick(60), tick(66), tick(0, { event_time: 0 }), tick(1));
  await run(perMinute('COUNT(*) AS n'), file, async ({ result, query }) => {
    assert.deepEqual([result.rows, result.late, result.rejected, result.behind], [6, 2, 0, 3]);
    assert.deepEqual((await query('SELECT n FROM query_1')).map(({ n }) => Number(n)), [1, 3]);
    assert.deepEqual((await query('SELECT "position" AS at, epoch_ms(event_time) AS time, reason FROM late')).map(({ at, time, reason }) => [Number(at), Number(time), reason]), [
      [4, 0, 'the window has fired'], [5, open + 1000, 'the window has fired'],
    ]);
  });
});

test('an event time that no calendar has is rejected, whatever the file type', async () => {
  const rows = [tick(0), tick(0, { event_time: 8_640_000_000_000_001 }), tick(0, { event_time: -62_135_596_800_001 }), tick(0, { event_time: '9999-12-31T23:59:59.999' })];
  await run(perMinute('COUNT(*) AS n'), jsonLines(...rows, '{"event_time": 9223372036854775807}'), async ({ result, query }) => {
    assert.deepEqual([result.rows, result.rejected], [2, 3]);
    assert.deepEqual((await query('SELECT n FROM query_1')).map(({ n }) => Number(n)), [1, 1]);
  });
  const parquet = await writeParquet(join(folder, 'calendar.parquet'), `SELECT 'A' AS symbol, t AS event_time FROM (VALUES (1, make_timestamp(${open * 1000})), (2, 'infinity'::TIMESTAMP), (3, NULL), (4, '-infinity'::TIMESTAMP)) v(i, t) ORDER BY i`);
  await run(perMinute('COUNT(*) AS n'), parquet, async ({ result }) => assert.deepEqual([result.rows, result.rejected], [1, 3]));
});

test('a row that moves the watermark by more than an hour is reported; the rest of the day is late', async () => {
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0), tick(1, { event_time: '2099-01-01T00:00:00' }), tick(2), tick(90)), async ({ result }) => {
    assert.equal(result.late, 2);
    assert.deepEqual(result.remarks, ['ticks: row 1 moves event time ahead by 638457.5 hours, to 2099-01-01T00:00:00.000Z; --max-ahead holds such rows back']);
  });
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0), tick(3600), tick(7200)), async ({ result }) => assert.deepEqual(result.remarks, []));
});

test('--max-ahead: one far row is rejected and moves nothing; a gap that goes on is a gap', async () => {
  const far = { event_time: '2099-01-01T00:00:00' };
  const hour = { maxAhead: 3_600_000 };
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0), tick(1, far), tick(2), tick(90)), async ({ result, query }) => {
    assert.deepEqual([result.rows, result.late, result.rejected, result.remarks], [3, 0, 1, []]);
    const [kept] = await query('SELECT "position" AS at, error, decode(value) AS text FROM dead_letters');
    assert.equal(Number(kept!['at']), 1);
    assert.match(String(kept!['error']), /is 2298447000 s ahead of the rows before it, and the next row is not \(--max-ahead\)/);
    assert.match(String(kept!['text']), /"symbol":"A"/);
  }, hour);
  // Overnight: both sides of the gap are used, and the gap is told.
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0), tick(50_000), tick(50_001), tick(50_100)), async ({ result }) => {
    assert.deepEqual([result.rows, result.late, result.rejected], [4, 0, 0]);
    assert.match(result.remarks.join(), /row 1 moves event time ahead by 13\.9 hours/);
  }, hour);
  // Nothing bears the last row out.
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0), tick(1, far)), async ({ result }) => assert.deepEqual([result.rows, result.rejected], [1, 1]), hour);
  // The first row has nothing to be measured against, unless --from says where the data begin.
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0, far), tick(1), tick(2)), async ({ result }) => assert.deepEqual([result.rows, result.late, result.rejected], [3, 2, 0]), hour);
  await run(perMinute('COUNT(*) AS n'), jsonLines(tick(0, far), tick(1), tick(2)), async ({ result }) => assert.deepEqual([result.rows, result.late, result.rejected], [2, 0, 1]), { ...hour, from: open });
});

/** Law: which rows are used does not depend on how the file is cut into batches; and each row is used, rejected or late. */
test('--max-ahead decides by the rows alone', async () => {
  const seconds = fc.oneof({ weight: 8, arbitrary: fc.nat(120) }, { weight: 2, arbitrary: fc.integer({ min: 4000, max: 4100 }) }, { weight: 1, arbitrary: fc.integer({ min: 90_000, max: 90_010 }) });
  await fc.assert(fc.asyncProperty(fc.array(seconds, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 6 }), async (times, batchRows) => {
    const file = jsonLines(...times.map((at) => tick(at)));
    const counts = async (parameters: Partial<RunParameters>) => run(perMinute('COUNT(*) AS n'), file, async ({ result, query }) => {
      const [counted] = await query('SELECT COALESCE(SUM(n), 0) AS n FROM query_1');
      assert.equal(Number(counted!['n']) + result.late + result.rejected, times.length);
      return [result.outputs, result.late, result.rejected];
    }, { maxAhead: 3_600_000, ...parameters });
    assert.deepEqual(await counts({ batchRows }), await counts({}));
  }), { numRuns: 8 });
});

test('integers above 2^53 are exact through aggregates and into Parquet', async () => {
  const big = 9_007_199_254_740_993n;
  const line = (volume: bigint, at: number): string => `{"symbol":"A","price":1,"volume":${volume},"event_time":${open + at}}`;
  const list = 'SUM(volume) AS total, MIN(volume) AS low, MAX(volume) AS high, FIRST_VALUE(volume) AS first, MAX(volume - 1) AS less, COUNT(DISTINCT volume) AS kinds, AVG(volume) AS mean';
  await run(perMinute(list), jsonLines(line(big, 1), line(big + 2n, 2), line(big + 1n, 3), line(-9_223_372_036_854_775_808n + big, 4)), async ({ query }) => {
    const values = [big, big + 1n, big + 2n, -9_223_372_036_854_775_808n + big];
    const total = values.reduce((sum, value) => sum + value, 0n);
    const [row] = await query('SELECT typeof(total) AS type, total::VARCHAR AS total, low::VARCHAR AS low, high::VARCHAR AS high, first::VARCHAR AS first, less::VARCHAR AS less, kinds::INT AS kinds, mean::VARCHAR AS mean FROM query_1');
    assert.deepEqual(row, { type: 'BIGINT', total: `${total}`, low: `${values[3]}`, high: `${big + 2n}`, first: `${big}`, less: `${big + 1n}`, kinds: 4, mean: `${total / 4n}` });
  });
});

test('a failing expression sends the row, or the result row, to the dead letters with its place', async () => {
  const sql = `${table}
SELECT symbol, 10 / volume AS ratio FROM ticks;
SELECT symbol, CAST(event_type AS INT) AS code FROM ticks;
SELECT symbol, window_start, SUM(CAST(volume AS INT) * 1000000) AS total FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`;
  const rows = [tick(1, { event_type: '7', volume: 2000 }), tick(2, { event_type: 'x', volume: 0 }), tick(3, { event_type: '9', volume: 2000, symbol: 'B' }), tick(4, { event_type: '8', volume: 2000 })];
  await run(sql, jsonLines(...rows), async ({ result, query }) => {
    assert.deepEqual([result.rows, result.rejected, result.deadLetters], [4, 0, 3]);
    assert.deepEqual([result.outputs['query_1']!.rows, result.outputs['query_2']!.rows, result.outputs['query_3']!.rows], [3, 3, 1]);
    const letters = await query('SELECT "position" AS at, statement::INT AS statement, expression, error, decode(value) AS text FROM dead_letters ORDER BY statement');
    assert.match(String(letters[0]!['expression']), /^line 3, column 16: 10 \/ volume$/);
    assert.match(String(letters[0]!['error']), /division by zero/);
    assert.match(String(letters[1]!['expression']), /CAST\(event_type AS INT\)$/);
    assert.match(String(letters[2]!['expression']), /SUM\(/);
    assert.deepEqual(letters.slice(0, 2).map(({ at }) => Number(at)), [1, 1]);
    assert.match(String(letters[2]!['text']), /"symbol":"A"/);
  });
});

test('--strict stops at the first failing expression, with its place', async () => {
  await assert.rejects(run(`${table}\nSELECT 10 / volume AS ratio FROM ticks;`, jsonLines(tick(1), tick(2, { volume: 0 }), tick(3, { volume: 0 })), async () => undefined, { strict: true }), {
    code: 'EXPRESSION_FAILED', message: /^test\.sql, line 3, column 8: 10 \/ volume: .*division by zero.*, at row 1 of ticks\. Without --strict such rows go to dead-letters\.parquet\.$/,
  });
});

test('--strict stops at a row that cannot be used at all, too', async () => {
  const strictly = (row: object) => run(`${table}\nSELECT price FROM ticks;`, jsonLines(tick(1), row, tick(2)), async () => undefined, { strict: true });
  await assert.rejects(strictly(tick(2, { price: 'ten' })), { code: 'EXPRESSION_FAILED', message: /^price: not a value of DOUBLE, at row 1 of ticks\./ });
  await assert.rejects(strictly(tick(2, { event_time: null })), { message: /^the event time is NULL, at row 1 of ticks\./ });
});

test('event times finer than 1 ms are floored, and that is said', async () => {
  const parquet = await writeParquet(join(folder, 'fine.parquet'), `SELECT 'A' AS symbol, 1.0::DOUBLE AS price, make_timestamp(${open * 1000} + i * 1500 - 2) AS event_time FROM range(0, 4) t(i) ORDER BY i`);
  await run(`${table} SELECT event_time FROM ticks;`, parquet, async ({ result, query }) => {
    assert.deepEqual((await query('SELECT epoch_ms(event_time) AS time FROM query_1')).map(({ time }) => Number(time) - open), [-1, 1, 2, 4]);
    assert.deepEqual(result.remarks, ['ticks.event_time: times finer than its type are floored']);
  });
});

test('a watermark column that the file lacks is taken from timestamp, and that is said', async () => {
  for (const stamp of [open, '2026-03-02T14:30:00']) {
    await run(`${table} SELECT symbol, event_time FROM ticks;`, jsonLines({ symbol: 'A', timestamp: stamp }), async ({ result, query }) => {
      assert.equal(Number((await query('SELECT epoch_ms(event_time) AS time FROM query_1'))[0]!['time']), open);
      assert.match(result.remarks.join(), /event_time is taken from the file's column timestamp/);
    });
  }
});
