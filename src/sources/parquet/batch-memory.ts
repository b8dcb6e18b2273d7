/** More of one length are never on their way: a few batches, and the columns of a table. */
const keptMost = 64;

/** Arrays for the columns of batches: those of batches that were given back, before new ones. `most`: kept of one length. */
export class BatchMemory {
  readonly #free = new Map<number, ArrayBuffer[]>();

  constructor(private readonly most = keptMost) {}

  /** What is in them is left from before. */
  reals(length: number): Float64Array {
    return new Float64Array(this.#take(length * 8));
  }

  codes(length: number): Int32Array {
    return new Int32Array(this.#take(length * 4));
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#take(length));
  }

  #take(bytes: number): ArrayBuffer {
    return this.#free.get(bytes)?.pop() ?? new ArrayBuffer(bytes);
  }

  takeBack(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      const alike = this.#free.get(buffer.byteLength);
      if (alike === undefined) this.#free.set(buffer.byteLength, [buffer]);
      else if (alike.length < this.most) alike.push(buffer);
    }
  }
}
