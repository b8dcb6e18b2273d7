/** Captured tables live: whole transactions, however their records come and whoever dies when. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveLane } from '../../src/live/lane.js';
import { takeLane } from '../../src/live/take.js';
import { follow } from '../cdc/follow.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord } from '../cdc/model.js';
import { captureLog, captureSql, expectedOf, standingIn } from './cdc-run.js';
import type { CommitFault } from './memory-log.js';
import { dying, quiet, runToEnd, specsOn } from './memory-run.js';

const workloads = commands(0, 30, ['message', 'chunk']).map((list) => recordingOf(list)).filter(({ commits }) => commits.length > 1);

async function digestsOfReplay(records: readonly ModelRecord[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewright-cdc-'));
  try {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return (await follow(captureSql(), path)).digests;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('law: live gives what replay gives, and the outputs are those of the database, whatever the interleaving, repeats and sizes of fetches', async () => {
  await fc.assert(fc.asyncProperty(workloads, fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(), fc.nat(30), fc.constantFrom(1, 3, 50), async ({ records, commits }, picks, at, back, fetchMax) => {
    const log = await captureLog(interleaved(restarted(records, at % records.length, back), picks));
    log.fetchMax = fetchMax;
    const spec = (await specsOn(log, { sql: captureSql(), checkpointEvery: 1e9 }))(0);
    await runToEnd(log, spec);
    assert.deepEqual(standingIn(log), expectedOf(commits[commits.length - 1]!.state));
    const { engine } = await takeLane(log, spec, quiet);
    assert.deepEqual(engine.outputs.map(({ digest }) => digest), await digestsOfReplay(records));
  }), { numRuns: 15 });
});

test('law: each step shows the state at a commit, and none in between', async () => {
  await fc.assert(fc.asyncProperty(workloads, fc.array(fc.nat(5), { maxLength: 12 }), fc.constantFrom(1, 4), async ({ records, commits }, picks, fetchMax) => {
    const log = await captureLog(interleaved(records, picks));
    log.fetchMax = fetchMax;
    const spec = (await specsOn(log, { sql: captureSql(), checkpointEvery: 1e9 }))(0);
    const states = [{}, ...commits.map(({ state }) => expectedOf(state))].map((state) => JSON.stringify(state));
    const nothing = JSON.stringify(standingIn(log));
    let at = 0;
    await runToEnd(log, spec, { ...quiet, committed: () => {
      const now = JSON.stringify(standingIn(log));
      const found = states.findIndex((state, index) => index >= at && state === now);
      assert.ok(found >= 0 || now === nothing, `after commit ${at} comes none that gives ${now}`);
      at = Math.max(at, found);
    } });
  }), { numRuns: 15 });
});

test('change by change that does not hold: outputs show states between', async () => {
  const { records, commits } = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const log = await captureLog(records);
  log.fetchMax = 1;
  const states = commits.map(({ state }) => JSON.stringify(expectedOf(state)));
  let strange = 0;
  await runToEnd(log, (await specsOn(log, { sql: captureSql("SET 'cdc.transaction.topic' = 'none';"), checkpointEvery: 1e9 }))(0), { ...quiet, committed: () => {
    if (!states.includes(JSON.stringify(standingIn(log)))) strange += 1;
  } });
  assert.ok(strange > 1);
  assert.deepEqual(standingIn(log), expectedOf(commits.at(-1)!.state));
});

test('law: whatever becomes of commits and whoever dies when, all is there once', async () => {
  const fates = fc.array(fc.constantFrom<CommitFault>('none', 'none', 'applied-unanswered', 'lost', 'left-prepared', 'left-open'), { maxLength: 20 });
  await fc.assert(fc.asyncProperty(workloads, fates, fc.array(fc.nat(30), { maxLength: 4 }), fc.boolean(), async ({ records, commits }, commitFates, kills, isCheckpointed) => {
    const calm = await captureLog(records);
    await runToEnd(calm, (await specsOn(calm, { sql: captureSql(), checkpointEvery: 1e9 }))(0));
    const log = await captureLog(records);
    const spec = (await specsOn(log, { sql: captureSql(), checkpointEvery: isCheckpointed ? 0 : 1e9 }))(0);
    const left = [...commitFates];
    log.fault = () => left.shift() ?? 'none';
    await runToEnd(log, spec, dying(kills));
    log.fault = () => 'none';
    assert.deepEqual(standingIn(log), expectedOf(commits[commits.length - 1]!.state));
    for (const topic of ['accounts_now', 'entries_now', 'total', 'booked']) {
      const texts = (from: typeof log): unknown[] => from.records(topic, 0).map(({ key, value }) => [key?.toString(), value?.toString()]);
      assert.deepEqual(texts(log), texts(calm), topic);
    }
    // All of it again, from the journal's first step.
    const fresh = (await specsOn(log, { sql: captureSql() }))(0);
    assert.equal((await takeLane(log, fresh, quiet)).isEnded, true);
  }), { numRuns: 15 });
});

test('a lane that is stopped after any step and taken up again from its checkpoint goes on the same', async () => {
  const { records, commits } = recordingOf([
    { session: 0, what: 'transfer', a: 0, b: 1 }, { session: 1, what: 'note', a: 2, b: 0 }, { session: 0, what: 'commit', a: 0, b: 0 }, { session: 1, what: 'alter', a: 0, b: 0 },
    { session: 1, what: 'rename', a: 3, b: 0 }, { session: 1, what: 'commit', a: 0, b: 0 }, { session: 2, what: 'transfer', a: 1, b: 2 }, { session: 2, what: 'commit', a: 0, b: 0 },
  ]);
  const log = await captureLog(interleaved(records, [1, 0, 2, 2, 0, 1, 0]));
  log.fetchMax = 1;
  const spec = (await specsOn(log, { sql: captureSql() }))(0);
  for (let ended = false; !ended;) {
    const stop = new AbortController();
    ({ ended } = await new LiveLane(log, spec, { ...quiet, committed: () => stop.abort() }).run(stop.signal));
  }
  assert.deepEqual(standingIn(log), expectedOf(commits[commits.length - 1]!.state));
});
