/** Iceberg tables: columns by id through every change of the schema, rows in the order of arrival, damage named. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TapewrightError, type ErrorCode } from '../../src/core/errors.js';
import { parseDataset } from '../../src/datasets/dataset.js';
import { avroType, readAvro } from '../../src/sources/iceberg/avro.js';
import { Location } from '../../src/sources/iceberg/location.js';
import { bindingOf } from '../../src/sources/open.js';
import { column, readAll, temporaryFolder } from './files.js';
import { avroBytes, manifestListSchema, manifestSchema, snapshotId, writeTable, type WrittenField, type WrittenFile, type WrittenTable } from './iceberg-writer.js';

const folder = temporaryFolder();
let tables = 0;
const next = (): string => join(folder, `t${(tables += 1)}`);

const a: WrittenField = { id: 1, name: 'a', type: 'long' };
const one = (query: string, rest: Partial<WrittenFile> = {}): WrittenFile => ({ query, ids: '{a: 1}', rows: 1, ...rest });
const table = (files: readonly WrittenFile[], rest: Partial<WrittenTable> = {}): WrittenTable => ({ fields: [a], manifests: [{ files, sequence: 1 }], ...rest });
const rowsOf = async (path: string, columns = [column('a', 'BIGINT')]): Promise<unknown[][]> => (await readAll(bindingOf(path), columns)).rows;

async function refused(given: WrittenTable, code: ErrorCode, ...parts: readonly RegExp[]): Promise<void> {
  const path = await writeTable(next(), given);
  await refusedAt(path, code, ...parts);
}

async function refusedAt(path: string, code: ErrorCode, ...parts: readonly RegExp[]): Promise<void> {
  await assert.rejects(() => rowsOf(path), (error: unknown) => {
    assert.ok(error instanceof TapewrightError, String((error as Error).stack));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  });
}

interface ModelColumn {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

const widths: Readonly<Record<string, string>> = { int: 'long', float: 'double', 'decimal(5,2)': 'decimal(9,2)' };
const duck: Readonly<Record<string, string>> = { int: 'INTEGER', long: 'BIGINT', float: 'FLOAT', double: 'DOUBLE', 'decimal(5,2)': 'DECIMAL(5,2)', 'decimal(9,2)': 'DECIMAL(9,2)', string: 'VARCHAR' };
const declared = ({ name, type }: ModelColumn) => (type.startsWith('decimal') ? column(name, 'DECIMAL', { precision: 9, scale: 2 })
  : column(name, type === 'string' ? 'STRING' : type === 'float' || type === 'double' ? 'DOUBLE' : 'BIGINT'));
/** Half-integers are exact in every type but the integers and text. */
const stored = (type: string, value: number): unknown => (type === 'string' ? `s${value}` : type.startsWith('decimal') ? value * 100 + 50 : type === 'int' || type === 'long' ? value : value + 0.5);

/** A history of a table: after each change of the schema a file is added. */
function evolve(changes: readonly { readonly kind: string; readonly pick: number; readonly type: string }[]): { readonly columns: readonly ModelColumn[]; readonly files: readonly (readonly ModelColumn[])[] } {
  let columns: ModelColumn[] = [{ id: 1, name: 'k', type: 'int' }];
  let lastId = 1;
  const files: (readonly ModelColumn[])[] = [columns];
  for (const { kind, pick, type } of changes) {
    const at = pick % columns.length;
    const chosen = columns[at]!;
    if (kind === 'add') columns = [...columns, { id: (lastId += 1), name: `c${pick % 3}_${lastId}`, type }];
    else if (kind === 'drop' && columns.length > 1 && at > 0) columns = columns.filter((each) => each !== chosen);
    else if (kind === 'rename') columns = columns.map((each) => (each === chosen ? { ...each, name: `r${each.id}_${pick}` } : each));
    else if (kind === 'swap' && columns.length > 1) columns = [...columns.slice(at), ...columns.slice(0, at)];
    else if (kind === 'retake' && at > 0) columns = [...columns.filter((each) => each !== chosen), { id: (lastId += 1), name: chosen.name, type }];
    else if (widths[chosen.type] !== undefined) columns = columns.map((each) => (each === chosen ? { ...each, type: widths[each.type]! } : each));
    files.push(columns);
  }
  return { columns, files };
}

/** Law: a value is found by its column's id, whatever the column was called, where it stood and how wide it was. */
test('rows are what each file had of the columns of now, by id', async () => {
  const change = fc.record({ kind: fc.constantFrom('add', 'add', 'drop', 'rename', 'swap', 'retake', 'widen'), pick: fc.nat(20), type: fc.constantFrom('int', 'float', 'decimal(5,2)', 'string') });
  await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
    const { columns, files } = evolve(changes);
    const written = files.map((had, file): WrittenFile => ({
      query: `SELECT ${had.map(({ id, name, type }) => `CAST('${type === 'string' ? 's' : ''}${file * 10 + id}${type === 'int' || type === 'long' || type === 'string' ? '' : '.5'}' AS ${duck[type]}) AS ${name}`).join(', ')}`,
      ids: `{${had.map(({ id, name }) => `${name}: ${id}`).join(', ')}}`, rows: 1,
    }));
    const path = await writeTable(next(), { fields: columns, manifests: [{ files: written, sequence: 1 }] });
    const expected = files.map((had, file) => columns.map(({ id }) => {
      const then = had.find((each) => each.id === id);
      return then === undefined ? null : stored(then.type, file * 10 + id);
    }));
    assert.deepEqual(await rowsOf(path, columns.map(declared)), expected);
  }), { numRuns: 15 });
});

/** Law: what lay under the location lies under the folder, and nothing else does. */
test('paths are mapped from where the table was written', () => {
  const segment = fc.stringMatching(/^[\w=%.-]{1,8}$/).filter((text) => text !== '.' && text !== '..');
  const roots = ['/w/t', 'file:/w/t', 'file:///w/t', 's3://bucket/w/t', 's3a://bucket/w/t', 'hdfs://node:8020/w/t', 'gs://b/w/t/'];
  fc.assert(fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom(...roots), (segments, root) => {
    const location = new Location('/here/t/metadata/v1.metadata.json', root);
    assert.equal(location.here(`${root.replace(/\/$/, '')}/${segments.join('/')}`), ['/here/t', ...segments].join('/'));
    assert.throws(() => location.here(`${root.replace(/\/$/, '')}/../${segments.join('/')}`), /does not lie within the table/);
    assert.throws(() => location.here(`/elsewhere/${segments.join('/')}`), /does not lie within the table/);
  }));
  // Spellings of one place.
  const spellings: [string, string][] = [['file:/w/t', '/w/t/x'], ['/w/t', 'file:///w/t/x'], ['s3a://b/w/t', 's3://b/w/t/x'], ['/w/t', 'hdfs://node/w/t/x']];
  for (const [location, path] of spellings) assert.equal(new Location('/here/t/v1.metadata.json', location).here(path), '/here/t/x');
  assert.throws(() => new Location('/here/t/v1.metadata.json', 's3://b/w/t').here('s3://other/w/t/x'), /does not lie within/);
});

/** Law: a manifest that is cut off anywhere is named as damaged, never read as a shorter one. */
test('Avro files: all codecs that are read, cut off anywhere, another mark', () => {
  const records = [1n, 2n, snapshotId].map((id) => ({ manifest_path: 'p', manifest_length: 5n, partition_spec_id: 0, content: 0, sequence_number: 9n, added_snapshot_id: id }));
  for (const codec of ['null', 'deflate', 'zstandard', 'snappy']) {
    const bytes = avroBytes(manifestListSchema, records, codec);
    assert.deepEqual(readAvro(bytes, 'm').records.map((record) => record['added_snapshot_id']), [1n, 2n, snapshotId]);
    const whole = avroBytes(manifestListSchema, [], codec).length;
    fc.assert(fc.property(fc.nat(bytes.length - 1).filter((end) => end !== whole), (end) => {
      assert.throws(() => readAvro(bytes.subarray(0, end), 'm'), { code: 'DATASET_CORRUPT' });
    }));
    const changed = Buffer.from(bytes);
    changed[bytes.length - 1]! ^= 1;
    assert.throws(() => readAvro(changed, 'm'), /does not end with its mark/);
  }
  assert.throws(() => readAvro(avroBytes(manifestListSchema, records, 'bzip2'), 'm'), { code: 'DATASET_INVALID', message: /compressed with bzip2, which is not read/ });
  // A few bytes that would be a list of 2^40 nothings.
  const bomb = { type: 'record', name: 'r', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] };
  const header = avroBytes({ type: 'record', name: 'r', fields: [{ name: 'a', type: 'string' }] }, [{ a: 'x' }], 'null').toString('latin1');
  const names = [JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'a', type: 'string' }] }), JSON.stringify(bomb)] as const;
  const lengths = names.map((name) => avroType('long').toBuffer(BigInt(name.length)).toString('latin1'));
  assert.throws(() => readAvro(Buffer.from(header.replace(lengths[0]! + names[0], lengths[1]! + names[1]), 'latin1'), 'm'), { code: 'DATASET_CORRUPT', message: /lists of nothing/ });
  assert.throws(() => readAvro(Buffer.from('{"type": "no Avro at all, but long enough"}'), 'm'), /does not begin as an Avro file/);
});

test('files follow by data sequence number, then as their manifests have them; deleted entries are none', async () => {
  const path = await writeTable(next(), { fields: [a], manifests: [
    // Writers name the newest manifest first.
    { sequence: 3, files: [one('SELECT 30 AS a'), one('SELECT 31 AS a')] },
    { sequence: 2, files: [one('SELECT 20 AS a'), one('SELECT 11 AS a', { status: 0, sequence: 1 }), one('SELECT 99 AS a', { status: 2, sequence: 1 })] },
    { sequence: 1, files: [one('SELECT 10 AS a UNION ALL SELECT 12', { rows: 2, sequence: 1, status: 0 })] },
  ] });
  assert.deepEqual(await rowsOf(path), [[11], [10], [12], [20], [30], [31]]);
});

test('nested columns: renamed, widened, reordered and added within structs, lists and maps', async () => {
  const fields: WrittenField[] = [
    { id: 1, name: 's', type: { type: 'struct', fields: [{ id: 2, name: 'wide', required: false, type: 'long' }, { id: 4, name: 'new', required: false, type: 'string' }, { id: 3, name: 'mic', required: false, type: 'string' }] } },
    { id: 5, name: 'l', type: { type: 'list', 'element-id': 6, 'element-required': false, element: { type: 'list', 'element-id': 7, 'element-required': false, element: 'long' } } },
    { id: 8, name: 'm', type: { type: 'map', 'key-id': 9, key: 'string', 'value-id': 10, 'value-required': false, value: 'double' } },
  ];
  const ids = '{s: {__duckdb_field_id: 1, mic: 3, old: 2}, l: {__duckdb_field_id: 5, element: {__duckdb_field_id: 6, element: 7}}, m: {__duckdb_field_id: 8, key: 9, value: 10}}';
  const query = "SELECT {'mic': 'X', 'old': 5::INTEGER} AS s, [[1::INTEGER, 2], [3]] AS l, MAP {'k': 1.5::FLOAT} AS m UNION ALL SELECT NULL, NULL, NULL";
  const path = await writeTable(next(), { fields, manifests: [{ sequence: 1, files: [{ query, ids, rows: 2 }] }] });
  const select = { wide: 's.wide', mic: 's.mic', fresh: 's."new"', second: 'l[1][2]', v: "m['k']", none: 'CAST(s IS NULL AND l IS NULL AND m IS NULL AS INTEGER)' };
  const { rows } = await readAll({ ...bindingOf(path), select }, [column('wide', 'BIGINT'), column('mic', 'STRING'), column('fresh', 'STRING'), column('second', 'BIGINT'), column('v', 'DOUBLE'), column('none', 'INT')]);
  assert.deepEqual(rows, [[5, 'X', null, 2, 1.5, 0], [null, null, null, null, null, 1]]);
});

test('columns that files lack: identity partitions, defaults, NULL; required ones are refused', async () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
  const partitions = [
    { name: 'symbol', avro: 'string', sourceId: 2 }, { name: 'd', avro: 'int', sourceId: 3 }, { name: 'p', avro: { type: 'fixed', name: 'f', size: 2 }, sourceId: 4 }, { name: 'ts', avro: { type: 'long', logicalType: 'timestamp-micros' }, sourceId: 5 },
  ];
  const fields: WrittenField[] = [
    a, { id: 2, name: 'symbol', type: 'string' }, { id: 3, name: 'd', type: 'date' }, { id: 4, name: 'p', type: 'decimal(4,2)' }, { id: 5, name: 'ts', type: 'timestamptz' },
    { id: 6, name: 'x', type: 'string', ...{ 'initial-default': "it's" } }, { id: 7, name: 'y', type: 'int' },
  ];
  const file = one('SELECT 1 AS a', { partition: { symbol: "A'B", d: 19_724, p: bytes('ff38'), ts: 1_704_067_200_123_456n } });
  const path = await writeTable(next(), { fields, partitions, manifests: [{ sequence: 1, files: [file, one('SELECT 2 AS a')] }] });
  const columns = [column('a', 'BIGINT'), column('symbol', 'STRING'), column('d', 'DATE'), column('p', 'DECIMAL', { precision: 4, scale: 2 }), column('ts', 'TIMESTAMP_LTZ', { precision: 6 }), column('x', 'STRING'), column('y', 'INT')];
  assert.deepEqual(await rowsOf(path, columns), [[1, "A'B", 19_724, -200, 1_704_067_200_123_456, "it's", null], [2, null, null, null, null, "it's", null]]);
  await refused(table([one('SELECT 1 AS a')], { fields: [a, { id: 9, name: 'must', type: 'int', required: true }] }), 'DATASET_INVALID', /no column with the id 9 of must, which the table requires/);
});

test('files without ids need the name mapping of the table', async () => {
  const plain = { query: 'SELECT 7::BIGINT AS old_a', rows: 1 };
  const mapping = JSON.stringify([{ 'field-id': 1, names: ['a', 'old_a'] }]);
  assert.deepEqual(await rowsOf(await writeTable(next(), table([plain], { properties: { 'schema.name-mapping.default': mapping } }))), [[7]]);
  await refused(table([plain]), 'DATASET_INVALID', /have no Iceberg ids.*schema\.name-mapping\.default/);
});

test('types that Iceberg does not widen to each other are refused', async () => {
  await refused(table([one("SELECT 'x' AS a")]), 'DATASET_INVALID', /a \(id 1\) is VARCHAR in the file and long in the table/);
  await refused(table([one('SELECT 1::BIGINT AS a')], { fields: [{ ...a, type: 'int' }] }), 'DATASET_INVALID', /is BIGINT in the file and int in the table/);
  await refused(table([one('SELECT 1 AS a')], { fields: [{ ...a, type: 'geometry' }] }), 'DATASET_INVALID', /of the type geometry, which is not read/);
  await refused(table([one('SELECT 1 AS a')], { fields: [a, { id: 2, name: 'A', type: 'int' }] }), 'DATASET_INVALID', /a and A differ in nothing but case/);
});

test('what is not read is refused by name', async () => {
  await refused(table([one('SELECT 1 AS a')], { version: 3 }), 'DATASET_INVALID', /format version 3; versions 1 and 2 are read/);
  const kinds: [Partial<WrittenFile>, RegExp][] = [[{ content: 1 }, /position deletes/], [{ content: 2 }, /equality deletes/], [{ content: 1, format: 'puffin' }, /a deletion vector/]];
  for (const [rest, kind] of kinds) await refused({ fields: [a], manifests: [{ sequence: 1, content: 1, files: [one('SELECT 1 AS a', rest)] }] }, 'DATASET_INVALID', kind, /not read yet/);
  // Deletes that were taken back are none.
  const gone = { sequence: 2, content: 1, files: [one('SELECT 1 AS a', { content: 1, status: 2 })] };
  assert.deepEqual(await rowsOf(await writeTable(next(), { fields: [a], manifests: [gone, { sequence: 1, files: [one('SELECT 1 AS a')] }] })), [[1]]);
  await refused(table([one('SELECT 1 AS a', { format: 'ORC' })]), 'DATASET_INVALID', /data files in orc/);
  await refused(table([one('SELECT 1 AS a')], { codec: 'xz' }), 'DATASET_INVALID', /compressed with xz/);
});

test('version 1: files follow by the snapshot that added them', async () => {
  const first = 7n;
  const path = await writeTable(next(), { fields: [a], version: 1, manifests: [{ sequence: 0, files: [one('SELECT 2 AS a')] }, { sequence: 0, files: [one('SELECT 1 AS a')] }], metadata: {
    schemas: undefined, schema: { type: 'struct', fields: [a] },
    snapshots: [7, 'ID'].map((id) => ({ 'snapshot-id': id, 'timestamp-ms': id === 7 ? 500 : 1000, 'manifest-list': '/warehouse/t/metadata/snap.avro' })),
  } });
  assert.deepEqual(await rowsOf(path), [[2], [1]]);
  const older = { status: 0, snapshot_id: first, sequence_number: null, data_file: { content: 0, file_path: '/warehouse/t/data/1-0.parquet', file_format: 'PARQUET', partition: {}, record_count: 1n, file_size_in_bytes: 0n, key_metadata: null } };
  const bytes = avroBytes(manifestSchema(), [older], 'null');
  // The list says how long the manifest is.
  writeFileSync(path.replace('v1.metadata.json', 'm1.avro'), bytes);
  await refusedAt(path, 'DATASET_CORRUPT', /m1\.avro is damaged: it has \d+ bytes, and its list says \d+/);
});

test('an empty table has no rows, and says so', async () => {
  const path = await writeTable(next(), table([], { metadata: { 'current-snapshot-id': -1, snapshots: [] } }));
  const { rows, remarks } = await readAll(bindingOf(path), [column('a', 'BIGINT')]);
  assert.deepEqual([rows, remarks.length], [[], 1]);
  assert.match(remarks[0]!, /no snapshot yet/);
  assert.deepEqual(await rowsOf(await writeTable(next(), table([one('SELECT 1 AS a', { status: 2 })]))), []);
});

test('missing and damaged files are named', async () => {
  const whole = table([one('SELECT 1 AS a')]);
  const damage = async (name: string, harm: (path: string) => void, code: ErrorCode, ...parts: readonly RegExp[]): Promise<void> => {
    const at = next();
    const path = await writeTable(at, whole);
    harm(join(at, name));
    await refusedAt(path, code, ...parts);
  };
  const gone = (path: string): void => rmSync(path);
  await damage('metadata/snap.avro', gone, 'DATASET_MISSING', /snap\.avro does not exist, and the table's metadata name it/);
  await damage('metadata/m0.avro', gone, 'DATASET_MISSING', /m0\.avro does not exist/);
  await damage('data/0-0.parquet', gone, 'DATASET_MISSING', /0-0\.parquet does not exist, and a manifest of its table names it/);
  await damage('metadata/v1.metadata.json', gone, 'DATASET_MISSING');
  await damage('metadata/snap.avro', (path) => truncateSync(path, 300), 'DATASET_CORRUPT', /snap\.avro is damaged: it is truncated/);
  // Nothing but the header is left, which is a whole Avro file.
  await damage('metadata/snap.avro', (path) => writeFileSync(path, avroBytes(manifestListSchema, [])), 'DATASET_CORRUPT', /it names no manifest, but snapshot \d+ has 1 data files/);
  await damage('metadata/m0.avro', (path) => writeFileSync(path, avroBytes(manifestSchema(), [])), 'DATASET_CORRUPT', /m0\.avro is damaged: it has/);
  await damage('data/0-0.parquet', (path) => truncateSync(path, 40), 'DATASET_CORRUPT', /0-0\.parquet is damaged/);
  await damage('metadata/v1.metadata.json', (path) => truncateSync(path, 100), 'DATASET_CORRUPT', /it is no JSON/);
  await damage('metadata/v1.metadata.json', (path) => writeFileSync(path, '[1]'), 'DATASET_INVALID', /it holds no object/);
  await damage('metadata/v1.metadata.json', (path) => writeFileSync(path, '{"format-version": 2}'), 'DATASET_INVALID', /it has no location/);
  await damage('metadata/v1.metadata.json', (path) => writeFileSync(path, gzipSync('{').subarray(0, 12)), 'DATASET_CORRUPT', /is damaged/);
  await refused(table([one('SELECT 1 AS a', { rows: 2 })]), 'DATASET_CORRUPT', /it has 1 rows, and its manifest says 2/);
});

test('paths that leave the table, and files named twice, are refused', async () => {
  await refused(table([one('SELECT 1 AS a', { path: '/warehouse/t/data/../../../etc/passwd' })]), 'DATASET_INVALID', /does not lie within the table, whose location is \/warehouse\/t/);
  await refused(table([one('SELECT 1 AS a', { path: 's3://elsewhere/x.parquet' })]), 'DATASET_INVALID', /does not lie within the table/);
  await refused({ fields: [a], manifests: [{ sequence: 1, files: [], path: '/etc/m0.avro' }] }, 'DATASET_INVALID', /does not lie within the table/);
  const same = { path: '/warehouse/t/data/0-0.parquet' };
  await refused(table([one('SELECT 1 AS a', same), { ...one('SELECT 1 AS a', same), query: null }]), 'DATASET_CORRUPT', /0-0\.parquet is named twice/);
  const m = '/warehouse/t/metadata/m0.avro';
  await refused({ fields: [a], manifests: [{ sequence: 1, files: [], path: m }, { sequence: 1, files: [], path: m }] }, 'DATASET_CORRUPT', /m0\.avro is named twice|its list says/);
});

test('schemas and mappings without end are refused', async () => {
  const deep = (levels: number): unknown => (levels === 0 ? 'int' : { type: 'list', 'element-id': levels, element: deep(levels - 1) });
  await refused(table([], { fields: [{ ...a, type: deep(40) }] }), 'DATASET_INVALID', /more than 32 deep/);
  await refused(table([], { properties: { 'schema.name-mapping.default': '{' } }), 'DATASET_INVALID', /is no JSON/);
});

test('a table is named by its folder or its metadata file, plain or packed, with one of its snapshots', async () => {
  const at = next();
  const path = await writeTable(at, table([one('SELECT 1 AS a')]));
  for (const name of [path, at, `${at}?snapshot=${snapshotId}`, `${path}?as-of=1970-01-01T00:00:01Z`]) assert.deepEqual(await rowsOf(name), [[1]], name);
  assert.deepEqual(bindingOf(at), { path, format: 'iceberg', select: {}, order: null });
  const packed = path.replace('v1.metadata.json', 'v2.gz.metadata.json');
  writeFileSync(packed, gzipSync(readFileSync(path)));
  assert.equal(bindingOf(at).path, packed);
  assert.deepEqual(await rowsOf(at), [[1]]);
  for (const choice of ['snapshot=x', 'snapshot=', 'as-of=', 'branch=main', 'snapshot=1&as-of=2']) assert.throws(() => bindingOf(`${at}?${choice}`), { code: 'DATASET_INVALID', message: /chooses no snapshot; write \?snapshot=ID or \?as-of=TIME/ });
  assert.throws(() => bindingOf(`${folder}/none?snapshot=1`), { code: 'DATASET_MISSING', message: /none is no Iceberg table/ });
  // The hint says which version counts; later ones that are there count too.
  writeFileSync(join(at, 'metadata', 'version-hint.text'), '1\n');
  assert.equal(bindingOf(at).path, packed);
  writeFileSync(join(at, 'metadata', 'version-hint.text'), '7');
  assert.throws(() => bindingOf(at), { code: 'DATASET_MISSING', message: /names version '7', but beside it there is no v7\.metadata\.json/ });
  rmSync(join(at, 'metadata', 'version-hint.text'));
  for (const name of ['00009-aa', '00009-bb']) writeFileSync(join(at, 'metadata', `${name}.metadata.json`), '{}');
  assert.throws(() => bindingOf(at), { code: 'DATASET_INVALID', message: /2 metadata files of version 9 \(00009-aa\.metadata\.json, 00009-bb\.metadata\.json\)/ });
});

test('dataset.yaml takes a table too', async () => {
  const at = next();
  await writeTable(at, table([one('SELECT 1 AS a')]));
  mkdirSync(join(at, 'sets'));
  const yaml = (rest: string): string => `name: x\ndescription: d\norigin: o\nlicence: l\nschema: {a: BIGINT}\nspan: {from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z}\n${rest}\n`;
  const read = (rest: string) => parseDataset(yaml(rest), join(at, 'sets', 'dataset.yaml')).data;
  const expected = { kind: 'files', path: join(at, 'metadata', 'v1.metadata.json'), format: 'iceberg' };
  assert.deepEqual(read('files: ..'), expected);
  assert.deepEqual(read('files: ../metadata/v1.metadata.json\nformat: iceberg'), expected);
  assert.deepEqual(read('files: ..?as-of=1500'), { ...expected, path: `${expected.path}?as-of=1500` });
  assert.throws(() => read('files: rows.parquet\nformat: iceberg'), /the folder of an Iceberg table, or one of its metadata files/);
});
