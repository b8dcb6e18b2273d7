import assert from 'node:assert/strict';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { example, tapewright, writeFiles } from './command-line.js';

test('--help says what each command is for, and lists every flag of replay', (context) => {
  const directory = directoryFor(context);
  const { code, out } = tapewright(directory, '--help');
  assert.equal(code, 0);
  for (const command of ['replay', 'verify', 'query', 'explain', 'scenarios']) assert.match(out, new RegExp(`^  ${command} `, 'm'));
  assert.doesNotMatch(out, /^ {2}base/m);
  const replay = tapewright(directory, 'replay', '--help').out;
  const flags = [
    'bind', 'map', 'key', 'from', 'to', 'lanes', 'batch-rows', 'speed', 'step-every', 'checkpoint-every', 'open-end', 'out', 'stop-after-rows', 'max-ahead',
    'strict', 'json', 'quiet', 'resume',
  ];
  for (const flag of flags) assert.match(replay, new RegExp(`--${flag}\\b`), flag);
  assert.match(replay, /Exit codes/);
});

test('what could not run exits 2, says why on standard error, and nothing else', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, { 'bad.sql': 'SELEKT 1;\n', 'ok/scenario.yaml': 'pipelin: x\n' });
  const cases: [string[], RegExp][] = [
    [['nonsense'], /command nonsense not found/], [['replay'], /what to replay is missing/], [['replay', '--nonsense'], /Nonexistent flag/],
    [['replay', 'nowhere'], /no scenario and no file 'nowhere'/], [['replay', 'ok'], /line 1: unknown key 'pipelin'; did you mean 'pipeline'\?/],
    [['replay', 'bad.sql', '--lanes', 'x'], /--lanes x: must be 1 to/], [['replay', '--resume', 'none'], /none is no run bundle/],
    [['query', 'none', 'SELECT 1'], /none is no run bundle/], [['verify', 'none'], /none is no run bundle/], [['verify'], /Missing 1 required arg/],
    [['explain', 'bad.sql'], /bad\.sql, line 1, column 1: .*SELEKT/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = tapewright(directory, ...args);
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, message);
    assert.doesNotMatch(err, /\bat .*\.js:/, 'no stack trace for what the user can mend');
    assert.equal(out, '');
  }
});

test('with --json a refusal too is one object on standard output', (context) => {
  const { code, out, err } = tapewright(directoryFor(context), 'replay', 'nowhere', '--json');
  assert.equal(code, 2);
  const { error } = JSON.parse(out) as { error: { code: string; message: string } };
  assert.equal(error.code, 'SCENARIO_INVALID');
  assert.ok(err.includes(error.message));
});

test('explain shows plan, lanes, state and columns without a row', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { code, out } = tapewright(directory, 'explain', 'vwap.sql', '--key', 'symbol', '--lanes', '2');
  assert.equal(code, 0);
  for (const line of [/^lanes: 2: every stateful operator is keyed by symbol/m, /ticks \(not bound yet: --bind\): symbol, price, volume, event_time/, /TUMBLE '1' MINUTE/]) assert.match(out, line);
  const json = JSON.parse(tapewright(directory, 'explain', 'vwap.sql', '--json').out) as { lanes: { lanes: number }; sinks: string[]; lookBack: number };
  assert.equal(json.lanes.lanes, 1);
  assert.deepEqual(json.sinks, ['vwap_1m']);
  assert.equal(json.lookBack, 65_000);
  const refused = tapewright(directory, 'explain', 'vwap.sql', '--lanes', '2');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /2 lanes are not possible: no key is given/);
});

test('scenarios of the working directory come first, and a broken one is named', (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, {
    'scenarios/good/scenario.yaml': 'description: A small one.\npipeline: vwap.sql\n', 'scenarios/good/vwap.sql': example['vwap.sql']!,
    'scenarios/broken/scenario.yaml': 'pipeline: none.sql\n',
  });
  const listed = JSON.parse(tapewright(directory, 'scenarios', 'list', '--json').out) as { scenarios: { name: string; description: string }[] };
  assert.ok(listed.scenarios.some(({ name, description }) => name === 'good' && description === 'A small one.'));
  assert.ok(listed.scenarios.some(({ name }) => name === 'trading-day'));
  const { code, out } = tapewright(directory, 'scenarios', 'check');
  assert.equal(code, 1);
  assert.match(out, /^good: usable$/m);
  assert.match(out, /^trading-day: usable$/m);
  assert.match(out, /^broken: .*none\.sql does not exist$/m);
  assert.equal(tapewright(directory, 'scenarios', 'check', 'good').code, 0);
});
