/**
 * Puts the transactions of a database together again, which a connector spreads over topics. A transaction is whole when
 * its END is there and its changes are as many as END counts, table by table; it is given then, in the order of commits
 * (that of the ENDs), after the snapshot. Changes that a restarted connector sends again are dropped. What can never
 * become whole is told as a gap: ENDs form a chain, since each change says where the commit before it stands.
 * Pure: events in, outcomes out; the same whatever the interleaving of topics was.
 */
import { assert } from '../core/errors.js';
import type { CaptureEvent, ChangeEvent, Transaction, TransactionEnd } from './event.js';
import type { Bound, Gap, GapKind, Incomplete, Restart } from './gap.js';

export type Outcome<Row> = Transaction<Row> | { readonly kind: 'gap'; readonly gap: Gap };

export interface AssemblerCounts {
  transactions: number;
  /** Changes of transactions that were given already, or that came twice in one. */
  repeats: number;
  /** Transactions of which the END came again. */
  repeatedTransactions: number;
  /** Changes that belong to no transaction, given as they came. */
  alone: number;
}

/** Transactions given last, by which repeats are told: a connector goes back as far as its last flush. */
const RECENT = 65_536;

interface Snapshot<Row> {
  events: ChangeEvent<Row>[];
  /** Its last row was there. */
  ended: boolean;
  lsn: number | null;
}

interface Alone<Row> {
  readonly event: ChangeEvent<Row>;
  /** Transactions with changes before it in its partition that were not given then. */
  waits: string[];
}

/** All state, as JSON can hold it. */
export interface AssemblerState<Row> {
  readonly events: readonly ChangeEvent<Row>[];
  readonly ends: readonly (Omit<TransactionEnd, 'counts'> & { readonly counts: readonly (readonly [string, number])[] })[];
  readonly snapshot: Snapshot<Row> | null;
  readonly alone: readonly Alone<Row>[];
  readonly settled: readonly string[];
  readonly reached: readonly (readonly [topic: string, partition: number, lsn: number])[];
  readonly topics: readonly (readonly [table: string, topic: string])[];
  readonly last: Bound | null;
  readonly recent: readonly (readonly [xid: string, lsn: number])[];
  readonly counts: AssemblerCounts;
  readonly restarts: readonly Restart[];
  readonly run: string | null;
  readonly overlap: string | null;
}

export class TransactionAssembler<Row> {
  readonly counts: AssemblerCounts = { transactions: 0, repeats: 0, repeatedTransactions: 0, alone: 0 };
  readonly #bound: ReadonlySet<string>;
  #restarts: Restart[] = [];
  /** The run of the connector that wrote what was given last, and the one that sent something again last. */
  #run: string | null = null;
  #overlap: string | null = null;
  /** By xid, the changes of transactions that were not given yet, by their order. */
  #pending = new Map<string, Map<number, ChangeEvent<Row>>>();
  #ends: TransactionEnd[] = [];
  #snapshot: Snapshot<Row> | null = null;
  #alone: Alone<Row>[] = [];
  /** Topics of which the rows of the snapshot under way have all been seen. */
  #settled = new Set<string>();
  /** By topic and partition: the commit that the newest change knows of. */
  #reached = new Map<string, Map<number, number>>();
  /** By table. */
  #topics = new Map<string, string>();
  #last: Bound | null = null;
  #recent = new Map<string, number>();
  #out: Outcome<Row>[] = [];

  /** `topics`: those of the tables that are read; END's counts of other tables do not matter. */
  constructor(topics: readonly string[]) {
    this.#bound = new Set(topics);
  }

  push(event: CaptureEvent<Row>): void {
    if (event.kind === 'begin') return;
    if (event.kind === 'end') this.#end(event);
    else this.#change(event);
  }

  /** What became whole, and gaps, in the order of commits. */
  take(): readonly Outcome<Row>[] {
    this.#proceed(false);
    return this.#taken();
  }

  /** Nothing more of the topic is to be had for now: a table without rows keeps no snapshot waiting. */
  caughtUp(topic: string): void {
    this.#settled.add(topic);
  }

  /** The end of history: what is not whole never will be. */
  finish(): { readonly outcomes: readonly Outcome<Row>[]; readonly incomplete: readonly Incomplete[] } {
    this.#proceed(true);
    const incomplete: Incomplete[] = [];
    if (this.#snapshot !== null) incomplete.push({ xid: null, found: this.#snapshot.events.length, expected: null });
    const counted = new Map(this.#ends.map((end) => [end.xid, end]));
    for (const [xid, events] of this.#pending) incomplete.push({ xid, found: events.size, expected: counted.has(xid) ? this.#expected(counted.get(xid)!) : null });
    for (const end of this.#ends) if (!this.#pending.has(end.xid)) incomplete.push({ xid: end.xid, found: 0, expected: this.#expected(end) });
    return { outcomes: this.#taken(), incomplete };
  }

  /** Changes that wait for their transactions to become whole. */
  get waiting(): number {
    let waiting = (this.#snapshot?.events.length ?? 0) + this.#alone.length;
    for (const events of this.#pending.values()) waiting += events.size;
    return waiting;
  }

  /** Where the transaction given last was committed. */
  get last(): Bound | null {
    return this.#last;
  }

  get restarts(): readonly Restart[] {
    return this.#restarts;
  }

  #taken(): readonly Outcome<Row>[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #change(event: ChangeEvent<Row>): void {
    const { topic, partition, table, xid, order, lastCommit, snapshot } = event;
    this.#topics.set(table, topic);
    if (snapshot !== null && snapshot !== 'incremental') {
      if (this.#snapshot === null) {
        this.#snapshot = { events: [], ended: false, lsn: null };
        // What was seen of the tables before says nothing of this one.
        if (this.#last !== null) this.#settled = new Set();
      }
      this.#snapshot.events.push(event);
      if (event.lsn !== null && event.lsn > (this.#snapshot.lsn ?? -1)) this.#snapshot.lsn = event.lsn;
      if (snapshot === 'end') this.#snapshot.ended = true;
      if (snapshot !== 'within') this.#settled.add(topic);
      return;
    }
    // Rows of a snapshot come before any change of their table.
    this.#settled.add(topic);
    const partitions = this.#reached.get(topic) ?? new Map<number, number>();
    this.#reached.set(topic, partitions);
    if ((lastCommit ?? -1) > (partitions.get(partition) ?? -2)) partitions.set(partition, lastCommit ?? -1);
    if (xid === null) {
      const waits = [...this.#pending].filter(([, events]) => [...events.values()].some((other) => other.topic === topic && other.partition === partition)).map(([other]) => other);
      this.#alone.push({ event, waits });
      return;
    }
    if (this.#isRepeat(xid, lastCommit)) {
      this.counts.repeats += 1;
      this.#overlap = event.run;
      return;
    }
    const events = this.#pending.get(xid) ?? new Map<number, ChangeEvent<Row>>();
    this.#pending.set(xid, events);
    if (events.has(order)) {
      this.counts.repeats += 1;
      this.#overlap = event.run;
    } else events.set(order, event);
  }

  /** A change whose transaction was committed no later than the last one given: it follows an earlier commit than that. */
  #isRepeat(xid: string, lastCommit: number | null): boolean {
    if (this.#recent.has(xid)) return true;
    return lastCommit !== null && this.#last?.lsn != null && this.#last.xid !== null && lastCommit < this.#last.lsn;
  }

  #end(end: TransactionEnd): void {
    if (this.#ends.some(({ xid, lsn }) => xid === end.xid && lsn === end.lsn)) return;
    const given = this.#recent.get(end.xid);
    const oldest = this.#recent.values().next().value ?? Infinity;
    if (given === end.lsn || end.lsn < oldest && this.#recent.size === RECENT) {
      this.counts.repeatedTransactions += 1;
      this.counts.repeats += this.#drop(end.xid);
      return;
    }
    this.#ends.push(end);
  }

  /** How many changes it had. */
  #drop(xid: string): number {
    const found = this.#pending.get(xid)?.size ?? 0;
    this.#pending.delete(xid);
    for (const alone of this.#alone) alone.waits = alone.waits.filter((other) => other !== xid);
    return found;
  }

  #proceed(isEnd: boolean): void {
    for (;;) {
      const [end] = this.#ends;
      const snapshot = this.#snapshot;
      const isFirst = snapshot !== null && (end === undefined || snapshot.lsn === null || end.lsn > snapshot.lsn);
      // Before anything is given, a snapshot may yet come: until each table has shown that it has none.
      if (this.#last === null && snapshot === null && !isEnd && !this.#areSettled()) break;
      if (isFirst && this.#isSettled(snapshot, isEnd)) this.#giveSnapshot(snapshot);
      else if (isFirst || end === undefined || !this.#proceedTo(end, isEnd)) break;
      this.#giveAlone();
    }
    this.#giveAlone();
  }

  #isSettled({ ended }: Snapshot<Row>, isEnd: boolean): boolean {
    return ended && (isEnd || this.#areSettled());
  }

  #areSettled(): boolean {
    for (const topic of this.#bound) if (!this.#settled.has(topic)) return false;
    return true;
  }

  #giveSnapshot({ events, lsn }: Snapshot<Row>): void {
    const time = events.reduce((latest, event) => Math.max(latest, event.time), -Infinity);
    const isRenewed = this.#last !== null;
    const bound: Bound = { xid: null, lsn, time };
    if (isRenewed) this.#gap('snapshot', bound, [], this.#orphans(lsn));
    // Topics are read in any order: that of their names is one that data decide.
    events.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || a.offset - b.offset));
    const renewed = isRenewed ? [...new Set(events.map(({ table }) => table))] : [];
    this.#give({ kind: 'transaction', xid: null, lsn, time, isSnapshot: true, renewed, events });
    this.#run = events[events.length - 1]!.run ?? this.#run;
    this.#snapshot = null;
    this.#settled = new Set();
    this.#last = bound;
  }

  /** Gives or gives up the transaction that was committed next; false: it may yet become whole. */
  #proceedTo(end: TransactionEnd, isEnd: boolean): boolean {
    const events = this.#pending.get(end.xid) ?? new Map<number, ChangeEvent<Row>>();
    const lacking = this.#lacking(end, events);
    if (lacking.length > 0) {
      const isPast = isEnd ? this.#ends.length > 1 : lacking.every(({ table }) => this.#isPast(table, end));
      if (!isPast) return false;
    }
    this.#ends.shift();
    if (this.#last !== null && this.#last.xid === null && end.lsn <= (this.#last.lsn ?? -1)) {
      // The snapshot holds its result.
      this.counts.repeats += this.#drop(end.xid);
      return true;
    }
    const bound: Bound = { xid: end.xid, lsn: end.lsn, time: end.time };
    this.#checkChain(bound, events);
    if (lacking.length > 0) this.#gap('events', bound, lacking, this.#drop(end.xid));
    else if (events.size > 0) {
      const ordered = [...events.values()].sort((a, b) => a.order - b.order);
      this.#noteRun(bound, ordered);
      this.#give({ kind: 'transaction', xid: end.xid, lsn: end.lsn, time: end.time, isSnapshot: false, renewed: [], events: ordered });
    }
    this.#drop(end.xid);
    this.#remember(end);
    this.#last = bound;
    return true;
  }

  #lacking({ counts }: TransactionEnd, events: ReadonlyMap<number, ChangeEvent<Row>>): { readonly table: string; readonly expected: number; readonly found: number }[] {
    const found = new Map<string, number>();
    for (const { table } of events.values()) found.set(table, (found.get(table) ?? 0) + 1);
    return [...counts].filter(([table]) => this.#isBound(table)).map(([table, expected]) => ({ table, expected, found: found.get(table) ?? 0 }))
      .filter(({ expected, found: there }) => there < expected);
  }

  #expected({ counts }: TransactionEnd): number {
    return [...counts].reduce((sum, [table, count]) => sum + (this.#isBound(table) ? count : 0), 0);
  }

  /** Before a table has been seen, its topic is known by its name: Debezium's end with the table's. */
  #topicOf(table: string): string | undefined {
    const name = table.slice(table.lastIndexOf('.') + 1);
    return this.#topics.get(table) ?? [...this.#bound].find((topic) => topic.slice(topic.lastIndexOf('.') + 1) === name);
  }

  #isBound(table: string): boolean {
    const topic = this.#topicOf(table);
    return topic !== undefined && this.#bound.has(topic);
  }

  /** Whether a later transaction's changes have come in every partition of the table's topic. */
  #isPast(table: string, { lsn }: TransactionEnd): boolean {
    const partitions = this.#reached.get(this.#topicOf(table)!);
    return partitions !== undefined && [...partitions.values()].every((reached) => reached >= lsn);
  }

  /** What a transaction says of the commit before it must be the one before it. */
  #checkChain(bound: Bound, events: ReadonlyMap<number, ChangeEvent<Row>>): void {
    const last = this.#last;
    if (last === null || last.lsn === null) return;
    if (bound.lsn! < last.lsn) {
      this.#gap('position', bound, [], 0);
      this.#recent = new Map();
      return;
    }
    const [first] = events.values();
    // The first transaction after a snapshot follows none; any other that does comes from a connector that forgot where it was.
    if (first === undefined || last.xid === null || first.lastCommit === last.lsn) return;
    this.#gap('transactions', bound, [], this.#orphans(first.lastCommit));
  }

  /** Of a transaction that two runs wrote, the second took up where the first one was. */
  #noteRun(bound: Bound, events: readonly ChangeEvent<Row>[]): void {
    const first = events[0]!.run, run = events[events.length - 1]!.run;
    if (run === null) return;
    if (this.#run !== null && run !== this.#run && this.#last !== null) this.#restarts.push({ after: this.#last, before: bound, overlaps: this.#overlap === run || first === this.#run });
    this.#run = run;
  }

  /** Drops transactions whose ENDs were lost: they were committed by `lsn`, and their turn is over. */
  #orphans(lsn: number | null): number {
    let dropped = 0;
    if (lsn === null) return dropped;
    const ended = new Set(this.#ends.map(({ xid }) => xid));
    for (const [xid, events] of [...this.#pending]) {
      const [first] = events.values();
      if (!ended.has(xid) && first!.lastCommit !== null && first!.lastCommit < lsn) dropped += this.#drop(xid);
    }
    return dropped;
  }

  #gap(kind: GapKind, before: Bound, tables: Gap['tables'], unused: number): void {
    this.#out.push({ kind: 'gap', gap: { kind, after: this.#last, before, tables, unused } });
  }

  #give(transaction: Transaction<Row>): void {
    this.counts.transactions += 1;
    this.#out.push(transaction);
  }

  #giveAlone(): void {
    if (this.#alone.length === 0 || this.#snapshot !== null || (this.#last === null && !this.#areSettled())) return;
    const kept: Alone<Row>[] = [];
    for (const alone of this.#alone) {
      if (alone.waits.length > 0) kept.push(alone);
      else {
        const { event } = alone;
        this.counts.alone += 1;
        this.#out.push({ kind: 'transaction', xid: null, lsn: event.lsn, time: event.time, isSnapshot: false, renewed: [], events: [event] });
      }
    }
    this.#alone = kept;
  }

  #remember({ xid, lsn }: TransactionEnd): void {
    this.#recent.delete(xid);
    this.#recent.set(xid, lsn);
    if (this.#recent.size > RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }

  /** Between two calls of `take`: plain data. */
  snapshot(): AssemblerState<Row> {
    assert(this.#out.length === 0, 'what was given is taken before a snapshot');
    return {
      events: [...this.#pending.values()].flatMap((events) => [...events.values()]),
      ends: this.#ends.map(({ counts, ...end }) => ({ ...end, counts: [...counts] })),
      snapshot: this.#snapshot, alone: this.#alone, settled: [...this.#settled],
      reached: [...this.#reached].flatMap(([topic, partitions]) => [...partitions].map(([partition, lsn]) => [topic, partition, lsn] as const)),
      topics: [...this.#topics], last: this.#last, recent: [...this.#recent], counts: { ...this.counts },
      restarts: [...this.#restarts], run: this.#run, overlap: this.#overlap,
    };
  }

  restore(state: AssemblerState<Row>): void {
    assert(this.#pending.size === 0 && this.#ends.length === 0, 'state is restored into a new assembler');
    for (const event of state.events) {
      const events = this.#pending.get(event.xid!) ?? new Map<number, ChangeEvent<Row>>();
      this.#pending.set(event.xid!, events.set(event.order, event));
    }
    this.#ends = state.ends.map(({ counts, ...end }) => ({ ...end, counts: new Map(counts) }));
    this.#snapshot = state.snapshot === null ? null : { ...state.snapshot, events: [...state.snapshot.events] };
    this.#alone = state.alone.map(({ event, waits }) => ({ event, waits: [...waits] }));
    this.#settled = new Set(state.settled);
    for (const [topic, partition, lsn] of state.reached) this.#reached.set(topic, (this.#reached.get(topic) ?? new Map<number, number>()).set(partition, lsn));
    this.#topics = new Map(state.topics);
    this.#last = state.last;
    this.#recent = new Map(state.recent);
    Object.assign(this.counts, state.counts);
    this.#restarts = [...state.restarts];
    this.#run = state.run;
    this.#overlap = state.overlap;
  }
}
