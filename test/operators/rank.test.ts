/** Top-N by its law, also over partitions of many rows that are in pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { DELETE, INSERT, UPDATE_AFTER } from '../../src/core/row-kind.js';
import { sqlType, storageOf, type Schema } from '../../src/core/types.js';
import { Rank, type RankSpec } from '../../src/operators/rank.js';
import { read, tinyPages, write } from '../engine/written-pages.js';

const schema: Schema = [{ name: 'k', type: sqlType('STRING') }, { name: 'x', type: sqlType('INT') }, { name: 'id', type: sqlType('INT') }];

interface Arrival { readonly k: string; readonly x: number; readonly id: number; readonly kind: number; readonly now: number }

const spec: RankSpec = {
  name: 'rank', input: schema, partition: [0], order: [{ column: 1, descending: true, nullsLast: true }], from: 1, to: 3, numbered: true, ttl: null, identity: [2], latestFirst: false,
};

/** What leaves, as `kind k x id number`; with `paged` hardly anything is at hand, and with `restored` nothing after each chunk. */
function drive(more: Partial<RankSpec>, arrivals: readonly Arrival[], size: number, { paged = false, restored = false } = {}): string[] {
  const make = (): Rank => {
    const rank = new Rank({ ...spec, ...more });
    if (paged) rank.limitPages(tinyPages);
    return rank;
  };
  let rank = make();
  const rows: string[] = [];
  for (let from = 0; from < arrivals.length; from += size) {
    const own = arrivals.slice(from, from + size);
    const columns = schema.map(({ name, type }): Column => (storageOf(type) === 'text'
      ? { storage: 'text', values: own.map(({ k }) => k), dictionary: null }
      : { storage: storageOf(type) as 'real', values: Float64Array.from(own, (row) => (name === 'x' ? row.x : row.id)), nulls: null }));
    const after = new Float64Array(own.length);
    const given = rank.process({
      batch: { length: own.length, columns }, released: Int32Array.from(own.keys()), time: after, kinds: Uint8Array.from(own, ({ kind }) => kind),
    }, { from: 0, to: own.length }, { before: 0, after, now: Float64Array.from(own, ({ now }) => now) });
    for (let row = 0; row < given.batch.length; row += 1) rows.push([given.kinds![row], ...given.batch.columns.map((column) => cell(column, row))].join(' '));
    if (!restored) continue;
    const writer = new ByteWriter();
    const state = write({ pages: rank.snapshot(writer), body: writer.toBytes() });
    rank = make();
    rank.restore(new ByteReader(state.body), read(state).pages);
  }
  return rows;
}

/** Few partitions of many rows, which come and go; of those that go most came long ago. */
const crowd = fc.tuple(fc.constantFrom(['a'], ['a', 'a', 'a', 'b'], ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']), fc.nat(9), fc.array(fc.tuple(fc.nat(99), fc.nat(40), fc.nat(9), fc.nat(20)), { minLength: 100, maxLength: 900 })).map(([names, goes, draws]) => {
  const there: Arrival[] = [];
  let now = 0;
  return draws.map(([at, x, going, later], id): Arrival => {
    now += later;
    if (going < goes && there.length > 0) return { ...there.splice((at * 7) % there.length, 1)[0]!, kind: DELETE, now };
    const row = { k: names[at % names.length]!, x, id, kind: INSERT, now };
    there.push(row);
    return row;
  });
});

test('law: the changes add up to the first rows of each partition', () => {
  fc.assert(fc.property(crowd, fc.constantFrom(1, 3, 70), fc.boolean(), (arrivals, to, paged) => {
    const told = new Map<string, string>();
    for (const row of drive({ to }, arrivals, 50, { paged, restored: paged })) {
      const [kind, k, x, id, number] = row.split(' ');
      if (Number(kind) === INSERT || Number(kind) === UPDATE_AFTER) told.set(`${k} ${number}`, `${x} ${id}`);
      else if (told.get(`${k} ${number}`) === `${x} ${id}`) told.delete(`${k} ${number}`);
    }
    const there = arrivals.filter(({ kind, id }) => kind === INSERT && !arrivals.some((other) => other.kind === DELETE && other.id === id));
    const wanted = new Map<string, string>();
    for (const name of new Set(there.map(({ k }) => k))) {
      there.filter(({ k }) => k === name).sort((a, b) => b.x - a.x || a.id - b.id).slice(0, to)
        .forEach(({ x, id }, index) => wanted.set(`${name} ${index + 1}`, `${x} ${id}`));
    }
    assert.deepEqual([...told].sort(), [...wanted].sort());
  }), { numRuns: 40 });
});

test('law: it makes no difference what is at hand and what in pages', () => {
  const more: fc.Arbitrary<Partial<RankSpec>> = fc.constantFrom({}, { ttl: 25, partition: [] }, { ttl: 400 }, { ttl: 3000, numbered: false }, { latestFirst: true, to: 1, numbered: false }, { from: 2, to: 90 }, { partition: [], to: 2 });
  fc.assert(fc.property(crowd, more, fc.constantFrom(1, 13, 200), (arrivals, form, size) => {
    const rows = drive(form, arrivals, 1000);
    assert.deepEqual(drive(form, arrivals, size, { paged: true }), rows);
    assert.deepEqual(drive(form, arrivals, size * 5, { paged: true, restored: true }), rows);
  }), { numRuns: 40 });
});

test('of a partition of many rows a checkpoint writes those beside what has changed', () => {
  const rank = new Rank(spec);
  const seen = new Set<Uint8Array>();
  const news = (ids: readonly number[], kind: number): number => {
    const columns: Column[] = [{ storage: 'text', values: ids.map(() => 'all'), dictionary: null }, ...[7919, 1].map((by): Column => ({ storage: 'real', values: Float64Array.from(ids, (id) => (id * by) % 1_000_003), nulls: null }))];
    const { length } = ids;
    const after = new Float64Array(length);
    rank.process({ batch: { length, columns }, released: Int32Array.from(ids.keys()), time: after, kinds: new Uint8Array(length).fill(kind) }, { from: 0, to: length }, { before: 0, after });
    return rank.snapshot(new ByteWriter()).reduce((bytes, page) => (seen.has(page) ? bytes : (seen.add(page), bytes + page.length)), 0);
  };
  const first = news(Array.from({ length: 20_000 }, (_, id) => id), INSERT);
  assert.equal(news([], INSERT), 0);
  const second = news([4, 777], DELETE) + news([20_001], INSERT);
  assert.ok(second > 0 && second < first / 20, `${second} of ${first} bytes`);
});
