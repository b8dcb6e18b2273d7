/** The default day, replayed once: its committed report comes out to the byte, and its page is fit to be sent around. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rewriteReport } from '../../src/report/write.js';
import { Bundle } from '../../src/stores/bundle.js';
import { assertCommitted, committedTexts, replayShipped } from './committed-reports.js';

const temporary = await mkdtemp(join(tmpdir(), 'tapewright-day-'));
after(() => rm(temporary, { recursive: true, force: true }));
const { directory, report } = await replayShipped('trading-day', join(temporary, 'run'));

test('the committed report comes out again, byte for byte', async () => {
  await assertCommitted('trading-day', directory);
});

test('the committed report names no machine, no path and no time of the run', async () => {
  const { manifest } = await Bundle.open(directory);
  for (const text of Object.values(await committedTexts(directory))) {
    for (const foreign of [manifest.id, temporary, manifest.versions.node, manifest.versions.code, 'seconds', 'RssMB']) assert.ok(!text.includes(foreign), foreign);
  }
});

test('the page is one file below 10 MB', async () => {
  assert.equal(report, join(directory, 'report.html'));
  assert.ok((await stat(report!)).size < 10e6);
});

test('a report made again from the bundle is the same, and leaves it whole', async () => {
  const before = await readFile(report!, 'utf8');
  const manifest = await readFile(join(directory, 'manifest.json'), 'utf8');
  await rewriteReport(directory, null);
  assert.ok((await readFile(report!, 'utf8')) === before);
  assert.equal(await readFile(join(directory, 'manifest.json'), 'utf8'), manifest);
  assert.deepEqual(await (await Bundle.open(directory)).changedFiles(), []);
});
