/** Which texts a column can hold, where the plan itself says so. */
import type { Expression } from './expression.js';
import type { PlanNode } from './plan.js';

/** Every text that column `index` of `node` can have beside NULL; null where it is computed of the data. */
export function knownTexts(node: PlanNode, index: number): ReadonlySet<string> | null {
  switch (node.kind) {
    case 'project': return textsOf(node.expressions[index]!, node.input);
    case 'filter': return knownTexts(node.input, index);
    case 'over': return index < node.input.schema.length ? knownTexts(node.input, index) : null;
    case 'union': return together(node.inputs.map((input) => knownTexts(input, index)));
    default: return null;
  }
}

function textsOf(expression: Expression, input: PlanNode): ReadonlySet<string> | null {
  if (expression.kind === 'column') return knownTexts(input, expression.index);
  if (expression.kind === 'literal') return expression.value === null ? new Set() : typeof expression.value === 'string' ? new Set([expression.value]) : null;
  const { name, args } = expression;
  if (name === 'CAST') return textsOf(args[0]!, input);
  // Conditions and values take turns; what is left over is ELSE.
  if (name === 'CASE') return together(args.filter((_, at) => at % 2 === 1 || at === args.length - 1).map((value) => textsOf(value, input)));
  return name === 'COALESCE' ? together(args.map((value) => textsOf(value, input))) : null;
}

function together(sets: readonly (ReadonlySet<string> | null)[]): ReadonlySet<string> | null {
  return sets.some((set) => set === null) ? null : new Set(sets.flatMap((set) => [...set!]));
}
