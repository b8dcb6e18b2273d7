import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { defaultParameters } from '../../src/runtime/options.js';
import { Bundle, runId, type NewManifest } from '../../src/stores/bundle.js';
import { isFileName, isInnerPath, manifestText, parseManifest } from '../../src/stores/manifest.js';
import { directoryFor } from './directory.js';

const start: NewManifest = {
  texts: { name: 'vwap', scenario: null, sql: [{ path: 'vwap.sql', text: 'SELECT 1;\r\n-- ü\n' }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
  parameters: { ...defaultParameters, bindings: { t: { given: 'ticks.parquet', base: '.', map: { event_time: 'ts' } } } },
  versions: { tapewright: '0.1.0', code: 'c', node: '20.0.0', duckdb: '1' },
  datasets: { t: { dataset: null, generated: false, binding: { path: 'ticks.parquet', format: 'parquet', select: {}, order: null }, fingerprint: null, rows: null } },
};

const completeOne = async (directory: string): Promise<void> => {
  const bundle = await Bundle.create(directory, start);
  mkdirSync(bundle.path('outputs'));
  mkdirSync(bundle.path('outputs', '.segments'));
  mkdirSync(bundle.path('checkpoints'));
  writeFileSync(bundle.path('checkpoints', 'x'), 'x');
  writeFileSync(bundle.path('outputs', '.segments', 'x'), 'x');
  writeFileSync(bundle.path('outputs', 'vwap.parquet'), 'rows');
  writeFileSync(bundle.path('journal'), 'steps');
  await bundle.complete({ rows: 7, outputs: { vwap: { rows: 1, digest: 'd', setDigest: 's', lanes: [{ from: 0, to: 1 }], segments: [] } } });
  bundle.close();
};

test('a complete bundle says what it holds, and which file was changed since', async (context) => {
  const directory = join(directoryFor(context), 'made', 'deep');
  await completeOne(directory);
  const bundle = await Bundle.open(directory);
  assert.equal(bundle.sealed, true);
  assert.equal(bundle.manifest.status, 'complete');
  assert.deepEqual(bundle.manifest.texts, start.texts);
  assert.deepEqual(Object.keys(bundle.manifest.files), ['journal', 'outputs/vwap.parquet']);
  assert.deepEqual(await bundle.changedFiles(), []);
  writeFileSync(join(directory, 'outputs', 'vwap.parquet'), 'rowz');
  assert.deepEqual(await bundle.changedFiles(), [{ path: 'outputs/vwap.parquet', fault: 'changed' }]);
  assert.ok(!readdirSync(directory).includes('lock'));
});

/** Law: change any byte of a manifest, and opening it refuses it or says that it was changed. */
test('a changed manifest is noticed', async (context) => {
  const directory = directoryFor(context);
  await completeOne(directory);
  const whole = readFileSync(join(directory, 'manifest.json'));
  fc.assert(fc.property(fc.nat(whole.length - 2), fc.integer({ min: 1, max: 127 }), (at, flip) => {
    const changed = Buffer.from(whole);
    changed[at]! ^= flip;
    // White space between members may change: it says nothing.
    const before = JSON.stringify(JSON.parse(whole.toString()));
    try {
      const { sealed, manifest } = parseManifest(changed.toString(), 'manifest.json');
      assert.ok(!sealed || before.startsWith(JSON.stringify(manifest).slice(0, -1)));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'BUNDLE_INVALID');
    }
  }), { numRuns: 500 });
});

test('a run needs a new or an empty directory', async (context) => {
  const directory = directoryFor(context);
  const first = await Bundle.create(directory, start);
  await assert.rejects(Bundle.create(directory, start), { code: 'BUNDLE_INVALID', message: /is not empty .*--resume/ });
  await assert.rejects(Bundle.resume(directory), { code: 'BUNDLE_LOCKED' });
  first.close();
  const again = await Bundle.resume(directory);
  await again.save({ status: 'stopped' });
  again.close();
  assert.equal((await Bundle.open(directory)).manifest.status, 'stopped');

  const other = directoryFor(context);
  writeFileSync(join(other, 'notes.txt'), '');
  await assert.rejects(Bundle.create(other, start), { code: 'BUNDLE_INVALID', message: /it holds notes.txt/ });
  await assert.rejects(Bundle.create(join(other, 'notes.txt'), start), { code: 'OUTPUT_UNWRITABLE' });
  await assert.rejects(Bundle.create(join(other, 'notes.txt', 'x'), start), { code: 'OUTPUT_UNWRITABLE', message: /a file, not a directory/ });
});

test('a directory that a run left before its manifest counts as empty', async (context) => {
  const directory = directoryFor(context);
  writeFileSync(join(directory, 'lock'), '');
  writeFileSync(join(directory, '.manifest.json.12ab.part'), '{');
  (await Bundle.create(directory, start)).close();
});

test('an unwritable directory is named with the reason', { skip: process.platform === 'win32' && 'needs the permissions of POSIX' }, async (context) => {
  const directory = directoryFor(context);
  chmodSync(directory, 0o500);
  // Root may write anywhere: be nobody for a moment.
  const isRoot = process.geteuid!() === 0;
  if (isRoot) process.seteuid!(65_534);
  try {
    await assert.rejects(Bundle.create(join(directory, 'run'), start), { code: 'OUTPUT_UNWRITABLE', message: /may not write/ });
  } finally {
    if (isRoot) process.seteuid!(0);
  }
});

test('a place where nothing can be made is named with the reason', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
  await assert.rejects(Bundle.create('/proc/none/run', start), { code: 'OUTPUT_UNWRITABLE', message: /cannot write \/proc\/none\/run: .*--out/ });
});

test('what is no bundle is refused by what is missing', async (context) => {
  const directory = directoryFor(context);
  const path = join(directory, 'manifest.json');
  await assert.rejects(Bundle.open(join(directory, 'none')), { code: 'BUNDLE_INVALID', message: /no run bundle: there is no manifest.json/ });
  const manifest = JSON.parse(manifestText({
    ...start, format: 1, id: 'a', status: 'running', outputs: {}, rows: 0, late: 0, rejected: 0, deadLetters: 0, behind: 0, seconds: 0, peakRssMB: 0,
    remarks: [], files: {},
  })) as Record<string, unknown>;
  const cases: [unknown, RegExp][] = [
    ['x', /the file must be an object/], [{ ...manifest, format: 2 }, /newer tapewright/], [{ ...manifest, rows: -1 }, /rows must be a whole number/],
    [{ ...manifest, files: { '../../etc/passwd': 'a'.repeat(64) } }, /"\.\.\/\.\.\/etc\/passwd" must be a path within the bundle/],
    [{ ...manifest, outputs: { '../x': {} } }, /usable as a file name/], [{ ...manifest, id: '/tmp/x' }, /id must be usable/],
    [{ ...manifest, datasets: { t: { dataset: null, generated: false, binding: { path: 3 } } } }, /datasets\.t\.binding\.path must be a text/],
  ];
  for (const [value, message] of cases) {
    writeFileSync(path, JSON.stringify(value));
    await assert.rejects(Bundle.open(directory), { code: 'BUNDLE_INVALID', message });
  }
  writeFileSync(path, '{');
  await assert.rejects(Bundle.open(directory), { code: 'BUNDLE_INVALID' });
});

test('no path and no link leads out of a bundle', async (context) => {
  const directory = directoryFor(context);
  await completeOne(directory);
  const bundle = await Bundle.open(directory);
  symlinkSync('/etc/hostname', join(directory, 'outputs', 'x.parquet'));
  for (const path of ['outputs/x.parquet', '../x', '/etc/hostname', 'outputs/../journal', 'outputs', 'none', 'a\\b', '']) assert.equal(await bundle.innerFile(path), null, path);
  assert.notEqual(await bundle.innerFile('outputs/vwap.parquet'), null);
  assert.ok(isInnerPath('outputs/.segments/vwap-0-1.parquet') && !isInnerPath('./x') && !isInnerPath('a//b'));
  assert.ok(isFileName('</script><script>'.replace('/', '')) && !isFileName('../x') && !isFileName('a\u001b[2J'));
});

test('a run id sorts by time and shows the name', () => {
  assert.match(runId('Trading Day/../x', new Date(Date.UTC(2026, 10, 22, 15, 30, 12))), /^20261122-153012-trading-day-x-[0-9a-f]{4}$/);
  assert.match(runId('***', new Date(0)), /^19700101-000000-run-[0-9a-f]{4}$/);
});
