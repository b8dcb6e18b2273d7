/** Functions of dates and times, all in UTC: EXTRACT, TIMESTAMPDIFF, DATE_FORMAT, TO_TIMESTAMP and the clock. */
import { inInt64Range, toInt64 } from '../core/int64.js';
import { sqlType, timestampType, timestampUnits, typeName } from '../core/types.js';
import type { Int64, SqlType } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import { addMonths, addMonthsToDays, civilOf, daysOf, millisPerDay, splitDay } from './calendar.js';
import { coerce } from './casts.js';
import { callOf, calling, failure } from './kernel.js';
import type { CallSite, FunctionTable, ScalarFunction } from './kernel.js';
import { requireUtc } from './time-rounding.js';
import { formatPattern, parseDate, parsePattern, parseTimestamp, patternReader } from './timestamps.js';
import type { PatternPart } from './timestamps.js';
import { invalid, isInteger, isNullType, isNumeric, isTimestamp, unsupported } from './typing.js';

const string = sqlType('STRING');
const bigint = sqlType('BIGINT');
const instant: SqlType = { kind: 'TIMESTAMP_LTZ', nullable: true, precision: 3 };

/** A time as a timestamp: dates at midnight, strings read. */
function timeArgument(site: CallSite, arg: Expression): Expression {
  if (isTimestamp(arg.type)) {
    requireUtc(site, arg.type);
    return arg;
  }
  if (isNullType(arg.type) || arg.type.kind === 'STRING') return coerce(arg, timestampType(3), site.place);
  if (arg.type.kind === 'DATE') return coerce(arg, timestampType(0), site.place);
  throw invalid(site.place, `${site.name} takes a DATE or TIMESTAMP, not ${typeName(arg.type, false)}`);
}

function textArgument(site: CallSite, arg: Expression): Expression {
  if (arg.type.kind !== 'STRING' && !isNullType(arg.type)) throw invalid(site.place, `${site.name} takes a STRING here, not ${typeName(arg.type, false)}`);
  return coerce(arg, string, site.place);
}

/** ISO weeks begin on Monday; week 1 holds the year's first Thursday. */
function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - ((((days + 3) % 7) + 7) % 7) + 3;
  const { year } = civilOf(thursday);
  return { year, week: Math.floor((thursday - daysOf(year, 1, 1)) / 7) + 1 };
}

/** The parts of a date that EXTRACT knows. */
const dateParts: Readonly<Record<string, (days: number) => number>> = {
  YEAR: (days) => civilOf(days).year,
  QUARTER: (days) => Math.floor((civilOf(days).month + 2) / 3),
  MONTH: (days) => civilOf(days).month,
  WEEK: (days) => isoWeek(days).week,
  ISOYEAR: (days) => isoWeek(days).year,
  DAY: (days) => civilOf(days).day,
  /** 1 is Sunday; 1970-01-01 was a Thursday. */
  DOW: (days) => ((((days + 4) % 7) + 7) % 7) + 1,
  ISODOW: (days) => ((((days + 3) % 7) + 7) % 7) + 1,
  DOY: (days) => days - daysOf(civilOf(days).year, 1, 1) + 1,
  DECADE: (days) => Math.floor(civilOf(days).year / 10),
  CENTURY: (days) => Math.ceil(civilOf(days).year / 100),
  MILLENNIUM: (days) => Math.ceil(civilOf(days).year / 1000),
};

/** Parts of a day: units per second to the part of `rest` units into the day. */
const clockParts: Readonly<Record<string, (rest: number, units: number) => number>> = {
  HOUR: (rest, units) => Math.floor(rest / (3600 * units)),
  MINUTE: (rest, units) => Math.floor(rest / (60 * units)) % 60,
  SECOND: (rest, units) => Math.floor(rest / units) % 60,
  MILLISECOND: (rest, units) => Math.floor((rest % units) / (units / 1e3)),
  MICROSECOND: (rest, units) => Math.floor((rest % units) * (1e6 / units)),
  NANOSECOND: (rest, units) => (rest % units) * (1e9 / units),
};

const extract: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve(site, [arg]) {
    const unit = site.unit!;
    if (unit !== 'EPOCH' && dateParts[unit] === undefined && clockParts[unit] === undefined) throw invalid(site.place, `EXTRACT does not know the unit ${unit}`);
    return callOf({ ...site, name: 'EXTRACT' }, [timeArgument(site, arg!)], bigint);
  },
  kernel([arg], _, unit) {
    const units = timestampUnits(arg!.precision ?? 6);
    if (unit === 'EPOCH') return calling((value: Int64) => splitDay(value, units).days * 86_400 + Math.floor(splitDay(value, units).rest / units));
    const datePart = dateParts[unit!];
    if (datePart !== undefined) return calling((value: Int64) => datePart(splitDay(value, units).days));
    const clockPart = clockParts[unit!]!;
    return calling((value: Int64) => clockPart(splitDay(value, units).rest, units));
  },
};

const part = (unit: string): ScalarFunction => ({
  argumentsMin: 1, argumentsMax: 1, resolve: (site, args) => extract.resolve({ ...site, name: 'EXTRACT', unit }, args),
});

const monthsPer: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };
const millisPer: Readonly<Record<string, number>> = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: millisPerDay, WEEK: 7 * millisPerDay };

function knownUnit(site: CallSite): string {
  // SQL_TSI_HOUR is HOUR.
  const unit = site.unit!.replace(/^SQL_TSI_/, '');
  if (monthsPer[unit] === undefined && millisPer[unit] === undefined) {
    throw invalid(site.place, `${site.name} does not know the unit ${site.unit}; write one of ${[...Object.keys(millisPer), ...Object.keys(monthsPer)].join(', ')}`);
  }
  return unit;
}

/** TIMESTAMPADD(unit, count, time): the type of the time; a DATE and a unit below a day give a TIMESTAMP(0). */
const timestampAdd: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 2,
  resolve(site, [count, time]) {
    const unit = knownUnit(site);
    if (!isInteger(count!.type) && !isNullType(count!.type)) throw invalid(site.place, `TIMESTAMPADD takes an integer count, not ${typeName(count!.type, false)}`);
    const wholeDays = monthsPer[unit] !== undefined || millisPer[unit]! % millisPerDay === 0;
    const base = time!.type.kind === 'DATE' && wholeDays ? time! : timeArgument(site, time!);
    return callOf({ ...site, unit }, [coerce(count!, bigint, site.place), base], base.type);
  },
  kernel([, time], _, unit) {
    const months = monthsPer[unit!];
    if (time!.kind === 'DATE') {
      if (months !== undefined) return calling((count: Int64, days: number) => addMonthsToDays(days, Number(count) * months));
      return calling((count: Int64, days: number) => days + Number(count) * (millisPer[unit!]! / millisPerDay));
    }
    const units = timestampUnits(time!.precision ?? 6);
    if (months !== undefined) return calling((count: Int64, value: Int64) => addMonths(value, Number(count) * months, units));
    const step = millisPer[unit!]! * (units / 1e3);
    return calling((count: Int64, value: Int64) => {
      const sum = typeof value === 'number' ? value + Number(count) * step : NaN;
      if (Number.isSafeInteger(sum)) return sum;
      const exact = toInt64(BigInt(value) + BigInt(count) * BigInt(step));
      if (units === 1e3 || !inInt64Range(exact)) throw failure(`TIMESTAMPADD: ${count} ${unit} lead out of the range of times`);
      return exact;
    }, { fails: true });
  },
};

/** Whole months from `from` to `to`, both in units since 1970, toward zero. */
function monthsBetween(from: Int64, to: Int64, units: number): number {
  if (to < from) return -monthsBetween(to, from, units);
  const a = civilOf(splitDay(from, units).days);
  const b = civilOf(splitDay(to, units).days);
  const months = (b.year - a.year) * 12 + b.month - a.month;
  return addMonths(from, months, units) > to ? months - 1 : months;
}

/** TIMESTAMPDIFF(unit, from, to): whole units from the one to the other, toward zero, an INT. */
const timestampDiff: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 2,
  resolve(site, args) {
    const unit = knownUnit(site);
    const times = args.map((arg) => timeArgument(site, arg));
    const precision = Math.max(...times.map((time) => time.type.precision ?? 6));
    const type: SqlType = { kind: times[0]!.type.kind, nullable: true, precision };
    return callOf({ ...site, unit }, times.map((time) => coerce(time, type, site.place)), sqlType('INT'));
  },
  kernel([time], _, unit) {
    const units = timestampUnits(time!.precision ?? 6);
    const months = monthsPer[unit!];
    if (months !== undefined) return calling((from: Int64, to: Int64) => Math.trunc(monthsBetween(from, to, units) / months) + 0);
    const step = BigInt(millisPer[unit!]! * (units / 1e3));
    const stepNumber = Number(step);
    return calling((from: Int64, to: Int64) => {
      const exact = typeof from === 'number' && typeof to === 'number';
      const count = exact ? Math.trunc((to - from) / stepNumber) + 0 : Number((BigInt(to) - BigInt(from)) / step);
      if (count > 2_147_483_647 || count < -2_147_483_648) throw failure(`TIMESTAMPDIFF: ${count} ${unit} do not fit INT; use a larger unit`);
      return count;
    }, { fails: true });
  },
};

/** Reads each pattern once; nearly always there is one. */
function readOnce<Result>(read: (parts: readonly PatternPart[]) => Result): (pattern: string) => Result {
  const known = new Map<string, Result>();
  return (pattern) => {
    let result = known.get(pattern);
    if (result === undefined) {
      const parts = parsePattern(pattern);
      if (typeof parts === 'string') throw failure(`the pattern '${pattern}' has ${parts}, which is not understood; letters are y M d H h m s S a E`);
      if (known.size >= 100) known.clear();
      known.set(pattern, result = read(parts));
    }
    return result;
  };
}

/** A literal pattern is checked when the statement is read. */
function patternArgument(site: CallSite, arg: Expression): Expression {
  const text = textArgument(site, arg);
  if (text.kind === 'literal' && typeof text.value === 'string') {
    const parts = parsePattern(text.value);
    if (typeof parts === 'string') throw invalid(site.place, `the pattern '${text.value}' has ${parts}, which is not understood; letters are y M d H h m s S a E`);
  }
  return text;
}

const dateFormat: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 2,
  resolve: (site, [time, pattern]) => callOf(site, [timeArgument(site, time!), patternArgument(site, pattern!)], string, true),
  kernel([time]) {
    const units = timestampUnits(time!.precision ?? 6);
    const partsOf = readOnce((parts) => parts);
    return calling((value: Int64, pattern: string) => formatPattern(value, units, partsOf(pattern)), { fails: true });
  },
};

/** A time read from text: without a pattern in the fixed form, NULL where the text is no such time. */
function reading(type: SqlType, fixed: (text: string) => Int64 | null, fromMillis: (millis: Int64) => Int64): ScalarFunction {
  return {
    argumentsMin: 1,
    argumentsMax: 2,
    resolve: (site, [text, pattern]) => callOf(site, pattern === undefined ? [textArgument(site, text!)] : [textArgument(site, text!), patternArgument(site, pattern)], type, true),
    kernel(args) {
      if (args.length === 1) return calling((text: string) => fixed(text.trim()), { givesNull: true });
      const readerOf = readOnce((parts) => patternReader(parts, 3));
      return calling((text: string, pattern: string) => {
        const millis = readerOf(pattern)(text);
        return millis === null ? fixed(text.trim()) : fromMillis(millis);
      }, { fails: true, givesNull: true });
    },
  };
}

/** From 0000-01-01 to 9999-12-31; what lies outside is NULL, as in Flink. */
const instantMin = -62_167_219_200_000;
const instantMax = 253_402_300_799_999;

const toInstant: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 2,
  resolve(site, [count, precision]) {
    if (!isNumeric(count!.type) && !isNullType(count!.type)) throw unsupported(site.place, 'TO_TIMESTAMP_LTZ takes seconds or milliseconds since 1970 here; for text write CAST(TO_TIMESTAMP(...) AS TIMESTAMP_LTZ(3))');
    const digits = precision === undefined ? 3 : precision.kind === 'literal' ? precision.value : null;
    if (digits !== 0 && digits !== 3) throw invalid(site.place, 'TO_TIMESTAMP_LTZ takes the precision 0 (seconds) or 3 (milliseconds)');
    const type = count!.type.kind === 'FLOAT' || count!.type.kind === 'DOUBLE' ? sqlType('DOUBLE') : bigint;
    return callOf({ ...site, unit: String(digits) }, [coerce(count!, type, site.place)], instant, true);
  },
  kernel: (_, __, unit) => calling((count: Int64) => {
    const millis = Math.trunc(Number(count) * (unit === '0' ? 1000 : 1));
    return millis >= instantMin && millis <= instantMax ? millis + 0 : null;
  }, { givesNull: true }),
};

function zoned(site: CallSite): void {
  if (site.session.timeZone !== 'UTC') {
    throw unsupported(site.place, `${site.name} depends on the session time zone ${site.session.timeZone}; SET 'table.local-time-zone' = 'UTC'`);
  }
}

/** Seconds since 1970 of a text, or of the clock when there is none. */
const unixTimestamp: ScalarFunction = {
  argumentsMin: 0,
  argumentsMax: 2,
  resolve(site, args) {
    zoned(site);
    if (args.length === 0) return extract.resolve({ ...site, unit: 'EPOCH' }, [callOf({ ...site, name: 'CURRENT_TIMESTAMP' }, [], instant, false)]);
    const [text, pattern] = args;
    return callOf(site, pattern === undefined ? [textArgument(site, text!)] : [textArgument(site, text!), patternArgument(site, pattern)], bigint);
  },
  kernel(args) {
    const readerOf = readOnce((parts) => patternReader(parts, 3));
    return calling((text: string, pattern = 'yyyy-MM-dd HH:mm:ss') => {
      const millis = args.length === 1 ? parseTimestamp(text.trim(), 3) : readerOf(pattern)(text);
      if (millis === null) throw failure(`UNIX_TIMESTAMP: '${text}' is not of the form ${pattern}`);
      return Math.floor(Number(millis) / 1000);
    }, { fails: true });
  },
};

const fromUnixTime: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 2,
  resolve(site, [count, pattern]) {
    zoned(site);
    if (!isInteger(count!.type) && !isNullType(count!.type)) throw invalid(site.place, `FROM_UNIXTIME takes whole seconds, not ${typeName(count!.type, false)}`);
    const seconds = coerce(count!, bigint, site.place);
    return callOf(site, pattern === undefined ? [seconds] : [seconds, patternArgument(site, pattern)], string, true);
  },
  kernel() {
    const partsOf = readOnce((parts) => parts);
    return calling((seconds: Int64, pattern = 'yyyy-MM-dd HH:mm:ss') => {
      const millis = Number(seconds) * 1000;
      if (!Number.isSafeInteger(millis)) throw failure(`FROM_UNIXTIME: ${seconds} seconds are out of range`);
      return formatPattern(millis, 1e3, partsOf(pattern));
    }, { fails: true });
  },
};

/** Known to the compiler: the row's `now`. The wall clock never enters. */
const clock = (type: SqlType): ScalarFunction => ({
  argumentsMin: 0,
  argumentsMax: 0,
  resolve(site) {
    if (type.kind !== 'TIMESTAMP_LTZ') zoned(site);
    const now = callOf({ ...site, name: 'CURRENT_TIMESTAMP' }, [], instant, false);
    return coerce(now, { ...type, nullable: false }, site.place);
  },
});

const toDays = (millis: Int64): number => Math.floor(Number(millis) / millisPerDay);


export const times: FunctionTable = {
  EXTRACT: extract,
  YEAR: part('YEAR'),
  QUARTER: part('QUARTER'),
  MONTH: part('MONTH'),
  WEEK: part('WEEK'),
  DAYOFYEAR: part('DOY'),
  DAYOFMONTH: part('DAY'),
  DAYOFWEEK: part('DOW'),
  HOUR: part('HOUR'),
  MINUTE: part('MINUTE'),
  SECOND: part('SECOND'),
  TIMESTAMPADD: timestampAdd,
  TIMESTAMPDIFF: timestampDiff,
  DATE_FORMAT: dateFormat,
  TO_TIMESTAMP: reading(timestampType(3), (text) => parseTimestamp(text, 3), (millis) => millis),
  TO_DATE: reading(sqlType('DATE'), parseDate, toDays),
  TO_TIMESTAMP_LTZ: toInstant,
  UNIX_TIMESTAMP: unixTimestamp,
  FROM_UNIXTIME: fromUnixTime,
  CURRENT_TIMESTAMP: clock(instant),
  NOW: clock(instant),
  CURRENT_ROW_TIMESTAMP: clock(instant),
  LOCALTIMESTAMP: clock(timestampType(3)),
  CURRENT_DATE: clock(sqlType('DATE')),
};
