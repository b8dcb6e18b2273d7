/** Captured tables on the log in memory: a database's changes as messages, and what its outputs come to. */
import type { LaneSpec } from '../../src/live/lane.js';
import type { LogMessage } from '../../src/live/log.js';
import type { ModelRecord } from '../cdc/model.js';
import type { State } from '../cdc/model.js';
import { MemoryLog } from './memory-log.js';

const source = (topic: string): string => `('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'debezium-json', 'scan.startup.mode' = 'earliest-offset')`;
const sink = (topic: string): string => `('connector' = 'upsert-kafka', 'topic' = '${topic}', 'key.format' = 'json', 'value.format' = 'json')`;

export const outputs = ['accounts_now', 'entries_now', 'total', 'booked'] as const;

export const captureSql = (more = ''): string => `${more}
CREATE TABLE accounts (id INT, balance BIGINT, note STRING, tier STRING, committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at, PRIMARY KEY (id) NOT ENFORCED) WITH ${source('db.cdc.accounts')};
CREATE TABLE entries (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ${source('db.cdc.entries')};
CREATE TABLE accounts_now (id INT, balance BIGINT, note STRING, tier STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ${sink('accounts_now')};
CREATE TABLE entries_now (id BIGINT, account INT, amount BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ${sink('entries_now')};
CREATE TABLE total (bank STRING, balance BIGINT, PRIMARY KEY (bank) NOT ENFORCED) WITH ${sink('total')};
CREATE TABLE booked (entry BIGINT, account INT, amount BIGINT, balance BIGINT, PRIMARY KEY (entry) NOT ENFORCED) WITH ${sink('booked')};
INSERT INTO accounts_now SELECT id, balance, note, tier FROM accounts;
INSERT INTO entries_now SELECT id, account, amount FROM entries;
INSERT INTO total SELECT 'all', SUM(balance) FROM accounts GROUP BY 'all';
INSERT INTO booked SELECT e.id, e.account, e.amount, a.balance FROM entries AS e JOIN accounts AS a ON e.account = a.id;
`;

export const messagesOf = (records: readonly ModelRecord[]): LogMessage[] => records.map(({ topic, partition, key, value, headers }) => ({
  topic, partition, key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value), headers,
}));

/** A log with the topics of the database, and what is in them. */
export async function captureLog(records: readonly ModelRecord[], more: readonly string[] = []): Promise<MemoryLog> {
  const log = new MemoryLog();
  const messages = records.some(({ topic }) => topic === 'db.message') ? ['db.message'] : [];
  for (const topic of ['db.cdc.accounts', 'db.cdc.entries', 'db.transaction', ...messages, ...more]) await log.create(topic, 1 + Math.max(0, ...records.filter((record) => record.topic === topic).map(({ partition }) => partition)));
  const producer = await log.producer('connector');
  // One by one: the reader's turns mix topics as they will.
  for (const message of messagesOf(records)) await producer.commit([message], null);
  return log;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** What the outputs are for a state of the database. */
export function expectedOf({ accounts, entries }: State): Readonly<Record<string, string[]>> {
  const all = [...accounts.values()];
  return {
    accounts_now: sorted(all.map(({ id, balance, note, tier }) => ({ id, balance, note, tier: tier ?? null }))),
    entries_now: sorted([...entries.values()]),
    total: all.length === 0 ? [] : sorted([{ bank: 'all', balance: all.reduce((sum, { balance }) => sum + balance, 0) }]),
    booked: sorted([...entries.values()].flatMap(({ id, account, amount }) => (accounts.has(account) ? [{ entry: id, account, amount, balance: accounts.get(account)!.balance }] : []))),
  };
}

/** The outputs as they stand in their topics; `until`: after so many steps, as the journal has them. */
export function standingIn(log: MemoryLog, partitions = 1): Readonly<Record<string, string[]>> {
  return Object.fromEntries(outputs.map((topic) => {
    const rows = new Map<string, unknown>();
    for (let partition = 0; partition < partitions; partition += 1) {
      for (const { key, value } of log.records(topic, partition)) {
        if (value === null) rows.delete(key!.toString());
        else rows.set(key!.toString(), JSON.parse(value.toString()));
      }
    }
    return [topic, sorted([...rows.values()])];
  }));
}

export const stepsIn = (log: MemoryLog, { topics }: LaneSpec): Record<string, unknown>[] =>
  log.records(topics.journal, 0).filter(({ key }) => key?.toString() === 'step').map(({ value }) => JSON.parse(value!.toString()) as Record<string, unknown>);
