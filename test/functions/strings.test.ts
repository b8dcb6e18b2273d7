import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateConstant } from '../../src/plan/constants.js';
import { call, cast, int, nil, refusal, show, string } from './evaluate.js';

const s = string;
const shows = (cases: readonly (readonly [Parameters<typeof show>[0], string])[]): void => {
  for (const [expression, expected] of cases) assert.equal(show(expression), expected);
};

/** Law: cutting at any place and joining again gives the text, whatever its characters. */
test('LEFT and SUBSTRING divide a text by characters', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), fc.nat(), (text, cut) => {
    const characters = [...text].length;
    const at = cut % characters;
    const joined = call('||', call('LEFT', s(text), int(at)), call('SUBSTRING', s(text), int(at + 1)));
    assert.equal(evaluateConstant(joined), text);
    assert.equal(evaluateConstant(call('CHAR_LENGTH', s(text))), characters);
    assert.equal(evaluateConstant(call('REVERSE', call('REVERSE', s(text)))), text);
  }));
});

/** Law: LIKE agrees with trying every way to fill the wildcards. */
test('LIKE is what its wildcards say', () => {
  const matches = (text: string, pattern: string): boolean => {
    if (pattern === '') return text === '';
    if (pattern[0] === '%') return matches(text, pattern.slice(1)) || (text !== '' && matches(text.slice(1), pattern));
    return text !== '' && (pattern[0] === '_' || pattern[0] === text[0]) && matches(text.slice(1), pattern.slice(1));
  };
  const of = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 7 });
  fc.assert(fc.property(of('ab.\\\n'), of('ab.\\\n%_'), (text, pattern) => {
    assert.equal(evaluateConstant(call('LIKE', s(text), s(pattern))), matches(text, pattern));
  }), { numRuns: 500 });
});

test('cutting, as in Flink\'s tests', () => {
  const text = s('This is a test String.');
  shows([
    [call('SUBSTRING', text, int(2)), 'his is a test String.'], [call('SUBSTRING', text, int(2), int(5)), 'his i'], [call('SUBSTRING', text, int(-2)), 'g.'],
    [call('SUBSTRING', text, int(-2), int(1)), 'g'], [call('SUBSTRING', text, int(-2), int(0)), ''], [call('SUBSTR', text, int(100)), ''],
    [call('SUBSTRING', text, int(2), int(-1)), 'NULL'], [call('SUBSTRING', text, int(0), int(4)), 'This'],
    [call('LEFT', text, int(2)), 'Th'], [call('LEFT', text, int(100)), 'This is a test String.'], [call('LEFT', text, int(-2)), ''],
    [call('RIGHT', text, int(2)), 'g.'], [call('RIGHT', text, int(100)), 'This is a test String.'], [call('RIGHT', text, int(-2)), ''], [call('LEFT', text, nil('INT')), 'NULL'],
    [call('SPLIT_INDEX', s('AAPL,MSFT,,TSLA'), s(','), int(2)), ''], [call('SPLIT_INDEX', s('a,b'), s(','), int(2)), 'NULL'], [call('SPLIT_INDEX', s('a,b'), int(44), int(1)), 'b'],
    [call('SPLIT_INDEX', s('a b'), s(''), int(1)), 'b'], [call('SPLIT_INDEX', s('a'), s(','), int(-1)), 'NULL'],
  ]);
});

test('trimming and padding, as in Flink\'s tests', () => {
  shows([
    [call('TRIM', s('  example  ')), 'example'], [call('LTRIM', s('  example  ')), 'example  '], [call('RTRIM', s('  example  ')), '  example'],
    [call('TRIM', s('abcddcba'), s('abc')), 'dd'], [call('TRIM', s('abcddcba'), s('abd')), 'cddc'], [call('BTRIM', s('心情开开心心'), s('开心')), '情'],
    [call('LTRIM', s('This is a test String.'), s('This ')), 'a test String.'], [call('RTRIM', s('abcddcba'), s('abc')), 'abcdd'],
    [call('LTRIM', s('abc'), nil('STRING')), 'NULL'],
    [call('LPAD', s('??'), int(5), s('hi')), 'hih??'], [call('LPAD', s('hello'), int(2), s('x')), 'he'], [call('RPAD', s('hi'), int(5), s('?!')), 'hi?!?'],
    [call('LPAD', s('hi'), int(-1), s('x')), 'NULL'], [call('LPAD', s('hi'), int(5), s('')), 'NULL'], [call('RPAD', s('hi'), int(0), s('x')), ''],
    [call('REPEAT', s('ab'), int(3)), 'ababab'], [call('REPEAT', s('ab'), int(-1)), ''],
  ]);
  assert.match(show(call('REPEAT', s('ab'), int(2_000_000_000))), /fails: .*1000000 is the most/);
});

test('finding, as in Flink\'s tests', () => {
  shows([
    [call('POSITION', s('test'), s('xxxtest')), '4'], [call('POSITION', s('testx'), s('xxxtest')), '0'], [call('LOCATE', s('aa'), s('aaads'), int(2)), '2'],
    [call('INSTR', s('myteststring'), s('st')), '5'], [call('INSTR', s('Corporate Floor'), s('or'), int(3), int(2)), '14'],
    [call('INSTR', s('Corporate Floor'), s('or'), int(-3), int(2)), '2'], [call('INSTR', s('Tech on the net'), s('e'), int(1), int(3)), '14'],
    [call('INSTR', s('Tech on the net'), s('e'), int(-3), int(2)), '2'], [call('STARTSWITH', s('AAPL'), s('AA')), 'TRUE'], [call('ENDSWITH', s('AAPL'), s('AA')), 'FALSE'],
    [call('REPLACE', s('This is a test String.'), s('i'), s('')), 'Ths s a test Strng.'], [call('REPLACE', s('a.a'), s('.'), s('$&')), 'a$&a'],
    [call('OVERLAY', s('xxxxxtest'), s('xxxx'), int(6)), 'xxxxxxxxx'], [call('OVERLAY', s('xxxxxtest'), s('xxxx'), int(6), int(2)), 'xxxxxxxxxst'],
    [call('OVERLAY', s('123456789'), s('abc'), int(-1), int(2)), '123456789'], [call('OVERLAY', s('123456789'), s('abc'), int(2), int(100)), '1abc'],
    [call('REPLACE', s('a'), nil('STRING'), s('')), 'NULL'], [call('CHAR_LENGTH', s('𝄞x')), '2'],
  ]);
});

test('joining: NULL takes CONCAT with it, CONCAT_WS leaves it out', () => {
  shows([
    [call('CONCAT', s('AA'), s('BB'), s('CC'), s('---')), 'AABBCC---'], [call('CONCAT', s('xx'), nil('STRING')), 'NULL'], [call('CONCAT', s('a')), 'a'],
    [call('||', s('a'), s('b')), 'ab'], [call('CONCAT_WS', s('~'), nil('STRING'), s('AA'), s('BB'), s(''), nil('STRING'), s('CC')), 'AA~BB~~CC'],
    [call('CONCAT_WS', nil('STRING'), s('AA')), 'NULL'],
  ]);
  assert.match(refusal(() => call('||', s('a'), int(1))), /argument 2 of \|\| is INT; write CAST\(\.\.\. AS STRING\)/);
  assert.equal(show(call('||', s('a'), cast(int(1), 'STRING'))), 'a1');
});

test('LIKE with an escape, as in Flink\'s tests', () => {
  shows([
    [call('LIKE', s('test%'), s('test!%'), s('!')), 'TRUE'], [call('LIKE', s('te_st'), s('te__st'), s('_')), 'TRUE'], [call('LIKE', s('test%'), s('test✅%'), s('✅')), 'TRUE'],
    [call('LIKE', s('✅test✅'), s('✅%✅'), s('\\')), 'TRUE'], [call('LIKE', s('test\\'), s('test\\')), 'TRUE'], [call('LIKE', s('abcxxxdef'), s('%abc%qef')), 'FALSE'],
    [call('LIKE', s('a\nb'), s('a_b')), 'TRUE'], [call('LIKE', nil('STRING'), s('%')), 'NULL'],
  ]);
  assert.match(refusal(() => call('LIKE', s('te_st'), s('te_st'), s('_'))), /SQL_INVALID: .*escape character must stand before/);
  assert.match(refusal(() => call('LIKE', s('a'), s('a'), s('ab'))), /one character is needed/);
  assert.match(show(call('LIKE', s('te_st'), call('CONCAT', s('te_st')), s('_'))), /escape character must stand before/);
});

test('case mapping is ASCII\'s; other letters fail, signs do not', () => {
  shows([[call('UPPER', s('aapl-1')), 'AAPL-1'], [call('LOWER', s('EUR/USD €')), 'eur/usd €'], [call('UPPER', s('开心a')), '开心A']]);
  assert.match(show(call('UPPER', s('straße'))), /fails: .*letters beyond ASCII/);
  assert.match(show(call('LOWER', s('İ'))), /fails: .*letters beyond ASCII/);
});

test('unknown and refused functions name a way out', () => {
  assert.match(refusal(() => call('UPER', s('a'))), /SQL_INVALID: .*there is no function UPER; nearest: UPPER/);
  assert.match(refusal(() => call('REGEXP_REPLACE', s('a'), s('b'), s('c'))), /SQL_UNSUPPORTED: .*regular expressions differ/);
  assert.match(refusal(() => call('LN', int(1))), /SQL_UNSUPPORTED: .*last bits/);
  assert.match(refusal(() => call('__proto__', int(1))), /there is no function/);
});
