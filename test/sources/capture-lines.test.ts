/** Law: the topics of lines are those that reading each of them says; pieces of files are their lines. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { captureOf } from '../../src/formats/debezium-record.js';
import { linePieces, topicsIn } from '../../src/sources/capture-lines.js';
import { directoryFor } from '../stores/directory.js';

const topic = fc.constantFrom('a', 'dbz.cdc.orders', 'dbz.cdc.orders_1', 'a"b\\', 'é');
const line = fc.tuple(topic, fc.nat(30), fc.constantFrom('compact', 'spaced', 'no partition', 'late', 'last'), fc.string()).map(([name, partition, form, value]) => {
  switch (form) {
    case 'compact': return JSON.stringify({ topic: name, partition, value });
    case 'spaced': return `{"topic":${JSON.stringify(name)}, "partition": ${partition}, "value": ${JSON.stringify(value)}}`;
    case 'last': return JSON.stringify({ value, topic: name, partition });
    case 'late': return JSON.stringify({ topic: name, value, partition });
    default: return JSON.stringify({ topic: name, value });
  }
});

test('the topics of a recording, and how many partitions its records name', async (context) => {
  const path = join(directoryFor(context), 'lines.jsonl');
  await fc.assert(fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (lines) => {
    const expected = new Map<string, number>();
    for (const text of lines) {
      const { topic: name, partition } = captureOf(text, 0)!;
      expected.set(name, Math.max(expected.get(name) ?? 0, partition + 1));
    }
    writeFileSync(path, `${lines.join('\n')}\n`);
    const found = await topicsIn({ format: 'jsonl', files: [path] });
    // Names of topics are ASCII: those that are not are asked for in vain.
    for (const [name, count] of expected) if (/^[\w.]*$/.test(name)) assert.equal(found.get(name), count);
  }), { numRuns: 50 });
});

test('pieces are whole lines, however long these are, and all bytes are told in their order', async (context) => {
  const path = join(directoryFor(context), 'lines.jsonl');
  const lines = Array.from({ length: 40 }, (_, index) => `${index} ${'é'.repeat(index % 7 === 0 ? 600_000 + index : 30_000)}`);
  const whole = `${lines.join('\n')}\n`;
  for (const text of [whole, lines.join('\n')]) {
    writeFileSync(path, text);
    const read: string[] = [], told: Buffer[] = [];
    for await (const piece of linePieces([path], (bytes) => told.push(Buffer.from(bytes)))) {
      assert.equal(piece[piece.length - 1], 10);
      read.push(piece.toString('utf8'));
    }
    assert.equal(read.join(''), whole);
    assert.equal(Buffer.concat(told).toString('utf8'), text);
  }
  writeFileSync(path, gzipSync(whole));
  let read = '';
  for await (const piece of linePieces([path])) read += piece.toString('utf8');
  assert.equal(read, whole);
});

test('who stops before the end closes the file while it is read ahead', async (context) => {
  const path = join(directoryFor(context), 'lines.jsonl');
  writeFileSync(path, '{"topic":"a","value":1}\n'.repeat(200_000));
  const pieces = linePieces([path]);
  assert.equal((await pieces.next()).done, false);
  await pieces.return(undefined);
});
