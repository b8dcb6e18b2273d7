/** Rows as Avro in the wire format, and back by the generated reader. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchOf, cell } from '../../src/core/batch.js';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';
import { recordOf } from '../../src/formats/avro-schema.js';
import { ConfluentWriter } from '../../src/formats/confluent.js';
import { AvroFormat } from '../../src/live/avro-decoder.js';
import { Decoder } from '../../src/live/decoder.js';
import { stored } from './stored.js';

test('every type that a table may have comes back as it was', async () => {
  const columns = [
    { name: 'flag', type: sqlType('BOOLEAN') }, { name: 'count', type: sqlType('BIGINT') }, { name: 'price', type: sqlType('DOUBLE') }, { name: 'money', type: decimalType(30, 4) }, { name: 'day', type: sqlType('DATE') },
    { name: 'at', type: timestampType(3) }, { name: 'fine', type: timestampType(6) }, { name: 'text', type: sqlType('STRING') },
  ];
  const rows = [
    [1, 2n ** 62n, -0.5, 12_345, 19_943, 1_723_109_400_123, 1_723_109_400_123_456, 'ä'], [0, -1, Infinity, -(10n ** 29n), -1, -1, -1, ''], [0, 0, 0, -128, 0, 0, 0, 'x'], [0, 0, 0, 128, 0, 0, 0, 'x'],
    [null, null, null, null, null, null, null, null],
  ] as const;
  const record = recordOf('rows', columns);
  const writer = new ConfluentWriter(record, columns.map((field, column) => ({ ...field, column })), 3);
  const messages = rows.map((row) => writer.encode(batchOf(1, row.map((value) => ({ storage: 'text', values: [value as string], dictionary: null }))), 0));
  const asked = columns.map((field) => ({ ...field, eventTime: false }));
  const known = { schema: JSON.stringify(record), needs: [] };
  const { batch: { batch }, rejected } = await new Decoder(asked, new AvroFormat(asked, { known: () => known, learn: () => Promise.resolve(known) })).decode(stored(messages));
  assert.deepEqual(rejected, []);
  assert.deepEqual(rows.map((_, row) => batch.columns.map((column) => cell(column, row))), rows);
});
