/** Step records wait for the journal as long as they are few and small; what a checkpoint vouches for has none that waits. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { faults } from '../../src/core/faults.js';
import type { StepRecord } from '../../src/core/step.js';
import { LaneOutput } from '../../src/runtime/lane-output.js';
import { defaultParameters, type ReplayOptions } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyTwo } from '../../src/runtime/verify.js';
import { versions } from '../../src/runtime/versions.js';
import { planSql } from '../../src/sql/planner.js';
import { Bundle } from '../../src/stores/bundle.js';
import { readJournal } from '../../src/stores/journal.js';
import { directoryFor } from '../stores/directory.js';
import { sql, texts, ticks, writeTicks } from './ticks.js';

const recordOf = (seq: number, numbers: number, slices = 0): StepRecord =>
  ({ lane: 0, seq, now: seq, slices: Array.from({ length: slices }, (_, partition) => ({ input: 0, partition, from: 0, to: 1, rows: 1, checksum: '' })), order: new Array<number>(numbers).fill(1), end: false, digest: '', outputRows: [], watermarks: [] });

async function outputFor(context: TestContext): Promise<LaneOutput> {
  const bundle = await Bundle.create(join(directoryFor(context), 'run'), { texts: texts(), parameters: { ...defaultParameters, bindings: {} }, versions: versions(), datasets: {} });
  context.after(() => bundle.close());
  return LaneOutput.open(bundle, planSql(sql), 0, null);
}

test('records wait while they are few and small, and go in their order', async (context) => {
  const output = await outputFor(context);
  // As many as are due, by how many numbers each has: 4,097 records, or 65,537 numbers; a slice is five.
  for (const [numbers, due, slices = 0] of [[0, 4097], [2, 4097], [16, 4097], [18, 3641], [32_768, 3], [65_536, 2], [65_538, 1], [0, 656, 20], [0, 2, 12_000]] as const) {
    let seq = 0;
    for (; !output.journalDue; seq += 1) output.take({ record: recordOf(seq, numbers, slices), outputs: [], late: [], deadLetters: [], endedBeyond: new Set() });
    assert.deepEqual([numbers, seq], [numbers, due]);
    assert.deepEqual(output.takeRecords().map((record) => record.seq), Array.from({ length: due }, (_, at) => at));
    assert.deepEqual([output.journalDue, output.takeRecords()], [false, []]);
  }
});

type Run = Pick<ReplayOptions, 'run' | 'stopAfterRows' | 'report'>;
const resume = (directory: string): Run => ({ run: { kind: 'resume', directory, speed: undefined }, stopAfterRows: null, report: false });
const untilRow = async (row: number, run: Run): Promise<void> => {
  faults.stopAtRow = row;
  try {
    await assert.rejects(runReplay(run), { name: 'StoppedByFault' });
  } finally {
    faults.stopAtRow = -1;
  }
};

async function journalOf(run: string): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  for await (const { record } of readJournal(join(run, 'journal'))) records.push(record);
  return records;
}

const checkpointsOf = (run: string): number[] => readdirSync(join(run, 'checkpoints', '0')).filter((name) => name !== 'pages').map((name) => Number.parseInt(name));

test('a run that dies while records wait has those of its checkpoints, and ends with all of them', async (context) => {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(6_000));
  // A step for each row, but for late ones.
  const newRun = (name: string, checkpointEvery: number): Run => ({
    run: { kind: 'new', texts: texts(), parameters: { ...defaultParameters, bindings: { ticks: { given: data, base: '.', map: {} } }, stepEvery: 50, checkpointEvery }, out: join(directory, name) }, stopAfterRows: null, report: false,
  });
  const whole = join(directory, 'whole');
  await runReplay(newRun('whole', 3_600_000));
  const expected = await journalOf(whole);
  assert.ok(expected.length > 5_000);
  for (const [name, row, checkpointEvery, journalled] of [['waiting', 3_000, 3_600_000, 0], ['due', 5_000, 3_600_000, 4097], ['vouched', 3_000, 5, null]] as const) {
    const run = join(directory, name);
    await untilRow(row, newRun(name, checkpointEvery));
    const written = await journalOf(run);
    assert.deepEqual(written, expected.slice(0, written.length));
    if (journalled !== null) assert.equal(written.length, journalled);
    else {
      const checkpoints = checkpointsOf(run);
      assert.ok(checkpoints.length > 0 && checkpoints.every((seq) => seq < written.length), `checkpoints of ${checkpoints.join(' ')}, ${written.length} records`);
    }
    await untilRow(row + 500, resume(run));
    await runReplay(resume(run));
    assert.deepEqual(await journalOf(run), expected);
    assert.equal((await verifyTwo(whole, run)).difference, null);
  }
});

test('steps that say whose turn each row was do not wait for thousands of others', async (context) => {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(36_000));
  const other = sql.replaceAll('ticks', 'others').split('CREATE TABLE candles')[0]!;
  const text = `${sql}${other}CREATE VIEW quotes AS SELECT * FROM ticks UNION ALL SELECT * FROM others;
    SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE quotes, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;`;
  const bindings = { ticks: { given: data, base: '.', map: {} }, others: { given: data, base: '.', map: {} } };
  const newRun = (name: string): Run => ({ run: { kind: 'new', texts: texts(text), parameters: { ...defaultParameters, bindings, stepEvery: 86_400_000, checkpointEvery: 3_600_000 }, out: join(directory, name) }, stopAfterRows: null, report: false });
  await runReplay(newRun('whole'));
  const run = join(directory, 'run');
  await untilRow(70_000, newRun('run'));
  const written = await journalOf(run), expected = await journalOf(join(directory, 'whole'));
  const numbers = (records: readonly StepRecord[]): number => records.reduce((sum, { order, slices }) => sum + order.length + 5 * slices.length, 0);
  assert.ok(written.length < expected.length && numbers(written) > 65_536 && numbers(written.slice(0, -1)) <= 65_536, `${written.length} records of ${numbers(written)} numbers`);
  await runReplay(resume(run));
  assert.deepEqual(await journalOf(run), expected);
  assert.equal((await verifyTwo(join(directory, 'whole'), run)).difference, null);
});
