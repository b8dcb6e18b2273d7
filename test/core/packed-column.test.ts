import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cell, Dictionary, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { ColumnBuilder } from '../../src/core/column-builder.js';
import { PackedColumn, appendPacked } from '../../src/core/packed-column.js';
import { readPacked, writePacked, type PackedValue } from '../../src/core/packed.js';
import type { Int64 } from '../../src/core/types.js';

/** Bytes that one unit holds, two, and lone surrogates; lengths on both sides of where the length takes two bytes. */
const text = fc.oneof(
  fc.constantFrom('', 'NEW', 'FILLED', '\ud800', 'x'.repeat(127), 'é'.repeat(128), '漢'.repeat(129), `${'a'.repeat(126)}漢`),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 150 }),
);
const number = fc.oneof(fc.constantFrom(0, -0, NaN, Infinity, 255, 256, 65_535, 65_536, -1, 2 ** 31, 2 ** 53 - 1), fc.integer(), fc.double());

const columns: fc.Arbitrary<{ readonly column: Column; readonly length: number }> = fc.oneof(
  fc.array(fc.option(text)).map((values) => ({ column: { storage: 'text', values, dictionary: null } as const, length: values.length })),
  fc.array(fc.option(text)).map((values) => {
    const dictionary = new Dictionary();
    return { column: { storage: 'text', values: Int32Array.from(values, (value) => dictionary.intern(value)), dictionary } as const, length: values.length };
  }),
  fc.array(fc.option(number)).map((values) => ({
    column: { storage: 'real', values: Float64Array.from(values, (value) => value ?? 0), nulls: values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null } as const,
    length: values.length,
  })),
  fc.array(fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }))).map((values: Int64[]) => ({ column: { storage: 'int64', values, nulls: null } as const, length: values.length })),
);

describe('PackedColumn', () => {
  it('writes what is written of each value by itself, and gives back the same cells', () => {
    fc.assert(fc.property(columns, ({ column, length }) => {
      const packed = new PackedColumn();
      packed.take(column);
      const [together, alone] = [new ByteWriter(1), new ByteWriter(1)];
      const direct = new ColumnBuilder(column.storage);
      for (let row = 0; row < length; row += 1) {
        packed.write(together, row);
        writePacked(alone, cell(column, row));
        packed.appendTo(direct, row);
      }
      assert.deepEqual(together.toBytes(), alone.toBytes());
      const [reader, again] = [new ByteReader(together.toBytes()), new ByteReader(alone.toBytes())];
      const builder = new ColumnBuilder(column.storage);
      for (let row = 0; row < length; row += 1) {
        appendPacked(builder, reader);
        assert.ok(Object.is(readPacked(again), cell(column, row) as PackedValue));
      }
      assert.equal(reader.remaining, 0);
      for (const built of [direct, builder]) for (let row = 0; row < length; row += 1) assert.ok(Object.is(cell(built.finish(), row), cell(column, row)));
    }));
  });

  it('tells texts apart that share a place among those kept', () => {
    const texts = Array.from({ length: 10_000 }, (_, index) => `order-${index}`);
    for (let round = 0; round < 2; round += 1) {
      const writer = new ByteWriter();
      for (const one of texts) writePacked(writer, one);
      const reader = new ByteReader(writer.toBytes());
      assert.deepEqual(texts.map(() => readPacked(reader)), texts);
    }
  });
});
