/**
 * Nodes of a plan that rows or watermarks of inputs reach, in the order in which they run. The end of a transaction moves
 * the watermarks of all tables of its database, also where a chunk has no row of them.
 */
import { reachable, type PhysicalNode } from './physical.js';

/** Sets of inputs that are remembered at the most. */
const setsMost = 1024;

export class Reached {
  readonly all: readonly number[];
  readonly #byInput: readonly (readonly number[])[];
  /** Of several inputs, by their numbers: a chunk comes with the same ones again and again, its partitions in ever other orders. */
  readonly #byInputs = new Map<string, readonly number[]>();
  /** By input: whether the chunk has rows of it. */
  readonly #has: Uint8Array;

  /** `captures`: inputs whose rows come in transactions, by database. */
  constructor(nodes: readonly PhysicalNode[], inputs: number, captures: readonly (readonly number[])[]) {
    this.all = nodes.map((_, index) => index);
    this.#has = new Uint8Array(inputs);
    const byInput = Array.from({ length: inputs }, (_, input) => reachable(nodes, input));
    for (const tables of captures) {
      const together = [...new Set(tables.flatMap((input) => byInput[input]!))].sort((a, b) => a - b);
      for (const input of tables) byInput[input] = together;
    }
    this.#byInput = byInput;
  }

  by(input: number): readonly number[] {
    return this.#byInput[input]!;
  }

  byAll(parts: readonly { readonly batch: { readonly input: number } }[]): readonly number[] {
    if (parts.length === 1) return this.by(parts[0]!.batch.input);
    for (const { batch } of parts) this.#has[batch.input] = 1;
    let name = '';
    for (let input = 0; input < this.#has.length; input += 1) {
      if (this.#has[input] !== 0) name += `${input},`;
      this.#has[input] = 0;
    }
    let nodes = this.#byInputs.get(name);
    if (nodes === undefined) {
      nodes = [...new Set(parts.flatMap(({ batch }) => this.by(batch.input)))].sort((a, b) => a - b);
      if (this.#byInputs.size === setsMost) this.#byInputs.clear();
      this.#byInputs.set(name, nodes);
    }
    return nodes;
  }
}
