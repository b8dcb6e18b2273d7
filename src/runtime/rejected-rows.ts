/** Rows of one lane that could not be used: they wait, in the order of their positions, for the step that passes them. */
import type { DeadLetter } from '../core/step.js';

export type Rejection = Omit<DeadLetter, 'lane' | 'step'>;

interface Waiting {
  letters: Rejection[];
  isSorted: boolean;
  /** A row that may yet be used keeps back what comes after it; Infinity: none does. */
  held: number;
}

export class RejectedRows {
  readonly #inputs: readonly Waiting[];
  #full = false;

  /** `most`: as many of an input fill a step, so that a file of nothing but bad rows takes little memory. */
  constructor(inputs: number, private readonly most: number) {
    this.#inputs = Array.from({ length: inputs }, () => ({ letters: [], isSorted: true, held: Infinity }));
  }

  add(input: number, letter: Rejection): void {
    const waiting = this.#inputs[input]!;
    const last = waiting.letters[waiting.letters.length - 1];
    if (last !== undefined && letter.position < last.position) waiting.isSorted = false;
    waiting.letters.push(letter);
    if (waiting.letters.length >= this.most) this.#full = true;
  }

  hold(input: number, position: number): void {
    this.#inputs[input]!.held = position;
  }

  /** Whether some input may fill a step. */
  get isFull(): boolean {
    return this.#full;
  }

  /** Position of the row that fills the step: no row after it belongs to it. Infinity while none does. */
  fills(input: number): number {
    const { letters, held } = this.#inputs[input]!;
    if (letters.length < this.most) return Infinity;
    const { position } = this.#sorted(input)[this.most - 1]!;
    return position < held ? position : Infinity;
  }

  /** As many as fill a step. */
  takeFill(input: number): Rejection[] {
    const taken = this.#sorted(input).splice(0, this.most);
    this.#full = this.#inputs.some(({ letters }) => letters.length >= this.most);
    return taken;
  }

  /** Those before `end` of their input: by input, then by position. */
  takeBefore(end: (input: number, partition: number) => number): Rejection[] {
    const taken: Rejection[] = [];
    for (const [input, waiting] of this.#inputs.entries()) {
      if (waiting.letters.length === 0) continue;
      const letters = this.#sorted(input);
      const later = letters.findIndex(({ partition, position }) => position >= end(input, partition));
      for (const letter of letters.splice(0, later < 0 ? letters.length : later)) taken.push(letter);
    }
    if (this.#full) this.#full = this.#inputs.some(({ letters }) => letters.length >= this.most);
    return taken;
  }

  #sorted(input: number): Rejection[] {
    const waiting = this.#inputs[input]!;
    if (!waiting.isSorted) waiting.letters.sort((a, b) => a.position - b.position);
    waiting.isSorted = true;
    return waiting.letters;
  }
}
