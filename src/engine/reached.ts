/** Nodes of a plan that rows or watermarks of inputs reach, in the order in which they run. */
import { reachable, type PhysicalNode } from './physical.js';

export class Reached {
  readonly all: readonly number[];
  readonly #byInput: readonly (readonly number[])[];
  /** Of several inputs, by their numbers: a chunk comes with the same ones again and again. */
  readonly #byInputs = new Map<string, readonly number[]>();

  constructor(nodes: readonly PhysicalNode[], inputs: number) {
    this.all = nodes.map((_, index) => index);
    this.#byInput = Array.from({ length: inputs }, (_, input) => reachable(nodes, input));
  }

  by(input: number): readonly number[] {
    return this.#byInput[input]!;
  }

  byAll(parts: readonly { readonly batch: { readonly input: number } }[]): readonly number[] {
    if (parts.length === 1) return this.by(parts[0]!.batch.input);
    let name = '';
    for (const { batch } of parts) name += `${batch.input},`;
    let nodes = this.#byInputs.get(name);
    if (nodes === undefined) {
      nodes = [...new Set(parts.flatMap(({ batch }) => this.by(batch.input)))].sort((a, b) => a - b);
      this.#byInputs.set(name, nodes);
    }
    return nodes;
  }
}
