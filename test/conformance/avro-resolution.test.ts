/** Avro's own list of schemas that can, and cannot, read what another wrote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflictOf } from '../../src/formats/avro-resolution.js';
import { parseAvro } from '../../src/formats/avro-type.js';
import { sharedJson, skipUnless } from '../support/shared.js';

interface Pairs {
  readonly cases: readonly { readonly reader: unknown; readonly writer: unknown; readonly expected: 'compatible' | 'incompatible' }[];
}

const file = 'avro_reader_writer_compatibility.json';

test('125 pairs of reader and writer', { skip: skipUnless('conformance', file) }, () => {
  const { cases } = sharedJson('conformance', file) as Pairs;
  assert.equal(cases.length, 125);
  for (const { reader, writer, expected } of cases) {
    const conflict = conflictOf(parseAvro(reader), parseAvro(writer));
    assert.equal(conflict === null, expected === 'compatible', `${JSON.stringify(reader)} <- ${JSON.stringify(writer)}: ${conflict}`);
  }
});
