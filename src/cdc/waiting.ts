/** Changes whose transactions were not given yet. */
import type { ChangeEvent } from './event.js';
import { PendingTransaction } from './pending.js';

export class WaitingTransactions<Row> {
  /** By xid. */
  readonly #pending = new Map<string, PendingTransaction<Row>>();
  /** By the commit that they follow: of two that follow the same one, one was lost. */
  readonly #following = new Map<number, Set<string>>();

  /** False: it was there. */
  add(event: ChangeEvent<Row>, xid: string): boolean {
    const pending = this.#pending.get(xid);
    if (pending !== undefined) return pending.add(event);
    this.#pending.set(xid, new PendingTransaction(event));
    const { lastCommit } = event;
    if (lastCommit === null) return true;
    const following = this.#following.get(lastCommit);
    if (following === undefined) this.#following.set(lastCommit, new Set([xid]));
    else following.add(xid);
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
    const { lastCommit } = pending.first;
    const following = lastCommit === null ? undefined : this.#following.get(lastCommit);
    following?.delete(xid);
    if (following?.size === 0) this.#following.delete(lastCommit!);
    return pending.size;
  }

  /** Those that say that they follow one of these commits. */
  after(...commits: readonly (number | null)[]): readonly string[] {
    return [...new Set(commits.flatMap((commit) => [...(commit === null ? [] : (this.#following.get(commit) ?? []))]))];
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
