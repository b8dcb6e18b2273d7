import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlInvalid, sqlUnsupported } from '../../src/sql/sql-error.js';

const place = { line: 3, column: 8, text: 'prise' };

test('where, what, near which text, and what to write instead', () => {
  const error = sqlInvalid(place, 'there is no such column', "Did you mean 'price'?");
  assert.equal(error.message, "line 3, column 8: there is no such column, near 'prise'. Did you mean 'price'?");
  assert.deepEqual([error.code, error.details], ['SQL_INVALID', { line: 3, column: 8, text: 'prise', suggestion: "Did you mean 'price'?" }]);
});

test('a text that the message quotes already is not said twice, and none is not said at all', () => {
  assert.equal(sqlUnsupported(place, "no column 'prise'").message, "line 3, column 8: no column 'prise'.");
  assert.equal(sqlUnsupported({ ...place, text: '' }, 'the text is empty').message, 'line 3, column 8: the text is empty.');
  assert.equal(sqlInvalid({ ...place, text: "'x'" }, 'no').message, "line 3, column 8: no, near 'x'.");
});
