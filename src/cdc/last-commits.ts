/** Transactions by which the next one is judged. Where many come together, each behind the other, no object is made of them until somebody asks. */
import type { Bound } from './gap.js';
import type { Numbered } from './xid.js';

export class LastCommits {
  #last: Bound | null = null;
  #chain: Bound | null = null;
  /** Of the transaction that is both, and was told in numbers; NaN: there is none. */
  #xid = NaN;
  #lsn = 0;
  #time = 0;

  /** The last that was given. */
  get last(): Bound | null {
    this.#settle();
    return this.#last;
  }

  /** The last that was given since the connector began to follow the log; null: none was. */
  get chain(): Bound | null {
    this.#settle();
    return this.#chain;
  }

  /** The LSN of `chain`; NaN: there is none. */
  get chainLsn(): number {
    return this.#xid === this.#xid ? this.#lsn : this.#chain?.lsn ?? NaN;
  }

  /** Both, as of a state that was saved. */
  set(last: Bound | null, chain: Bound | null): void {
    this.#xid = NaN;
    this.#last = last;
    this.#chain = chain;
  }

  /** A transaction was given that follows the log, and whose id is this number. */
  follow({ xid, lsn, time }: Numbered): void {
    this.#xid = xid;
    this.#lsn = lsn;
    this.#time = time;
  }

  #settle(): void {
    if (this.#xid !== this.#xid) return;
    this.#last = this.#chain = { xid: String(this.#xid), lsn: this.#lsn, time: this.#time };
    this.#xid = NaN;
  }
}
