import assert from 'node:assert/strict';
import test from 'node:test';
import { accuracyOf, defaultRules, readAccuracy, toleranceFrom, type AccuracyRules } from '../../src/scenario/accuracy.js';
import { parseYaml } from '../../src/scenario/yaml.js';

const read = (text: string): AccuracyRules => readAccuracy(parseYaml(text, 's.yaml', 'SCENARIO_INVALID').map('accuracy'));

test('a scenario says where its alerts are and what they stand for', () => {
  assert.deepEqual(
    read('accuracy: { output: anomaly_alerts, type: anomaly_type, symbol: symbol, time: event_time, tolerance: 30s, types: { FLASH_CRASH: [HIGH_VOLATILITY, PRICE_SPIKE], BURST: SURGE } }'),
    { outputs: ['anomaly_alerts'], type: 'anomaly_type', symbol: 'symbol', time: 'event_time', toleranceMs: 30_000, types: { FLASH_CRASH: ['HIGH_VOLATILITY', 'PRICE_SPIKE'], BURST: ['SURGE'] } },
  );
  assert.deepEqual(read('accuracy: { output: [a, b], tolerance: 0 }'), { ...defaultRules, outputs: ['a', 'b'], toleranceMs: 0 });
  assert.deepEqual([read('name: x'), accuracyOf({ name: 'x', scenario: null, sql: [], expect: { outputs: [], lateMax: null, rejectedMax: null } })], [defaultRules, defaultRules]);
});

test('what it says wrong is told with its line', () => {
  assert.throws(() => read('name: x\naccuracy:\n  tolerance: soon\n'), /s\.yaml, line 3: 'accuracy\.tolerance' must be a duration such as 5s/);
  assert.throws(() => read('accuracy:\n  outputs: [a]\n'), /line 2: unknown key 'accuracy\.outputs'; did you mean 'output'\?/);
  assert.throws(() => read('accuracy: { types: { BURST: [] } }'), /'accuracy\.types\.BURST' must be a list of the alert types that find it/);
  assert.throws(() => toleranceFrom('x'), /--tolerance x: must be a duration such as 5s, or 0/);
  assert.deepEqual([toleranceFrom('0'), toleranceFrom('1m')], [0, 60_000]);
});
