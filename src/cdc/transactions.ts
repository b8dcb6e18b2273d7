/**
 * Puts the transactions of a database together again, which a connector spreads over topics. A transaction is whole when
 * its END is there and its changes are as many as END counts, table by table; it is given then, in the order of commits
 * (that of the ENDs), after the snapshot. Changes that a restarted connector sends again are dropped. What can never
 * become whole is told as a gap: ENDs form a chain, since each change says where the commit before it stands.
 * Pure: events in, outcomes out; the same whatever the interleaving of topics was.
 */
import { assert } from '../core/errors.js';
import { faults } from '../core/faults.js';
import { AloneChanges } from './alone.js';
import type { CaptureEvent, ChangeEvent, Transaction, TransactionEnd } from './event.js';
import type { Bound, Gap, GapKind, Incomplete, Restart } from './gap.js';
import { LastCommits } from './last-commits.js';
import type { PendingTransaction, TableCount } from './pending.js';
import { Progress } from './progress.js';
import { RecentTransactions } from './recent.js';
import { Runs } from './runs.js';
import { Snapshots } from './snapshots.js';
import type { Together } from './together.js';
import type { AssemblerCounts, AssemblerState } from './assembler-state.js';
import { WaitingTransactions } from './waiting.js';

export type { AssemblerCounts, AssemblerState } from './assembler-state.js';

export type Outcome<Row> = Transaction<Row> | { readonly kind: 'gap'; readonly gap: Gap };

export interface AssemblerOptions {
  /** Partitions of a topic; left out: each has one. */
  readonly partitions?: (topic: string) => number;
  /** Of messages in the log, which are read, too: what follows none of the known commits may follow one of those. Null or left out: none is. */
  readonly messageTopic?: string | null;
}

const isSame = (one: Bound | undefined, other: TransactionEnd): boolean => one?.lsn === other.lsn && one.time === other.time;

/** `Seen`: stands for a transaction that was pushed together. */
export class TransactionAssembler<Row, Seen = never> {
  readonly counts: AssemblerCounts = { transactions: 0, repeats: 0, repeatedTransactions: 0, alone: 0 };
  readonly #runs = new Runs();
  readonly #pending = new WaitingTransactions<Row>();
  #ends: TransactionEnd[] = [];
  /** By xid. */
  readonly #endOf = new Map<string, TransactionEnd>();
  readonly #snapshots: Snapshots<Row>;
  readonly #alone = new AloneChanges<Row>();
  readonly #progress: Progress;
  readonly #recent = new RecentTransactions();
  readonly #commits = new LastCommits();
  /** Commits after which a gap was told. */
  readonly #broken = new Set<number>();
  #out: (Outcome<Row> | Seen)[] = [];

  /** `topics`: those of the tables that are read; END's counts of other tables do not matter. */
  constructor(topics: readonly string[], private readonly options: AssemblerOptions = {}) {
    const counted = new Map(topics.map((topic) => [topic, options.partitions?.(topic) ?? 1]));
    this.#snapshots = new Snapshots(counted);
    this.#progress = new Progress(counted);
  }

  push(event: CaptureEvent<Row>): void {
    switch (event.kind) {
      case 'begin': return;
      case 'message': return this.#progress.message(event.lsn);
      case 'end': return this.#end(event);
      case 'change': return this.#change(event);
    }
  }

  /**
   * As if the changes had been pushed one by one, and their END: most transactions of a log that is read in its order come
   * so, right behind the one before them. `seen` is given then, once for all that follow each other with it. False: nothing was done, and they are to be pushed.
   */
  pushTogether(changes: Together, seen: Seen): boolean {
    if (this.#ends.length + this.#alone.size > 0 || this.#snapshots.first !== null) this.#proceed(false);
    const { end } = changes, { lsn, counts } = end, chainLsn = this.#commits.chainLsn;
    const isNext = changes.lastCommit === chainLsn && lsn > chainLsn && this.#ends.length === 0 && this.#pending.isEmpty
      && this.#alone.size === 0 && this.#snapshots.first === null && this.options.messageTopic == null && !this.#recent.has(end);
    if (!isNext || !this.#runs.isLast(changes.run) || faults.transactionsCut) return false;
    for (const { table, topic } of changes.newest) this.#progress.table(table, topic);
    if (!changes.areAll(counts) && !changes.areAll(this.#expected(counts))) return false;
    for (const change of changes.newest) {
      this.#snapshots.change(change);
      this.#progress.change(change);
    }
    this.counts.transactions += 1;
    if (this.#out[this.#out.length - 1] !== seen) this.#out.push(seen);
    this.#recent.addNumbered(end);
    this.#commits.follow(end);
    this.#progress.forget(lsn);
    return true;
  }

  /** What became whole, and gaps, in the order of commits. */
  take(): readonly (Outcome<Row> | Seen)[] {
    this.#proceed(false);
    return this.#taken();
  }

  /**
   * Nothing more of the topic is to be had for now: a table without rows keeps no snapshot waiting, and a message that was
   * not written no transaction. To be said again after each row of a snapshot, and each END.
   */
  caughtUp(topic: string): void {
    const awaited = topic === this.options.messageTopic ? this.#awaitedMessage() : null;
    if (awaited !== null) this.#progress.passMessages(awaited);
    this.#snapshots.caughtUp(topic);
  }

  /** The end of history: what is not whole never will be. */
  finish(): { readonly outcomes: readonly (Outcome<Row> | Seen)[]; readonly incomplete: readonly Incomplete[] } {
    this.#proceed(true);
    const incomplete: Incomplete[] = this.#snapshots.first === null ? [] : [{ xid: null, found: this.#snapshots.rows.length, expected: null }];
    const expected = new Map(this.#ends.map((end) => [end.xid, [...this.#expected(end.counts).values()].reduce((sum, count) => sum + count, 0)]));
    for (const [xid, found] of this.#pending.sizes()) incomplete.push({ xid, found, expected: expected.get(xid) ?? null });
    for (const [xid, count] of expected) if (count > 0 && this.#pending.of(xid) === undefined) incomplete.push({ xid, found: 0, expected: count });
    return { outcomes: this.#taken(), incomplete: [...incomplete, ...this.#alone.left()] };
  }

  /** Changes that wait for their transactions to become whole. */
  get waiting(): number {
    let waiting = this.#snapshots.rows.length + this.#alone.size;
    for (const [, size] of this.#pending.sizes()) waiting += size;
    return waiting;
  }

  /** Where the transaction given last was committed. */
  get last(): Bound | null {
    return this.#commits.last;
  }

  get restarts(): readonly (Restart & { readonly text: string })[] {
    return this.#runs.restarts;
  }

  /** Topics that keep what is there waiting: a row of a snapshot may come in them that belongs before it, or a message. */
  get unsettled(): readonly string[] {
    const isFirst = this.#commits.last === null && this.waiting + this.#ends.length > 0;
    const messages = this.#awaitedMessage() === null ? [] : [this.options.messageTopic!];
    return [...new Set([...this.#snapshots.unsettled, ...(isFirst ? this.#snapshots.unseen : []), ...messages])];
  }

  /** What the transaction that is next follows, where that may be a message that has not come yet. */
  #awaitedMessage(): number | null {
    const [end] = this.#ends;
    const next = end === undefined ? undefined : this.#pending.of(end.xid)?.first;
    return next !== undefined && this.options.messageTopic != null && this.#progress.awaitsMessage(next, this.#commits.chain) ? next.lastCommit : null;
  }

  #taken(): readonly (Outcome<Row> | Seen)[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #change(event: ChangeEvent<Row>): void {
    const { topic, partition, xid, lastCommit, snapshot } = event;
    this.#progress.table(event.table, topic);
    if (snapshot !== null && snapshot !== 'incremental') {
      this.#snapshots.add(event);
      this.counts.repeats += this.#alone.row(event);
      return;
    }
    this.#snapshots.change(event);
    const reached = this.#progress.change(event);
    if (xid === null) {
      // What was committed before something that was there already came with that.
      if ((lastCommit !== null && lastCommit < reached) || this.#alone.isTruncated(event)) this.#repeat(event);
      else this.#alone.add(event, this.#pending.in(topic, partition));
      return;
    }
    if ((this.#isRepeat(event, xid) && !faults.repeatsTaken) || !this.#pending.add(event, xid)) this.#repeat(event);
  }

  #repeat(event: ChangeEvent<Row>): void {
    this.counts.repeats += 1;
    this.#runs.repeat(event);
  }

  /** A change whose transaction was committed no later than the last one given: it follows an earlier commit than that. */
  #isRepeat(event: ChangeEvent<Row>, xid: string): boolean {
    const { lastCommit, time } = event;
    const given = this.#recent.of(xid);
    // In a log that went back to where it was, times are later.
    if (given !== undefined && time <= given.time && (lastCommit === null || lastCommit < given.lsn!)) return true;
    const chain = this.#commits.chain;
    if (lastCommit === null || chain === null || lastCommit >= chain.lsn! || time > chain.time) return false;
    this.#noteLate(lastCommit);
    return true;
  }

  /** A change of a transaction that was not given, although later ones were: its END never came. */
  #noteLate(lastCommit: number): void {
    const around = this.#recent.around(lastCommit);
    if (around === null || this.#broken.has(around[0].lsn!)) return;
    this.#broken.add(around[0].lsn!);
    // Told as unused, this one is no repeat; those that come after it are counted as such.
    this.counts.repeats -= 1;
    this.#out.push({ kind: 'gap', gap: { kind: 'transactions', after: around[0], before: around[1], tables: [], unused: 1 } });
  }

  #end(end: TransactionEnd): void {
    if (isSame(this.#endOf.get(end.xid), end)) this.counts.repeatedTransactions += 1;
    else if (isSame(this.#recent.of(end.xid), end) && !faults.repeatsTaken) this.#repeatEnd(end);
    else {
      this.#endOf.set(end.xid, end);
      this.#ends.push(end);
      this.#snapshots.end();
    }
  }

  #repeatEnd({ xid }: TransactionEnd): void {
    this.counts.repeatedTransactions += 1;
    this.counts.repeats += this.#drop(xid);
  }

  /** How many changes it had. */
  #drop(xid: string): number {
    this.#alone.pass(xid);
    return this.#pending.drop(xid);
  }

  #proceed(isEnd: boolean): void {
    let used = 0;
    for (;;) {
      this.#giveAlone(isEnd);
      const end = this.#ends[used];
      const snapshot = this.#snapshots.first;
      const isOver = snapshot !== null && end !== undefined && end.lsn > (snapshot.place ?? -1);
      // Transactions whose changes have come are before it, and those up to the place of one that was asked for.
      const isFirst = snapshot !== null && (isOver || (end === undefined && (isEnd || (!snapshot.isAsked && this.#pending.isEmpty))));
      // Before anything is given, a snapshot may yet come: until each table has shown that it has none.
      if (this.#commits.last === null && !isFirst && !isEnd && this.#snapshots.unseen.length > 0) break;
      if (isFirst && this.#isAbandoned(end, isEnd)) {
        this.counts.repeats += snapshot.events.length;
        this.#snapshots.shift();
      } else if (isFirst && this.#snapshots.isWhole(isOver, isEnd)) this.#giveSnapshot();
      else if (isFirst || end === undefined || !this.#proceedTo(end, used, isEnd)) break;
      else used += 1;
    }
    for (const end of this.#ends.splice(0, used)) if (this.#endOf.get(end.xid) === end) this.#endOf.delete(end.xid);
  }

  /** The connector was started anew in the midst of the first snapshot, and made a second one. */
  #isAbandoned(end: TransactionEnd | undefined, isEnd: boolean): boolean {
    const { first, second } = this.#snapshots;
    if (first === null || second === null || first.ended) return false;
    return isEnd || (end !== undefined && end.lsn > (second.place ?? -1) && this.#snapshots.unsettled.length === 0);
  }

  #giveSnapshot(): void {
    const { events, place, isAsked } = this.#snapshots.first!;
    this.#snapshots.shift();
    const time = events.reduce((latest, event) => Math.max(latest, event.time), -Infinity);
    const bound: Bound = { xid: null, lsn: place, time };
    const isLater = this.#commits.last !== null;
    const told = new Set(events.map(({ table }) => table));
    const untold = this.#progress.tables.filter((table) => !told.has(table)).map((table) => ({ table, expected: 0, found: 0 }));
    this.counts.repeats += this.#alone.supersede(told, place);
    if (isLater && !isAsked) this.#gap('snapshot', bound, untold, this.#orphans(place));
    // Topics are read in any order: that of their names is one that data decide.
    events.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || a.offset - b.offset));
    this.#give({ kind: 'transaction', xid: null, lsn: place, time, isSnapshot: true, renewed: isLater ? [...told] : [], events });
    this.#runs.begin(events[events.length - 1]!.run);
    this.#commits.set(bound, isAsked ? this.#commits.chain : null);
  }

  /** Gives or gives up the transaction that was committed next; false: it may yet become whole. */
  #proceedTo(end: TransactionEnd, at: number, isEnd: boolean): boolean {
    const { xid, lsn, time } = end, bound: Bound = { xid, lsn, time };
    if (this.#commits.chain !== null && lsn < this.#commits.chain.lsn! && time <= this.#commits.chain.time) {
      // It is older than all that is remembered.
      this.#repeatEnd(end);
      return true;
    }
    if (this.#commits.chain === null && this.#commits.last !== null && lsn <= (this.#commits.last.lsn ?? -1)) {
      // The snapshot holds its result.
      this.counts.repeats += this.#drop(xid);
      return true;
    }
    const pending = this.#pending.of(xid);
    const expected = this.#expected(end.counts);
    const events = pending === undefined ? (expected.size === 0 ? [] : null) : faults.transactionsCut ? pending.events() : pending.whole(expected);
    if (events === null) {
      const lacking = this.#lacking(expected, pending);
      // Where it is not that there are too few, the connector counts from 1 again, and its counts are of what it sent last.
      const open = lacking.length === 0 || lacking.some((table) => table.found > table.expected) ? [...expected.keys()] : lacking.map(({ table }) => table);
      const isLost = open.every((table) => this.#progress.isPast(table, lsn, time)) || (isEnd && this.#isAnyWhole(at + 1));
      if ((isLost || isEnd) && this.#progress.letGo(lacking)) return this.#proceedTo(end, at, isEnd);
      if (!isLost) return false;
    }
    if (!isEnd && this.options.messageTopic != null && pending !== undefined && this.#progress.awaitsMessage(pending.first, this.#commits.chain)) return false;
    this.#checkChain(bound, pending);
    if (events === null) this.#gap('events', bound, this.#lacking(expected, pending), this.#drop(xid));
    else if (events.length > 0) {
      this.counts.repeats += pending!.size - events.length;
      this.#runs.note(this.#commits.last, bound, events, this.#recent);
      for (const { table, isTruncate } of events) if (isTruncate) this.counts.repeats += this.#alone.truncate(table, lsn);
      this.#give({ kind: 'transaction', xid, lsn, time, isSnapshot: false, renewed: [], events });
    }
    this.#drop(xid);
    this.#recent.add(bound);
    this.#commits.set(bound, bound);
    this.#progress.forget(lsn);
    return true;
  }

  /** How many changes of each table that is read a transaction has. */
  #expected(counts: TransactionEnd['counts']): ReadonlyMap<string, number> {
    for (const table of counts.keys()) if (!this.#progress.isRead(table)) return new Map([...counts].filter(([each]) => this.#progress.isRead(each)));
    return counts;
  }

  #lacking(expected: ReadonlyMap<string, number>, pending: PendingTransaction<Row> | undefined): readonly TableCount[] {
    return pending?.lacking(expected) ?? [...expected].map(([table, count]) => ({ table, expected: count, found: 0 }));
  }

  /** Whether one of the transactions from the END at `from` on is whole: what one before it lacks is lost then. */
  #isAnyWhole(from: number): boolean {
    for (let at = from; at < this.#ends.length; at += 1) if (this.#pending.of(this.#ends[at]!.xid)?.whole(this.#expected(this.#ends[at]!.counts)) != null) return true;
    return false;
  }

  /** What a transaction says of the commit before it must be the one before it. */
  #checkChain(bound: Bound, pending: PendingTransaction<Row> | undefined): void {
    const chain = this.#commits.chain;
    // The first transaction after a snapshot follows none.
    if (chain === null) return;
    if (bound.lsn! < chain.lsn!) {
      this.#gap('position', bound, [], 0);
      this.#recent.clear();
      this.#broken.clear();
      this.#progress.rewind();
      this.#alone.rewind();
      return;
    }
    if (pending === undefined) return;
    const { lastCommit } = pending.first;
    if (lastCommit !== chain.lsn && !this.#progress.followsMessage(pending.first)) this.#gap('transactions', bound, [], this.#orphans(lastCommit));
    else {
      // Two follow one commit: the connector went on elsewhere, and remembered the commit that it had seen last.
      const lost = this.#pending.after(lastCommit, chain.lsn, bound.xid!).filter((xid) => !this.#endOf.has(xid));
      if (lost.length > 0) this.#gap('transactions', bound, [], lost.reduce((sum, xid) => sum + this.#drop(xid), 0));
    }
  }

  /** Drops transactions whose ENDs were lost: they were committed by `lsn`, and their turn is over. */
  #orphans(lsn: number | null): number {
    if (lsn === null) return 0;
    return this.#pending.before(lsn).filter((xid) => !this.#endOf.has(xid)).reduce((dropped, xid) => dropped + this.#drop(xid), 0);
  }

  #gap(kind: GapKind, before: Bound, tables: Gap['tables'], unused: number): void {
    if (this.#commits.last?.lsn != null) this.#broken.add(this.#commits.last.lsn);
    this.#out.push({ kind: 'gap', gap: { kind, after: this.#commits.last, before, tables, unused } });
  }

  #give(transaction: Transaction<Row>): void {
    this.counts.transactions += 1;
    this.#out.push(transaction);
  }

  #giveAlone(isEnd: boolean): void {
    if (this.#alone.size === 0 || (this.#commits.last === null && !isEnd && this.#snapshots.unseen.length > 0)) return;
    for (const event of this.#alone.take(this.#snapshots.first)) {
      this.counts.alone += 1;
      this.#out.push({ kind: 'transaction', xid: null, lsn: event.lsn, time: event.time, isSnapshot: false, renewed: [], events: [event] });
    }
  }

  /** Between two calls of `take`: plain data. */
  snapshot(): AssemblerState<Row> {
    assert(this.#out.length === 0, 'what was given is taken before a snapshot');
    return {
      events: faults.changesNotSaved ? [] : this.#pending.events(),
      ends: this.#ends.map(({ counts, ...end }) => ({ ...end, counts: [...counts] })),
      told: this.#snapshots.rows, snapshots: this.#snapshots.state(), alone: this.#alone.state(), truncated: this.#alone.truncated, progress: this.#progress.state(), recent: this.#recent.all(),
      last: this.#commits.last, chain: this.#commits.chain, broken: [...this.#broken], counts: { ...this.counts },
      runs: this.#runs.state(),
    };
  }

  restore(state: AssemblerState<Row>): void {
    assert(this.waiting === 0 && this.#ends.length === 0, 'state is restored into a new assembler');
    for (const event of state.events) this.#pending.add(event, event.xid!);
    this.#ends = state.ends.map(({ counts, ...end }) => ({ ...end, counts: new Map(counts) }));
    for (const end of this.#ends) this.#endOf.set(end.xid, end);
    this.#snapshots.restore(state.snapshots, state.told);
    this.#alone.restore(state.alone, state.truncated ?? []);
    this.#progress.restore(state.progress);
    for (const bound of state.recent) this.#recent.add(bound);
    this.#commits.set(state.last, state.chain);
    for (const lsn of state.broken) this.#broken.add(lsn);
    Object.assign(this.counts, state.counts);
    this.#runs.restore(state.runs);
  }
}
