/** Random patterns with conditions that can be asked both in SQL and of rows in memory. */
import fc from 'fast-check';
import { isPossessive } from '../../../src/plan/match.js';

/** What a condition sees: the row on trial, those taken so far by variable (it among them), and the one before it. */
export interface Sight {
  readonly row: number;
  readonly of: (variable: number) => readonly number[];
  readonly all: readonly number[];
  readonly before: number | null;
}

export interface Condition {
  /** As DEFINE has it; empty: the variable is not defined. */
  readonly sql: string;
  readonly holds: (qty: (row: number) => number | null, sight: Sight) => boolean;
}

export interface Variable {
  readonly name: string;
  readonly min: number;
  readonly max: number | null;
  readonly greedy: boolean;
  readonly condition: Condition;
}

export interface Match {
  readonly variables: readonly Variable[];
  readonly skip: { readonly sql: string; readonly to: 'past' | 'next' | 'first' | 'last'; readonly variable: number };
  /** Milliseconds. */
  readonly within: number | null;
}

const names = ['A', 'B', 'C', 'D'];

type Make = (v: number, u: number, c: number) => Condition;

const more = (a: number | null | undefined, b: number | null | undefined): boolean => a != null && b != null && a > b;
const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Of variable v, with another u, and a constant c. */
const conditions: Readonly<Record<string, Make>> = {
  none: () => ({ sql: '', holds: () => true }),
  above: (v, _, c) => ({ sql: `${names[v]}.qty > ${c}`, holds: (qty, { row }) => more(qty(row), c) }),
  below: (v, _, c) => ({ sql: `${names[v]}.qty < ${c}`, holds: (qty, { row }) => more(c, qty(row)) }),
  other: (_v, _u, c) => ({ sql: `qty <> ${c}`, holds: (qty, { row }) => qty(row) !== null && qty(row) !== c }),
  missing: (v) => ({ sql: `${names[v]}.qty IS NULL`, holds: (qty, { row }) => qty(row) === null }),
  rising: (v) => ({
    sql: `LAST(${names[v]}.qty, 1) IS NULL OR ${names[v]}.qty >= LAST(${names[v]}.qty, 1)`,
    holds: (qty, { row, of }) => {
      const earlier = of(v).at(-2);
      const last = earlier === undefined ? null : qty(earlier);
      return last === null || (qty(row) !== null && qty(row)! >= last);
    },
  }),
  aboveOther: (v, u) => ({ sql: `${names[v]}.qty > ${names[u]}.qty`, holds: (qty, { row, of }) => more(qty(row), of(u).length === 0 ? null : qty(of(u).at(-1)!)) }),
  belowFirst: (v, u) => ({ sql: `${names[v]}.qty < FIRST(${names[u]}.qty)`, holds: (qty, { row, of }) => more(of(u).length === 0 ? null : qty(of(u)[0]!), qty(row)) }),
  belowSecond: (v) => ({ sql: `${names[v]}.qty <= FIRST(qty, 1)`, holds: (qty, { row, all }) => all.length > 1 && qty(row) !== null && qty(all[1]!) !== null && qty(row)! <= qty(all[1]!)! }),
  aboveLast: (v) => ({ sql: `LAST(qty, 1) < ${names[v]}.qty`, holds: (qty, { row, all }) => more(qty(row), all.length < 2 ? null : qty(all.at(-2)!)) }),
  sum: (v, _u, c) => ({
    sql: `SUM(${names[v]}.qty) < ${3 * c}`,
    holds: (qty, { of }) => { const values = known(of(v).map(qty)); return values.length > 0 && values.reduce((sum, value) => sum + value, 0) < 3 * c; },
  }),
  count: (_v, u, c) => ({ sql: `COUNT(${names[u]}.qty) + COUNT(qty) < ${2 + c}`, holds: (qty, { of, all }) => known(of(u).map(qty)).length + known(all.map(qty)).length < 2 + c }),
  least: (v, _u, c) => ({ sql: `MIN(qty) < ${c} AND ${names[v]}.qty > -2`, holds: (qty, { row, all }) => { const values = known(all.map(qty)); return values.length > 0 && Math.min(...values) < c && more(qty(row), -2); } }),
};

/** What Flink does not have. */
const physical: Readonly<Record<string, Make>> = {
  rises: (v) => ({ sql: `${names[v]}.qty > PREV(${names[v]}.qty)`, holds: (qty, { row, before }) => more(qty(row), before === null ? null : qty(before)) }),
};

const quantifiers: readonly (readonly [number, number | null])[] = [
  [1, 1], [1, 1], [1, 1], [1, 1], [1, 1], [0, 1], [0, 1], [0, null], [0, null], [1, null], [1, null], [1, null], [1, null], [2, 2], [2, null], [1, 3], [1, 3], [0, 2], [2, 4],
];

/** Conditions that most rows meet, so that there are matches. */
const easy = ['none', 'above', 'below', 'other', 'rising', 'sum'];

export function quantifierText({ min, max, greedy }: Variable): string {
  const base = min === 1 && max === 1 ? '' : min === 0 && max === 1 ? '?' : max === null ? (min === 0 ? '*' : min === 1 ? '+' : `{${min},}`) : min === max ? `{${min}}` : `{${min},${max}}`;
  return base === '' || greedy ? base : `${base}?`;
}

/** Patterns that are allowed. */
export function randomMatches(options: { readonly physical: boolean }): fc.Arbitrary<Match> {
  const makes = [...easy, ...easy].map((name) => conditions[name]!).concat(Object.values(options.physical ? { ...conditions, ...physical } : conditions));
  const variable = fc.record({ quantifier: fc.constantFrom(...quantifiers), greedy: fc.boolean(), make: fc.nat(makes.length - 1), other: fc.nat(3), constant: fc.integer({ min: -2, max: 5 }) });
  const skip = fc.record({ to: fc.constantFrom('past' as const, 'past' as const, 'next' as const, 'last' as const, 'first' as const), variable: fc.nat(3) });
  return fc.record({ drawn: fc.array(variable, { minLength: 1, maxLength: 4 }), skip, within: fc.constantFrom(null, null, 1000, 1500, 3000) })
    .map(({ drawn, skip: { to, variable: target }, within }): Match => {
      const variables = drawn.map(({ quantifier: [min, max], greedy, make, other, constant }, v): Variable => ({
        name: names[v]!, min, max, greedy: greedy || (min === 0 && max === 1) || min === max, condition: makes[make]!(v, drawn.length === 1 ? 0 : (v + 1 + (other % (drawn.length - 1))) % drawn.length, constant),
      }));
      const at = target % variables.length;
      const sql = to === 'past' ? 'PAST LAST ROW' : to === 'next' ? 'TO NEXT ROW' : `TO ${to.toUpperCase()} ${variables[at]!.name}`;
      return { variables, skip: { sql, to, variable: at }, within };
    })
    .filter(isAllowed);
}

function isAllowed({ variables, skip }: Match): boolean {
  const last = variables.at(-1)!;
  if (variables.every(({ min }) => min === 0)) return false;
  if (isPossessive(last) || variables.some((variable, index) => index > 0 && variable.min === 0 && isPossessive(variables[index - 1]!))) return false;
  if (variables.some(({ max, greedy, condition }) => max === null && greedy && condition.sql === '')) return false;
  // Only where the target is there in any case, and not the match's first row: else Flink fails the job.
  if (skip.to === 'past' || skip.to === 'next') return true;
  return skip.variable > 0 && variables[skip.variable]!.min > 0 && variables.slice(0, skip.variable).some(({ min }) => min > 0);
}

/** The clauses from AFTER MATCH on. */
export function clausesOf({ variables, skip, within }: Match): string {
  const pattern = variables.map((variable) => `${variable.name}${quantifierText(variable)}`).join(' ');
  const define = variables.flatMap(({ name, condition }) => (condition.sql === '' ? [] : [`${name} AS ${condition.sql}`]));
  return [
    `AFTER MATCH SKIP ${skip.sql}`, `PATTERN (${pattern})${within === null ? '' : ` WITHIN INTERVAL '${within / 1000}' SECOND`}`,
    ...(define.length === 0 ? ['DEFINE A AS TRUE'] : [`DEFINE ${define.join(', ')}`]),
  ].join('\n');
}
