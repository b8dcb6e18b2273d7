/** Latencies over time against their budget: as an object, as text, and as a page. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Latencies } from '../../src/live/latency.js';
import type { LatencyInterval } from '../../src/live/latency-file.js';
import { writeLatencyPage } from '../../src/report/latency-page.js';
import { latencyText } from '../../src/report/latency-text.js';
import { reportOf } from '../../src/report/latency.js';

function interval(from: number, millis: number, rows = 100): LatencyInterval {
  const latencies = new Latencies();
  latencies.add('total', millis, rows);
  latencies.add('commit', millis / 2, rows);
  return { from, to: from + 10_000, rows, backlog: 3, latencies };
}

test('the budget is judged over all rows, and stretches that are over it are counted', () => {
  const few = reportOf(['live/x'], [interval(0, 20, 1000), interval(10_000, 300, 5)]);
  assert.deepEqual([few.met, few.rows, few.backlog, few.pointMillis], [true, 1005, 6, 10_000]);
  const total = few.layers.find(({ name }) => name === 'total')!;
  assert.deepEqual([total.met, total.pointsOver, total.points.length, total.whole.count], [true, 1, 2, 1005]);
  const many = reportOf(['live/x'], [interval(0, 20), interval(10_000, 300)]);
  assert.deepEqual([many.met, many.layers.find(({ name }) => name === 'commit')!.met], [false, null]);
  assert.match(latencyText(many), /1970-01-01 00:00:00Z to 1970-01-01 00:00:20Z, 200 rows, 6 of them sent before/);
  assert.match(latencyText({ ...many, rows: 0, layers: [] }), /Nothing was measured/);
  assert.match(latencyText(many), /send to committed +▁█ +200 +20\.0 +300 +300 +300 +300 +100 +not met/);
  assert.match(latencyText(many), /send to committed: over its budget in 1 of 2 stretches of 10 s\.\nThe budget is not met\.$/);
});

test('a day is shown in points wide enough to be few, without losing a row', () => {
  const report = reportOf(['live/x'], Array.from({ length: 8640 }, (_, index) => interval(index * 10_000, 20, 1)));
  assert.ok(report.layers.every(({ points }) => points.length <= 720));
  assert.equal(report.layers[0]!.points.reduce((sum, { count }) => sum + count, 0), 8640);
});

test('the page holds the report and asks no network', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-latency-page-'));
  try {
    const report = reportOf([folder], [interval(0, 20)]);
    const html = await readFile(await writeLatencyPage(report, null), 'utf8');
    assert.deepEqual(JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!), JSON.parse(JSON.stringify(report)));
    assert.match(html, /Content-Security-Policy" content="default-src 'none';/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
