/** What Debezium 3.7 writes of a database's log: records of its topics, a line each, in the order in which it writes them. */

export type Table = 'orders' | 'positions' | 'transactions' | 'account_balances';

/** A row written by a session; images are JSON as text, null where there is none. */
export interface Write {
  readonly table: Table;
  readonly op: 'c' | 'u' | 'd';
  readonly lsn: number;
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
  /** The other key of a change of keys, as a header. */
  readonly header: readonly [name: string, key: string] | null;
}

interface Sent {
  readonly topic: string;
  readonly millis: number;
  readonly key: string;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

/** Of what was sent last a connector that is started again sends as much once more. */
const BACK = 25;
/** A restart takes that long. */
const RESTART_MILLIS = 20_000;
const server = 'dbz';

export class Connector {
  /** Lines since the last `take`. */
  #lines: string[] = [];
  #written = 0;
  readonly #offsets = new Map<string, number>();
  readonly #recent: Sent[] = [];
  /** A snapshot that is broken off would begin anew: the connector is not killed while it makes one. */
  #makesSnapshot = false;
  #run = 1;
  #commitBefore: number | null = null;
  #millis = 0;

  /** After as many lines as each of `restarts` says it is killed, and started again. */
  constructor(private readonly restarts: readonly number[]) {}

  get written(): number {
    return this.#written;
  }

  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /** All rows of all tables as they stood at `lsn`. */
  snapshot(tables: readonly { readonly table: Table; readonly rows: readonly { readonly key: string; readonly text: string }[] }[], xid: number, lsn: number, micros: number): void {
    const last = tables.length - 1;
    this.#makesSnapshot = true;
    for (const [at, { table, rows }] of tables.entries()) {
      for (const [index, { key, text }] of rows.entries()) {
        const ends = index === rows.length - 1, begins = index === 0;
        const marker = ends ? (at === last ? 'last' : 'last_in_data_collection') : begins ? (at === 0 ? 'first' : 'first_in_data_collection') : 'true';
        this.#change(table, key, 'r', null, text, { xid, lsn, micros, marker, transaction: 'null' }, []);
      }
    }
    this.#makesSnapshot = false;
    // What is sent again begins with the log.
    this.#recent.length = 0;
  }

  /** A transaction that was committed at `lsn`. */
  transaction(xid: number, writes: readonly Write[], lsn: number, micros: number): void {
    const millis = Math.floor(micros / 1000);
    const status = (name: 'BEGIN' | 'END', at: number, count: string, collections: string): void => {
      const id = `${xid}:${at}`;
      this.#send({ topic: `${server}.transaction`, millis: this.#later(millis), key: `{"id":"${id}"}`, value: `{"status":"${name}","id":"${id}","event_count":${count},"data_collections":${collections},"ts_ms":${millis}}`, headers: [] });
    };
    status('BEGIN', writes[0]!.lsn, 'null', 'null');
    const counts = new Map<Table, number>();
    for (const [index, write] of writes.entries()) {
      const count = (counts.get(write.table) ?? 0) + 1;
      counts.set(write.table, count);
      const headers = write.header === null ? [] : [write.header];
      const transaction = `{"id":"${xid}:${write.lsn}","total_order":${index + 1},"data_collection_order":${count}}`;
      this.#change(write.table, write.key, write.op, write.before, write.after, { xid, lsn: write.lsn, micros, marker: 'false', transaction }, headers);
      if (write.op === 'd') this.#send({ topic: topicOf(write.table), millis: this.#later(millis), key: write.key, value: null, headers: this.#headers(headers) });
    }
    status('END', lsn, String(writes.length), `[${[...counts].map(([table, count]) => `{"data_collection":"public.${table}","event_count":${count}}`).join()}]`);
    this.#commitBefore = lsn;
  }

  heartbeat(millis: number): void {
    this.#send({ topic: `__debezium-heartbeat.${server}`, millis: this.#later(millis), key: `{"serverName":"${server}"}`, value: `{"ts_ms":${millis}}`, headers: [] });
  }

  #change(table: Table, key: string, op: string, before: string | null, after: string | null, of: { xid: number; lsn: number; micros: number; marker: string; transaction: string }, headers: Sent['headers']): void {
    const { xid, lsn, micros, marker, transaction } = of;
    const seen = this.#later(Math.floor(micros / 1000));
    const sequence = JSON.stringify(`[${this.#commitBefore === null ? 'null' : `"${this.#commitBefore}"`},"${lsn}"]`);
    const source =
      `{"version":"3.7.0.Final","connector":"postgresql","name":"${server}","ts_ms":${Math.floor(micros / 1000)},"snapshot":"${marker}","db":"ledger","sequence":${sequence},` +
      `"ts_us":${micros},"ts_ns":${micros}000,"schema":"public","table":"${table}","txId":${xid},"lsn":${lsn},"xmin":null,"origin":null,"origin_lsn":null}`;
    const value = `{"before":${before},"after":${after},"source":${source},"transaction":${transaction},"op":"${op}","ts_ms":${seen},"ts_us":${seen}000,"ts_ns":${seen}000000}`;
    this.#send({ topic: topicOf(table), millis: seen, key, value, headers: this.#headers(headers) });
  }

  /** When the connector has seen what was committed then: some 60 ms later, and never before what it saw last. */
  #later(millis: number): number {
    this.#millis = Math.max(this.#millis, millis + 60);
    return this.#millis;
  }

  #headers(own: Sent['headers']): Sent['headers'] {
    return [...own, ['__debezium.context.connectorLogicalName', server], ['__debezium.context.taskId', '0'], ['__debezium.context.connectorName', 'postgresql']];
  }

  #send(sent: Sent): void {
    this.#write(sent);
    this.#recent.push(sent);
    if (this.#recent.length > BACK) this.#recent.shift();
    if (this.#makesSnapshot || this.#written < (this.restarts[this.#run - 1] ?? Infinity)) return;
    this.#run += 1;
    this.#millis += RESTART_MILLIS;
    for (const again of this.#recent) this.#write({ ...again, millis: this.#millis });
  }

  #write({ topic, millis, key, value, headers }: Sent): void {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    this.#written += 1;
    const run: Sent['headers'] = headers.length === 0 ? [] : [['__debezium.context.runId', `019cad${String(this.#run).padStart(2, '0')}-0000-7000-8000-000000000000`]];
    const named = [...headers, ...run].map(([name, text]) => `"${name}":${JSON.stringify(text)}`);
    this.#lines.push(`{"topic":"${topic}","partition":0,"offset":"${offset}","timestamp":"${millis}","key":${JSON.stringify(key)},"value":${value === null ? 'null' : JSON.stringify(value)},"headers":{${named.join()}}}`);
  }
}

const topicOf = (table: Table): string => `${server}.cdc.${table}`;
