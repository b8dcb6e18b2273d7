import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { queryBundle } from '../../src/sinks/query.js';
import { queryToFile, queryToStream } from '../../src/sinks/query-file.js';
import { bind, column, readAll, temporaryFolder, writeParquet } from '../sources/files.js';

const bundle = temporaryFolder();
const folder = temporaryFolder();
mkdirSync(join(bundle, 'outputs'));
await writeParquet(join(bundle, 'outputs', 'vwap.parquet'), `SELECT * FROM (VALUES
  ('AAPL', 1.5::DOUBLE, 9007199254740993::BIGINT, 12.50::DECIMAL(10, 2), TIMESTAMP_NS '2024-01-02 14:30:00.123456789', TIMESTAMPTZ '2024-01-02 14:30:00+02', true),
  ('a name of more than twelve bytes', 'nan'::DOUBLE, 2, NULL, NULL, NULL, NULL), (NULL, '-0'::DOUBLE, NULL, -0.01, TIMESTAMP '1969-12-31 23:59:59.999', NULL, false)
  ) t(symbol, price, volume, amount, ts, moment, flag)`);

const columns = [
  column('symbol', 'STRING'), column('price', 'DOUBLE'), column('volume', 'BIGINT'), column('amount', 'DECIMAL', { precision: 10, scale: 2 }),
  column('ts', 'TIMESTAMP', { precision: 9 }), column('moment', 'TIMESTAMP_LTZ', { precision: 6 }), column('flag', 'BOOLEAN'),
];
const rows = [
  ['AAPL', 1.5, 9007199254740993n, 1250, 1704205800123456789n, 1704198600000000, 1],
  ['a name of more than twelve bytes', NaN, 2, null, null, null, null],
  [null, -0, null, -1, -1000000, null, 0],
];

test('Arrow and Parquet hold the rows as they are, sums of BIGINT too', async () => {
  for (const format of ['arrow', 'parquet'] as const) {
    const path = join(folder, `all.${format}`);
    assert.equal((await queryToFile(bundle, 'FROM vwap; -- all of it', format, path)).rows, 3);
    assert.deepEqual((await readAll(bind(path, format), columns)).rows, rows);
    await queryToFile(bundle, 'SELECT sum(volume) * 4611686018427387904 AS total FROM vwap', format, path);
    assert.deepEqual((await readAll(bind(path, format), [column('total', 'DECIMAL', { precision: 38, scale: 0 })])).rows, [[9007199254740995n * 4611686018427387904n]]);
    await queryToFile(bundle, 'FROM vwap WHERE false', format, path);
    assert.deepEqual((await readAll(bind(path, format), columns)).rows, []);
  }
});

test('a pipe gets a stream, which another reader of Arrow understands', async () => {
  const pieces: Buffer[] = [];
  const stream = new Writable({ highWaterMark: 10, write: (piece: Buffer, _encoding, done) => { pieces.push(piece); done(); } });
  await queryToStream(bundle, 'SELECT i AS id, i % 3 AS third, CASE WHEN i % 5 > 0 THEN i || \'!\' END AS text FROM range(70000) t(i)', 'arrow', stream);
  const table = tableFromIPC(Buffer.concat(pieces));
  assert.deepEqual([table.numRows, table.batches.length, String(table.schema.fields[2]!.type)], [70_000, 2, 'Utf8']);
  for (const row of [0, 1, 65_535, 65_536, 69_999]) {
    assert.deepEqual({ ...table.get(row)!.toJSON() }, { id: BigInt(row), third: BigInt(row % 3), text: row % 5 > 0 ? `${row}!` : null });
  }
  pieces.length = 0;
  await queryToStream(bundle, 'FROM vwap', 'parquet', stream);
  assert.equal(Buffer.concat(pieces).toString('latin1', 0, 4), 'PAR1');
});

test('a file is there whole or not at all, never within the bundle, and refusals say what to do', async () => {
  const path = join(folder, 'kept.arrow');
  writeFileSync(path, 'as it was');
  const refusals: readonly [string, string, object][] = [
    ['SELECT [1, 2] AS list', path, { code: 'SQL_UNSUPPORTED', message: /column list: INTEGER\[\] is not written to Arrow; CAST it/ }],
    ['SELECT 170141183460469231731687303715884105727::HUGEINT AS x', path, { code: 'SQL_UNSUPPORTED', message: /more than 38 digits/ }],
    ['SELECT 1 +', path, { code: 'SQL_INVALID', message: /the bundle has vwap/ }],
    ['SELECT 1; SELECT 2', path, { code: 'USAGE' }],
    ['EXPLAIN SELECT 1', path, { code: 'USAGE', message: /EXPLAIN has no rows/ }],
    ["SELECT * FROM read_text('/etc/hostname')", path, { code: 'SQL_INVALID' }],
    ['FROM vwap', join(bundle, 'outputs', 'more.arrow'), { code: 'USAGE', message: /lies within the bundle/ }],
    ['FROM vwap', join(folder, 'nowhere', 'x.arrow'), { code: 'OUTPUT_UNWRITABLE' }],
  ];
  for (const [sql, target, error] of refusals) await assert.rejects(queryToFile(bundle, sql, 'arrow', target), error, sql);
  assert.equal(readFileSync(path, 'utf8'), 'as it was');
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.part')), []);
  assert.deepEqual((await queryBundle(bundle, 'SELECT count(*) FROM vwap')).rows, [[3]]);
});
