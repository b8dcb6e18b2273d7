/**
 * A pattern as an automaton: much the graph that Flink's compiler of patterns builds, so that its greedy and reluctant
 * quantifiers take the same rows here; but a greedy variable that has as many rows as it may keeps none from the next. A variable is one state for each row that it has to take, and one for the rest.
 */
import { faults } from '../core/faults.js';
import { isPossessive, type PatternVariable } from '../plan/match.js';

/** Takes the row, where the source's variable may have it; or goes on to the next state with the row still to be taken. */
export interface Transition {
  readonly source: State;
  readonly takes: boolean;
  readonly target: State;
  /** Going on: not where the source's variable, which is greedy, may have the row. */
  readonly unlessTaken: boolean;
}

export class State {
  readonly transitions: Transition[] = [];

  /** The match is whole. */
  readonly isFinal: boolean;
  /** It may become whole without another row. */
  mayEnd: boolean;

  /** `variable` is −1 for the state behind the last one. */
  constructor(readonly id: number, readonly variable: number) {
    this.isFinal = variable < 0;
    this.mayEnd = this.isFinal;
  }

  take(target: State): void {
    this.transitions.push({ source: this, takes: true, target, unlessTaken: false });
  }

  /** `target` has its transitions already. */
  proceed(target: State, unlessTaken: boolean): void {
    this.transitions.push({ source: this, takes: false, target, unlessTaken });
    if (target.mayEnd) this.mayEnd = true;
  }
}

export interface Automaton {
  readonly start: State;
  /** By id. */
  readonly states: readonly State[];
}

export function buildAutomaton(pattern: readonly PatternVariable[]): Automaton {
  const states: State[] = [];
  const add = (variable: number): State => {
    const state = new State(states.length, variable);
    states.push(state);
    return state;
  };
  let next = add(-1);
  for (let variable = pattern.length - 1; variable >= 0; variable -= 1) next = statesOf(pattern[variable]!, () => add(variable), next);
  return { start: next, states };
}

/** The states of one variable before those of `next`; returns the first. */
function statesOf(variable: PatternVariable, add: () => State, next: State): State {
  const { min, max } = variable;
  const possessive = isPossessive(variable) && !faults.greedyGivesWay;
  const single = (target: State, skips: boolean): State => {
    const state = add();
    state.take(target);
    if (skips) state.proceed(next, possessive);
    return state;
  };
  const from = Math.max(min, 1);
  let following = next;
  if (max === null) {
    following = add();
    following.proceed(next, possessive);
    following.take(following);
  } else {
    for (let more = from; more < max; more += 1) following = single(following, true);
  }
  for (let more = 1; more < from; more += 1) following = single(following, false);
  return single(following, min === 0);
}
