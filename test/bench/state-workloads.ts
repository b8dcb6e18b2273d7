/** What keeps a state of many keys, by name. */
import { UPSERT } from '../../src/core/change.js';

/** Keyed state as pipelines keep it, by how many keys there are. */
export interface StateWorkload {
  readonly sql: string;
  /** The table whose rows make the state. */
  readonly table: string;
  /** Its columns by name: what key `id` has the `round`th time. What is not named is 0, or NULL for texts. */
  readonly columns: Readonly<Record<string, (id: number, round: number) => number | string>>;
  /** Rows of the other table, which move the watermark, after each round. */
  readonly other?: { readonly table: string; readonly columns: Readonly<Record<string, (id: number, round: number) => number | string>> };
}

const currencies = ['USD', 'EUR', 'GBP', 'JPY'];
const account = (id: number): string => `account-${id}`;
const owner = (id: number): string => `owner ${id}`;
const currency = (id: number): string => currencies[id % currencies.length]!;
const cents = (id: number, round: number): number => id * 7 + round;
const began = Date.parse('2026-03-02T00:00:00Z');
const at = (_: number, round: number): number => began + round * 60_000;

export const stateWorkloads: Readonly<Record<string, StateWorkload>> = {
  'captured table': {
    sql: `
      CREATE TABLE account_balances (account_id BIGINT, owner STRING, currency STRING, balance DECIMAL(18, 2), updated_at BIGINT, PRIMARY KEY (account_id) NOT ENFORCED)
        WITH ('connector' = 'kafka', 'topic' = 'account_balances', 'format' = 'debezium-json');
      CREATE TABLE totals (currency STRING, accounts BIGINT, balance DECIMAL(38, 2), newest BIGINT, PRIMARY KEY (currency) NOT ENFORCED) WITH ('connector' = 'print');
      INSERT INTO totals SELECT currency, COUNT(owner), SUM(balance), SUM(updated_at) FROM account_balances GROUP BY currency;`,
    table: 'account_balances',
    columns: { account_id: (id) => id, owner, currency, balance: cents, updated_at: at, $change: () => UPSERT },
  },
  groups: {
    sql: `
      CREATE TABLE fills (account STRING, amount DOUBLE, quantity BIGINT) WITH ('connector' = 'kafka', 'topic' = 'fills', 'format' = 'json');
      CREATE TABLE totals (account STRING, fills BIGINT, amount DOUBLE, quantity BIGINT, PRIMARY KEY (account) NOT ENFORCED) WITH ('connector' = 'print');
      INSERT INTO totals SELECT account, COUNT(*), SUM(amount), SUM(quantity) FROM fills GROUP BY account;`,
    table: 'fills',
    columns: { account, amount: (id, round) => id / 8 + round, quantity: (id) => id % 1000 },
  },
  'versioned table': {
    sql: `
      CREATE TABLE fills (account STRING, amount DOUBLE, filled_at TIMESTAMP(3), WATERMARK FOR filled_at AS filled_at) WITH ('connector' = 'kafka', 'topic' = 'fills', 'format' = 'json');
      CREATE TABLE accounts (account STRING, owner STRING, currency STRING, known_at TIMESTAMP(3), WATERMARK FOR known_at AS known_at, PRIMARY KEY (account) NOT ENFORCED)
        WITH ('connector' = 'upsert-kafka', 'topic' = 'accounts', 'key.format' = 'json', 'value.format' = 'json');
      CREATE TABLE known (account STRING, amount DOUBLE, owner STRING, currency STRING) WITH ('connector' = 'print');
      INSERT INTO known SELECT f.account, f.amount, a.owner, a.currency FROM fills AS f JOIN accounts FOR SYSTEM_TIME AS OF f.filled_at AS a ON f.account = a.account;`,
    table: 'accounts',
    columns: { account, owner: (id, round) => `${owner(id)}, ${round}`, currency, known_at: at },
    other: { table: 'fills', columns: { account, amount: (id) => id / 8, filled_at: at } },
  },
  'top rows': {
    sql: `
      CREATE TABLE fills (account STRING, amount DOUBLE, quantity BIGINT) WITH ('connector' = 'kafka', 'topic' = 'fills', 'format' = 'json');
      CREATE TABLE largest (account STRING, amount DOUBLE, quantity BIGINT) WITH ('connector' = 'print');
      INSERT INTO largest SELECT account, amount, quantity FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY account ORDER BY amount DESC) AS n FROM fills) WHERE n <= 3;`,
    table: 'fills',
    columns: { account, amount: (id, round) => id / 8 + round, quantity: (id) => id % 1000 },
  },
  join: {
    sql: `
      CREATE TABLE account_balances (account_id BIGINT, owner STRING, currency STRING, balance DECIMAL(18, 2), PRIMARY KEY (account_id) NOT ENFORCED)
        WITH ('connector' = 'kafka', 'topic' = 'account_balances', 'format' = 'debezium-json');
      CREATE TABLE limits (account_id BIGINT, most DECIMAL(18, 2), PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'limits', 'format' = 'debezium-json');
      CREATE TABLE limited (account_id BIGINT, owner STRING, currency STRING, balance DECIMAL(18, 2), most DECIMAL(18, 2), PRIMARY KEY (account_id) NOT ENFORCED) WITH ('connector' = 'print');
      INSERT INTO limited SELECT b.account_id, b.owner, b.currency, b.balance, l.most FROM account_balances AS b JOIN limits AS l ON b.account_id = l.account_id;`,
    table: 'account_balances',
    columns: { account_id: (id) => id, owner, currency, balance: cents, $change: () => UPSERT },
    other: { table: 'limits', columns: { account_id: (id) => id, most: cents, $change: () => UPSERT } },
  },
};
