import assert from 'node:assert/strict';
import test from 'node:test';
import { joinedText, placed, placeInFiles, planTexts } from '../../src/runtime/pipeline.js';

const expect = { outputs: [], lateMax: null, rejectedMax: null };

test('a line of the joined text is a line of one of the files', () => {
  const files = [{ path: 'a.sql', text: 'a\nb\n' }, { path: 'b.sql', text: 'c' }, { path: 'c.sql', text: '' }, { path: 'd.sql', text: 'd\r\n\ne' }];
  const joined = joinedText(files).split('\n');
  const lines = joined.slice(0, -1).map((text, index) => ({ text, ...placeInFiles(files, index + 1) }));
  assert.deepEqual(lines.map(({ text, path, line }) => `${path}:${line}:${text.trim()}`), ['a.sql:1:a', 'a.sql:2:b', 'b.sql:1:c', 'c.sql:1:', 'd.sql:1:d', 'd.sql:2:', 'd.sql:3:e']);
  assert.deepEqual(placeInFiles(files, 9), { path: 'd.sql', line: 5 });
});

test('a complaint about the SQL names the file and the line in it', () => {
  const sql = [{ path: 'tables.sql', text: 'CREATE TABLE t (a INT) WITH (\'x\' = \'y\');\n' }, { path: 'outputs.sql', text: '\nSELECT a,\n  b FROM t;\n' }];
  assert.throws(() => planTexts({ name: 'x', scenario: null, sql, expect }), {
    code: 'SQL_INVALID', message: /^outputs\.sql, line 3, column 3: /,
  });
});

test('what is said of a place names the file, where there are several', () => {
  const files = [{ path: 'a.sql', text: 'a\nb\n' }, { path: 'b.sql', text: 'c' }];
  assert.equal(placed(files, 'line 3, column 1: c'), 'b.sql, line 1, column 1: c');
  assert.equal(placed(files.slice(0, 1), 'line 2, column 1: b'), 'line 2, column 1: b');
  assert.equal(placed(files, 'the line 3'), 'the line 3');
});
