import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonText } from '../../src/report/json-text.js';

test('what is written is read back', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(JSON.stringify(JSON.parse(jsonText(value))), JSON.stringify(value))));
});

test('a list of plain values stands on one line', () => {
  assert.equal(jsonText({ rows: [['AAPL', 1.5, null], []], more: {} }), '{\n  "rows": [\n    ["AAPL", 1.5, null],\n    []\n  ],\n  "more": {}\n}');
});
