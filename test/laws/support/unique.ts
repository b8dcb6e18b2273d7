/** Which columns tell a row of a result that changes from the others of it: by them it is found again when it is taken back. */
import type { Query } from './query.js';

type Regular = Extract<Query, { kind: 'regular' }>;

/** Sets of columns, of which the first counts; none: all columns together. */
export function uniqueKeys(query: Query): readonly (readonly string[])[] {
  switch (query.kind) {
    case 'filter': case 'project': return uniqueKeys(query.input);
    case 'group': return [query.keys];
    case 'rank': {
      const { partition, from, to, numbered } = query;
      const own = to === 1 ? [partition] : numbered !== null && from < to ? [[...partition, numbered]] : [];
      return [...own, ...uniqueKeys(query.input)];
    }
    case 'regular': return joinKeys(query);
    default: return [];
  }
}

function joinKeys({ inputs: [left, right], type, keys, renamed }: Regular): readonly (readonly string[])[] {
  const lefts = uniqueKeys(left);
  if (type === 'semi' || type === 'anti') return lefts;
  const given = (name: string): string => renamed[right.fields.findIndex((field) => field.name === name)]!;
  const rights = uniqueKeys(right);
  const meetsOne = (unique: readonly (readonly string[])[]): boolean => unique.some((key) => key.every((name) => keys.includes(name)));
  const own = rights.map((key) => key.map(given));
  return [
    ...(meetsOne(rights) && (type === 'inner' || type === 'left') ? lefts : []), ...(meetsOne(lefts) && (type === 'inner' || type === 'right') ? own : []),
    ...lefts.flatMap((one) => own.map((other) => [...one, ...other])),
  ];
}

export const identityOf = (query: Query): readonly string[] => uniqueKeys(query)[0] ?? query.fields.map(({ name }) => name);
