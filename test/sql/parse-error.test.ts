import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TapewrightError } from '../../src/core/errors.js';
import { parseSql } from '../../src/sql/parser.js';
import { printQuery } from './print.js';
import { queries } from './trees.js';

function errorOf(text: string): TapewrightError {
  try {
    parseSql(text);
  } catch (error) {
    assert.ok(error instanceof TapewrightError, String(error));
    return error;
  }
  return assert.fail(`read without an error: ${text}`);
}

/** Fails unless the error stands there and its message holds all of `parts`. */
function refused(text: string, line: number, column: number, near: string, ...parts: string[]): void {
  const error = errorOf(text);
  const { details: { line: atLine, column: atColumn, text: atText }, message } = error;
  assert.deepEqual([error.code, atLine, atColumn, atText], ['SQL_INVALID', line, column, near], message);
  assert.ok(message.startsWith(`line ${line}, column ${column}: `), message);
  for (const part of parts) assert.ok(message.includes(part), `${message}\n  lacks: ${part}`);
}

test('law: a text cut anywhere, or with a token too many, is read or refused with a place in it', () => {
  fc.assert(fc.property(queries, fc.nat(), fc.constantFrom('', ' )', ' FROM', ' ,', ' x y z', " '", ' 1', ' ;', ' ?'), (tree, cut, extra) => {
    const whole = printQuery(tree);
    const at = cut % (whole.length + 1);
    const text = whole.slice(0, at) + extra + whole.slice(at + extra.length);
    try {
      parseSql(text);
    } catch (error) {
      assert.ok(error instanceof TapewrightError && error.code.startsWith('SQL_'), String(error));
      const { line, column } = error.details as { line: number; column: number };
      const lines = text.split('\n');
      assert.ok(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1, error.message);
    }
  }), { numRuns: 300 });
});

test('law: any characters at all are read or refused, never worse', () => {
  const pieces = fc.constantFrom('SELECT', 'FROM', 'a', '(', ')', ',', "'", '`', '"', '--', '/*', '*/', '/*+', '\n', '1', '.', ';', 'U&\'', 'SET', '=', '=>', 'é', '😀', 'CASE', 'INTERVAL', '?', '[', '\u0000');
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
    try {
      parseSql(parts.join(' '));
    } catch (error) {
      assert.ok(error instanceof TapewrightError, String(error));
    }
  }), { numRuns: 500 });
});

test('a misspelt keyword is named', () => {
  refused('SELCT a FROM t', 1, 1, 'SELCT', 'expected a statement', 'Did you mean SELECT?');
  refused('SELECT a FORM t', 1, 15, 't', "Did you mean FROM in place of 'FORM'?");
  refused('SELECT a\nFROM t\nGRUOP BY a', 3, 7, 'BY', "Did you mean GROUP in place of 'GRUOP'?");
  refused('SELECT a FROM t UNOIN ALL SELECT b FROM u', 1, 23, 'ALL', 'Did you mean UNION');
  refused('SELECT a WHERE b HAVIN c', 1, 18, 'HAVIN', 'Did you mean HAVING?');
  refused('CREATE TABEL t (a INT)', 1, 8, 'TABEL', 'TABLE', 'Did you mean TABLE?');
  refused('CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCD)', 1, 44, 'ENFORCD', 'Did you mean ENFORCED?');
  refused('SELECT AVG(p) OVER (PARTITON BY s ORDER BY ts) FROM t', 1, 30, 'BY', 'Did you mean PARTITION');
  refused('SELECT x IS NOT NUL FROM t', 1, 17, 'NUL', 'expected NULL, TRUE, FALSE, UNKNOWN or DISTINCT', 'Did you mean NULL?');
  assert.equal(errorOf('SELECT a FORM t').details['suggestion'], "Did you mean FROM in place of 'FORM'?");
});

test('commas: one missing, one too many', () => {
  refused('SELECT a b c FROM t', 1, 12, 'c', "expected ',', FROM", "Is a comma missing before 'c'?");
  refused('CREATE TABLE t (a INT b INT)', 1, 23, 'b', "Is a comma missing before 'b'?");
  refused("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts) INTERVAL '1' MINUTE))", 1, 52, 'INTERVAL', "expected ',' or ')'", "Is a comma missing before 'INTERVAL'?");
  refused('SELECT a,\n  b,\nFROM t', 3, 1, 'FROM', "Remove the comma before 'FROM'.");
  refused('CREATE TABLE t (a INT, b INT,)', 1, 30, ')', "Remove the comma before ')'.");
  assert.equal(errorOf('SELECT a FROM orders x y').details['suggestion'], "Is a comma missing before 'y'?");
});

test('semicolons: one missing between two statements', () => {
  refused("CREATE TABLE t (a INT) WITH ('x' = 'y')\nINSERT INTO u SELECT a FROM t", 2, 1, 'INSERT', "expected ';'", 'Is a semicolon missing before INSERT?');
  refused("SELECT a FROM t\nSELECT b FROM u", 2, 1, 'SELECT', 'Is a semicolon missing before SELECT?');
  refused('EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1 END', 1, 52, 'END', 'Is a semicolon missing before END?');
  refused("SET a.b = c\nSELECT 1", 2, 1, 'SELECT', 'Is a semicolon missing before SELECT?');
});

test('a reserved word as a name needs backticks, and the message says so', () => {
  refused('SELECT order FROM t', 1, 8, 'order', 'ORDER is a reserved word: write `order` in backticks');
  refused('SELECT a AS table FROM t', 1, 13, 'table', 'expected a name', 'write `table` in backticks');
  refused('CREATE TABLE t (order INT)', 1, 17, 'order', 'write `order` in backticks');
  refused('SELECT a FROM t WHERE partition = 1', 1, 23, 'partition', 'write `partition` in backticks');
});

test('quotes: double ones, open ones, none where they are needed', () => {
  refused('SELECT "a" FROM t', 1, 8, '"a"', 'double quotes', "Write 'text' in single quotes, or a name in `backticks`.");
  refused("SELECT 1,\n 'abc FROM t", 2, 2, "'abc FROM t", 'the text that starts here is never closed');
  refused('SELECT `abc FROM t', 1, 8, '`abc FROM t', 'the name that starts here is never closed');
  refused('SELECT `` FROM t', 1, 8, '``', 'a name cannot be empty');
  refused("CREATE TABLE t (a INT) WITH (connector = 'b')", 1, 30, 'connector', "Write it in single quotes: 'connector'.");
  refused("SELECT U&'abc'", 1, 8, "U&'", 'Unicode escapes');
  refused('SELECT INTERVAL 5 MINUTE', 1, 17, '5', "Write the amount in quotes: INTERVAL '5' MINUTE.");
});

test('parentheses and comments that never close, and one that closes too much', () => {
  refused('SELECT SUM(a FROM t', 1, 20, '', 'the text ends here', "The '(' of line 1, column 11 is never closed.");
  refused('SELECT a FROM t\nWHERE (a > 1 AND b = 2', 2, 23, '', "The '(' of line 2, column 7 is never closed.");
  refused('SELECT a FROM (SELECT b FROM t WHERE c;', 1, 39, ';', "The '(' of line 1, column 15 is never closed.");
  refused('SELECT SUM(a)) FROM t', 1, 14, ')', "There is one ')' too many.");
  refused('SELECT /* a FROM t', 1, 8, '/*', 'this comment is never closed', 'End it with */.');
  refused('SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A)', 1, 45, '', "The '(' of line 1, column 33 is never closed.");
});

test('what is expected is said in words of SQL', () => {
  refused('SELECT a FROM t WHERE', 1, 22, '', 'the text ends here, but expected an expression.');
  refused('INSERT INTO t', 1, 14, '', 'expected PARTITION or a query');
  refused('INSERT t SELECT 1', 1, 8, 't', 'expected INTO or OVERWRITE');
  refused('SELECT CAST(a AS) FROM t', 1, 17, ')', 'expected a type');
  refused('SELECT a FROM t ORDER a', 1, 23, 'a', 'expected BY.');
  refused('SELECT CASE WHEN a THEN 1 FROM t', 1, 27, 'FROM', 'expected WHEN, ELSE, END or an operator');
  refused("SELECT AVG(p) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '5' MINUTE AND CURRENT ROW) FROM t", 1, 67, 'AND', 'PRECEDING or FOLLOWING');
  refused('SELECT a == b', 1, 11, '=', 'Compare with a single =.');
  refused('SELECT a FROM t WHERE a ! b', 1, 25, '!', "The character '!' has no meaning here.");
  refused('SELECT 1m FROM t', 1, 8, '1m', 'a name cannot start with a digit', '`1m`');
  refused('SELECT a FROM t WHERE a BETWEEN 1 OR 2', 1, 25, 'BETWEEN', 'BETWEEN has no AND', 'x BETWEEN low AND high');
  refused("SELECT a ESCAPE 'b'", 1, 10, 'ESCAPE', 'ESCAPE belongs after LIKE');
  refused('SET foo;', 1, 5, 'foo', "Write SET 'key' = 'value'.");
  refused('SELECT * FROM (a JOIN b ON TRUE) AS c', 1, 34, 'AS c', 'joined tables cannot be given one name');
});

test('functions with words between their parentheses say how they are written', () => {
  refused('SELECT CAST(a, INT) FROM t', 1, 8, 'CAST(a, INT)', 'Write CAST(x AS type).');
  refused('SELECT EXTRACT(DAY, ts)', 1, 8, 'EXTRACT(DAY, ts)', 'Write EXTRACT(unit FROM x).');
  refused("SELECT TIMESTAMPDIFF('DAY', a, b)", 1, 8, "TIMESTAMPDIFF('DAY', a, b)", 'Write TIMESTAMPDIFF(unit, from, to).');
  for (const text of ['CAST(a AS INT FROM b)', 'FLOOR(a, b TO DAY)', 'TRIM(a, b)', 'TRIM(BOTH a)', "POSITION('a', b)", 'SUM(a FROM b)', 'SUM(DISTINCT)', 'OVERLAY(a PLACING b)', 'SUBSTRING(a, b FROM c)']) {
    assert.match(errorOf(`SELECT ${text}`).message, /this is not how [A-Z]+ is called/, text);
  }
});

test('CREATE TABLE … LIKE is SQL, but unsupported', () => {
  const error = errorOf('CREATE TABLE t (a INT) LIKE u');
  assert.deepEqual([error.code, error.details['column'], error.details['suggestion']], ['SQL_UNSUPPORTED', 24, 'Write the columns out.']);
});

test('no text is deep or long enough to exhaust the parser', () => {
  const deep = [
    `SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`, `${'('.repeat(5_000)}SELECT 1`, `SELECT * FROM ${'('.repeat(5_000)}t`, `SELECT ${'f('.repeat(5_000)}`,
    `SELECT ${'CASE WHEN '.repeat(5_000)}`, `SELECT CAST(a AS ${'ARRAY<'.repeat(5_000)}`, `SELECT ${'1 = NOT '.repeat(5_000)} 1`, `SELECT ${'NOT '.repeat(5_000)} 1`,
    `SELECT 1${' + 1'.repeat(5_000)}`, `SELECT a${'[1]'.repeat(5_000)}`, `SELECT 1${' UNION ALL SELECT 1'.repeat(2_000)}`, `SELECT 1 FROM a${' JOIN a ON x'.repeat(2_000)}`,
  ];
  for (const text of deep) assert.match(errorOf(text).message, /nested more than (200|1000) levels deep/);
  parseSql(`SELECT ${'('.repeat(90)}1${')'.repeat(90)}`);
  parseSql(`SELECT ${'1 + '.repeat(900)}1, ${'NOT '.repeat(900)}TRUE, x IN (${'1, '.repeat(3_000)}1)`);
  refused(`SELECT '${'x'.repeat(1 << 20)}'`, 1, 1, '', 'at most 1048576 are read');
});
