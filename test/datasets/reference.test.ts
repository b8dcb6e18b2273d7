import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference, referenceName } from '../../src/datasets/reference.js';

test('a name may come with parameters, in any order', () => {
  assert.deepEqual(parseReference('us-equities-day'), { name: 'us-equities-day', parameters: {} });
  assert.deepEqual(parseReference('us-equities-day?seed=7&rows=500'), { name: 'us-equities-day', parameters: { rows: 500, seed: 7 } });
  assert.deepEqual(parseReference('d?inject=none')!.parameters, { inject: {} });
  assert.deepEqual(parseReference('d?inject=flash-crash:1,stuck-price:2&rows=9')!.parameters, { rows: 9, inject: { FLASH_CRASH: 1, STUCK_PRICE: 2 } });
});

test('a path is no name', () => {
  for (const path of ['data/ticks.parquet', './ticks', '/ticks', '*.csv', '']) assert.equal(parseReference(path), null);
  assert.equal(referenceName('us-equities-day?row=5'), 'us-equities-day');
});

test('parameters that cannot be are refused, with what was probably meant', () => {
  for (const [text, message] of [
    ['d?row=5', /did you mean 'rows'/], ['d?rows', /rows must be a whole number, not ''/], ['d?rows=1e6', /not '1e6'/], ['d?seed=-1', /not '-1'/], ['d?rows=1&rows=2', /rows is given twice/], ['d?colour=red', /known are rows, seed, inject/],
  ] as const) {
    assert.throws(() => parseReference(text), (error: unknown) => (error as { code: string }).code === 'USAGE' && message.test((error as Error).message), text);
  }
});
