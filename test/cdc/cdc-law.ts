/** The law of captured tables: at each commit the outputs are what a query of the database would have given. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Standing } from './follow.js';
import { fold } from './fold.js';
import { commands, recordingOf, type State } from './model.js';

export const ledgerSql = `
CREATE TABLE accounts (id INT, balance BIGINT, note STRING, tier STRING, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.cdc.accounts', 'format' = 'debezium-json');
CREATE TABLE entries (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.cdc.entries', 'format' = 'debezium-json');
CREATE TABLE accounts_now (id INT, balance BIGINT, note STRING, tier STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE entries_now (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE total (balance BIGINT) WITH ('connector' = 'print');
CREATE TABLE booked (entry BIGINT, account INT, amount BIGINT, balance BIGINT) WITH ('connector' = 'print');
INSERT INTO accounts_now SELECT id, balance, note, tier FROM accounts;
INSERT INTO entries_now SELECT id, account, amount FROM entries;
INSERT INTO total SELECT SUM(balance) FROM accounts;
INSERT INTO booked SELECT e.id, e.account, e.amount, a.balance FROM entries AS e JOIN accounts AS a ON e.account = a.id;
`;

const sorted = (rows: readonly (readonly unknown[])[]): string[] => rows.map((row) => row.map(String).join(' | ')).sort();

/** The outputs that a state of the database comes to. */
export function outputsOf({ accounts, entries }: State): Readonly<Record<string, string[]>> {
  const balances = [...accounts.values()];
  return {
    accounts_now: sorted(balances.map(({ id, balance, note, tier }) => [id, balance, note, tier ?? null])),
    entries_now: sorted([...entries.values()].map(({ id, account, amount }) => [id, account, amount])),
    total: balances.length === 0 ? [] : sorted([[balances.reduce((sum, { balance }) => sum + balance, 0)]]),
    booked: sorted([...entries.values()].flatMap(({ id, account, amount }) => (accounts.has(account) ? [[id, account, amount, accounts.get(account)!.balance]] : []))),
  };
}

export const outputsIn = (standing: Standing): Readonly<Record<string, string[]>> =>
  Object.fromEntries(['accounts_now', 'entries_now', 'total', 'booked'].map((name) => [name, sorted(standing.rows(name))]));

/** Also where the run is stopped and taken up again. And: no total is ever taken back, since transfers leave it as it is. */
export const cdcLaw = fc.property(commands(0, 30, ['chunk']).map((list) => recordingOf(list)), fc.constantFrom(0, 1, 2), ({ records, commits }, restoreEvery) => {
  const seen: Readonly<Record<string, string[]>>[] = [];
  let changes = 0;
  fold(ledgerSql, ['db.cdc.accounts', 'db.cdc.entries'], records, restoreEvery, (standing, { xid, isSnapshot }) => {
    // A row of an incremental snapshot tells what is there.
    if (xid === null && !isSnapshot) assert.deepEqual(outputsIn(standing), seen.at(-1));
    else seen.push(outputsIn(standing));
    changes = standing.changes('total');
  });
  assert.deepEqual(seen, commits.map(({ state }) => outputsOf(state)));
  assert.equal(changes, 1);
});
