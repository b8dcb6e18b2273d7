/** Rows of frames in pages: what is left comes back in its order, and little is written when little has come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Column } from '../../src/core/batch.js';
import { cell } from '../../src/core/batch.js';
import { FramePages } from '../../src/operators/frame-pages.js';
import { FramePool, blockOf, endsBlock } from '../../src/operators/frame-pool.js';

/** Frames of a few keys, kept as plain lists beside a pool and its pages. */
class Frames {
  readonly pool = new FramePool(['real', 'text']);
  readonly pages: FramePages;
  readonly count = new Int32Array(KEYS);
  readonly #head = new Int32Array(KEYS);
  readonly expected: number[][] = Array.from({ length: KEYS }, () => []);
  #next = 0;

  constructor(pageRows: number) {
    this.pages = new FramePages({ pageBytes: pageRows * 32, keysAtHand: 1 });
    this.pages.grow(KEYS);
  }

  come(id: number, rows: number): void {
    for (let k = 0; k < rows; k += 1) {
      const value = this.#next++;
      const columns: Column[] = [{ storage: 'real', values: Float64Array.of(value / 2), nulls: Uint8Array.of(value % 3 === 0 ? 1 : 0) }, { storage: 'text', values: [`v${value}`], dictionary: null }];
      const slot = this.pool.add(columns, Float64Array.of(value), Int32Array.of(id), 1)[0]!;
      if (this.count[id] === 0) this.#head[id] = slot;
      if (this.pages.fresh[id] === 0) this.pages.freshHead[id] = slot;
      this.count[id]! += 1;
      this.pages.fresh[id]! += 1;
      this.expected[id]!.push(value);
    }
  }

  leave(id: number, rows: number): void {
    for (let k = 0; k < rows && this.count[id]! > 0; k += 1) {
      const slot = this.#head[id]!;
      const after = this.pool.after(slot);
      if (endsBlock(slot)) this.pool.release(Int32Array.of(blockOf(slot)), 1);
      this.#head[id] = after;
      this.count[id]! -= 1;
      this.expected[id]!.shift();
      if (this.pages.fresh[id]! > this.count[id]!) {
        this.pages.fresh[id] = this.count[id]!;
        this.pages.freshHead[id] = after;
      }
    }
  }

  snapshot(): Uint8Array[] {
    return this.pages.snapshot(this.count.slice(), this.pool);
  }
}

const KEYS = 3;

/** By key, the rows that pages give, by their event times; the other columns must say the same. */
function restored(pages: readonly Uint8Array[], count: Int32Array, into = new FramePages()): number[][] {
  const found: number[][] = Array.from({ length: KEYS }, () => []);
  for (const { length, ids, time, columns } of into.restore(pages, count)) {
    for (let row = 0; row < length; row += 1) {
      const value = time[row]!;
      assert.deepEqual(columns.map((column) => cell(column, row)), [value % 3 === 0 ? null : value / 2, `v${value}`]);
      found[ids[row]!]!.push(value);
    }
  }
  return found;
}

test('law: whatever came and left, pages hold what is in the frames, in its order', () => {
  const move = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('come' as const), id: fc.nat(KEYS - 1), rows: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), id: fc.nat(KEYS - 1), rows: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), id: fc.constant(0), rows: fc.constant(0) }) },
  );
  fc.assert(fc.property(fc.array(move, { maxLength: 120 }), fc.integer({ min: 1, max: 8 }), (moves, pageRows) => {
    const frames = new Frames(pageRows);
    for (const { kind, id, rows } of moves) {
      if (kind === 'come') frames.come(id, rows);
      else if (kind === 'leave') frames.leave(id, rows);
      else assert.deepEqual(restored(frames.snapshot(), frames.count), frames.expected);
    }
    assert.deepEqual(restored(frames.snapshot(), frames.count), frames.expected);
  }), { numRuns: 300 });
});

test('pages that were restored go on as those that were not', () => {
  const frames = new Frames(4);
  frames.come(0, 10);
  frames.come(1, 3);
  const first = frames.snapshot();
  const count = frames.count.slice();
  const again = new FramePages({ pageBytes: 128, keysAtHand: 1 });
  again.grow(KEYS);
  restored(first, count, again);
  assert.deepEqual(again.snapshot(count, frames.pool), first);
});

test('a checkpoint writes what came since the one before, and forgets what has left', () => {
  const frames = new Frames(100);
  frames.come(0, 1000);
  const first = frames.snapshot();
  assert.equal(first.length, 10);
  frames.leave(0, 350);
  frames.come(1, 5);
  const second = frames.snapshot();
  // Three pages have no row left; six and one that is half gone are the same arrays, and one is new.
  assert.deepEqual(second.slice(0, -1), first.slice(3));
  second.slice(0, -1).forEach((page, index) => assert.equal(page, first[index + 3]));
});

test('a long run of checkpoints between which little happens has few pages', () => {
  const frames = new Frames(64);
  let most = 0;
  for (let round = 0; round < 2000; round += 1) {
    frames.come(round % KEYS, 3);
    if (round > 300) frames.leave(round % KEYS, 3);
    most = Math.max(most, frames.snapshot().length);
  }
  assert.ok(most < 40, `${most} pages for some 900 rows, 64 to a page`);
  assert.deepEqual(restored(frames.snapshot(), frames.count), frames.expected);
});
