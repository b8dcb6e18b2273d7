/** Numbers in few bytes come back bit for bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { readPacked, writePacked } from '../../src/core/packed-numbers.js';

function packed(values: readonly number[], order = Int32Array.from(values, (_, row) => row)): Uint8Array {
  const writer = new ByteWriter();
  writePacked(writer, Float64Array.from(values), order, order.length);
  writer.u8(77);
  return writer.toBytes();
}

function unpacked(bytes: Uint8Array): number[] {
  const reader = new ByteReader(bytes);
  const values = [...readPacked(reader)];
  assert.equal(reader.u8(), 77, 'what follows is read next');
  return values;
}

const bits = (values: readonly number[]): BigUint64Array => new BigUint64Array(Float64Array.from(values).buffer);

test('law: any numbers, in any order, come back bit for bit', () => {
  const number = fc.oneof(
    fc.integer({ min: -5, max: 1000 }), fc.maxSafeInteger(), fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 50, 2 ** 50 + 1, -(2 ** 50)),
    fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(10, 100, 1000, 10_000, 100_000)).map(([whole, scale]) => whole / scale),
  );
  const decimals = fc.constantFrom(1, 10, 100, 10_000).chain((scale) => fc.array(fc.integer({ min: -1e12, max: 1e12 }).map((whole) => whole / scale)));
  fc.assert(fc.property(fc.oneof(fc.array(number, { maxLength: 20 }), decimals), fc.array(fc.nat(), { maxLength: 30 }), (values, picks) => {
    const order = Int32Array.from(values.length === 0 ? [] : picks, (pick) => pick % values.length);
    assert.deepEqual(bits(unpacked(packed(values))), bits(values));
    assert.deepEqual(bits(unpacked(packed(values, order))), bits(Array.from(order, (row) => values[row]!)));
  }), { numRuns: 500 });
});

test('prices and times take a byte or two each', () => {
  const prices = Array.from({ length: 1000 }, (_, row) => (18_000 + (row * 7) % 50) / 100);
  assert.ok(packed(prices).length < 1100, 'differences of less than 0.64');
  const times = Array.from({ length: 1000 }, (_, row) => 1_700_000_000_000 + row * 900);
  assert.ok(packed(times).length < 2100, 'differences of less than 8192');
});

test('bytes that end too soon are told', () => {
  for (const values of [[1, 2, 3000], [Math.PI, 1]]) {
    const bytes = packed(values);
    for (let end = 0; end < bytes.length - 1; end += 1) assert.throws(() => readPacked(new ByteReader(bytes.slice(0, end))), { code: 'CHECKPOINT_MISMATCH' });
  }
});
