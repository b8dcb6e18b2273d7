/** Metadata columns of messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sqlType } from '../../src/core/types.js';
import { headersText, metadataReader } from '../../src/live/metadata.js';

const name = fc.oneof(fc.constantFrom('a', '1', '0', '__proto__', ''), fc.string({ unit: 'grapheme', maxLength: 5 }));

test('headers are a JSON object: of each name the last, in the order of the first', () => {
  const value = fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }));
  fc.assert(fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (headers) => {
    const text = headersText(headers.map(([each, text]) => ({ name: each, value: text === null ? null : Buffer.from(text) })));
    const last = new Map(headers);
    assert.deepEqual(new Map(Object.entries(JSON.parse(text) as object)), last);
    assert.equal(text, `{${[...last].map(([each, text]) => `${JSON.stringify(each)}:${JSON.stringify(text)}`).join(',')}}`);
  }));
});

test('bytes that are no text are told apart from texts that look like them', () => {
  assert.equal(headersText([{ name: 'trace', value: Buffer.from([0xff, 0x00]) }, { name: 'text', value: Buffer.from('/wA=') }]), '{"trace":{"base64":"/wA="},"text":"/wA="}');
});

test('a column of another type is refused by what the key is', () => {
  assert.match(String(metadataReader('headers', sqlType('BIGINT'), 't')), /metadata 'headers' is here STRING, a JSON object, not BIGINT/);
  assert.match(String(metadataReader('leader-epoch', sqlType('INT'), 't')), /there are 'topic', 'partition', 'offset', 'timestamp' and 'headers'/);
});
