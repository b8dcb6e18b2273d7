import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { typeName } from '../../src/core/types.js';
import { evaluateConstant } from '../../src/plan/constants.js';
import { big, call, decimal, double, float, int, nil, show, string, timestamp } from './evaluate.js';

const shows = (cases: readonly (readonly [Parameters<typeof show>[0], string])[]): void => {
  for (const [expression, expected] of cases) assert.equal(show(expression), expected);
};

/** Law: rounding moves a value by at most half a unit, and gives a value that rounds to itself. */
test('ROUND is near and idempotent, TRUNCATE toward zero', () => {
  fc.assert(fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.integer({ min: -3, max: 6 }), (value, places) => {
    const rounded = evaluateConstant(call('ROUND', double(value), int(places))) as number;
    const unit = Number(`1e${-places}`);
    assert.ok(Math.abs(rounded - value) <= unit * 0.5000001 + Math.abs(value) * 1e-15);
    assert.equal(evaluateConstant(call('ROUND', double(rounded), int(places))), rounded);
    const cut = evaluateConstant(call('TRUNCATE', double(value), int(places))) as number;
    assert.ok(Math.abs(cut) <= Math.abs(value));
  }));
});

test('ROUND and TRUNCATE round what is printed, as in Flink\'s tests', () => {
  shows([
    [call('ROUND', double(2.345), int(2)), '2.35'], [call('ROUND', double(1.005), int(2)), '1.01'], [call('ROUND', double(-2.5)), '-3.0'], [call('ROUND', double(1e300), int(2)), '1.0E300'],
    [call('ROUND', double(1e-7), int(3)), '0.0'], [call('ROUND', double(12345.6), int(-2)), '12300.0'], [call('ROUND', int(1250), int(-2)), '1300'], [call('ROUND', int(5), int(2)), '5'],
    [call('ROUND', float(2.5)), '3.0'], [call('ROUND', double(NaN), int(1)), 'fails: line 1, column 8: ROUND does not take NaN, in: test'],
    [call('TRUNCATE', double(42.345), int(2)), '42.34'], [call('TRUNCATE', double(-42.345), int(2)), '-42.34'], [call('TRUNCATE', int(1259), int(-2)), '1200'],
    [call('TRUNCATE', decimal('123.456'), int(2)), '123.45'],
    ...([[0, '647'], [1, '646.6'], [2, '646.65'], [3, '646.646'], [4, '646.646'], [-1, '650'], [-2, '600'], [-3, '1000'], [-4, '0']] as const)
      .map(([places, expected]) => [call('ROUND', decimal('646.646', 10, 3), int(places)), expected] as const),
    [call('ROUND', decimal('99.99', 4, 2), int(1)), '100.0'], [call('ROUND', decimal('-99.99', 4, 2), int(-1)), '-100'],
    [call('ROUND', decimal('99999999999999999999999999999999999999', 38, 0), int(-1)), 'NULL'],
  ]);
  assert.equal(typeName(call('ROUND', decimal('12345.12345'), int(2)).type, false), 'DECIMAL(8, 2)');
  assert.equal(typeName(call('TRUNCATE', decimal('123.456'), int(2)).type, false), 'DECIMAL(6, 2)');
});

test('ABS, SIGN, FLOOR, CEIL, SQRT', () => {
  shows([
    [call('ABS', int(-5)), '5'], [call('ABS', decimal('-3.14', 10, 2)), '3.14'], [call('ABS', double(-0)), '0.0'], [call('ABS', big(-(2n ** 63n))), 'fails: line 1, column 8: integer overflow: ABS(-9223372036854775808) does not fit BIGINT, in: test'],
    [call('SIGN', decimal('-3.14', 10, 2)), '-1.00'], [call('SIGN', decimal('0.00', 10, 2)), '0.00'], [call('SIGN', int(-7)), '-1'], [call('SIGN', double(2.5)), '1.0'],
    [call('FLOOR', decimal('3.14', 10, 2)), '3'], [call('CEIL', decimal('3.14', 10, 2)), '4'], [call('FLOOR', decimal('-3.14', 10, 2)), '-4'], [call('CEILING', double(-0.5)), '-0.0'],
    [call('FLOOR', double(-0.5)), '-1.0'], [call('FLOOR', int(3)), '3'], [call('SQRT', int(25)), '5.0'], [call('SQRT', double(-1)), 'NaN'], [call('PI'), '3.141592653589793'],
  ]);
});

test('NaN is above every decimal, but neither above nor below an integer or a double, as in Flink 2.3', () => {
  const [nan, half, one] = [double(NaN), decimal('100.5'), int(1)];
  shows([
    [call('>', nan, half), 'TRUE'], [call('>=', nan, half), 'TRUE'], [call('<', nan, half), 'FALSE'], [call('<=', nan, half), 'FALSE'], [call('=', nan, half), 'FALSE'], [call('<>', nan, half), 'TRUE'],
    [call('<', half, nan), 'TRUE'], [call('<=', half, nan), 'TRUE'], [call('>', half, nan), 'FALSE'], [call('>=', half, nan), 'FALSE'], [call('BETWEEN', nan, half, half), 'FALSE'],
    [call('>', nan, one), 'FALSE'], [call('<', nan, one), 'FALSE'], [call('>', nan, double(1)), 'FALSE'], [call('>', double(101), half), 'TRUE'], [call('>', double(99), half), 'FALSE'],
    [call('>', float(NaN), half), 'TRUE'], [call('>', double(-0), decimal('0.0')), 'FALSE'], [call('>=', double(-0), decimal('0.0')), 'TRUE'],
  ]);
});

test('GREATEST and LEAST: NULL when one is, NaN above all, at the common type', () => {
  shows([
    [call('GREATEST', int(1), double(2.5)), '2.5'], [call('LEAST', int(1), nil('INT')), 'NULL'], [call('GREATEST', double(NaN), double(1)), 'NaN'], [call('LEAST', double(NaN), double(1)), '1.0'],
    [call('LEAST', double(0), double(-0)), '-0.0'], [call('GREATEST', string('a'), string('b')), 'b'], [call('GREATEST', big(9007199254740993n), int(1)), '9007199254740993'],
    [call('LEAST', timestamp('2024-01-02 00:00:00'), timestamp('2024-01-01 00:00:00')), '2024-01-01 00:00:00.000'], [call('GREATEST', decimal('1.5'), int(2)), '2.0'],
  ]);
});
