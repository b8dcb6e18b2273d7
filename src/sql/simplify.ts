/** The same plan with fewer nodes: windows absorbed by their aggregates, neighbouring projections and filters made one. */
import { conjunction } from '../plan/conjunction.js';
import { columnRef, substitute } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { inputsOf, withInputs } from '../plan/trace.js';
import { absorbWindow } from './absorb-window.js';

type Project = Extract<PlanNode, { kind: 'project' }>;
type Filter = Extract<PlanNode, { kind: 'filter' }>;

/** A call with at most so many nodes may be computed twice rather than stand in a projection of its own. */
const cheapNodesMax = 4;

export function simplify(node: PlanNode): PlanNode {
  switch (node.kind) {
    case 'project': return mergeProject({ ...node, input: simplify(node.input) });
    case 'filter': return mergeFilter({ ...node, input: simplify(node.input) });
    case 'window-aggregate': {
      const absorbed = absorbWindow(node);
      return { ...absorbed, input: simplify(absorbed.input) };
    }
    default: return withInputs(node, inputsOf(node).map(simplify));
  }
}

/** A projection of a projection is one, unless that would compute something costly several times. */
function mergeProject(node: Project): PlanNode {
  const { input } = node;
  if (isIdentity(node)) return input;
  if (input.kind !== 'project' || !worthMerging(node.expressions, input.expressions)) return node;
  const expressions = node.expressions.map((expression) => substitute(expression, (index) => input.expressions[index]!));
  return mergeProject({ ...node, expressions, input: input.input });
}

/** A filter above a projection goes below it; two filters are one. */
function mergeFilter(node: Filter): PlanNode {
  const { input, condition } = node;
  if (input.kind === 'filter') {
    return { ...node, input: input.input, condition: conjunction(input.condition, condition) };
  }
  if (input.kind !== 'project' || !worthMerging([condition, ...input.expressions.map((_, index) => columnRef(index, input.schema[index]!.type))], input.expressions)) return node;
  const below: Filter = {
    kind: 'filter', input: input.input, condition: substitute(condition, (index) => input.expressions[index]!),
    schema: input.input.schema, rowtime: input.input.rowtime,
  };
  return mergeProject({ ...input, input: mergeFilter(below) });
}

/** Every column as it is, by the same names. */
function isIdentity({ expressions, schema, input }: Project): boolean {
  return expressions.length === input.schema.length
    && expressions.every((expression, index) => expression.kind === 'column' && expression.index === index && schema[index]!.name === input.schema[index]!.name);
}

/** Whether no costly expression of `inner` is used more than once by `outer`. */
function worthMerging(outer: readonly Expression[], inner: readonly Expression[]): boolean {
  const uses = new Array<number>(inner.length).fill(0);
  const count = (expression: Expression): void => {
    if (expression.kind === 'column') uses[expression.index]! += 1;
    else if (expression.kind === 'call') expression.args.forEach(count);
  };
  outer.forEach(count);
  return inner.every((expression, index) => uses[index]! <= 1 || nodesOf(expression) <= cheapNodesMax);
}

function nodesOf(expression: Expression): number {
  return expression.kind === 'call' ? expression.args.reduce((sum, arg) => sum + nodesOf(arg), 1) : 1;
}

