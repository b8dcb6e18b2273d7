import assert from 'node:assert/strict';
import test from 'node:test';
import { ProgressLine, progressText, shortCount } from '../../src/runtime/progress-line.js';
import { resultText } from '../../src/runtime/result-text.js';

const at = (rows: number) => ({ rows, rowsTotal: 4_000_000, eventTime: Date.UTC(2026, 2, 2, 14, 31), late: 12 });

test('the line shows event time, share, rows, rate and late rows', () => {
  assert.equal(progressText(at(1_000_000), 1_934_000), '2026-03-02 14:31:00.000  25 %  1.00 M rows  1.93 M events/s  12 late');
  assert.equal(progressText({ ...at(5), rowsTotal: null, eventTime: -Infinity }, 0), 'no time yet  5 rows  0 events/s  12 late');
});

test('it is redrawn ten times a second at the most, and never wider than the terminal', () => {
  const written: string[] = [];
  let now = 0;
  const line = new ProgressLine({ columns: 30, write: (text) => written.push(text) }, () => now);
  for (; now <= 2_000; now += 10) line.show(at(now * 1_000));
  assert.equal(written.length, 21);
  assert.ok(written.every((text) => text.startsWith('\r\u001b[K') && text.length <= 4 + 29));
  line.clear();
  line.clear();
  assert.equal(written.length, 22);
  assert.equal(written.at(-1), '\r\u001b[K');
});

test('the rate is that of the last second', () => {
  const written: string[] = [];
  let now = 0;
  const line = new ProgressLine({ columns: 200, write: (text) => written.push(text) }, () => now);
  line.show(at(0));
  now = 1_000;
  line.show(at(500_000));
  assert.match(written.at(-1)!, /500 k events\/s/);
});

test('counts are short', () => {
  assert.deepEqual([0, 999, 1_000, 45_678, 999_999, 1_934_000, 45_000_000, 2e9].map(shortCount), ['0', '999', '1.00 k', '45.7 k', '1.00 M', '1.93 M', '45.0 M', '2000 M']);
});

test('a result names outputs with rows and digests, and where the bundle is', () => {
  const text = resultText({
    run: 'r', directory: 'runs/r', status: 'complete', rows: 2_000_000, seconds: 1.234, startupSeconds: 0.5, eventsPerSecond: 1_620_745, peakRssMB: 310.4,
    outputs: { vwap_1m: { rows: 195_000, digest: 'ab', setDigest: 'cd' }, x: { rows: 7, digest: 'ef', setDigest: '01' } },
    late: 44, rejected: 0, deadLetters: 0, behind: 90, report: 'runs/r/report.html', remarks: [],
  });
  assert.equal(text, [
    'Replayed 2,000,000 rows in 1.23 s (1.62 M events/s, start-up 0.50 s, peak memory 310 MB)', '  vwap_1m  195,000 rows  ab', '  x              7 rows  ef',
    '44 late rows, 0 rejected rows, 0 dead letters', 'Bundle: runs/r', 'Report: runs/r/report.html',
  ].join('\n'));
});
