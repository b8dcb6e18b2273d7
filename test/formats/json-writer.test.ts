/** Rows as JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf, cell, type Column } from '../../src/core/batch.js';
import { decimalType, sqlType, timestampType, type Int64, type SqlType } from '../../src/core/types.js';
import { jsonWriter, keyText, plainStyle } from '../../src/formats/json-writer.js';
import { Decoder } from '../../src/live/decoder.js';
import { JsonFormat } from '../../src/live/json-decoder.js';
import { stored } from './stored.js';

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Int64 => (value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value));
const millis = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

const kinds: readonly (readonly [SqlType, fc.Arbitrary<Int64 | string>])[] = [
  [sqlType('STRING'), fc.string({ unit: 'grapheme' })], [sqlType('BOOLEAN'), fc.nat(1)], [sqlType('INT'), fc.integer()], [sqlType('BIGINT'), long], [sqlType('DOUBLE'), fc.double()],
  [decimalType(30, 4), fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map((value) => (value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value))],
  [sqlType('DATE'), fc.integer({ min: -719_162, max: 2_932_896 })], [timestampType(3), millis], [timestampType(6), millis.map((at): Int64 => {
    const micros = BigInt(at) * 1000n + 7n;
    return micros >= -9007199254740991n && micros <= 9007199254740991n ? Number(micros) : micros;
  })], [{ kind: 'TIMESTAMP_LTZ', nullable: true, precision: 3 }, millis],
];

function columnOf(type: SqlType, value: Int64 | string | null): Column {
  if (type.kind === 'STRING') return { storage: 'text', values: [value as string | null], dictionary: null };
  const nulls = value === null ? Uint8Array.of(1) : null;
  return typeof value === 'bigint' ? { storage: 'int64', values: [value], nulls } : { storage: 'real', values: Float64Array.of((value as number | null) ?? 0), nulls };
}

/** Law: what is written is read as the same values, in either style of times. */
test('what is written is read again', async () => {
  const row = fc.tuple(...kinds.map(([, value]) => fc.option(value)));
  const columns = kinds.map(([type], column) => ({ name: `c${column} "quoted"`, column, type }));
  await fc.assert(fc.asyncProperty(row, fc.boolean(), fc.boolean(), async (values, isIso, omitsNulls) => {
    const text = jsonWriter(columns, { isIso, omitsNulls })(batchOf(1, values.map((value, column) => columnOf(kinds[column]![0], value))), 0);
    const asked = columns.map(({ name, type }) => ({ name, type, eventTime: false }));
    const found = await new Decoder(asked, new JsonFormat(asked)).decode(stored([Buffer.from(text)]));
    assert.deepEqual(found.rejected, [], text);
    assert.equal(Object.keys(JSON.parse(text) as object).length, omitsNulls ? values.filter((value) => value !== null).length : values.length);
    // JSON has no -0.
    assert.deepEqual(found.batch.batch.columns.map((column) => cell(column, 0)), values.map((value) => (Object.is(value, -0) ? 0 : value)));
  }), { numRuns: 300 });
});

test('as Flink writes it', () => {
  const columns = [['a', decimalType(10, 2), 1234], ['b', timestampType(3), 1_723_109_400_120], ['c', { kind: 'TIMESTAMP_LTZ', nullable: true, precision: 3 }, 1_723_109_400_120], ['d', sqlType('DOUBLE'), NaN], ['e', sqlType('BIGINT'), 2n ** 60n], ['f', sqlType('STRING'), null]] as const;
  const batch = batchOf(1, columns.map(([, type, value]) => columnOf(type, value)));
  const write = (style: Partial<typeof plainStyle>): string => jsonWriter(columns.map(([name, type], column) => ({ name, column, type })), { ...plainStyle, ...style })(batch, 0);
  assert.equal(write({}), '{"a":12.34,"b":"2024-08-08 09:30:00.120","c":"2024-08-08 09:30:00.120Z","d":"NaN","e":1152921504606846976,"f":null}');
  assert.equal(write({ isIso: true, omitsNulls: true }), '{"a":12.34,"b":"2024-08-08T09:30:00.120","c":"2024-08-08T09:30:00.120Z","d":"NaN","e":1152921504606846976}');
});

test('keys that are no JSON', () => {
  assert.equal(keyText(sqlType('STRING'))('A"B'), 'A"B');
  assert.equal(keyText(timestampType(3))(0), '1970-01-01 00:00:00.000');
  assert.equal(keyText(sqlType('BIGINT'))(7), '7');
});
