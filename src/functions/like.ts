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

function patternOf(pattern: string, escape: string | undefined): RegExp {
  let source = '';
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    if (character === escape) {
      const next = characters[at + 1];
      if (next !== '%' && next !== '_' && next !== escape) throw failure(`LIKE '${pattern}': the escape character must stand before %, _ or itself`);
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
      if (escape !== undefined && [...escape].length > 1) throw failure(`LIKE ESCAPE '${escape}': one character is needed`);
      rule = patternOf(pattern, escape);
      read = pattern;
      readEscape = escape;
    }
    return rule.test(text);
  };
}

export const like: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 3,
  resolve: (site, args) => callOf(site, args.map((arg) => textArgument(site, arg)), sqlType('BOOLEAN')),
  kernel: () => calling(matcher(), { fails: true }),
};
