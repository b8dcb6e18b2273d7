/** What holds for any database, any workload, and any way in which its changes come. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { follow, type Followed, type FollowOptions, type Standing } from './follow.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord, type State } from './model.js';

const sql = `
CREATE TABLE accounts (id INT, balance BIGINT, note STRING, tier STRING, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.cdc.accounts', 'format' = 'debezium-json');
CREATE TABLE entries (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.cdc.entries', 'format' = 'debezium-json');
CREATE TABLE accounts_now (id INT, balance BIGINT, note STRING, tier STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE entries_now (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE total (balance BIGINT) WITH ('connector' = 'print');
CREATE TABLE booked (account INT, amount BIGINT, balance BIGINT) WITH ('connector' = 'print');
INSERT INTO accounts_now SELECT id, balance, note, tier FROM accounts;
INSERT INTO entries_now SELECT id, account, amount FROM entries;
INSERT INTO total SELECT SUM(balance) FROM accounts;
INSERT INTO booked SELECT e.account, e.amount, a.balance FROM entries AS e JOIN accounts AS a ON e.account = a.id;
`;

async function run(records: readonly ModelRecord[], options: FollowOptions = {}): Promise<Followed> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewright-test-'));
  try {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return await follow(sql, path, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const sorted = (rows: readonly (readonly unknown[])[]): string[] => rows.map((row) => row.map(String).join(' | ')).sort();

/** The outputs that a state of the database comes to. */
function outputsOf({ accounts, entries }: State): Readonly<Record<string, string[]>> {
  const balances = [...accounts.values()];
  return {
    accounts_now: sorted(balances.map(({ id, balance, note, tier }) => [id, balance, note, tier ?? null])),
    entries_now: sorted([...entries.values()].map(({ id, account, amount }) => [id, account, amount])),
    total: balances.length === 0 ? [] : sorted([[balances.reduce((sum, { balance }) => sum + balance, 0)]]),
  };
}

const outputsIn = (standing: Standing): Readonly<Record<string, string[]>> => Object.fromEntries(['accounts_now', 'entries_now', 'total'].map((name) => [name, sorted(standing.rows(name))]));

const options = { numRuns: 25 };
/** Pairs are told by their account and amount; two of the same would count as one. */
const workload = commands().map((list) => recordingOf(list)).filter(({ commits }) => commits.every(({ state }) => new Set([...state.entries.values()].map(({ account, amount }) => `${account} ${amount}`)).size === state.entries.size));

const withTransactions = workload.filter(({ commits }) => commits.length > 1);

test('at each commit the outputs are those of the database, and its end is theirs', async () => {
  await fc.assert(fc.asyncProperty(withTransactions, async ({ records, commits }) => {
    const seen: Readonly<Record<string, string[]>>[] = [];
    const { standing, record } = await run(records, { onTransaction: (now) => seen.push(outputsIn(now)) });
    assert.deepEqual(record.gaps, []);
    assert.deepEqual(record.incomplete, []);
    assert.deepEqual(seen.slice(0, commits.length), commits.map(({ state }) => outputsOf(state)));
    const last = commits.at(-1)!.state;
    assert.deepEqual(sorted(standing.rows('booked')), sorted([...last.entries.values()].flatMap(({ account, amount }) => {
      const found = last.accounts.get(account);
      return found === undefined ? [] : [[account, amount, found.balance]];
    })));
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
