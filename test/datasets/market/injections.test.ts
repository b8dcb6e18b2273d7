import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ANOMALY_TYPES, injectionsText, INJECTIONS_MAX, parseInjections, type Injections } from '../../../src/datasets/market/injections.js';

const someInjections = fc.dictionary(fc.constantFrom(...ANOMALY_TYPES), fc.integer({ min: 1, max: INJECTIONS_MAX })) as fc.Arbitrary<Injections>;

test('what is written is read again, whatever the order of the types', () => {
  fc.assert(
    fc.property(someInjections, (injections) => {
      const text = injectionsText(injections);
      assert.deepEqual({ ...parseInjections(text) }, { ...injections });
      assert.equal(injectionsText(parseInjections(text.split(',').reverse().join(','))), text);
    }),
  );
});

test('none is none, a type without a number is one, and 0 is none of it', () => {
  assert.deepEqual(parseInjections('none'), {});
  assert.deepEqual(parseInjections('flash-crash,stuck-price:2'), { FLASH_CRASH: 1, STUCK_PRICE: 2 });
  assert.equal(injectionsText(parseInjections('burst:0')), 'none');
});

test('what cannot be injected is refused, with what was probably meant', () => {
  for (const [text, message] of [
    ['flash-crach:1', /did you mean 'flash-crash'/], ['meteor', /write none, or some of price-spike/], ['', /write none/], ['burst:-1', /'burst:-1'/], ['burst:1,burst:2', /twice/], ['burst:101', /more than the 100/],
  ] as const) {
    assert.throws(() => parseInjections(text), (error: unknown) => (error as { code: string }).code === 'USAGE' && message.test((error as Error).message), text);
  }
});
