/** A dataset as a scenario or a flag names it, with other parameters for its generator: `us-equities-day?rows=10000000&inject=none`. */
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { parseInjections } from './market/injections.js';
import type { ResolveOptions } from './resolve.js';

export interface DatasetReference {
  readonly name: string;
  readonly parameters: Pick<ResolveOptions, 'rows' | 'seed' | 'inject'>;
}

const reference = /^([\w-][\w.-]*?)(?:\?(.*))?$/;

/** The name alone, whatever follows its question mark; null when the text is no dataset's name, but say a path. */
export const referenceName = (text: string): string | null => reference.exec(text)?.[1] ?? null;

const parameterNames = ['rows', 'seed', 'inject'];

/** Null when the text is no dataset's name, but say a path. Throws USAGE for parameters that cannot be. */
export function parseReference(text: string): DatasetReference | null {
  const [, name, query] = reference.exec(text) ?? [];
  if (name === undefined) return null;
  const given = new Map<string, string>();
  for (const part of (query ?? '').split('&').filter((each) => each !== '')) {
    const [key, value] = splitOnce(part);
    if (!parameterNames.includes(key)) {
      const meant = nearest(key, parameterNames);
      throw new TapewrightError('USAGE', `${text}: a dataset has no parameter '${key}'; ${meant === null ? `known are ${parameterNames.join(', ')}` : `did you mean '${meant}'?`}`, { given: text });
    }
    if (given.has(key)) throw new TapewrightError('USAGE', `${text}: ${key} is given twice`, { given: text });
    given.set(key, value);
  }
  const count = (key: string): number | undefined => {
    const value = given.get(key);
    if (value !== undefined && !/^\d+$/.test(value)) throw new TapewrightError('USAGE', `${text}: ${key} must be a whole number, not '${value}'`, { given: text });
    return value === undefined ? undefined : Number(value);
  };
  const [rows, seed, inject] = [count('rows'), count('seed'), given.get('inject')];
  return {
    name,
    parameters: { ...(rows === undefined ? {} : { rows }), ...(seed === undefined ? {} : { seed }), ...(inject === undefined ? {} : { inject: parseInjections(inject) }) },
  };
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}
