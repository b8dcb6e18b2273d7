/** Blocks of Avro as other programs packed them, cut off, and too long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { codecs } from '../../src/sources/iceberg/codec.js';

const text = Buffer.from('manifest manifest manifest manifest, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
/** As DuckDB packed a page of Parquet with the text in it, and Node the text: copies that reach back nine bytes, and some that run into what they write. */
const page = Buffer.concat([Buffer.from('02000000020173000000', 'hex'), text]);
const packed = {
  snappy: Buffer.from('7d48020000000201730000006d616e696665737420660900082c2061fe0100320100', 'hex'),
  zstandard: Buffer.from('28b52ffd2073ad0000606d616e6966657374202c206102008a4307ed7204', 'hex'),
};

const withSum = (bytes: Buffer, sum = crc32(page)): Buffer => {
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(sum);
  return Buffer.concat([bytes, tail]);
};

test('what others packed is unpacked', () => {
  assert.deepEqual(codecs.get('snappy')!(withSum(packed.snappy), 1000), page);
  assert.deepEqual(codecs.get('zstandard')!(packed.zstandard, 1000), text);
});

test('blocks longer than the bound, and sums that are not theirs, are refused', () => {
  assert.throws(() => codecs.get('snappy')!(withSum(packed.snappy), page.length - 1), /more than \d+ bytes/);
  assert.throws(() => codecs.get('zstandard')!(packed.zstandard, text.length - 1), /more than \d+ bytes/);
  assert.throws(() => codecs.get('snappy')!(withSum(packed.snappy, 1), 1000), /checksum/);
});

/** Law: bytes that were not packed are an error, or a block within the bound; never anything else. */
test('any bytes end in an error or a block', () => {
  for (const [name, unpack] of codecs) {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(200), (bytes, bytesMax) => {
      const given = Buffer.from(bytes);
      try {
        const length = unpack(given, bytesMax + 1).length;
        assert.ok(name === 'null' || length <= bytesMax + 1);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
      }
    }));
  }
});

/** Law: a packed block cut off anywhere is no block. */
test('blocks that are cut off are refused', () => {
  for (let end = 1; end < packed.snappy.length; end += 1) assert.throws(() => codecs.get('snappy')!(withSum(packed.snappy.subarray(0, end)), 1000));
});
