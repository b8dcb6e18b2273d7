/** Law: a change in Avro that is read straight into columns gives what all of Avro gives. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Type } from 'avsc';
import fc from 'fast-check';
import { decimalType, sqlType, timestampType, type SqlType } from '../../src/core/types.js';
import { avroType, unscaledBytes } from '../../src/formats/confluent.js';
import { DebeziumAvro, plainAvro } from '../../src/formats/debezium-avro.js';
import { DebeziumAvroReader, UNREAD, type AvroTopic } from '../../src/formats/debezium-avro-reader.js';
import { DebeziumScanner, scannedBytes } from '../../src/formats/debezium-scanner.js';
import type { AvroRecord } from '../../src/formats/avro-schema.js';
import type { DecodedTable } from '../../src/sources/capture-batch.js';
import { CaptureDecoder } from '../../src/sources/capture-decoder.js';
import { lineOf, type RecordBatch } from '../../src/sources/capture-records.js';
import { CaptureEvents } from '../../src/sources/capture-rows.js';
import { column, metadata, payloads, read } from './captured.js';

type Json = Readonly<Record<string, unknown>>;

/** A type of a field, its values, and the columns that are usual for it. */
interface Kind {
  readonly schema: unknown;
  readonly value: fc.Arbitrary<unknown>;
  readonly columns: readonly SqlType[];
}

const named = (type: string, name: string): Json => ({ type, 'connect.version': 1, 'connect.name': name });
const placeholder = '__debezium_unavailable_value';
const rarely = <Value>(usual: fc.Arbitrary<Value>, ...rare: readonly unknown[]): fc.Arbitrary<unknown> => fc.oneof({ arbitrary: usual, weight: 60 }, { arbitrary: fc.constantFrom(...rare), weight: 1 });
const int = rarely(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer()), 2 ** 31 - 1, -(2 ** 31));
const long = rarely(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer()), 2n ** 62n, -(2n ** 63n), 0, 2 ** 53 - 1, 2 ** 52 + 1, -(2 ** 45));
const text = rarely(fc.oneof(fc.constantFrom('', 'AAPL', '2026-03-02', '12.345', '-0.5', '007'), fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ minLength: 60, maxLength: 90 })), placeholder, Buffer.from(placeholder).toString('base64'), 'NaN', '-0', '1e5');
const texts = (...usual: readonly string[]): fc.Arbitrary<unknown> => rarely(fc.constantFrom(...usual), 'NaN', '-0', '1e5', '', placeholder);
const counted = rarely(fc.integer({ min: -(2 ** 43), max: 2 ** 43 }), 2n ** 62n, 2 ** 53 - 1);
const decimal = (scale: number): Json => ({ type: 'bytes', scale, precision: 12, 'connect.name': 'org.apache.kafka.connect.data.Decimal', logicalType: 'decimal' });
const unscaled = rarely(fc.integer({ min: -999_999, max: 999_999 }).map((value) => unscaledBytes(BigInt(value))), unscaledBytes(999_999_999_999n), unscaledBytes(-(10n ** 12n)), Buffer.alloc(0), Buffer.alloc(9, 1), Buffer.from(placeholder));
const zoned = rarely(fc.tuple(fc.date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2200-01-01') }), fc.constantFrom('', '1', '123456')).map(([date, finer]) => date.toISOString().replace('Z', `${finer}Z`)), '2026-02-30T00:00:00Z', 'soon', placeholder);

const [bigint, integer, string, boolean, double, float, money, fine, date, millis, micros] = [sqlType('BIGINT'), sqlType('INT'), sqlType('STRING'), sqlType('BOOLEAN'), sqlType('DOUBLE'), sqlType('FLOAT'), decimalType(12, 2), decimalType(20, 9), sqlType('DATE'), timestampType(3), timestampType(6)];
const sqlTypes = [bigint, integer, string, boolean, double, float, money, fine, date, millis, micros];

/** Types of fields, as converters write them. */
const kinds: readonly Kind[] = [
  { schema: 'int', value: int, columns: [integer, bigint, double, float, money, millis] }, { schema: 'long', value: long, columns: [bigint, double, fine, micros] }, { schema: { type: 'long', 'connect.default': 0 }, value: long, columns: [bigint] },
  { schema: 'boolean', value: fc.boolean(), columns: [boolean] }, { schema: 'string', value: text, columns: [string] }, { schema: 'string', value: texts('12.345', '-0.5', '7', '007', '0.005', '-2.675', '123456789012.5'), columns: [money, fine] },
  { schema: 'string', value: texts('2026-03-02', '1999-12-31'), columns: [date] }, { schema: 'double', value: fc.double(), columns: [double, float] }, { schema: 'float', value: fc.float(), columns: [double, float] },
  { schema: decimal(2), value: unscaled, columns: [money, fine] }, { schema: decimal(0), value: unscaled, columns: [money, fine] }, { schema: decimal(9), value: unscaled, columns: [fine] }, { schema: { type: 'fixed', name: 'Money', size: 5, logicalType: 'decimal', scale: 2, precision: 10 }, value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((bytes) => Buffer.from(bytes)), columns: [fine] },
  { schema: named('int', 'io.debezium.time.Date'), value: rarely(fc.integer({ min: -700_000, max: 2_900_000 }), 2_932_897, -719_163), columns: [date] }, { schema: named('long', 'io.debezium.time.Timestamp'), value: counted, columns: [millis, micros] },
  { schema: named('long', 'io.debezium.time.MicroTimestamp'), value: counted, columns: [millis, micros, bigint] }, { schema: named('long', 'io.debezium.time.NanoTimestamp'), value: counted, columns: [millis, micros] },
  { schema: named('string', 'io.debezium.time.ZonedTimestamp'), value: zoned, columns: [millis, micros, string] }, { schema: named('string', 'io.debezium.data.Enum'), value: text, columns: [string] },
  // Those that are never read at once.
  { schema: named('string', 'io.debezium.time.IsoDate'), value: fc.constant('2024-03-01Z'), columns: [date] },
  { schema: { type: 'bytes' }, value: unscaled, columns: [string] }, { schema: { type: 'array', items: ['null', 'string'] }, value: fc.array(fc.option(text), { maxLength: 3 }), columns: [string] }, { schema: { type: 'map', values: 'long' }, value: fc.dictionary(fc.constantFrom('a', 'b'), long), columns: [string] },
  { schema: { type: 'enum', name: 'Side', symbols: ['B', 'S'] }, value: fc.constantFrom('B', 'S'), columns: [string] },
];

/** Those that are read at once. */
const usualKinds = kinds.length - 5;

const nameOf = (index: number): string => `f${index}`;
const fieldsMost = 7;
const all = metadata.concat(column('where_from', sqlType('STRING'), 'value.source.database'), column('named', sqlType('STRING'), 'topic'), column('stored', timestampType(3), 'timestamp'));

/** A row of some fields; whether a field may be null, and on which side of its union. */
const rowKind = fc.array(fc.tuple(fc.oneof({ arbitrary: fc.nat(usualKinds - 1), weight: 24 }, { arbitrary: fc.nat(kinds.length - 1), weight: 1 }), fc.constantFrom('plain', 'first', 'last')), { minLength: 1, maxLength: fieldsMost });
type RowKind = readonly (readonly [kind: number, nulls: string])[];

const record = (name: string, fields: readonly Json[]): Json => ({ type: 'record', name, fields });
function schemaOf(kind: number, nulls: string, index: number): unknown {
  const { schema } = kinds[kind]!;
  // A name is defined once.
  const own = typeof schema === 'object' && schema !== null && 'name' in schema ? { ...schema, name: `${String(schema.name)}${index}` } : schema;
  return nulls === 'plain' ? own : nulls === 'first' ? ['null', own] : [own, 'null'];
}

const rowFields = (row: RowKind): Json[] => row.map(([kind, nulls], index) => ({ name: nameOf(index), type: schemaOf(kind, nulls, index) }));

const source = record('Source', [
  // What is passed over may be longer than what may be looked at behind a record.
  { name: 'version', type: 'string' }, { name: 'name', type: 'string' }, { name: 'pad', type: { type: 'fixed', name: 'Pad', size: 150 } }, { name: 'ts_ms', type: 'long' }, { name: 'snapshot', type: [named('string', 'io.debezium.data.Enum'), 'null'] }, { name: 'db', type: 'string' }, { name: 'sequence', type: ['null', 'string'] },
  { name: 'ts_ns', type: ['null', 'long'] }, { name: 'schema', type: ['null', 'string'] }, { name: 'table', type: 'string' }, { name: 'txId', type: ['null', 'long'] }, { name: 'lsn', type: ['null', 'long'] },
]);

function envelope(row: RowKind, swapped: boolean): AvroRecord {
  const images = [{ name: 'before', type: ['null', record('Value', rowFields(row))] }, { name: 'after', type: ['null', 'Value'] }, { name: 'source', type: source }];
  const block = record('block', [{ name: 'id', type: 'string' }, { name: 'total_order', type: 'long' }, { name: 'data_collection_order', type: 'long' }]);
  const rest = [{ name: 'transaction', type: ['null', block] }, { name: 'op', type: 'string' }, { name: 'ts_ms', type: ['null', 'long'] }];
  return record('Envelope', swapped ? [...rest, ...images] : [...images, ...rest]) as unknown as AvroRecord;
}

const metadataSchema = record('Metadata', [
  { name: 'status', type: 'string' }, { name: 'id', type: 'string' }, { name: 'event_count', type: ['null', 'long'] },
  { name: 'data_collections', type: ['null', { type: 'array', items: ['null', record('collection', [{ name: 'data_collection', type: 'string' }, { name: 'event_count', type: 'long' }])] }] }, { name: 'ts_ms', type: 'long' },
]) as unknown as AvroRecord;

const valueOf = (row: RowKind): fc.Arbitrary<Json> =>
  fc.tuple(...row.map(([kind, nulls]) => (nulls === 'plain' ? kinds[kind]!.value : fc.option(kinds[kind]!.value, { freq: 4 })))).map((values) => Object.fromEntries(values.map((value, index) => [nameOf(index), value])));

const transactionId = rarely(fc.tuple(fc.integer({ min: 98, max: 101 }), fc.nat()).map(([xid, lsn]) => `${xid}:${lsn}`), '99', ':5', 'a:7', '7é:8', '00099:12345678901234567890', '');
const changeOf = (row: RowKind): fc.Arbitrary<Json> => fc.record({
  op: rarely(fc.constantFrom('c', 'u', 'd', 'u', 'r'), 't', 'm', 'x', 'update'), before: fc.option(valueOf(row)), after: valueOf(row), keepsAfter: rarely(fc.constant(false), true),
  source: fc.record({
    version: fc.constantFrom('3.7', '3.7'), pad: fc.constant(Buffer.alloc(150)), name: fc.constant('dbz'), ts_ms: fc.integer({ min: 0 }), snapshot: rarely(fc.constant('false'), 'true', 'last', null), db: fc.constant('ledger'), sequence: rarely(fc.constantFrom('["12","34"]', '["26870192","26880096"]', '[null,"34"]'), null, '', '["x"]', '["12345678901234567890","1"]'),
    ts_ns: fc.constant(1_795_336_842_492_355_000n), schema: rarely(fc.constant('public'), null), table: fc.constant('wide'), txId: fc.option(fc.nat()), lsn: fc.option(long, { freq: 9 }),
  }),
  transaction: fc.option(fc.record({ id: transactionId, total_order: fc.nat(9), data_collection_order: fc.nat(9) })), ts_ms: fc.option(fc.nat()),
}).map(({ keepsAfter, ...change }) => (change.op === 'd' && keepsAfter === false ? { ...change, after: null } : change));

const boundary = fc.record({
  status: rarely(fc.constantFrom('BEGIN', 'END', 'END'), 'OPEN'), id: transactionId, event_count: fc.option(fc.nat()), ts_ms: fc.nat(),
  data_collections: fc.option(fc.array(fc.record({ data_collection: fc.constantFrom('public.wide', 'public.é'), event_count: fc.nat(2) }), { maxLength: 2 })),
});

interface Sent {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string | null;
}

const framed = (id: number, type: Type, value: unknown): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, id]), type.toBuffer(value)]);

/** A record before its bytes are damaged, and how: by another byte, by its end, or by more of it. */
const damage = fc.tuple(fc.constantFrom('key', 'value', 'value'), fc.constantFrom('byte', 'end', 'more'), fc.nat(), fc.integer({ min: 1, max: 255 }));

function damaged(bytes: Buffer, how: string, at: number, change: number): Buffer {
  if (how === 'more') return Buffer.concat([bytes, Buffer.from([change])]);
  if (how === 'end') return bytes.subarray(0, at % bytes.length);
  const copy = Buffer.from(bytes);
  copy[at % bytes.length]! ^= change;
  return copy;
}

/** Two schemas of the table one after the other, and records that they wrote. */
const streams = fc.tuple(rowKind, fc.nat(kinds.length - 1), fc.boolean(), fc.nat(99), fc.nat(5)).chain(([first, added, swapped, odd, choice]) => {
  // The second schema has a column more, and one that may be NULL now.
  const rows: RowKind[] = [first, [...first.map(([kind, nulls], index) => [kind, index === 1 ? 'first' : nulls] as const), [added, 'last']]];
  const types = rows[1]!.map(([kind], index) => (odd === index ? sqlTypes[choice]! : kinds[kind]!.columns[choice % kinds[kind]!.columns.length]!));
  const schemas = [envelope(first, swapped), envelope(rows[1]!, false), metadataSchema, ...rows.map((row) => record('Key', rowFields(row).slice(0, 2)) as unknown as AvroRecord)].map((schema) => JSON.stringify(schema));
  const writers = schemas.map((schema) => avroType(plainAvro(JSON.parse(schema)) as AvroRecord));
  const change = (version: number): fc.Arbitrary<Omit<Sent, 'headers'>> => fc.tuple(changeOf(rows[version]!), valueOf(rows[version]!), fc.nat(19)).map(([value, key, none]) => ({
    topic: 'db.wide', key: none === 0 ? null : framed(4 + version, writers[3 + version]!, key), value: none === 1 ? null : framed(1 + version, writers[version]!, value),
  }));
  const end = boundary.map((value) => ({ topic: 'db.transaction', key: null, value: framed(3, writers[2]!, value) }));
  const headers = rarely(fc.constantFrom(...['one', 'one', 'two'].map((run) => `{"__debezium.context.runId":"${run}"}`), '{"__debezium.newkey":"x"}', '{"__debezium.oldkey":"x"}'), '{}', null, 'no JSON', '{"own":1}');
  const sent = fc.tuple(fc.oneof({ arbitrary: change(0), weight: 8 }, { arbitrary: change(1), weight: 3 }, { arbitrary: end, weight: 3 }), headers, fc.option(damage, { freq: 3, nil: null })).map(([whole, said, harm]): Sent => {
    // Most records are whole: one in twelve is damaged.
    const broken = harm !== null && harm[2] % 12 === 0 ? harm : null;
    const bytes = broken === null ? null : whole[broken[0] as 'key' | 'value'];
    return { ...whole, headers: said as string | null, ...(bytes === null ? {} : { [broken![0]]: damaged(bytes, broken![1], broken![2], broken![3]) }) };
  });
  return fc.tuple(fc.constant(schemas), fc.constant(types), fc.array(sent, { minLength: 1, maxLength: 80, size: 'max' }));
});

function recordsOf(sent: readonly Sent[], first: number): RecordBatch {
  const topicNames = ['db.wide', 'db.transaction'], { length } = sent;
  return {
    length, topics: Int32Array.from(sent, ({ topic }) => topicNames.indexOf(topic)), topicNames, partitions: null, offsets: Float64Array.from(sent, (_, index) => first + index), timestamps: Float64Array.from(sent, (_, index) => index),
    keys: payloads(sent.map(({ key }) => key), true), values: payloads(sent.map(({ value }) => value), true), headers: payloads(sent.map(({ headers }) => headers), false),
  };
}

test('changes and transactions of any schemas, whole and damaged', () => {
  let changes = 0;
  fc.assert(fc.property(streams, fc.boolean(), ([schemas, types, sent], isWhole) => {
    const own = types.map((type, index) => column(nameOf(index), type));
    const tables: DecodedTable[] = [{ topics: ['db.wide'], columns: [...own, ...all] }, { topics: ['db.wide'], columns: [own[0]!, ...metadata.slice(4)] }];
    const avro = new DebeziumAvro(new Map(schemas.map((schema, index) => [index + 1, schema])));
    const decoder = (): CaptureDecoder => new CaptureDecoder(tables, isWhole ? 'db.transaction' : null, avro, false);
    const cut = Math.ceil(sent.length / 2);
    const found = read(decoder(), new CaptureEvents(tables), tables, [recordsOf(sent.slice(0, cut), 0), recordsOf(sent.slice(cut), cut)]);
    // One that has seen none before it knows no origin, and reads it in full.
    const whole = sent.flatMap((each, index) => {
      const batch = recordsOf([each], index);
      batch.timestamps![0] = index < cut ? index : index - cut;
      return read(decoder(), new CaptureEvents(tables), tables, [batch]);
    });
    changes += found.length;
    assert.deepEqual(found, whole);
    // Their lines, in which the payloads are in hexadecimal.
    const lines = [recordsOf(sent.slice(0, cut), 0), recordsOf(sent.slice(cut), cut)].flatMap((batch) => Array.from({ length: batch.length }, (_, at) => `${lineOf(batch, at)}\n`));
    assert.deepEqual(read(decoder(), new CaptureEvents(tables), tables, [lines.join('')]), found);
  }), { numRuns: 120 });
  assert.ok(changes > 500, `${changes} changes were read`);
});

/** A row that is gone. */
const emptied = {
  before: null, after: null, op: 'd', transaction: null, ts_ms: null,
  source: { version: '', name: '', pad: Buffer.alloc(150), ts_ms: 1, snapshot: null, db: '', sequence: null, ts_ns: null, schema: null, table: '', txId: null, lsn: null },
};

test('ids that no schema has are not remembered', () => {
  const sent = Array.from({ length: 50 }, (_, index) => framed(100 + index, avroType('long' as unknown as AvroRecord), index));
  const schema = JSON.stringify(envelope([[0, 'plain']], false));
  const topic: AvroTopic = { name: 'db.wide', tables: [], cells: [], rows: [], envelopes: [] };
  const reader = new DebeziumAvroReader(new DebeziumAvro(new Map([[1, schema]])), new DebeziumScanner([topic], false).parts, false);
  const values = [emptied, { ...emptied, op: 'c', after: { f0: 1 } }].map((value) => framed(1, avroType(plainAvro(JSON.parse(schema)) as AvroRecord), value));
  for (const bytes of sent) {
    reader.begin(scannedBytes(bytes), null, null);
    assert.equal(reader.read(Int32Array.of(0, bytes.length, -1, -1, -1, -1), topic), UNREAD);
    for (const own of values) {
      reader.begin(scannedBytes(own), scannedBytes(bytes), null);
      assert.equal(reader.read(Int32Array.of(0, own.length, 0, bytes.length, -1, -1), topic), UNREAD);
    }
  }
  assert.deepEqual(topic.envelopes.map(({ id, checks, keys }) => [id, checks.size, keys.size]), [[1, 0, 0]]);
});

test('a value of none of its type, and metadata that are none either', () => {
  const tables: DecodedTable[] = [{ topics: ['db.wide'], columns: [column('f0', bigint), ...metadata] }];
  const value = JSON.stringify({ before: null, after: { f0: 'x' }, op: 'c', source: { ts_ms: 'soon', table: 'wide' }, ts_ms: 1.5 });
  const lines = `${JSON.stringify({ topic: 'db.wide', partition: 0, offset: 7, value })}\n`;
  const [found] = read(new CaptureDecoder(tables, null, null, false), new CaptureEvents(tables), tables, [lines]) as { readonly values: readonly unknown[] }[];
  assert.deepEqual(found!.values, [{ column: 'f0', error: 'not a value of BIGINT', image: '{"f0":"x"}', line: lines.trimEnd(), bare: [null, null, null, 'wide', 7, 3, null] }]);
});

test('an integer of 32 bits that has more is what all of Avro makes of it', () => {
  const rows: RowKind = [[0, 'plain']];
  const schema = JSON.stringify(envelope(rows, false)), type = avroType(plainAvro(JSON.parse(schema.replace('"name":"f0","type":"int"', '"name":"f0","type":"long"'))) as AvroRecord);
  const avro = new DebeziumAvro(new Map([[1, schema]])), tables: DecodedTable[] = [{ topics: ['db.wide'], columns: [column('f0', bigint)] }];
  const sent = [1, 2, 2 ** 31, -(2 ** 53) + 1, 2 ** 53 - 1].map((f0) => ({ topic: 'db.wide', key: null, value: framed(1, type, { ...emptied, op: 'c', after: { f0 } }), headers: null }));
  const decoder = (): CaptureDecoder => new CaptureDecoder(tables, null, avro, false), events = (): CaptureEvents => new CaptureEvents(tables);
  const alone = sent.flatMap((each, index) => read(decoder(), events(), tables, [recordsOf([each], index)]));
  assert.deepEqual(read(decoder(), events(), tables, [recordsOf(sent, 0)]), alone);
});

test('a list that says it has more items than its message has bytes is a bad record', () => {
  const schema = { type: 'record', name: 'Metadata', fields: [{ name: 'status', type: 'string' }, { name: 'id', type: 'string' }, { name: 'data_collections', type: { type: 'array', items: 'null' } }] };
  const avro = new DebeziumAvro(new Map([[1, JSON.stringify(schema)]]));
  const tables: DecodedTable[] = [{ topics: ['db.wide'], columns: [column('f0', string)] }];
  const sent = ['', 'feffffffffff1f', 'fffffffffffff1f02', 'ffffffffffffffffffff01', '0200'].map((count) => ({ topic: 'db.transaction', key: null, value: Buffer.from(`000000000106454e4406313a32${count}`, 'hex'), headers: null }));
  const found = read(new CaptureDecoder(tables, 'db.transaction', avro, false), new CaptureEvents(tables), tables, [recordsOf(sent, 0)]) as { readonly error: string }[];
  assert.deepEqual(found.map(({ error }) => error.replace(/:.*/, '')), ['the value is not of its schema', 'the value is not of its schema', 'the value is not of its schema', 'the value is not of its schema', "the END of transaction '1"]);
});
