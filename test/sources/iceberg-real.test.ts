/** Tables that Spark and pyiceberg wrote: every state without deletes has the rows that its writer read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindingOf, openSource } from '../../src/sources/open.js';
import { filesOf, fingerprintOf } from '../../src/sources/files.js';
import { sharedJson, sharedPath, skipUnless } from '../support/shared.js';
import { column, readAll, temporaryFolder } from './files.js';

type Row = Readonly<Record<string, unknown>>;
interface State {
  readonly label: string;
  readonly snapshot_id: string;
  readonly metadata?: string;
  readonly rows: readonly Row[];
}

const skip = skipUnless('data', 'iceberg');
const states = (writer: string): readonly State[] => (sharedJson('data', 'iceberg', `${writer}-expected.json`) as { states: readonly State[] }).states;
const spark = (): string => sharedPath('data', 'iceberg', 'spark', 'md', 'trades');
const pyiceberg = (): string => sharedPath('data', 'iceberg', 'pyiceberg', 'md', 'trades');
const byId = (one: readonly unknown[], other: readonly unknown[]): number => Number(one[0]) - Number(other[0]);
const utc = (text: unknown): number => Date.parse(String(text).replace(' ', 'T').replace(/Z?$/, (end) => (/[+-]\d\d:\d\d$/.test(String(text)) ? '' : end || 'Z')));
const days = (text: unknown): number => Date.parse(String(text)) / 86_400_000;
const orNull = <T>(value: unknown, read: (value: unknown) => T): T | null => (value === undefined || value === null ? null : read(value));

test('Spark: the state before the first delete, all kinds of columns', { skip }, async () => {
  const [first] = states('spark');
  const binding = { ...bindingOf(`${spark()}?snapshot=${first!.snapshot_id}`), select: { mic: 'venue.mic', level: 'venue."level"', tag: 'tags[1]', k: "attrs['k']" } };
  const { rows, positions, remarks } = await readAll(binding, [
    column('trade_id', 'BIGINT'), column('symbol', 'STRING'), column('ts', 'TIMESTAMP_LTZ', { precision: 3 }), column('ts_ntz', 'TIMESTAMP', { precision: 3 }),
    column('price', 'DECIMAL', { precision: 18, scale: 4 }), column('price_d', 'DOUBLE'), column('volume', 'BIGINT'), column('side', 'STRING'), column('d', 'DATE'),
    column('flag', 'BOOLEAN'), column('raw', 'BYTES'), column('mic', 'STRING'), column('level', 'INT'), column('tag', 'STRING'), column('k', 'STRING'),
  ]);
  const expected = first!.rows.map((row) => {
    const [venue, attrs] = [row['venue'] as Row, row['attrs'] as Row];
    return [
      row['trade_id'], row['symbol'], utc(row['ts']), utc(row['ts_ntz']), Math.round(Number(row['price']) * 1e4), row['price_d'], row['volume'], row['side'] ?? null, days(row['d']),
      Number(row['flag']), Buffer.from(String(row['raw']), 'base64').toString('latin1'), venue['mic'], venue['level'], (row['tags'] as unknown[])[0], attrs['k'],
    ];
  });
  assert.deepEqual([...rows].sort(byId), expected.sort(byId));
  assert.deepEqual(positions, rows.map((_, position) => position));
  assert.match(remarks[0]!, /snapshot 5621964456730917842 of 2026-11-22T08:51:15\.059Z, 6 data files/);
});

test('Spark: states with delete files are refused by name', { skip }, async () => {
  for (const { snapshot_id: id } of states('spark').slice(1)) {
    await assert.rejects(filesOf(bindingOf(`${spark()}?snapshot=${id}`)), { code: 'DATASET_INVALID', message: /the snapshot has position deletes \(.*-deletes\.parquet\).*choose a snapshot without them: \?snapshot=5621964456730917842$/ });
  }
  await assert.rejects(filesOf(bindingOf(spark())), /position deletes/);
  await assert.rejects(filesOf(bindingOf(sharedPath('data', 'iceberg', 'spark', 'md', 'trades_v3'))), { code: 'DATASET_INVALID', message: /format version 3/ });
  await assert.rejects(filesOf(bindingOf(sharedPath('data', 'iceberg', 'spark', 'md', 'quotes_avro'))), { code: 'DATASET_INVALID', message: /data files in avro; Parquet is read/ });
});

test('pyiceberg: every state, by its metadata file and by its snapshot', { skip }, async () => {
  for (const { label, snapshot_id: id, metadata, rows: expected } of states('pyiceberg')) {
    const evolved = 'qty' in expected[0]!;
    const columns = [
      column('trade_id', 'BIGINT'), column('symbol', 'STRING'), column('ts', 'TIMESTAMP_LTZ', { precision: 3 }), column('price', 'DECIMAL', { precision: 18, scale: 4 }),
      column('price_d', 'DOUBLE'), column(evolved ? 'qty' : 'volume', 'BIGINT'), column('d', 'DATE'), column('tag', 'STRING'), ...(evolved ? [column('currency', 'STRING')] : []),
    ];
    const wanted = expected.map((row) => [
      row['trade_id'], row['symbol'], utc(row['ts']), orNull(row['price'], (price) => Math.round(Number(price) * 1e4)), row['price_d'] ?? null, row['qty'] ?? row['volume'] ?? null,
      orNull(row['d'], days), orNull(row['tags'], (tags) => (tags as unknown[])[1]), ...(evolved ? [row['currency'] ?? null] : []),
    ]).sort(byId);
    const file = join(pyiceberg(), 'metadata', metadata!.replace(/^.*\//, ''));
    for (const path of [file, `${pyiceberg()}?snapshot=${id}`]) {
      const { rows } = await readAll({ ...bindingOf(path), select: { tag: 'tags[2]' } }, columns);
      assert.deepEqual([...rows].sort(byId), wanted, `${label}: ${path}`);
    }
  }
});

test('as-of takes what was current then; what cannot be known is refused', { skip }, async () => {
  const columns = [column('trade_id', 'BIGINT')];
  const count = async (time: string): Promise<number> => (await readAll(bindingOf(`${pyiceberg()}?as-of=${time}`), columns)).rows.length;
  // The snapshots are of 08:51:38.359, .613, .718, .809 and .837.
  assert.equal(await count('2026-11-22T08:51:38.359Z'), 40);
  assert.equal(await count('1795337498717'), 35);
  assert.equal(await count('2026-11-22T10:51:38.718+02:00'), 45);
  await assert.rejects(count('2026-11-22T08:51:38.358Z'), /there was no snapshot yet.*it has 2345269293972531076 \(2026-11-22T08:51:38\.359Z\)/);
  await assert.rejects(count('2031-01-01T00:00:00Z'), /later than the metadata, which was written at 2026-11-22T08:51:38\.837Z/);
  await assert.rejects(count('yesterday'), /no time/);
  await assert.rejects(readAll(bindingOf(`${pyiceberg()}?snapshot=77`), columns), { code: 'DATASET_INVALID', message: /there is no snapshot 77; it has 2345269293972531076/ });
});

test('any first position gives the rest of the rows; ties of an order keep the order of arrival', { skip }, async () => {
  const columns = [column('trade_id', 'BIGINT'), column('symbol', 'STRING')];
  const whole = await readAll(bindingOf(pyiceberg()), columns);
  for (const from of [0, 1, 5, 17, 31, 32, 33]) {
    const { rows } = await readAll(bindingOf(pyiceberg()), columns, { from, batchRows: 7, inline: from % 2 === 0 });
    assert.deepEqual(rows, whole.rows.slice(from));
  }
  const ordered = await readAll({ ...bindingOf(pyiceberg()), order: 'symbol' }, columns);
  const ranked = whole.rows.map((row, index) => ({ row, index })).sort((a, b) => (a.row[1]! < b.row[1]! ? -1 : a.row[1]! > b.row[1]! ? 1 : a.index - b.index));
  assert.deepEqual(ordered.rows, ranked.map(({ row }) => row));
  // A column that `select` makes orders rows too, also when it is not read.
  const mapped = await readAll({ ...bindingOf(pyiceberg()), order: 'back', select: { back: '-trade_id' } }, columns);
  assert.deepEqual(mapped.rows, [...whole.rows].sort(byId).reverse());
});

test('the fingerprint is that of all files behind the rows: one byte anywhere changes it', { skip }, async () => {
  const copy = join(temporaryFolder(), 'trades');
  cpSync(pyiceberg(), copy, { recursive: true });
  const binding = bindingOf(copy);
  const files = await filesOf(binding);
  assert.match(files[0]!, /00006-.*\.metadata\.json$/);
  const source = await openSource(binding, [column('trade_id', 'BIGINT')]);
  const before = await source.fingerprint();
  await source.close();
  assert.equal(before, await fingerprintOf(files));
  // Elsewhere the same bytes are the same data.
  assert.equal(before, await fingerprintOf(await filesOf(bindingOf(pyiceberg()))));
  for (const file of [files[0]!, files[1]!, files[2]!, files.at(-1)!]) {
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed[bytes.length - 9]! ^= 1;
    writeFileSync(file, changed);
    assert.notEqual(await fingerprintOf(files), before, file);
    writeFileSync(file, bytes);
  }
});
