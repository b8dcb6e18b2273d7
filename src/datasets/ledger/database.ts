/** The ledger itself: what its sessions write, and what is committed. Only that reaches the connector. */
import { Random } from '../market/random.js';
import type { Connector, Table, Write } from './connector.js';
import { accountKey, accountText, legKey, legText, orderFiller, orderKey, orderText, positionKey, positionText, type Account, type Leg, type Order, type Position } from './row.js';
import { ledgerSymbols, type Print } from './tape.js';

export const ACCOUNTS = 16;
/** Of each account at the start: 250,000 dollars, and 500 shares of each symbol. */
export const BALANCE = 2_500_000_000;
export const SHARES = 500;

export interface Session {
  readonly xid: number;
  readonly writes: Write[];
}

/** What a session is about to do, a row at a time, so that others may come in between. */
export type Statements = (() => void)[];

/** Statements take effect at once: what runs side by side must be of different rows, as locks would have it. */
export class Database {
  /** Microseconds since 1970. */
  clock: number;
  /** Whether orders have the column that is added in the course of the day. */
  hasVenue = false;
  readonly #random: Random;
  readonly #accounts: readonly Account[];
  readonly #positions = new Map<string, Position>();
  /** That neither were filled nor deleted. */
  readonly orders: Order[] = [];
  #xid = 749;
  #lsn = 26_793_664;
  #order = 0;
  #leg = 0;

  constructor(seed: number, clock: number, prints: readonly Print[], private readonly connector: Connector) {
    this.#random = new Random(seed, 7001);
    this.clock = clock;
    this.#accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({ id: index + 1, balance: BALANCE, version: 0, updatedAt: this.#tick() }));
    const opening = new Map(prints.toReversed().map(({ symbol, price }) => [symbol, price]));
    for (const { id } of this.#accounts) {
      for (const symbol of ledgerSymbols) this.#positions.set(`${id} ${symbol}`, { account: id, symbol, quantity: SHARES, price: opening.get(symbol) ?? 10_000, updatedAt: this.#tick() });
    }
    for (const symbol of ledgerSymbols) this.orders.push(this.#newOrder(1 + this.#random.below(ACCOUNTS), symbol, 'B', 100, (opening.get(symbol) ?? 10_000) - 500));
  }

  /** Tells the connector all rows as they stand. */
  snapshot(): void {
    const rowsOf = <Row>(rows: Iterable<Row>, key: (row: Row) => string, text: (row: Row) => string) => [...rows].map((row) => ({ key: key(row), text: text(row) }));
    this.connector.snapshot([
      { table: 'orders', rows: rowsOf(this.orders, orderKey, (order) => orderText(order, true, this.hasVenue)) },
      { table: 'positions', rows: rowsOf(this.#positions.values(), positionKey, positionText) },
      { table: 'account_balances', rows: rowsOf(this.#accounts, accountKey, accountText) },
    ], this.#xid, this.#lsn, this.#tick());
  }

  begin(): Session {
    return { xid: (this.#xid += 1), writes: [] };
  }

  commit({ xid, writes }: Session): void {
    this.#lsn += 48;
    if (writes.length > 0) this.connector.transaction(xid, writes, this.#lsn, this.#tick());
    this.#lsn += 8;
  }

  /** A session that leaves nothing but a hole in the numbers that it drew. */
  rollBack(): void {
    this.begin();
    this.#order += 2;
    this.#leg += 2;
    this.#lsn += 2048 + 8 * this.#random.below(200);
  }

  /** Two orders filled against each other: ten changes over four tables, two legs that add up to nothing. */
  fill(session: Session, buyer: number, seller: number, { symbol, price, volume }: Print): Statements {
    const quantity = Math.min(volume, 1000);
    const reference = this.#uuid();
    const orders: Order[] = [];
    const sides = [[buyer, 'B', 1], [seller, 'S', -1]] as const;
    return [
      ...sides.map(([account, side]) => () => {
        const order = this.#newOrder(account, symbol, side, quantity, price);
        orders.push(order);
        this.#write(session, 'orders', 'c', orderKey(order), null, orderText(order, true, this.hasVenue));
      }),
      ...sides.map((_, index) => () => {
        const order = Object.assign(orders[index]!, { filled: quantity, status: 'FILLED', updatedAt: this.#tick() });
        this.#write(session, 'orders', 'u', orderKey(order), null, orderText(order, false, this.hasVenue));
      }),
      ...sides.flatMap(([account, , sign], index) => [
        () => this.#book(session, reference, account, orders[index]!.id, -sign * quantity * price * 100, 'TRADE'),
        () => this.#pay(session, account, -sign * quantity * price * 100),
        () => this.#hold(session, account, symbol, sign * quantity, price),
      ]),
    ];
  }

  transfer(session: Session, from: number, to: number, amount: number): Statements {
    const reference = this.#uuid();
    return ([[from, -amount], [to, amount]] as const).flatMap(([account, signed]) => [
      () => this.#book(session, reference, account, null, signed, 'TRANSFER'),
      () => this.#pay(session, account, signed),
    ]);
  }

  place(session: Session, account: number, { symbol, price }: Print): void {
    const order = this.#newOrder(account, symbol, this.#random.below(2) === 0 ? 'B' : 'S', 100 * (1 + this.#random.below(5)), price);
    this.orders.push(order);
    this.#write(session, 'orders', 'c', orderKey(order), null, orderText(order, true, this.hasVenue));
  }

  cancel(session: Session, order: Order): void {
    Object.assign(order, { status: 'CANCELLED', updatedAt: this.#tick() });
    this.#write(session, 'orders', 'u', orderKey(order), null, orderText(order, false, this.hasVenue));
  }

  /** Deletes what was cancelled. */
  purge(session: Session): void {
    for (const order of this.orders.filter(({ status }) => status === 'CANCELLED')) {
      this.#write(session, 'orders', 'd', orderKey(order), orderFiller(order, this.hasVenue), null);
      this.orders.splice(this.orders.indexOf(order), 1);
    }
  }

  /** A change of the key: the log has a delete and a create, each with the other's key. */
  renumber(session: Session, order: Order): void {
    const [old, key] = [orderKey(order), orderKey({ id: order.id + 40_000_000 })];
    const lsn = (this.#lsn += 160);
    session.writes.push({ table: 'orders', op: 'd', lsn, key: old, before: orderFiller(order, this.hasVenue), after: null, header: ['__debezium.newkey', key] });
    order.id += 40_000_000;
    session.writes.push({ table: 'orders', op: 'c', lsn, key, before: null, after: orderText(order, true, this.hasVenue), header: ['__debezium.oldkey', old] });
  }

  #book(session: Session, reference: string, account: number, order: number | null, amount: number, kind: Leg['kind']): void {
    const leg: Leg = { id: (this.#leg += 1), reference, account, order, amount, kind, createdAt: this.#tick() };
    this.#write(session, 'transactions', 'c', legKey(leg), null, legText(leg));
  }

  #pay(session: Session, id: number, amount: number): void {
    const account = this.#accounts[id - 1]!;
    const before = accountText(account);
    Object.assign(account, { balance: account.balance + amount, version: account.version + 1, updatedAt: this.#tick() });
    this.#write(session, 'account_balances', 'u', accountKey(account), before, accountText(account));
  }

  /** A position that is closed is deleted. */
  #hold(session: Session, account: number, symbol: string, change: number, price: number): void {
    const name = `${account} ${symbol}`;
    const held = this.#positions.get(name);
    const position: Position = { account, symbol, quantity: (held?.quantity ?? 0) + change, price, updatedAt: this.#tick() };
    const before = held === undefined ? null : positionText(held);
    const key = positionKey(position);
    if (position.quantity === 0) {
      this.#positions.delete(name);
      this.#write(session, 'positions', 'd', key, before, null);
    } else {
      this.#positions.set(name, position);
      this.#write(session, 'positions', held === undefined ? 'c' : 'u', key, before, positionText(position));
    }
  }

  #write({ writes }: Session, table: Table, op: Write['op'], key: string, before: string | null, after: string | null): void {
    this.#lsn += 96 + 8 * this.#random.below(40);
    writes.push({ table, op, lsn: this.#lsn, key, before, after, header: null });
  }

  #newOrder(account: number, symbol: string, side: Order['side'], quantity: number, price: number): Order {
    const at = this.#tick();
    const notes = this.#random.below(16) === 0 ? `as agreed ${this.#uuid()} `.repeat(60) : null;
    const venue = this.hasVenue ? (this.#random.below(2) === 0 ? 'XNAS' : 'XNYS') : null;
    return { id: (this.#order += 1), reference: this.#uuid(), account, symbol, side, quantity, filled: 0, price, status: 'NEW', notes, venue, placedAt: at, updatedAt: at };
  }

  /** Statements take some 100 µs. */
  #tick(): number {
    return (this.clock += 40 + this.#random.below(160));
  }

  #uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.#random.next().toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
