/**
 * A small transactional store and the connector that captures it: sessions side by side, rollbacks, key changes, columns
 * added, values left out as unchanged, filler under the default replica identity. What it says is shaped as Debezium
 * 3.7 says it of PostgreSQL: commits in order, each change naming the commit before its transaction.
 */
import fc from 'fast-check';

export interface Account {
  readonly id: number;
  readonly balance: number;
  /** Large: an update that does not touch it leaves it out. */
  readonly note: string | null;
  /** Added later: undefined in rows that were not written since. */
  readonly tier?: string;
}

export interface Entry {
  readonly id: number;
  readonly account: number;
  readonly amount: number;
}

export interface State {
  readonly accounts: ReadonlyMap<number, Account>;
  readonly entries: ReadonlyMap<number, Entry>;
}

/** A record as recorders write it. */
export interface ModelRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Commit {
  /** Null: a snapshot. */
  readonly xid: string | null;
  readonly lsn: number;
  readonly time: number;
  /** Changes, by table. */
  readonly counts: Readonly<Record<string, number>>;
  /** What the database held then. */
  readonly state: State;
}

export interface Recording {
  /** In the order in which the connector wrote them. */
  readonly records: readonly ModelRecord[];
  readonly commits: readonly Commit[];
}

/** One thing that a session does; what it comes to depends on what is there. */
export interface Command {
  readonly session: number;
  readonly what: 'transfer' | 'touch' | 'note' | 'rename' | 'remove' | 'flash' | 'truncate' | 'alter' | 'commit' | 'rollback'
    /** What the connector does: it forgets where it was and makes a new snapshot; it makes one of a table that was asked for. */
    | 'resnapshot' | 'reread'
    /** It reads some rows of a table once more, in between changes, as a signal has asked it to. */
    | 'chunk'
    /** A message that a client writes into the log; a transaction that touches nothing that is captured. */
    | 'message' | 'elsewhere';
  readonly a: number;
  readonly b: number;
}

const whats = ['transfer', 'transfer', 'transfer', 'touch', 'note', 'rename', 'remove', 'flash', 'truncate', 'alter', 'commit', 'commit', 'commit', 'rollback'] as const;

/** `more`: what else happens, each as often as a transfer does by a third. */
export const commands = (least = 0, most = 40, more: readonly Command['what'][] = []): fc.Arbitrary<readonly Command[]> =>
  fc.array(fc.record({ session: fc.nat(2), what: fc.constantFrom(...whats, ...more), a: fc.nat(20), b: fc.nat(20) }), { minLength: least, maxLength: most, size: 'max' });

const unavailable = '__debezium_unavailable_value';
const first = 1_700_000_000_000;

type Table = 'accounts' | 'entries';
type Row = Account | Entry;

interface Write {
  readonly table: Table;
  readonly op: 'c' | 'u' | 'd' | 't';
  readonly lsn: number;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly headers: Readonly<Record<string, string>>;
}

class Session {
  writes: Write[] = [];
  readonly locks = new Set<string>();
  /** What it sees of its own: null where it removed a row. */
  readonly own = { accounts: new Map<number, Account | null>(), entries: new Map<number, Entry | null>() };
  xid = '';
}

class Store {
  readonly committed = { accounts: new Map<number, Account>(), entries: new Map<number, Entry>() };
  readonly records: ModelRecord[] = [];
  readonly commits: Commit[] = [];
  run = 'run-1';
  readonly #sessions: (Session | null)[] = [null, null, null];
  readonly #offsets = new Map<string, number>();
  #lsn = 1000;
  #xid = 700;
  #time = first;
  #entry = 0;
  #isAltered = false;
  /** The one before what is written next; as the connector has it. */
  #lastCommit: number | null = null;

  constructor(accounts: number) {
    for (let id = 1; id <= accounts; id += 1) this.committed.accounts.set(id, { id, balance: 1000, note: id % 2 === 0 ? `note ${id}` : null });
    this.#snapshot();
  }

  #snapshot(tables: readonly Table[] = ['accounts', 'entries']): void {
    const rows = tables.flatMap((table) => [...this.committed[table].values()].map((row, index, { length }) => ({ table, row, isFirst: index === 0, isLast: index === length - 1 })));
    rows.forEach(({ table, row, isFirst, isLast }, index) => {
      const marker = index === rows.length - 1 ? 'last' : index === 0 ? 'first' : isLast ? 'last_in_data_collection' : isFirst ? 'first_in_data_collection' : 'true';
      this.#emit(`db.cdc.${table}`, { id: row.id }, this.#envelope({ table, op: 'r', lsn: this.#lsn, before: null, after: row, headers: {} }, null, marker), {});
    });
    const counts = Object.fromEntries(tables.map((table) => [table, this.committed[table].size]));
    this.commits.push({ xid: null, lsn: this.#lsn, time: this.#time, counts, state: this.#state() });
  }

  /** The slot is made anew: what was committed since the last change that was read is known by its result only. */
  #resnapshot(lost: number): void {
    const before = this.records.length, commits = this.commits.length;
    for (const session of this.#sessions.keys()) this.#close(session, (session + lost) % 3 > 0);
    // A table without rows would not be told at all.
    if (this.committed.entries.size === 0) return;
    for (const { topic } of this.records.splice(before)) this.#offsets.set(topic, this.#offsets.get(topic)! - 1);
    this.commits.splice(commits);
    this.#lsn += 800;
    this.#time += 30;
    this.#lastCommit = null;
    this.run = `run-${Number(this.run.slice(4)) + 1}`;
    this.#snapshot();
  }

  /** One that was asked for: changes go on where they were. */
  #reread(): void {
    if (this.#lastCommit === null) return;
    this.#lsn += 8;
    this.#snapshot(['accounts']);
  }

  /** Of an incremental snapshot. The rows are what is committed: those that changed while it read them it leaves out. By a signal in a table that nobody reads, or without. */
  #chunk(from: number, length: number): void {
    const isSignalled = length % 2 === 0, xid = String(isSignalled ? (this.#xid += 1) : 0), first = (this.#lsn += 8);
    if (isSignalled) this.#emit('db.transaction', { id: `${xid}:${first}` }, { status: 'BEGIN', id: `${xid}:${first}`, event_count: null, data_collections: null, ts_ms: this.#time }, {});
    const table = from % 3 === 0 ? 'entries' : 'accounts';
    const rows = [...(this.committed[table] as Map<number, Row>).values()];
    for (const row of rows.slice(from % (rows.length + 1)).slice(0, 1 + length)) this.#emit(`db.cdc.${table}`, { id: row.id }, this.#envelope({ table, op: 'r', lsn: first, before: null, after: row, headers: {} }, null, 'incremental'), {});
    if (!isSignalled) return;
    const commit = (this.#lsn += 8);
    this.#emit('db.transaction', { id: `${xid}:${commit}` }, { status: 'END', id: `${xid}:${commit}`, event_count: 1, data_collections: [{ data_collection: 'public.signals', event_count: 1 }], ts_ms: this.#time }, {});
    this.#lastCommit = commit;
  }

  #message(): void {
    this.#lsn += 8;
    this.#lastCommit = this.#lsn;
    const source = { connector: 'postgresql', name: 'db', ts_ms: this.#time, snapshot: 'false', db: 'bank', sequence: JSON.stringify([String(this.#lsn), String(this.#lsn)]), schema: '', table: '', lsn: this.#lsn };
    this.#emit('db.message', { prefix: 'beat' }, { op: 'm', ts_ms: this.#time, source, message: { prefix: 'beat', content: '' }, transaction: null }, {});
  }

  /** Of a table that is captured, and read by nobody. */
  #elsewhere(): void {
    const xid = String((this.#xid += 1)), first = (this.#lsn += 8), commit = (this.#lsn += 8);
    this.#emit('db.transaction', { id: `${xid}:${first}` }, { status: 'BEGIN', id: `${xid}:${first}`, event_count: null, data_collections: null, ts_ms: this.#time }, {});
    // A table of the same name in another schema, where that of this one is known.
    const archived = this.records.some(({ topic }) => topic === 'db.cdc.entries') ? 'entries' : 'others';
    const collections = [{ data_collection: `archive.${archived}`, event_count: 2 }, { data_collection: 'public.other', event_count: 1 }];
    this.#emit('db.transaction', { id: `${xid}:${commit}` }, { status: 'END', id: `${xid}:${commit}`, event_count: 3, data_collections: collections, ts_ms: this.#time }, {});
    this.#lastCommit = commit;
  }

  do({ session, what, a, b }: Command): void {
    if (what === 'commit' || what === 'rollback') return this.#close(session, what === 'commit');
    switch (what) {
      case 'alter': this.#isAltered = true; return;
      case 'resnapshot': return this.#resnapshot(a);
      case 'reread': return this.#reread();
      case 'chunk': return this.#chunk(a, b);
      case 'message': return this.#message();
      case 'elsewhere': return this.#elsewhere();
    }
    const open = (this.#sessions[session] ??= new Session());
    if (open.xid === '') open.xid = String((this.#xid += 1));
    const ids = [...this.committed.accounts.keys()].sort((one, other) => one - other);
    const from = ids[a % ids.length]!, to = ids[b % ids.length]!;
    switch (what) {
      case 'transfer': return this.#transfer(open, from, to, 1 + ((a * 7 + b) % 90));
      case 'touch': return this.#update(open, from, (row) => row);
      case 'note': return this.#update(open, from, (row) => ({ ...row, note: `${'long '.repeat(3)}${a} ${b}` }));
      case 'rename': return this.#rename(open, from, 100 + a * 21 + b);
      case 'remove': return this.#remove(open, a);
      case 'flash': return this.#flash(open, a);
      case 'truncate': return this.#truncate(open);
    }
  }

  finish(): Recording {
    for (const session of this.#sessions.keys()) this.#close(session, session !== 1);
    return { records: this.records, commits: this.commits };
  }

  #locked(open: Session, ...names: readonly string[]): boolean {
    const others = this.#sessions.filter((session) => session !== null && session !== open);
    if (names.some((name) => others.some((other) => other!.locks.has(name) || other!.locks.has('all')))) return true;
    for (const name of names) open.locks.add(name);
    return false;
  }

  #account(open: Session, id: number): Account | null {
    const own = open.own.accounts.get(id);
    return own === undefined ? (this.committed.accounts.get(id) ?? null) : own;
  }

  #write(open: Session, table: Table, op: Write['op'], before: Row | null, after: Row | null, headers: Write['headers'] = {}, lsn = (this.#lsn += 8)): void {
    open.writes.push({ table, op, lsn, before, after, headers });
    const own = open.own[table] as Map<number, Row | null>;
    if (op === 'd') own.set(before!.id, null);
    else if (after !== null) own.set(after.id, after);
  }

  #book(open: Session, account: number, amount: number): void {
    if (this.#locked(open, 'entries')) return;
    this.#write(open, 'entries', 'c', null, { id: (this.#entry += 1), account, amount });
  }

  #transfer(open: Session, from: number, to: number, amount: number): void {
    const [debit, credit] = [this.#account(open, from), this.#account(open, to)];
    if (from === to || debit === null || credit === null || this.#locked(open, `a${from}`, `a${to}`, 'entries')) return;
    this.#book(open, from, -amount);
    this.#write(open, 'accounts', 'u', debit, this.#written({ ...debit, balance: debit.balance - amount }));
    this.#book(open, to, amount);
    this.#write(open, 'accounts', 'u', credit, this.#written({ ...credit, balance: credit.balance + amount }));
  }

  /** A row that is written has all columns that there are. */
  #written(row: Account): Account {
    return this.#isAltered ? { ...row, tier: row.tier ?? 'basic' } : row;
  }

  #update(open: Session, id: number, change: (row: Account) => Account): void {
    const row = this.#account(open, id);
    if (row === null || this.#locked(open, `a${id}`)) return;
    this.#write(open, 'accounts', 'u', row, this.#written(change(row)));
  }

  #rename(open: Session, id: number, target: number): void {
    const row = this.#account(open, id);
    if (row === null || this.#account(open, target) !== null || this.#locked(open, `a${id}`, `a${target}`)) return;
    this.#write(open, 'accounts', 'd', row, null, { '__debezium.newkey': JSON.stringify({ id: target }) });
    // They are one record of the log.
    this.#write(open, 'accounts', 'c', null, this.#written({ ...row, id: target }), { '__debezium.oldkey': JSON.stringify({ id }) }, this.#lsn);
  }

  #remove(open: Session, which: number): void {
    if (this.#locked(open, 'entries')) return;
    const entries = this.#entries(open);
    if (entries.length > 0) this.#write(open, 'entries', 'd', entries[which % entries.length]!, null);
  }

  #entries(open: Session): Entry[] {
    return [...new Map([...this.committed.entries, ...open.own.entries]).values()].filter((entry) => entry !== null);
  }

  /** A row that only the transaction itself ever sees. */
  #flash(open: Session, amount: number): void {
    if (this.#locked(open, 'entries')) return;
    const entry = { id: (this.#entry += 1), account: 0, amount };
    this.#write(open, 'entries', 'c', null, entry);
    this.#write(open, 'entries', 'u', entry, { ...entry, amount: amount + 1 });
    this.#write(open, 'entries', 'd', { ...entry, amount: amount + 1 }, null);
  }

  #truncate(open: Session): void {
    if (this.#locked(open, 'entries')) return;
    for (const { id } of this.#entries(open)) open.own.entries.set(id, null);
    open.writes.push({ table: 'entries', op: 't', lsn: (this.#lsn += 8), before: null, after: null, headers: {} });
  }

  #close(index: number, commits: boolean): void {
    const open = this.#sessions[index];
    this.#sessions[index] = null;
    if (open == null || open.writes.length === 0 || !commits) return;
    this.#lsn += 8;
    // Clocks are coarse: two commits may be of one millisecond.
    this.#time += this.#lsn % 3;
    this.#apply(open);
    this.#say(open, this.#lsn);
    this.#lastCommit = this.#lsn;
  }

  #apply(open: Session): void {
    for (const table of ['accounts', 'entries'] as const) {
      const rows = this.committed[table] as Map<number, Row>;
      for (const [id, row] of open.own[table]) {
        if (row === null) rows.delete(id);
        else rows.set(id, row);
      }
    }
  }

  #say({ xid, writes }: Session, commit: number): void {
    this.#emit('db.transaction', { id: `${xid}:${writes[0]!.lsn}` }, { status: 'BEGIN', id: `${xid}:${writes[0]!.lsn}`, event_count: null, data_collections: null, ts_ms: this.#time }, {});
    const counts: Record<string, number> = {};
    for (const [index, write] of writes.entries()) {
      counts[write.table] = (counts[write.table] ?? 0) + 1;
      const transaction = { id: `${xid}:${write.lsn}`, total_order: index + 1, data_collection_order: counts[write.table]! };
      const envelope = this.#envelope(write, transaction);
      const key = write.op === 't' ? null : { id: (write.after ?? write.before)!.id };
      this.#emit(`db.cdc.${write.table}`, key, envelope, write.headers);
      if (write.op === 'd') this.#emit(`db.cdc.${write.table}`, key, null, write.headers);
    }
    const collections = Object.entries(counts).map(([table, count]) => ({ data_collection: `public.${table}`, event_count: count }));
    this.#emit('db.transaction', { id: `${xid}:${commit}` }, { status: 'END', id: `${xid}:${commit}`, event_count: writes.length, data_collections: collections, ts_ms: this.#time }, {});
    this.commits.push({ xid, lsn: commit, time: this.#time, counts, state: this.#state() });
  }

  #envelope({ table, op, lsn, before, after, headers }: Omit<Write, 'op'> & { readonly op: string }, transaction: unknown, snapshot = 'false'): unknown {
    const source = {
      version: '3.7.0.Final', connector: 'postgresql', name: 'db', ts_ms: this.#time, snapshot, db: 'bank',
      sequence: JSON.stringify([this.#lastCommit === null ? null : String(this.#lastCommit), String(lsn)]), schema: 'public', table, txId: 0, lsn, xmin: null,
    };
    return { before: imageBefore(table, op, before), after: imageAfter(table, op, before, after, '__debezium.oldkey' in headers), source, transaction, op, ts_ms: this.#time + 5, ts_ns: (this.#time + 5) * 1_000_000 };
  }

  #emit(topic: string, key: unknown, value: unknown, headers: Readonly<Record<string, string>>): void {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const all: Record<string, string> = topic === 'db.transaction' ? {} : { ...headers, '__debezium.context.runId': this.run };
    this.records.push({
      topic, partition: 0, offset, timestamp: this.#time + 7, key: key === null ? null : JSON.stringify(key), value: value === null ? null : JSON.stringify(value), headers: all,
    });
  }

  #state(): State {
    return { accounts: new Map(this.committed.accounts), entries: new Map(this.committed.entries) };
  }
}

/** `accounts` has the default replica identity: filler beside the key, and nothing at all where the key stays. */
function imageBefore(table: Table, op: string, before: Row | null): unknown {
  if (before === null) return null;
  if (table === 'entries') return before;
  return op === 'd' ? { id: before.id, balance: 0, note: null } : null;
}

function imageAfter(table: Table, op: string, before: Row | null, after: Row | null, isMoved: boolean): unknown {
  if (after === null || table === 'entries') return after;
  // A change of the key leaves out what an update does.
  if (isMoved) return (after as Account).note === null ? after : { ...after, note: unavailable };
  if (op !== 'u') return after;
  const [old, row] = [before as Account, after as Account];
  return row.note !== null && row.note === old.note ? { ...row, note: unavailable } : row;
}

export function recordingOf(list: readonly Command[], accounts = 4): Recording {
  const store = new Store(accounts);
  for (const command of list) store.do(command);
  return store.finish();
}

/** The records as another order of topics delivers them: each partition in its own. `picks` says whose turn it is. */
export function interleaved(records: readonly ModelRecord[], picks: readonly number[]): readonly ModelRecord[] {
  const nameOf = ({ topic, partition }: ModelRecord): string => `${topic} ${partition}`;
  const queues = [...new Set(records.map(nameOf))].map((name) => records.filter((record) => nameOf(record) === name));
  const result: ModelRecord[] = [];
  for (let at = 0; result.length < records.length; at += 1) {
    const left = queues.filter((queue) => queue.length > 0);
    result.push(left[(picks[at % Math.max(1, picks.length)] ?? 0) % left.length]!.shift()!);
  }
  return result;
}

/** As a connector leaves it that is killed after `at` records and sends the last `back` of them again. Offsets go on. */
export function restarted(records: readonly ModelRecord[], at: number, back: number): readonly ModelRecord[] {
  const isChunk = ({ value }: ModelRecord): boolean => value !== null && value.includes('"snapshot":"incremental"');
  const isTold = (record: ModelRecord): boolean => record.value !== null && record.value.includes('"op":"r"') && !isChunk(record);
  // A snapshot is not taken up again in its middle.
  if (records[at] === undefined || isTold(records[at])) return records;
  const from = Math.max(records.slice(0, at).findLastIndex(isTold) + 1, at - back);
  // Nor does it send a chunk again: it reads another one.
  const again = [...records.slice(from, at).filter((record) => !isChunk(record)), ...records.slice(at)].map((record) => {
    const run = record.headers['__debezium.context.runId'];
    return { ...record, headers: run === undefined ? record.headers : { ...record.headers, '__debezium.context.runId': `${run}, taken up` } };
  });
  return numbered([...records.slice(0, at), ...again]);
}

/** With new offsets: each partition's are those of the records that are there. */
export function numbered(records: readonly ModelRecord[]): readonly ModelRecord[] {
  const offsets = new Map<string, number>();
  return records.map((record) => {
    const name = `${record.topic} ${record.partition}`;
    const offset = offsets.get(name) ?? 0;
    offsets.set(name, offset + 1);
    return { ...record, offset };
  });
}
