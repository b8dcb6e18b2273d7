/** What `npm run test:flink -- …` is asked for. */
import { parseArgs } from 'node:util';
import { kinds } from './kinds.js';

export interface Options {
  /** INSERT statements to compare, at the least. */
  readonly statements: number;
  readonly seed: number;
  /** Only this set of the seed; null: all. */
  readonly set: number | null;
  readonly kinds: readonly string[];
  readonly shrink: boolean;
}

/** Statements drawn for one Flink job. */
export const setSize = 60;

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      statements: { type: 'string', default: '300' }, seed: { type: 'string', default: '20130101' }, set: { type: 'string' },
      kinds: { type: 'string', default: Object.keys(kinds).join(',') }, 'no-shrink': { type: 'boolean', default: false },
    },
  });
  const chosen = values.kinds.split(',');
  const unknown = chosen.filter((kind) => !(kind in kinds));
  if (unknown.length > 0) throw new Error(`no kind of statement is called ${unknown.join(', ')}; there are ${Object.keys(kinds).join(', ')}`);
  return { statements: whole(values.statements), seed: whole(values.seed), set: values.set === undefined ? null : whole(values.set), kinds: chosen, shrink: !values['no-shrink'] };
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is no whole number`);
  return Number(text);
}

/** What repeats one set. */
export function commandOf({ seed, kinds: chosen }: Options, set: number): string {
  const only = chosen.length === Object.keys(kinds).length ? '' : ` --kinds ${chosen.join(',')}`;
  return `npm run test:flink -- --seed ${seed} --set ${set}${only}`;
}
