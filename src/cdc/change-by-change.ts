/** Changes as they come, where nothing tells which belong to one transaction: only repeats are left out. */
import { assert } from '../core/errors.js';
import type { CaptureEvent, ChangeEvent, Transaction } from './event.js';
import type { AssemblerCounts } from './transactions.js';

interface Place {
  readonly lastCommit: number;
  readonly lsn: number;
  /** Its number in its transaction; 0: it does not say, and changes may share an LSN. */
  readonly order: number;
  /** The latest commit there was, epoch ms. */
  readonly time: number;
}

/** By topic and partition: where the change before stands. A restarted connector sends again what it sent since its last flush. */
export class ChangePlaces {
  readonly #places = new Map<string, Place>();

  isRepeat({ topic, partition, lsn, lastCommit, order, snapshot, time }: Omit<ChangeEvent<unknown>, 'row'>): boolean {
    if (snapshot !== null || lsn === null) return false;
    const name = `${topic} ${partition}`;
    const before = this.#places.get(name);
    const place = { lastCommit: lastCommit ?? -1, lsn, order, time: Math.max(time, before?.time ?? -Infinity) };
    // In a log that went back to where it was, times are later.
    if (before !== undefined && time <= before.time && isAtOrBefore(place, before)) return true;
    this.#places.set(name, place);
    return false;
  }

  snapshot(): readonly (readonly [name: string, place: Place])[] {
    return [...this.#places];
  }

  restore(places: readonly (readonly [name: string, place: Place])[]): void {
    for (const [name, place] of places) this.#places.set(name, place);
  }
}

/** By the commit before, then in its transaction: LSNs alone do not ascend, since transactions run side by side. */
function isAtOrBefore(one: Place, other: Place): boolean {
  if (one.lastCommit !== other.lastCommit) return one.lastCommit < other.lastCommit;
  if (one.order > 0 && other.order > 0) return one.order <= other.order;
  return one.lsn < other.lsn;
}

export interface ChangeByChangeState {
  readonly places: ReturnType<ChangePlaces['snapshot']>;
  readonly counts: AssemblerCounts;
}

/** Stands where a `TransactionAssembler` would: each change is given by itself. */
export class ChangeByChange<Row> {
  readonly counts: AssemblerCounts = { transactions: 0, repeats: 0, repeatedTransactions: 0, alone: 0 };
  readonly restarts = [];
  readonly waiting = 0;
  readonly unsettled = [];
  readonly #places = new ChangePlaces();
  #out: Transaction<Row>[] = [];

  push(event: CaptureEvent<Row>): void {
    if (event.kind !== 'change') return;
    if (this.#places.isRepeat(event)) {
      this.counts.repeats += 1;
      return;
    }
    this.counts.alone += 1;
    this.#out.push({ kind: 'transaction', xid: event.xid, lsn: event.lsn, time: event.time, isSnapshot: false, renewed: [], events: [event] });
  }

  take(): readonly Transaction<Row>[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  caughtUp(): void {
    // Nothing waits.
  }

  finish(): { readonly outcomes: readonly Transaction<Row>[]; readonly incomplete: readonly [] } {
    return { outcomes: this.take(), incomplete: [] };
  }

  /** Between two calls of `take`: plain data. */
  snapshot(): ChangeByChangeState {
    assert(this.#out.length === 0, 'what was given is taken before a snapshot');
    return { places: this.#places.snapshot(), counts: { ...this.counts } };
  }

  restore({ places, counts }: ChangeByChangeState): void {
    this.#places.restore(places);
    Object.assign(this.counts, counts);
  }
}
