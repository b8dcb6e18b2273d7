/** Every node of a syntax tree, or of a part of one, from the outermost. */
export function* nodesOf(node: object): Generator<object> {
  yield node;
  for (const value of Object.values(node) as unknown[]) {
    for (const inner of Array.isArray(value) ? value as unknown[] : [value]) {
      if (typeof inner === 'object' && inner !== null) yield* nodesOf(inner);
    }
  }
}
