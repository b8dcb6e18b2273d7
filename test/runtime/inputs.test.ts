/** What tables are bound to: the same rows give the same outputs from any kind of file, and several inputs merge as the data decide. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseJournalLine } from '../../src/stores/journal.js';
import { withRun } from '../support/run-sql.js';
import type { RunParameters } from '../../src/runtime/options.js';
import { temporaryFolder, writeParquet, writeText } from '../sources/files.js';

const folder = temporaryFolder();
let files = 0;
const path = (extension: string): string => join(folder, `${files++}.${extension}`);

const table = (name: string, delay = 5): string => `CREATE TABLE ${name} (symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '${delay}' SECOND) WITH ('connector' = 'kafka');`;
const candles = `${table('ticks')} SELECT symbol, window_start, FIRST_VALUE(price) AS first, LAST_VALUE(price) AS last, SUM(volume) AS volume, AVG(price) AS mean
  FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`;

const open = Date.UTC(2026, 2, 2, 14, 30);
const tick = (index: number) => ({ symbol: `S${index % 3}`, price: 10 + (index % 7) / 4, volume: index % 5, event_time: open + index * 700 });
const rows = Array.from({ length: 500 }, (_, index) => tick(index));

test('the same rows as Parquet, CSV, compressed CSV and JSON lines give the same digests', async () => {
  const csv = `symbol,price,volume,event_time\n${rows.map(({ symbol, price, volume, event_time }) => `${symbol},${price},${volume},${new Date(event_time).toISOString()}`).join('\n')}\n`;
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const compressed = path('csv.gz'), packed = path('jsonl.gz');
  for (const [file, text] of [[compressed, csv], [packed, lines]] as const) writeText(file, gzipSync(text));
  const parquet = await writeParquet(path('parquet'), `SELECT 'S' || i % 3 AS symbol, 10 + (i % 7) / 4.0::DOUBLE AS price, (i % 5)::BIGINT AS volume, make_timestamp((${open} + i * 700) * 1000) AS event_time FROM range(0, 500) t(i)`);
  const found = new Set<string>();
  for (const file of [parquet, writeText(path('csv'), csv), compressed, writeText(path('jsonl'), lines), packed]) {
    await withRun(candles, { ticks: file }, async ({ result }) => {
      assert.deepEqual([result.rows, result.rejected], [500, 0], file);
      found.add(result.outputs['query_1']!.digest);
    });
  }
  assert.equal(found.size, 1);
});

const union = `${table('ticks')} ${table('quotes', 0)}
CREATE VIEW both_sides AS SELECT price, event_time FROM ticks UNION ALL SELECT price, event_time FROM quotes;
SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE both_sides, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT price, event_time FROM both_sides;`;

/**
 * Law: two inputs are delivered by (greatest event time their input has delivered, or their own), ties by input,
 * whatever the batches; and the journal tells the order.
 */
test('two inputs merge as their data decide, and the journal keeps the interleaving', async () => {
  const times = fc.array(fc.constantFrom(0, 0, 500, 1000, 3000, -1500), { maxLength: 14 }).map((gaps) => {
    let clock = open;
    return gaps.map((gap) => (clock += gap));
  });
  await fc.assert(fc.asyncProperty(times, times, fc.integer({ min: 1, max: 5 }), async (ticks, quotes, batchRows) => {
    const write = (list: readonly number[], base: number): string =>
      writeText(path('jsonl'), list.length === 0 ? '\n' : list.map((event_time, index) => `${JSON.stringify({ symbol: 'A', price: base + index, event_time })}\n`).join(''));
    const merged = mergeOf(ticks, quotes);
    await withRun(union, { ticks: write(ticks, 0), quotes: write(quotes, 100) }, async ({ result, query }) => {
      assert.deepEqual((await query('SELECT price FROM query_2')).map(({ price }) => price), merged);
      // By the journal alone: which input's next row came.
      const next = [0, 100];
      const told: number[] = [];
      for (const line of readFileSync(join(result.directory, 'journal'), 'utf8').trimEnd().split('\n')) {
        const { slices, order } = parseJournalLine(line)!;
        const turns = order.length > 0 ? Array.from({ length: order.length / 2 }, (_, turn) => [slices[order[turn * 2]!]!.input, order[turn * 2 + 1]!] as const) : slices.map((slice) => [slice.input, slice.rows] as const);
        for (const [input, count] of turns) for (let row = 0; row < count; row += 1) told.push(next[input]!++);
      }
      assert.deepEqual(told, merged);
    }, { batchRows });
  }), { numRuns: 8 });
});

function mergeOf(ticks: readonly number[], quotes: readonly number[]): number[] {
  const inputs = [ticks, quotes];
  const at = [0, 0], greatest = [-Infinity, -Infinity];
  const merged: number[] = [];
  for (;;) {
    const keys = inputs.map((list, input) => (at[input]! < list.length ? Math.max(greatest[input]!, list[at[input]!]!) : Infinity));
    const input = keys[0]! <= keys[1]! ? 0 : 1;
    if (keys[input] === Infinity) return merged;
    merged.push(input * 100 + at[input]!);
    greatest[input] = keys[input]!;
    at[input]! += 1;
  }
}

test('a quiet input holds the watermark of what it feeds, and of nothing else', async () => {
  const quotes = writeText(path('jsonl'), `${JSON.stringify({ symbol: 'A', price: 1, event_time: open })}\n`);
  const ticks = writeText(path('jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const alone = `${union} SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;`;
  await withRun(alone, { ticks, quotes }, async ({ result }) => {
    // All but the last windows of ticks alone fire before the end; with quotes, none does.
    assert.deepEqual([result.outputs['query_1']!.rows, result.outputs['query_3']!.rows], [0, 34]);
  }, { openEnd: true });
});

test('lanes divide the rows by key and give the same sets; what cannot be divided is refused with the reason', async () => {
  const ticks = writeText(path('jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const sets = async (parameters: Partial<RunParameters>) => withRun(candles, { ticks }, async ({ result }) => [result.rows, result.outputs['query_1']!.setDigest, result.outputs['query_1']!.rows], parameters);
  const one = await sets({});
  for (const lanes of [2, 3, 7]) assert.deepEqual(await sets({ lanes, key: ['symbol'] }), one, `${lanes} lanes`);
  await assert.rejects(sets({ lanes: 2 }), { code: 'LANES_IMPOSSIBLE', message: /no key is given/ });
  await assert.rejects(sets({ lanes: 2, key: ['price'] }), { code: 'LANES_IMPOSSIBLE', message: /2 lanes are not possible: .*price/ });
  await assert.rejects(sets({ lanes: 2, key: ['nonsense'] }), { message: /nonsense/ });
  const global = `${candles} SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;`;
  await assert.rejects(withRun(global, { ticks }, async () => undefined, { lanes: 2, key: ['symbol'] }), { code: 'LANES_IMPOSSIBLE' });
});

test('--speed lets event time pass no faster than asked, and changes nothing', async () => {
  const ticks = writeText(path('jsonl'), rows.slice(0, 60).map((row) => `${JSON.stringify(row)}\n`).join(''));
  const digest = async (parameters: Partial<RunParameters>) => withRun(candles, { ticks }, async ({ result }) => ({ digest: result.outputs['query_1']!.digest, seconds: result.seconds }), parameters);
  const free = await digest({});
  // 41.3 seconds of event time at a hundred times their speed.
  const paced = await digest({ speed: 100 });
  assert.equal(paced.digest, free.digest);
  assert.ok(paced.seconds >= 0.41, `${paced.seconds} s`);
});

/** Once: whatever is wrong with the rows of a file, each is used, late or rejected. */
test('every row of a file is accounted for', async () => {
  const line = fc.oneof(
    { weight: 8, arbitrary: fc.nat(100).map((seconds) => JSON.stringify({ symbol: 'A', price: 1, volume: 1, event_time: open + seconds * 1000 })) },
    { weight: 1, arbitrary: fc.constantFrom('{"broken', '{"symbol":"A","price":"x","event_time":0}', '{"symbol":"A","event_time":null}', '{"symbol":"A","event_time":"2150-01-01"}', '[]') },
  );
  await fc.assert(fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), fc.constantFrom(null, 60_000), fc.integer({ min: 1, max: 9 }), async (lines, maxAhead, batchRows) => {
    const ticks = writeText(path('jsonl'), `${JSON.stringify(tick(0))}\n${lines.join('\n')}\n`);
    await withRun(candles.replace('AVG(price) AS mean', 'COUNT(*) AS n'), { ticks }, async ({ result, query }) => {
      const [{ n }] = (await query('SELECT COALESCE(sum(n), 0) AS n FROM query_1')) as [{ n: unknown }];
      const [{ refused }] = (await query('SELECT count(*) AS refused FROM dead_letters')) as [{ refused: unknown }];
      assert.equal(Number(n) + result.late + result.rejected, lines.length + 1);
      assert.deepEqual([Number(n) + result.late, Number(refused)], [result.rows, result.rejected]);
      const places = await query('SELECT "position" AS place FROM late UNION ALL SELECT "position" FROM dead_letters');
      assert.equal(new Set(places.map(({ place }) => Number(place))).size, places.length, 'each in one place');
    }, { maxAhead, batchRows });
  }), { numRuns: 8 });
});
