import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cell, Dictionary, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { PackedRows } from '../../src/core/packed-rows.js';
import { PackedTexts } from '../../src/core/packed-texts.js';
import { writePacked } from '../../src/core/packed.js';
import type { Int64 } from '../../src/core/types.js';

/** Bytes that one unit holds, two, and lone surrogates; lengths on both sides of where a text is kept, and its length takes two bytes. */
const text = fc.oneof(
  fc.constantFrom('', 'NEW', 'FILLED', '\ud800', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(127), 'é'.repeat(128), '漢'.repeat(129), `${'a'.repeat(126)}漢`),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 150 }),
);
const number = fc.oneof(fc.constantFrom(0, -0, NaN, Infinity, 255, 256, 65_535, 65_536, -1, 2 ** 31, 2 ** 53 - 1), fc.integer(), fc.double());

const nullsOf = (values: readonly unknown[]): Uint8Array | null => (values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null);
const rowCount = 20;
const lists = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.array(value, { minLength: rowCount, maxLength: rowCount });

const column: fc.Arbitrary<Column> = fc.oneof(
  lists(fc.option(text)).map((values) => ({ storage: 'text', values, dictionary: null }) as const),
  lists(fc.option(text)).map((values) => {
    const dictionary = new Dictionary();
    return { storage: 'text', values: Int32Array.from(values, (value) => dictionary.intern(value)), dictionary } as const;
  }),
  lists(fc.option(number)).map((values) => ({ storage: 'real', values: Float64Array.from(values, (value) => value ?? 0), nulls: nullsOf(values) }) as const),
  lists(fc.option(fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n })))).map((values) => ({ storage: 'int64', values: values.map((value): Int64 => value ?? 0), nulls: nullsOf(values) }) as const),
);

const textsOf = (columns: readonly Column[]): (PackedTexts | null)[] => columns.map((one) => (one.storage === 'text' && one.dictionary !== null ? new PackedTexts(one.dictionary) : null));

describe('PackedRows', () => {
  it('writes of each row what is written of its values one by one, batch after batch', () => {
    fc.assert(fc.property(fc.array(column, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(rowCount), { minLength: 1, maxLength: 3 }), fc.nat(), (columns, lengths, pick) => {
      const which = columns.map((_, index) => index).filter((index) => (pick >> index) % 2 === 0).reverse();
      const rows = new PackedRows(which);
      const texts = textsOf(columns);
      for (const length of lengths) {
        rows.pack(columns, texts, length);
        for (let row = 0; row < length; row += 1) {
          const alone = new ByteWriter();
          for (const index of which) writePacked(alone, cell(columns[index]!, row));
          assert.deepEqual(new Uint8Array(rows.view.buffer.slice(rows.starts[row]!, rows.ends[row])), alone.toBytes());
        }
      }
    }));
  });
});

describe('PackedTexts', () => {
  const places = fc.array(fc.tuple(text, fc.nat(40)), { maxLength: 60 });

  it('finds the code of bytes, whatever is guessed, or says that there is none', () => {
    fc.assert(fc.property(fc.array(text, { maxLength: 30 }), places, (known, sought) => {
      const dictionary = new Dictionary();
      const texts = new PackedTexts(dictionary);
      for (const one of known) dictionary.intern(one);
      for (const [one, guess] of sought) {
        const writer = new ByteWriter();
        writePacked(writer, one);
        const code = texts.codeAt(new ByteReader(writer.toBytes()), 0, guess % dictionary.size);
        assert.equal(code, dictionary.codeOf(one));
        assert.equal(texts.end, writer.length);
        // What was not there may come.
        dictionary.intern(one);
      }
    }));
  });

  it('tells texts apart that share a place', () => {
    const dictionary = new Dictionary();
    const texts = new PackedTexts(dictionary);
    const writer = new ByteWriter();
    for (let index = 0; index < 10_000; index += 1) {
      dictionary.intern(`order-${index}`);
      writePacked(writer, `order-${index}`);
    }
    const reader = new ByteReader(writer.toBytes());
    for (let round = 0; round < 2; round += 1) for (let index = 0, at = 0; index < 10_000; index += 1, at = texts.end) assert.equal(texts.codeAt(reader, at, 1), index + 1);
  });

  it('reads NULL as code 0', () => {
    const texts = new PackedTexts(new Dictionary());
    const writer = new ByteWriter();
    writePacked(writer, null);
    const reader = new ByteReader(writer.toBytes());
    for (let round = 0; round < 2; round += 1) {
      assert.equal(texts.codeAt(reader, 0, 0), 0);
      assert.equal(texts.end, 1);
    }
  });
});
