/** The page as people use it, in a browser: opened, clicked, typed into, on a desk and on a phone, in print. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { embedded } from '../../src/report/page.js';
import { rewriteReport } from '../../src/report/write.js';
import { ledgerSql } from '../cdc/cdc-law.js';
import { recordingOf, type Command } from '../cdc/model.js';
import { temporaryFolder } from '../sources/files.js';
import { Browser, chromium, type Screen } from '../support/browser.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

const skip = chromium === null && 'no Chromium here: set CHROMIUM to its path';

const nasty = '</script><b>';
const table = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka');`;
const minutes = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end";
const market = `${table}
CREATE TABLE vwap_1m (symbol STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), vwap DOUBLE, volume BIGINT) WITH ('connector' = 'x');
CREATE TABLE candles_1m (symbol STRING, window_start TIMESTAMP(3), \`open\` DOUBLE, high DOUBLE, low DOUBLE, \`close\` DOUBLE, volume BIGINT) WITH ('connector' = 'x');
CREATE TABLE alerts (symbol STRING, event_time TIMESTAMP(3), alert_type STRING, price DOUBLE, price_zscore DOUBLE) WITH ('connector' = 'x');
CREATE VIEW seen AS SELECT symbol, event_time, price, AVG(price) OVER w AS price_mean, STDDEV_POP(price) OVER w AS price_stddev FROM ticks
  WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW);
INSERT INTO vwap_1m SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume), SUM(volume) FROM ${minutes};
INSERT INTO candles_1m SELECT symbol, window_start, FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume) FROM ${minutes};
INSERT INTO alerts SELECT symbol, event_time, 'SPIKE', price, ABS(price - price_mean) / NULLIF(price_stddev, 0) FROM seen WHERE ABS(price - price_mean) / NULLIF(price_stddev, 0) > 4;`;
const bare = `${table}
SELECT symbol FROM ticks;
SELECT window_start, COUNT(*) AS row_count FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
SELECT symbol, event_time, 'NEVER' AS alert_type, price FROM ticks WHERE price > 100000;`;
const names = `${table}\nSELECT symbol FROM ticks;`;
/** Symbols that are all NULL, alerts without a time, and alerts of symbols that have no prices. */
const odd = `CREATE TABLE ticks (symbol STRING, volume BIGINT, ask DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');
SELECT CAST(NULL AS STRING) AS symbol, event_time, volume FROM ticks;
SELECT symbol, CAST(NULL AS TIMESTAMP(3)) AS event_time, 'NO_TIME' AS alert_type, ask FROM ticks WHERE ask > 122;
SELECT symbol AS pair, event_time, 'OTHER' AS alert_type, ask FROM ticks WHERE ask > 122;`;

/** Three symbols, a trade each every five seconds for twenty minutes; AAA jumps twice, the nasty one once. */
const lines = Array.from({ length: 240 }, (_, row) => ['AAA', 'BBB', nasty].map((symbol, index) => {
  const jump = (symbol === 'AAA' && (row === 120 || row === 200)) || (symbol === nasty && row === 150) ? 3 : 0;
  const price = 100 + index * 10 + ((row * 7) % 11) / 10 + jump;
  return { symbol, price, volume: 10 + (row % 5), bid: price - 0.02, ask: price + 0.02, event_time: new Date(Date.UTC(2024, 0, 2, 14, 30, row * 5)).toISOString().replace('T', ' ').replace('Z', '') };
})).flat();

/** Changes of which one transaction is missing, and what is held against a limit. */
const changes = `SET 'cdc.gaps' = 'go-on';
${ledgerSql}
${table}
CREATE TABLE held (symbol STRING, event_time TIMESTAMP(3), exposure DOUBLE, exposure_limit DOUBLE) WITH ('connector' = 'x');
INSERT INTO held SELECT symbol, event_time, (price - 110) * 10, 25 FROM ticks;`;
const { records, commits } = recordingOf(Array.from({ length: 12 }, (_, index): Command[] => [
  { session: 0, what: 'transfer', a: index, b: index + 1 }, { session: 0, what: 'commit', a: 0, b: 0 },
]).flat());

const folder = temporaryFolder();
const pages = new Map<string, string>();

before(async () => {
  if (chromium === null) return;
  await withJsonLines(lines, async (path) => {
    for (const [name, sql] of Object.entries({ market, bare, names, odd })) {
      await withRun(sql, { ticks: path }, async ({ result }) => { pages.set(name, (await rewriteReport(result.directory, join(folder, name))).path); });
    }
    const left = records.filter(({ value }) => !value?.includes(`"id":"${commits[6]!.xid}:`));
    await withJsonLines(left, async (recording) => withRun(changes, { ticks: path, accounts: recording, entries: recording }, async ({ result }) => {
      pages.set('changes', (await rewriteReport(result.directory, join(folder, 'changes'))).path);
    }));
  });
});

let browser: Browser | null = null;
const open = async (name: string, screen: Screen = {}): Promise<Browser> => {
  const page = (browser ??= await Browser.launch());
  await page.open(pages.get(name)!, screen);
  await page.until("document.querySelector('main') !== null && (document.querySelector('#market') === null || document.querySelector('.legend b') !== null)");
  return page;
};
const finish = (page: Browser): void => assert.deepEqual([page.complaints, page.requests], [[], []], 'a page asks no network, and nothing in it fails');
after(async () => browser?.close());

const text = (page: Browser, selector: string): Promise<string> => page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`);
/** What is drawn of prices, as bytes. */
const drawn = "[...document.querySelectorAll('.market-canvas canvas')].map((canvas) => canvas.toDataURL()).join()";
const drawing = (page: Browser): Promise<string> => page.evaluate(drawn);
/** A chart draws with the browser's next frame. */
const drawnAnew = (page: Browser, before: string): Promise<void> => page.until(`${drawn} !== ${JSON.stringify(before)}`);

test('what goes wrong in a page is noticed', { skip }, async () => {
  const path = join(folder, 'wrong.html');
  writeFileSync(path, '<meta http-equiv="Content-Security-Policy" content="img-src \'none\'"><script>new Image().src = "http://localhost:9/x"; fetch("http://localhost:9/y").catch(() => 0); null.x;</script>');
  browser ??= await Browser.launch();
  await browser.open(path);
  assert.ok(browser.complaints.length >= 2);
  assert.deepEqual(browser.requests.filter((url) => url.endsWith('/y')), ['http://localhost:9/y']);
});

test('symbols are found by typing and walked through by arrow keys, and the chart follows', { skip }, async () => {
  const page = await open('market');
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('.symbols li')].map((one) => [one.querySelector('.name').textContent, one.querySelector('.badge').textContent])"), [['AAA', '2'], [nasty, '1'], ['BBB', '0']]);
  assert.equal(await text(page, '.symbol-title'), 'AAA');
  const first = await drawing(page);
  await page.click('.picker-list input');
  await page.type('bb');
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('.symbols li')].map((one) => one.hidden)"), [true, true, false]);
  await page.press('Enter');
  await page.until("document.querySelector('.symbol-title').textContent === 'BBB'");
  await drawnAnew(page, first);
  await page.evaluate("(() => { const input = document.querySelector('.picker-list input'); input.value = ''; input.dispatchEvent(new Event('input')); document.querySelector('.stage').focus(); })()");
  await page.press('ArrowUp');
  assert.equal(await text(page, '.symbol-title'), nasty);
  await page.press('ArrowRight');
  assert.match(await text(page, '.alert-title'), /SPIKE/);
  await page.press('Escape');
  assert.equal(await text(page, '.detail'), '');
  await page.press('Tab');
  assert.equal(await page.evaluate("document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle"), 'solid');
  finish(page);
});

test('an alert shows its five minutes, its numbers, and the rows that made them', { skip }, async () => {
  const page = await open('market');
  const whole = await drawing(page);
  await page.click('#output-alerts tr.pick');
  await page.until("document.querySelector('.alert') !== null");
  await drawnAnew(page, whole);
  const numbers = await page.evaluate<Record<string, string>>("Object.fromEntries([...document.querySelectorAll('.alert .numbers div')].map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').title]))");
  const jump = lines.findIndex(({ price, symbol }) => symbol === 'AAA' && price > 102.9);
  const frame = lines.slice(0, jump + 1).filter(({ symbol }) => symbol === 'AAA').slice(-61).map(({ price }) => price);
  const mean = frame.reduce((sum, price) => sum + price, 0) / frame.length;
  const deviation = Math.sqrt(frame.reduce((sum, price) => sum + (price - mean) ** 2, 0) / frame.length);
  assert.equal(numbers['rows'], '61');
  assert.ok(Math.abs(Number(numbers['mean of price']) - mean) < 1e-9);
  assert.ok(Math.abs(Number(numbers['deviation of price']) - deviation) < 1e-9);
  assert.ok(Math.abs(Number(numbers['price_zscore']) - Math.abs(lines[jump]!.price - mean) / deviation) < 1e-9);
  await page.click('.behind summary');
  assert.equal(await page.evaluate("document.querySelectorAll('.behind tbody tr').length"), 60);
  assert.equal(await page.evaluate("document.querySelector('.behind tr.own td:nth-child(2)').textContent"), String(lines[jump]!.price));
  assert.equal(await page.evaluate("document.querySelectorAll('.picture .dot').length"), 61);
  await page.click('[aria-label="Next alert"]');
  assert.match(await text(page, '.steps'), /alert 2 of 2/);
  finish(page);
});

test('a sign in the chart opens its alert', { skip }, async () => {
  const page = await open('market');
  const { left, top, width } = await page.evaluate<{ left: number; top: number; width: number }>("(() => { const { left, top, width } = document.querySelector('.market-canvas').getBoundingClientRect(); return { left, top, width }; })()");
  for (let x = left + 4; x < left + width - 70; x += 12) {
    await page.clickAt(x, top + 120);
    if (await text(page, '.alert-title') !== '') break;
  }
  assert.match(await text(page, '.alert-title'), /SPIKE.*AAA/);
  finish(page);
});

test('tables are searched and sorted, and what is found is saved', { skip }, async () => {
  const page = await open('market');
  const downloads = join(folder, 'downloads');
  mkdirSync(downloads);
  await page.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
  await page.click('#output-candles_1m input');
  await page.type('bbb');
  assert.match(await text(page, '#output-candles_1m .position'), /1–12 of 20/);
  await page.click('#output-candles_1m th:nth-child(2) button');
  await page.click('#output-candles_1m th:nth-child(2) button');
  assert.match(await text(page, '#output-candles_1m tbody tr'), /^BBB.*14:49:00/);
  for (const kind of ['CSV', 'JSON']) await page.click(`#output-candles_1m [aria-label="Save rows of candles_1m as ${kind}"]`);
  const saved = (name: string): Promise<string> => new Promise((resolve, reject) => {
    const end = performance.now() + 10_000;
    const look = (): void => {
      if (existsSync(join(downloads, name))) resolve(readFileSync(join(downloads, name), 'utf8'));
      else if (performance.now() > end) reject(new Error(`${name} was not saved`));
      else setTimeout(look, 20);
    };
    look();
  });
  const csv = (await saved('candles_1m.csv')).trimEnd().split('\r\n');
  assert.deepEqual([csv.length, csv[0], csv[1]!.slice(0, 24)], [21, 'symbol,window_start,open,high,low,close,volume', 'BBB,2024-01-02 14:49:00,']);
  const json = JSON.parse(await saved('candles_1m.json')) as { symbol: string; volume: number }[];
  assert.deepEqual([json.length, new Set(json.map(({ symbol }) => symbol))], [20, new Set(['BBB'])]);
  finish(page);
});

test('the plan is a graph with the rows on its edges', { skip }, async () => {
  const page = await open('market');
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('.plan .name')].map((one) => one.textContent)"), ['ticks', 'TUMBLE 1 MINUTE', 'TUMBLE 1 MINUTE', 'OVER', 'WHERE', 'vwap_1m', 'candles_1m', 'alerts']);
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('.plan .rows')].map((one) => one.firstChild.textContent)"), ['720', '720', '720', '720', '60', '60', '3']);
  finish(page);
});

test('what the data say is there stands in the chart, and how much of it was found in a table', { skip }, async () => {
  const html = readFileSync(pages.get('market')!, 'utf8');
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!;
  const data = JSON.parse(json!) as { report: Record<string, unknown>; labels: unknown[] };
  data.labels = [{ type: 'SPIKE', symbol: 'AAA', from: Date.UTC(2024, 0, 2, 14, 40), to: Date.UTC(2024, 0, 2, 14, 40) }];
  data.report['accuracy'] = {
    outputs: ['alerts'], toleranceMs: 5_000, notJudged: [],
    types: [{ type: 'SPIKE', labels: 3, found: 2, alerts: 4, matched: 3, precision: 0.75, recall: 0.667, delayMs: { median: 250, p90: 12_500, max: 12_500 } }, { type: 'GAP', labels: 1, found: 0, alerts: 0, matched: 0, precision: null, recall: 0, delayMs: null }],
  };
  pages.set('labelled', join(folder, 'labelled.html'));
  writeFileSync(pages.get('labelled')!, html.replace(json!, () => embedded(data)));
  const page = await open('labelled');
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('#accuracy tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"), [
    ['SPIKE', '3', '2', '66.7 %', '4', '3', '75.0 %', '250 ms', '12.5 s', '12.5 s'], ['GAP', '1', '0', '0.0 %', '0', '0', '–', '–', '–', '–'],
  ]);
  const withLabels = await drawing(page);
  await page.evaluate("[...document.querySelectorAll('.toggle')].find((one) => one.textContent === 'labels').click()");
  await page.until("document.querySelector('.toggle[aria-pressed=\"false\"]') !== null");
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  await drawnAnew(page, withLabels);
  finish(page);
});

test('a phone scrolls down only, the dark is dark, and paper has no buttons', { skip }, async () => {
  for (const name of ['market', 'bare', 'names', 'odd', 'changes']) {
    const page = await open(name, { width: 390, height: 800, dark: true });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, name);
    assert.ok((await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).match(/\d+/g)!.every((part) => Number(part) < 40));
    await page.send('Emulation.setEmulatedMedia', { media: 'print' });
    assert.equal(await page.evaluate("[...document.querySelectorAll('nav, input, .exports')].every((one) => getComputedStyle(one).display === 'none')"), true);
    const { data } = await page.send('Page.printToPDF', { printBackground: true }) as { data: string };
    assert.ok(Buffer.from(data, 'base64').subarray(0, 5).toString() === '%PDF-');
    finish(page);
  }
});

test('where no symbol has prices an alert is told below its table', { skip }, async () => {
  const page = await open('odd');
  assert.deepEqual(await page.evaluate("[document.querySelector('#market'), document.querySelectorAll('tr.pick').length]"), [null, 2]);
  await page.click('#output-query_3 tr.pick');
  assert.match(await text(page, '#output-query_3 .alert-title'), /OTHER/);
  await page.click('#output-query_2 tr.pick');
  assert.equal(await page.evaluate("document.querySelectorAll('.alert').length"), 1, 'an alert without a time has nothing more to tell');
  finish(page);
});

test('a pipeline without prices has its tables, its plan and its facts', { skip }, async () => {
  const page = await open('names');
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('section')].map((one) => one.id)"), ['output-query_1', 'plan', 'run']);
  assert.match(await text(page, '#output-query_1 .position'), /of 720/);
  assert.equal(await page.evaluate("document.querySelectorAll('b, #output-query_1 script').length"), 0, 'text of the data is never markup');
  finish(page);
});

test('changes tell their transactions and gaps; what is held against a limit is drawn line by line', { skip }, async () => {
  const page = await open('changes');
  await page.until("document.querySelector('.limit-canvas canvas') !== null");
  const facts = await page.evaluate<Record<string, string>>("Object.fromEntries([...document.querySelectorAll('#transactions .facts div')].map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').textContent]))");
  assert.deepEqual([facts['applied'], facts['repeats dropped'], facts['restarts']], [String(commits.length - 1), '0', '0']);
  const gap = await page.evaluate<string[]>("[...document.querySelectorAll('#gaps tbody td')].map((one) => one.textContent)");
  assert.deepEqual([gap[0], gap[1], gap[4]], ['transactions', commits[5]!.xid, commits[7]!.xid]);
  const picture = "[...document.querySelectorAll('.limit-canvas canvas')].map((canvas) => canvas.toDataURL()).join()";
  const frames = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';
  await page.evaluate(frames);
  const all = await page.evaluate<string>(picture);
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('.lines .toggle')].map((one) => one.textContent)"), [nasty, 'AAA', 'BBB']);
  await page.click('.lines .toggle');
  await page.evaluate(frames);
  assert.notEqual(await page.evaluate(picture), all);
  // A changelog is made where it is opened.
  assert.equal(await page.evaluate("document.querySelectorAll('.changelog table').length"), 0);
  await page.click('#output-total .changelog summary');
  await page.until("document.querySelector('#output-total .changelog table') !== null");
  finish(page);
});
