/** Forgets records of pages that are over: once they have become twice as many, and then a page with each chunk, so that the flow does not stop for it. */
import type { ByteReader } from '../core/bytes.js';
import type { KeyedPages, PageLimits } from '../core/keyed-pages.js';

/** Below so many records for each key at hand, forgetting any is not worth the while. */
const RECORDS_A_KEY = 4;

export class PageSweep {
  readonly #least: number;
  /** Records at which it is time. */
  #at: number;
  /** The page that is next; -1: it is not time. */
  #page = -1;

  constructor({ keysAtHand }: PageLimits) {
    this.#least = this.#at = RECORDS_A_KEY * keysAtHand;
  }

  isDue(pages: KeyedPages): boolean {
    return this.#page >= 0 || pages.size >= this.#at;
  }

  /** To be called after each chunk. `isOver` reads a record's value. What is at hand beside the pages is the caller's. */
  step(pages: KeyedPages, isOver: (value: ByteReader, address: number) => boolean): void {
    if (!this.isDue(pages)) return;
    this.#page = Math.max(0, this.#page);
    for (const address of pages.addressesOf(this.#page)) if (isOver(pages.valueAt(address), address)) pages.delete(address);
    this.#page += 1;
    if (this.#page < pages.pageNumbers) return;
    pages.settle();
    this.#page = -1;
    this.#at = Math.max(this.#least, pages.size * 2);
  }
}
