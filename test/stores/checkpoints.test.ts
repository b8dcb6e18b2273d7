import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { CheckpointStore } from '../../src/stores/checkpoints.js';
import { directoryFor } from './directory.js';

const digest = (seq: number): string => seq.toString(16).padStart(8, '0').repeat(8);
const body = (seq: number): Uint8Array => new Uint8Array([seq, 1, 2, 3]);
const plain = (bytes: Uint8Array | undefined): number[] => [...(bytes ?? [])];

/** Law: damage the newest checkpoint in any byte, or cut it anywhere, and the one before is used. */
test('a damaged checkpoint is never used, and falls back to the one before', async (context) => {
  const directory = directoryFor(context);
  const store = new CheckpointStore(directory);
  await store.write(0, 1, digest(1), body(1));
  await store.write(0, 2, digest(2), body(2));
  const path = join(directory, '0', `2-${digest(2).slice(0, 8)}`);
  const whole = readFileSync(path);
  await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= flip;
    writeFileSync(path, damaged);
    if (cut) truncateSync(path, at);
    const found = await store.newestUsable(0);
    assert.equal(found?.seq, 1);
    assert.deepEqual(plain(found?.bytes), plain(body(1)));
  }));
  writeFileSync(path, whole);
  const found = await store.newestUsable(0);
  assert.equal(found?.seq, 2);
  assert.equal(Object.getPrototypeOf(found.bytes), Uint8Array.prototype, 'no Buffer, whose slice is a view');
});

test('the last two of a lane are kept, and those of an abandoned future are not', async (context) => {
  const directory = directoryFor(context);
  const store = new CheckpointStore(directory);
  for (const seq of [5, 9, 10, 100]) await store.write(3, seq, digest(seq), body(seq));
  assert.deepEqual(readdirSync(join(directory, '3')).sort(), [`10-${digest(10).slice(0, 8)}`, `100-${digest(100).slice(0, 8)}`]);
  await store.write(3, 50, digest(50), body(50));
  assert.deepEqual(readdirSync(join(directory, '3')).sort(), [`10-${digest(10).slice(0, 8)}`, `50-${digest(50).slice(0, 8)}`]);
});

test('a checkpoint is used only where the journal agrees', async (context) => {
  const store = new CheckpointStore(directoryFor(context));
  assert.equal(await store.newestUsable(0), null);
  await store.write(0, 4, digest(4), body(4));
  await store.write(0, 7, digest(7), body(7));
  assert.equal((await store.newestUsable(0, ({ digest8 }) => digest8 === digest(4).slice(0, 8)))?.seq, 4);
  assert.equal(await store.newestUsable(0, () => false), null);
  assert.equal(await store.newestUsable(1), null);
  await store.clear();
  assert.equal(await store.newestUsable(0), null);
});

/** Law: cut or change any page of the newest checkpoint that the one before has not, and the one before is used. */
test('a checkpoint one of whose pages is damaged is said and not used; its other pages serve the one before', async (context) => {
  const directory = directoryFor(context);
  const [shared, old, fresh] = [new Uint8Array(100).fill(1), new Uint8Array(50).fill(2), new Uint8Array(70).fill(3)];
  const store = new CheckpointStore(directory);
  await store.write(0, 1, digest(1), body(1), [shared, old]);
  const before = readdirSync(join(directory, '0', 'pages'));
  await store.write(0, 2, digest(2), body(2), [shared, fresh]);
  const path = join(directory, '0', 'pages', readdirSync(join(directory, '0', 'pages')).find((name) => !before.includes(name))!);
  const whole = readFileSync(path);
  await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= flip;
    writeFileSync(path, damaged);
    if (cut) truncateSync(path, at);
    const said: string[] = [];
    const found = await new CheckpointStore(directory).newestUsable(0, () => true, (file) => said.push(file));
    assert.equal(found?.seq, 1);
    assert.deepEqual(found.pages.map(plain), [plain(shared), plain(old)]);
    assert.deepEqual(said, [`0/2-${digest(2).slice(0, 8)}`]);
  }), { numRuns: 30 });
  writeFileSync(path, whole);
  assert.deepEqual((await store.newestUsable(0))?.pages.map(plain), [plain(shared), plain(fresh)]);
});

test('a page is written once, and stays as long as a checkpoint names it', async (context) => {
  const directory = directoryFor(context);
  const store = new CheckpointStore(directory);
  const page = (fill: number) => new Uint8Array(1000).fill(fill);
  const pages = [page(1), page(2)];
  const names = () => readdirSync(join(directory, '0', 'pages')).length;
  assert.equal(store.unwritten(0, pages), 2000);
  const first = await store.write(0, 1, digest(1), body(1), pages);
  assert.ok(first > 2000 && first < 2200, `${first} bytes`);
  assert.equal(store.unwritten(0, pages), 0);
  assert.ok(await store.write(0, 2, digest(2), body(2), [...pages, page(3)]) < 1300);
  assert.equal(names(), 3);
  await store.write(0, 3, digest(3), body(3), [pages[0]!]);
  assert.equal(names(), 3, 'the one before has them all');
  await store.write(0, 4, digest(4), body(4), [pages[0]!]);
  assert.equal(names(), 1);
  // Another process finds them, and writes none of them again.
  const other = new CheckpointStore(directory);
  const found = await other.newestUsable(0);
  assert.equal(other.unwritten(0, found!.pages), 0);
});
