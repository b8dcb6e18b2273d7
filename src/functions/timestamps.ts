/** Dates and times as text: the fixed forms of CAST, and patterns for DATE_FORMAT and TO_TIMESTAMP. */
import { timestampUnits } from '../core/types.js';
import type { Int64 } from '../core/types.js';
import { civilOf, daysOf, joinDay, monthLength, splitDay } from './calendar.js';

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
const four = (value: number): string => (value < 0 ? `-${String(-value).padStart(4, '0')}` : String(value).padStart(4, '0'));

export function formatDate(days: number): string {
  const { year, month, day } = civilOf(days);
  return `${four(year)}-${two(month)}-${two(day)}`;
}

/** `2024-08-08 09:30:00.123`, with as many digits of the second as the precision says. */
export function formatTimestamp(value: Int64, precision: number): string {
  const units = timestampUnits(precision);
  const { days, rest } = splitDay(value, units);
  const seconds = Math.floor(rest / units);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = precision === 0 ? '' : `.${nanosOf(rest, units).slice(0, precision)}`;
  return `${formatDate(days)} ${clock}${fraction}`;
}

/** The fraction of a second as nine digits. */
const nanosOf = (rest: number, units: number): string => String((rest % units) * (1e9 / units)).padStart(9, '0');

function dateOf(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return null;
  return daysOf(year, month, day);
}

const datePattern = /^ *(\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)? *(?: .*)?$/;

/** Days since 1970 of `2024-08-08`; month and day may be missing, what follows a space is ignored, as in Flink. */
export function parseDate(text: string): number | null {
  const match = datePattern.exec(text);
  if (match === null) return null;
  return dateOf(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1));
}

const timestampPattern = /^(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?)?$/;

/** The count of units since 1970 of `2024-08-08 09:30:00.123`; digits beyond the precision are cut off. */
export function parseTimestamp(text: string, precision: number): Int64 | null {
  const match = timestampPattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] = match;
  return assemble(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), fraction, precision);
}

function assemble(year: number, month: number, day: number, hour: number, minute: number, second: number, fraction: string, precision: number): Int64 | null {
  const days = dateOf(year, month, day);
  if (days === null || hour > 23 || minute > 59 || second > 59) return null;
  const units = timestampUnits(precision);
  const nanos = Number(fraction.slice(0, precision).padEnd(9, '0'));
  return joinDay(days, (hour * 3600 + minute * 60 + second) * units + nanos / (1e9 / units), units);
}

/** A pattern cut into letters with their counts, and the text between them. */
export type PatternPart = { readonly letter: string; readonly count: number } | { readonly text: string };

const letters = new Set([...'yuMdHhmsSaE']);

/** Reads a pattern of Java's kind; a string names the letter or quote that is not understood. */
export function parsePattern(pattern: string): readonly PatternPart[] | string {
  const parts: PatternPart[] = [];
  for (let at = 0; at < pattern.length;) {
    const letter = pattern[at]!;
    if (letter === "'") {
      const quoted = /^'(?:[^']|'')*'/.exec(pattern.slice(at))?.[0];
      if (quoted === undefined) return "an open '";
      // Two quotes are one, within quoted text and by themselves.
      parts.push({ text: quoted === "''" ? "'" : quoted.slice(1, -1).replaceAll("''", "'") });
      at += quoted.length;
    } else if (/[A-Za-z]/.test(letter)) {
      if (!letters.has(letter)) return `the letter ${letter}`;
      let end = at;
      while (pattern[end] === letter) end += 1;
      parts.push({ letter, count: end - at });
      at = end;
    } else {
      parts.push({ text: letter });
      at += 1;
    }
  }
  return parts;
}

const monthNames = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const dayNames = ['Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday', 'Wednesday'];

function formatPart(letter: string, count: number, days: number, seconds: number, nanos: string): string {
  const { year, month, day } = civilOf(days);
  const hour = Math.floor(seconds / 3600);
  const padded = (value: number): string => String(value).padStart(count, '0');
  switch (letter) {
    case 'y': case 'u': return count === 2 ? two(((year % 100) + 100) % 100) : padded(year);
    case 'M': return count <= 2 ? padded(month) : count === 3 ? monthNames[month - 1]!.slice(0, 3) : monthNames[month - 1]!;
    case 'd': return padded(day);
    case 'H': return padded(hour);
    case 'h': return padded(hour % 12 === 0 ? 12 : hour % 12);
    case 'm': return padded(Math.floor(seconds / 60) % 60);
    case 's': return padded(seconds % 60);
    case 'S': return nanos.slice(0, count).padEnd(count, '0');
    case 'a': return hour < 12 ? 'AM' : 'PM';
    default: {
      const name = dayNames[((days % 7) + 7) % 7]!;
      return count <= 3 ? name.slice(0, 3) : name;
    }
  }
}

/** A timestamp of `units` a second, laid out by a pattern. */
export function formatPattern(value: Int64, units: number, parts: readonly PatternPart[]): string {
  const { days, rest } = splitDay(value, units);
  const seconds = Math.floor(rest / units);
  const nanos = nanosOf(rest, units);
  let text = '';
  for (const part of parts) text += 'text' in part ? part.text : formatPart(part.letter, part.count, days, seconds, nanos);
  return text;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

function partRule(letter: string, count: number, adjacent: boolean): string {
  switch (letter) {
    case 'y': case 'u': return count === 2 ? '(\\d{2})' : count >= 4 ? `(\\d{${count}})` : '(\\d{1,9})';
    case 'S': return `(\\d{${count}})`;
    case 'a': return '(AM|PM)';
    case 'M': if (count === 3) return `(${monthNames.map((name) => name.slice(0, 3)).join('|')})`;
      if (count > 3) return `(${monthNames.join('|')})`;
      break;
    case 'E': return `(${dayNames.map((name) => (count <= 3 ? name.slice(0, 3) : name)).join('|')})`;
  }
  return count >= 2 || adjacent ? `(\\d{${count}})` : '(\\d{1,2})';
}

/** Reads texts of one pattern; what the pattern lacks is 1970-01-01 00:00:00. Null when a text does not match. */
export function patternReader(parts: readonly PatternPart[], precision: number): (text: string) => Int64 | null {
  const fields = parts.filter((part) => 'letter' in part);
  const adjacent = (index: number): boolean => parts[index + 1] !== undefined && 'letter' in parts[index + 1]!;
  const rule = new RegExp(`^${parts.map((part, index) => ('text' in part ? escaped(part.text) : partRule(part.letter, part.count, adjacent(index)))).join('')}$`);
  return (text) => {
    const match = rule.exec(text);
    return match === null ? null : fromFields(fields, match, precision);
  };
}

function fromFields(fields: readonly { letter: string; count: number }[], match: readonly string[], precision: number): Int64 | null {
  let [year, month, day, hour, minute, second, fraction, afternoon] = [1970, 1, 1, 0, 0, 0, '', 0];
  fields.forEach(({ letter, count }, index) => {
    const text = match[index + 1]!;
    switch (letter) {
      case 'y': case 'u': year = count === 2 ? 2000 + Number(text) : Number(text); break;
      case 'M': month = count <= 2 ? Number(text) : monthNames.findIndex((name) => name.startsWith(text)) + 1; break;
      case 'd': day = Number(text); break;
      case 'H': hour = Number(text); break;
      case 'h': hour = Number(text) % 12; break;
      case 'm': minute = Number(text); break;
      case 's': second = Number(text); break;
      case 'S': fraction = text; break;
      case 'a': afternoon = text === 'PM' ? 12 : 0; break;
    }
  });
  return assemble(year, month, day, hour + afternoon, minute, second, fraction, precision);
}
