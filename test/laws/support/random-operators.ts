/** Patterns, operators of the user's and global windows over the rows of a query, as the numbers of a draw say. */
import type { Field } from './cells.js';
import { conditionOver } from './expressions.js';
import type { Condition, Measure, PatternVariable, Query } from './query.js';
import { exactOf, type OperatorDraw } from './random-pipelines.js';
import { windowRules } from './user-code.js';

/** Variables with their quantifiers. In each of them one row completes one match at the most. */
const patterns: readonly (readonly string[])[] = [['A', 'B'], ['A', 'B{2}'], ['A', 'B*', 'C'], ['A', 'B+', 'C'], ['A', 'B+?', 'C'], ['A{2}', 'B'], ['A', 'B', 'C']];
const bounds: Readonly<Record<string, readonly [number, number | null]>> = { '': [1, 1], '{2}': [2, 2], '*': [0, null], '+': [1, null], '+?': [1, null] };

export function matchOver(draw: OperatorDraw, input: Query, keys: readonly string[], depth: number): Query {
  const { fields } = input;
  const conditions = [0, 1, 2].map((variable) => conditionOver(fields, draw.condition + 7 * variable));
  // A greedy variable that every row may be never ends: that is refused.
  const chosen = patterns[draw.size % patterns.length]!;
  const pattern = /[*+]$/.test(chosen[1]!) && conditions[1]!.sql.endsWith('NOT NULL') ? patterns[0]! : chosen;
  const variables = pattern.map((text, index): PatternVariable => {
    const quantifier = text.slice(1);
    const [min, max] = bounds[quantifier]!;
    const free = index === 0 && draw.offset % 3 === 0;
    return { name: text[0]!, quantifier, min, max, greedy: quantifier !== '+?', condition: free ? null : conditions[index]! };
  });
  const measures = measuresOf(draw, exactOf(fields).filter(({ name }) => !keys.includes(name)), variables.length);
  const kinds = new Map(fields.map((field) => [field.name, field]));
  const told = measures.map(({ take, column }, index): Field => (take === 'count' ? { name: `a${depth}_${index}`, kind: 'BIGINT' } : { ...kinds.get(column)!, name: `a${depth}_${index}` }));
  const keyFields = keys.map((key) => kinds.get(key)!);
  const target = variables[1]!.min > 0 ? (['past', 'next', 'first', 'last'] as const) : (['past', 'next', 'past', 'next'] as const);
  const rowtime = `t${depth}`;
  return {
    kind: 'match', input, keys, variables, measures, skip: target[draw.offset % 4]!, within: [null, 1000, 2500, 6000][draw.condition % 4]!,
    fields: [...keyFields, ...told, { name: rowtime, kind: 'TIMESTAMP' }], rowtime, view: draw.view,
  };
}

function measuresOf(draw: OperatorDraw, fields: readonly Field[], variables: number): Measure[] {
  const takes = ['first', 'last', 'count'] as const;
  return draw.aggregates.map(({ argument, form, offset }) => ({ take: takes[form % 3]!, variable: offset % variables, column: fields[argument % fields.length]!.name }));
}

const number = (name: string): Field => ({ name, kind: 'INT' });
const time = (name: string): Field => ({ name, kind: 'TIMESTAMP' });

export function calledOver(kind: 'process' | 'global', draw: OperatorDraw, input: Query, keys: readonly string[], depth: number): Query {
  const { fields } = input;
  const keyFields = keys.map((key) => fields.find(({ name }) => name === key)!);
  const given: Condition = conditionOver(fields, draw.condition);
  const rowtime = `t${depth}`;
  const [n, total] = [`a${depth}_0`, `a${depth}_1`];
  if (kind === 'process') return { kind, input, keys, given, fields: [...keyFields, number(n), number(total), time(rowtime)], rowtime, view: draw.view };
  const told: Field[] = [{ name: n, kind: 'BIGINT' }, number(total), time(`s${depth}`), time(`e${depth}`), { name: `a${depth}_2`, kind: 'STRING' }, time(rowtime)];
  return { kind, input, keys, rule: draw.size % windowRules.length, given, fires: conditionOver(fields, draw.condition + 3), fields: [...keyFields, ...told], rowtime, view: draw.view };
}
