/** Random Avro schemas of records with their values, and what columns make of the values. */
import fc from 'fast-check';
import type { Int64, SqlType } from '../../src/core/types.js';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';

type Cell = Int64 | string | null;

/** A type of a field: its values as avsc takes them, and the columns that may read it. */
export interface Kind {
  readonly schema: unknown;
  readonly value: fc.Arbitrary<unknown>;
  readonly columns: readonly { readonly type: SqlType; readonly expected: (value: never) => Cell }[];
}

const long = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt), fc.integer({ min: -200, max: 200 }).map(BigInt)).map(int64);

function int64(value: bigint): Int64 {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** What a text is after it has been UTF-8: lone surrogates are none. */
const text = fc.oneof(fc.constantFrom('AAPL', 'MSFT', 'a', ''), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 60, maxLength: 200 }));
const same = (value: Cell): Cell => value;
const flag = (value: boolean): number => Number(value);
const small = fc.integer({ min: -128, max: 127 });
const millis = fc.integer({ min: -62_000_000_000_000 / 1000, max: 4_000_000_000_000 / 1000 }).map((at) => at * 1000 + 7);

/** The unscaled bytes of a decimal. */
function twosComplement(value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeInt8(value < 0n ? -1 : 0, 0);
  bytes.writeBigInt64BE(value, 1);
  return bytes;
}

export const kinds: readonly Kind[] = [
  { schema: 'boolean', value: fc.boolean(), columns: [{ type: sqlType('BOOLEAN'), expected: flag }] },
  { schema: 'int', value: fc.integer(), columns: [{ type: sqlType('INT'), expected: same }, { type: sqlType('BIGINT'), expected: same }, { type: sqlType('DOUBLE'), expected: same }, { type: sqlType('FLOAT'), expected: Math.fround }] },
  { schema: 'int', value: small, columns: [{ type: sqlType('TINYINT'), expected: same }, { type: sqlType('SMALLINT'), expected: same }, { type: decimalType(10, 2), expected: (value: number) => value * 100 }] },
  { schema: { type: 'int', logicalType: 'date' }, value: fc.integer({ min: -100_000, max: 100_000 }), columns: [{ type: sqlType('DATE'), expected: same }] },
  { schema: { type: 'int', logicalType: 'time-millis' }, value: fc.nat(86_399_999), columns: [{ type: sqlType('INT'), expected: same }] },
  { schema: 'long', value: long, columns: [{ type: sqlType('BIGINT'), expected: same }, { type: sqlType('DOUBLE'), expected: Number }] },
  { schema: 'long', value: small, columns: [{ type: sqlType('INT'), expected: same }, { type: timestampType(3), expected: same }] },
  { schema: { type: 'long', logicalType: 'timestamp-millis' }, value: millis, columns: [{ type: timestampType(3), expected: same }, { type: timestampType(6), expected: (value: number) => int64(BigInt(value) * 1000n) }] },
  { schema: { type: 'long', logicalType: 'local-timestamp-micros' }, value: millis, columns: [{ type: timestampType(3), expected: (value: number) => Math.floor(value / 1000) }, { type: timestampType(6), expected: same }, { type: timestampType(9), expected: (value: number) => int64(BigInt(value) * 1000n) }] },
  { schema: 'float', value: fc.float(), columns: [{ type: sqlType('FLOAT'), expected: same }, { type: sqlType('DOUBLE'), expected: same }] },
  { schema: 'double', value: fc.double(), columns: [{ type: sqlType('DOUBLE'), expected: same }] },
  { schema: 'string', value: text, columns: [{ type: sqlType('STRING'), expected: same }] },
  { schema: { type: 'string', logicalType: 'uuid' }, value: fc.uuid(), columns: [{ type: sqlType('STRING'), expected: same }] },
  { schema: 'bytes', value: text.map((each) => Buffer.from(each)), columns: [{ type: sqlType('STRING'), expected: (value: Buffer) => value.toString() }] },
  { schema: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL', 'NONE'] }, value: fc.constantFrom('BUY', 'SELL', 'NONE'), columns: [{ type: sqlType('STRING'), expected: same }] },
  { schema: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 }, value: fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((value) => twosComplement(BigInt(value))), columns: [
    { type: decimalType(20, 2), expected: (value: Buffer) => int64(value.readBigInt64BE(1)) }, { type: decimalType(20, 4), expected: (value: Buffer) => int64(value.readBigInt64BE(1) * 100n) }] },
  { schema: { type: 'fixed', name: 'Money', size: 9, logicalType: 'decimal', precision: 18, scale: 2 }, value: fc.integer().map((value) => twosComplement(BigInt(value))), columns: [{ type: decimalType(20, 2), expected: (value: Buffer) => int64(value.readBigInt64BE(1)) }] },
  { schema: { type: 'fixed', name: 'Hash', size: 5 }, value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((bytes) => Buffer.from(bytes)), columns: [] },
  { schema: { type: 'array', items: ['null', 'long', 'string'] }, value: fc.array(fc.oneof(fc.constant(null), fc.integer(), text)), columns: [] },
  { schema: { type: 'map', values: 'double' }, value: fc.dictionary(text.filter((key) => key !== '__proto__'), fc.double()), columns: [] },
  { schema: { type: 'array', items: 'null' }, value: fc.array(fc.constant(null)), columns: [] },
  { schema: { type: 'record', name: 'Level', fields: [{ name: 'price', type: 'double' }, { name: 'next', type: ['null', 'Level'] }] }, value: fc.letrec((tie) => ({ level: fc.record({ price: fc.double(), next: fc.option(tie('level'), { maxDepth: 4 }) }) })).level, columns: [] },
  { schema: 'null', value: fc.constant(null), columns: [{ type: sqlType('STRING'), expected: same }] },
];

export interface RandomField {
  readonly name: string;
  readonly kind: Kind;
  readonly isNullable: 'no' | 'first' | 'last';
  /** Of the kind's columns; -1: the field is not wanted. */
  readonly column: number;
}

const field = (index: number): fc.Arbitrary<RandomField> => fc.nat(kinds.length - 1).chain((chosen) => {
  const kind = kinds[chosen]!;
  return fc.record({
    name: fc.constant(`f${index}`), kind: fc.constant(kind), isNullable: kind.schema === 'null' ? fc.constant('no' as const) : fc.constantFrom('no' as const, 'first' as const, 'last' as const),
    column: fc.integer({ min: -1, max: kind.columns.length - 1 }),
  });
});

export const fields: fc.Arbitrary<readonly RandomField[]> = fc.nat(8).chain((count) => fc.tuple(...Array.from({ length: count + 1 }, (_, index) => field(index))));

/** Named types that occur twice are defined once. */
export function schemaOf(given: readonly RandomField[]): { readonly type: 'record'; readonly name: string; readonly fields: { name: string; type: unknown }[] } {
  const defined = new Set<string>();
  return {
    type: 'record', name: 'Row',
    fields: given.map(({ name, kind, isNullable }) => {
      const named = (kind.schema as { readonly name?: string }).name;
      const type = named !== undefined && defined.has(named) ? named : kind.schema;
      if (named !== undefined) defined.add(named);
      return { name, type: isNullable === 'no' ? type : isNullable === 'first' ? ['null', type] : [type, 'null'] };
    }),
  };
}

export const rowOf = (given: readonly RandomField[]): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
  fc.record(Object.fromEntries(given.map(({ name, kind, isNullable }) => [name, isNullable === 'no' ? kind.value : fc.option(kind.value)])));
