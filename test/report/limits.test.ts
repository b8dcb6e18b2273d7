/** Numbers held against a limit: which outputs are such, and that the furthest are found, of any names. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sqlType, type Field } from '../../src/core/types.js';
import { limitRoles } from '../../src/report/limits.js';
import { markdownText } from '../../src/report/markdown.js';
import type { PageData } from '../../src/report/page-data.js';
import { rewriteReport } from '../../src/report/write.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const field = (name: string, kind: 'STRING' | 'DOUBLE' | 'INT' | 'TIMESTAMP'): Field => ({ name, type: sqlType(kind) });
const sink = (schema: readonly Field[], primaryKey: readonly string[] = []) => ({ name: 't', schema, primaryKey, options: {}, changes: 'none' as const });

test('a number beside one that is named after it, over a time, is held against it; its series are told by the key', () => {
  const columns = [field('account', 'INT'), field('symbol', 'STRING'), field('at', 'TIMESTAMP'), field('exposure', 'DOUBLE'), field('Exposure_Limit', 'DOUBLE')];
  assert.deepEqual(limitRoles(sink(columns, ['account', 'symbol', 'at'])), { table: 't', time: 'at', keys: ['account', 'symbol'], value: 'exposure', limit: 'Exposure_Limit' });
  assert.deepEqual(limitRoles(sink(columns))!.keys, ['symbol']);
  assert.deepEqual(limitRoles(sink(columns.slice(2)))!.keys, []);
  assert.equal(limitRoles(sink(columns.slice(0, 4))), null);
  assert.equal(limitRoles(sink(columns.filter(({ name }) => name !== 'at'))), null);
});

const nasty = '</script><script>alert(1)</script>';
const symbols = [nasty, "it's \"quoted\" \\", 'caf\u00e9 \u2028', 'AAA', 'BBB'];
const lines = Array.from({ length: 40 }, (_, row) => symbols.map((symbol, index) => ({
  symbol, exposure: (row % 7) * (index + 1) * (index % 2 === 0 ? -1 : 1), event_time: new Date(Date.UTC(2024, 0, 2, 14, row)).toISOString().replace('T', ' ').replace('Z', ''),
}))).flat();
const sql = `CREATE TABLE ticks (symbol STRING, exposure DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka');
CREATE TABLE held (symbol STRING, event_time TIMESTAMP(3), exposure DOUBLE, exposure_limit DOUBLE) WITH ('connector' = 'x');
CREATE TABLE reviews (symbol STRING, event_time TIMESTAMP(3), review_type STRING, exposure DOUBLE) WITH ('connector' = 'x');
INSERT INTO held SELECT symbol, event_time, exposure, 10 FROM ticks;
INSERT INTO reviews SELECT symbol, event_time, 'TOO_MUCH', exposure FROM ticks WHERE ABS(exposure) > 20;`;

test('the furthest of each series, how often it was beyond the limit, and its alerts: as counted one by one', async () => {
  await withJsonLines(lines, (path) => withRun(sql, { ticks: path }, async ({ result }) => {
    const { report, path: page } = await rewriteReport(result.directory, null);
    const [limit] = report.limits!;
    const counted = symbols.map((symbol) => {
      const own = lines.filter((line) => line.symbol === symbol);
      const furthest = own.reduce((best, line) => (Math.abs(line.exposure) > Math.abs(best.exposure) ? line : best));
      const beyond = (most: number): number => own.filter(({ exposure }) => Math.abs(exposure) > most).length;
      return { key: [symbol], value: furthest.exposure, at: furthest.event_time, rows: own.length, beyond: beyond(10), alerts: beyond(20) };
    }).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    assert.deepEqual(limit!.greatest, counted);
    assert.deepEqual([limit!.most, limit!.series, limit!.beyond, limit!.alerts], [10, 5, 4, 'reviews']);
    const html = await readFile(page, 'utf8');
    assert.equal(html.match(/<script/g)!.length, 3);
    const data = JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!) as PageData;
    assert.deepEqual([data.limits[0]!.every, data.limits[0]!.series.map(({ alerts }) => alerts.length)], [60_000, counted.map(({ alerts }) => alerts)]);
    assert.deepEqual(data.limits[0]!.series[0]!.alerts[0], [Date.UTC(2024, 0, 2, 14, 5), -25]);
    // It has a chart of its own.
    assert.deepEqual(Object.keys(data.charts), []);
    assert.match(markdownText(report), /## exposure and exposure_limit\n\nOf held, by symbol: limit 10, 4 of 5 were beyond it/);
  }));
});
