/** Functions of strings. Lengths and positions count characters (code points), from 1, as in Flink. */
import { sqlType, typeName } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { coerce } from './casts.js';
import { callOf, calling, failure } from './kernel.js';
import type { CallSite, FunctionTable, Kernel, ScalarFunction } from './kernel.js';
import { like } from './like.js';
import { invalid, isInteger, isNullType } from './typing.js';

const string = sqlType('STRING');
const int = sqlType('INT');
const boolean = sqlType('BOOLEAN');

/** Longest text that REPEAT, LPAD and RPAD make, in code units. */
const textMax = 1_000_000;

/** 's' takes a STRING, 'i' an integer. */
type Shape = 's' | 'i';

function argumentOf(site: CallSite, arg: Expression, shape: Shape, index: number): Expression {
  const type = shape === 's' ? string : int;
  if (isNullType(arg.type)) return coerce(arg, type, site.place);
  const fits = shape === 's' ? arg.type.kind === 'STRING' : isInteger(arg.type);
  if (!fits) throw invalid(site.place, `argument ${index + 1} of ${site.name} is ${typeName(arg.type, false)}; write CAST(... AS ${type.kind})`);
  return coerce(arg, type, site.place);
}

/** A strict function: `shapes` of its arguments, of which the last may repeat (`...`) or be left out (`?` each). */
function strict(shapes: string, type: SqlType, kernel: Kernel): ScalarFunction {
  const repeated = shapes.endsWith('...');
  const letters = shapes.replace('...', '').replaceAll('?', '');
  const optional = shapes.split('?').length - 1;
  return {
    argumentsMin: letters.length - optional,
    argumentsMax: repeated ? Infinity : letters.length,
    resolve(site, given) {
      const args = given.map((arg, index) => argumentOf(site, arg, letters[Math.min(index, letters.length - 1)] as Shape, index));
      return callOf(site, args, type, kernel.givesNull === true || args.some((arg) => arg.type.nullable));
    },
    kernel: () => kernel,
  };
}

const surrogates = /[\uD800-\uDFFF]/;

/** Characters; the common case has none beyond 16 bits, so that units are characters. */
const lengthOf = (text: string): number => (surrogates.test(text) ? [...text].length : text.length);

function slice(text: string, start: number, end: number): string {
  return surrogates.test(text) ? [...text].slice(start, end).join('') : text.slice(start, end);
}

/** From the `position`th character, or from the end for a negative one; before the start there is nothing. */
function substring(text: string, position: number, length?: number): string | null {
  if (length !== undefined && length < 0) return null;
  const size = lengthOf(text);
  const start = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  if (start < 0 || start >= size) return '';
  return slice(text, start, length === undefined ? size : Math.min(size, start + length));
}

function trim(text: string, characters: string, left: boolean, right: boolean): string {
  const set = new Set(characters);
  const units = surrogates.test(text) ? [...text] : text;
  let start = 0;
  let end = units.length;
  while (left && start < end && set.has(units[start]!)) start += 1;
  while (right && end > start && set.has(units[end - 1]!)) end -= 1;
  const kept = units.slice(start, end);
  return typeof kept === 'string' ? kept : kept.join('');
}

const trimming = (left: boolean, right: boolean): ScalarFunction =>
  strict('ss?', string, calling((text: string, characters = ' ') => trim(text, characters, left, right)));

/** Characters beyond ASCII that no version of Unicode gives another case: signs, punctuation, CJK, Hangul. */
const caseless = /^[\u0000-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF\u00D7\u00F7\u2000-\u2070\u2074-\u207E\u2080-\u208E\u20A0-\u20BF\u3000-\u303F\u3040-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3]*$/;
const ascii = /^[\u0000-\u007F]*$/;

function mapCase(text: string, name: string, map: (part: string) => string): string {
  if (ascii.test(text)) return map(text);
  if (!caseless.test(text)) {
    throw failure(`${name}('${text}'): letters beyond ASCII have no case mapping that is the same everywhere; map them with REPLACE, or leave the case as it is`);
  }
  return text.replace(/[A-Za-z]+/g, map);
}

const caseMapping = (name: string, map: (text: string) => string): ScalarFunction =>
  strict('s', string, calling((text: string) => mapCase(text, name, map), { fails: true }));

/** Position of `part` in `text` from character `from` on, 0 when it is not there. */
function locate(part: string, text: string, from = 1): number {
  if (from < 1) return 0;
  if (!surrogates.test(text)) return text.indexOf(part, from - 1) + 1;
  const rest = slice(text, from - 1, Infinity);
  const at = rest.indexOf(part);
  return at < 0 ? 0 : lengthOf(rest.slice(0, at)) + from;
}

/** Position of the `nth` occurrence of `part`, looking from `from` on; from a negative `from` backwards. */
function nthPosition(text: string, part: string, from = 1, nth = 1): number {
  if (nth <= 0) throw failure(`INSTR: the ${nth}th occurrence is none; count from 1`);
  if (from === 0) return 0;
  if (from < 0) {
    const backwards = nthPosition(reverse(text), reverse(part), -from, nth);
    return backwards === 0 ? 0 : lengthOf(text) + 2 - backwards - lengthOf(part);
  }
  let position = from - 1;
  for (let count = 0; count < nth; count += 1) {
    position = locate(part, text, position + 1);
    if (position === 0) return 0;
  }
  return position;
}

const reverse = (text: string): string => [...text].reverse().join('');

/** `by` in the place of `length` characters from `start` on; outside the text nothing changes. */
function overlay(text: string, by: string, start: number, length = lengthOf(by)): string {
  const size = lengthOf(text);
  if (start <= 0 || start > size) return text;
  const rest = start + length <= size && length > 0 ? slice(text, start - 1 + length, size) : '';
  return slice(text, 0, start - 1) + by + rest;
}

function pad(text: string, length: number, fill: string, left: boolean): string | null {
  if (length < 0 || fill === '') return null;
  if (length > textMax) throw failure(`${left ? 'LPAD' : 'RPAD'} to ${length} characters; ${textMax} is the most`);
  const missing = length - text.length;
  if (missing <= 0) return text.slice(0, length);
  const padding = fill.repeat(Math.ceil(missing / fill.length)).slice(0, missing);
  return left ? padding + text : text + padding;
}

function repeat(text: string, times: number): string {
  if (times <= 0) return '';
  if (text.length * times > textMax) throw failure(`REPEAT makes ${text.length * times} characters; ${textMax} is the most`);
  return text.repeat(times);
}

/** The `index`th part, from 0; an empty separator is a space. */
function splitIndex(text: string, separator: string, index: number): string | null {
  if (index < 0 || text === '') return null;
  return text.split(separator === '' ? ' ' : separator)[index] ?? null;
}

const splitting: ScalarFunction = {
  ...strict('ssi', string, calling(splitIndex, { givesNull: true })),
  resolve(site, [text, separator, index]) {
    // A separator may be given as a character's code.
    const isCode = separator!.kind === 'literal' && isInteger(separator!.type) && typeof separator!.value === 'number';
    const code = isCode ? Number((separator as { value: number }).value) : 0;
    if (isCode && (code <= 0 || code > 255)) throw invalid(site.place, `SPLIT_INDEX takes a separator, or a character's code from 1 to 255, not ${code}`);
    const given = isCode ? literal(String.fromCharCode(code), sqlType('STRING', false)) : separator!;
    const args = [argumentOf(site, text!, 's', 0), argumentOf(site, given, 's', 1), argumentOf(site, index!, 'i', 2)];
    return callOf(site, args, string, true);
  },
};

/** NULL only when the separator is; NULL parts are left out. */
const concatWithSeparator: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: Infinity,
  resolve(site, given) {
    const args = given.map((arg, index) => argumentOf(site, arg, 's', index));
    return callOf(site, args, string, args[0]!.type.nullable);
  },
  kernel: () => calling(
    (separator: string | null, ...parts: (string | null)[]) => (separator === null ? null : parts.filter((part) => part !== null).join(separator)),
    { takesNull: true, givesNull: true },
  ),
};

const concat: ScalarFunction = strict('ss...', string, { total: true, code: (args) => `(${args.join(' + ')})` });

export const strings: FunctionTable = {
  '||': concat,
  CONCAT: { ...concat, argumentsMin: 1 },
  CONCAT_WS: concatWithSeparator,
  UPPER: caseMapping('UPPER', (text) => text.toUpperCase()),
  LOWER: caseMapping('LOWER', (text) => text.toLowerCase()),
  TRIM: trimming(true, true),
  BTRIM: trimming(true, true),
  LTRIM: trimming(true, false),
  RTRIM: trimming(false, true),
  SUBSTRING: strict('sii?', string, calling(substring, { givesNull: true })),
  SUBSTR: strict('sii?', string, calling(substring, { givesNull: true })),
  CHAR_LENGTH: strict('s', int, calling(lengthOf)),
  CHARACTER_LENGTH: strict('s', int, calling(lengthOf)),
  LENGTH: strict('s', int, calling(lengthOf)),
  REPLACE: strict('sss', string, calling((text: string, part: string, by: string) => text.replaceAll(part, () => by))),
  POSITION: strict('ssi?', int, calling(locate)),
  LOCATE: strict('ssi?', int, calling(locate)),
  INSTR: strict('ssi?i?', int, calling(nthPosition, { fails: true })),
  LEFT: strict('si', string, calling((text: string, length: number) => (length <= 0 ? '' : slice(text, 0, length)))),
  RIGHT: strict('si', string, calling((text: string, length: number) => (length <= 0 ? '' : slice(text, Math.max(0, lengthOf(text) - length), Infinity)))),
  LPAD: strict('sis', string, calling((text: string, length: number, fill: string) => pad(text, length, fill, true), { fails: true, givesNull: true })),
  RPAD: strict('sis', string, calling((text: string, length: number, fill: string) => pad(text, length, fill, false), { fails: true, givesNull: true })),
  REPEAT: strict('si', string, calling(repeat, { fails: true })),
  REVERSE: strict('s', string, calling(reverse)),
  SPLIT_INDEX: splitting,
  STARTSWITH: strict('ss', boolean, calling((text: string, part: string) => text.startsWith(part))),
  ENDSWITH: strict('ss', boolean, calling((text: string, part: string) => text.endsWith(part))),
  OVERLAY: strict('ssii?', string, calling(overlay)),
  LIKE: like,
};
