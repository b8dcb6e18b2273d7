import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parquetRows, standingCounts, standingRows, type ChangelogFile } from '../../src/sinks/changelog-view.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { temporaryFolder } from '../sources/files.js';

const folder = temporaryFolder();
let files = 0;

const change = fc.record({ k: fc.option(fc.integer({ min: 0, max: 4 })), v: fc.integer({ min: 0, max: 2 }), op: fc.constantFrom('+I', '-U', '+U', '-D') });

/** Law: as many rows are counted as there are, whether rows replace each other by key or say what they take back. */
test('the count of what stands is the number of the rows that stand', async () => {
  const duck = await openDuck({ directories: [folder] });
  await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (changes) => {
    const path = join(folder, `changes-${files++}.parquet`);
    const values = changes.map(({ k, v, op }) => `(${k ?? 'NULL'}, ${v}, '${op}')`).join(', ');
    await textRows(duck.connection, `COPY (SELECT * FROM (VALUES ${values}) AS rows(k, v, _op)) TO ${quoteText(path)} (FORMAT parquet)`);
    const changelogs: ChangelogFile[] = [{ path, key: ['k'] }, { path, key: ['k', 'v'] }, { path, key: null }];
    const expected: number[] = [];
    for (const { key } of changelogs) {
      const [row] = await textRows(duck.connection, `SELECT CAST(count(*) AS VARCHAR) FROM (${standingRows(parquetRows([path]), key)})`);
      expected.push(Number(row![0]));
    }
    assert.deepEqual(await standingCounts(changelogs, 128), expected);
  }), { numRuns: 30 });
  duck.close();
  assert.deepEqual(await standingCounts([], 128), []);
});
