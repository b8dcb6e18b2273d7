/** What scripts rely on, of every command: exit codes, one object with --json and nothing beside it, help with examples. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { example, writeFiles, type Ran } from './command-line.js';
import { runAll } from './one-process.js';

const commands: readonly (readonly string[])[] = [
  ['replay'], ['explain'], ['verify'], ['query'], ['report'], ['report', 'accuracy'], ['scenarios', 'list'], ['scenarios', 'check'], ['scenarios', 'new'],
  ['calendars'], ['datasets', 'list'], ['datasets', 'describe'], ['datasets', 'generate'], ['datasets', 'check'],
];

test('every command has a help with examples', (context) => {
  runAll(directoryFor(context), commands.map((command) => [...command, '--help'])).forEach(({ code, out, err }, index) => {
    assert.equal(code, 0, err);
    assert.match(out, /EXAMPLES\n +\$ tapewright /, commands[index]!.join(' '));
    assert.match(out, /USAGE\n +\$ tapewright /);
    assert.match(out, /--json/);
  });
});

const small = 'us-equities-day?rows=3000&seed=5';

test('with --json standard output is one object, also while datasets are made and when things go wrong', (context) => {
  const directory = directoryFor(context);
  const dataset = 'name: mine\ndescription: d\norigin: o\nlicence: l\ngenerator: { name: us-equities-day, seed: 5, rows: 3000 }\nschema: { symbol: STRING NOT NULL, price: DOUBLE NOT NULL, volume: BIGINT NOT NULL, bid: DOUBLE NOT NULL, ask: DOUBLE NOT NULL, event_time: TIMESTAMP(3) NOT NULL, exchange: STRING NOT NULL, event_type: STRING NOT NULL, trader: STRING NOT NULL }\nspan: { from: 2026-03-02T09:00:00Z, to: 2026-03-03T01:00:00Z }\n';
  writeFiles(directory, { ...example, 'datasets/mine/dataset.yaml': dataset });
  const cases: [args: string[], code: number, keys: string[]][] = [
    [['replay', 'vwap.sql', '--bind', `ticks=${small}`, '--out', 'made'], 0, ['outputs']],
    [['replay', 'vwap.sql', '--bind', 'ticks=ticks.jsonl', '--out', 'run'], 0,
      ['behind', 'deadLetters', 'directory', 'eventsPerSecond', 'failed', 'late', 'outputs', 'peakRssMB', 'rejected', 'remarks', 'report', 'rows', 'run', 'seconds', 'startupSeconds', 'status']],
    [['replay', '--resume', 'made'], 0, ['status']],
    [['verify', 'made'], 0, ['difference', 'equal', 'outputs', 'remarks', 'runs']],
    [['query', 'made', 'SELECT count(*) AS n FROM vwap_1m'], 0, ['columns', 'rows']],
    [['report', 'made'], 0, []], [['report', 'made', '--format', 'markdown'], 0, ['outputs']], [['report', 'accuracy', 'made'], 0, ['runs']],
    [['explain', 'vwap.sql'], 0, ['lanes', 'lookBack', 'name', 'remarks', 'sinks', 'sources', 'state', 'statements', 'tree']],
    [['scenarios', 'list'], 0, ['scenarios']], [['scenarios', 'check', 'trading-day'], 0, ['scenarios']],
    [['scenarios', 'new', 'mine', '--from', 'ticks.jsonl'], 0, ['columns', 'files', 'folder', 'name', 'remarks']], [['replay', 'mine'], 0, ['outputs']],
    [['calendars'], 0, ['calendars']], [['calendars', 'XNYS', '--from', '2026-11-26'], 0, ['dates', 'venue']], [['calendars', 'XNYC'], 2, ['error']],
    [['datasets', 'list'], 0, ['datasets']], [['datasets', 'describe', 'us-equities-day'], 0, ['schema']],
    [['datasets', 'generate', 'us-equities-day', '--rows', '2000'], 0, ['fingerprint', 'path', 'rows']], [['datasets', 'check', 'mine'], 0, ['datasets']],
    [['scenarios', 'new', 'mine', '--from', 'ticks.jsonl'], 2, ['error']], [['report', 'accuracy', 'run'], 2, ['error']], [['report', 'accuracy', 'made', 'nowhere'], 2, ['error']],
    [['verify', 'nowhere'], 2, ['error']], [['query', 'made', 'SELEKT'], 2, ['error']], [['report', 'nowhere'], 2, ['error']], [['explain', 'nowhere.sql'], 2, ['error']],
    [['replay', 'vwap.sql', '--bind', 'ticks=gone.csv'], 2, ['error']], [['replay', '--nonsense'], 2, ['error']], [['scenarios', 'check', 'nowhere'], 1, ['scenarios']],
    [['datasets', 'describe', 'nowhere'], 2, ['error']], [['datasets', 'generate', 'us-equities-day', '--rows', '0'], 2, ['error']],
  ];
  const ran = runAll(directory, cases.map(([args]) => [...args, '--json']));
  assert.match(ran[0]!.err, /Making dataset us-equities-day \(3000 rows\)/);
  for (const [index, [args, expected, keys]] of cases.entries()) {
    const { code, out, err } = ran[index]!;
    const name = args.join(' ');
    assert.equal(code, expected, `${name}: ${err}`);
    const object = JSON.parse(out) as Record<string, unknown>;
    for (const key of keys) assert.ok(key in object, `${name} tells ${key}: ${Object.keys(object).join(', ')}`);
    if (expected === 2) {
      const { error } = object as { error: { code: string; message: string } };
      assert.match(error.code, /^[A-Z_]+$/, name);
      assert.notEqual(error.code, 'BUG', `${name}: ${error.message}`);
      assert.ok(err.includes(error.message));
    }
  }
});

test('a result has the members that scripts read, digests in lower-case hex', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const [{ out }] = runAll(directory, [['replay', 'vwap.sql', '--bind', 'ticks=ticks.jsonl', '--json']]) as [Ran];
  const result = JSON.parse(out) as Record<string, unknown> & { outputs: Record<string, Record<string, unknown>> };
  for (const count of ['rows', 'seconds', 'eventsPerSecond', 'peakRssMB', 'late', 'rejected']) assert.equal(typeof result[count], 'number', count);
  const { rows, digest, setDigest } = result.outputs['vwap_1m']!;
  assert.deepEqual([rows, /^[0-9a-f]{64}$/.test(digest as string), /^[0-9a-f]{32}$/.test(setDigest as string)], [3, true, true]);
  assert.ok(existsSync(join(directory, result['directory'] as string, 'manifest.json')));
});
