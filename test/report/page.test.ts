/** The page of any pipeline, with the worst symbols: what the file holds, and what its script makes of values. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import type { PageData } from '../../src/report/page-data.js';
import { embedded } from '../../src/report/page.js';
import { rewriteReport } from '../../src/report/write.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const nasty = '</script><script>alert(1)</script>';
const symbols = [nasty, '<img src=x onerror=alert(2)>', "it's \"quoted\" \\ <!--", '', '\u0000nul', '${a}\u2028', 'AAPL'];
const lines = [1, 2, 3].flatMap((price) => symbols.map((symbol, index) => ({ symbol, price, volume: index * 10 + price, event_time: `2024-01-02 14:30:${String(10 + price * 5)}.5` })));

const ticks = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka');`;
const minutes = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND))";
const sql = `${ticks}
SELECT symbol, event_time, NULLIF(price, 2) AS price, (price - price) / (price - price) AS ratio, CAST(price AS DECIMAL(20, 4)) AS scaled, 9007199254740993 AS big FROM ticks;
SELECT symbol, event_time, 'HIGH' AS alert_type, price FROM ticks WHERE price > 2;
SELECT symbol, event_time, 'NEVER' AS alert_type, price FROM ticks WHERE price > 1000;
SELECT window_start, COUNT(*) AS row_count FROM ${minutes} GROUP BY window_start, window_end;
SELECT symbol FROM ticks;
SELECT symbol, window_start, FIRST_VALUE(price) AS o, MAX(price) AS h, MIN(price) AS l, LAST_VALUE(price) AS c FROM ${minutes} GROUP BY symbol, window_start, window_end;
SELECT price AS c1, volume AS c0, symbol AS s, event_time AS t, price AS n, 'x' AS k, price AS place, price AS \`time\` FROM ticks;`;

/** The page and what it carries. */
async function pageOf(text: string): Promise<{ html: string; data: PageData }> {
  return withJsonLines(lines, (path) => withRun(text, { ticks: path }, async ({ result }) => {
    const html = readFileSync((await rewriteReport(result.directory, null)).path, 'utf8');
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
    return { html, data: JSON.parse(json) as PageData };
  }));
}

const page = await pageOf(sql);

test('no text of the data can end the element that holds it', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = embedded(value);
    assert.ok(!text.includes('<'));
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
  assert.deepEqual(page.html.match(/<script/g)!.length, 3);
  assert.ok(!page.html.includes('alert(1)</script>') && !page.html.includes('<img src=x'));
  assert.equal(page.data.tables[0]!.rows.filter((row) => row[0] === nasty).length, 3);
});

test('the policy allows the two scripts and the style by their hashes, and nothing else', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page.html)![1]!;
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = [...page.html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => hash(text!));
  const style = hash(/<style>(.*?)<\/style>/s.exec(page.html)![1]!);
  assert.equal(policy, `default-src 'none'; script-src ${scripts.join(' ')}; style-src ${style}; img-src data:; base-uri 'none'; form-action 'none'`);
});

test('the page loads nothing, and its script never reads text as markup or code', () => {
  const markup = page.html.replace(/<script.*?<\/script>/gs, '').replace(/<style>.*?<\/style>/gs, '');
  assert.ok(!/\b(src|href|on[a-z]+)=/.test(markup));
  const folder = join(packageRoot(), 'src', 'report', 'page');
  for (const file of readdirSync(folder)) {
    const code = readFileSync(join(folder, file), 'utf8').replace(/\/\*.*?\*\//gs, '');
    assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(|XMLHttpRequest|import\(|url\(|@import/.test(code), file);
  }
});

test('every output has its rows, and a chart where it has a time and numbers', () => {
  const { tables, charts, report } = page.data;
  assert.deepEqual(tables.map(({ name, total }) => [name, total]), [['query_1', 21], ['query_2', 7], ['query_3', 0], ['query_4', 2], ['query_5', 21], ['query_6', 14], ['query_7', 21]]);
  assert.deepEqual(Object.keys(charts), ['query_1', 'query_4', 'query_6', 'query_7']);
  assert.deepEqual(tables[0]!.rows[symbols.length], [nasty, '2024-01-02 14:30:20.5', null, 'NaN', '2.0000', '9007199254740993']);
  assert.deepEqual(report.outputs['query_1']!.columns.map(({ name, nulls, nans, min, max }) => [name, nulls, nans, min, max]), [
    ['symbol', 0, undefined, undefined, undefined], ['event_time', 0, undefined, '2024-01-02 14:30:15.5', '2024-01-02 14:30:25.5'],
    ['price', 7, 0, 1, 3], ['ratio', 0, 21, null, null], ['scaled', 0, undefined, '1.0000', '3.0000'], ['big', 0, undefined, '9007199254740993', '9007199254740993'],
  ]);
});

test('charts hold numbers or nothing, and names of columns do not matter', () => {
  const { query_1: lines_, query_4: counts, query_6: candles, query_7: odd } = page.data.charts;
  const at = lines_!.symbols.indexOf(nasty);
  assert.deepEqual(lines_!.series[at]!.values, { price: [1, null, 3], ratio: [null, null, null], scaled: [1, 2, 3], big: [9007199300000000, 9007199300000000, 9007199300000000] });
  assert.deepEqual(lines_!.series[at]!.times, [Date.UTC(2024, 0, 2, 14, 30, 15, 500), 5_000, 5_000]);
  assert.deepEqual([counts!.symbols, counts!.series[0]!.values], [[''], { row_count: [7, 14] }]);
  assert.deepEqual(candles!.candles, [{ name: '', open: 'o', high: 'h', low: 'l', close: 'c' }]);
  assert.deepEqual(odd!.series[odd!.symbols.indexOf('AAPL')]!.values, { c1: [1, 2, 3], c0: [61, 62, 63], n: [1, 2, 3], place: [1, 2, 3], time: [1, 2, 3] });
});

test('numbers are written the same in every language, with the digits that tell them apart', () => {
  const context = createContext({});
  runInContext(readFileSync(join(packageRoot(), 'src', 'report', 'page', 'values.js'), 'utf8'), context);
  const run = (code: string): unknown => runInContext(code, context);
  assert.deepEqual(['countText(1234567)', 'numberText(-1234.5, 2)', 'numberText(0.1 + 0.2, 4)', 'numberText(NaN, 2)', 'exactText(null)', 'clockText(52245500)', 'durationText(90000)', 'shortNumber(1.38572)', 'shortNumber(-0.0523301)', 'shortNumber(441.2)', 'shortNumber(1.23456789e-7)', 'momentText(52245500)'].map(run),
    ['1,234,567', '−1,234.50', '0.3000', 'NaN', 'NULL', '14:30:45.500', '90 s', '1.38572', '−0.0523301', '441.2', '0.000000123457', '14:30:45.500']);
  assert.deepEqual(['decimalsFor([1, 2])', 'decimalsFor([22.18, 441.2250379])', 'decimalsFor([1.38704, 1284.334])', 'decimalsFor([0.0009013068949977276])', 'decimalsFor([1e-7])', 'decimalsFor([0])', 'decimalsFor([1e21])'].map(run), [0, 4, 5, 8, 7, 0, 0]);
});
