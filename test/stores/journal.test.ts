import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { StepRecord } from '../../src/core/step.js';
import { JournalWriter, journalLine, parseJournalLine, readJournal, type JournalEntry } from '../../src/stores/journal.js';
import { directoryFor } from './directory.js';

const counts = fc.nat({ max: 2 ** 40 });
const hexOf = (digits: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const slices = fc.record({ input: fc.nat(5), partition: fc.nat(64), from: counts, rows: fc.nat(1_000), skipped: fc.nat(9), checksum: hexOf(16) }, { noNullPrototype: true })
  .map(({ skipped, ...slice }) => ({ ...slice, to: slice.from + slice.rows + skipped }));
const watermarks = fc.array(fc.array(fc.oneof(fc.integer(), fc.constant(null), fc.constant('end' as const)), { maxLength: 3 }), { maxLength: 3 });
const records: fc.Arbitrary<StepRecord> = fc.record({
  lane: fc.nat(3), seq: counts, now: fc.oneof(fc.integer(), fc.constant(-Infinity)), slices: fc.array(slices, { maxLength: 4 }), order: fc.array(fc.nat(9), { maxLength: 3 }).map((half) => half.flatMap((one) => [one, one])), end: fc.boolean(),
  digest: hexOf(64), outputRows: fc.array(counts, { maxLength: 3 }), watermarks,
}, { noNullPrototype: true });

async function read(path: string, from?: number, to?: number): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of readJournal(path, from, to)) entries.push(entry);
  return entries;
}

const record: StepRecord = {
  lane: 0, seq: 0, now: -Infinity, slices: [{ input: 0, partition: 0, from: 0, to: 3, rows: 3, checksum: '0123456789abcdef' }],
  order: [], end: false, digest: 'ab'.repeat(32), outputRows: [2], watermarks: [[null, 5, 'end']],
};

/** Law: cut a journal at any byte, and what comes back is the records whose lines are whole; go on from there, and nothing shows. */
test('a journal torn anywhere gives back its whole records, and can be continued', async (context) => {
  const path = join(directoryFor(context), 'journal');
  await fc.assert(fc.asyncProperty(fc.array(records, { maxLength: 5 }), fc.nat(), async (all, nat) => {
    const writer = await JournalWriter.open(path);
    for (const one of all) await writer.append([one]);
    await writer.sync();
    await writer.close();
    const bytes = readFileSync(path);
    assert.equal(bytes.length, writer.position);
    truncateSync(path, nat % (bytes.length + 1));
    const entries = await read(path);
    assert.deepEqual(entries.map((entry) => entry.record), all.slice(0, entries.length));
    const next = all[entries.length];
    assert.ok(next === undefined || readFileSync(path).length < (entries.at(-1)?.end ?? 0) + journalLine(next).length);

    const resumed = await JournalWriter.open(path, entries.at(-1)?.end ?? 0);
    await resumed.append(all.slice(entries.length));
    await resumed.close();
    assert.deepEqual(readFileSync(path), bytes);
  }), { numRuns: 50 });
});

test('a record is one short line of JSON', () => {
  assert.equal(
    journalLine(record),
    '{"lane":0,"seq":0,"now":null,"slices":[[0,0,0,3,3,"0123456789abcdef"]],"end":false,' +
      `"digest":"${'ab'.repeat(32)}","outputRows":[2],"watermarks":[[null,5,"end"]]}\n`,
  );
  assert.deepEqual(parseJournalLine(journalLine(record)), record);
  assert.match(journalLine({ ...record, order: [0, 2, 0, 1] }), /\]\],"order":\[0,2,0,1\],"end"/);
  assert.equal(parseJournalLine(journalLine({ ...record, order: [0] })), null);
});

test('a part of a journal is read by byte positions', async (context) => {
  const path = join(directoryFor(context), 'journal');
  writeFileSync(path, [0, 1, 2].map((seq) => journalLine({ ...record, seq })).join(''));
  const [first, second] = await read(path);
  assert.deepEqual(await read(path, first!.end, second!.end), [second]);
  assert.deepEqual(await read(path, 0, 0), []);
});

test('a broken line that is not a torn last one is refused with its number', async (context) => {
  const path = join(directoryFor(context), 'journal');
  const whole = journalLine(record);
  const broken = [whole.replace('"lane":0', '"lane":-1'), whole.replace('[0,0,0,3,3', '[0,0,4,3,3'), whole.replace('null', '"x"'), '\n', '[]\n', whole.slice(5)];
  for (const line of broken) {
    writeFileSync(path, whole + line + whole);
    await assert.rejects(read(path), { code: 'BUNDLE_INVALID', message: /journal, line 2 \(byte \d+\) is no step record/ });
  }
  writeFileSync(path, whole);
  appendFileSync(path, whole.slice(0, -1));
  assert.equal((await read(path)).length, 1);
});

test('a missing journal, and one shorter than its checkpoint says, are refused', async (context) => {
  const path = join(directoryFor(context), 'journal');
  await assert.rejects(read(path), { code: 'BUNDLE_INVALID', message: /is missing/ });
  writeFileSync(path, 'abc');
  await assert.rejects(JournalWriter.open(path, 4), { code: 'BUNDLE_INVALID', message: /holds 3 bytes but its checkpoint needs 4/ });
});
