import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, type Batch, type Column } from '../../src/core/batch.js';
import type { Int64 } from '../../src/core/types.js';
import { SliceChecksum } from '../../src/engine/checksum.js';

type Row = readonly [text: string | null, real: number | null, whole: Int64 | null];
const rows = fc.array(fc.tuple(
  fc.constantFrom('', 'a', 'ab', 'é', null), fc.constantFrom(0, -0, 1.5, NaN, -Infinity, null), fc.constantFrom<Int64 | null>(0, 1, -1, 2n ** 60n, -(2n ** 63n), null),
), { minLength: 1, maxLength: 20 });

function column<Value>(values: readonly (Value | null)[], make: (values: Value[]) => { storage: 'real' | 'int64'; values: Float64Array | readonly Int64[] }, zero: Value): Column {
  const nulls = Uint8Array.from(values, (value) => (value === null ? 1 : 0));
  return { ...make(values.map((value) => value ?? zero)), nulls: nulls.includes(1) ? nulls : null } as Column;
}

/** Strings in codes or plain, integers as doubles where they fit or as exact values. */
function batchOf(list: readonly Row[], coded: boolean, exact: boolean): Batch {
  const dictionary = new Dictionary();
  if (coded) dictionary.intern('other');
  const texts = list.map(([text]) => text);
  const wholes = (values: Int64[]) => ({ storage: 'int64' as const, values: !exact && values.every((value) => typeof value === 'number') ? Float64Array.from(values as number[]) : values });
  return {
    length: list.length,
    columns: [
      coded ? { storage: 'text', values: Int32Array.from(texts, (text) => dictionary.intern(text)), dictionary } : { storage: 'text', values: texts, dictionary: null },
      column(list.map(([, real]) => real), (values) => ({ storage: 'real', values: Float64Array.from(values) }), 0),
      column<Int64>(list.map(([, , whole]) => whole), wholes, 0),
    ],
  };
}

function checksumOf(list: readonly Row[], cuts: readonly number[], coded: boolean, exact: boolean): string {
  const checksum = new SliceChecksum(3);
  for (let at = 0, cut = 0; at < list.length; cut += 1) {
    const length = Math.min(cuts[cut % cuts.length]!, list.length - at);
    checksum.update(batchOf(list.slice(at, at + length), coded, exact), 0, length);
    at += length;
  }
  return checksum.finish();
}

test('however rows come in batches, the checksum is the same', () => {
  fc.assert(fc.property(rows, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }), fc.boolean(), fc.boolean(), (list, cuts, coded, exact) => {
    assert.equal(checksumOf(list, cuts, coded, exact), checksumOf(list, [list.length], false, false));
  }));
});

test('one changed value, two rows exchanged or one row less give another', () => {
  fc.assert(fc.property(rows, fc.nat(), fc.nat(2), fc.constantFrom<Row>(['z', 2.5, 77], [null, null, null]), (list, at, part, other) => {
    const row = at % list.length;
    const changed = list.map((values, index) => (index === row ? values.map((value, place) => (place === part ? other[part]! : value)) as unknown as Row : values));
    const whole = checksumOf(list, [list.length], false, false);
    if (!Object.is(list[row]![part], other[part])) assert.notEqual(checksumOf(changed, [list.length], false, false), whole);
    assert.notEqual(checksumOf([...list, list[0]!], [99], false, false), whole);
    const [first, second] = list;
    if (second !== undefined && first!.some((value, place) => !Object.is(value, second[place]))) assert.notEqual(checksumOf([second, first!, ...list.slice(2)], [99], false, false), whole);
  }));
});
