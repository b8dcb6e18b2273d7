import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { batchOf, cell, Dictionary, type Batch } from '../../src/core/batch.js';
import { sqlType, timestampType, type Schema } from '../../src/core/types.js';
import { generateDay, marketSchema, type DayParameters } from '../../src/datasets/market/generate.js';
import { usEquities } from '../../src/datasets/market/us-equities.js';
import { writeParquet } from '../../src/datasets/write.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';

const day = (parameters: DayParameters) => generateDay(usEquities(parameters.seed), parameters);

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewright-'));
});
after(() => rm(folder, { recursive: true }));

async function query(path: string, sql: string): Promise<(string | null)[][]> {
  const duck = await openDuck({ files: [path] });
  try {
    return await textRows(duck.connection, sql.replace('FILE', quoteText(path)));
  } finally {
    duck.close();
  }
}

/** A double by 2^-52 of it, a whole number: as texts, 12.0 and 12 would differ. */
const bits = (column: string): string => `(${column} * 4503599627370496)::HUGEINT`;
const text = (value: unknown, double: boolean): string => String(double ? BigInt((value as number) * 4503599627370496) : value);

test('what is written is what was given, in its order, whatever the batches', async () => {
  const path = join(folder, 'day.parquet');
  await writeParquet(path, marketSchema, day({ seed: 5, rows: 9000, batchRows: 3001 }));
  const written = await query(path, `SELECT concat_ws('|', symbol, ${bits('price')}, volume, ${bits('bid')}, ${bits('ask')}, epoch_ms(event_time), exchange, event_type, trader) FROM FILE`);
  const given: string[] = [];
  for (const { columns, length } of day({ seed: 5, rows: 9000 })) {
    for (let row = 0; row < length; row += 1) given.push(columns.map((column, index) => text(cell(column, row), marketSchema[index]!.type.kind === 'DOUBLE')).join('|'));
  }
  assert.deepEqual(written.map(([row]) => row), given);
  const types = await query(path, `SELECT DISTINCT typeof(COLUMNS(*)) FROM FILE`);
  assert.deepEqual(types, [['VARCHAR', 'DOUBLE', 'BIGINT', 'DOUBLE', 'DOUBLE', 'TIMESTAMP', 'VARCHAR', 'VARCHAR', 'VARCHAR']]);
});

test('a dictionary of 255 or more texts, and one of fewer, come back as texts', async () => {
  const schema: Schema = [{ name: 'label', type: sqlType('STRING') }, { name: 'at', type: timestampType(3) }];
  for (const size of [1, 254, 255, 256, 257]) {
    const dictionary = new Dictionary();
    for (let text = 0; text < size; text += 1) dictionary.intern(`label ${text}`);
    const values = Int32Array.from({ length: size }, (_, row) => row + 1);
    const at = { storage: 'real', values: new Float64Array(size), nulls: null } as const;
    const path = join(folder, `labels-${size}.parquet`);
    await writeParquet(path, schema, [batchOf(size, [{ storage: 'text', values, dictionary }, at])]);
    assert.deepEqual(await query(path, 'SELECT label FROM FILE'), Array.from({ length: size }, (_, text) => [`label ${text}`]));
  }
});

test('what the batches throw goes through, and a folder that is not there is said to be the disk', async () => {
  const failing = function* (): Generator<Batch> {
    yield* day({ seed: 1, rows: 10 });
    throw new RangeError('no more');
  };
  await assert.rejects(writeParquet(join(folder, 'failing.parquet'), marketSchema, failing()), new RangeError('no more'));
  const nowhere = join(folder, 'missing', 'day.parquet');
  await assert.rejects(writeParquet(nowhere, marketSchema, day({ seed: 1, rows: 10 })), { code: 'OUTPUT_UNWRITABLE' });
  assert.equal(existsSync(nowhere), false);
  assert.ok((await stat(folder)).isDirectory());
});
