/** Law: a line that is read by comparison with those before it gives what all of JSON gives. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';
import type { DecodedTable } from '../../src/sources/capture-batch.js';
import { CaptureDecoder } from '../../src/sources/capture-decoder.js';
import type { RecordBatch } from '../../src/sources/capture-records.js';
import { CaptureEvents } from '../../src/sources/capture-rows.js';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import type { SourceColumn } from '../../src/sources/source.js';
import { column, metadata, payloads, read } from './captured.js';

const wide: readonly SourceColumn[] = [
  column('id', sqlType('BIGINT')), column('note', sqlType('STRING')), column('price', decimalType(12, 2)), column('ratio', sqlType('DOUBLE')), column('small', sqlType('INT')),
  column('is_open', sqlType('BOOLEAN')), column('day', sqlType('DATE')), column('millis', timestampType(3)), column('micros', timestampType(6)), ...metadata,
];

/** Each line by a reader that has seen none before it, and so knows nothing to compare it with. */
const inFull = (tables: readonly DecodedTable[], transactions: string, lines: readonly string[]): unknown[] => lines.flatMap((line, at) => {
  const blanks = '{}\n'.repeat(at);
  return read(new CaptureDecoder(tables, transactions, null, false), new CaptureEvents(tables), tables, [`${blanks}${line}\n`]);
});

const compared = (tables: readonly DecodedTable[], transactions: string, lines: readonly string[], pieces = 2): unknown[] => {
  const cut = Math.ceil(lines.length / pieces);
  const texts = Array.from({ length: pieces }, (_, piece) => lines.slice(piece * cut, (piece + 1) * cut).map((line) => `${line}\n`).join(''));
  return read(new CaptureDecoder(tables, transactions, null, false), new CaptureEvents(tables), tables, texts);
};

const often = <Value>(usual: fc.Arbitrary<Value>, rare: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof({ arbitrary: usual, weight: 24 }, { arbitrary: rare, weight: 1 });
const odd = fc.oneof(fc.constant(null), fc.constantFrom('', 'NaN', '1e5', '-0', '007', '12.345678901234567890', '__debezium_unavailable_value', 'é"\\\n\u2028}', '},"after":{'), fc.double(), fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map(Number), fc.boolean(), fc.object({ maxDepth: 1 }), fc.array(fc.integer(), { maxLength: 3 }));
/** With `optional`, members may be left out: few lines are alike then. */
const imageOf = (optional: boolean) => fc.record({
  id: often(fc.integer({ min: 0, max: 99 }), odd), note: often(fc.string({ unit: 'grapheme', maxLength: 12 }), odd),
  price: often(fc.oneof(fc.constantFrom('1.005', '-2.675', '0.004'), fc.tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.constantFrom(0, 2, 4, 5)).map(([value, places]) => (value / 1e5).toFixed(places))), odd),
  ratio: often(fc.integer({ min: -999, max: 999 }).map((value) => value / 8), odd), small: often(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), odd), is_open: often(fc.boolean(), odd),
  day: often(fc.integer({ min: -1_000_000, max: 3_000_000 }), odd), millis: often(fc.date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2200-01-01') }).map((date) => date.toISOString()), odd),
  micros: often(fc.integer({ min: 0, max: 2 ** 50 }), fc.oneof(odd, fc.constant('2026-11-22T08:35:25.375568Z'), fc.constant('2026-11-22T08:35:25.3Z'))), unasked: odd,
}, optional ? { requiredKeys: ['id'] } : {});

const envelopeOf = (optional: boolean) => fc.record({
  before: fc.option(imageOf(optional)), after: imageOf(optional), op: fc.constantFrom(...(optional ? ['c', 'u', 'r', 'd', 't', 'm', 'x'] : ['c', 'u', 'd'])),
  source: fc.record({ ts_ms: fc.integer({ min: 0 }), snapshot: fc.constantFrom(...(optional ? ['false', 'true', 'last', true] : ['false'])), schema: fc.constant('public'), table: fc.constant('wide'), sequence: fc.constantFrom('["12","34"]', '[null,"34"]', null), lsn: fc.option(fc.nat()), txId: fc.nat() }, optional ? { requiredKeys: ['ts_ms', 'schema', 'table'] } : {}),
  transaction: fc.option(fc.record({ id: fc.tuple(fc.nat(99), fc.nat()).map(([xid, lsn]) => `${xid}:${lsn}`), total_order: fc.nat(9), data_collection_order: fc.nat(9) })), ts_ms: fc.option(fc.nat()), ts_ns: fc.nat(),
}, optional ? { requiredKeys: ['after', 'op', 'source'] } : {}).map((value) => (value.op === 'd' ? { ...value, after: null } : value));

const end = fc.record({
  status: fc.constantFrom('BEGIN', 'END'), id: fc.tuple(fc.nat(99), fc.nat()).map(([xid, lsn]) => `${xid}:${lsn}`), event_count: fc.option(fc.nat()), ts_ms: fc.nat(),
  data_collections: fc.option(fc.array(fc.record({ data_collection: fc.constantFrom('public.wide', 'public.é"'), event_count: fc.nat() }), { maxLength: 2 })),
});

const schema = { type: 'struct', fields: [{ field: 'after', type: 'struct', fields: [
  { field: 'price', type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } }, { field: 'millis', type: 'int64', name: 'io.debezium.time.MicroTimestamp' }, { field: 'micros', type: 'int64', name: 'io.debezium.time.Timestamp' },
] }] };
const precise = fc.oneof(fc.integer({ min: -(2 ** 15), max: 2 ** 15 }), fc.integer({ min: -(2 ** 39), max: 2 ** 39 })).map((unscaled) => {
  const bytes = Buffer.alloc(6);
  bytes.writeIntBE(unscaled, 0, 6);
  return bytes.subarray(unscaled >= -32768 && unscaled < 32768 ? 4 : 0).toString('base64');
});

const styles = ['text', 'schema', 'object', 'none', 'broken'];

/** Lines with the members in one order, as writers have them; most of them of one style. */
const lineOf = (usual: string, optional: boolean) => fc.tuple(fc.nat(9), fc.oneof({ arbitrary: envelopeOf(optional), weight: 9 }, { arbitrary: end, weight: 1 }), fc.constantFrom(...Array.from({ length: 20 }, () => usual), ...styles), precise, fc.nat()).map(([offset, value, style, decimal, timestamp]) => {
  const key = JSON.stringify({ id: 'after' in value && value.after !== null ? value.after.id : offset });
  const record = { topic: 'status' in value ? 'db.transaction' : 'db.wide', partition: 0, offset: String(offset), timestamp, key };
  const headers = { '__debezium.context.runId': `run ${offset % 2}`, ...(offset === 3 ? { own: String(timestamp) } : offset === 5 ? { '__debezium.newkey': key } : offset === 6 ? { '__debezium.oldkey': key } : {}) };
  if (style === 'none') return JSON.stringify({ ...record, value: null, headers });
  if (style === 'object') return JSON.stringify({ ...record, value, headers });
  const payload = style === 'schema' && 'after' in value && value.after !== null ? { ...value, after: { ...value.after, price: decimal, millis: timestamp * 1000, micros: timestamp } } : value;
  const text = JSON.stringify({ ...record, value: JSON.stringify(style === 'schema' ? { schema, payload } : payload), headers });
  return style === 'broken' && offset > 7 ? text.slice(0, text.length - offset * 7) : text;
});

test('lines of all kinds', () => {
  const tables = [{ topics: ['db.wide'], columns: wide }, { topics: ['db.wide'], columns: [...wide.slice(0, 3), ...metadata.slice(4)] }];
  const runs = fc.tuple(fc.constantFrom('text', 'schema', 'object'), fc.boolean()).chain(([usual, optional]) => fc.array(lineOf(usual, optional), { minLength: 1, maxLength: 40, size: 'max' }));
  fc.assert(fc.property(runs, (lines) => {
    assert.deepEqual(compared(tables, 'db.transaction', lines), inFull(tables, 'db.transaction', lines));
  }), { numRuns: 60 });
});

test("the ledger's lines, nearly all of which are as another was", () => {
  const lines = [...generateLedger({ seed: 3, rows: 500 })];
  const tables: DecodedTable[] = [
    { topics: ['dbz.cdc.orders'], columns: [column('order_id', sqlType('BIGINT')), column('symbol', sqlType('STRING')), column('limit_price', decimalType(18, 4)), ...metadata] },
    { topics: ['dbz.cdc.positions'], columns: [column('account_id', sqlType('INT')), column('avg_price', decimalType(18, 4)), column('updated_at', timestampType(3)), ...metadata] },
  ];
  assert.deepEqual(compared(tables, 'dbz.transaction', lines, 3), inFull(tables, 'dbz.transaction', lines));
});

type Record = { readonly topic: string; readonly partition: number; readonly offset: string; readonly timestamp: number; readonly key: string; readonly value: unknown; readonly headers: unknown };

function recordsOf(records: readonly Record[], isBinary: boolean): RecordBatch {
  const topicNames = [...new Set(records.map(({ topic }) => topic))];
  const textOf = (value: unknown): string | null => (value === null || typeof value === 'string' ? value : JSON.stringify(value));
  return {
    length: records.length, topics: Int32Array.from(records, ({ topic }) => topicNames.indexOf(topic)), topicNames, partitions: Float64Array.from(records, ({ partition }) => partition),
    offsets: Float64Array.from(records, ({ offset }) => Number(offset)), timestamps: Float64Array.from(records, ({ timestamp }) => timestamp),
    keys: payloads(records.map(({ key }) => key), isBinary), values: payloads(records.map(({ value }) => textOf(value)), isBinary), headers: payloads(records.map(({ headers }) => JSON.stringify(headers)), false),
  };
}

/** What a dead letter shows of a record is its line, which may be written in more ways than one. */
const withoutLines = (entries: readonly unknown[]): unknown => JSON.parse(JSON.stringify(entries, (name, value: unknown) => (name === 'line' ? undefined : value === -Infinity ? 'never' : typeof value === 'bigint' ? `${value}n` : value instanceof Map ? [...value] : value)));

test('records as columns of bytes are what their lines are', () => {
  const tables = [{ topics: ['db.wide'], columns: wide }];
  const runs = fc.tuple(fc.constantFrom('text', 'schema'), fc.boolean(), fc.boolean()).chain(([usual, optional, isBinary]) =>
    fc.tuple(fc.array(lineOf(usual, optional), { minLength: 1, maxLength: 40, size: 'max' }), fc.constant(isBinary)));
  fc.assert(fc.property(runs, ([lines, isBinary]) => {
    const whole = lines.filter((line) => line.endsWith('}}'));
    const records = whole.map((line) => JSON.parse(line) as Record), cut = Math.ceil(records.length / 2);
    const pieces = [records.slice(0, cut), records.slice(cut)].map((some) => recordsOf(some, isBinary));
    const found = read(new CaptureDecoder(tables, 'db.transaction', null, false), new CaptureEvents(tables), tables, pieces);
    assert.deepEqual(withoutLines(found), withoutLines(inFull(tables, 'db.transaction', whole)));
  }), { numRuns: 60 });
});
