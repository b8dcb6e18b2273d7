/** Forgets records of pages that are over: once they have become twice as many, and then a page with each chunk, so that the flow does not stop for it. */
import type { ByteReader } from '../core/bytes.js';
import type { KeyedPages } from '../core/keyed-pages.js';

/** Below so many records, forgetting any is not worth the while. */
const RECORDS_MIN = 65_536;

export class PageSweep {
  #at = RECORDS_MIN;
  /** The page that is next; -1: it is not time. */
  #page = -1;

  /** To be called after each chunk. `isOver` reads a record's value. What is at hand beside the pages is the caller's. */
  step(pages: KeyedPages, isOver: (value: ByteReader, address: number) => boolean): void {
    if (this.#page < 0) {
      if (pages.size < this.#at) return;
      this.#page = 0;
    }
    for (const address of pages.addressesOf(this.#page)) if (isOver(pages.valueAt(address), address)) pages.delete(address);
    this.#page += 1;
    if (this.#page < pages.pageNumbers) return;
    pages.settle();
    this.#page = -1;
    this.#at = Math.max(RECORDS_MIN, pages.size * 2);
  }
}
