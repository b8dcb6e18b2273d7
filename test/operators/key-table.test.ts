import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { KeyTable } from '../../src/operators/key-table.js';

type Part = string | number | null;
const parts = fc.array(fc.tuple(fc.constantFrom<Part>('', 'a', 'b', 'ab', null), fc.constantFrom<Part>(0, -0, NaN, 1, -1, Infinity, -Infinity, null)), { maxLength: 40 });

const reals = (values: readonly Part[]): Column => ({ storage: 'real', values: Float64Array.from(values, (value) => Number(value ?? 0)), nulls: Uint8Array.from(values, (value) => (value === null ? 1 : 0)) });
const plain = (values: readonly Part[]): Column => ({ storage: 'text', values: values as (string | null)[], dictionary: null });
const coded = (values: readonly Part[], dictionary: Dictionary): Column => ({ storage: 'text', values: Int32Array.from(values as (string | null)[], (text) => dictionary.intern(text)), dictionary });

const nameOf = (part: Part): string => (Object.is(part, -0) ? '-0' : typeof part === 'string' ? `'${part}'` : String(part));

function idsOf(table: KeyTable, columns: readonly Column[], length: number): number[] {
  const ids = new Int32Array(length);
  table.fill(columns, length, ids);
  return [...ids];
}

test('rows have one id iff their keys are the same to the bit, however strings are held', () => {
  fc.assert(fc.property(parts, (rows) => {
    const table = new KeyTable(2);
    const texts = rows.map(([text]) => text);
    const numbers = reals(rows.map(([, number]) => number));
    const ids = idsOf(table, [plain(texts), numbers], rows.length);
    const names = rows.map((row) => row.map(nameOf).join('|'));
    const known = [...new Set(names)];
    assert.deepEqual(ids, names.map((name) => known.indexOf(name)), 'dense, in order of first appearance');
    // Codes of two dictionaries that disagree.
    const [one, other] = [new Dictionary(), new Dictionary()];
    other.intern('b');
    assert.deepEqual(idsOf(table, [coded(texts, one), numbers], rows.length), ids);
    assert.deepEqual(idsOf(table, [coded(texts, other), numbers], rows.length), ids);
    rows.forEach((row, index) => row.forEach((part, at) => assert.ok(Object.is(table.value(at, ids[index]!), part))));
  }));
});

test('ranks order keys: NULL first, numbers by value, −0 below 0, NaN above all, strings by code unit', () => {
  const table = new KeyTable(1);
  idsOf(table, [reals([NaN, 1, 0, null, -0, Infinity, -1])], 7);
  const ranks = table.ranks();
  const ordered = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!).map((id) => table.value(0, id));
  assert.deepEqual(ordered, [null, -1, -0, 0, 1, Infinity, NaN]);
});

test('comparing ids is comparing their ranks', () => {
  fc.assert(fc.property(parts, (rows) => {
    const table = new KeyTable(2);
    idsOf(table, [plain(rows.map(([text]) => text)), reals(rows.map(([, number]) => number))], rows.length);
    const ranks = table.ranks();
    for (let a = 0; a < table.size; a += 1) {
      for (let b = 0; b < table.size; b += 1) assert.equal(Math.sign(table.compare(a, b)), Math.sign(ranks[a]! - ranks[b]!));
    }
  }));
});

test('a snapshot and a table of fewer keys keep the values', () => {
  fc.assert(fc.property(parts, fc.nat(5), (rows, every) => {
    const table = new KeyTable(2);
    idsOf(table, [plain(rows.map(([text]) => text)), reals(rows.map(([, number]) => number))], rows.length);
    const keyOf = (of: KeyTable, id: number): string => [0, 1].map((part) => nameOf(of.value(part, id) as Part)).join('|');
    const writer = new ByteWriter();
    table.snapshot(writer);
    const restored = new KeyTable(2);
    restored.restore(new ByteReader(writer.toBytes()));
    assert.equal(restored.size, table.size);
    for (let id = 0; id < table.size; id += 1) assert.equal(keyOf(restored, id), keyOf(table, id));
    const ids = Array.from({ length: table.size }, (_, id) => id).filter((id) => id % (every + 1) === 0);
    const kept = table.keeping(ids);
    assert.deepEqual(ids.map((_, index) => keyOf(kept, index)), ids.map((id) => keyOf(table, id)));
  }));
});
