/** What a terminal shows of a run that has ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlightsText, type Highlights } from '../../src/report/highlights.js';
import { bundleHighlights } from '../../src/report/bundle-highlights.js';
import { rewriteReport } from '../../src/report/write.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const table = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH ('connector' = 'kafka');`;
const symbols = ['A', "it's", '\u001b[2J', '\u0000', 'B'];
const lines = Array.from({ length: 40 }, (_, second) => symbols.map((symbol, index) => ({ symbol, price: 10 + index + second * (index === 0 ? 1 : -0.1), event_time: `2024-01-02 14:30:${String(second).padStart(2, '0')}` }))).flat();
const candles = 'SELECT symbol, window_start, FIRST_VALUE(price) AS open, MAX(price) AS high, MIN(price) AS low, LAST_VALUE(price) AS close FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL \'1\' SECOND)) GROUP BY symbol, window_start, window_end;';

const shown = (sql: string, colours = false): Promise<string> => withJsonLines(lines, (path) => withRun(`${table}\n${sql}`, { ticks: path }, async ({ result }) => {
  await rewriteReport(result.directory, null);
  return bundleHighlights(result.directory, colours);
}));

test('candles show their close, those with most alerts first, and nothing that a terminal obeys', async () => {
  const text = await shown(`SELECT symbol, event_time, price AS vwap FROM ticks; ${candles} SELECT symbol, event_time, 'HIGH' AS alert_type, price FROM ticks WHERE symbol = 'B' OR price > 48;`);
  const rows = text.split('\n');
  assert.equal(rows[0], 'close of query_2, the most eventful first:');
  assert.match(rows[1]!, /^ {2}B +14 +10\.1 +−27\.86 % +40 alerts +█+▇+▆+▅+▄+▃+▂+▁+$/);
  assert.match(rows[2]!, /^ {2}A +10 +49 +\+390\.00 % +1 alert +▁+▂+▃+▄+▅+▆+▇+█+$/);
  assert.equal(rows.at(-1), 'Alerts: 41 HIGH');
  assert.ok(!text.includes('\u001b') && text.includes("it's") && text.includes('\\u001b[2J'));
});

test('colours only where they are wanted, and then for the change alone', async () => {
  const text = await shown(candles, true);
  assert.match(text, /\u001b\[32m\+390\.00 %\u001b\[0m/);
  assert.match(text, /\u001b\[31m−\d+\.\d\d %\u001b\[0m/);
});

test('a run without prices, times or alerts shows nothing of them', async () => {
  assert.equal(await shown('SELECT symbol FROM ticks;'), '');
  assert.equal(await shown("SELECT event_time, 'NEVER' AS alert_type FROM ticks WHERE price > 1000;"), '');
  assert.match(await shown('SELECT window_start, COUNT(*) AS row_count FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL \'1\' SECOND)) GROUP BY window_start, window_end;'), /^row_count of query_1, the most eventful first:\n {2}all +5 +5 +\+0\.00 % +▅+$/);
});

test('labels that were found are told', () => {
  const none: Highlights = { of: null, curves: [], alerts: [] };
  const one = { type: 'SPIKE', labels: 6, found: 5, alerts: 9, matched: 7, precision: 0.778, recall: 0.833, delayMs: null };
  const said = (...types: (typeof one)[]): string => highlightsText(none, { outputs: ['a'], toleranceMs: 0, types, notJudged: [] }, false);
  assert.equal(said(one, { ...one, type: 'BURST', labels: 2, found: 2 }), 'Labels found: 7 of 8, not 1 SPIKE (more: tapewright report accuracy)');
  assert.equal(said({ ...one, found: 6 }), 'Labels found: 6 of 6 (more: tapewright report accuracy)');
  assert.equal(said({ ...one, found: 0, alerts: 0 }), '');
});
