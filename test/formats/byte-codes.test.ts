/** Law: a text has one code, and a code one text, whether it came as bytes or as a string, plain or not, short or long. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ByteCodes } from '../../src/formats/byte-codes.js';

const texts = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('', '\ufffd', '\ud800', '\ude00x', 'é', '😀', 'a'.repeat(64), 'é'.repeat(33), 'a'.repeat(65)));

test('codes of texts and of their bytes', () => {
  fc.assert(fc.property(fc.array(fc.tuple(texts, fc.boolean()), { maxLength: 60 }), (given) => {
    const codes = new ByteCodes();
    const seen: string[] = [''];
    for (const [text, asBytes] of given) {
      const bytes = Buffer.from(`<${text}>`, 'utf8');
      // Half a surrogate has no bytes.
      const isWhole = bytes.toString('utf8') === `<${text}>`;
      const code = asBytes && isWhole ? codes.codeAt(bytes, 1, bytes.length - 2) : codes.codeOf(text);
      seen.push(...codes.takeAdded().added);
      assert.equal(seen[code], text);
      assert.equal(seen.indexOf(text, 1), code);
    }
  }));
});

test('bytes that are no UTF-8 have none', () => {
  const codes = new ByteCodes();
  assert.equal(codes.codeAt(Uint8Array.of(0xff, 0x61), 0, 2), 0);
  assert.equal(codes.codeAt(Uint8Array.of(0xff, 0x61), 1, 1), 1);
  assert.deepEqual(codes.takeAdded(), { added: ['a'], restart: true });
});
