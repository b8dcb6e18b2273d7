import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../src/runtime/sha256.js';

test('the hash of chunks is that of their bytes one after the other, however many they are', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }), (chunks) => {
    const whole = Buffer.concat(chunks);
    const expected = createHash('sha256').update(whole).digest('hex');
    assert.equal(Buffer.from(sha256(...chunks)).toString('hex'), expected);
    assert.equal(Buffer.from(sha256(whole)).toString('hex'), expected);
  }));
});
