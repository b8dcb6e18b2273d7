import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sqlType } from '../../src/core/types.js';
import { addMonthsToDays, civilOf, daysOf } from '../../src/functions/calendar.js';
import { makeCall } from '../../src/functions/scalar.js';
import { compileStage } from '../../src/plan/compile.js';
import { evaluateConstant } from '../../src/plan/constants.js';
import { literal } from '../../src/plan/expression.js';
import type { Expression } from '../../src/plan/expression.js';
import { big, call, cast, date, double, int, nil, place, refusal, show, string, timestamp } from './evaluate.js';

const shows = (cases: readonly (readonly [Expression, string])[]): void => {
  for (const [expression, expected] of cases) assert.equal(show(expression), expected);
};

/** Law: our calendar is the platform's (which the pure layers may not ask). */
test('days and dates agree with the platform\'s calendar', () => {
  fc.assert(fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), fc.integer({ min: -50, max: 50 }), (days, months) => {
    const { year, month, day } = civilOf(days);
    const platform = new Date(days * 86_400_000);
    assert.deepEqual([year, month, day], [platform.getUTCFullYear(), platform.getUTCMonth() + 1, platform.getUTCDate()]);
    assert.equal(daysOf(year, month, day), days);
    const moved = civilOf(addMonthsToDays(days, months));
    assert.equal(moved.year * 12 + moved.month, year * 12 + month + months);
  }), { numRuns: 1000 });
});

/** Law: a pattern with every digit reads back what it wrote. */
test('DATE_FORMAT and TO_TIMESTAMP are inverse', () => {
  fc.assert(fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.constantFrom('yyyy-MM-dd HH:mm:ss.SSS', 'yyyyMMddHHmmssSSS', 'dd MMM yyyy hh:mm:ss.SSS a', "yyyy-MM-dd'T'HH:mm:ss.SSS"), (millis, pattern) => {
    const time = literal(millis, { kind: 'TIMESTAMP', nullable: false, precision: 3 });
    assert.equal(evaluateConstant(call('TO_TIMESTAMP', call('DATE_FORMAT', time, string(pattern)), string(pattern))), millis);
  }));
});

test('EXTRACT, as in Flink\'s tests', () => {
  const f0 = timestamp('2000-01-31 11:22:33.123456', 6);
  const f1 = timestamp('2020-02-29 01:56:59.987654', 6);
  const parts: [string, string, string][] = [
    ['NANOSECOND', '123456000', '987654000'], ['MICROSECOND', '123456', '987654'], ['MILLISECOND', '123', '987'], ['SECOND', '33', '59'], ['MINUTE', '22', '56'], ['HOUR', '11', '1'],
    ['DAY', '31', '29'], ['WEEK', '5', '9'], ['MONTH', '1', '2'], ['QUARTER', '1', '1'], ['YEAR', '2000', '2020'], ['DECADE', '200', '202'], ['CENTURY', '20', '21'], ['MILLENNIUM', '2', '3'],
    ['DOW', '2', '7'], ['ISODOW', '1', '6'], ['DOY', '31', '60'], ['ISOYEAR', '2000', '2020'], ['EPOCH', '949317753', '1582941419'],
  ];
  for (const [unit, a, b] of parts) shows([[call(`EXTRACT:${unit}`, f0), a], [call(`EXTRACT:${unit}`, f1), b], [call(`EXTRACT:${unit}`, nil('TIMESTAMP')), 'NULL']]);
  const f18 = timestamp('1996-11-10 06:55:44.333');
  shows([
    [call('EXTRACT:WEEK', f18), '45'], [call('DAYOFYEAR', f18), '315'], [call('DAYOFWEEK', f18), '1'], [call('DAYOFMONTH', date('1990-10-14')), '14'], [call('QUARTER', date('1997-12-31')), '4'],
    [call('HOUR', timestamp('1969-12-31 23:59:59.999')), '23'], [call('EXTRACT:WEEK', date('2021-01-01')), '53'], [call('EXTRACT:ISOYEAR', date('2021-01-01')), '2020'],
  ]);
  assert.equal(call('YEAR', f0).type.kind, 'BIGINT');
  assert.match(refusal(() => call('EXTRACT:FORTNIGHT', f0)), /does not know the unit FORTNIGHT/);
});

test('FLOOR and CEIL to a unit, as in Flink\'s tests', () => {
  const day = date('1990-10-14');
  const time = timestamp('2020-02-29 01:56:59.987654', 6);
  const cases: [string, string, string, string, string][] = [
    ['MILLISECOND', '1990-10-14', '1990-10-14', '2020-02-29 01:56:59.987000', '2020-02-29 01:56:59.988000'],
    ['SECOND', '1990-10-14', '1990-10-14', '2020-02-29 01:56:59.000000', '2020-02-29 01:57:00.000000'],
    ['MINUTE', '1990-10-14', '1990-10-14', '2020-02-29 01:56:00.000000', '2020-02-29 01:57:00.000000'],
    ['HOUR', '1990-10-14', '1990-10-14', '2020-02-29 01:00:00.000000', '2020-02-29 02:00:00.000000'],
    ['DAY', '1990-10-14', '1990-10-15', '2020-02-29 00:00:00.000000', '2020-03-01 00:00:00.000000'],
    ['WEEK', '1990-10-14', '1990-10-14', '2020-02-23 00:00:00.000000', '2020-03-01 00:00:00.000000'],
    ['MONTH', '1990-10-01', '1990-11-01', '2020-02-01 00:00:00.000000', '2020-03-01 00:00:00.000000'],
    ['QUARTER', '1990-10-01', '1991-01-01', '2020-01-01 00:00:00.000000', '2020-04-01 00:00:00.000000'],
    ['YEAR', '1990-01-01', '1991-01-01', '2020-01-01 00:00:00.000000', '2021-01-01 00:00:00.000000'],
    ['DECADE', '1990-01-01', '2000-01-01', '2020-01-01 00:00:00.000000', '2030-01-01 00:00:00.000000'],
    ['CENTURY', '1901-01-01', '2001-01-01', '2001-01-01 00:00:00.000000', '2101-01-01 00:00:00.000000'],
    ['MILLENNIUM', '1001-01-01', '2001-01-01', '2001-01-01 00:00:00.000000', '3001-01-01 00:00:00.000000'],
  ];
  for (const [unit, floorDay, ceilDay, floorTime, ceilTime] of cases) {
    shows([[call(`FLOOR:${unit}`, day), floorDay], [call(`CEIL:${unit}`, day), ceilDay], [call(`FLOOR:${unit}`, time), floorTime], [call(`CEILING:${unit}`, time), ceilTime]]);
  }
  shows([[call('FLOOR:MINUTE', timestamp('1969-12-31 23:59:59.999')), '1969-12-31 23:59:00.000']]);
});

test('TIMESTAMPDIFF and TIMESTAMPADD, as in Flink\'s tests', () => {
  const at = (text: string): Expression => (text.includes(' ') ? timestamp(text) : date(text));
  for (const [unit, from, to, expected] of [
    ['DAY', '2018-07-03 11:11:11', '2018-07-05 11:11:11', '2'], ['DAY', '2016-06-15 11:00:00', '2016-06-19', '3'], ['HOUR', '2016-06-15', '2016-06-12', '-72'],
    ['MINUTE', '2018-07-03 11:11:11', '2018-07-03 12:10:11', '59'], ['SECOND', '2016-06-15', '2016-06-16 11:11:11', '126671'], ['WEEK', '2016-08-15', '2016-06-18', '-8'],
    ['MONTH', '2018-07-03 11:11:11', '2018-09-05 11:11:11', '2'], ['MONTH', '2016-06-15 11:00:00', '2018-05-19', '23'], ['QUARTER', '2016-06-15', '2018-03-18', '7'],
    ['YEAR', '2020-02-29', '2024-02-28', '3'],
  ] as const) shows([[call(`TIMESTAMPDIFF:${unit}`, at(from), at(to)), expected]]);
  assert.match(show(call('TIMESTAMPDIFF:SECOND', date('0001-01-01'), date('2024-01-01'))), /fails: .*do not fit INT/);
  shows([
    [call('TIMESTAMPADD:WEEK', int(1), date('2003-01-02')), '2003-01-09'], [call('TIMESTAMPADD:MONTH', int(1), timestamp('2024-01-31 10:00:00')), '2024-02-29 10:00:00.000'],
    [call('TIMESTAMPADD:HOUR', int(1), date('2016-06-15')), '2016-06-15 01:00:00'], [call('TIMESTAMPADD:SQL_TSI_SECOND', int(-1), timestamp('2024-01-01 00:00:00.123456', 6)), '2023-12-31 23:59:59.123456'],
  ]);
});

test('reading and writing times', () => {
  shows([
    [call('TO_TIMESTAMP', string('1970-09-01 00:00:00')), '1970-09-01 00:00:00.000'], [call('TO_TIMESTAMP', string('abc')), 'NULL'], [call('TO_TIMESTAMP', string('2024-02-30 00:00:00')), 'NULL'],
    [call('TO_TIMESTAMP', string('2017-09-15 00:00:00.12345')), '2017-09-15 00:00:00.123'], [call('TO_TIMESTAMP', string('20170915'), string('yyyyMMdd')), '2017-09-15 00:00:00.000'],
    [call('TO_TIMESTAMP', string('1999-9-10 05:20:10'), string('yyyy-MM-dd HH:mm:ss')), '1999-09-10 05:20:10.000'],
    [call('TO_DATE', string('2017-09-15')), '2017-09-15'], [call('TO_DATE', string('15/09/2017'), string('dd/MM/yyyy')), '2017-09-15'], [call('TO_DATE', string('x')), 'NULL'],
    [call('TO_TIMESTAMP_LTZ', int(100), int(0)), '1970-01-01 00:01:40.000'], [call('TO_TIMESTAMP_LTZ', big(1723109400123), int(3)), '2024-08-08 09:30:00.123'],
    [call('TO_TIMESTAMP_LTZ', big(253402300800000), int(3)), 'NULL'], [call('TO_TIMESTAMP_LTZ', double(1.5), int(0)), '1970-01-01 00:00:01.500'],
    [call('DATE_FORMAT', string('2018-03-14 01:02:03'), string('yyyy/MM/dd HH:mm:ss')), '2018/03/14 01:02:03'],
    [call('DATE_FORMAT', timestamp('2018-03-14 01:02:03.123456', 6), string('yyyy/MM/dd HH:mm:ss.SSSSSS')), '2018/03/14 01:02:03.123456'],
    [call('DATE_FORMAT', date('2023-04-05'), string('yyyy:MM:dd')), '2023:04:05'], [call('DATE_FORMAT', timestamp('2024-08-08 15:00:00'), string("EEE d MMM yy, h 'o''clock' a")), "Thu 8 Aug 24, 3 o'clock PM"],
    [call('UNIX_TIMESTAMP', string('2015-07-24 10:00:00')), '1437732000'], [call('FROM_UNIXTIME', int(1513193130)), '2017-12-13 19:25:30'],
    [call('FROM_UNIXTIME', int(0), string('yyyy')), '1970'],
  ]);
  assert.match(refusal(() => call('DATE_FORMAT', date('2023-04-05'), string('QQ'))), /the letter Q, which is not understood/);
  assert.match(refusal(() => call('TO_TIMESTAMP_LTZ', int(1), int(6))), /precision 0 \(seconds\) or 3/);
  assert.match(show(call('UNIX_TIMESTAMP', string('x'))), /fails: .*'x' is not of the form/);
});

test('a string beside a time is read as that time', () => {
  shows([
    [call('>=', timestamp('2024-08-08 09:30:00'), string('2024-08-08 09:30:00')), 'TRUE'], [call('<', date('2024-08-08'), timestamp('2024-08-08 00:00:00.001')), 'TRUE'],
    [call('BETWEEN', date('2024-08-08'), string('2024-08-01'), string('2024-08-31')), 'TRUE'], [call('=', timestamp('2024-08-08 00:00:00'), timestamp('2024-08-08 00:00:00.000', 6)), 'TRUE'],
  ]);
});

test('the clock is the row\'s, and zones other than UTC are refused where they matter', () => {
  const outputs = [call('CURRENT_TIMESTAMP'), call('LOCALTIMESTAMP'), call('CURRENT_DATE'), call('UNIX_TIMESTAMP')].map((expression) => cast(expression, 'STRING'));
  const stage = compileStage({ input: [{ name: 'a', type: sqlType('INT') }], filter: null, outputs });
  const batch = { length: 2, columns: [{ storage: 'real', values: new Float64Array(2), nulls: null }] } as const;
  const { columns } = stage.run(batch, 1, 2, Float64Array.of(0, 86_400_123));
  assert.deepEqual(columns.map((column) => column.values[0]), ['1970-01-02 00:00:00.123', '1970-01-02 00:00:00.123', '1970-01-02', '86400']);
  const instant = call('CURRENT_TIMESTAMP');
  const tokyo = { timeZone: 'Asia/Tokyo' };
  assert.match(refusal(() => makeCall('EXTRACT:HOUR', [instant], place, tokyo)), /SQL_UNSUPPORTED: .*Asia\/Tokyo/);
  assert.match(refusal(() => makeCall('FROM_UNIXTIME', [int(0)], place, tokyo)), /SQL_UNSUPPORTED/);
  assert.equal(refusal(() => makeCall('EXTRACT:HOUR', [timestamp('2024-01-01 00:00:00')], place, tokyo)), 'accepted');
});
