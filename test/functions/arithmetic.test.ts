import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimalType, typeName } from '../../src/core/types.js';
import { evaluateConstant } from '../../src/plan/constants.js';
import { big, call, cast, date, decimal, double, float, int, interval, months, nil, refusal, show, string, timestamp } from './evaluate.js';

const shows = (cases: readonly (readonly [Parameters<typeof show>[0], string])[]): void => {
  for (const [expression, expected] of cases) assert.equal(show(expression), expected);
};

/** Law: BIGINT arithmetic is the integers', or fails beyond 64 bits; it never rounds. */
test('64-bit arithmetic is exact or fails', () => {
  const wide = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -100n, max: 100n }), fc.constantFrom(2n ** 53n, 2n ** 53n - 1n, -(2n ** 63n), 3_037_000_500n));
  const canonical = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
  const exact = { '+': (a: bigint, b: bigint) => a + b, '-': (a: bigint, b: bigint) => a - b, '*': (a: bigint, b: bigint) => a * b, '/': (a: bigint, b: bigint) => a / b, '%': (a: bigint, b: bigint) => a % b };
  fc.assert(fc.property(wide, wide, fc.constantFrom(...Object.entries(exact)), (a, b, [operator, apply]) => {
    const shown = show(call(operator, big(canonical(a)), big(canonical(b))));
    if (b === 0n && (operator === '/' || operator === '%')) assert.match(shown, /^fails: .*division by zero/);
    else {
      const result = apply(a, b);
      if (result >= -(2n ** 63n) && result < 2n ** 63n) assert.equal(shown, String(result));
      else assert.match(shown, /^fails: .*integer overflow/);
    }
  }), { numRuns: 300 });
});

/** Law: decimals add, subtract and multiply as rational numbers do, rounded half up where digits were given up. */
test('decimal arithmetic is rational arithmetic, rounded once', () => {
  const value = fc.tuple(fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n }), fc.integer({ min: 0, max: 6 }));
  const text = ([unscaled, scale]: readonly [bigint, number]): string => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
  };
  fc.assert(fc.property(value, value, fc.constantFrom('+', '-', '*'), (a, b, operator) => {
    const scale = operator === '*' ? a[1] + b[1] : Math.max(a[1], b[1]);
    const [left, right] = [a[0] * 10n ** BigInt(scale - a[1]), b[0] * 10n ** BigInt(scale - b[1])];
    const unscaled = operator === '*' ? a[0] * b[0] : operator === '+' ? left + right : left - right;
    assert.equal(show(call(operator, decimal(text(a), 12, a[1]), decimal(text(b), 12, b[1]))), text([unscaled, scale]));
  }), { numRuns: 200 });
});

test('integers: division cuts off, overflow and zero fail', () => {
  shows([
    [call('/', int(7), int(-2)), '-3'], [call('%', int(-7), int(2)), '-1'], [call('MOD', int(7), int(-2)), '1'],
    [call('+', int(1), big(2)), '3'], [call('*', int(0), int(-5)), '0'],
    [call('/', int(1), int(0)), 'fails: line 1, column 8: division by zero, in: test'],
    [call('+', int(2147483647), int(1)), 'fails: line 1, column 8: integer overflow: 2147483648 does not fit INT; CAST an operand to a wider type, in: test'],
    [call('/', int(-2147483648), int(-1)), 'fails: line 1, column 8: integer overflow: 2147483648 does not fit INT; CAST an operand to a wider type, in: test'],
    [call('+', nil('INT'), int(1)), 'NULL'], [call('NEG', big(5)), '-5'],
    [call('*', big(9007199254740993n), int(3)), '27021597764222979'],
  ]);
});

test('types of results are Flink\'s', () => {
  const types: [ReturnType<typeof int>, string][] = [
    [call('+', int(1), big(1)), 'BIGINT NOT NULL'], [call('*', double(1), big(1)), 'DOUBLE NOT NULL'], [call('*', float(1), int(1)), 'FLOAT NOT NULL'],
    [call('+', float(1), decimal('1.5')), 'DOUBLE NOT NULL'], [call('%', big(44), int(3)), 'INT NOT NULL'],
    [call('+', decimal('1514356320000', 19, 0), int(6)), 'DECIMAL(20, 0) NOT NULL'],
    [call('*', decimal('1514356320000', 19, 0), int(6)), 'DECIMAL(30, 0) NOT NULL'],
    [call('/', decimal('1514356320000', 19, 0), int(6)), 'DECIMAL(30, 11) NOT NULL'],
    [call('/', decimal('1514356320000', 19, 0), decimal('1', 19, 0)), 'DECIMAL(38, 19)'],
    [call('%', decimal('1514356320000', 19, 0), int(6)), 'INT NOT NULL'],
    [call('+', decimal('1', 38, 10), decimal('1', 38, 28)), 'DECIMAL(38, 9)'],
    [call('/', decimal('1', 30, 0), decimal('1', 30, 0)), 'DECIMAL(38, 8)'],
  ];
  for (const [expression, type] of types) assert.equal(typeName(expression.type), type);
});

test('decimals, as Flink\'s own tests have them', () => {
  shows([
    [call('+', decimal('100.12', 10, 2), decimal('200.1234', 10, 4)), '300.2434'],
    [call('+', decimal('100.0123456789', 38, 10), decimal('200.0123456789012345678901234567', 38, 28)), '300.024691358'],
    [call('+', decimal('50000000000000000000000000000000000000', 38, 0), decimal('50000000000000000000000000000000000000', 38, 0)), 'NULL'],
    [call('*', decimal('1', 30, 6), decimal('2', 30, 10)), '2.000000'], [call('*', decimal('0.0000006', 38, 10), decimal('1', 38, 10)), '0.000001'],
    [call('*', decimal('10000000000000000000', 38, 0), decimal('10000000000000000000', 38, 0)), 'NULL'],
    [call('/', decimal('1.00', 20, 2), decimal('3', 2, 1)), '0.333333'], [call('/', decimal('1.00', 20, 2), decimal('3', 4, 3)), '0.3333333'],
    [call('/', decimal('1.00', 20, 2), decimal('3', 20, 10)), '0.3333333333'], [call('/', decimal('1.00', 10, 2), int(2)), '0.5000000000000'],
    [call('/', int(2), decimal('1.00', 10, 2)), '2.00000000000'], [call('/', decimal('100000000000000000000', 30, 0), decimal('0.000000000000001', 30, 20)), 'NULL'],
    [call('MOD', decimal('3.00', 10, 2), decimal('5.00', 10, 4)), '3.0000'], [call('MOD', int(7), decimal('3.00', 10, 2)), '1.00'],
    [call('MOD', decimal('-3', 1, 0), decimal('5', 1, 0)), '-3'], [call('MOD', decimal('3.1234', 10, 4), decimal('5', 10, 2)), '3.1234'],
    [call('NEG', decimal('1.50')), '-1.50'], [call('/', decimal('1.0'), decimal('0.0')), 'fails: line 1, column 8: division by zero, in: test'],
    [call('+', decimal('0.1'), double(0.2)), '0.30000000000000004'],
  ]);
});

test('doubles follow Java: division by zero, NaN, the zeros', () => {
  shows([
    [call('/', double(1), double(0)), 'Infinity'], [call('/', double(0), double(0)), 'NaN'], [call('*', double(0), double(-1)), '-0.0'],
    [call('/', double(1), int(0)), 'Infinity'], [call('*', float(1.1), float(1.1)), '1.21'],
  ]);
  assert.equal(Object.is(evaluateConstant(call('NEG', double(0))), -0), true);
});

test('times and intervals', () => {
  const day = 86_400_000;
  shows([
    [call('-', timestamp('2024-08-08 09:30:00'), interval(5000)), '2024-08-08 09:29:55.000'],
    [call('+', interval(day), timestamp('1990-10-14 10:20:45.123')), '1990-10-15 10:20:45.123'],
    [call('+', timestamp('1990-10-14 10:20:45.123'), months(120)), '2000-10-14 10:20:45.123'],
    [call('-', timestamp('2024-03-31 00:00:00.123456', 6), months(1)), '2024-02-29 00:00:00.123456'],
    [call('+', timestamp('2024-03-31 00:00:00.123456', 6), interval(1)), '2024-03-31 00:00:00.124456'],
    [call('+', date('1990-10-14'), interval(2 * day)), '1990-10-16'], [call('-', date('1990-10-14'), months(2)), '1990-08-14'],
    [call('+', date('1990-10-14'), interval(3_600_000)), '1990-10-14 01:00:00'], [call('-', months(24), months(12)), '12'],
    [call('*', interval(2000), int(3)), '6000'], [call('NEG', interval(10_000)), '-10000'], [call('+', nil('TIMESTAMP'), interval(1)), 'NULL'],
  ]);
});

test('what does not add up is refused with its place and a way out', () => {
  assert.match(refusal(() => call('+', string('a'), string('b'))), /^SQL_INVALID: line 1, column 8: .*strings are joined by \|\|/);
  assert.match(refusal(() => call('-', timestamp('2024-01-01'), timestamp('2024-01-01'))), /TIMESTAMPDIFF/);
  assert.match(refusal(() => call('%', double(1), int(2))), /% does not take DOUBLE, INT/);
  assert.match(refusal(() => call('+', int(1))), /\+ takes 2 arguments, not 1/);
  assert.equal(show(cast(call('*', decimal('1.5'), decimal('1.5')), decimalType(3, 1))), '2.3');
});
