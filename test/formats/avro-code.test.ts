/** The generated reader of Avro messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import avro from 'avsc';
import { cell } from '../../src/core/batch.js';
import { decimalType, sqlType, timestampType, type SqlType } from '../../src/core/types.js';
import { avroType } from '../../src/formats/confluent.js';
import type { AvroRecord } from '../../src/formats/avro-schema.js';
import { Decoder, type Decoded } from '../../src/live/decoder.js';
import { AvroFormat } from '../../src/live/avro-decoder.js';
import type { KnownSchema } from '../../src/live/registry-cache.js';
import type { SourceColumn } from '../../src/sources/source.js';
import { fields, rowOf, schemaOf, type RandomField } from './avro-arbitrary.js';
import { stored } from './stored.js';

const column = (name: string, type: SqlType, eventTime = false): SourceColumn => ({ name, type, eventTime });

const schemasOf = (known: ReadonlyMap<number, object>) => {
  const of = (id: number): KnownSchema => (known.has(id) ? { schema: JSON.stringify(known.get(id)), needs: [] } : { refused: `schema ${id} is not in the registry` });
  return { known: of, learn: (id: number) => Promise.resolve(of(id)) };
};

function message(id: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, bytes]);
}

const decoded = (columns: readonly SourceColumn[], schemas: ReadonlyMap<number, object>, values: readonly (Buffer | null)[]): Promise<Decoded> =>
  new Decoder(columns, new AvroFormat(columns, schemasOf(schemas))).decode(stored(values));

const rowsOf = ({ batch: { batch } }: Decoded): unknown[][] => Array.from({ length: batch.length }, (_, row) => batch.columns.map((each) => cell(each, row)));

const wanted = (given: readonly RandomField[]): readonly RandomField[] => given.filter(({ column: index }) => index >= 0);
const columnsOf = (given: readonly RandomField[]): SourceColumn[] => wanted(given).map(({ name, kind, column: index }) => column(name, kind.columns[index]!.type));

const expectedOf = (given: readonly RandomField[], row: Readonly<Record<string, unknown>>): unknown[] =>
  wanted(given).map(({ name, kind, column: index }) => (row[name] === null ? null : kind.columns[index]!.expected(row[name] as never)));

// avsc cannot tell an enum's symbol from a string, nor a uuid: no union here has both.
const typeOf = (schema: object): avro.Type => avroType(schema as AvroRecord);

/** Law: columns hold what avsc reads from the same bytes, whatever the schema, the wanted fields and the cuts. */
test('the generated reader reads what avsc reads', async () => {
  const cases = fields.chain((given) => fc.record({ given: fc.constant(given), rows: fc.array(rowOf(given), { minLength: 1, maxLength: 12 }) }));
  await fc.assert(fc.asyncProperty(cases, async ({ given, rows }) => {
    const schema = schemaOf(given);
    const type = typeOf(schema);
    const found = await decoded(columnsOf(given), new Map([[7, schema]]), rows.map((row) => message(7, type.toBuffer(row))));
    assert.deepEqual(found.rejected, []);
    const read = rows.map((row) => expectedOf(given, type.fromBuffer(type.toBuffer(row)) as Record<string, unknown>));
    assert.deepEqual(rowsOf(found), read);
  }), { numRuns: 400 });
});

/** Law: bytes that were cut or changed give a row or a reason, never a crash, and leave the rows beside them alone. */
test('damaged messages never reach beyond themselves', async () => {
  const damage = fc.record({ cut: fc.nat(1000), flips: fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { maxLength: 4 }) });
  const cases = fields.chain((given) => fc.record({ given: fc.constant(given), row: rowOf(given), damage: fc.array(damage, { minLength: 1, maxLength: 8 }) }));
  let rejected = 0;
  await fc.assert(fc.asyncProperty(cases, async ({ given, row, damage: all }) => {
    const schema = schemaOf(given);
    const type = typeOf(schema);
    const whole = type.toBuffer(row);
    const values = all.flatMap(({ cut, flips }) => {
      const bytes = Buffer.from(whole.subarray(0, cut % (whole.length + 1)));
      for (const [at, to] of flips) if (bytes.length > 0) bytes[at % bytes.length] = to;
      return [message(7, bytes), message(7, whole)];
    });
    const found = await decoded(columnsOf(given), new Map([[7, schema]]), values);
    rejected += found.rejected.length;
    assert.equal(found.batch.batch.length + found.rejected.length, values.length);
    const positions = found.batch.positions!;
    const rows = rowsOf(found);
    const expected = expectedOf(given, type.fromBuffer(whole) as Record<string, unknown>);
    for (let index = 1; index < values.length; index += 2) assert.deepEqual(rows[positions.indexOf(index)], expected);
    for (const { error, value, offset } of found.rejected) {
      assert.notEqual(error, '');
      assert.equal(value, values[offset]!.toString('latin1'));
      assert.equal((await decoded(columnsOf(given), new Map([[7, schema]]), [values[offset]!])).rejected[0]!.error, error, 'whatever stands behind it');
    }
  }), { numRuns: 200 });
  assert.ok(rejected > 100, `only ${rejected} messages were refused`);
});

const tick = (fieldsOf: readonly object[]) => ({ type: 'record', name: 'Tick', fields: fieldsOf });

test('a schema may change from message to message', async () => {
  const columns = [column('symbol', sqlType('STRING')), column('price', sqlType('DOUBLE')), column('size', sqlType('BIGINT'))];
  const versions = [
    tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: 'float' }, { name: 'size', type: 'int' }]),
    // Promoted, one more field with a default, one renamed, another order.
    tick([{ name: 'venue', type: 'string', default: '' }, { name: 'quantity', aliases: ['size'], type: 'long' }, { name: 'symbol', type: 'bytes' }, { name: 'price', type: 'double' }]),
    // One removed, one that may be NULL.
    tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: ['null', 'long'] }]),
  ];
  const rows = [{ symbol: 'A', price: 1.5, size: 1 }, { venue: 'X', quantity: 5_000_000_000, symbol: Buffer.from('B'), price: 2.5 }, { symbol: 'A', price: null }, { symbol: 'C', price: 4 }];
  const ids = [0, 1, 2, 2];
  const values = rows.map((row, index) => message(ids[index]!, typeOf(versions[ids[index]!]!).toBuffer(row)));
  const found = await decoded(columns, new Map(versions.entries()), values);
  assert.deepEqual(found.rejected, []);
  assert.deepEqual(rowsOf(found), [['A', 1.5, 1], ['B', 2.5, 5_000_000_000], ['A', null, null], ['C', 4, null]]);
});

test('what cannot be read says why, and of which column', async () => {
  const columns = [column('symbol', sqlType('STRING', false)), column('price', sqlType('INT'))];
  const versions = new Map<number, object>([
    [1, tick([{ name: 'symbol', type: ['null', 'string'] }, { name: 'price', type: ['long', 'string'] }])],
    [2, tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: 'double' }])],
    [3, tick([{ name: 'price', type: 'int' }])],
    [4, { type: 'array', items: 'int' }],
    [5, tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: { type: 'record', name: 'P', fields: [] } }])],
  ]);
  const one = (row: object): Buffer => message(1, typeOf(versions.get(1)!).toBuffer(row));
  const found = await decoded(columns, versions, [
    one({ symbol: 'A', price: 1 }), one({ symbol: null, price: 1 }), one({ symbol: 'A', price: 'x' }), one({ symbol: 'A', price: 2 ** 40 }), message(1, Buffer.from([2, 4, 0xc3, 0x28, 0, 2])),
    message(1, Buffer.from([2, 2, 65])), message(1, Buffer.from([2, 2, 65, 0, 2, 9])), message(2, Buffer.alloc(9)), message(3, Buffer.from([2])), message(4, Buffer.from([0])), message(5, Buffer.from([0])), message(9, Buffer.from([0])),
    Buffer.from('plain text'), null, one({ symbol: 'B', price: -3 }),
  ]);
  assert.deepEqual(rowsOf(found), [['A', 1], ['B', -3]]);
  assert.deepEqual(found.rejected.map(({ offset, column: name, error }) => [offset, name, error]), [
    [1, 'symbol', 'NULL, where the column is NOT NULL'],
    [2, 'price', 'not a value of INT: string'],
    [3, 'price', 'not a value of INT'],
    [4, 'symbol', 'a text that is not UTF-8'],
    [5, null, 'the message holds no integer where one belongs'],
    [6, null, 'the message goes on after its end'],
    [7, null, "schema 2: the writer's schema has double for price: not a value of INT"],
    [8, null, "schema 3: the writer's schema has no field symbol, which is NOT NULL"],
    [9, null, 'schema 4 is no record'],
    [10, null, "schema 5: the writer's schema has record P for price: not a value of INT"],
    [11, null, 'schema 9 is not in the registry'],
    [12, null, 'the message is not in the wire format of a schema registry'],
    [13, null, 'a tombstone, where every message is a row'],
  ]);
});

test('a field may be two columns', async () => {
  const schema = tick([{ name: 'timestamp', type: 'long' }]);
  const found = await decoded([column('at', timestampType(3), true), column('timestamp', sqlType('BIGINT'))], new Map([[1, schema]]), [message(1, Buffer.from([10]))]);
  assert.deepEqual(rowsOf(found), [[5, 5]]);
});

test('names in a schema never become code', async () => {
  const name = "x']; throw new Error('no'); //`${1}\n";
  const schema = { type: 'record', name, fields: [{ name, type: { type: 'enum', name: `${name}e`, symbols: [name, '"; }'] } }] };
  const found = await decoded([column(name, sqlType('STRING'))], new Map([[1, schema]]), [message(1, Buffer.from([2])), message(1, Buffer.from([0]))]);
  assert.deepEqual(rowsOf(found), [['"; }'], [name]]);
});

test('records that hold themselves without end are refused, not followed', async () => {
  const schema = tick([{ name: 'a', type: { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['Node', 'null'] }] } }, { name: 'b', type: 'int' }]);
  const found = await decoded([column('b', sqlType('INT'))], new Map([[1, schema]]), [message(1, Buffer.alloc(1_000_000)), message(1, Buffer.from([0, 2, 6]))]);
  assert.equal(found.rejected[0]!.error, 'the message does not hold record Node where one belongs');
  assert.deepEqual(rowsOf(found), [[3]]);
});

test('an array that says it has more items than there are bytes ends at once', async () => {
  const count = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]);
  const schema = (items: unknown) => tick([{ name: 'a', type: { type: 'array', items } }]);
  const found = await decoded([], new Map([[1, schema('null')], [2, schema('long')]]), [message(1, Buffer.concat([count, Buffer.from([0])])), message(2, count)]);
  assert.equal(found.batch.batch.length, 1);
  assert.match(found.rejected[0]!.error, /does not hold array/);
});

test('decimals keep their digits, or are no value of their column', async () => {
  const schema = tick([{ name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 4 } }]);
  const of = (hex: string): Buffer => message(1, Buffer.concat([Buffer.from([hex.length]), Buffer.from(hex, 'hex')]));
  const found = await decoded([column('price', decimalType(6, 2))], new Map([[1, schema]]), [of('01e240'), of('fe1dc0'), of('7fffffffffffffffff'), of('')]);
  assert.deepEqual(rowsOf(found), [[1235], [-1235], [0]]);
  assert.equal(found.rejected[0]!.error, 'not a value of DECIMAL(6, 2)');
});

test('nanoseconds become the units of their column', async () => {
  const schema = tick([{ name: 'at', type: { type: 'long', logicalType: 'timestamp-nanos' } }]);
  // avsc knows longs beyond 2^53 here only where they have no logical type.
  const bytes = typeOf(tick([{ name: 'at', type: 'long' }])).toBuffer({ at: -1n * 10n ** 18n - 1n });
  for (const [precision, expected] of [[3, -1_000_000_000_001], [6, -1_000_000_000_000_001], [9, -1_000_000_000_000_000_001n]] as const) {
    assert.deepEqual(rowsOf(await decoded([column('at', timestampType(precision))], new Map([[1, schema]]), [message(1, bytes)])), [[expected]]);
  }
});
