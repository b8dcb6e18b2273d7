/** The text of an interval literal, read by its fields: `'1 02:03:04.5'` of DAY TO SECOND, `'1-6'` of YEAR TO MONTH. */
import type { Place } from '../plan/expression.js';
import type { IntervalField, IntervalLiteral } from './ast.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** From coarse to fine, each with its size in its family's unit: months, or milliseconds. */
const MONTHS = new Map<IntervalField, number>([['YEAR', 12], ['QUARTER', 3], ['MONTH', 1]]);
const MILLIS = new Map<IntervalField, number>([
  ['WEEK', 604_800_000], ['DAY', 86_400_000], ['HOUR', 3_600_000], ['MINUTE', 60_000], ['SECOND', 1_000],
]);
const CHAINS: Readonly<Record<string, readonly IntervalField[]>> = { month: ['YEAR', 'MONTH'], day: ['DAY', 'HOUR', 'MINUTE', 'SECOND'] };

/** Where DAY TO SECOND has a space, a hyphen, a colon before the finer field. */
const SEPARATOR: Readonly<Partial<Record<IntervalField, string>>> = { MONTH: '-', HOUR: ' ', MINUTE: ':', SECOND: ':' };

/** A written field, `MINUTE` or `minutes`, or undefined when it is none. */
export function intervalField(word: string): IntervalField | undefined {
  const upper = word.toUpperCase().replace(/S$/, '') as IntervalField;
  return MONTHS.has(upper) || MILLIS.has(upper) ? upper : undefined;
}

export interface IntervalText {
  readonly text: string;
  /** A minus sign stood before the text. */
  readonly negative: boolean;
  readonly from: IntervalField;
  readonly to: IntervalField | undefined;
  readonly place: Place;
}

/** SQL_INVALID when the text does not fit the fields; SQL_UNSUPPORTED for fractions below a millisecond. */
export function readInterval({ text, negative, from, to, place }: IntervalText): IntervalLiteral {
  const fields = fieldsBetween(from, to, place);
  const match = patternOf(fields).exec(text.trim());
  if (match === null) {
    throw sqlInvalid(place, `'${text}' is no interval of ${nameOf(from, to)}`, `Write it like ${exampleOf(fields)} ${nameOf(from, to)}.`);
  }
  const sizes = MONTHS.has(from) ? MONTHS : MILLIS;
  let value = 0;
  fields.forEach((field, index) => {
    const count = Number(match[index + 2]);
    const most = field === 'MONTH' || field === 'HOUR' ? (field === 'MONTH' ? 11 : 23) : 59;
    if (index > 0 && count > most) throw sqlInvalid(place, `${field} of '${text}' is greater than ${most}`);
    value += count * sizes.get(field)!;
  });
  value += millisOfFraction(match[fields.length + 2] ?? '', place);
  if (!Number.isSafeInteger(value)) throw sqlInvalid(place, `the interval '${text}' is too long`);
  const minus = negative !== (match[1] === '-') && value !== 0;
  return { kind: 'interval', type: sizes === MONTHS ? 'INTERVAL_MONTH' : 'INTERVAL_DAY', value: minus ? -value : value, from, to, place };
}

function fieldsBetween(from: IntervalField, to: IntervalField | undefined, place: Place): readonly IntervalField[] {
  if (to === undefined) return [from];
  for (const chain of Object.values(CHAINS)) {
    const start = chain.indexOf(from);
    const end = chain.indexOf(to);
    if (start >= 0 && end > start) return chain.slice(start, end + 1);
  }
  throw sqlInvalid(place, `an interval cannot go from ${from} to ${to}`, 'Write YEAR TO MONTH, or two of DAY, HOUR, MINUTE, SECOND in this order.');
}

/** Group 1 is the sign, then one group a field, then the fraction when the last is SECOND. */
function patternOf(fields: readonly IntervalField[]): RegExp {
  const parts = fields.map((field, index) => (index === 0 ? String.raw`(\d+)` : `${SEPARATOR[field]}${String.raw`(\d{1,2})`}`));
  return new RegExp(`^([+-]?)${parts.join('')}${fields.at(-1) === 'SECOND' ? String.raw`(?:\.(\d{1,9}))?` : ''}$`);
}

function millisOfFraction(fraction: string, place: Place): number {
  if (/[1-9]/.test(fraction.slice(3))) throw sqlUnsupported(place, 'an interval is in whole milliseconds', 'Write at most three digits after the point.');
  return Number(fraction.slice(0, 3).padEnd(3, '0'));
}

const nameOf = (from: IntervalField, to: IntervalField | undefined) => (to === undefined ? from : `${from} TO ${to}`);

function exampleOf(fields: readonly IntervalField[]): string {
  return `INTERVAL '${fields.map((field, index) => (index === 0 ? '5' : `${SEPARATOR[field]}10`)).join('')}'`;
}
