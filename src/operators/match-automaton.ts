/**
 * A pattern as an automaton: the graph that Flink's compiler of patterns builds, so that its greedy and reluctant
 * quantifiers take the same rows here. A variable is one state for each row that it has to take, and one for the rest.
 */
import type { PatternVariable } from '../plan/match.js';

/** Takes the row, where the state's variable may have it; or goes on to the next state with the row still to be taken. */
export interface Transition {
  readonly takes: boolean;
  readonly target: State;
  /** Going on: only where the state's variable may not have the row. */
  readonly unlessTaken: boolean;
}

export class State {
  readonly transitions: Transition[] = [];

  /** `variable` is −1 for the state behind the last one: the match is whole. */
  constructor(readonly id: number, readonly variable: number) {}

  get isFinal(): boolean {
    return this.variable < 0;
  }

  take(target: State): void {
    this.transitions.push({ takes: true, target, unlessTaken: false });
  }

  proceed(target: State, unlessTaken: boolean): void {
    this.transitions.push({ takes: false, target, unlessTaken });
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
function statesOf({ min, max, greedy }: PatternVariable, add: () => State, next: State): State {
  const isOptional = min === 0 && max === 1;
  // A greedy optional variable does not exclude going on without it: so Flink has it.
  const possessive = greedy && !isOptional && min !== max;
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
