/**
 * The rows of all sliding frames of one OVER as checkpoints hold them: pages of rows in the order in which they came, each
 * written once. A checkpoint adds pages for the rows that came since the one before; of a key, rows leave in the order in
 * which they came, so how many are left says which of a page's rows still count. Pages of which little is left are joined.
 */
import { ByteWriter } from '../core/bytes.js';
import { concatColumns } from '../core/column-bytes.js';
import { gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { usualPages, type PageLimits } from '../core/keyed-pages.js';
import { pageFrom, pageOf, rowsOf, type FramePage, type FrameRows } from './frame-page.js';
import type { FramePool } from './frame-pool.js';
import { grown } from './grown.js';

/** So many pages beside each other of which little is left, or that hold little, become fewer. */
const RUN = 8;

/** What a row with two values takes at the most, as a rule: most take a quarter of it. */
const ROW_BYTES = 32;

export class FramePages {
  /** Per key: how many of its frame's rows no page has yet, the newest ones, and the slot of the oldest of these. */
  fresh: Int32Array = new Int32Array(0);
  freshHead: Int32Array = new Int32Array(0);
  readonly #pageRows: number;
  #pages: FramePage[] = [];

  constructor({ pageBytes }: PageLimits = usualPages) {
    this.#pageRows = Math.max(1, Math.floor(pageBytes / ROW_BYTES));
  }

  grow(keys: number): void {
    this.fresh = grown(this.fresh, keys, 0);
    this.freshHead = grown(this.freshHead, keys, 0);
  }

  /** Puts what is fresh into pages. Returns all, the oldest rows first; they never change. `count`: by key, the rows of its frame. */
  snapshot(count: Int32Array, pool: FramePool): Uint8Array[] {
    this.#settle(count.map((held, id) => held - this.fresh[id]!));
    if (!faults.frameRowsNotPaged) this.#addFresh(count.length, pool);
    return this.#pages.map((page) => page.bytes);
  }

  /** Takes the pages that `snapshot` returned when frames had `count` rows, and gives these, oldest first, a page at a time. */
  *restore(pages: readonly Uint8Array[], count: Int32Array): Generator<FrameRows> {
    this.#pages = pages.map(pageFrom);
    const gone = this.#gone(count);
    for (const { bytes } of this.#pages) yield withoutGone(rowsOf(bytes), gone);
  }

  #addFresh(keys: number, pool: FramePool): void {
    const views = pool.views();
    const writer = new ByteWriter(this.#pageRows * ROW_BYTES);
    const ids = new Int32Array(this.#pageRows);
    const slots = new Int32Array(this.#pageRows);
    let length = 0;
    const add = (): void => {
      this.#pages.push(pageOf(writer, ids, pool, views, slots, length));
      length = 0;
    };
    for (let id = 0; id < keys; id += 1) {
      for (let at = this.freshHead[id]!, left = this.fresh[id]!; left > 0; left -= 1, at = pool.after(at)) {
        ids[length] = id;
        slots[length++] = at;
        if (length === this.#pageRows) add();
      }
      this.fresh[id] = 0;
    }
    if (length > 0) add();
  }

  /** Forgets pages none of whose rows is left. `left`: by key, how many of the rows in pages still are, the newest ones. */
  #settle(left: Int32Array): void {
    // From the newest page back: what is left of a key after newer pages have had theirs is in older ones.
    const rest = left.slice();
    for (let number = this.#pages.length - 1; number >= 0; number -= 1) {
      const page = this.#pages[number]!;
      page.live = 0;
      for (let k = 0; k < page.ids.length; k += 1) {
        const id = page.ids[k]!;
        const live = Math.min(page.counts[k]!, rest[id]!);
        rest[id]! -= live;
        page.live += live;
      }
    }
    this.#pages = this.#pages.filter((page) => page.live > 0);
    this.#join(left);
  }

  /** By key, how many of the rows in pages are left no more, the oldest ones. */
  #gone(left: Int32Array): Int32Array {
    const gone = Int32Array.from(left, (count) => -count);
    for (const { ids, counts } of this.#pages) for (let k = 0; k < ids.length; k += 1) gone[ids[k]!]! += counts[k]!;
    return gone;
  }

  /** Joins the first run of pages that are mostly gone or small: one run a checkpoint, so that it takes no longer than others. */
  #join(left: Int32Array): void {
    let from = 0;
    for (let number = 0; number <= this.#pages.length; number += 1) {
      const page = this.#pages[number];
      const isSlight = page !== undefined && page.live <= this.#pageRows / 2;
      if (isSlight && number - from + 1 < RUN) continue;
      if (isSlight) {
        this.#joinRun(from, number + 1, left);
        return;
      }
      from = number + 1;
    }
  }

  #joinRun(from: number, to: number, left: Int32Array): void {
    const gone = this.#gone(left);
    const kept: FrameRows[] = [];
    for (let number = 0; number < to; number += 1) {
      const { ids, counts, bytes } = this.#pages[number]!;
      if (number >= from) kept.push(withoutGone(rowsOf(bytes), gone));
      else for (let k = 0; k < ids.length; k += 1) gone[ids[k]!] = Math.max(0, gone[ids[k]!]! - counts[k]!);
    }
    const rows = concat(kept);
    const order = Int32Array.from({ length: rows.length }, (_, row) => row);
    const writer = new ByteWriter();
    const joined: FramePage[] = [];
    for (let row = 0; row < rows.length; row += this.#pageRows) {
      const end = Math.min(rows.length, row + this.#pageRows);
      joined.push(pageOf(writer, rows.ids.subarray(row, end), { time: rows.time, timeBase: 0 }, rows.columns, order.subarray(row, end), end - row));
    }
    this.#pages.splice(from, to - from, ...joined);
  }
}

/** Those of which `gone`, by key, does not count down to zero before. */
function withoutGone(rows: FrameRows, gone: Int32Array): FrameRows {
  const kept = new Int32Array(rows.length);
  let count = 0;
  for (let row = 0; row < rows.length; row += 1) {
    const id = rows.ids[row]!;
    if (gone[id]! > 0) gone[id]! -= 1;
    else kept[count++] = row;
  }
  if (count === rows.length) return rows;
  return {
    length: count,
    ids: Int32Array.from(kept.subarray(0, count), (row) => rows.ids[row]!),
    time: Float64Array.from(kept.subarray(0, count), (row) => rows.time[row]!),
    columns: rows.columns.map((column) => gather(column, kept, count)),
  };
}

function concat(parts: readonly FrameRows[]): FrameRows {
  const lengths = parts.map((part) => part.length);
  const length = lengths.reduce((sum, rows) => sum + rows, 0);
  const ids = new Int32Array(length);
  const time = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    ids.set(part.ids, at);
    time.set(part.time, at);
    at += part.length;
  }
  return { length, ids, time, columns: parts[0]!.columns.map((_, index) => concatColumns(parts.map(({ columns }) => columns[index]!), lengths)) };
}
