/** Transactions that were given last, in the order of their commits: by them repeats are told from what is new. */
import type { Bound } from './gap.js';
import { numberOf, type Numbered } from './xid.js';

/** A connector that is started anew goes back as far as its last flush. */
const RECENT = 65_536;

function hashOf(xid: string): number {
  let hash = 0;
  for (let at = 0; at < xid.length; at += 1) hash = (Math.imul(hash, 10) + xid.charCodeAt(at) - 48) | 0;
  return hash;
}

export class RecentTransactions {
  /** A ring: the oldest gives way. The transaction with the number n is at n % `most`. Its id is NaN where that is no number, and a text then. */
  #ids: Float64Array;
  #lsns: Float64Array;
  #times: Float64Array;
  readonly #texts = new Map<number, string>();
  /** Numbers [oldest, next) are there. */
  #oldest = 0;
  #next = 0;
  /** By hash of an id: 1 + where in the ring its last commit is, 0: nowhere. Twice as many as there are, at the least. */
  #places = new Int32Array(1024);
  /** Those whose place is another's. */
  readonly #displaced = new Map<number | string, number>();

  constructor(private readonly most = RECENT) {
    [this.#ids, this.#lsns, this.#times] = [1, 2, 3].map(() => new Float64Array(Math.min(most, 512))) as [Float64Array, Float64Array, Float64Array];
  }

  of(xid: string): Bound | undefined {
    const place = this.#placeOf(numberOf(xid), xid);
    return place < 0 ? undefined : this.#in(place);
  }

  /** Whether one has this id, which is a number. */
  has({ xid }: Numbered): boolean {
    return this.#placeOf(xid, '') >= 0;
  }

  add({ xid, lsn, time }: Bound): void {
    this.#add(numberOf(xid!), xid!, lsn!, time);
  }

  /** As `add`, of an id that is a number: no text is made of it. */
  addNumbered({ xid, lsn, time }: Numbered): void {
    this.#add(xid, '', lsn, time);
  }

  #add(id: number, xid: string, lsn: number, time: number): void {
    if (this.#next - this.#oldest === this.most) this.#forgetOldest();
    const place = this.#next % this.most;
    if (place >= this.#ids.length) this.#lengthen();
    this.#ids[place] = id;
    if (id !== id) this.#texts.set(place, xid);
    this.#lsns[place] = lsn;
    this.#times[place] = time;
    this.#next += 1;
    if (2 * (this.#next - this.#oldest) > this.#places.length) this.#grow();
    else this.#put(place);
  }

  #lengthen(): void {
    const longer = (numbers: Float64Array): Float64Array => {
      const all = new Float64Array(Math.min(this.most, 2 * numbers.length));
      all.set(numbers);
      return all;
    };
    this.#ids = longer(this.#ids);
    this.#lsns = longer(this.#lsns);
    this.#times = longer(this.#times);
  }

  /** Where in the ring the last commit of an id is; -1: nowhere. Ids that are numbers which follow each other have places that do. */
  #placeOf(id: number, xid: string): number {
    const place = this.#places[(id === id ? id | 0 : hashOf(xid)) & (this.#places.length - 1)]! - 1;
    if (place >= 0 && this.#isAt(place, id, xid)) return place;
    return this.#displaced.size === 0 ? -1 : this.#displaced.get(id === id ? id : xid) ?? -1;
  }

  #isAt(place: number, id: number, xid: string): boolean {
    const other = this.#ids[place]!;
    return id === id ? other === id : other !== other && this.#texts.get(place) === xid;
  }

  /** PostgreSQL counts to 2^32 and begins again: an id has its last commit. */
  #put(place: number): void {
    const id = this.#ids[place]!, xid = id === id ? '' : this.#texts.get(place)!;
    const at = (id === id ? id | 0 : hashOf(xid)) & (this.#places.length - 1), other = this.#places[at]! - 1;
    if (other < 0 || this.#isAt(other, id, xid)) this.#places[at] = place + 1;
    else this.#displaced.set(id === id ? id : xid, place);
  }

  #grow(): void {
    this.#places = new Int32Array(4 * this.#places.length);
    this.#displaced.clear();
    for (let number = this.#oldest; number < this.#next; number += 1) this.#put(number % this.most);
  }

  #forgetOldest(): void {
    const place = this.#oldest % this.most, id = this.#ids[place]!, xid = id === id ? '' : this.#texts.get(place)!;
    const at = (id === id ? id | 0 : hashOf(xid)) & (this.#places.length - 1);
    this.#oldest += 1;
    if (this.#places[at] === place + 1) this.#places[at] = 0;
    else if (this.#displaced.get(id === id ? id : xid) === place) this.#displaced.delete(id === id ? id : xid);
    if (id !== id) this.#texts.delete(place);
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
    this.#texts.clear();
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
      const place = number % this.most, id = this.#ids[place]!;
      const xid = id === id ? id : Number(this.#texts.get(place)!);
      if (xid > from && xid < to) count += 1;
    }
    return count;
  }

  #in(place: number): Bound {
    const id = this.#ids[place]!;
    return { xid: id === id ? String(id) : this.#texts.get(place)!, lsn: this.#lsns[place]!, time: this.#times[place]! };
  }
}
