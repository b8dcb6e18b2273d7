/** Bars of a market: fine ones of the most eventful symbols, coarse ones of the rest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import type { PageData } from '../../src/report/page-data.js';
import { rewriteReport } from '../../src/report/write.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const context = createContext({ Blob, URL });
for (const name of ['values.js', 'packed.js', 'market-bars.js', 'export.js']) runInContext(readFileSync(join(packageRoot(), 'src', 'report', 'page', name), 'utf8'), context);
const run = <T>(code: string, given: unknown): T => {
  Object.assign(context, { given });
  return JSON.parse(runInContext(`JSON.stringify(${code})`, context) as string) as T;
};

const minutes = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end";
const sql = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time
) WITH ('connector' = 'kafka');
SELECT symbol, window_start, window_end, FIRST_VALUE(price) AS \`open\`, MAX(price) AS high, MIN(price) AS low, LAST_VALUE(price) AS \`close\`, SUM(volume) AS volume FROM ${minutes};
SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume) AS volume FROM ${minutes};
SELECT symbol, event_time, 'BIG' AS alert_type, price FROM ticks WHERE volume > 100;`;

/** 52 symbols, ten minutes of a trade each; S51 alone is alerted of. */
const lines = Array.from({ length: 10 }, (_, minute) => Array.from({ length: 52 }, (_, index) => ({
  symbol: `S${String(index).padStart(2, '0')}`, price: 100 + minute, volume: index === 51 && minute === 3 ? 101 : minute + 1, event_time: `2024-01-02 14:${30 + minute}:00`,
}))).flat();

interface Bar {
  readonly millis: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly lines: readonly number[];
}

test('the most eventful symbols have the finest bars, the rest have coarser ones of the same trades', async () => {
  await withJsonLines(lines, (path) => withRun(sql, { ticks: path }, async ({ result }) => {
    const html = readFileSync((await rewriteReport(result.directory, null)).path, 'utf8');
    const { market } = JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!) as PageData;
    const { symbols } = market!;
    assert.deepEqual([symbols.length, symbols[0]!.name, symbols[0]!.alerts, symbols[1]!.name], [52, 'S51', 1, 'S00']);
    assert.deepEqual(symbols.map(({ every }) => every), [...new Array<number>(50).fill(60_000), 300_000, 300_000]);
    const fine = run<Bar[]>('finestBars(given)', symbols[1]);
    assert.deepEqual(fine.map(({ open, close, volume, lines: [vwap] }) => [open, close, volume, vwap]), Array.from({ length: 10 }, (_, minute) => [100 + minute, 100 + minute, minute + 1, 100 + minute]));
    const coarse = run<Bar[]>('finestBars(given)', symbols[51]);
    const vwap = (of: readonly number[]): number => of.reduce((sum, minute) => sum + (100 + minute) * (minute + 1), 0) / of.reduce((sum, minute) => sum + minute + 1, 0);
    assert.deepEqual(coarse.map(({ millis, open, high, low, close, volume }) => [(millis - Date.UTC(2024, 0, 2, 14, 30)) / 60_000, open, high, low, close, volume]), [[0, 100, 104, 100, 104, 15], [5, 105, 109, 105, 109, 40]]);
    for (const [index, of] of [[0, [0, 1, 2, 3, 4]], [1, [5, 6, 7, 8, 9]]] as const) assert.ok(Math.abs(coarse[index]!.lines[0]! - vwap(of)) < 1e-4);
    const joined = run<Bar[]>('barsOfLength(given, 300000)', symbols[1]);
    assert.deepEqual(joined.map(({ open, high, low, close, volume }) => [open, high, low, close, volume]), coarse.map(({ open, high, low, close, volume }) => [open, high, low, close, volume]), 'the page joins bars as the report does');
  }));
});

test('saved rows come back from CSV and JSON as they were', () => {
  const given = { columns: ['a', 'b,"c"'], rows: [[1.5, 'plain'], [null, ''], ['x"y', 'line\nbreak'], ['9007199254740993', ',']] };
  assert.equal(run('csvText(given.columns, given.rows)', given), 'a,"b,""c"""\r\n1.5,plain\r\n,""\r\n"x""y","line\nbreak"\r\n9007199254740993,","\r\n');
  assert.deepEqual(JSON.parse(run<string>('jsonRows(given.columns, given.rows)', given)), given.rows.map(([a, b]) => ({ a, 'b,"c"': b })));
});

test('a band is what the outputs have, else twenty closes and twice their deviation', () => {
  const bars = Array.from({ length: 21 }, (_, index) => ({ close: index % 2, lines: [5], deviation: 2 }));
  assert.deepEqual(run('bandOf(given, 0).slice(0, 1)', bars), [{ upper: 9, lower: 1 }]);
  assert.deepEqual(run('bandOf(given, null).slice(18, 20)', bars), [{ upper: null, lower: null }, { upper: 1.5, lower: -0.5 }]);
});
