/** The SQL of the tests of captured tables: each as it stands, and what a reader sees after each commit. */
import type { CommittedState } from './cdc-workload.js';

export type CaptureFormat = 'debezium-json' | 'debezium-avro-confluent';

interface Captured {
  readonly columns: string;
  readonly key: string;
  /** As the workload asks the database. */
  readonly state: string;
}

const captured: Readonly<Record<string, Captured>> = {
  account_balances: { columns: 'account_id INT, balance DECIMAL(20, 4), version BIGINT', key: 'account_id', state: textOf('COUNT(*)', 'SUM(balance)', 'SUM(version)') },
  orders: {
    columns: 'order_id BIGINT, account_id INT NOT NULL, symbol STRING NOT NULL, side STRING, quantity BIGINT, filled_quantity BIGINT, limit_price DECIMAL(18, 4), price DOUBLE, status STRING NOT NULL, tags STRING, good_till DATE, notes STRING, placed_at TIMESTAMP(6), venue STRING',
    key: 'order_id', state: textOf('COUNT(*)', 'SUM(filled_quantity)'),
  },
  transactions: { columns: 'id BIGINT, tx_ref STRING NOT NULL, account_id INT NOT NULL, order_id BIGINT, amount DECIMAL(20, 4), kind STRING NOT NULL, created_at TIMESTAMP_LTZ(6)', key: 'id', state: textOf('COUNT(*)', 'SUM(amount)') },
  positions: { columns: 'account_id INT, symbol STRING, quantity BIGINT', key: 'account_id, symbol', state: textOf('COUNT(*)', 'SUM(quantity)') },
};

function textOf(...values: readonly string[]): string {
  return values.map((value) => `CAST(${value} AS STRING)`).join(" || ' ' || ");
}

/** Tables of the database by the outputs that hold them. */
export const heldTables: ReadonlyMap<string, string> = new Map(Object.keys(captured).map((table) => [`${table}_now`, `public.${table}`]));

/** What `CommittedState` calls the state of a table. */
const stateNames = { balances: 'account_balances', orders: 'orders', legs: 'transactions', shares: 'positions' } as const satisfies Record<keyof CommittedState, string>;

export const stateTopics = (prefix: string): [keyof CommittedState, string][] => (Object.entries(stateNames) as [keyof CommittedState, string][]).map(([name, table]) => [name, `${prefix}.state.${table}`]);

/** All topics: those that the connector writes and those of the outputs. */
export function topicsOf(prefix: string): string[] {
  return [`${prefix}.transaction`, `${prefix}.violations`, ...Object.keys(captured).flatMap((table) => [`${prefix}.${table}`, `${prefix}.now.${table}`, `${prefix}.state.${table}`])];
}

/** `prefix`: of all topics. */
export function captureSql(prefix: string, format: CaptureFormat, registry: string): string {
  const url = format === 'debezium-json' ? '' : `, '${format}.url' = '${registry}'`;
  const upserts = (topic: string): string => `WITH ('connector' = 'upsert-kafka', 'topic' = '${prefix}.${topic}', 'key.format' = 'json', 'value.format' = 'json');`;
  const statements = Object.entries(captured).flatMap(([table, { columns, key, state }]) => [
    `CREATE TABLE ${table} (${columns}, PRIMARY KEY (${key}) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = '${prefix}.${table}', 'scan.startup.mode' = 'earliest-offset', 'format' = '${format}'${url});`,
    `CREATE TABLE ${table}_now (${columns}, PRIMARY KEY (${key}) NOT ENFORCED) ${upserts(`now.${table}`)}`,
    `CREATE TABLE ${table}_state (name STRING, state STRING, PRIMARY KEY (name) NOT ENFORCED) ${upserts(`state.${table}`)}`,
    `INSERT INTO ${table}_now SELECT * FROM ${table};`,
    `INSERT INTO ${table}_state SELECT name, ${state} FROM (SELECT 'all' AS name, * FROM ${table}) GROUP BY name;`,
  ]);
  return [
    `SET 'cdc.transaction.topic' = '${prefix}.transaction';`, ...statements,
    // Never a row, not even for a moment: every payment has two legs that add up to nothing.
    `CREATE TABLE violations (tx_ref STRING, legs BIGINT, amount DECIMAL(38, 4), PRIMARY KEY (tx_ref) NOT ENFORCED) ${upserts('violations')}`,
    'INSERT INTO violations SELECT tx_ref, COUNT(*), SUM(amount) FROM transactions GROUP BY tx_ref HAVING COUNT(*) <> 2 OR SUM(amount) <> 0;',
  ].join('\n');
}

/** One after another, where it was not the same as before. A table without rows has none: it is no group. */
export function distinctStates(states: readonly CommittedState[], name: keyof CommittedState): string[] {
  return states.map((state) => state[name]).filter((state) => state !== '0').filter((state, index, all) => index === 0 || state !== all[index - 1]);
}
