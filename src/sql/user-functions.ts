/** What SQL says of functions in the user's code: that they exist, and where an aggregate can be computed. */
import type { AggregateCall, PlanNode } from '../plan/plan.js';
import { inputsOf } from '../plan/trace.js';
import type { UserFunctions } from '../functions/user-functions.js';
import type { Statement } from './ast.js';
import { sqlUnsupported } from './sql-error.js';

/**
 * Whether the statement is a CREATE FUNCTION of one that was given in TypeScript: a text for Flink, where the class it
 * names is that function, runs here unchanged.
 */
export function createsFunction(statement: Extract<Statement, { kind: 'unsupported' }>, functions: UserFunctions): boolean {
  const named = /^CREATE\s+(?:TEMPORARY\s+)?(?:SYSTEM\s+)?FUNCTION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:\w+\s*\.\s*)*`?(\w+)`?/i.exec(statement.place.text);
  if (named === null) return false;
  const name = named[1]!.toUpperCase();
  if ([functions.scalars, functions.aggregates, functions.processes].some((known) => known.has(name))) return true;
  throw sqlUnsupported(statement.place, `there is no function ${named[1]}: classes of other languages are not run`, 'Write it in TypeScript, and give its module with --functions, or as functions: in the scenario.');
}

const callsOf = (node: PlanNode): readonly AggregateCall[] => ('aggregates' in node ? node.aggregates : []);

/** Refuses aggregates that cannot merge where windows are merged. @throws SQL_UNSUPPORTED. */
export function checkUserAggregates(root: PlanNode): void {
  for (const input of inputsOf(root)) checkUserAggregates(input);
  for (const { user, place } of callsOf(root)) {
    if (user === undefined) continue;
    if (root.kind === 'window-aggregate' && root.window !== null && root.window.kind !== 'tumble' && user.code.merge === undefined) {
      throw sqlUnsupported(place, `${user.name} cannot merge, which ${root.window.kind.toUpperCase()} needs`, 'Give it merge(state, other), or read from TABLE(…) and GROUP BY window_start, window_end.');
    }
  }
}
