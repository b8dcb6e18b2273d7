/** What a page tells of bound data: the rows behind alerts, spreads, counts on the plan; and what it tells without them. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import type { Packed } from '../../src/report/packed.js';
import type { PageData } from '../../src/report/page-data.js';
import { rewriteReport } from '../../src/report/write.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const context = createContext({});
runInContext(readFileSync(join(packageRoot(), 'src', 'report', 'page', 'packed.js'), 'utf8'), context);

function unpacked(given: Packed): (number | null)[] {
  Object.assign(context, { given });
  return JSON.parse(runInContext('JSON.stringify(unpacked(given))', context) as string) as (number | null)[];
}

const pageIn = async (directory: string): Promise<PageData> =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(readFileSync((await rewriteReport(directory, null)).path, 'utf8'))![1]!) as PageData;

const start = Date.UTC(2024, 0, 2, 14, 30);
const timeText = (millis: number): string => new Date(start + millis).toISOString().replace('T', ' ').replace('Z', '');

const ticks = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND
) WITH ('connector' = 'kafka');`;
const above = `${ticks}
CREATE VIEW seen AS SELECT symbol, event_time, price, AVG(price) OVER w AS mean, COUNT(*) OVER w AS row_count FROM ticks WHERE volume > 0
  WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW);
SELECT symbol, event_time, 'HIGH' AS alert_type, price, price / mean AS ratio FROM seen WHERE price > mean;`;

interface Line {
  readonly symbol: string;
  readonly price: number;
  readonly volume: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly event_time: string;
}

/** Rows with ties in time, rows that the filter leaves out, and some that come too late. */
const days = fc.array(fc.record({ symbol: fc.constantFrom('A', 'B'), price: fc.integer({ min: 1, max: 40 }), volume: fc.integer({ min: 0, max: 3 }), gap: fc.integer({ min: -4_000, max: 3_000 }) }), { minLength: 20, maxLength: 80 })
  .map((rows) => {
    let time = 0;
    return rows.map(({ symbol, price, volume, gap }): Line & { readonly millis: number } => {
      time = Math.max(0, time + gap);
      return { symbol, price: price / 4, volume, bid: null, ask: null, event_time: timeText(time), millis: start + time };
    });
  });

test('every alert comes out again from the bound data, with the numbers and the rows of its frame', async () => {
  await fc.assert(fc.asyncProperty(days, async (lines) => {
    await withJsonLines(lines, (path) => withRun(above, { ticks: path }, async ({ result, query }) => {
      const late = new Set((await query('SELECT position FROM bundle.late')).map(({ position }) => Number(position)));
      const used = lines.filter(({ volume }, position) => volume > 0 && !late.has(position));
      const { tables, evidence } = await pageIn(result.directory);
      const { rows } = tables.find(({ name }) => name === 'query_1')!;
      if (rows.length === 0) return;
      const [found] = evidence;
      assert.deepEqual(found!.alerts.map(({ alert }) => alert).sort((a, b) => a - b), rows.map((_, index) => index));
      for (const { alert, numbers, count, from, to, group, first, end } of found!.alerts) {
        const symbol = rows[alert]![0];
        const frame = used.filter((one) => one.symbol === symbol && one.millis >= from && one.millis <= to);
        assert.deepEqual([to, from], [Date.parse(`${String(rows[alert]![1]).replace(' ', 'T')}Z`), to - 10_000]);
        assert.deepEqual([count, numbers[1]], [frame.length, frame.length]);
        assert.ok(Math.abs(Number(numbers[0]) - frame.reduce((sum, { price }) => sum + price, 0) / frame.length) < 1e-9);
        const shown = unpacked(found!.groups[group]!.columns[found!.columns.indexOf('price')] as Packed).slice(first, end);
        assert.deepEqual([...shown].sort((a, b) => a! - b!), frame.map(({ price }) => price).sort((a, b) => a - b));
      }
    }));
  }), { numRuns: 6, endOnFailure: true });
});

const climbs = `${ticks}
SELECT symbol, top_time AS event_time, 'CLIMB' AS alert_type, low_price, top_price FROM ticks MATCH_RECOGNIZE (
  PARTITION BY symbol ORDER BY event_time MEASURES LOW.price AS low_price, LAST(UP.price) AS top_price, LAST(UP.event_time) AS top_time
  PATTERN (LOW UP{2}) WITHIN INTERVAL '20' SECOND DEFINE UP AS price > LAST(price, 1)
);`;

test('an alert of a pattern shows the rows of its match', async () => {
  await fc.assert(fc.asyncProperty(days, async (lines) => {
    await withJsonLines(lines, (path) => withRun(climbs, { ticks: path }, async ({ result }) => {
      const { tables, evidence } = await pageIn(result.directory);
      const { rows } = tables.find(({ name }) => name === 'query_1')!;
      if (rows.length === 0) return;
      const [found] = evidence;
      assert.equal(found!.operator, "match (LOW UP{2}) WITHIN '20' SECOND");
      assert.deepEqual(found!.alerts.map(({ alert }) => alert).sort((a, b) => a - b), rows.map((_, index) => index));
      for (const { alert, to, count, group, first, end } of found!.alerts) {
        const [, time, , low, top] = rows[alert]!;
        const prices = unpacked(found!.groups[group]!.columns[found!.columns.indexOf('price')] as Packed).slice(first, end);
        assert.equal(to, Date.parse(`${String(time).replace(' ', 'T')}Z`));
        assert.ok(count! >= 3 && prices.includes(Number(low)) && prices.includes(Number(top)), 'the first and the last row are among them');
      }
    }));
  }), { numRuns: 5, endOnFailure: true });
});

const sure: Line[] = Array.from({ length: 60 }, (_, second) => ({ symbol: 'A', price: second === 40 ? 12 : 10, volume: second % 3, bid: 9, ask: second < 30 ? 10 : 12, event_time: timeText(second * 1_000) }));
const candles = `${above}
SELECT symbol, window_start, FIRST_VALUE(price) AS o, MAX(price) AS h, MIN(price) AS l, LAST_VALUE(price) AS c FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;`;

test('spreads come from the quotes of the data, and rows are counted where filters stand', async () => {
  await withJsonLines(sure, (path) => withRun(candles, { ticks: path }, async ({ result }) => {
    const { market, graph, missing } = await pageIn(result.directory);
    assert.deepEqual([market!.spread!.label, unpacked(market!.symbols[0]!.spread!)], ['mean ask − bid', [1, 1, 1, 3, 3, 3]]);
    assert.deepEqual(graph.map(({ kind, rows }) => [kind, rows]), [['source', 60], ['filter', 40], ['over', 40], ['filter', 1], ['window', 6], ['output', 1], ['output', 6]]);
    assert.deepEqual(missing, []);
  }));
});

test('without the data, or with other data, the page says what it lacks, and shows no wrong rows', async () => {
  await withJsonLines(sure, (path) => withRun(candles, { ticks: path }, async ({ result }) => {
    writeFileSync(path, sure.map((line) => `${JSON.stringify({ ...line, price: line.price + 1 })}\n`).join(''));
    const changed = await pageIn(result.directory);
    assert.deepEqual([changed.missing, changed.evidence, changed.market!.spread], [['the data of ticks are not those of the run any more'], [], null]);
    rmSync(path);
    const gone = await pageIn(result.directory);
    assert.deepEqual([gone.missing, gone.evidence, gone.market!.symbols.map(({ alerts }) => alerts)], [['the data of ticks are not at hand'], [], [1]]);
    assert.deepEqual(gone.graph.map(({ rows }) => rows), [60, null, null, 1, 6, 1, 6]);
  }));
});

test('windows that raise alerts tell the rows within them', async () => {
  const wide = `${ticks}
SELECT symbol, window_end, 'WIDE' AS alert_type, width FROM (
  SELECT symbol, window_end, MAX(price) - MIN(price) AS width FROM TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end
) WHERE width > 1;`;
  await withJsonLines(sure, (path) => withRun(wide, { ticks: path }, async ({ result }) => {
    const { evidence: [found], market } = await pageIn(result.directory);
    assert.deepEqual(found!.alerts.map(({ numbers, count, from, to }) => [numbers, count, from - start, to - start]), [[[12, 10], 10, 35_000, 44_999], [[12, 10], 10, 40_000, 49_999]]);
    const { price: [, high, low, close], volume } = market!.symbols[0]!;
    assert.deepEqual([market!.price.table, market!.price.column, ...[high, low, close, volume].map((one) => unpacked(one!))], [null, 'price', [12], [10], [10], [60]], 'no output has prices: they are those of the data');
  }));
});
