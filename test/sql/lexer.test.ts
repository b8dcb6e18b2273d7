import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tokenize } from '../../src/sql/lexer.js';

const kinds = (text: string) => tokenize(text).map(({ tokenType, image }) => `${tokenType.name}:${image}`);
const images = (text: string) => tokenize(text).map(({ image }) => image);

test('law: tokens are the pieces of the text, in order, each where it says it is', () => {
  const piece = fc.constantFrom('SELECT ', 'a1$ ', '`x``y` ', "'it''s' ", '12.5e-3 ', '<= ', '<>', '(', ')', '-- c\n', '/* c\n */', '\n', '\r\n', '|| ', '1 ', 'é ', '? ');
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    const text = pieces.join('');
    const lines = text.split('\n');
    let end = 0;
    for (const token of tokenize(text)) {
      assert.ok(token.startOffset >= end);
      end = token.endOffset! + 1;
      assert.equal(text.slice(token.startOffset, end), token.image);
      assert.ok(lines[token.startLine! - 1]!.startsWith(token.image.split('\n')[0]!, token.startColumn! - 1));
    }
  }));
});

test('law: any text is a literal once its quotes are doubled', () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const [token, ...more] = tokenize(`'${value.replaceAll("'", "''")}'`);
    assert.deepEqual([token?.payload, more.length], [value, 0]);
  }));
});

test('keywords in any case; names keep theirs', () => {
  assert.deepEqual(kinds('select Select symbol'), ['SELECT:select', 'SELECT:Select', 'Identifier:symbol']);
  assert.deepEqual(kinds('`select`'), ['QuotedIdentifier:`select`']);
});

test('numbers and dots', () => {
  assert.deepEqual(images('1 1.5 .5 2. 1e3 1.5E-3 a.b t.1'), ['1', '1.5', '.5', '2.', '1e3', '1.5E-3', 'a', '.', 'b', 't', '.1']);
});

test('signs are read as long as possible', () => {
  assert.deepEqual(images('a<=b<>c!=d=>e||f>=g'), ['a', '<=', 'b', '<>', 'c', '!=', 'd', '=>', 'e', '||', 'f', '>=', 'g']);
});

test('comments vanish, hints do not', () => {
  assert.deepEqual(images("a -- b\n/* c */ d /*+ e */ f -- '"), ['a', 'd', '/*+', 'e', '*/', 'f']);
  assert.deepEqual(images('a */ b'), ['a', '*', '/', 'b']);
});

test('an unquoted SET takes its line as it is', () => {
  assert.deepEqual(kinds('SET a.b-c = 10s; x'), ['SET:SET', 'SettingText:a.b-c = 10s', 'Semicolon:;', 'Identifier:x']);
  assert.deepEqual(kinds("SET 'a' = 'b'"), ['SET:SET', "StringToken:'a'", 'Equal:=', "StringToken:'b'"]);
  assert.deepEqual(kinds('BEGIN STATEMENT SET;'), ['BEGIN:BEGIN', 'STATEMENT:STATEMENT', 'SET:SET', 'Semicolon:;']);
});

test('a skipped statement ends at its semicolon, not at one in quotes', () => {
  assert.deepEqual(kinds("DROP TABLE `a;b`; SHOW 'x;y'"), ['SkippedStatement:DROP TABLE `a;b`', 'Semicolon:;', "SkippedStatement:SHOW 'x;y'"]);
  assert.deepEqual(kinds('SELECT drop'), ['SELECT:SELECT', 'Identifier:drop']);
});
