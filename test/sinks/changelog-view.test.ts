import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parquetRows, realColumns, standingCounts, standingRows, type ChangelogFile } from '../../src/sinks/changelog-view.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { temporaryFolder, writeParquet } from '../sources/files.js';

const folder = temporaryFolder();
let files = 0;

const change = fc.record({ k: fc.option(fc.integer({ min: 0, max: 4 })), v: fc.integer({ min: 0, max: 2 }), op: fc.constantFrom('+I', '-U', '+U', '-D') });

/** Law: as many rows are counted as there are, whether rows replace each other by key or say what they take back. */
test('the count of what stands is the number of the rows that stand', async () => {
  const duck = await openDuck({ directories: [folder] });
  await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (changes) => {
    const path = join(folder, `changes-${files++}.parquet`);
    const values = changes.map(({ k, v, op }) => `(${k ?? 'NULL'}, ${v}, '${op}')`).join(', ');
    await writeParquet(path, `SELECT * FROM (VALUES ${values}) AS rows(k, v, _op)`);
    const changelogs: ChangelogFile[] = [{ path, key: ['k'] }, { path, key: ['k', 'v'] }, { path, key: null }];
    const expected: number[] = [];
    for (const { key } of changelogs) {
      const [row] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM (${standingRows(parquetRows([path]), key, await realColumns(duck, parquetRows([path])))})`);
      expected.push(Number(row![0]));
    }
    assert.deepEqual(await standingCounts(changelogs, 128), expected);
  }), { numRuns: 30 });
  duck.close();
  assert.deepEqual(await standingCounts([], 128), []);
});

/** Law: as many keys stand as were added last, and −0 is another than 0, as in the engine. */
test('keys that differ stand beside each other', async () => {
  const duck = await openDuck({ directories: [folder] });
  const keyed = fc.record({ k: fc.constantFrom('0.0', '-0.0', 'NaN', '1.0', null), s: fc.constantFrom('', 'a', null), op: fc.constantFrom('+I', '-U', '+U', '-D') });
  await fc.assert(fc.asyncProperty(fc.array(keyed, { minLength: 1, maxLength: 30 }), fc.constantFrom('DOUBLE', 'FLOAT'), async (changes, kind) => {
    const path = join(folder, `changes-${files++}.parquet`);
    const values = changes.map(({ k, s, op }) => `(CAST(${k === null ? 'NULL' : quoteText(k)} AS ${kind}), ${s === null ? 'NULL' : quoteText(s)}, '${op}')`).join(', ');
    await writeParquet(path, `SELECT * FROM (VALUES ${values}) AS rows(k, s, _op)`, ', DICTIONARY_SIZE_LIMIT 0');
    const last = new Map(changes.map(({ k, s, op }) => [JSON.stringify([k, s]), op]));
    const standing = [...last.values()].filter((op) => op === '+I' || op === '+U').length;
    const key = ['k', 's'];
    assert.deepEqual(await standingCounts([{ path, key }], 128), [standing]);
    assert.equal((await textRows(duck.connection, `SELECT s FROM (${standingRows(parquetRows([path]), key, await realColumns(duck, parquetRows([path])))})`)).length, standing);
  }), { numRuns: 50 });
  duck.close();
});
