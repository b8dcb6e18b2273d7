/** Recordings that were damaged on their way: what can be read is applied, the rest is told, and nothing is taken for a recording without topics. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { decodeRecord } from '../../src/formats/debezium-envelope.js';
import { rewriteReport } from '../../src/report/write.js';
import { temporaryFolder } from '../sources/files.js';
import { withRun, type RanSql } from '../support/run-sql.js';
import { assembleEvents } from './assemble.js';
import { ledgerSql } from './cdc-law.js';
import { follow } from './follow.js';
import { recordingOf, type Command, type ModelRecord } from './model.js';

const transfers: Command[] = Array.from({ length: 6 }, (_, index) => [
  { session: 0, what: 'transfer' as const, a: index, b: index + 1 }, { session: 0, what: 'commit' as const, a: 0, b: 0 },
]).flat();
const { records, commits } = recordingOf(transfers);
const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
/** Partitions behind other members: a line has to be read to know them. */
const reordered = (record: ModelRecord): ModelRecord => {
  const { topic, partition, ...rest } = record;
  return { topic, ...rest, partition };
};

async function withText<T>(source: string | Buffer, use: (ran: RanSql) => Promise<T>, sql = ledgerSql): Promise<T> {
  const path = join(temporaryFolder(), 'records.jsonl');
  await writeFile(path, source);
  return withRun(sql, { accounts: path, entries: path }, use);
}

const whole = async ({ result, query }: RanSql): Promise<void> => {
  assert.equal((await query('SELECT * FROM entries_now')).length, commits.at(-1)!.state.entries.size);
  assert.ok(result.remarks.every((remark) => !remark.includes('one by one')), result.remarks.join('\n'));
};

test('lines that are no records are dead letters, the first of a file among them, whatever else is in it', async () => {
  for (const bad of ['garbage', '{"topic":"db.cdc.entries","partition":0,"off', '[]', '5', '{"id":1}']) {
    for (const source of [bad.startsWith('{"id"') ? `${text}${bad}\n` : `${bad}\n${text}`, `${text}${bad}`]) {
      await withText(source, async (ran) => {
        await whole(ran);
        assert.deepEqual([ran.result.rejected, ran.result.deadLetters], [1, 1], source.slice(0, 60));
      });
    }
  }
});

test('law: how a recording is cut into pieces changes nothing, the places of what cannot be read among it', async () => {
  const ends = fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(ends, async (drawn) => {
    const lines = records.map((record) => JSON.stringify(record));
    for (const [at] of drawn) lines.splice(at % lines.length, 0, `{"topic":"db.cdc.entries","partition":0,"offset":${at},"value":"{}"}`);
    // Each file is a piece.
    const cuts = [0, ...new Set(drawn.filter(([, isCut]) => isCut).map(([at]) => (at * 7) % lines.length)), lines.length].sort((a, b) => a - b);
    const read = async (name: string, pieces: readonly (readonly string[])[]): Promise<unknown> => {
      const folder = join(temporaryFolder(), name);
      await mkdir(folder);
      await Promise.all(pieces.map((piece, index) => writeFile(join(folder, `${index}.jsonl`), piece.map((line) => `${line}\n`).join(''))));
      const { steps, digests, record } = await follow(ledgerSql, join(folder, '*.jsonl'));
      return { digests, record, deadLetters: steps.map(({ deadLetters }) => deadLetters) };
    };
    const pieces = cuts.slice(1).map((end, index) => lines.slice(cuts[index], end)).filter((piece) => piece.length > 0);
    assert.deepEqual(await read('pieces', pieces), await read('whole', [lines]));
  }), { numRuns: 20 });
});

test('a byte order mark is no part of the first line', async () => {
  await withText(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]), async (ran) => {
    await whole(ran);
    assert.equal(ran.result.rejected, 0);
  });
});

test('partitions are counted where other members come before them', async () => {
  const parted = records.map((record, index) => ({ ...record, partition: record.topic === 'db.transaction' ? 0 : index % 2 }));
  const told = parted.map((record) => (record.topic === 'db.transaction' ? record : { ...record, offset: record.offset * 2 + record.partition }));
  await withText(told.map((record) => `${JSON.stringify(reordered(record))}\n`).join(''), whole);
});

test('a partition that no topic has is refused with its place', async () => {
  for (const partition of ['-1', '0.5', '1e12', '"x"', '100000']) {
    const damaged = records.map((record) => JSON.stringify(record));
    damaged[3] = damaged[3]!.replace('"partition":0', `"partition":${partition}`);
    for (const sql of [ledgerSql, `SET 'cdc.transaction.topic' = 'none';\n${ledgerSql}`]) {
      await assert.rejects(withText(`${damaged.join('\n')}\n`, () => Promise.resolve(), sql), { code: 'DATASET_CORRUPT', message: /^a record of db\.cdc\.accounts .*names the partition / }, partition);
    }
  }
});

test('transactions of which nothing was recorded are told, but for those that touch nothing that is read, and not each by itself', async () => {
  const many = recordingOf(Array.from({ length: 30 }, () => transfers.slice(0, 2)).flat());
  const only = many.records.filter(({ topic, value }) => topic === 'db.transaction' || value!.includes('"op":"r"'));
  await withText(only.map((record) => `${JSON.stringify(record)}\n`).join(''), ({ result }) => {
    assert.equal(result.remarks.filter((remark) => remark.includes('is not whole')).length, 20);
    assert.ok(result.remarks.includes('10 more are not whole, and not applied: cdc.json of the bundle has all.'), result.remarks.join('\n'));
    return Promise.resolve();
  });
});

/** Any part of a JSON value replaced by something else. */
function replaced(value: unknown, picks: readonly number[], by: unknown): unknown {
  if (picks.length === 0 || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  if (keys.length === 0) return by;
  const key = keys[picks[0]! % keys.length]!;
  const inner = replaced((value as Record<string, unknown>)[key], picks.slice(1), by);
  return Array.isArray(value) ? value.map((one, index) => (String(index) === key ? inner : one)) : { ...value, [key]: inner };
}

const wrapped = (value: string, index: number): string => (index % 3 === 0 ? `{"schema":{"type":"struct","fields":[{"field":"after","fields":[{"field":"id","name":null}]}]},"payload":${value}}` : value);

test('law: whatever a part of a record is replaced by, it is read, or bad for a reason; the transactions are put together', () => {
  const parts = fc.record({ at: fc.nat(), picks: fc.array(fc.nat(20), { maxLength: 4 }), by: fc.constantFrom<unknown>(null, 5, -1, 1e300, 'x', '', true, [], [null], [5], {}, { id: null }) });
  fc.assert(fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), (changes) => {
    const damaged = records.map((record, index) => (record.value === null ? record : { ...record, value: wrapped(record.value, index) }));
    for (const { at, picks, by } of changes) {
      const record = damaged[at % damaged.length]!;
      if (record.value !== null) damaged[at % damaged.length] = { ...record, value: JSON.stringify(replaced(JSON.parse(record.value), picks, by)) };
    }
    const events = damaged.flatMap((record) => {
      const decoded = decodeRecord(record, null);
      assert.ok(decoded.kind !== 'bad' || decoded.error.length > 10);
      return decoded.kind === 'event' ? [decoded.event] : [];
    });
    assembleEvents(events);
  }), { numRuns: 400 });
});

test('an END that does not say when it was, is told where it matters', async () => {
  const gone = commits[3]!.xid!;
  const timeless = records.filter(({ value }) => !value?.includes(`"id":"${gone}:`)).map((record) => (record.topic === 'db.transaction' ? { ...record, value: record.value!.replace(/"ts_ms":\d+/, '"ts_ms":null') } : record));
  await withText(timeless.map((record) => `${JSON.stringify(record)}\n`).join(''), async ({ result }) => {
    const { report } = await rewriteReport(result.directory, null);
    assert.deepEqual(report.changes!.captures[0]!.gaps.map(({ kind, before }) => [kind, before.xid, before.time]), [['transactions', commits[4]!.xid, null]]);
  }, `SET 'cdc.gaps' = 'go-on';\n${ledgerSql}`);
});
