import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';
import type { SqlType } from '../../src/core/types.js';
import { commonType, implicitCast, makeCast } from '../../src/functions/scalar.js';
import { evaluateConstant } from '../../src/plan/constants.js';
import { big, bool, cast, date, decimal, double, float, int, nil, place, refusal, show, string, timestamp, tryCast } from './evaluate.js';

const fails = (expression: Parameters<typeof show>[0], why: RegExp): void => assert.match(show(expression), why);

/** Law: a double's text reads back as the same double, and so does a single's. */
test('reals survive their text', () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (value) => {
    assert.equal(Object.is(evaluateConstant(cast(cast(double(value), 'STRING'), 'DOUBLE')), value), true);
  }));
  fc.assert(fc.property(fc.float({ noNaN: true }), (value) => {
    assert.equal(Object.is(evaluateConstant(cast(cast(float(value), 'STRING'), 'FLOAT')), value), true);
  }));
});

/** Law: timestamps survive their text, at any precision and in any century. */
test('times survive their text', () => {
  fc.assert(fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
    const value = Number.isSafeInteger(Number(micros)) ? Number(micros) : micros;
    const expression = cast(cast({ kind: 'literal', value, type: timestampType(6, false) }, 'STRING'), timestampType(6));
    assert.equal(evaluateConstant(expression), value);
  }), { numRuns: 200 });
});

test('to STRING, as Flink prints', () => {
  for (const [expression, expected] of [
    [bool(true), 'TRUE'], [int(-12), '-12'], [big(9223372036854775807n), '9223372036854775807'], [decimal('9.87', 4, 3), '9.870'], [decimal('-0.05', 10, 2), '-0.05'],
    [double(1), '1.0'], [double(1e10), '1.0E10'], [double(1e-5), '1.0E-5'], [double(123456.789), '123456.789'], [double(0.001), '0.001'], [double(1e7), '1.0E7'],
    [double(9999999), '9999999.0'], [double(-0), '-0.0'], [double(NaN), 'NaN'], [double(-Infinity), '-Infinity'], [double(4.9e-324), '4.9E-324'],
    [float(123.456), '123.456'], [float(1e10), '1.0E10'], [float(0.1), '0.1'], [float(1.4e-45), '1.4E-45'], [date('2021-09-24'), '2021-09-24'],
    [timestamp('2021-09-24 12:34:56.1'), '2021-09-24 12:34:56.100'], [timestamp('2021-09-24 12:34:56.1234567', 4), '2021-09-24 12:34:56.1234'],
    [timestamp('2021-09-24 12:34:56.123456700', 9), '2021-09-24 12:34:56.123456700'], [timestamp('1500-04-30 12:00:00', 0), '1500-04-30 12:00:00'], [nil('INT'), 'NULL'],
  ] as const) assert.equal(show(expression), expected);
});

test('to numbers', () => {
  const to = (kind: 'TINYINT' | 'INT' | 'BIGINT' | 'DOUBLE' | 'FLOAT', expression: Parameters<typeof show>[0]): string => show(cast(expression, kind));
  assert.equal(to('INT', string('1.234')), '1');
  assert.equal(to('INT', string(' 123 ')), '123');
  assert.equal(to('BIGINT', string('-3276913443134')), '-3276913443134');
  assert.equal(to('INT', double(123.9)), '123');
  assert.equal(to('INT', double(-123.9)), '-123');
  assert.equal(to('BIGINT', double(9234567891.12345)), '9234567891');
  assert.equal(to('TINYINT', decimal('9.87', 4, 3)), '9');
  assert.equal(to('INT', bool(true)), '1');
  assert.equal(to('DOUBLE', string('1e3')), '1000.0');
  assert.equal(to('DOUBLE', decimal('3276913443134.87', 20, 3)), '3.27691344313487E12');
  assert.equal(to('DOUBLE', decimal('123456789.123456789123456789', 30, 20)), '1.2345678912345679E8');
  assert.equal(to('FLOAT', double(-1.7976931348623157e308)), '-Infinity');
  assert.equal(to('DOUBLE', float(123.456)), '123.45600128173828');
});

test('to DECIMAL: rounded half up, NULL where digits overflow, a failure for text', () => {
  const to = (type: SqlType, expression: Parameters<typeof show>[0]): string => show(cast(expression, type));
  assert.equal(to(decimalType(8, 4), double(3.123456)), '3.1235');
  assert.equal(to(decimalType(8, 1), double(3.15)), '3.2');
  assert.equal(to(decimalType(8, 4), decimal('12.34561234', 10, 8)), '12.3456');
  assert.equal(to(decimalType(5, 3), string('1.2')), '1.200');
  assert.equal(to(decimalType(5, 3), bool(true)), '1.000');
  assert.equal(to(decimalType(8, 4), int(12345)), 'NULL');
  assert.equal(to(decimalType(2, 0), int(99)), '99');
  assert.equal(to(decimalType(38, 32), double(1.7976931348623157e308)), 'NULL');
  fails(cast(string('12345.6789'), decimalType(8, 4)), /does not fit DECIMAL\(8, 4\)/);
  fails(cast(string('foo'), decimalType(5, 3)), /is not a number/);
});

test('to BOOLEAN, DATE and TIMESTAMP', () => {
  assert.equal(show(cast(string('FalsE'), 'BOOLEAN')), 'FALSE');
  assert.equal(show(cast(big(9007199254740993n), 'BOOLEAN')), 'TRUE');
  assert.equal(show(cast(string('123'), 'DATE')), '0123-01-01');
  assert.equal(show(cast(string('2021-09-27 12:34:56.123456789'), 'DATE')), '2021-09-27');
  assert.equal(show(cast(timestamp('1969-12-31 23:59:59.999'), 'DATE')), '1969-12-31');
  assert.equal(show(cast(string('1999-9-10 05:20:10.123456'), timestampType(6))), '1999-09-10 05:20:10.123456');
  assert.equal(show(cast(string('2021-09-27'), timestampType(9))), '2021-09-27 00:00:00.000000000');
  assert.equal(show(cast(timestamp('2021-09-24 12:34:56.123456', 6), timestampType(3))), '2021-09-24 12:34:56.123');
  assert.equal(show(cast(timestamp('1969-12-31 23:59:59.9999', 6), timestampType(3))), '1969-12-31 23:59:59.999');
  assert.equal(show(cast(date('2021-09-24'), timestampType(3))), '2021-09-24 00:00:00.000');
});

test('a value that cannot cross fails, and is NULL with TRY_CAST', () => {
  for (const [expression, kind, why] of [
    [string('x'), 'INT', /'x' is not a number of type INT/], [string('-130'), 'TINYINT', /-130 does not fit TINYINT/], [string(''), 'BOOLEAN', /'' is not a BOOLEAN/],
    [double(NaN), 'INT', /NaN is not a value of INT/], [double(9234567891.5), 'INT', /9234567891.5 does not fit INT/], [big(2147483648), 'INT', /does not fit INT/],
    [string('2021/09/27'), 'DATE', /is not a DATE/], [string('123'), 'TIMESTAMP', /is not a TIMESTAMP/], [string('2024-02-30'), 'TIMESTAMP', /is not a TIMESTAMP/],
    [string('1e'), 'DOUBLE', /is not a number/],
  ] as const) {
    fails(cast(expression, kind), why);
    assert.equal(show(tryCast(expression, kind)), 'NULL');
  }
  assert.equal(show(tryCast(string('12'), 'INT')), '12');
});

test('casts that there are not are refused with what to write', () => {
  assert.match(refusal(() => cast(big(1), timestampType(3))), /SQL_INVALID: .*TO_TIMESTAMP_LTZ/);
  assert.match(refusal(() => cast(timestamp('2024-01-01'), 'BIGINT')), /EXTRACT\(EPOCH/);
  assert.match(refusal(() => cast(bool(true), 'DATE')), /BOOLEAN cannot be cast to DATE/);
  const instant = { kind: 'TIMESTAMP_LTZ', nullable: true, precision: 3 } as const;
  assert.match(refusal(() => makeCast(timestamp('2024-01-01'), instant, place, false, { timeZone: 'Asia/Tokyo' })), /SQL_UNSUPPORTED: .*Asia\/Tokyo/);
});

test('implied casts: to wider numbers and among times, nothing else', () => {
  assert.equal(show(implicitCast(int(5), decimalType(5, 2), place)), '5.00');
  assert.match(refusal(() => implicitCast(big(5), sqlType('INT'), place)), /BIGINT stands where INT is needed; write CAST/);
  assert.match(refusal(() => implicitCast(double(5), sqlType('FLOAT'), place)), /write CAST/);
  assert.equal(show(implicitCast(int(5), sqlType('DOUBLE'), place)), '5.0');
  assert.equal(show(implicitCast(nil('NULL'), sqlType('STRING'), place)), 'NULL');
  assert.match(refusal(() => implicitCast(string('5'), sqlType('INT'), place)), /write CAST\(\.\.\. AS INT\)/);
});

test('the common type', () => {
  const common = (...types: SqlType[]): SqlType | null => commonType(types);
  assert.deepEqual(common(sqlType('INT', false), sqlType('BIGINT', false), decimalType(2, 2, false)), decimalType(21, 2, false));
  assert.deepEqual(common(sqlType('NULL'), sqlType('INT', false)), sqlType('INT', true));
  assert.deepEqual(common(sqlType('FLOAT'), decimalType(5, 2)), sqlType('DOUBLE'));
  assert.deepEqual(common(timestampType(3, false), timestampType(6, false)), timestampType(6, false));
  assert.equal(common(sqlType('STRING'), sqlType('INT')), null);
  assert.equal(common(sqlType('BOOLEAN'), sqlType('INT')), null);
});
