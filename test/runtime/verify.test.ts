import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import type { Difference } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun, verifyTwo } from '../../src/runtime/verify.js';
import { journalLine, parseJournalLine } from '../../src/stores/journal.js';
import { manifestText, parseManifest, type Manifest } from '../../src/stores/manifest.js';
import type { StepRecord } from '../../src/core/step.js';
import { directoryFor } from '../stores/directory.js';
import { jsonLines, parameters, replayTicks, sql, texts, ticks, writeTicks, type Tick } from './ticks.js';

const rows = 3_000;

/** One complete run in a directory of the test's own. */
async function complete(context: TestContext): Promise<{ directory: string; data: string; run: string }> {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(rows));
  const run = join(directory, 'run');
  await replayTicks(data, run);
  return { directory, data, run };
}

const differenceOf = async (run: string): Promise<Difference> => {
  const { equal, difference } = await verifyRun(run);
  assert.equal(equal, false);
  return difference!;
};

function editJournal(run: string, edit: (records: StepRecord[]) => StepRecord[]): void {
  const path = join(run, 'journal');
  const records = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => parseJournalLine(line)!);
  writeFileSync(path, edit(records).map(journalLine).join(''));
}

function editManifest(run: string, edit: (manifest: Manifest) => object, reseal = false): void {
  const path = join(run, 'manifest.json');
  const text = readFileSync(path, 'utf8');
  const changed = edit(parseManifest(text, path).manifest) as Manifest;
  writeFileSync(path, reseal ? manifestText(changed) : JSON.stringify({ ...changed, seal: (JSON.parse(text) as { seal: string }).seal }, null, 1));
}

const replaced = <T>(list: readonly T[], index: number, change: (item: T) => T): T[] => list.map((item, at) => (at === index ? change(item) : item));
/** Of this process alone: other test files verify at the same time. */
const own = mkdtempSync(join(tmpdir(), 'tapewright-verify-test-'));
process.env['TMPDIR'] = own;
after(() => rmSync(own, { recursive: true, force: true }));
const temporaries = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('tapewright-verify-'));

test('a run is equal to its re-run, wherever its bundle lies, and leaves nothing behind', async (context) => {
  const { directory, run } = await complete(context);
  const before = temporaries();
  const moved = join(directory, 'else', 'where');
  mkdirSync(join(directory, 'else'));
  renameSync(run, moved);
  const { equal, difference, outputs, remarks } = await verifyRun(moved);
  assert.deepEqual([equal, difference, remarks], [true, null, []]);
  assert.deepEqual(Object.keys(outputs), ['candles', 'moving']);
  assert.match(outputs['candles']!.digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(temporaries(), before);
});

test('one changed value in the data is data, with the file, the step and the row', async (context) => {
  const { data, run } = await complete(context);
  const changed: Tick[] = ticks(rows);
  changed[1_500]!.price += 0.01;
  writeFileSync(data, jsonLines(changed));
  const difference = await differenceOf(run);
  assert.equal(difference.cause, 'data');
  assert.equal(difference.file, data);
  // 200 rows are ten seconds, and so one step: row 1,500 is in the eighth.
  assert.deepEqual([difference.lane, difference.step, difference.output], [0, 7, 'moving']);
  assert.deepEqual([difference.field, Number(difference.expected).toFixed(2)], ['price', (changed[1_500]!.price - 0.01).toFixed(2)]);
  assert.ok(difference.row !== null && difference.row > 1_400);
  assert.match(difference.message, /rows \d+ to \d+ of ticks hold other values/);
});

test('data that have gone cannot be verified; data that cannot be read any more are data', async (context) => {
  const { data, run } = await complete(context);
  writeFileSync(data, '');
  assert.deepEqual([(await differenceOf(run)).cause, (await differenceOf(run)).file], ['data', data]);
  rmSync(data);
  const before = temporaries();
  await assert.rejects(verifyRun(run), { code: 'DATASET_MISSING' });
  assert.deepEqual(temporaries(), before, 'the re-run is removed on errors too');
});

test('an edited SQL text or parameter is configuration, whether it can still be run or not', async (context) => {
  const { directory, run } = await complete(context);
  const withSql = (edit: (text: string) => string): string => {
    const copy = join(directory, `copy-${String(readdirSync(directory).length)}`);
    cpSync(run, copy, { recursive: true });
    editManifest(copy, (manifest) => ({ ...manifest, texts: { ...manifest.texts, sql: [{ ...manifest.texts.sql[0]!, text: edit(manifest.texts.sql[0]!.text) }] } }));
    return copy;
  };
  const edited = await differenceOf(withSql((text) => text.replace('SUM(price * volume)', 'SUM(price * volume * 2)')));
  assert.deepEqual([edited.cause, edited.file, edited.output, edited.row, edited.field], ['configuration', 'manifest.json', 'candles', 0, 'vwap']);
  const other = await differenceOf(withSql((text) => text.replaceAll('candles', 'bars')));
  assert.deepEqual([other.cause, other.output, other.actual], ['configuration', 'candles', 'no such output']);
  const broken = await differenceOf(withSql((text) => text.replace('SELECT', 'SELEKT')));
  assert.deepEqual([broken.cause, broken.file], ['configuration', 'manifest.json']);
  assert.match(broken.message, /cannot be run/);
  const remark = join(directory, 'remark');
  cpSync(run, remark, { recursive: true });
  editManifest(remark, (manifest) => ({ ...manifest, remarks: ['all is well'] }));
  assert.match((await differenceOf(remark)).message, /manifest\.json .* was changed after the run, though what it asks gives the same results/);
});

test('a changed journal is told by what was changed in it', async (context) => {
  const { directory, run } = await complete(context);
  const cases: [string, (records: StepRecord[]) => StepRecord[], string, number | null][] = [
    ['positions', (records) => replaced(records, 3, (step) => ({ ...step, slices: [{ ...step.slices[0]!, to: step.slices[0]!.to + 1 }] })), 'order', 3],
    ['two steps swapped', (records) => [records[1]!, records[0]!, ...records.slice(2)], 'order', 0],
    ['a step left out', (records) => records.slice(0, -1), 'order', 14],
    ['checksum', (records) => replaced(records, 2, (step) => ({ ...step, slices: [{ ...step.slices[0]!, checksum: '0123456789abcdef' }] })), 'data', 2],
    ['now', (records) => replaced(records, 4, (step) => ({ ...step, now: step.now + 1 })), 'clock', 4],
    ['watermarks', (records) => replaced(records, 5, (step) => ({ ...step, watermarks: [[0]] })), 'clock', 5],
    ['digest', (records) => replaced(records, 6, (step) => ({ ...step, digest: 'f'.repeat(64) })), 'code', 6],
  ];
  for (const [name, edit, cause, step] of cases) {
    const copy = join(directory, name);
    cpSync(run, copy, { recursive: true });
    editJournal(copy, edit);
    const difference = await differenceOf(copy);
    assert.deepEqual([difference.cause, difference.file, difference.lane, difference.step], [cause, 'journal', 0, step], `${name}: ${difference.message}`);
    assert.notEqual(difference.expected, difference.actual);
  }
  writeFileSync(join(run, 'journal'), readFileSync(join(run, 'journal'), 'utf8').replace('"seq":2', '"seq":x'));
  const damaged = await differenceOf(run);
  assert.deepEqual([damaged.cause, damaged.file], ['data', 'journal']);
  assert.match(damaged.message, /line 3 .*is no step record/);
});

test('another interleaving of several inputs is order', async (context) => {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(500));
  const table = sql.slice(0, sql.indexOf(';') + 1);
  const text = `${table}
${table.replace('TABLE ticks', 'TABLE quotes')}
CREATE VIEW both_of_them AS SELECT * FROM ticks UNION ALL SELECT * FROM quotes;
SELECT symbol, SUM(volume) FROM TABLE(TUMBLE(TABLE both_of_them, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
GROUP BY symbol, window_start, window_end;`;
  const run = join(directory, 'run');
  const bindings = Object.fromEntries(['ticks', 'quotes'].map((name) => [name, { given: data, base: '.', map: {} }]));
  await replayTicks(data, run, { bindings }, text);
  editJournal(run, (records) => replaced(records, 1, (step) => ({ ...step, order: [...step.order.slice(2), ...step.order.slice(0, 2)] })));
  const difference = await differenceOf(run);
  assert.deepEqual([difference.cause, difference.file, difference.step], ['order', 'journal', 1], difference.message);
});

test('one changed byte in any file is told with the file, and an output with its row where it can be read', async (context) => {
  const { directory, run } = await complete(context);
  for (const path of ['outputs/candles.parquet', 'outputs/moving.parquet', 'late.parquet', 'dead-letters.parquet', 'metrics.json']) {
    const copy = join(directory, path.replaceAll('/', '-'));
    cpSync(run, copy, { recursive: true });
    const bytes = readFileSync(join(copy, path));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(join(copy, path), bytes);
    const difference = await differenceOf(copy);
    assert.deepEqual([difference.cause, difference.file], ['data', path]);
  }
  // Another file in its place can be read: then the row is named.
  const other = join(directory, 'other');
  await replayTicks(join(directory, 'ticks.jsonl'), other, {}, sql.replace('AVG(price)', 'AVG(price + 1)'));
  cpSync(join(other, 'outputs', 'moving.parquet'), join(run, 'outputs', 'moving.parquet'));
  const difference = await differenceOf(run);
  assert.deepEqual([difference.cause, difference.file, difference.output, difference.row, difference.field], ['data', 'outputs/moving.parquet', 'moving', 0, 'average']);
  assert.equal(Number(difference.actual), Number(difference.expected) + 1);
  rmSync(join(run, 'outputs', 'moving.parquet'));
  assert.match((await differenceOf(run)).message, /outputs\/moving\.parquet is missing/);
});

test('a file among the outputs that the run did not write is told', async (context) => {
  const { run } = await complete(context);
  writeFileSync(join(run, 'outputs', '.hidden'), '');
  assert.equal((await verifyRun(run)).equal, true);
  cpSync(join(run, 'outputs', 'moving.parquet'), join(run, 'outputs', 'another.parquet'));
  const difference = await differenceOf(run);
  assert.deepEqual([difference.cause, difference.file], ['data', 'outputs/another.parquet']);
  assert.match(difference.message, /outputs\/another\.parquet was added after the run/);
});

test('results that other code gave are code, or numeric when doubles differ slightly', async (context) => {
  const { directory, run } = await complete(context);
  // A forged bundle: outputs, digests and seal of another SQL text under the old one.
  const forged = async (name: string, from: string, to: string): Promise<string> => {
    const other = join(directory, name);
    await replayTicks(join(directory, 'ticks.jsonl'), other, {}, sql.replace(from, to));
    editManifest(other, (manifest) => ({ ...manifest, texts: texts() }), true);
    return other;
  };
  const code = await differenceOf(await forged('code', 'AVG(price)', 'AVG(price * 2)'));
  assert.deepEqual([code.cause, code.step, code.output, code.row, code.field], ['code', 0, 'moving', 0, 'average']);
  const numeric = await differenceOf(await forged('numeric', 'AVG(price)', 'AVG(price * 1.00000000001E0)'));
  assert.deepEqual([numeric.cause, numeric.step, numeric.output, numeric.row, numeric.field], ['numeric', 0, 'moving', 0, 'average']);
  editManifest(run, (manifest) => ({ ...manifest, versions: { ...manifest.versions, code: 'other' } }), true);
  const { equal, remarks } = await verifyRun(run);
  assert.equal(equal, true);
  assert.match(remarks[0]!, /made by other code/);
});

test('a run that has not ended, and what is no bundle, cannot be verified', async (context) => {
  const directory = directoryFor(context);
  const out = join(directory, 'run');
  const data = writeTicks(directory, ticks(rows));
  await runReplay({ run: { kind: 'new', texts: texts(), parameters: parameters(data), out }, stopAfterRows: 1_000 });
  await assert.rejects(verifyRun(out), { code: 'BUNDLE_INVALID', message: /is stopped, not complete; .*--resume/ });
  await assert.rejects(verifyTwo(out, out), { code: 'BUNDLE_INVALID' });
  await assert.rejects(verifyRun(directory), { code: 'BUNDLE_INVALID' });
  const whole = join(directory, 'whole');
  await replayTicks(data, whole);
  editManifest(whole, (manifest) => ({ ...manifest, parameters: { ...manifest.parameters, lanes: 1e15 } }), true);
  await assert.rejects(verifyRun(whole), { code: 'BUNDLE_INVALID', message: /no run can have/ });
});

test("a stranger's bundle reads its bound data and no other file", async (context) => {
  const { directory, data, run } = await complete(context);
  const secret = join(directory, 'secret.txt');
  writeFileSync(secret, '1');
  const evil = [
    `(SELECT CAST(content AS DOUBLE) FROM read_text('${secret}'))`, `price FROM x); COPY (SELECT 1) TO '${join(directory, 'made.csv')}'; SELECT (1`,
    `(SELECT price FROM (COPY (SELECT 1) TO '${data}'))`,
  ];
  for (const expression of evil) {
    const before = readFileSync(data);
    editManifest(run, (manifest) => ({ ...manifest, parameters: { ...manifest.parameters, bindings: { ticks: { given: data, base: '.', map: { price: expression } } } } }), true);
    await assert.rejects(verifyRun(run), { code: 'DATASET_INVALID' }, expression);
    assert.deepEqual(readFileSync(data), before);
    assert.ok(!readdirSync(directory).includes('made.csv'));
  }
});

test("a stranger's texts are shown, not obeyed", async (context) => {
  const { run } = await complete(context);
  const beep = '\u001b]0;title\u0007';
  editManifest(run, (manifest) => ({ ...manifest, versions: { tapewright: beep, code: beep, node: beep, duckdb: beep } }), true);
  editJournal(run, (records) => replaced(records, 0, (step) => ({ ...step, now: 1 })));
  const result = await verifyRun(run);
  assert.match(result.remarks[0]!, /tapewright \\u001b\]0;title\\u0007/);
  assert.equal(result.difference!.cause, 'clock');
});

test('how a run was cut and how fast it ran does not count between two runs', async (context) => {
  const { directory, data, run } = await complete(context);
  const others = { batch: { batchRows: 7 }, steps: { stepEvery: 1_000 }, speed: { speed: 1e6 } };
  for (const [name, changes] of Object.entries(others)) {
    await replayTicks(data, join(directory, name), changes);
    assert.deepEqual((await verifyTwo(run, join(directory, name))).difference, null, name);
  }
});

test('two runs that differ are told by what they were asked, their data, or their numbers', async (context) => {
  const { directory, data, run } = await complete(context);
  const other = async (name: string, text: string, path = data): Promise<Difference> => {
    await replayTicks(path, join(directory, name), {}, text);
    return (await verifyTwo(run, join(directory, name))).difference!;
  };
  const configuration = await other('sql', sql.replace('COUNT(*)', 'COUNT(*) + 1'));
  assert.deepEqual([configuration.cause, configuration.output, configuration.row, configuration.field], ['configuration', 'candles', 0, 'trades']);
  assert.equal(Number(configuration.actual), Number(configuration.expected) + 1);
  mkdirSync(join(directory, 'elsewhere'));
  const changed = ticks(rows);
  changed[2_999]!.symbol = 'Z';
  const byData = await other('data', sql, writeTicks(join(directory, 'elsewhere'), changed));
  assert.deepEqual([byData.cause, byData.file?.endsWith('elsewhere/ticks.jsonl'), byData.step], ['data', true, 14]);
  assert.match(byData.message, /^candles, row \d+, \w+ differs: the data bound to ticks differ$/);
  await replayTicks(data, join(directory, 'numeric'), {}, sql.replace('AVG(price)', 'AVG(price * 1.00000000001E0)'));
  editManifest(join(directory, 'numeric'), (manifest) => ({ ...manifest, texts: texts() }), true);
  const numeric = (await verifyTwo(run, join(directory, 'numeric'))).difference!;
  assert.deepEqual([numeric.cause, numeric.output, numeric.field], ['numeric', 'moving', 'average']);
  editManifest(join(directory, 'numeric'), (manifest) => ({ ...manifest, rows: 1 }));
  assert.deepEqual((await verifyTwo(join(directory, 'numeric'), run)).difference!.file, 'manifest.json');
});

test('runs with another number of lanes are compared as sets', async (context) => {
  const { directory, data, run } = await complete(context);
  await replayTicks(data, join(directory, 'lanes'), { lanes: 2, key: ['symbol'] });
  const { remarks } = await verifyTwo(run, join(directory, 'lanes'));
  assert.match(remarks[0]!, /1 and 2 lanes: .* as sets/);
  assert.equal((await verifyRun(join(directory, 'lanes'))).equal, true);
});
