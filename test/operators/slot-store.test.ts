/** Rows that are kept by slot come out as the columns that they came in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { gather } from '../../src/core/column-builder.js';
import { sqlType, type Schema } from '../../src/core/types.js';
import { SlotStore } from '../../src/operators/slot-store.js';

const schema: Schema = [{ name: 'price', type: sqlType('DOUBLE') }, { name: 'volume', type: sqlType('BIGINT') }, { name: 'symbol', type: sqlType('STRING') }];

const row = fc.tuple(fc.option(fc.oneof(fc.nat(100), fc.double())), fc.option(fc.integer()), fc.option(fc.string()));

function columnsOf(rows: readonly (readonly [number | null, number | null, string | null])[]): Column[] {
  const numbers = (of: 0 | 1): Float64Array => Float64Array.from(rows, (each) => each[of] ?? 0);
  const nulls = (of: 0 | 1): Uint8Array => Uint8Array.from(rows, (each) => (each[of] === null ? 1 : 0));
  return [
    { storage: 'real', values: numbers(0), nulls: nulls(0) }, { storage: 'int64', values: numbers(1), nulls: nulls(1) },
    { storage: 'text', values: rows.map((each) => each[2]), dictionary: null },
  ];
}

const cellsOf = (columns: readonly Column[], rows: number): unknown[] => columns.map((column) => Array.from({ length: rows }, (_, at) => cell(column, at)));

test('law: of the same storage, in the arrays that others count on, also after a restore', () => {
  fc.assert(fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 20 }), (batches) => {
    const store = new SlotStore(schema);
    const all = columnsOf(batches.flat()), slots: number[] = [];
    for (const rows of batches) {
      const own = new Int32Array(rows.length);
      store.add(columnsOf(rows), rows.length, own);
      slots.push(...own);
    }
    const check = (kept: SlotStore, places: readonly number[]): void => {
      const found = kept.views().map((column) => gather(column, places, places.length));
      assert.deepEqual(found.map(({ storage }) => storage), all.map(({ storage }) => storage));
      assert.ok(found.slice(0, 2).every(({ values }) => values instanceof Float64Array));
      assert.deepEqual(cellsOf(found, slots.length), cellsOf(all, slots.length));
    };
    check(store, slots);
    const writer = new ByteWriter();
    store.snapshot(writer, Int32Array.from(slots));
    const again = new SlotStore(schema);
    assert.equal(again.restore(new ByteReader(writer.toBytes())), slots.length);
    check(again, slots.map((_, at) => at));
  }), { numRuns: 60 });
});
