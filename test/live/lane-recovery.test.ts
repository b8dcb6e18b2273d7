/** What a lane that is taken goes on from, and what it refuses to go on from. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { LiveLane, type LaneSpec } from '../../src/live/lane.js';
import { takeLane } from '../../src/live/take.js';
import type { MemoryLog } from './memory-log.js';
import { dayStart, logWithTicks, outputsOf, quiet, runToEnd, specsOn, sqlOf, ticks, type MemoryOptions } from './memory-run.js';

const rows = 50;

/** Runs the lane for so many steps, then stops it. */
async function runSteps(log: MemoryLog, spec: LaneSpec, steps: number): Promise<void> {
  const stop = new AbortController();
  let left = steps;
  await new LiveLane(log, spec, { ...quiet, committed: () => { if (--left === 0) stop.abort(); } }).run(stop.signal);
}

async function calm(options: MemoryOptions = {}): Promise<ReturnType<typeof outputsOf>> {
  const log = await logWithTicks(rows);
  await runToEnd(log, (await specsOn(log, options))(0));
  return outputsOf(log);
}

const refusal = (code: string, message: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof TapewrightError);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

interface Stopped {
  readonly log: MemoryLog;
  readonly spec: LaneSpec;
  readonly said: string[];
  /** Of checkpoints of lane 0. */
  readonly folder: string;
}

/** A lane that has stopped after a few steps, with a checkpoint after each. */
async function stopped(options: MemoryOptions = {}): Promise<Stopped> {
  const log = await logWithTicks(rows);
  const said: string[] = [];
  const spec = (await specsOn(log, { ...options, say: (text) => said.push(text) }))(0);
  await runSteps(log, spec, 4);
  const folder = (spec.checkpoints as unknown as { readonly directory: string }).directory;
  return { log, spec, said, folder: join(folder, '0') };
}

const newestOf = async (folder: string): Promise<string> => join(folder, (await readdir(folder)).sort((a, b) => parseInt(b, 10) - parseInt(a, 10))[0]!);

for (const [what, damage] of [['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)], ['flipped in a bit', (bytes: Buffer) => { bytes[bytes.length >> 1]! ^= 4; return bytes; }]] as const) {
  test(`a checkpoint that was ${what} is said, and the one before used`, async () => {
    const { log, spec, said, folder } = await stopped();
    const newest = await newestOf(folder);
    await writeFile(newest, damage(await readFile(newest)));
    const again: number[] = [];
    const taken = await takeLane(log, spec, { ...quiet, onAgain: (_lane, { record }) => { again.push(record.seq); } });
    assert.deepEqual(again, [3], 'only the step after the checkpoint before is made again');
    assert.equal(taken.engine.seq, 4);
    assert.match(said.join('\n'), /checkpoint 0\/3-[0-9a-f]{8} is damaged; the one before is used/);
    await runToEnd(log, spec);
    assert.deepEqual(outputsOf(log), await calm());
  });
}

/** Names of the pages that a checkpoint file lists. */
function pagesOf(file: Buffer): string[] {
  return Array.from({ length: Number(file.readBigUInt64LE(8)) }, (_, page) => file.toString('hex', 24 + 32 * page, 56 + 32 * page));
}

test('a page of the newest checkpoint that was flipped in a bit or cut is said, and the checkpoint before used', async () => {
  const sql = sqlOf(`CREATE TABLE totals (symbol STRING, n BIGINT, price DOUBLE, PRIMARY KEY (symbol) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'totals', 'key.format' = 'json', 'value.format' = 'json');
    INSERT INTO totals SELECT symbol, COUNT(*), SUM(price) FROM ticks GROUP BY symbol;`);
  for (const damage of [(bytes: Buffer) => bytes.subarray(0, bytes.length - 1), (bytes: Buffer) => { bytes[bytes.length >> 1]! ^= 4; return bytes; }]) {
    const { log, spec, said, folder } = await stopped({ sql });
    const files = (await readdir(folder)).filter((name) => name !== 'pages').sort((a, b) => parseInt(b, 10) - parseInt(a, 10));
    const [newest, older] = await Promise.all(files.map(async (file) => pagesOf(await readFile(join(folder, file)))));
    const page = join(folder, 'pages', newest!.find((name) => !older!.includes(name))!);
    await writeFile(page, damage(await readFile(page)));
    const again: number[] = [];
    await takeLane(log, spec, { ...quiet, onAgain: (_lane, { record }) => { again.push(record.seq); } });
    assert.deepEqual(again, [3]);
    assert.match(said.join('\n'), /checkpoint 0\/3-[0-9a-f]{8} is damaged; the one before is used/);
    await runToEnd(log, spec);
    assert.deepEqual(outputsOf(log), await calm({ sql }));
  }
});

test('without a checkpoint all steps are made again, and it is said', async () => {
  const { log, spec, said, folder } = await stopped();
  await rm(folder, { recursive: true });
  await runToEnd(log, spec);
  assert.match(said.join('\n'), /lane 0: no checkpoint is here, so all 4 steps are made again/);
  assert.deepEqual(outputsOf(log), await calm());
});

test('the journal is read from where the older checkpoint stands, not from its beginning', async () => {
  const { log, spec } = await stopped();
  // Its beginning may even be gone.
  const [, , third] = log.records('run-journal', 0).filter(({ key }) => key?.toString() === 'step');
  log.deleteBefore('run-journal', 0, third!.offset);
  await runToEnd(log, spec);
  assert.deepEqual(outputsOf(log), await calm());
});

test('a journal that begins later than it is needed is lost', async () => {
  const { log, spec } = await stopped();
  const last = log.records('run-journal', 0).findLast(({ key }) => key?.toString() === 'step')!;
  log.deleteBefore('run-journal', 0, last.offset);
  await assert.rejects(takeLane(log, spec, quiet), refusal('JOURNAL_LOST', /run-journal begins at \d+ and is needed from \d+ on: .*retention.ms=-1/));
});

test('a journal that was deleted and made anew is lost: a checkpoint stands beyond it', async () => {
  const { log, spec } = await stopped();
  log.deleteTopic('run-journal');
  await log.create('run-journal', 1);
  await assert.rejects(takeLane(log, spec, quiet), refusal('JOURNAL_LOST', /ends at \d+, before \d+ where the newest checkpoint stands/));
});

test('a journal that was deleted is missed also where no checkpoint is left: the group has committed steps', async () => {
  const { log } = await stopped();
  log.deleteTopic('run-journal');
  const spec = (await specsOn(log))(0);
  await assert.rejects(takeLane(log, spec, quiet), refusal('JOURNAL_LOST', /group run has committed step 3 of partition 0 of ticks, and its journal is empty/));
});

test('a changed pipeline is refused, and what was changed is named', async () => {
  const { log } = await stopped();
  const changed = async (sql: string): Promise<unknown> => takeLane(log, (await specsOn(log, { sql }))(0), quiet);
  await assert.rejects(changed(sqlOf().replace('price > 50', 'price > 60')), refusal('CHECKPOINT_MISMATCH', /since it began, statement 2 \(INSERT INTO high\) was changed; start/));
  await assert.rejects(changed(sqlOf().replace("INTERVAL '2' SECOND", "INTERVAL '3' SECOND")), refusal('CHECKPOINT_MISMATCH', /watermark of table ticks was changed/));
  await assert.rejects(changed(sqlOf().replace("'topic' = 'high'", "'topic' = 'higher'")), refusal('CHECKPOINT_MISMATCH', /option 'topic' of table high was changed/));
  await assert.rejects(changed(sqlOf('INSERT INTO high SELECT symbol, price FROM ticks WHERE price < 2;')), refusal('CHECKPOINT_MISMATCH', /statement 3 \(INSERT INTO high\) was added/));
  await assert.rejects(changed(sqlOf('-- a note')), refusal('CHECKPOINT_MISMATCH', /no table, option or statement differs/));
});

test('the clock of a run never goes back, though that of the next machine does', async () => {
  const log = await logWithTicks(rows);
  const spec = (await specsOn(log))(0);
  await runSteps(log, { ...spec, clock: () => dayStart + 5000 }, 3);
  await runSteps(log, { ...spec, clock: () => dayStart - 86_400_000 }, 3);
  const nows = log.records('run-journal', 0).filter(({ key }) => key?.toString() === 'step').map(({ value }) => (JSON.parse(value!.toString()) as { now: number }).now);
  assert.deepEqual(nows, Array.from({ length: 6 }, () => dayStart + 5000));
});

test('input that was deleted before it was read is named; told so, the run goes on without, and its journal knows', async () => {
  const { log, spec, said } = await stopped();
  const { offset } = log.records('ticks', 0)[40]!;
  log.deleteBefore('ticks', 0, offset);
  await assert.rejects(runToEnd(log, spec), refusal('SOURCE_GAP', /offsets 28 to 39 of partition 0 of ticks were deleted before group run read them: .*--on-gap continue/));
  await runToEnd(log, { ...spec, onGap: 'continue' });
  assert.match(said.join('\n'), /lane 0 goes on without offsets 28 to 39 of partition 0 of ticks/);
  const gaps = log.records('run-journal', 0).filter(({ key }) => key?.toString() === 'gap').map(({ value }) => JSON.parse(value!.toString()) as unknown);
  assert.deepEqual(gaps, [{ kind: 'gap', lane: 0, before: 4, missing: [{ topic: 'ticks', partition: 0, from: 28, to: 40 }] }]);
  const taken = await takeLane(log, spec, quiet);
  assert.equal(taken.isEnded, true);
});

test('a topic that is not there is refused, with what to do', async () => {
  const log = await logWithTicks(0);
  log.deleteTopic('ticks');
  await assert.rejects(specsOn(log), refusal('KAFKA_REFUSED', /table ticks reads topic ticks, which is not there; make it, or check 'topic'/));
});

test('a lane that has other partitions than when it began is refused', async () => {
  const { log, spec } = await stopped();
  const [input] = spec.inputs;
  await assert.rejects(takeLane(log, { ...spec, inputs: [{ ...input!, partitions: [0, 1] }] }, quiet), refusal('SOURCE_GAP', /topic ticks has 2 partitions in this lane where it had 1 when group run began/));
});

test('a run that began without an end ends where a later process is told to, and its journal knows', async () => {
  const log = await logWithTicks(40);
  const endless = (await specsOn(log, { until: null }))(0);
  const stop = new AbortController();
  await new LiveLane(log, endless, { ...quiet, committed: () => stop.abort() }).run(stop.signal);
  const said: string[] = [];
  const timed = new AbortController();
  await new LiveLane(log, (await specsOn(log, { until: dayStart + 30_000, say: (text) => said.push(text) }))(0), { ...quiet, committed: () => timed.abort() }).run(timed.signal);
  assert.match(said.join(), /lane 0: the group began without this end in event time, and --until is not heeded/);
  await runToEnd(log, (await specsOn(log, { until: 'latest' }))(0));
  assert.equal((await takeLane(log, (await specsOn(log, { until: null }))(0), quiet)).isEnded, true);
  const straight = await logWithTicks(40);
  await runToEnd(straight, (await specsOn(straight))(0));
  assert.deepEqual(outputsOf(log), outputsOf(straight));
});

test('a run until a time ends as history does that has no later rows', async () => {
  const until = dayStart + 30_000;
  const log = await logWithTicks(rows);
  await runToEnd(log, (await specsOn(log, { until }))(0));
  const cut = await logWithTicks(0);
  const producer = await cut.producer('ticks');
  const early = ticks(rows, 0).filter(({ value }) => {
    const text = value!.toString();
    return text.startsWith('{') && Date.parse(`${(JSON.parse(text) as { event_time: string }).event_time}Z`) < until;
  });
  await producer.commit(early, null);
  await runToEnd(cut, (await specsOn(cut))(0));
  for (const table of ['mean', 'high']) assert.deepEqual(outputsOf(log)[table], outputsOf(cut)[table], table);
  assert.equal((await takeLane(log, (await specsOn(log, { until }))(0), quiet)).isEnded, true, 'the journal gives it again');
});

test('a run until a time that is stopped on the way ends where it would have', async () => {
  const until = dayStart + 30_000;
  const straight = await logWithTicks(rows);
  await runToEnd(straight, (await specsOn(straight, { until }))(0));
  const log = await logWithTicks(rows);
  const spec = (await specsOn(log, { until }))(0);
  for (let step = 0; step < 3; step += 1) await runSteps(log, spec, 1);
  await runToEnd(log, spec);
  assert.deepEqual(outputsOf(log), outputsOf(straight));
});

test('a partition that stays silent lets the others go on after the idle time-out, and the journal knows when', async () => {
  const log = await logWithTicks(20, 2);
  const producer = await log.producer('ticks');
  await producer.commit(ticks(20, 0, 20), null);
  const sql = sqlOf().replace(", 'key.fields' = 'symbol'", '');
  const run = async (idle: string): Promise<{ means: number; empty: number }> => {
    const options: MemoryOptions = { sql: `SET 'table.exec.source.idle-timeout' = '${idle}';${sql}`, until: null };
    const spec = { ...(await specsOn(log, options))(0), group: `idle-${idle}` };
    const topics = { journal: `journal-${idle}`, late: 'run-late', deadLetters: 'run-dead-letters' };
    await log.create(topics.journal, 1);
    const stop = new AbortController();
    let now = dayStart, polls = 0;
    const before = log.records('mean', 0).length;
    await new LiveLane(log, { ...spec, topics, clock: () => (now += 100) }, { ...quiet, phase: (_lane, phase) => { if (phase === 'fetch' && ++polls === 200) stop.abort(); } }).run(stop.signal);
    const empty = log.records(topics.journal, 0).filter(({ key, value }) => key?.toString() === 'step' && (JSON.parse(value!.toString()) as { slices: unknown[] }).slices.length === 0).length;
    const again = await takeLane(log, { ...spec, topics, checkpoints: (await specsOn(log, options))(0).checkpoints }, quiet);
    assert.ok(again.engine.seq > 0, 'the journal gives the steps again, with the same digests');
    return { means: log.records('mean', 0).length - before, empty };
  };
  const waiting = await run('0');
  const idle = await run('5 s');
  assert.equal(waiting.empty, 0);
  assert.ok(idle.means > waiting.means && idle.empty > 0, JSON.stringify({ waiting, idle }));
});
