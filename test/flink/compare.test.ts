import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareChanges, finalTable } from './changelog.js';
import { compareRows, isEqual } from './compare.js';
import type { Change } from './theirs.js';
import { canonical, type Value } from './value.js';

const value: fc.Arbitrary<Value> = fc.oneof(fc.constantFrom(null, 'a', 'b'), fc.constantFrom(NaN, Infinity, 0, -0, 1.5));
const rows = fc.array(fc.tuple(fc.constantFrom(null, 'a', 'b'), value), { maxLength: 8 });

/** Law: the order of rows does not matter, and one row more, less or other is told. */
test('rows are equal as multisets, and only then', () => {
  fc.assert(fc.property(rows, fc.array(fc.nat()), (list, moves) => {
    const shuffled = list.map((row, index) => ({ row, by: moves[index] ?? 0 })).sort((a, b) => a.by - b.by).map(({ row }) => row);
    assert.ok(isEqual(compareRows(list, shuffled, [false, true])));
    assert.equal(compareRows([...list, ['c', 1]], shuffled, [false, true]).oursOnly.length, 1);
    if (list.length > 0) assert.equal(compareRows(list.slice(1), shuffled, [false, true]).theirsOnly.length, 1);
  }));
});

test('doubles are equal to 1e-9, and rows are paired by all else', () => {
  assert.ok(isEqual(compareRows([['a', 1], ['a', 2]], [['a', 2 + 1e-10], ['a', 1]], [false, true])));
  assert.deepEqual(compareRows([['a', 1]], [['a', 1.1]], [false, true]).inexact, [{ ours: ['a', 1], theirs: ['a', 1.1] }]);
});

test('changelogs are equal by their final table, and where keys are given by the changes of each key', () => {
  const changes = (...texts: readonly string[]): Change[] => texts.map((text) => ({ op: text.slice(0, 2), row: text.slice(3).split(' ') }));
  const one = changes('+I a 1', '-U a 1', '+U a 2', '+I b 1');
  const other = changes('+I b 1', '+I a 1', '-D a 1', '+I a 2');
  assert.deepEqual(finalTable(one), [['a', '2'], ['b', '1']]);
  const compared = (keys: readonly string[] | null) => compareChanges(one, other, [false, false], { kind: '', tables: [], views: [], inserts: [], outputs: [], updates: { keys }, exact: null }, ['k', 'v']);
  assert.ok(isEqual(compared(null)));
  assert.ok(!isEqual(compared(['k'])));
});

test('one value has one form, whoever writes it', () => {
  for (const [type, ...texts] of [
    ['DECIMAL(38, 6)', '1.50', '1.5', '0.15E1', '150E-2'], ['DECIMAL(10, 2)', '0', '0E-10', '-0.00', '0.000'], ['DECIMAL(10, 2)', '-120', '-1.2E+2'],
    ['TIMESTAMP(3)', '2024-01-02T03:04', '2024-01-02 03:04:00', '2024-01-02T03:04:00.000'], ['TIMESTAMP(3)', '2024-01-02 03:04:05.5', '2024-01-02T03:04:05.500'], ['DOUBLE', '1.0E10', '10000000000.0', '1e10'],
  ] as const) assert.equal(new Set(texts.map((text) => canonical(text, type))).size, 1, texts.join(' '));
});
