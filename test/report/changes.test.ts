/** What reports tell of changes: transactions, gaps with their bounds, what held; from runs, and from files that are none of ours. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { captureRecords, changesPart, changesText } from '../../src/report/changes.js';
import { markdownText } from '../../src/report/markdown.js';
import type { OutputReport } from '../../src/report/report.js';
import { rewriteReport } from '../../src/report/write.js';
import type { CaptureRecord } from '../../src/runtime/capture-reader.js';
import { ledgerSql } from '../cdc/cdc-law.js';
import { recordingOf, restarted, type Command } from '../cdc/model.js';
import { temporaryFolder } from '../sources/files.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

/** Transfers between accounts, each a transaction. */
const transfers: Command[] = Array.from({ length: 12 }, (_, index) => [
  { session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 },
]).flat();
const { records, commits } = recordingOf(transfers);

test('a transaction that is missing is a gap between its neighbours, in the object, in Markdown and in the page', async () => {
  const lost = commits[6]!.xid!;
  const left = records.filter(({ value }) => !value?.includes(`"id":"${lost}:`));
  await withJsonLines(left, (path) => withRun(`SET 'cdc.gaps' = 'go-on';\n${ledgerSql}`, { accounts: path, entries: path }, async ({ result }) => {
    const { report, path: page } = await rewriteReport(result.directory, null);
    const [capture] = report.changes!.captures;
    assert.equal(capture!.transactions, commits.length - 1);
    assert.deepEqual([capture!.tables, capture!.gapCount, capture!.incompleteCount, capture!.repeats], [['accounts', 'entries'], 1, 0, 0]);
    const [gap] = capture!.gaps;
    assert.deepEqual([gap!.kind, gap!.after!.xid, gap!.before.xid], ['transactions', commits[5]!.xid, commits[7]!.xid]);
    assert.deepEqual([gap!.after!.lsn, gap!.before.lsn], [commits[5]!.lsn, commits[7]!.lsn]);
    assert.equal(gap!.before.time, new Date(commits[7]!.time).toISOString().replace('T', ' ').replace('Z', ''));
    const markdown = markdownText(report);
    assert.match(markdown, /## Transactions\n\n\| tables \| applied/);
    assert.match(markdown, new RegExp(`## Gaps\\n\\n.*\\n.*\\n\\| transactions \\| ${commits[5]!.xid}, LSN ${commits[5]!.lsn}, `));
    assert.match(changesText(report.changes!), new RegExp(`: ${commits.length - 1} transactions applied, [\\d.]+ rows each on the average; 1 gap$`));
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(await readFile(page, 'utf8'))![1]!;
    assert.deepEqual((JSON.parse(json) as { report: { changes: unknown } }).report.changes, report.changes);
  }));
});

test('a run without captured tables says nothing of changes', async () => {
  const sql = "CREATE TABLE ticks (symbol STRING, price DOUBLE) WITH ('connector' = 'kafka'); SELECT symbol FROM ticks;";
  await withJsonLines([{ symbol: 'A', price: 1 }], (path) => withRun(sql, { ticks: path }, async ({ result }) => {
    const { report } = await rewriteReport(result.directory, null);
    assert.deepEqual([report.changes, report.limits], [undefined, undefined]);
  }));
});

test('a cdc.json that is none of ours is refused by name', async () => {
  const path = join(temporaryFolder(), 'cdc.json');
  for (const source of ['', '{}', '[{}]', '[{"tables":[1]}]', '[null]']) {
    await writeFile(path, source);
    await assert.rejects(captureRecords(path), { code: 'BUNDLE_INVALID', message: /^cdc\.json of the bundle cannot be read: / }, source);
  }
  await writeFile(path, '[]');
  assert.deepEqual([await captureRecords(path), await captureRecords(null)], [[], []]);
});

const record = (transactions: number, alone: number, gaps: number): CaptureRecord => ({
  tables: ['a', 'b\u001b[31m'], transactionTopic: 'x.transaction', counts: { transactions, alone, repeats: 0, repeatedTransactions: 0 }, incomplete: [], restarts: [],
  gaps: Array.from({ length: gaps }, (_, index) => ({ kind: 'snapshot' as const, after: null, before: { xid: null, lsn: index, time: 0 }, tables: [], unused: 0, text: 'gone' })),
});
const empty: OutputReport = { rows: 0, digest: '', setDigest: '', columns: [], first: [] };

test('law: rows are counted in transactions but for those that belong to none, and a long list is cut and counted', () => {
  fc.assert(fc.property(fc.nat(1000), fc.nat(50), fc.nat(1000), fc.nat(1000), fc.nat(450), (transactions, alone, a, b, gaps) => {
    const table = (rows: number | null) => ({ data: 'x', fingerprint: null, rows });
    const datasets = { a: table(a + alone), 'b\u001b[31m': table(b) };
    const [capture] = changesPart([record(transactions, alone, gaps)], { datasets, expectations: [], outputs: {} }).changes!.captures;
    assert.equal(capture!.rows, a + b + alone);
    assert.ok(transactions === 0 ? capture!.rowsPerTransaction === null : Math.abs(capture!.rowsPerTransaction! - (a + b) / transactions) <= 0.005000001);
    assert.deepEqual([capture!.gapCount, capture!.gaps.length], [gaps, Math.min(gaps, 200)]);
    const unknown = changesPart([record(transactions, alone, 0)], { datasets: { ...datasets, a: table(null) }, expectations: [], outputs: {} }).changes!.captures[0]!;
    assert.deepEqual([unknown.rows, unknown.rowsPerTransaction], [null, null]);
  }));
});

test('an output that must be empty held only if it never had a row; a terminal gets no command', () => {
  const expected = (of: string) => ({ of, where: null, expected: '0', actual: 0, met: true });
  const outputs = { never: { ...empty, changes: 0 }, once: { ...empty, changes: 2 }, plain: empty, still: { ...empty, rows: 1, changes: 1 } };
  const { changes } = changesPart([record(1, 0, 1)], { datasets: {}, expectations: [...Object.keys(outputs).map(expected), expected('late rows'), { ...expected('never'), where: 'x > 1' }], outputs });
  assert.deepEqual(changes!.invariants, [
    { output: 'never', rows: 0, changes: 0, held: true }, { output: 'once', rows: 0, changes: 2, held: false },
    { output: 'plain', rows: 0, changes: null, held: true }, { output: 'still', rows: 1, changes: 1, held: false },
  ]);
  const text = changesText(changes!);
  assert.match(text, /1 gap\nBroken at the end of a transaction: once, still$/);
  assert.ok(!text.includes('\u001b'));
});

test('changes that are applied one by one have a section of their own: atomicity is not kept', async () => {
  const sql = `SET 'cdc.transaction.topic' = 'none';\n${ledgerSql}`;
  await withJsonLines(restarted(records, 40, 20), (path) => withRun(sql, { accounts: path, entries: path }, async ({ result }) => {
    const { report, path: page } = await rewriteReport(result.directory, null);
    const { captures, oneByOne } = report.changes!;
    assert.deepEqual([captures, oneByOne!.map(({ tables, changes }) => [tables, changes])], [[], [[['accounts'], 4 + 24], [['entries'], 24]]]);
    const [accounts, entries] = oneByOne!;
    assert.ok(accounts!.repeats > 0 && entries!.repeats > 0);
    const last = commits.at(-1)!;
    assert.deepEqual(entries!.partitions.map(({ topic, partition, changes, lastCommit, time }) => [topic, partition, changes, lastCommit, time]),
      [['db.cdc.entries', 0, 24, commits.at(-2)!.lsn, new Date(last.time).toISOString().replace('T', ' ').replace('Z', '')]]);
    assert.ok(entries!.partitions[0]!.lsn! < last.lsn && entries!.partitions[0]!.lsn! > commits.at(-2)!.lsn);
    assert.match(markdownText(report), /## Changes one by one\n\nAtomicity is not kept: [\s\S]*\| accounts \| db\.cdc\.accounts \| 0 \| 28 \|/);
    assert.doesNotMatch(markdownText(report), /## (Transactions|Gaps)/);
    assert.match(changesText(report.changes!), /^Changes of accounts: 28 applied one by one, transactions are not kept whole; \d+ changes that came again left out\n/);
    assert.ok((await readFile(page, 'utf8')).includes('one-by-one'));
  }));
});
