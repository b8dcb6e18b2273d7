/** LIKE: % stands for any characters, _ for one; an escape character takes their meaning from them. */
import { sqlType, typeName } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import { coerce } from './casts.js';
import { callOf, calling, failure } from './kernel.js';
import type { CallSite, ScalarFunction } from './kernel.js';
import { invalid, isNullType } from './typing.js';

const string = sqlType('STRING');

function textArgument(site: CallSite, arg: Expression): Expression {
  if (arg.type.kind !== 'STRING' && !isNullType(arg.type)) throw invalid(site.place, `LIKE takes strings, not ${typeName(arg.type, false)}`);
  return coerce(arg, string, site.place);
}

const special = /[.*+?^${}()|[\]\\/-]/g;

/** Why a pattern cannot be read, or what it matches. */
function patternOf(pattern: string, escape: string | undefined): RegExp | string {
  if (escape !== undefined && [...escape].length > 1) return `LIKE ESCAPE '${escape}': one character is needed`;
  let source = '';
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    if (character === escape) {
      const next = characters[at + 1];
      if (next !== '%' && next !== '_' && next !== escape) {
        return `LIKE '${pattern}': the escape character must stand before %, _ or itself`;
      }
      source += next.replace(special, '\\$&');
      at += 1;
    } else if (character === '%') source += '[^]*';
    else if (character === '_') source += '[^]';
    else source += character.replace(special, '\\$&');
  }
  return new RegExp(`^${source}$`, 'u');
}

/** The pattern is nearly always a literal, so the last one read is kept. */
function matcher(): (text: string, pattern: string, escape?: string) => boolean {
  let read = '';
  let readEscape: string | undefined;
  let rule: RegExp | null = null;
  return (text, pattern, escape) => {
    if (rule === null || pattern !== read || escape !== readEscape) {
      const made = patternOf(pattern, escape);
      if (typeof made === 'string') throw failure(made);
      rule = made;
      read = pattern;
      readEscape = escape;
    }
    return rule.test(text);
  };
}

export const like: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 3,
  resolve(site, given) {
    const args = given.map((arg) => textArgument(site, arg));
    const [pattern, escape] = args.slice(1).map((arg) => (arg.kind === 'literal' && typeof arg.value === 'string' ? arg.value : null));
    // Literals are checked when the statement is read.
    const made = typeof pattern === 'string' && escape !== null ? patternOf(pattern, escape) : null;
    if (typeof made === 'string') throw invalid(site.place, made);
    return callOf(site, args, sqlType('BOOLEAN'));
  },
  kernel: () => calling(matcher(), { fails: true }),
};
