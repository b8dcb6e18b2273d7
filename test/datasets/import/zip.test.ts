import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findText, linesOf } from '../../../src/datasets/import/text-file.js';
import { directoryFor } from '../../stores/directory.js';
import { filesIn, zip } from './importing.js';

const lines = async (path: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const piece of linesOf(await findText(path), 'utf8')) found.push(...piece.lines);
  return found;
};

test('the lines of the one file in an archive are those that were packed', async (context) => {
  const directory = directoryFor(context);
  const texts = fc.array(fc.string({ unit: 'grapheme' }).filter((line) => !/[\r\n]/.test(line)), { minLength: 1, maxLength: 50 });
  await fc.assert(fc.asyncProperty(texts, fc.boolean(), async (rows, stored) => {
    const [path] = filesIn(directory, { 'a.zip': zip({ 'b.csv': `${rows.join('\n')}\n` }, { stored }) });
    assert.deepEqual(await lines(path!), rows);
  }), { numRuns: 50 });
});

/** The same archive with its sizes where archives beyond 4 GiB have them. */
function wide(archive: Buffer): Buffer {
  const end = archive.length - 22;
  const [start, length] = [archive.readUInt32LE(end + 16), archive.readUInt32LE(end + 12)];
  const entry = Buffer.from(archive.subarray(start, start + length));
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(24)), 4);
  extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(20)), 12);
  extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(42)), 20);
  for (const at of [20, 24, 42]) entry.writeUInt32LE(0xffffffff, at);
  // A field of somebody else's comes first: it is to be passed over.
  const stranger = Buffer.from('55540100ff', 'hex').fill(0, 4);
  stranger.writeUInt16LE(1, 2);
  entry.writeUInt16LE(extra.length + stranger.length, 30);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(1n, 24);
  end64.writeBigUInt64LE(1n, 32);
  end64.writeBigUInt64LE(BigInt(entry.length + extra.length + stranger.length), 40);
  end64.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + entry.length + extra.length + stranger.length), 8);
  const last = Buffer.from(archive.subarray(end));
  last.writeUInt16LE(0xffff, 10);
  last.writeUInt32LE(0xffffffff, 12);
  last.writeUInt32LE(0xffffffff, 16);
  return Buffer.concat([archive.subarray(0, start), entry, stranger, extra, end64, locator, last]);
}

test('an archive in the format for more than 4 GiB is read', async (context) => {
  const [path] = filesIn(directoryFor(context), { 'a.zip': wide(zip({ 'b.csv': 'one\ntwo\n' })) });
  assert.deepEqual(await lines(path!), ['one', 'two']);
});

test('whatever is cut off an archive, it is refused, never read in part', async (context) => {
  const directory = directoryFor(context);
  const whole = zip({ 'b.csv': Array.from({ length: 200 }, (_, row) => `row ${row}, ${row * row}\n`).join('') });
  for (let length = 4; length < whole.length; length += 7) {
    const [path] = filesIn(directory, { 'a.zip': whole.subarray(0, length) });
    await assert.rejects(lines(path!), { code: 'DATASET_CORRUPT' }, `${length} bytes`);
  }
});

test('a mark of byte order, line ends of Windows and a last line without one change nothing', async (context) => {
  const [path] = filesIn(directoryFor(context), { 'a.csv': '\ufeffone\r\ntwo\r\nthree' });
  assert.deepEqual(await lines(path!), ['one', 'two', 'three']);
});
