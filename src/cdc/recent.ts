/** Transactions that were given last, in the order of their commits: by them repeats are told from what is new. */
import type { Bound } from './gap.js';

/** A connector that is started anew goes back as far as its last flush. */
const RECENT = 65_536;

export class RecentTransactions {
  /** By xid: its last commit. PostgreSQL counts to 2^32 and begins again. */
  readonly #byXid = new Map<string, Bound>();
  /** A ring: the oldest gives way. */
  #ring: Bound[] = [];
  #oldest = 0;
  /** What was asked for last: changes of one transaction come one behind the other. */
  #asked: { readonly xid: string; readonly bound: Bound | undefined } | null = null;

  constructor(private readonly most = RECENT) {}

  of(xid: string): Bound | undefined {
    if (this.#asked?.xid !== xid) this.#asked = { xid, bound: this.#byXid.get(xid) };
    return this.#asked.bound;
  }

  add(bound: Bound): void {
    this.#asked = null;
    this.#byXid.set(bound.xid!, bound);
    if (this.#ring.length < this.most) {
      this.#ring.push(bound);
      return;
    }
    const { xid, lsn } = this.#ring[this.#oldest]!;
    if (this.#byXid.get(xid!)!.lsn === lsn) this.#byXid.delete(xid!);
    this.#ring[this.#oldest] = bound;
    this.#oldest = (this.#oldest + 1) % this.most;
  }

  /** The last that was committed at `lsn` or before, and the one after it; null: it is older than all, or the newest. */
  around(lsn: number): readonly [Bound, Bound] | null {
    let low = 0, high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).lsn! <= lsn) low = middle + 1;
      else high = middle;
    }
    return low === 0 || low === this.#ring.length ? null : [this.#at(low - 1), this.#at(low)];
  }

  clear(): void {
    this.#asked = null;
    this.#byXid.clear();
    this.#ring = [];
    this.#oldest = 0;
  }

  /** The oldest first. */
  all(): readonly Bound[] {
    return this.#ring.map((_, index) => this.#at(index));
  }

  #at(index: number): Bound {
    return this.#ring[(this.#oldest + index) % this.#ring.length]!;
  }
}
