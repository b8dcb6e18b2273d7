/** Nothing vanishes: a change that was read is given, or it is said what became of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { incompleteText } from '../../src/cdc/gap.js';
import { changesText } from '../../src/report/changes.js';
import { markdownText } from '../../src/report/markdown.js';
import { rewriteReport } from '../../src/report/write.js';
import { withJsonLines, withRun } from '../support/run-sql.js';
import { assembleEvents, eventsOf } from './assemble.js';
import { ledgerSql } from './cdc-law.js';
import { commands, interleaved, numbered, recordingOf, restarted, type ModelRecord } from './model.js';
import { all, picked } from './stream-laws.js';
import { countedAnew } from './streams.js';

test('each change is given, came again, is of what is not whole, or is in a gap', () => {
  let left = 0;
  fc.assert(fc.property(commands(0, 60, all), picked, fc.nat(), fc.nat(40), fc.array(fc.nat(), { maxLength: 4 }), fc.nat(30), fc.boolean(), fc.constantFrom(1, 7, 1e6), (list, picks, at, back, lost, cut, anew, takeEvery) => {
    const { records } = recordingOf(list);
    const again = anew ? countedAnew(records, at % records.length, back) : restarted(records, at % records.length, back);
    // Records are lost on their way, and the recording ends somewhere.
    const damaged = numbered(interleaved(again, picks).filter((_, index) => !lost.some((one) => one % again.length === index)));
    const events = eventsOf(damaged.slice(0, Math.max(1, damaged.length - cut)));
    const { given, gaps, incomplete, counts } = assembleEvents(events, { takeEvery, messageTopic: 'db.message' });
    const pushed = events.filter(({ kind }) => kind === 'change');
    const used = given.flatMap((transaction) => transaction.events);
    assert.equal(new Set(used).size, used.length);
    const inGaps = gaps.reduce((sum, { unused }) => sum + unused, 0), open = incomplete.reduce((sum, { found }) => sum + found, 0);
    left += incomplete.filter(({ alone }) => alone !== undefined).length;
    assert.equal(used.length + counts.repeats + inGaps + open, pushed.length, JSON.stringify({ counts, gaps, incomplete }));
  }), { numRuns: 300 });
  assert.ok(left > 0);
});

const stream = recordingOf([
  { session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 },
  { session: 1, what: 'transfer', a: 2, b: 3 }, { session: 1, what: 'commit', a: 0, b: 0 }, { session: 0, what: 'chunk', a: 1, b: 3 },
]);
const isLastEnd = ({ value }: ModelRecord): boolean => value !== null && value.includes('"status":"END"') && value.includes(`"id":"${stream.commits.at(-1)!.xid}:`);
/** Its rows came behind a transaction of which the END is not there. */
const open = stream.records.filter((record) => !isLastEnd(record));
const lsn = /"lsn":(\d+)/.exec(stream.records.find(({ value }) => value?.includes('"incremental"') === true)!.value!)![1];

test('rows outside of transactions that came behind one that is not whole are told, with their table and place', () => {
  const { given, incomplete } = assembleEvents(eventsOf(open));
  assert.deepEqual(given.map(({ xid }) => xid), [null, stream.commits[1]!.xid]);
  assert.deepEqual(incomplete, [
    { xid: stream.commits[2]!.xid, found: 4, expected: null }, { xid: null, found: 3, expected: 3, alone: { table: 'public.accounts', firstLsn: Number(lsn), lastLsn: Number(lsn) } },
  ]);
});

test('so they are in remarks, cdc.json and reports', async () => {
  await withJsonLines(open, (path) => withRun(ledgerSql, { accounts: path, entries: path }, async ({ result }) => {
    const text = `3 changes of public.accounts outside of transactions, at LSN ${lsn}, came behind what is not whole where the data end: not applied`;
    assert.ok(result.remarks.includes(`${text}.`), result.remarks.join('\n'));
    const { report } = await rewriteReport(result.directory, null);
    const { incomplete, incompleteCount } = report.changes!.captures[0]!;
    assert.deepEqual([incompleteCount, incomplete[1]], [2, { xid: null, found: 3, expected: 3, alone: { table: 'public.accounts', firstLsn: Number(lsn), lastLsn: Number(lsn) }, text }]);
    assert.ok(markdownText(report).includes(`- ${text}`));
    assert.match(changesText(report.changes!), /; 2 not whole at the end$/);
  }));
});

test('a transaction that has all its changes, and waits for one that has not, is told as such', () => {
  // The snapshot lacks its last row, and so does the end of it.
  const { records, commits } = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const { incomplete, given } = assembleEvents(eventsOf(records.filter((_, index) => index !== 3)));
  assert.deepEqual(given, []);
  assert.deepEqual(incomplete.map(incompleteText), [
    'the snapshot is not whole where the data end (3 of unknown changes): it is not applied',
    `transaction ${commits[1]!.xid} has all its 4 changes, and came behind what is not whole where the data end: it is not applied`,
  ]);
});
