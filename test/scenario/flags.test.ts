import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultParameters } from '../../src/runtime/options.js';
import { mergeParameters, newRunOptions, resumeOptions, type ReplayFlags } from '../../src/scenario/flags.js';

const scenario = { bindings: { t: { given: 'us-equities-day', base: 'scenarios/x', map: { a: 'b' } } }, lanes: 3, stepEvery: 1_000 };

test('flags come before the scenario, the scenario before the defaults', () => {
  assert.deepEqual(mergeParameters({}, { bindings: {} }), { ...defaultParameters, bindings: {} });
  const merged = mergeParameters({ lanes: '2', speed: '60', 'open-end': true, key: 'symbol, venue', from: '2026-03-02', 'batch-rows': '7', 'max-ahead': '1h' }, scenario);
  assert.deepEqual(merged, {
    ...defaultParameters, bindings: scenario.bindings, lanes: 2, stepEvery: 1_000, speed: 60, openEnd: true, key: ['symbol', 'venue'],
    from: Date.UTC(2026, 2, 2), batchRows: 7, maxAhead: 3_600_000,
  });
  assert.equal(mergeParameters({ speed: 'max' }, { ...scenario, speed: 2 }).speed, null);
});

test('a table bound anew loses the scenario\'s mapping; --map adds to what is bound', () => {
  assert.deepEqual(mergeParameters({ map: ['t.c=d = 1'] }, scenario).bindings['t']!.map, { a: 'b', c: 'd = 1' });
  assert.deepEqual(mergeParameters({ bind: ['t=x=y.csv'], map: ['t.c=d'] }, scenario).bindings['t'], { given: 'x=y.csv', base: process.cwd(), map: { c: 'd' } });
});

test('a flag that says nothing usable is named', () => {
  const cases: [ReplayFlags, RegExp][] = [
    [{ lanes: '0' }, /--lanes 0: must be 1 to/], [{ lanes: '1e3' }, /--lanes/], [{ speed: '0' }, /--speed 0: must be max or a number above 0/],
    [{ speed: 'fast' }, /--speed/], [{ 'checkpoint-every': '10ms' }, /--checkpoint-every 10ms: .*at least 1s/], [{ 'step-every': '0s' }, /--step-every/],
    [{ from: 'noon' }, /--from noon/], [{ bind: ['t'] }, /--bind t: must be TABLE=PATH/], [{ bind: ['=x'] }, /--bind/], [{ bind: ['t=a', 't=b'] }, /--bind t=b: must be the only one for t/], [{ map: ['x=y'] }, /--map x=y: must be TABLE\.COLUMN/],
    [{ map: ['u.x=y'] }, /bind u with --bind u=PATH/], [{ 'batch-rows': '-1' }, /--batch-rows/], [{ key: 'a,,b' }, /--key/], [{ 'max-ahead': 'x' }, /--max-ahead/],
  ];
  for (const [flags, message] of cases) assert.throws(() => mergeParameters(flags, scenario), { code: 'USAGE', message });
  assert.throws(() => mergeParameters({ from: '2026-03-02', to: '2026-03-02' }, scenario), { code: 'SPAN_EMPTY' });
});

test('a resume takes all but its speed from the bundle', async () => {
  assert.deepEqual(resumeOptions('runs/x', undefined, { resume: 'runs/x', 'open-end': false, speed: 'max' }), {
    run: { kind: 'resume', directory: 'runs/x', speed: null }, stopAfterRows: null,
  });
  assert.deepEqual(resumeOptions('runs/x', undefined, {}).run, { kind: 'resume', directory: 'runs/x' });
  assert.throws(() => resumeOptions('runs/x', 'trading-day', {}), { code: 'USAGE', message: /leave out 'trading-day'/ });
  assert.throws(() => resumeOptions('runs/x', undefined, { lanes: '2' }), { code: 'USAGE', message: /leave out --lanes/ });
  assert.throws(() => resumeOptions('runs/x', undefined, { bind: ['a=b'] }), { code: 'USAGE', message: /leave out --bind/ });
  await assert.rejects(newRunOptions(undefined, {}), { code: 'USAGE', message: /what to replay is missing/ });
});
