import assert from 'node:assert/strict';
import test from 'node:test';
import { Pace } from '../../src/runtime/pace.js';

test('the first row begins the pace, and what comes before --from waits for nothing', async () => {
  assert.equal(new Pace(null, undefined).limit(), Infinity);
  assert.equal(new Pace(1, undefined).limit(), -Infinity);
  const pace = new Pace(1_000, undefined, 50_000);
  assert.equal(pace.limit(), 49_999);
  assert.equal(pace.lag(49_999), null);
  await pace.until(60_000);
  const limit = pace.limit();
  assert.ok(limit >= 60_000 && pace.limit() >= limit);
  assert.ok(pace.lag(0)! >= 60_000);
  assert.equal(pace.lag(Infinity), 0);
});

test('once a stop is asked for, nothing holds a step up', () => {
  const controller = new AbortController();
  const pace = new Pace(1, controller.signal);
  controller.abort();
  assert.equal(pace.limit(), Infinity);
});
