/** What the report packs, the page unpacks: to the digits that a screen shows, and prices to their last. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { packed, type Packed } from '../../src/report/packed.js';
import { packageRoot } from '../../src/runtime/versions.js';

const context = createContext({});
runInContext(readFileSync(join(packageRoot(), 'src', 'report', 'page', 'packed.js'), 'utf8'), context);

function unpacked(given: Packed): (number | null)[] {
  Object.assign(context, { given });
  return JSON.parse(runInContext('JSON.stringify(unpacked(given))', context) as string) as (number | null)[];
}

test('prices come back to the last digit', () => {
  const prices = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.array(fc.option(fc.integer({ min: -100_000_000, max: 100_000_000 }))));
  fc.assert(fc.property(prices, ([digits, ticks]) => {
    const values = ticks.map((tick) => (tick === null ? null : Number(`${tick}e-${digits}`)));
    assert.deepEqual(unpacked(packed(values)), values.map((value) => (value === null ? null : value + 0)));
  }));
});

test('any numbers come back as near as a screen can tell, and what is no number is a gap', () => {
  fc.assert(fc.property(fc.array(fc.double()), (values) => {
    const greatest = Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));
    const back = unpacked(packed(values));
    assert.equal(back.length, values.length);
    values.forEach((value, index) => {
      if (!Number.isFinite(value)) assert.equal(back[index], null);
      else assert.ok(Math.abs(back[index]! - value) <= greatest * 1e-6 + 1e-290, `${value} became ${back[index]}`);
    });
  }));
});

test('neighbours cost little', () => {
  const walk = Array.from({ length: 1_000 }, (_, index) => 441.2 + (index % 7) / 100);
  assert.ok(packed(walk).text.length < 1_010);
});
