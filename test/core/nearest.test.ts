import assert from 'node:assert/strict';
import test from 'node:test';
import { nearest } from '../../src/core/nearest.js';

test('the name that was probably meant is found, and nothing is guessed from afar', () => {
  const names = ['price', 'volume', 'event_time', 'symbol'];
  assert.equal(nearest('prise', names), 'price');
  assert.equal(nearest('SYMBOL', names), 'symbol');
  assert.equal(nearest('volmue', names), 'volume');
  assert.equal(nearest('eventtime', names), 'event_time');
  assert.equal(nearest('venue_code', names), null);
  assert.equal(nearest('x', []), null);
});

test('ties go to the first by code unit, in whatever order the names come', () => {
  assert.equal(nearest('cat', ['hat', 'bat']), 'bat');
  assert.equal(nearest('cat', ['bat', 'hat']), 'bat');
});
