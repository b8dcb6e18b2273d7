/**
 * A seeded workload on a real database: orders, fills, transfers, positions and balances. Money moves between accounts and
 * shares between positions, so that their totals stay. After every commit it asks the database what a reader sees then.
 */
import type pg from 'pg';
import type { PostgresServer } from './postgres-server.js';

const schema = `
CREATE TYPE order_status AS ENUM ('NEW', 'FILLED', 'CANCELLED');
CREATE TABLE account_balances (account_id int PRIMARY KEY, currency char(3) NOT NULL DEFAULT 'USD', balance numeric(20, 4) NOT NULL, version bigint NOT NULL DEFAULT 0);
CREATE TABLE orders (
  order_id bigserial PRIMARY KEY, account_id int NOT NULL, symbol text NOT NULL, side char(1) NOT NULL, quantity bigint NOT NULL, filled_quantity bigint NOT NULL DEFAULT 0,
  limit_price numeric(18, 4), price double precision, status order_status NOT NULL DEFAULT 'NEW', tags text[], good_till date, notes text, placed_at timestamp(6) NOT NULL DEFAULT clock_timestamp());
CREATE TABLE transactions (id bigserial PRIMARY KEY, tx_ref uuid NOT NULL, account_id int NOT NULL, order_id bigint, amount numeric(20, 4) NOT NULL, kind text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE positions (account_id int, symbol text, quantity bigint NOT NULL, PRIMARY KEY (account_id, symbol));
INSERT INTO account_balances (account_id, balance) SELECT n, 10000 FROM generate_series(1, 10) n;
INSERT INTO positions SELECT account, symbol, 100 FROM generate_series(1, 10) account, unnest(ARRAY['AAPL', 'MSFT']) symbol;
INSERT INTO orders (account_id, symbol, side, quantity, limit_price, price, tags, good_till, notes)
SELECT 1 + n % 10, (ARRAY['AAPL', 'MSFT'])[1 + n % 2], (ARRAY['B', 'S'])[1 + n % 2], 100 + n, 150.07 + n, 150.07 + n, ARRAY['a', 'b,"c'], date '2024-03-01' + n,
  CASE WHEN n = 3 THEN (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i) END FROM generate_series(1, 12) n;`;

/** What stands after a commit, as a reader sees it. */
export interface CommittedState {
  readonly balances: string;
  readonly orders: string;
  readonly legs: string;
  readonly shares: string;
}

const observed = `SELECT
  (SELECT concat_ws(' ', count(*), sum(balance), sum(version)) FROM account_balances) AS balances,
  (SELECT concat_ws(' ', count(*), sum(filled_quantity)) FROM orders) AS orders,
  (SELECT concat_ws(' ', count(*), sum(amount)) FROM transactions) AS legs,
  (SELECT concat_ws(' ', count(*), sum(quantity)) FROM positions) AS shares`;

type Action = (client: pg.Client) => Promise<void>;

export class CdcWorkload {
  /** In the order of commits, beginning with what a first snapshot has. */
  readonly states: CommittedState[] = [];
  /** Of the transactions that wrote, in the order of commits. */
  readonly xids: string[] = [];
  #hasVenue = false;
  #references = 0;

  private constructor(private readonly sessions: readonly [pg.Client, pg.Client], private readonly observer: pg.Client, private readonly random: () => number) {}

  /** Makes tables and rows in an empty database. */
  static async start(server: PostgresServer, seed: number): Promise<CdcWorkload> {
    const [first, second, observer] = await Promise.all([server.connect(), server.connect(), server.connect()]);
    await observer.query(schema);
    const workload = new CdcWorkload([first, second], observer, randomFrom(seed));
    await workload.#observe();
    return workload;
  }

  get lastXid(): string {
    return this.xids.at(-1) ?? '';
  }

  async end(): Promise<void> {
    await Promise.all([...this.sessions, this.observer].map((client) => client.end()));
  }

  /** So many actions, most of them transactions. */
  async run(actions: number): Promise<void> {
    for (let left = actions; left > 0; left -= 1) await this.#act();
  }

  /** Schema change under way: later orders have a venue. */
  async addColumn(): Promise<void> {
    await this.sessions[0].query("ALTER TABLE orders ADD COLUMN venue text");
    this.#hasVenue = true;
  }

  /** One transaction of four changes a transfer, in two tables. */
  transfers(count: number): Promise<void> {
    return this.#transaction(this.sessions[0], async (client) => {
      for (let left = count; left > 0; left -= 1) await this.#transfer(client, 1, 10);
    });
  }

  async #act(): Promise<void> {
    const [first, second] = this.sessions;
    const dice = this.random();
    if (dice < 0.4) return this.#transaction(first, (client) => this.#trade(client));
    if (dice < 0.6) return this.#transaction(second, (client) => this.#transfer(client, 1, 10));
    if (dice < 0.68) return this.#rolledBack(first, (client) => this.#trade(client));
    if (dice < 0.76) return this.#transaction(first, async (client) => {
      await this.#transfer(client, 1, 10);
      await client.query('SAVEPOINT here');
      await this.#transfer(client, 1, 10);
      await client.query('ROLLBACK TO SAVEPOINT here');
    });
    if (dice < 0.86) return this.#interleaved();
    if (dice < 0.9) return this.#transaction(first, async (client) => void (await client.query('UPDATE orders SET order_id = order_id + 1000000 WHERE order_id = (SELECT min(order_id) FROM orders WHERE notes IS NULL)')));
    if (dice < 0.94) return this.#transaction(second, async (client) => void (await client.query('DELETE FROM orders WHERE order_id IN (SELECT order_id FROM orders ORDER BY order_id DESC LIMIT 2)')));
    if (dice < 0.97) return this.#transaction(second, async (client) => void (await client.query('UPDATE orders SET filled_quantity = filled_quantity + 1 WHERE notes IS NOT NULL')));
    return this.#transaction(first, async (client) => {
      await client.query("INSERT INTO positions VALUES (99, 'TMP', 5)");
      await client.query('UPDATE positions SET quantity = 7 WHERE account_id = 99');
      await client.query('DELETE FROM positions WHERE account_id = 99');
    });
  }

  async #transaction(client: pg.Client, act: Action): Promise<void> {
    await client.query('BEGIN');
    await act(client);
    await this.#commit(client);
  }

  async #rolledBack(client: pg.Client, act: Action): Promise<void> {
    await client.query('BEGIN');
    await act(client);
    await client.query('ROLLBACK');
  }

  async #commit(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ xid: string | null }>('SELECT pg_current_xact_id_if_assigned()::text AS xid');
    await client.query('COMMIT');
    if (rows[0]!.xid !== null) this.xids.push(rows[0]!.xid);
    await this.#observe();
  }

  /** Two transactions side by side, of accounts that differ: the one that begins first is committed last. */
  async #interleaved(): Promise<void> {
    const [first, second] = this.sessions;
    await first.query('BEGIN');
    await this.#transfer(first, 1, 5);
    await second.query('BEGIN');
    await this.#transfer(second, 6, 10);
    await this.#transfer(first, 1, 5);
    await this.#commit(second);
    await this.#commit(first);
  }

  async #observe(): Promise<void> {
    this.states.push((await this.observer.query<CommittedState & pg.QueryResultRow>(observed)).rows[0]!);
  }

  /** Two orders filled against each other: ten changes in four tables. */
  async #trade(client: pg.Client): Promise<void> {
    const [buyer, seller] = this.#pair(1, 10);
    const symbol = this.random() < 0.5 ? 'AAPL' : 'MSFT';
    const quantity = this.#between(1, 50), price = (this.#between(10_000, 20_000) / 100).toFixed(2), reference = this.#reference();
    for (const [account, side, sign] of [[buyer, 'B', -1], [seller, 'S', 1]] as const) {
      const venue = this.#hasVenue ? [", venue", ", 'XNYS'"] : ['', ''];
      const { rows } = await client.query<{ order_id: string }>(`INSERT INTO orders (account_id, symbol, side, quantity, limit_price, price, tags${venue[0]}) VALUES ($1, $2, $3, $4, $5, $6, $7${venue[1]}) RETURNING order_id`, [account, symbol, side, quantity, price, price, ['x']]);
      await client.query("UPDATE orders SET filled_quantity = quantity, status = 'FILLED' WHERE order_id = $1", [rows[0]!.order_id]);
      await client.query("INSERT INTO transactions (tx_ref, account_id, order_id, amount, kind) VALUES ($5, $1, $2, $3::numeric * $4, 'TRADE')", [account, rows[0]!.order_id, price, sign * quantity, reference]);
      await client.query('UPDATE account_balances SET balance = balance + $2::numeric * $3, version = version + 1 WHERE account_id = $1', [account, price, sign * quantity]);
      await client.query('UPDATE positions SET quantity = quantity + $3 WHERE account_id = $1 AND symbol = $2', [account, symbol, -sign * quantity]);
    }
  }

  async #transfer(client: pg.Client, low: number, high: number): Promise<void> {
    const [from, to] = this.#pair(low, high);
    const amount = (this.#between(1, 5000) / 100).toFixed(2), reference = this.#reference();
    for (const [account, sign] of [[from, -1], [to, 1]] as const) {
      await client.query("INSERT INTO transactions (tx_ref, account_id, amount, kind) VALUES ($4, $1, $2::numeric * $3, 'TRANSFER')", [account, amount, sign, reference]);
      await client.query('UPDATE account_balances SET balance = balance + $2::numeric * $3, version = version + 1 WHERE account_id = $1', [account, amount, sign]);
    }
  }

  /** Of the two legs of what is paid. */
  #reference(): string {
    this.#references += 1;
    return `00000000-0000-4000-8000-${this.#references.toString(16).padStart(12, '0')}`;
  }

  #pair(low: number, high: number): [number, number] {
    const first = this.#between(low, high);
    const second = this.#between(low, high - 1);
    return [first, second >= first ? second + 1 : second];
  }

  #between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }
}

/** Numbers in [0, 1) that a seed decides. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
