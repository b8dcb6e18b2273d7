/** A list of expressions in the making, each computed once. */
import type { Field } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { printExpression } from '../plan/print.js';
import { isRowtime } from '../plan/trace.js';
import { expressionKey } from './virtuals.js';

export class Projection {
  readonly expressions: Expression[] = [];
  readonly fields: Field[] = [];
  readonly #known = new Map<string, number>();

  constructor(private readonly input: PlanNode) {}

  /** The column that holds `expression`, named after it. */
  add(expression: Expression): number {
    const key = expressionKey(expression);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.expressions.push(expression) - 1;
    this.fields.push({ name: printExpression(expression, this.input.schema.map((field) => field.name)), type: expression.type });
    this.#known.set(key, index);
    return index;
  }

  /** The projection as a plan node; its rowtime is the input's, where it passes through. */
  node(): PlanNode {
    return projectNode(this.input, this.expressions, this.fields);
  }
}

/** A projection; the input's rowtime survives in the first column that passes it on unchanged. */
export function projectNode(input: PlanNode, expressions: readonly Expression[], schema: readonly Field[]): PlanNode {
  const rowtime = expressions.findIndex((expression) => expression.kind === 'column' && isRowtime(input, expression.index));
  return { kind: 'project', input, expressions, schema, rowtime: rowtime < 0 ? null : rowtime };
}
