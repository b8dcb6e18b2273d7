import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { faults } from '../../src/core/faults.js';
import type { RunParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun, verifyTwo } from '../../src/runtime/verify.js';
import { manifestText, parseManifest, type Manifest } from '../../src/stores/manifest.js';
import { directoryFor } from '../stores/directory.js';
import { replayProcess, resultOf } from './processes.js';
import { jsonLines, parameters, replayTicks, sql, texts, ticks, writeTicks } from './ticks.js';

const rows = 3_000;
/** 150 s of event time in three quarters of a second. */
const paced = { speed: 200, checkpointEvery: 50 };
const newRun = (data: string, out: string, changes: Partial<RunParameters> = {}, text = sql) =>
  ({ run: { kind: 'new' as const, texts: texts(text), parameters: parameters(data, changes), out }, stopAfterRows: null, report: false });
const resume = (directory: string, speed?: number | null) => ({ run: { kind: 'resume' as const, directory, speed }, stopAfterRows: null, report: false });
const manifestOf = (run: string): Manifest => parseManifest(readFileSync(join(run, 'manifest.json'), 'utf8'), run).manifest;
const checkpointsOf = (run: string, lane = 0): string[] => {
  const folder = join(run, 'checkpoints', String(lane));
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'pages').sort((a, b) => Number.parseInt(a) - Number.parseInt(b)).map((name) => join(folder, name)) : [];
};

/** The run is what an uninterrupted one is, to the last file. */
async function assertEqualRuns(whole: string, run: string): Promise<void> {
  assert.deepEqual((await verifyRun(run)).difference, null);
  await assertEqualOutputs(whole, run);
}

async function assertEqualOutputs(whole: string, run: string): Promise<void> {
  assert.deepEqual((await verifyTwo(whole, run)).difference, null);
  const [one, other] = [manifestOf(whole), manifestOf(run)];
  for (const member of ['rows', 'late', 'rejected', 'deadLetters', 'behind', 'outputs', 'datasets'] as const) assert.deepEqual(other[member], one[member], member);
  const kept = readdirSync(run).filter((name) => name.startsWith('.') || name === 'lock' || name === 'checkpoints');
  assert.deepEqual(kept, []);
}

/** Ticks with some that cannot be decoded, and the run over them that never stopped. */
async function wholeRun(context: TestContext, changes: Partial<RunParameters> = {}): Promise<{ directory: string; data: string; whole: string }> {
  const directory = directoryFor(context);
  const data = join(directory, 'ticks.jsonl');
  const lines = jsonLines(ticks(rows)).split('\n');
  for (let row = 250; row < rows; row += 500) lines[row] = `{"price": "row ${row}"`;
  writeFileSync(data, lines.join('\n'));
  const whole = join(directory, 'whole');
  await replayTicks(data, whole, changes);
  return { directory, data, whole };
}

/**
 * Law: recovery is invisible. Two processes that share only files; the first is killed at any moment, the second too,
 * the third ends the run: it is the one that never stopped.
 */
test('a run killed at any moment and taken up again in another process equals one that never stopped', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  let number = 0;
  await fc.assert(fc.asyncProperty(fc.nat(rows / 2), fc.nat(rows / 2), async (first, second) => {
    const run = join(directory, `run-${number++}`);
    const killed = await replayProcess(newRun(data, run, paced), { kill: (told) => told.kind === 'rows' && told.rows >= first });
    assert.equal(killed.told?.kind, 'rows', JSON.stringify(killed.told));
    assert.equal(manifestOf(run).status, 'running');
    assert.ok(existsSync(join(run, 'lock')), 'the dead process has left its lock');
    if (first >= 1_000) assert.ok(checkpointsOf(run).length > 0, 'there was time for a checkpoint');
    await replayProcess(resume(run), { kill: (told) => told.kind === 'rows' && told.rows >= first + second });
    const { told } = await replayProcess(resume(run, null));
    assert.equal(resultOf(told).rows, manifestOf(whole).rows);
    await assertEqualOutputs(whole, run);
  }), { numRuns: 3, examples: [[0, 0], [1_200, 600]] });
  await assertEqualRuns(whole, join(directory, 'run-1'));
});

test('a run killed while it writes its last files is ended by the next process', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  for (const [folder, file] of [['outputs', 'candles.parquet'], ['', 'late.parquet'], ['', 'metrics.json']] as const) {
    const run = join(directory, file);
    // Late by chance, the kill finds the run complete: it has to be the same then, too.
    await replayProcess(newRun(data, run, paced), { killAt: { directory: join(run, folder), file } });
    await runReplay(resume(run, null));
    await assertEqualOutputs(whole, run);
  }
});

/** As the law above, in one process and so for many shapes of runs: the fault switch is where the process would have died. */
test('lanes, spans, batches and steps of any size recover', async (context) => {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(600));
  const shapes = fc.record({
    lanes: fc.constantFrom(1, 2, 3), batchRows: fc.constantFrom(7, 100, 65_536), stepEvery: fc.constantFrom(2_000, 10_000, 60_000),
    from: fc.constantFrom(null, Date.UTC(2026, 2, 2, 14, 30, 20)), openEnd: fc.boolean(), maxAhead: fc.constantFrom(null, 3_000),
  });
  let number = 0;
  await fc.assert(fc.asyncProperty(shapes, fc.nat(600), fc.nat(300), async (shape, first, further) => {
    const changes = { ...shape, key: shape.lanes > 1 ? ['symbol'] : null };
    const [whole, run] = [join(directory, `whole-${number}`), join(directory, `run-${number++}`)];
    await replayTicks(data, whole, changes);
    try {
      faults.stopAtRow = first;
      const stopped = { name: 'StoppedByFault' };
      const result = await replayTicks(data, run, { ...changes, checkpointEvery: 0 }).catch((error: Error) => assert.equal(error.name, stopped.name));
      faults.stopAtRow = first + further;
      if (result === undefined) await runReplay(resume(run)).catch((error: Error) => assert.equal(error.name, stopped.name));
    } finally {
      faults.stopAtRow = -1;
    }
    await runReplay(resume(run));
    await assertEqualOutputs(whole, run);
  }), { numRuns: 8 });
});

/** Law: what a checkpoint stands on may be damaged or lost; then an older one counts, or none, and the run is the same. */
test('damage to checkpoints, segments or the journal costs time, never rows', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes[at % bytes.length]! ^= 1;
    writeFileSync(path, bytes);
  };
  const damages: ((run: string, at: number) => void)[] = [
    (run, at) => flip(checkpointsOf(run).at(-1)!, at),
    (run, at) => checkpointsOf(run).forEach((path) => flip(path, at)),
    (run, at) => {
      const folder = join(run, 'outputs', '.segments');
      const files = readdirSync(folder).sort();
      rmSync(join(folder, files[at % files.length]!));
    },
    (run, at) => truncateSync(join(run, 'journal'), at % statSync(join(run, 'journal')).size),
    (run) => appendFileSync(join(run, 'journal'), '\0\0\0\nnonsense\n'),
    (run) => rmSync(join(run, 'journal')),
    (run) => rmSync(join(run, 'checkpoints'), { recursive: true }),
  ];
  let number = 0;
  for (const damage of damages) {
    await fc.assert(fc.asyncProperty(fc.nat(), async (at) => {
      const run = join(directory, `run-${number++}`);
      await runReplay({ ...newRun(data, run), stopAfterRows: 1_000 });
      await runReplay({ ...resume(run), stopAfterRows: 2_000 });
      assert.equal(checkpointsOf(run).length, 2);
      damage(run, at);
      await runReplay(resume(run));
      await assertEqualOutputs(whole, run);
    }), { numRuns: 1 });
  }
});

test('state in pages is taken up again; a page that is damaged is said, and the checkpoint before used', async (context) => {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(rows));
  const text = `${sql}
    CREATE TABLE totals (symbol STRING, minute TIMESTAMP(3), trades BIGINT, turnover DOUBLE, PRIMARY KEY (symbol, minute) NOT ENFORCED) WITH ('connector' = 'jdbc');
    INSERT INTO totals SELECT symbol, FLOOR(event_time TO SECOND), COUNT(*), SUM(price * volume) FROM ticks GROUP BY symbol, FLOOR(event_time TO SECOND);`;
  const whole = join(directory, 'whole');
  await replayTicks(data, whole, {}, text);
  for (const damage of ['none', 'flipped', 'cut']) {
    const run = join(directory, damage);
    await runReplay({ ...newRun(data, run, {}, text), stopAfterRows: 1_000 });
    const pages = join(run, 'checkpoints', '0', 'pages');
    const before = readdirSync(pages);
    await runReplay({ ...resume(run), stopAfterRows: 2_000 });
    const page = join(pages, readdirSync(pages).find((name) => !before.includes(name))!);
    const bytes = readFileSync(page);
    bytes[bytes.length >> 1]! ^= damage === 'flipped' ? 1 : 0;
    writeFileSync(page, damage === 'cut' ? bytes.subarray(1) : bytes);
    const said: string[] = [];
    await runReplay({ ...resume(run), onRemark: (remark) => said.push(remark) });
    assert.equal(said.some((remark) => /Checkpoint 0\/\d+-[0-9a-f]{8} is damaged: the one before is used/.test(remark)), damage !== 'none');
    await assertEqualOutputs(whole, run);
  }
});

test('a stopped run goes on where it was, a complete one gives its result again', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  const run = join(directory, 'run');
  const stopped = await runReplay({ ...newRun(data, run), stopAfterRows: 1_500 });
  assert.equal(stopped.status, 'stopped');
  assert.ok(stopped.rows >= 1_500 && stopped.rows < 1_700, 'at the end of the step in which it was due');
  assert.equal(manifestOf(run).datasets['ticks']!.fingerprint, manifestOf(whole).datasets['ticks']!.fingerprint);
  let read = 0;
  const ended = await runReplay({ ...resume(run), onProgress: (progress) => { read ||= progress.rows; } });
  assert.ok(read === 0 || read >= stopped.rows, 'rows that were done are not done again');
  await assertEqualRuns(whole, run);
  const again = await runReplay(resume(run));
  assert.deepEqual(again, { ...ended, startupSeconds: again.startupSeconds, remarks: again.remarks });
  await assert.rejects(runReplay(resume(join(directory, 'none'))), { code: 'BUNDLE_INVALID' });
});

test('data or a manifest that were changed meanwhile are not gone on with; code that was changed starts over', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  const stop = async (name: string): Promise<string> => {
    await runReplay({ ...newRun(data, join(directory, name)), stopAfterRows: 1_500 });
    return join(directory, name);
  };
  const other = await stop('code');
  writeFileSync(join(other, 'manifest.json'), manifestText({ ...manifestOf(other), versions: { ...manifestOf(other).versions, code: 'other' } }));
  const said: string[] = [];
  await runReplay({ ...resume(other), onRemark: (remark) => said.push(remark) });
  assert.match(said.join(), /code has changed .* starts over/);
  await assertEqualRuns(whole, other);

  const edited = await stop('edited');
  writeFileSync(join(edited, 'manifest.json'), readFileSync(join(edited, 'manifest.json'), 'utf8').replace('COUNT(*)', 'COUNT(*) + 1'));
  await assert.rejects(runReplay(resume(edited)), { code: 'BUNDLE_INVALID', message: /was changed since the run wrote it/ });

  const changed = await stop('data');
  const before = readFileSync(data, 'utf8');
  writeFileSync(data, before.replace('"volume":', '"volume": '));
  await assert.rejects(runReplay(resume(changed)), { code: 'DATASET_CORRUPT', message: /from when the run began/ });
  writeFileSync(data, before);
  await runReplay(resume(changed));
  await assertEqualRuns(whole, changed);
});

test('a run that fails on the way holds nothing and can be taken up again; one that cannot begin leaves nothing', async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  const run = join(directory, 'run');
  await assert.rejects(replayTicks(join(directory, 'none.jsonl'), run), { code: 'DATASET_MISSING' });
  await assert.rejects(replayTicks(data, run, { from: 0, to: 1 }), { code: 'SPAN_EMPTY' });
  assert.deepEqual(readdirSync(run), []);

  const failing = join(directory, 'failing');
  const text = sql.replace('AVG(price) OVER', "CAST(1 / (volume - 9) AS DOUBLE) + AVG(price) OVER");
  await assert.rejects(replayTicks(data, failing, { strict: true }, text), { code: 'EXPRESSION_FAILED' });
  assert.equal(manifestOf(failing).status, 'running');
  assert.ok(!existsSync(join(failing, 'lock')));
  await assert.rejects(runReplay(resume(failing)), { code: 'EXPRESSION_FAILED' }, 'not that it is locked');

  await replayTicks(data, run);
  await assertEqualRuns(whole, run);
});

test('a full disk stops the run with its reason; with space again it goes on', { skip: process.platform === 'win32' && 'needs ulimit' }, async (context) => {
  const { directory, data, whole } = await wholeRun(context);
  const run = join(directory, 'run');
  const { told } = await replayProcess(newRun(data, run), { limit: 24 });
  assert.deepEqual([told?.kind, (told as { code?: string }).code], ['failed', 'OUTPUT_UNWRITABLE'], JSON.stringify(told));
  assert.match((told as { message: string }).message, /cannot write .*run/);
  assert.equal(manifestOf(run).status, 'running');
  assert.ok(!existsSync(join(run, 'lock')));
  await runReplay(resume(run));
  await assertEqualRuns(whole, run);
});
