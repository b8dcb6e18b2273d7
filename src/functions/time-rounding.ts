/** FLOOR and CEIL of times to a unit, in UTC. */
import { timestampUnits, typeName } from '../core/types.js';
import type { Int64, SqlType } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import { civilOf, daysOf, joinDay, splitDay } from './calendar.js';
import { callOf, calling, inline } from './kernel.js';
import type { CallSite, Kernel } from './kernel.js';
import { invalid, isTimestamp, unsupported } from './typing.js';

/** Units that divide a day, in milliseconds. */
const unitMillis: Readonly<Record<string, number>> = { MILLISECOND: 1, SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 };
const calendarUnits = new Set(['WEEK', 'MONTH', 'QUARTER', 'YEAR', 'DECADE', 'CENTURY', 'MILLENNIUM']);

/** Refuses what depends on a time zone other than UTC. */
export function requireUtc(site: CallSite, type: SqlType): void {
  if (type.kind === 'TIMESTAMP_LTZ' && site.session.timeZone !== 'UTC') {
    throw unsupported(site.place, `${site.name} of a TIMESTAMP_LTZ depends on the session time zone ${site.session.timeZone}; SET 'table.local-time-zone' = 'UTC'`);
  }
}

export function resolveTimeRounding(site: CallSite, arg: Expression): Expression {
  if (!isTimestamp(arg.type) && arg.type.kind !== 'DATE') throw invalid(site.place, `${site.name} TO ${site.unit} takes a time, not ${typeName(arg.type, false)}`);
  if (unitMillis[site.unit!] === undefined && !calendarUnits.has(site.unit!)) throw invalid(site.place, `${site.name} does not know the unit ${site.unit}`);
  requireUtc(site, arg.type);
  return callOf(site, [arg], arg.type);
}

/**
 * First day of the unit that holds a day, or (up) of the next. Upwards only the first day of a week, month or year
 * stays; the first day of a later quarter, and every DATE rounded to DAY, moves on, as it does in Flink.
 */
function roundDays(days: number, unit: string, up: boolean): number {
  const { year, month, day } = civilOf(days);
  const first = month === 1 && day === 1;
  switch (unit) {
    case 'DAY': return up ? days + 1 : days;
    // Weeks begin on Sunday here; 1970-01-01 was a Thursday.
    case 'WEEK': {
      const past = (((days + 4) % 7) + 7) % 7;
      return days - past + (up && past > 0 ? 7 : 0);
    }
    case 'MONTH': return daysOf(month === 12 && up && day > 1 ? year + 1 : year, up && day > 1 ? (month % 12) + 1 : month, 1);
    case 'QUARTER': {
      const quarter = Math.floor((month + 2) / 3) + (up && !first ? 1 : 0);
      return quarter === 5 ? daysOf(year + 1, 1, 1) : daysOf(year, quarter * 3 - 2, 1);
    }
    case 'YEAR': return daysOf(up && !first ? year + 1 : year, 1, 1);
    case 'DECADE': return daysOf(10 * (Math.floor(year / 10) + (up ? 1 : 0)), 1, 1);
    case 'CENTURY': return daysOf(100 * Math.ceil(year / 100) + (up ? 1 : -99), 1, 1);
    default: return daysOf(1000 * Math.ceil(year / 1000) + (up ? 1 : -999), 1, 1);
  }
}

export function timeRoundingKernel(type: SqlType, unit: string, direction: -1 | 1): Kernel {
  const up = direction === 1;
  if (type.kind === 'DATE') return unitMillis[unit] === undefined || unit === 'DAY' ? calling((days: number) => roundDays(days, unit, up)) : inline((a) => a);
  const units = timestampUnits(type.precision ?? 6);
  if (unitMillis[unit] === undefined) {
    return calling((value: Int64) => joinDay(roundDays(splitDay(value, units).days, unit, up), 0, units));
  }
  const size = unitMillis[unit]! * (units / 1e3);
  const round = up ? 'ceil' : 'floor';
  if (units === 1e3) return inline((a) => `(Math.${round}(${a} / ${size}) * ${size} + 0)`);
  return calling((value: Int64) => {
    const { days, rest } = splitDay(value, units);
    return joinDay(days, Math[round](rest / size) * size, units);
  });
}
