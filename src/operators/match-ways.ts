/** Which ways a match in the making can take a row: one generated function for each state of the automaton. */
import type { MatchTest } from '../plan/match-condition.js';
import type { State, Transition } from './match-automaton.js';

/**
 * The number of the only way that the row may go, −1 where there is none. Several are put into `out`, and −n − 1 is
 * returned for n of them. The other arguments are a `MatchTest`'s.
 */
type Choose = (...args: [...Parameters<MatchTest>, out: number[]]) => number;

export interface Ways {
  /** In the order in which Flink looks at them: what stays before what goes on, which is taken last first. */
  readonly takes: readonly Transition[];
  readonly choose: Choose;
}

/** The ways from `state`; `tests` by variable, null where every row will do. */
export function compileWays(state: State, tests: readonly (MatchTest | null)[]): Ways {
  const found: { readonly take: Transition; readonly unless: readonly number[] }[] = [];
  const stack: { readonly state: State; readonly unless: readonly number[] }[] = [{ state, unless: [] }];
  for (let from = stack.pop(); from !== undefined; from = stack.pop()) {
    for (const transition of from.state.transitions) {
      if (transition.takes) found.push({ take: transition, unless: from.unless });
      else stack.push({ state: transition.target, unless: transition.unlessTaken ? [...from.unless, transition.source.variable] : from.unless });
    }
  }
  // Each condition is asked once at the most, and only where it matters.
  const holds = (variable: number): string => (tests[variable] === null ? 'true' : `(h${variable} ??= tests[${variable}](values, nulls, at, base, bounds, start))`);
  const asked = [...new Set(found.flatMap(({ take, unless }) => [take.source.variable, ...unless]))];
  const body = [
    '"use strict";',
    'return function choose(values, nulls, at, base, bounds, start, out) {',
    `let n = 0, only = -1${asked.map((variable) => `, h${variable}`).join('')};`,
    ...found.map(({ take, unless }, way) => `if (${unless.map((variable) => `!${holds(variable)} && `).join('')}${holds(take.source.variable)}) { if (n === 0) only = ${way}; else { out[0] = only; out[n] = ${way}; } n += 1; }`),
    'return n < 2 ? only : -n - 1;',
    '};',
  ].join('\n');
  const make = new Function('tests', body) as (tests: readonly (MatchTest | null)[]) => Choose;
  return { takes: found.map(({ take }) => take), choose: make(tests) };
}
