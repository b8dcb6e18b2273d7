import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { unmetExpectations } from '../../src/scenario/expectations.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { directoryFor } from '../stores/directory.js';

function scenarioFile(context: TestContext, yaml: string, sql = 'SELECT 1;\r\n'): string {
  const folder = join(directoryFor(context), 'opening');
  mkdirSync(folder);
  writeFileSync(join(folder, 'scenario.yaml'), yaml);
  writeFileSync(join(folder, 'a.sql'), sql);
  return folder;
}

const whole = `# An example
name: opening
description: The first minutes.
pipeline: [a.sql]
bind: { ticks: us-equities-day, quotes: data/q.csv }
map: { quotes.event_time: make_timestamp(ts) }
key: symbol
lanes: 2
from: 2026-03-02T14:30
to: 2026-03-02T15:00:00Z
step_every: 5s
checkpoint_every: PT1S
max_ahead: 1h
expect:
  outputs:
    vwap: { min_rows: 1, max_rows: 9 }
    alerts: { rows: 3, checks: { spikes: { where: "kind = 'SPIKE'", min_rows: 2 } } }
  late: { max: 10 }
  rejected: { max: 0 }
`;

test('a scenario says all that flags could', async (context) => {
  const folder = scenarioFile(context, whole);
  const { texts, description, parameters } = await loadScenario(folder);
  assert.equal(description, 'The first minutes.');
  assert.deepEqual(texts.sql, [{ path: 'a.sql', text: 'SELECT 1;\r\n' }]);
  assert.equal(texts.scenario?.text, whole);
  assert.deepEqual(parameters, {
    bindings: {
      ticks: { given: 'us-equities-day', base: folder, map: {} },
      quotes: { given: 'data/q.csv', base: folder, map: { event_time: 'make_timestamp(ts)' } },
    },
    key: ['symbol'], lanes: 2, from: Date.UTC(2026, 2, 2, 14, 30), to: Date.UTC(2026, 2, 2, 15), stepEvery: 5_000, checkpointEvery: 1_000, maxAhead: 3_600_000,
  });
  assert.deepEqual(texts.expect, {
    outputs: [
      { table: 'vwap', where: null, minRows: 1, maxRows: 9 }, { table: 'alerts', where: null, minRows: 3, maxRows: 3 },
      { table: 'alerts', where: "kind = 'SPIKE'", minRows: 2, maxRows: null },
    ],
    lateMax: 10, rejectedMax: 0,
  });
  assert.deepEqual(await loadScenario(join(folder, 'scenario.yaml')), await loadScenario(folder));
});

test('a bare SQL file is a scenario of its own', async (context) => {
  const path = join(scenarioFile(context, whole), 'a.sql');
  const { texts, parameters } = await loadScenario(path);
  assert.equal(texts.name, 'a');
  assert.equal(texts.scenario, null);
  assert.deepEqual(texts.sql, [{ path, text: 'SELECT 1;\r\n' }]);
  assert.deepEqual(parameters, { bindings: {} });
});

test('what is wrong is named with file, line and key', async (context) => {
  const cases: [string, RegExp][] = [
    ['pipeline: a.sql\nbindd: {}\n', /scenario\.yaml, line 2: unknown key 'bindd'; did you mean 'bind'\?/],
    ['pipeline: a.sql\nexpect:\n  outputs:\n    t: { min_row: 1 }\n', /line 4: unknown key 'expect\.outputs\.t\.min_row'; did you mean 'min_rows'/],
    ['name: x\n', /'pipeline' must be a list of \.sql files/], ['pipeline: ../../secret.sql\n', /files within the scenario's folder/],
    ['pipeline: /etc/passwd\n', /files within the scenario's folder/], ['pipeline: none.sql\n', /none\.sql does not exist/],
    ['pipeline: a.sql\nstep_every: soon\n', /line 2: 'step_every' must be a duration/], ['pipeline: a.sql\ncheckpoint_every: 10ms\n', /at least 1s/],
    ['pipeline: a.sql\nlanes: 0\n', /'lanes' must be 1 to/], ['pipeline: a.sql\nlanes: many\n', /line 2: 'lanes' must be a whole number/],
    ['pipeline: a.sql\nfrom: noon\n', /line 2: 'from' must be an event time/], ['pipeline: a.sql\nmap: { t.x: y }\n', /'map\.t\.x' must be TABLE\.COLUMN/],
    ['pipeline: a.sql\nbind: [t]\n', /'bind' must be a mapping/], ['pipeline: a.sql\nexpect: { outputs: { t: { where: x } } }\n', /needs rows, min_rows or max_rows/],
    ['pipeline: a.sql\npipeline: a.sql\n', /line 2: .*unique/i], ['- a\n', /must be a mapping/], ['a: [\n', /line/], ['a: *x\n', /line/],
  ];
  for (const [yaml, message] of cases) {
    await assert.rejects(loadScenario(scenarioFile(context, yaml)), { code: 'SCENARIO_INVALID', message }, yaml);
  }
  await assert.rejects(loadScenario(scenarioFile(context, 'pipeline: a.sql\nfrom: 2026-03-02\nto: 2026-03-01\n')), { code: 'SPAN_EMPTY' });
});

test('a name that is no scenario gets the nearest one, or what there is', async (context) => {
  await assert.rejects(loadScenario('no-such-scenario'), { code: 'SCENARIO_INVALID', message: /no scenario and no file 'no-such-scenario'/ });
  await assert.rejects(loadScenario(directoryFor(context)), { code: 'SCENARIO_INVALID', message: /has no scenario\.yaml/ });
});

test('a file that is not UTF-8 is refused', async (context) => {
  const path = join(directoryFor(context), 'x.sql');
  writeFileSync(path, Buffer.from([0x53, 0xff]));
  await assert.rejects(loadScenario(path), { code: 'SCENARIO_INVALID', message: /not UTF-8/ });
});

test('expectations that were not met are told, a sentence each', async () => {
  const expect = {
    outputs: [
      { table: 'vwap', where: null, minRows: 5, maxRows: null }, { table: 'vwap', where: 'symbol = \'A"\'', minRows: null, maxRows: 1 },
      { table: 'none', where: null, minRows: 1, maxRows: null }, { table: 'vwap', where: null, minRows: 1, maxRows: 4 },
    ],
    lateMax: 0, rejectedMax: null,
  };
  const asked: string[] = [];
  const outputs = { vwap: { rows: 4, digest: '', setDigest: '' } };
  const unmet = await unmetExpectations(expect, { outputs, late: 1, rejected: 7 }, async (sql) => {
    asked.push(sql);
    return [['2']];
  });
  assert.deepEqual(asked, ['SELECT count(*) FROM "vwap" WHERE symbol = \'A"\'']);
  assert.deepEqual(unmet, [
    'vwap: 4 rows, at least 5 expected', 'vwap where symbol = \'A"\': 2 rows, at most 1 expected', 'there is no output none', '1 late rows, at most 0 expected',
  ]);
});
