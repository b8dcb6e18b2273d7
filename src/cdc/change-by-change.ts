/** Changes as they come, where nothing tells which belong to one transaction: repeats are left out, and what the places of changes tell of gaps is told. */
import { assert } from '../core/errors.js';
import type { CaptureEvent, ChangeEvent, Transaction } from './event.js';
import type { Gap } from './gap.js';
import type { AssemblerCounts, Outcome } from './transactions.js';

/** How far a partition was read. */
export interface ReachedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Given, those of snapshots among them. */
  readonly changes: number;
  /** That came again, and were left out. */
  readonly repeats: number;
  /** Where the newest change stands, and the commit before its transaction; null: it does not say. */
  readonly lsn: number | null;
  readonly lastCommit: number | null;
  /** The latest commit there was, epoch ms; null: there was none. */
  readonly time: number | null;
}

type Change = Omit<ChangeEvent<unknown>, 'row'>;

class Place {
  changes = 0;
  repeats = 0;
  /** -1: the change does not say. */
  lastCommit = -1;
  /** Of the newest change that is no row of a snapshot and says it; -1: there was none since the connector made its snapshot. */
  lsn = -1;
  /** The same, rows of snapshots among them; -1: there was none. */
  reached = -1;
  /** Its number in its transaction; 0: it does not say, and changes may share an LSN. */
  order = 0;
  xid: string | null = null;
  /** The latest commit there was, epoch ms. */
  time = -Infinity;
  /** The newest was a row of a snapshot. */
  isTold = false;

  constructor(readonly topic: string, readonly partition: number) {}
}

export type PlaceState = Omit<Place, 'time'> & { readonly time: number | null };

/** By topic and partition: where the change before stands. A restarted connector sends again what it sent since its last flush. */
export class ChangePlaces {
  readonly #places = new Map<string, Place[]>();
  #last: Place | null = null;

  #of({ topic, partition }: Change): Place {
    if (this.#last?.partition === partition && this.#last.topic === topic) return this.#last;
    const places = this.#places.get(topic) ?? [];
    this.#places.set(topic, places);
    let place = places.find((one) => one.partition === partition);
    if (place === undefined) places.push(place = new Place(topic, partition));
    return (this.#last = place);
  }

  /**
   * What is missing before the change, as far as its place tells: whole transactions leave no trace in one partition, but a
   * log that went back does, and a new snapshot. To be asked before `isRepeat`.
   */
  gapBefore(change: Change): Gap | null {
    const { snapshot, lastCommit, xid, lsn, time } = change;
    const place = this.#of(change);
    if (place.lsn < 0 || snapshot === 'incremental') return null;
    const isNew = isForgetful(change) && !place.isTold;
    const isBack = snapshot === null && lastCommit !== null && lastCommit < place.lastCommit && time > place.time;
    if (!isNew && !isBack) return null;
    return { kind: isNew ? 'snapshot' : 'position', after: { xid: place.xid, lsn: place.lsn, time: place.time }, before: { xid, lsn, time }, tables: [], unused: 0 };
  }

  isRepeat(change: Change): boolean {
    const { lsn, lastCommit, order, snapshot, time, xid } = change;
    const place = this.#of(change);
    if (snapshot === null && lsn !== null) {
      // In a log that went back to where it was, times are later.
      if (place.lsn >= 0 && time <= place.time && isAtOrBefore(lastCommit ?? -1, order, lsn, place)) {
        place.repeats += 1;
        return true;
      }
      place.lastCommit = lastCommit ?? -1;
      place.lsn = lsn;
      place.order = order;
      place.xid = xid;
      if (time > place.time) place.time = time;
    }
    // What comes after a new snapshot is compared with nothing of before.
    if (isForgetful(change) && !place.isTold) Object.assign(place, { lastCommit: -1, lsn: -1, order: 0 });
    if (lsn !== null) place.reached = lsn;
    place.isTold = snapshot !== null && snapshot !== 'incremental';
    place.changes += 1;
    return false;
  }

  /** By topic and partition, ascending. */
  reached(): ReachedPartition[] {
    const places = [...this.#places.values()].flat().sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
    return places.map(({ topic, partition, changes, repeats, reached, lastCommit, time }) => ({
      topic, partition, changes, repeats, lsn: reached < 0 ? null : reached, lastCommit: lastCommit < 0 ? null : lastCommit, time: Number.isFinite(time) ? time : null,
    }));
  }

  /** As JSON can hold it. */
  snapshot(): readonly PlaceState[] {
    return [...this.#places.values()].flat().map((place) => ({ ...place, time: Number.isFinite(place.time) ? place.time : null }));
  }

  restore(places: readonly PlaceState[]): void {
    for (const { time, ...rest } of places) Object.assign(this.#of({ topic: rest.topic, partition: rest.partition } as Change), { ...rest, time: time ?? -Infinity });
  }
}

/** A row of a snapshot that a connector made which knew of no commit; one that was asked for does. */
const isForgetful = ({ snapshot, lastCommit }: Change): boolean => snapshot !== null && snapshot !== 'incremental' && lastCommit === null;

/** By the commit before, then in its transaction: LSNs alone do not ascend, since transactions run side by side. */
function isAtOrBefore(lastCommit: number, order: number, lsn: number, place: Place): boolean {
  if (lastCommit !== place.lastCommit) return lastCommit < place.lastCommit;
  if (order > 0 && place.order > 0) return order <= place.order;
  return lsn < place.lsn;
}

export interface ChangeByChangeState {
  readonly places: readonly PlaceState[];
  readonly counts: AssemblerCounts;
}

/** Stands where a `TransactionAssembler` would: each change is given by itself. */
export class ChangeByChange<Row> {
  readonly counts: AssemblerCounts = { transactions: 0, repeats: 0, repeatedTransactions: 0, alone: 0 };
  readonly restarts = [];
  readonly waiting = 0;
  readonly unsettled = [];
  readonly #places = new ChangePlaces();
  #out: Outcome<Row>[] = [];

  push(event: CaptureEvent<Row>): void {
    if (event.kind !== 'change') return;
    const gap = this.#places.gapBefore(event);
    if (gap !== null) this.#out.push({ kind: 'gap', gap });
    if (this.#places.isRepeat(event)) {
      this.counts.repeats += 1;
      return;
    }
    this.counts.alone += 1;
    this.#out.push(alone(event));
  }

  take(): readonly Outcome<Row>[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  caughtUp(): void {
    // Nothing waits.
  }

  finish(): { readonly outcomes: readonly Outcome<Row>[]; readonly incomplete: readonly [] } {
    return { outcomes: this.take(), incomplete: [] };
  }

  /** How far each partition was read. */
  reached(): ReachedPartition[] {
    return this.#places.reached();
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

const alone = <Row>(event: ChangeEvent<Row>): Transaction<Row> =>
  ({ kind: 'transaction', xid: event.xid, lsn: event.lsn, time: event.time, isSnapshot: false, renewed: [], events: [event] });
