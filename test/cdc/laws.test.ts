/** What holds for any database, any workload, and any way in which its changes come. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { cdcLaw, ledgerSql, outputsIn, outputsOf } from './cdc-law.js';
import { follow, type Followed, type FollowOptions } from './follow.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord } from './model.js';

async function run(records: readonly ModelRecord[], options: FollowOptions = {}, sql = ledgerSql): Promise<Followed> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewright-test-'));
  try {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return await follow(sql, path, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const options = { numRuns: 25 };
const withTransactions = commands().map((list) => recordingOf(list)).filter(({ commits }) => commits.length > 1);

test('at each commit the outputs are those of the database', () => {
  fc.assert(cdcLaw, { numRuns: 60 });
});

test('so they are through the whole runtime', async () => {
  await fc.assert(fc.asyncProperty(withTransactions, async ({ records, commits }) => {
    const seen: Readonly<Record<string, string[]>>[] = [];
    const { record } = await run(records, { onTransaction: (now) => seen.push(outputsIn(now)) });
    assert.deepEqual(record.gaps, []);
    assert.deepEqual(record.incomplete, []);
    assert.deepEqual(seen.slice(0, commits.length), commits.map(({ state }) => outputsOf(state)));
  }), options);
});

test('how topics interleave, what is sent again and how rows are cut into steps make no difference', async () => {
  await fc.assert(fc.asyncProperty(withTransactions, fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(), fc.nat(30), fc.constantFrom(1, 3, 50), async ({ records }, picks, at, back, rowsMost) => {
    const plain = await run(records);
    const again = restarted(records, at % records.length, back);
    const other = await run(interleaved(again, picks), { rowsMost });
    assert.deepEqual(other.record.gaps, []);
    assert.deepEqual(other.digests, plain.digests);
  }), options);
});

test('a run that is taken up again after any transaction gives what one gives that never stopped', async () => {
  await fc.assert(fc.asyncProperty(withTransactions, fc.nat(), async ({ records, commits }, after) => {
    const whole = await run(records);
    const { digests } = await run(records, { restoreAfter: 1 + (after % commits.length) });
    assert.deepEqual(digests, whole.digests);
  }), options);
});

test('between two of its changes no output shows a state of a transaction', async () => {
  // The law that total balances never change would not notice if outputs showed them: this one shows that they would.
  const { records } = recordingOf([{ session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }]);
  const totals = async (changeByChange: boolean): Promise<number> => (await run(records, { changeByChange })).steps.reduce((sum, { outputs }) => sum + outputs.filter(({ table }) => table === 2).reduce((rows, { batch }) => rows + batch.length, 0), 0);
  assert.equal(await totals(false), 1);
  assert.ok(await totals(true) > 1);
});

test('a transaction moves the watermarks of all tables of its database, those that it does not touch among them', async () => {
  const { records, commits } = recordingOf([
    { session: 0, what: 'transfer', a: 0, b: 1 }, { session: 0, what: 'commit', a: 0, b: 0 }, { session: 1, what: 'note', a: 2, b: 0 }, { session: 1, what: 'commit', a: 0, b: 0 },
    { session: 2, what: 'flash', a: 1, b: 0 }, { session: 2, what: 'commit', a: 0, b: 0 },
  ]);
  const sql = ledgerSql.replace('amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH (\'connector\' = \'kafka\'', `amount BIGINT, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
    WATERMARK FOR committed_at AS committed_at - INTERVAL '1' SECOND, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka'`);
  const { steps } = await run(records, {}, sql);
  assert.deepEqual(steps.slice(0, commits.length).map(({ record }) => record.watermarks), commits.map(({ time }) => [[time], [time - 1000]]));
});
