/** Reports are made again from bundles: ours, changed ones and strangers'. */
import assert from 'node:assert/strict';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { reportText, rewriteReport } from '../../src/report/write.js';
import { Bundle } from '../../src/stores/bundle.js';
import { manifestText, type Manifest } from '../../src/stores/manifest.js';
import { temporaryFolder } from '../sources/files.js';
import { withJsonLines, withRun, type RanSql } from '../support/run-sql.js';

const sql = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH ('connector' = 'kafka');
SELECT symbol, window_start, AVG(price) AS mean FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' SECOND)) GROUP BY symbol, window_start, window_end;`;
const lines = [0, 1, 2, 9, 3, 10].map((second) => ({ symbol: 'A', price: 1 + second / 4, event_time: `2024-01-02 14:30:${String(second).padStart(2, '0')}` }));

const withBundle = <T>(use: (directory: string, ran: RanSql) => Promise<T>): Promise<T> =>
  withJsonLines(lines, (path) => withRun(sql, { ticks: path }, (ran) => use(ran.result.directory, ran)));
const textOf = (directory: string, name: string): Promise<string> => readFile(join(directory, name), 'utf8');

test('the same run has the same report.json wherever it ran, and a bundle the same page whenever it is made', async () => {
  const jsons: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    await withBundle(async (directory) => {
      await rewriteReport(directory, null);
      const page = await textOf(directory, 'report.html');
      jsons.push(await textOf(directory, 'report.json'));
      const elsewhere = temporaryFolder();
      await rewriteReport(directory, elsewhere);
      assert.equal(await textOf(elsewhere, 'report.html'), page);
      assert.equal(await textOf(elsewhere, 'report.json'), jsons[run]);
    });
  }
  assert.equal(jsons[0], jsons[1]);
});

test('one report as text leaves the bundle as it is', async () => {
  await withBundle(async (directory) => {
    const { report, text } = await reportText(directory, 'json');
    assert.deepEqual(JSON.parse(text), report);
    assert.match((await reportText(directory, 'html')).text, /^<!doctype html>/);
    assert.match((await reportText(directory, 'markdown')).text, /^# test\n[\s\S]*\| \[query_1\]\(#query_1\) \| 5 \|/);
    await assert.rejects(textOf(directory, 'report.html'), { code: 'ENOENT' });
  });
});

test('a report tells of late rows, by the output that misses them', async () => {
  await withBundle(async (directory) => {
    const { report } = await rewriteReport(directory, null);
    assert.deepEqual(report.lateRows.map(({ output, rows }) => [output, rows]), [['query_1', 1]]);
    assert.deepEqual([report.rows, report.late, report.outputs['query_1']!.rows], [6, 1, 5]);
    assert.deepEqual(report.eventTime, { from: '2024-01-02 14:30:00.000', to: '2024-01-02 14:30:10.000' });
    assert.deepEqual(report.outputs['query_1']!.first[0], ['A', '2024-01-02 14:30:00', 1]);
  });
});

test('a report that is missing or changed is put right, and the bundle is whole', async () => {
  await withBundle(async (directory) => {
    await rewriteReport(directory, null);
    const page = await textOf(directory, 'report.html');
    await writeFile(join(directory, 'report.html'), 'something else');
    await rm(join(directory, 'report.json'));
    await rewriteReport(directory, null);
    assert.equal(await textOf(directory, 'report.html'), page);
    const bundle = await Bundle.open(directory);
    assert.deepEqual([bundle.sealed, await bundle.changedFiles(), bundle.manifest.files['report.json']?.length], [true, [], 64]);
  });
});

test('what was changed in a bundle is told in its page, and never sealed anew', async () => {
  await withBundle(async (directory) => {
    await rewriteReport(directory, null);
    await writeFile(join(directory, 'metrics.json'), '{"machine": {"platform": 7}}');
    const manifest = await textOf(directory, 'manifest.json');
    await writeFile(join(directory, 'manifest.json'), manifest.replace('"rows": 6', '"rows": 7'));
    const edited = await textOf(directory, 'manifest.json');
    assert.notEqual(edited, manifest);
    await rewriteReport(directory, null);
    assert.match(await textOf(directory, 'report.html'), /"machine":null,"changed":\["manifest.json","metrics.json"\]/);
    assert.equal(await textOf(directory, 'manifest.json'), edited);
  });
});

test("a stranger's bundle makes a report open nothing but itself", async () => {
  await withBundle(async (directory) => {
    const { manifest } = await Bundle.open(directory);
    const outside = join(temporaryFolder(), 'outside');
    await writeFile(outside, 'not yours');
    await symlink(outside, join(directory, 'report.html'));
    const expect: Manifest['texts']['expect'] = {
      outputs: [`1 = (SELECT count(*) FROM read_text('${outside}'))`, '1 = 1; DROP VIEW query_1'].map((where) => ({ table: 'query_1', where, minRows: 1, maxRows: null })), lateMax: null, rejectedMax: null,
    };
    await writeFile(join(directory, 'manifest.json'), manifestText({ ...manifest, texts: { ...manifest.texts, expect } }));
    const { report } = await rewriteReport(directory, null);
    assert.deepEqual(report.expectations.map(({ actual, met }) => [actual, met]), [[null, false], [null, false]]);
    assert.equal(await readFile(outside, 'utf8'), 'not yours');
  });
});

test('a run that has not ended has no report, and says how to end it', async () => {
  await withBundle(async (directory) => {
    const { manifest } = await Bundle.open(directory);
    await writeFile(join(directory, 'manifest.json'), manifestText({ ...manifest, status: 'stopped' }));
    await assert.rejects(rewriteReport(directory, null), (error: Error & { code: string }) => error.code === 'BUNDLE_INVALID' && error.message.includes('--resume'));
    await assert.rejects(rewriteReport(temporaryFolder(), null), { code: 'BUNDLE_INVALID' });
  });
});
