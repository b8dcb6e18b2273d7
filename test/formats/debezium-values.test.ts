/** Values as connectors write them, into the columns that were declared. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseType } from '../../src/datasets/type-text.js';
import { decodeRecord, type Change } from '../../src/formats/debezium-envelope.js';
import { captureOf } from '../../src/formats/debezium-record.js';
import { ChangeReader } from '../../src/formats/debezium-values.js';

/** The change of a row whose field `v` has the JSON text `value`; `schema`: of the field, as Connect writes it. */
function changeOf(value: string, schema?: object): Change {
  const payload = `{"before":null,"after":{"v":${value}},"source":{"ts_ms":1700000000000,"ts_ns":1700000000000000001,"schema":"public","table":"t"},"op":"u"}`;
  const fields = [{ field: 'after', fields: [{ field: 'v', ...schema }] }];
  const text = schema === undefined ? payload : `{"schema":${JSON.stringify({ fields })},"payload":${payload}}`;
  const decoded = decodeRecord(captureOf(JSON.stringify({ topic: 't', value: text }), 0)!, null);
  assert.ok(decoded.kind === 'event' && decoded.event.kind === 'change', JSON.stringify(decoded));
  return decoded.event.row;
}

function read(type: string, value: string, schema?: object): unknown {
  const values = new ChangeReader([{ name: 'v', type: parseType(type)!, eventTime: false }]).read(changeOf(value, schema));
  return 'error' in values ? 'refused' : values[0];
}

test('values without a schema', () => {
  const cases: readonly (readonly [type: string, value: string, read: unknown])[] = [
    ['BIGINT', '9007199254740993', 9007199254740993n], ['BIGINT', '-1', -1], ['INT', '2147483648', 'refused'],
    ['DECIMAL(18, 4)', '"153.0700"', 1530700], ['DECIMAL(18, 4)', '99999999999999.9999', 999999999999999999n], ['DECIMAL(18, 4)', '"Fw0s"', 'refused'],
    ['DOUBLE', '"NaN"', NaN], ['DOUBLE', '"-Infinity"', -Infinity], ['BOOLEAN', 'true', 1], ['STRING', '["a","b,\\"c"]', '["a","b,\\"c"]'],
    ['STRING', '{"n":12345678901234567890}', '{"n":12345678901234567890}'],
    ['DATE', '19786', 19786], ['DATE', '2146033979', null], ['DATE', '-622191234', null],
    ['TIMESTAMP(3)', '1700000000000', 1700000000000], ['TIMESTAMP(6)', '9223372036854775', 9223372036854775n], ['TIMESTAMP(6)', '-1', -1], ['TIMESTAMP(9)', '1700000000000000001', 1700000000000000001n],
    ['TIMESTAMP_LTZ(6)', '"2026-11-22T08:34:33.407901Z"', 1795336473407901], ['TIMESTAMP_LTZ(3)', '"0001-01-01T00:00:00Z"', -62135596800000],
    ['STRING', 'null', null], ['STRING', '"__debezium_unavailable_value"', null],
  ];
  for (const [type, value, expected] of cases) assert.deepEqual(read(type, value), expected, `${type} ${value}`);
});

test('values with a schema, by the name of its type', () => {
  const decimal = { name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '4' } };
  const cases: readonly (readonly [type: string, value: string, schema: object, read: unknown])[] = [
    ['DECIMAL(18, 4)', '"Fw0s"', decimal, 1510700], ['DECIMAL(18, 4)', '"/w=="', decimal, -1], ['DECIMAL(18, 2)', '"Fw0s"', decimal, 15107],
    ['DECIMAL(18, 4)', '{"scale":1,"value":"Fw=="}', { name: 'io.debezium.data.VariableScaleDecimal' }, 23000],
    ['TIMESTAMP(3)', '1700000000000999', { name: 'io.debezium.time.MicroTimestamp' }, 1700000000000], ['TIMESTAMP(3)', '-1', { name: 'io.debezium.time.MicroTimestamp' }, -1],
    ['TIMESTAMP(6)', '1700000000000', { name: 'io.debezium.time.Timestamp' }, 1700000000000000], ['TIMESTAMP(6)', '1700000000000000999', { name: 'io.debezium.time.NanoTimestamp' }, 1700000000000000],
    ['DATE', '19786', { name: 'io.debezium.time.Date' }, 19786], ['DATE', '"2024-03-04Z"', { name: 'io.debezium.time.IsoDate' }, 19786], ['DATE', '"+5881580-07-11Z"', { name: 'io.debezium.time.IsoDate' }, null],
    ['TIMESTAMP_LTZ(3)', '"2024-03-04T00:00:00Z"', { name: 'io.debezium.time.ZonedTimestamp' }, 1709510400000], ['STRING', '"é✓"', { name: 'io.debezium.data.Json' }, 'é✓'],
  ];
  for (const [type, value, schema, expected] of cases) assert.deepEqual(read(type, value, schema), expected, `${type} ${value}`);
});

test('what a connector writes in the place of a value that it left out, by the type of the column', () => {
  const text = '__debezium_unavailable_value';
  const forms = [text, Buffer.from(text).toString('base64'), [text], [Buffer.from(text).toString('base64')], [...Buffer.from(text)], ['b68a35a7-17ad-35b3-af2a-ae46edb4545a'], { [text]: text }, JSON.stringify({ [text]: text })];
  const reader = new ChangeReader([{ name: 'v', type: parseType('STRING')!, eventTime: false }, { name: '$unchanged', type: parseType('STRING')!, eventTime: false, metadata: '$unchanged' }]);
  for (const form of forms) assert.deepEqual(reader.read(changeOf(JSON.stringify(form))), [null, '["v"]'], JSON.stringify(form));
  for (const form of [[], [1], { a: text }, `${text} `, [text, text], 'b68a35a7-17ad-35b3-af2a-ae46edb4545a']) assert.notEqual(read('STRING', JSON.stringify(form)), null, JSON.stringify(form));
});

test('types of PostgreSQL as connectors write them', () => {
  const cases: readonly (readonly [type: string, value: string, schema: object | undefined, read: unknown])[] = [
    ['STRING', '"b68a35a7-17ad-35b3-af2a-ae46edb4545a"', { name: 'io.debezium.data.Uuid' }, 'b68a35a7-17ad-35b3-af2a-ae46edb4545a'],
    ['STRING', '"P1Y2M3DT4H5M6.7S"', { name: 'io.debezium.time.Interval' }, 'P1Y2M3DT4H5M6.7S'], ['BIGINT', '37091106700000', { name: 'io.debezium.time.MicroDuration' }, 37091106700000],
    ['STRING', '"[2024-01-01,2024-02-01)"', undefined, '[2024-01-01,2024-02-01)'], ['STRING', '"AQID"', undefined, 'AQID'], ['STRING', '"{\\"a\\":\\"b\\"}"', { name: 'io.debezium.data.Json' }, '{"a":"b"}'],
    ['STRING', '{"x":1.5,"y":2.5,"wkb":"AQ==","srid":null}', { name: 'io.debezium.data.geometry.Point' }, '{"x":1.5,"y":2.5,"wkb":"AQ==","srid":null}'], ['STRING', '[[1,2],[3,null]]', undefined, '[[1,2],[3,null]]'],
    ['DECIMAL(18, 2)', '"ANPc"', { name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } }, 54236], ['DOUBLE', '542.36', undefined, 542.36], ['BOOLEAN', 'false', undefined, 0],
    ['DATE', '19786', { name: 'org.apache.kafka.connect.data.Date' }, 19786], ['TIMESTAMP(3)', '1700000000000', { name: 'org.apache.kafka.connect.data.Timestamp' }, 1700000000000],
    ['TIMESTAMP(6)', '"2023-11-14T22:13:20.000001Z"', { name: 'io.debezium.time.IsoTimestamp' }, 1700000000000001], ['TIMESTAMP(6)', '1700000000000', { name: 'org.apache.kafka.connect.data.Timestamp' }, 1700000000000000],
    ['BIGINT', '37091000001', { name: 'io.debezium.time.MicroTime' }, 37091000001], ['STRING', '"10:18:11Z"', { name: 'io.debezium.time.ZonedTime' }, '10:18:11Z'], ['STRING', '"new"', { name: 'io.debezium.data.Enum' }, 'new'],
    ['DECIMAL(38, 10)', '"12345678901234567890.0123456789"', undefined, 123456789012345678900123456789n], ['STRING', '12345678901234567890', undefined, '12345678901234567890'],
  ];
  for (const [type, value, schema, expected] of cases) assert.deepEqual(read(type, value, schema), expected, `${type} ${value}`);
});

/** Of Avro, whose values have no source text. */
const avroChange = (value: unknown, written?: Change['types'] extends ReadonlyMap<string, infer Written> | null ? Written : never): Change =>
  ({ ...changeOf('null'), image: { v: value }, text: null, types: written === undefined ? null : new Map([['v', written]]) });

test('arrays, maps and structs in Avro are JSON, with integers of any size as the numbers that they are', () => {
  const exact = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer(), fc.string(), fc.constantFrom(null, true, '1234567890123456'), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 })),
  })).value;
  const reader = new ChangeReader([{ name: 'v', type: parseType('STRING')!, eventTime: false }]);
  // All of JSON, but integers as bigints.
  const same = (text: string, value: unknown): boolean => {
    const plain = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `#${each}#` : each));
    return text === plain.replace(/"#(-?\d+)#"/g, '$1');
  };
  fc.assert(fc.property(fc.oneof(fc.array(exact, { maxLength: 3 }), fc.dictionary(fc.string(), exact, { maxKeys: 3 })), (value) => {
    const [text] = reader.read(avroChange(value)) as readonly [string];
    assert.ok(same(text, value), text);
  }), { numRuns: 300 });
  assert.deepEqual(reader.read(avroChange([1700000000000000, 2n ** 62n])), ['[1700000000000000,4611686018427387904]']);
  assert.deepEqual(reader.read(avroChange({ n: '1234567890123456' })), ['{"n":"1234567890123456"}']);
});

test('a decimal with a scale that no database has is none', () => {
  const digits = Buffer.from([23]);
  for (const type of ['DECIMAL(18, 4)', 'STRING']) {
    const reader = new ChangeReader([{ name: 'v', type: parseType(type)!, eventTime: false }]);
    for (const scale of [2 ** 31 - 1, -(2 ** 31), 2 ** 53, NaN, Infinity]) {
      assert.ok('error' in reader.read(avroChange({ scale, value: digits }, { name: 'io.debezium.data.VariableScaleDecimal', scale: null })), `${type} ${scale}`);
      assert.ok('error' in reader.read(avroChange(digits, { name: 'org.apache.kafka.connect.data.Decimal', scale })), `${type} ${scale}`);
    }
  }
});

test('a record that the connector has flattened is refused, and the message says what to do', () => {
  const decoded = decodeRecord(captureOf(JSON.stringify({ topic: 't', value: '{"id":1,"balance":10,"__deleted":"false"}' }), 0)!, null);
  assert.ok(decoded.kind === 'bad' && decoded.error.includes('ExtractNewRecordState'));
});

test('metadata, and which columns a change left out', () => {
  const reader = new ChangeReader([
    { name: 'v', type: parseType('STRING')!, eventTime: false }, { name: 'at', type: parseType('TIMESTAMP_LTZ(3)')!, eventTime: true, metadata: 'value.source.timestamp' },
    { name: 't', type: parseType('STRING')!, eventTime: false, metadata: 'source.table' }, { name: '$change', type: parseType('INT')!, eventTime: false, metadata: '$change' },
    { name: '$unchanged', type: parseType('STRING')!, eventTime: false, metadata: '$unchanged' },
  ]);
  assert.deepEqual(reader.read(changeOf('"__debezium_unavailable_value"')), [null, 1700000000000, 't', 1, '["v"]']);
  assert.deepEqual(reader.read(changeOf('"x"')), ['x', 1700000000000, 't', 1, null]);
  const odd = { ...changeOf('"x"'), source: { ts_ms: 1.5, table: { name: 2n ** 60n } } };
  assert.deepEqual([reader.read(odd), reader.bare(odd)], [{ column: 'at', error: 'not a value of TIMESTAMP_LTZ(3)' }, [null, null, '{"name":1152921504606846976}', 3, null]]);
  assert.throws(() => new ChangeReader([{ name: 'p', type: parseType('STRING')!, eventTime: false, metadata: 'value.source.properties' }]), { code: 'SQL_UNSUPPORTED', message: /source.timestamp/ });
});

test('what is no envelope is refused with its reason', () => {
  for (const [value, error] of [['{"a":1}', /no 'op'/], ['[1]', /not a JSON object/], ['{"op":"x","source":{}}', /none of r, c, u, d, t, m/], ['{"op":"c","source":{}}', /no 'after'/], ['{"op":"d","source":{}}', /nor the record a key/]] as const) {
    const decoded = decodeRecord(captureOf(JSON.stringify({ topic: 't', value }), 0)!, null);
    assert.ok(decoded.kind === 'bad' && error.test(decoded.error), `${value}: ${JSON.stringify(decoded)}`);
  }
  assert.deepEqual(decodeRecord(captureOf('{"topic":"t","key":"{}","value":null}', 0)!, null), { kind: 'nothing' });
});
