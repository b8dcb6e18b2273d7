/** Expressions without columns, and those parts of others that are the same for every row: computed once. */
import { TapewrightError, assert } from '../core/errors.js';
import type { Physical } from '../core/types.js';
import { columnsOf, literal } from './expression.js';
import type { Expression } from './expression.js';
import { compileLoop } from './loop.js';
import type { FailedRow } from './stage.js';
import { newMemory } from './stage-memory.js';

type Outcome = { readonly value: Physical } | { readonly failed: FailedRow };

function compute(expression: Expression): Outcome {
  const { loop } = compileLoop([], null, [expression], []);
  const failed: FailedRow[] = [];
  const { computed } = loop([], [], [], new Float64Array(1), 0, 1, new Int32Array(1), failed, newMemory);
  if (failed.length > 0) return { failed: failed[0]! };
  const { values, nulls, spilled } = computed[0]!;
  const value = nulls !== null ? null : (spilled?.get(0) ?? values[0]!);
  return { value: expression.type.kind === 'BOOLEAN' && value !== null ? value !== 0 : value };
}

/** The value of an expression without columns; the clock stands at 1970. Throws SQL_INVALID when it fails. */
export function evaluateConstant(expression: Expression): Physical {
  if (expression.kind === 'literal') return expression.value;
  assert(columnsOf(expression).size === 0, 'a constant has no columns');
  const outcome = compute(expression);
  if ('value' in outcome) return outcome.value;
  const { place, error } = outcome.failed;
  throw new TapewrightError('SQL_INVALID', `line ${place.line}, column ${place.column}: ${error}, in: ${place.text}`, { place });
}

/**
 * The same expression with calls over literals computed. A call that fails stays, and fails the rows that reach it;
 * so does the clock, which is the row's.
 */
export function foldConstants(expression: Expression): Expression {
  if (expression.kind !== 'call') return expression;
  const args = expression.args.map(foldConstants);
  const folded = args.every((arg, index) => arg === expression.args[index]) ? expression : { ...expression, args };
  if (expression.name === 'CURRENT_TIMESTAMP' || !args.every((arg) => arg.kind === 'literal')) return folded;
  const outcome = compute(folded);
  return 'value' in outcome ? literal(outcome.value, folded.type) : folded;
}
