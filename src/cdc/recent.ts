/** Transactions that were given last, in the order of their commits: by them repeats are told from what is new. */
import type { Bound } from './gap.js';

/** A connector that is started anew goes back as far as its last flush. */
const RECENT = 65_536;

/** Ids that are numbers which follow each other have places that do. */
function hashOf(xid: string): number {
  let hash = 0;
  for (let at = 0; at < xid.length; at += 1) hash = (Math.imul(hash, 10) + xid.charCodeAt(at) - 48) | 0;
  return hash;
}

export class RecentTransactions {
  /** A ring: the oldest gives way. The transaction with the number n is at n % `most`. */
  #xids: string[] = [];
  #lsns: number[] = [];
  #times: number[] = [];
  /** Numbers [oldest, next) are there. */
  #oldest = 0;
  #next = 0;
  /** By hash of an id: 1 + where in the ring its last commit is, 0: nowhere. Twice as many as there are, at the least. */
  #places = new Int32Array(1024);
  /** Those whose place is another's. */
  readonly #displaced = new Map<string, number>();

  constructor(private readonly most = RECENT) {}

  of(xid: string): Bound | undefined {
    const place = this.#places[hashOf(xid) & (this.#places.length - 1)]! - 1;
    if (place >= 0 && this.#xids[place] === xid) return this.#in(place);
    const displaced = this.#displaced.size === 0 ? undefined : this.#displaced.get(xid);
    return displaced === undefined ? undefined : this.#in(displaced);
  }

  add({ xid, lsn, time }: Bound): void {
    if (this.#next - this.#oldest === this.most) this.#forgetOldest();
    const place = this.#next % this.most;
    this.#xids[place] = xid!;
    this.#lsns[place] = lsn!;
    this.#times[place] = time;
    this.#next += 1;
    if (2 * (this.#next - this.#oldest) > this.#places.length) this.#grow();
    else this.#put(place);
  }

  /** PostgreSQL counts to 2^32 and begins again: an id has its last commit. */
  #put(place: number): void {
    const xid = this.#xids[place]!;
    const at = hashOf(xid) & (this.#places.length - 1), other = this.#places[at]! - 1;
    if (other < 0 || this.#xids[other] === xid) this.#places[at] = place + 1;
    else this.#displaced.set(xid, place);
  }

  #grow(): void {
    this.#places = new Int32Array(4 * this.#places.length);
    this.#displaced.clear();
    for (let number = this.#oldest; number < this.#next; number += 1) this.#put(number % this.most);
  }

  #forgetOldest(): void {
    const place = this.#oldest % this.most, xid = this.#xids[place]!;
    const at = hashOf(xid) & (this.#places.length - 1);
    this.#oldest += 1;
    if (this.#places[at] === place + 1) this.#places[at] = 0;
    else if (this.#displaced.get(xid) === place) this.#displaced.delete(xid);
  }

  /** The last that was committed at `lsn` or before, and the one after it; null: it is older than all, or the newest. */
  around(lsn: number): readonly [Bound, Bound] | null {
    let low = this.#oldest, high = this.#next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#lsns[middle % this.most]! <= lsn) low = middle + 1;
      else high = middle;
    }
    return low === this.#oldest || low === this.#next ? null : [this.#in((low - 1) % this.most), this.#in(low % this.most)];
  }

  clear(): void {
    this.#places.fill(0);
    this.#displaced.clear();
    this.#oldest = this.#next;
  }

  /** The oldest first. */
  all(): readonly Bound[] {
    return Array.from({ length: this.#next - this.#oldest }, (_, index) => this.#in((this.#oldest + index) % this.most));
  }

  /** How many have ids between these. */
  countBetween(from: number, to: number): number {
    let count = 0;
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const xid = Number(this.#xids[number % this.most]!);
      if (xid > from && xid < to) count += 1;
    }
    return count;
  }

  #in(place: number): Bound {
    return { xid: this.#xids[place]!, lsn: this.#lsns[place]!, time: this.#times[place]! };
  }
}
