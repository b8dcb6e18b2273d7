import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError, TapewrightError } from '../../../src/core/errors.js';
import { packageRoot } from '../../../src/runtime/versions.js';
import { bindingOf } from '../../../src/sources/files.js';
import { bind, column, readAll, temporaryFolder, writeText } from '../files.js';

const folder = temporaryFolder();
/** Written by pyarrow 26: eight rows in two record batches, the sixth of which is NULL in most columns. */
const sample = (name: string): string => join(packageRoot(), 'test', 'sources', 'arrow', 'files', name);
const arrow = (path: string) => bind(path, 'arrow');
const ids = column('last', 'INT');

const long = 'a text of more than twelve bytes';
const texts = ['AAPL', 'é', '', long, '\ufeffx', null, 'AAPL', 'twelve bytes'];
const twice = <T>(a: T, b: T): (T | null)[] => [a, b, a, b, a, null, a, b];
const expected: readonly [ReturnType<typeof column>, readonly unknown[]][] = [
  [column('event_time', 'TIMESTAMP', { precision: 9 }, true), Array.from({ length: 8 }, (_, row) => 1_704_205_800_123_456_789n + BigInt(row))],
  [column('s', 'TIMESTAMP', { precision: 6 }), [-1, 0, 1, 2, 3, null, 5, 6].map((value) => (value === null ? null : value * 1e6))],
  [column('ms', 'TIMESTAMP_LTZ', { precision: 3 }), [-1, 0, 1, 2, 3, null, 5, 6]],
  [column('us', 'TIMESTAMP', { precision: 3 }), [-2, -1, -1, 0, 0, null, 1, 1]],
  [column('big', 'BIGINT'), [9007199254740993n, -9223372036854775808n, 9223372036854775807n, 0, 1, null, 3, 4]],
  [column('u32', 'BIGINT'), [4294967295, 0, 1, 2, 3, null, 5, 6]],
  [column('i8', 'DECIMAL', { precision: 5, scale: 2 }), [-12800, 12700, 100, 200, 300, null, 500, 600]],
  [column('f16', 'DOUBLE'), [1.5, -0, 65504, 2 ** -24, Infinity, null, NaN, -2.25]],
  [column('f32', 'FLOAT'), [1.5, -0, Math.fround(0.1), 3, Infinity, null, NaN, -2.25]],
  [column('f64', 'DOUBLE'), [0.1, -0, 1e308, 5e-324, Infinity, null, NaN, -2.25]],
  [column('flag', 'BOOLEAN'), twice(1, 0)],
  [column('day', 'DATE'), twice(-1, 19782)],
  [column('day64', 'DATE'), twice(-1, 19782)],
  [column('dec', 'DECIMAL', { precision: 12, scale: 4 }), twice(12500, -999_999_999_900)],
  [column('wide', 'DECIMAL', { precision: 38, scale: 5 }), twice<unknown>(1234567890123456789012345n, -1)],
  [column('text', 'STRING'), texts], [column('large', 'STRING'), texts], [column('view', 'STRING'), texts],
  [column('dict', 'STRING'), ['AAPL', 'MSFT', '', long, 'AAPL', null, '', long]],
  [column('dict8', 'STRING'), ['x', null, 'x', null, 'x', null, 'x', null]],
  [column('bytes', 'BYTES'), twice('\u00ff\u0000', '')],
  [column('repeat', 'STRING'), twice('abc'.repeat(200), 'abc'.repeat(200))],
  [column('nothing', 'DOUBLE'), Array.from({ length: 8 }, () => null)],
  [ids, [0, 1, 2, 3, 4, 5, 6, 7]],
];

test('every type comes back exactly: from files and streams, plain and packed, however they are cut', async () => {
  const rows = Array.from({ length: 8 }, (_, row) => expected.map(([, values]) => values[row]));
  for (const name of ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrows']) {
    for (const [batchRows, from] of [[65_536, 0], [1, 0], [3, 0], [3, 2], [4, 5], [2, 7], [2, 9]] as const) {
      const read = await readAll(arrow(sample(name)), expected.map(([each]) => each), { batchRows, from });
      assert.deepEqual(read.rows, rows.slice(from), `${name} from ${from} by ${batchRows}`);
      assert.deepEqual(read.positions, [0, 1, 2, 3, 4, 5, 6, 7].slice(from));
if (from === 0) assert.deepEqual(read.remarks, [`${name}.us: times finer than its type are floored`]);
    }
  }
});

test('a stream may add to its dictionaries, and replace them', async () => {
  const { rows } = await readAll(arrow(sample('delta.arrows')), [column('symbol', 'STRING'), column('event_time', 'TIMESTAMP', { precision: 3 }, true)], { inline: false });
  assert.deepEqual(rows, [['A', 0], ['B', 1], ['C', 2], ['A', 3], ['X', 4], ['Y', 5]]);
});

test('the names of the format, and its first bytes where the name says nothing', () => {
  for (const name of ['x.arrow', 'x.ARROWS', 'x.feather', 'x.ipc']) assert.equal(bindingOf(name).format, 'arrow');
  assert.equal(bindingOf(writeText(join(folder, 'unnamed'), readFileSync(sample('types.arrow')))).format, 'arrow');
});

test('several files follow each other; expressions and orders are as over Parquet', async () => {
  for (const name of ['a.arrow', 'b.arrow']) writeText(join(folder, name), readFileSync(sample('types.arrow')));
  const both = join(folder, '[ab].arrow');
  const twiceOver = await readAll(arrow(both), [ids], { batchRows: 3, from: 6 });
  assert.deepEqual([twiceOver.rows.flat(), twiceOver.positions], [[6, 7, 0, 1, 2, 3, 4, 5, 6, 7], [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]]);
  const named = bind(sample('types.arrow'), 'arrow', { select: { id: 'LAST', text: '"dict"' } });
  assert.deepEqual((await readAll(named, [column('id', 'BIGINT'), column('text', 'STRING')], { from: 6 })).rows, [[6, ''], [7, long]]);
  const mapped = bind(both, 'arrow', { select: { id: 'last * 2' }, order: 'us' });
  const read = await readAll(mapped, [column('id', 'INT'), column('wide', 'DECIMAL', { precision: 30, scale: 5 })], { batchRows: 5, from: 1 });
  // NULL is last, ties are by file and row.
  assert.deepEqual(read.rows.map(([id]) => id), [0, 2, 2, 4, 4, 6, 6, 8, 8, 12, 12, 14, 14, 10, 10]);
  assert.equal(read.rows[0]![1], 1234567890123456789012345n);
  const wrong = bind(sample('types.arrow'), 'arrow', { select: { id: 'nobody + 1' } });
  await assert.rejects(readAll(wrong, [column('id', 'INT')]), (error: unknown) => error instanceof TapewrightError && error.code === 'DATASET_INVALID' && error.message.includes(sample('types.arrow')) && !error.message.includes('tapewright-arrow-'));
});

test('what cannot be read as declared is refused with its name', async () => {
  const refusals: readonly [ReturnType<typeof column>, RegExp][] = [
    [column('list', 'STRING'), /list is declared STRING, but in .* it is List;/], [column('struct', 'BIGINT'), /it is Struct;/],
    [column('big', 'DOUBLE'), /row 0 holds the integer 9007199254740993/], [column('u32', 'INT'), /declared INT, but in .* it is UINTEGER/],
    [column('nobody', 'INT'), /has no column nobody/], [column('big', 'DECIMAL', { precision: 10, scale: 2 }), /big: a value \(\d+\) is beyond the declared type/],
    [column('s', 'BIGINT'), /it is TIMESTAMP_S/],
  ];
  for (const [each, message] of refusals) await assert.rejects(readAll(arrow(sample('types.arrow')), [each]), { code: 'DATASET_INVALID', message });
});

test('a file cut anywhere is refused; a stream cut between two batches is taken so far, and that is said', async () => {
  const path = join(folder, 'cut.arrow');
  const file = readFileSync(sample('types.arrow'));
  for (let size = 0; size < file.length; size += 331) await assert.rejects(readAll(arrow(writeText(path, file.subarray(0, size))), [ids]), { code: /^DATASET_(CORRUPT|INVALID)$/ });
  const stream = readFileSync(sample('delta.arrows'));
  const symbols = [column('symbol', 'STRING')];
  let short = 0;
  for (let size = stream.length - 8; size > 0; size -= 8) {
    const read = await readAll(arrow(writeText(path, stream.subarray(0, size))), symbols).catch((error: unknown) => {
      assert.ok(error instanceof TapewrightError && /^DATASET_(CORRUPT|INVALID)$/.test(error.code), String(error));
      return null;
    });
    if (read === null) continue;
    short += 1;
    assert.match(read.remarks.join(), /was not closed: its rows are taken up to its last whole batch/);
  }
  assert.ok(short > 0);
  await assert.rejects(readAll(arrow(writeText(path, 'FEA1 and so on')), [ids]), { code: 'DATASET_INVALID', message: /Feather file of version 1/ });
  await assert.rejects(readAll(arrow(writeText(path, 'a,b\n1,2\n')), [ids]), { code: 'DATASET_INVALID', message: /neither an Arrow IPC file nor a stream/ });
});

/** Law: bytes of any kind are read, or refused as what they are: never a crash, an endless loop, or another error. */
test('changed bytes are refused as damage, or change values', async () => {
  const path = join(folder, 'changed.arrow');
  const files = ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrows', 'delta.arrows'].map((name) => readFileSync(sample(name)));
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 }), fc.array(change, { minLength: 1, maxLength: 4 }), async (which, changes) => {
      const bytes = Buffer.from(files[which]!);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const columns = which === 3 ? [column('symbol', 'STRING')] : expected.map(([each]) => each);
      await readAll(arrow(writeText(path, bytes)), columns).catch((error: unknown) => {
        if (!(error instanceof TapewrightError) || error instanceof InvariantError) throw error;
      });
    }),
    { numRuns: 120 },
  );
});
