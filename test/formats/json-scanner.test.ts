/** JSON messages: the quick way reads what the thorough one reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell } from '../../src/core/batch.js';
import { decimalType, sqlType, timestampType, type SqlType } from '../../src/core/types.js';
import { Decoder, type Decoded } from '../../src/live/decoder.js';
import { JsonFormat, type JsonOptions } from '../../src/live/json-decoder.js';
import { rawMember } from '../../src/sources/jsonl.js';
import type { SourceColumn } from '../../src/sources/source.js';
import { jsonReader } from '../../src/sources/values.js';
import { stored } from './stored.js';

const column = (name: string, type: SqlType, eventTime = false): SourceColumn => ({ name, type, eventTime });

const columns: readonly SourceColumn[] = [
  column('text', sqlType('STRING')), column('flag', sqlType('BOOLEAN')), column('small', sqlType('SMALLINT')), column('count', sqlType('BIGINT')), column('price', sqlType('DOUBLE')),
  column('ratio', sqlType('FLOAT')), column('money', decimalType(8, 2)), column('day', sqlType('DATE')), column('at', timestampType(3), true), column('fine', timestampType(6)),
];

const decoded = (messages: readonly (string | Buffer)[], of = columns, options?: JsonOptions): Promise<Decoded> =>
  new Decoder(of, new JsonFormat(of, options)).decode(stored(messages.map((message) => Buffer.from(message as string))));

const rowsOf = ({ batch: { batch } }: Decoded): unknown[][] => Array.from({ length: batch.length }, (_, row) => batch.columns.map((each) => cell(each, row)));

/** By JSON.parse, member by member; null: the message is no row. */
function model(text: string): unknown[] | null {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null;
  const row = columns.map(({ name, type, eventTime }) => {
    const member = Object.hasOwn(record, name) || !eventTime ? name : 'timestamp';
    const value = Object.hasOwn(record, member) ? record[member] : null;
    return value === null ? null : jsonReader(type)(value, () => rawMember(text, member));
  });
  return row.includes(undefined) ? null : row;
}

const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?$/);
const time = fc.stringMatching(/^(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,6})?)?)?(Z|\+01:00)?$/);
const value = fc.oneof(
  { weight: 4, arbitrary: digits }, { weight: 3, arbitrary: time.map((text) => `"${text}"`) }, fc.constantFrom('true', 'false', 'null', '"A"', '"1"', '-0', '0', '1e400', '01', '+1', '.5', '5.', 'nul', '"2024-02-30"', '"2024-02-29"', '32768', '-32768', '999999.99', '1000000'),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)), fc.json(),
);
const names = [...columns.map(({ name }) => name), 'timestamp', 'other', 'te\\u0078t', 'flag"'];
const blank = fc.constantFrom('', '', '', ' ', '\n\t ', '\u00a0');
const member = fc.tuple(fc.constantFrom(...names), blank, value, blank).map(([name, before, given, after]) => `${before}"${name}"${after}:${before}${given}${after}`);
const object = fc.oneof({ weight: 8, arbitrary: fc.array(member, { maxLength: 9 }).map((members) => `{${members.join(',')}}`) }, fc.json(), fc.array(member, { maxLength: 3 }).map((members) => `{${members.join(',')},}`), fc.array(member).map((members) => `{${members.join(',')}`));

/** Law: each message gives the row, or none, that JSON.parse and the readers of text give. */
test('messages are read as JSON.parse reads them', async () => {
  let rows = 0;
  await fc.assert(fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 6 }), async (messages) => {
    const found = await decoded(messages);
    const expected = messages.map(model);
    rows += found.batch.batch.length;
    assert.deepEqual([...found.batch.positions!], expected.flatMap((row, index) => (row === null ? [] : [index])));
    assert.deepEqual(rowsOf(found), expected.filter((row) => row !== null));
  }), { numRuns: 3000 });
  assert.ok(rows > 500, `only ${rows} rows`);
});

test('usual messages, and the same with another order, more and fewer members', async () => {
  const found = await decoded([
    '{"text":"A","flag":true,"small":-7,"count":123456789012345,"price":101.25,"ratio":0.1,"money":12.5,"day":"2024-08-08","at":"2024-08-08 09:30:00.123","fine":"2024-08-08 09:30:00.123456"}',
    '{ "at": "2024-08-08T09:30:00Z", "price": -3, "unknown": "x", "text": "A" }',
    '{"text":"\\u0041\\n","count":9007199254740993,"price":1e3,"nested":{"text":[1,{"a":null}]},"timestamp":1723109400000}',
  ]);
  assert.deepEqual(found.rejected, []);
  const [, second, third] = rowsOf(found);
  assert.deepEqual(second, ['A', null, null, null, -3, null, null, null, 1_723_109_400_000, null]);
  assert.deepEqual(third, ['A\n', null, null, 9_007_199_254_740_993n, 1000, null, null, null, 1_723_109_400_000, null]);
});

test('a column that has the name under which event time may stand', async () => {
  const of = [column('at', timestampType(3), true), column('timestamp', sqlType('BIGINT'))];
  assert.deepEqual(rowsOf(await decoded(['{"timestamp":5}', '{"at":7,"timestamp":5}', '{"at":7}'], of)), [[5, 5], [7, 5], [7, null]]);
});

test('what cannot be read says why', async () => {
  const strict = [column('symbol', sqlType('STRING', false)), column('size', sqlType('INT'))];
  const messages = ['{"symbol":"A","size":1}', 'nonsense', '[1]', '{"symbol":"A","size":"x"}', '{"size":1}', '{"symbol":null}', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])];
  const found = await decoded(messages, strict);
  assert.deepEqual(rowsOf(found), [['A', 1]]);
  assert.deepEqual(found.rejected.map(({ column: name, error }) => [name, error]), [
    [null, 'the message is not a JSON object'], [null, 'the message is not a JSON object'], ['size', 'not a value of INT'],
    ['symbol', 'the field is not there, and the column is NOT NULL'], ['symbol', 'NULL, where the column is NOT NULL'], [null, 'the message is not UTF-8'],
  ]);
});

test("json.fail-on-missing-field and json.ignore-parse-errors", async () => {
  const of = [column('symbol', sqlType('STRING')), column('size', sqlType('INT'))];
  const messages = ['{"symbol":"A"}', '{"symbol":"A","size":"x"}', '{"symbol":"A","size":null}'];
  assert.deepEqual(rowsOf(await decoded(messages, of, { failOnMissingField: true, ignoreParseErrors: false })), [['A', null]]);
  assert.deepEqual(rowsOf(await decoded(messages, of, { failOnMissingField: false, ignoreParseErrors: true })), [['A', null], ['A', null], ['A', null]]);
});
