/** Recordings that were damaged on their way: what can be read is applied, the rest is told, and nothing is taken for a recording without topics. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../sources/files.js';
import { withRun, type RanSql } from '../support/run-sql.js';
import { ledgerSql } from './cdc-law.js';
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
