/**
 * A day of a brokerage's ledger in PostgreSQL as Debezium tells it: a snapshot, then transactions over orders, transactions,
 * positions and balances, with the topic of transactions. Pure: the same seed and number of rows give the same bytes everywhere.
 */
import { assert } from '../../core/errors.js';
import { sqlType, type Schema } from '../../core/types.js';
import { Random } from '../market/random.js';
import { SESSION_OPEN } from '../market/us-equities.js';
import { Connector } from './connector.js';
import { ACCOUNTS, Database, type Session, type Statements } from './database.js';
import { ledgerPrints, type Print } from './tape.js';

/** A line: a record of a topic. `headers` is an object, which is told as its JSON. */
export const captureSchema: Schema = [
  { name: 'topic', type: sqlType('STRING', false) },
  { name: 'partition', type: sqlType('BIGINT', false) },
  { name: 'offset', type: sqlType('BIGINT', false) },
  { name: 'timestamp', type: sqlType('BIGINT', false) },
  { name: 'key', type: sqlType('STRING', false) },
  { name: 'value', type: sqlType('STRING') },
];

export const LEDGER_ROWS_MAX = 20_000_000;

/** More records than a step of the workload gives, with what a connector that is started again sends once more. */
const STEP_ROWS = 100;
/** The snapshot is taken five and a half hours before the session, when the day of the tape begins. */
const SNAPSHOT_MICROS = (SESSION_OPEN - 5.5 * 3_600_000 - 60_000) * 1000;
/** Until the last transaction all went well; then there are heartbeats. */
const HEARTBEAT_MILLIS = 10_000;

/** The lines in the order in which the connector wrote them, without their ends. Fewer than the snapshot has are its first. */
export function* generateLedger({ seed, rows }: { readonly seed: number; readonly rows: number }): Generator<string, void, undefined> {
  assert(Number.isInteger(rows) && rows >= 1 && rows <= LEDGER_ROWS_MAX, 'a ledger has a number of rows');
  const prints = ledgerPrints(seed);
  const connector = new Connector([Math.floor(rows / 3), Math.floor((2 * rows) / 3)]);
  const database = new Database(seed, SNAPSHOT_MICROS, prints, connector);
  const workload = new Workload(seed, database);
  let left = rows;
  const taken = (): readonly string[] => {
    const lines = connector.take().slice(0, left);
    left -= lines.length;
    return lines;
  };
  database.snapshot();
  yield* taken();
  while (left > STEP_ROWS) {
    database.hasVenue = left < rows / 2;
    const print = prints[Math.floor(((rows - left) / rows) * prints.length)]!;
    // A trade is booked some milliseconds after it was made.
    database.clock = Math.max(database.clock, (print.time + 5) * 1000);
    workload.step(print);
    yield* taken();
  }
  for (let millis = Math.floor(database.clock / 1000); left > 0;) {
    connector.heartbeat((millis += HEARTBEAT_MILLIS));
    yield* taken();
  }
}

class Workload {
  readonly #random: Random;

  constructor(seed: number, private readonly database: Database) {
    this.#random = new Random(seed, 7002);
  }

  /** One transaction, or what stands beside those. */
  step(print: Print): void {
    const { database } = this;
    const draw = this.#random.below(100);
    const order = database.orders[this.#random.below(Math.max(1, database.orders.length))];
    if (draw < 70) this.#alone((session) => this.#fill(session, print));
    else if (draw < 80) this.#alone((session) => this.#transfer(session));
    else if (draw < 86) this.#sideBySide(print);
    else if (draw < 90) database.rollBack();
    else if (draw < 95 || order === undefined) this.#alone((session) => [() => database.place(session, 1 + this.#random.below(ACCOUNTS), print)]);
    else if (draw < 98) this.#alone((session) => (order.status === 'NEW' ? [() => database.cancel(session, order)] : []));
    else if (draw < 99) this.#alone((session) => [() => database.purge(session)]);
    else this.#alone((session) => [() => database.renumber(session, order)]);
  }

  #alone(statementsOf: (session: Session) => Statements): void {
    const session = this.database.begin();
    for (const statement of statementsOf(session)) statement();
    this.database.commit(session);
  }

  /** Statement by statement; what began second is committed first. */
  #sideBySide(print: Print): void {
    const [first, second] = [this.database.begin(), this.database.begin()];
    const [buyer, seller, from, to] = this.#accounts(4);
    const one = this.database.fill(first, buyer!, seller!, print), other = this.database.transfer(second, from!, to!, this.#amount());
    for (let at = 0; at < one.length; at += 1) {
      one[at]!();
      other[at]?.();
      if (at === other.length) this.database.commit(second);
    }
    this.database.commit(first);
  }

  #fill(session: Session, print: Print): Statements {
    const [buyer, seller] = this.#accounts(2);
    return this.database.fill(session, buyer!, seller!, print);
  }

  #transfer(session: Session): Statements {
    const [from, to] = this.#accounts(2);
    return this.database.transfer(session, from!, to!, this.#amount());
  }

  /** Up to 2,000 dollars. */
  #amount(): number {
    return 100 * (1 + this.#random.below(200_000));
  }

  #accounts(count: number): readonly number[] {
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(1 + this.#random.below(ACCOUNTS));
    return [...chosen];
  }
}
