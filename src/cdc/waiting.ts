/** Changes whose transactions were not given yet. */
import type { ChangeEvent } from './event.js';
import { PendingTransaction } from './pending.js';

const none: readonly string[] = [];

export class WaitingTransactions<Row> {
  /** By xid. */
  readonly #pending = new Map<string, PendingTransaction<Row>>();
  /** The one that began last: what comes next is of it, as likely as not. */
  #last: { readonly xid: string; readonly pending: PendingTransaction<Row> } | null = null;
  /** By the commit that they follow: of two that follow the same one, one was lost. Most commits have one that follows. */
  readonly #following = new Map<number, string | Set<string>>();

  /** False: it was there. */
  add(event: ChangeEvent<Row>, xid: string): boolean {
    const pending = this.#last?.xid === xid ? this.#last.pending : this.#pending.get(xid);
    if (pending !== undefined) return pending.add(event);
    const added = new PendingTransaction(event);
    this.#pending.set(xid, added);
    this.#last = { xid, pending: added };
    const { lastCommit } = event;
    if (lastCommit === null) return true;
    const following = this.#following.get(lastCommit);
    if (following === undefined) this.#following.set(lastCommit, xid);
    else if (typeof following !== 'string') following.add(xid);
    else this.#following.set(lastCommit, new Set([following, xid]));
    return true;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  of(xid: string): PendingTransaction<Row> | undefined {
    return this.#pending.get(xid);
  }

  /** How many changes it had. */
  drop(xid: string): number {
    const pending = this.#pending.get(xid);
    if (pending === undefined) return 0;
    this.#pending.delete(xid);
    if (this.#last?.xid === xid) this.#last = null;
    const { lastCommit } = pending.first;
    const following = lastCommit === null ? undefined : this.#following.get(lastCommit);
    if (following === xid || (typeof following === 'object' && following.delete(xid) && following.size === 0)) this.#following.delete(lastCommit!);
    return pending.size;
  }

  /** Those besides `xid` that say that they follow one of these commits. */
  after(commit: number | null, other: number | null, xid: string): readonly string[] {
    const one = commit === null ? undefined : this.#following.get(commit), two = other === null || other === commit ? undefined : this.#following.get(other);
    // Most often there are none.
    if ((one === undefined || one === xid) && (two === undefined || two === xid)) return none;
    return [one, two].flatMap((each) => (each === undefined ? [] : typeof each === 'string' ? [each] : [...each])).filter((each) => each !== xid);
  }

  /** Those that follow a commit before `lsn`. */
  before(lsn: number): readonly string[] {
    return [...this.#pending].filter(([, { first }]) => first.lastCommit !== null && first.lastCommit < lsn).map(([xid]) => xid);
  }

  /** Those with changes in the partition. */
  in(topic: string, partition: number): string[] {
    return [...this.#pending].filter(([, pending]) => pending.isIn(topic, partition)).map(([xid]) => xid);
  }

  /** By xid, how many changes there are. */
  sizes(): readonly (readonly [xid: string, size: number])[] {
    return [...this.#pending].map(([xid, { size }]) => [xid, size]);
  }

  events(): readonly ChangeEvent<Row>[] {
    return [...this.#pending.values()].flatMap((pending) => pending.events());
  }
}
