import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cell, Dictionary, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { REMOVE, TRUNCATE, UPSERT, changeColumns } from '../../src/core/change.js';
import { rowKindTexts } from '../../src/core/row-kind.js';
import { decimalType, sqlType, type Int64, type Schema } from '../../src/core/types.js';
import { Changelog } from '../../src/operators/changelog.js';
import type { FailedResult, Report } from '../../src/operators/operator.js';

type Cell = Int64 | string | null;

const schema: Schema = [
  { name: 'note', type: sqlType('STRING') }, { name: 'id', type: sqlType('INT', false) }, { name: 'amount', type: decimalType(38, 2) },
  { name: 'place', type: sqlType('STRING', false) }, { name: 'price', type: sqlType('DOUBLE') },
];
const keys = [3, 1];
const rest = [0, 2, 4];

interface Change {
  readonly kind: number;
  readonly row: readonly Cell[];
  /** As `$unchanged` says it. */
  readonly unchanged: string | null;
}

/** How the columns of a chunk are kept: dictionaries go on, begin anew, or are none; integers are exact or doubles where they can be. */
interface Chunk {
  readonly changes: readonly Change[];
  readonly texts: 'dictionary' | 'new dictionary' | 'plain';
  readonly exact: boolean;
  readonly restore: boolean;
}

const note = fc.constantFrom('', 'open', 'filled', 'long '.repeat(30), '漢字', '\ud800', null);
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(UPSERT, UPSERT, UPSERT, UPSERT, UPSERT, REMOVE, REMOVE, TRUNCATE),
  row: fc.tuple(note, fc.nat(2), fc.constantFrom(0, 1, 255, 256, -1, 70_000, 5_000_000_000, 2n ** 70n, -(2n ** 60n), null), fc.constantFrom('a', 'b'), fc.constantFrom(0, -0, 0.5, NaN, Infinity, null)),
  unchanged: fc.constantFrom(null, null, null, null, '["note"]', '["amount","price"]', JSON.stringify({ left: ['note'], moved: '1' })),
});
const chunks = fc.array(fc.record<Chunk>({
  changes: fc.array(change, { maxLength: 12 }), texts: fc.constantFrom('dictionary', 'dictionary', 'new dictionary', 'plain'), exact: fc.boolean(), restore: fc.boolean(),
}), { maxLength: 8 });

const dictionaries = new Map<number, Dictionary>();

function columnOf(index: number, { changes, texts, exact }: Chunk): Column {
  const values = changes.map(({ row }): Cell => row[index]!);
  const nulls = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
  const { kind } = schema[index]!.type;
  if (kind === 'STRING') return textColumn(index, values as (string | null)[], texts);
  if (kind === 'DECIMAL' && (exact || values.some((value) => typeof value === 'bigint'))) return { storage: 'int64', values: values.map((value) => (value ?? 0) as Int64), nulls };
  return { storage: kind === 'DECIMAL' ? 'int64' : 'real', values: Float64Array.from(values, (value) => Number(value ?? 0)), nulls };
}

function textColumn(index: number, values: readonly (string | null)[], texts: Chunk['texts']): Column {
  if (texts === 'plain') return { storage: 'text', values, dictionary: null };
  const dictionary = texts === 'dictionary' ? dictionaries.get(index) ?? new Dictionary() : new Dictionary();
  dictionaries.set(index, dictionary);
  return { storage: 'text', values: Int32Array.from(values, (value) => dictionary.intern(value)), dictionary };
}

const make = (): Changelog => new Changelog({ name: 'changelog-1', input: [...schema, ...changeColumns], keys });

type Given = readonly [string, number, number, ...Cell[]];

/** What an operator gives for the chunks, each row with its kind, its releasing row and its time. */
function given(list: readonly Chunk[], failed: FailedResult[]): Given[] {
  dictionaries.clear();
  let operator = make();
  const all: Given[] = [];
  const report: Report = { late: () => assert.fail(), failed: (failure) => failed.push(failure) };
  for (const chunk of list) {
    const { length } = chunk.changes;
    const columns = [
      ...schema.map((_, index) => columnOf(index, chunk)), { storage: 'real', values: Float64Array.from(chunk.changes, ({ kind }) => kind), nulls: null } as const,
      textColumn(schema.length, chunk.changes.map(({ unchanged }) => unchanged), chunk.texts),
    ];
    const released = Int32Array.from(chunk.changes, (_, row) => 10 + row), time = Float64Array.from(chunk.changes, (_, row) => 1000 - row);
    const rows = operator.process({ batch: { length, columns }, released, time }, { from: 10, to: 10 + length }, { before: 0, after: new Float64Array(30) }, report);
    for (let row = 0; row < rows.batch.length; row += 1) all.push([rowKindTexts[rows.kinds![row]!]!, rows.released[row]!, rows.time[row]!, ...rows.batch.columns.map((column) => cell(column, row))]);
    if (!chunk.restore) continue;
    const writer = new ByteWriter();
    const pages = operator.snapshot(writer);
    operator = make();
    operator.restore(new ByteReader(writer.toBytes()), pages);
  }
  return all;
}

const order = (a: Cell, b: Cell): number => (a === b ? 0 : a! < b! ? -1 : 1);

/** The same by one map of rows. */
function expected(list: readonly Chunk[]): { readonly rows: Given[]; readonly unknown: number } {
  const table = new Map<string, readonly Cell[]>();
  const moved: (readonly Cell[])[] = [];
  const rows: Given[] = [];
  let unknown = 0;
  for (const { changes } of list) {
    changes.forEach(({ kind, row, unchanged }, index) => {
      const give = (text: string, values: readonly Cell[]): void => void rows.push([text, 10 + index, 1000 - index, ...values]);
      const name = JSON.stringify(keys.map((key) => row[key]));
      const before = table.get(name);
      if (kind === TRUNCATE) {
        for (const values of [...table.values()].sort((a, b) => keys.reduce((found, key) => found || order(a[key]!, b[key]!), 0))) give('-D', values);
        table.clear();
      } else if (kind === REMOVE) {
        if (before === undefined) return;
        if (unchanged?.startsWith('{') === true) moved[0] = before;
        give('-D', before);
        table.delete(name);
      } else {
        const isMoved = unchanged?.startsWith('{') === true;
        const names = unchanged === null ? [] : unchanged === '["note"]' || isMoved ? ['note'] : ['amount', 'price'];
        const waiting = isMoved ? moved.pop() : undefined;
        const from = before ?? waiting;
        if (names.length > 0 && from === undefined) unknown += 1;
        const after = row.map((value, column) => (from !== undefined && names.includes(schema[column]!.name) ? from[column]! : value));
        if (before !== undefined && rest.every((column) => Object.is(after[column], before[column]))) return;
        if (before !== undefined) give('-U', before);
        give(before === undefined ? '+I' : '+U', after);
        table.set(name, after);
      }
    });
  }
  return { rows, unknown };
}

test('law: a captured table gives what a map of its rows gives, however its columns are kept, and across checkpoints', () => {
  fc.assert(fc.property(chunks, (list) => {
    const failed: FailedResult[] = [];
    const rows = given(list, failed);
    const wanted = expected(list);
    assert.deepEqual(rows, wanted.rows);
    assert.equal(failed.length, wanted.unknown);
  }), { numRuns: 600 });
});

test('what was given does not change when more comes', () => {
  const operator = make();
  const report: Report = { late: () => assert.fail(), failed: () => assert.fail() };
  const first: Chunk = { changes: [{ kind: UPSERT, row: ['open', 1, 5, 'a', 0.5], unchanged: null }], texts: 'plain', exact: false, restore: false };
  const process = (chunk: Chunk) => operator.process({
    batch: { length: 1, columns: [...schema.map((_, index) => columnOf(index, chunk)), { storage: 'real', values: new Float64Array([UPSERT]), nulls: null }, { storage: 'text', values: [null], dictionary: null }] },
    released: new Int32Array(1), time: new Float64Array(1),
  }, { from: 0, to: 1 }, { before: 0, after: new Float64Array(1) }, report);
  const kept = process(first);
  const cells = () => kept.batch.columns.map((column) => cell(column, 0));
  const before = cells();
  process({ ...first, changes: [{ kind: UPSERT, row: ['filled', 1, 6, 'a', 0.25], unchanged: null }] });
  assert.deepEqual(cells(), before);
});

test('law: a chunk of many changes gives what they give', () => {
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), fc.integer({ min: 4090, max: 8200 }), fc.boolean(), (drawn, length, isPlain) => {
    const list: Chunk[] = [{ changes: Array.from({ length }, (_, index) => drawn[index % drawn.length]!), texts: isPlain ? 'plain' : 'dictionary', exact: isPlain, restore: false }];
    assert.deepEqual(given(list, []), expected(list).rows);
  }), { numRuns: 10 });
});

test('a snapshot of many rows, which is one chunk, takes no memory for the most that each of them might need', () => {
  const texts = 20, length = 60_000;
  const wide: Schema = [{ name: 'id', type: sqlType('INT', false) }, ...Array.from({ length: texts }, (_, index) => ({ name: `text_${index}`, type: sqlType('STRING') }))];
  const operator = new Changelog({ name: 'changelog-1', input: [...wide, ...changeColumns], keys: [0] });
  const dictionary = new Dictionary();
  // One text is longer than the others: each row might have it in all columns.
  const values = Int32Array.from({ length }, (_, row) => dictionary.intern(row === 0 ? 'x'.repeat(60) : 'short'));
  const text: Column = { storage: 'text', values, dictionary };
  const columns: Column[] = [
    { storage: 'real', values: Float64Array.from(values, (_, row) => row), nulls: null }, ...Array.from({ length: texts }, () => text),
    { storage: 'real', values: new Float64Array(length).fill(UPSERT), nulls: null }, { storage: 'text', values: new Int32Array(length), dictionary },
  ];
  const before = process.memoryUsage().arrayBuffers;
  const rows = operator.process({ batch: { length, columns }, released: new Int32Array(length), time: new Float64Array(length) }, { from: 0, to: length }, { before: 0, after: new Float64Array(length) }, { late: () => assert.fail(), failed: () => assert.fail() });
  const taken = (process.memoryUsage().arrayBuffers - before) / 1024 / 1024;
  assert.equal(rows.batch.length, length);
  assert.ok(taken < 120, `${taken} MB`);
});
