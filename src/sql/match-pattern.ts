/** PATTERN and AFTER MATCH SKIP: which variables there are, and what Flink allows of the standard. */
import type { Place } from '../plan/expression.js';
import { isPossessive, type MatchSkip, type PatternVariable } from '../plan/match.js';
import type { Name } from './ast.js';
import type { AfterMatchSkip, MatchBody, PatternQuantified, RowPattern } from './ast-match.js';
import { didYouMean } from './names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** A variable, with the place of its name. */
export interface PlacedVariable extends PatternVariable {
  readonly place: Place;
}

/** A quantifier may ask for so many rows: each of them is a state. */
const COUNT_MAX = 10_000;

/** The variables of the pattern, one after the other. Throws SQL_UNSUPPORTED for what is not a row of variables. */
export function patternVariables({ pattern }: MatchBody): readonly PlacedVariable[] {
  const parts = pattern.kind === 'patternConcatenation' ? pattern.parts : [pattern];
  const variables = parts.flatMap((part) => (part.kind === 'patternConcatenation' ? part.parts : [part])).map(variableOf);
  variables.forEach(({ name, place }, index) => {
    if (variables.findIndex((other) => other.name === name) < index) throw sqlUnsupported(place, `'${name}' stands in the pattern twice`, 'Give the second one another name, and define both.');
  });
  if (variables.every(({ min }) => min === 0)) {
    throw sqlUnsupported(pattern.place, 'this pattern matches no rows at all, too: every variable may be left out', 'Let one of them take at least one row: A+.');
  }
  const last = variables[variables.length - 1]!;
  if (isPossessive(last)) {
    throw sqlUnsupported(last.place, `'${last.name}' ends the pattern and takes as many rows as it can: when it has them all is not known before the next row`,
      `Write a variable after it, defined as the opposite, or let it take few: ${last.name}+?.`);
  }
  const loose = variables.findIndex(({ min }, index) => min === 0 && index > 0 && isPossessive(variables[index - 1]!));
  if (loose >= 0) {
    const [greedy, optional] = [variables[loose - 1]!, variables[loose]!];
    throw sqlUnsupported(optional.place, `'${optional.name}' may be left out, and '${greedy.name}' before it takes as many rows as it can: Flink does not allow that`,
      `Let one of them take a row in any case, or '${greedy.name}' few.`);
  }
  return variables;
}

function variableOf(part: RowPattern): PlacedVariable {
  if (part.kind === 'patternName') return { name: part.name.text, min: 1, max: 1, greedy: true, place: part.place };
  if (part.kind === 'patternQuantified') return quantified(part);
  switch (part.kind) {
    case 'patternAlternation': throw sqlUnsupported(part.place, 'alternatives (A | B) are not supported in a pattern', 'Define one variable by both conditions: A AS a OR b.');
    case 'patternExclusion': throw sqlUnsupported(part.place, 'exclusions {- A -} are not supported: a match is one row', 'Write the variable without them.');
    case 'patternPermutation': throw sqlUnsupported(part.place, 'PERMUTE is not supported', 'Write the order that you look for, or one statement for each.');
    case 'patternAnchor': throw sqlUnsupported(part.place, 'the anchors ^ and $ are not supported: a stream has no first and last row', 'Leave it out.');
    case 'patternConcatenation': throw sqlUnsupported(part.place, 'a group in a group is not supported in a pattern', 'Write the variables one after the other.');
  }
}

function quantified({ pattern, min, max, greedy, place }: PatternQuantified): PlacedVariable {
  if (pattern.kind !== 'patternName') throw sqlUnsupported(place, 'a quantifier of a group, as in (A B)+, is not supported', 'Give quantifiers to single variables.');
  if (max !== null && (max < min || max === 0)) throw sqlInvalid(place, `{${min},${max}} is no number of rows`, 'Write {n,m} with n at most m, and m at least 1.');
  if (Math.max(min, max ?? 0) > COUNT_MAX) throw sqlUnsupported(place, `a quantifier of more than ${COUNT_MAX} rows is not supported`, 'Use + and a condition on COUNT(A.x).');
  if (min === 0 && max === 1 && !greedy) throw sqlUnsupported(place, 'the reluctant A?? is not supported', 'Write A?: a match without the variable is found as well.');
  return { name: pattern.name.text, min, max, greedy, place };
}

/** As in Calcite, and so in Flink, the search goes on at the next row where nothing is said. */
export function skipOf(written: AfterMatchSkip | undefined, variables: readonly PlacedVariable[]): MatchSkip {
  if (written === undefined || written.to === 'NEXT ROW') return { kind: 'to-next-row' };
  if (written.to === 'PAST LAST ROW') return { kind: 'past-last-row' };
  const name = written.variable!;
  const variable = variableNamed(name, variables);
  const { min, max } = variables[variable]!;
  // The first variable's first row is the match's first, and so is its last where it has one row.
  if (variable === 0 && (written.to === 'FIRST' || max === 1)) {
    throw sqlInvalid(written.place, `AFTER MATCH SKIP TO ${written.to} ${name.text} would find ${min === 0 ? 'nothing to skip to, or ' : ''}the same match for ever: '${name.text}' is its first row`,
      'Skip to a later variable, TO NEXT ROW or PAST LAST ROW.');
  }
  return { kind: written.to === 'FIRST' ? 'to-first' : 'to-last', variable };
}

export function variableNamed(name: Name, variables: readonly PlacedVariable[]): number {
  const variable = variables.findIndex((one) => one.name === name.text);
  if (variable < 0) throw sqlInvalid(name.place, `the pattern has no variable '${name.text}'`, didYouMean(name.text, variables.map((one) => one.name)));
  return variable;
}
