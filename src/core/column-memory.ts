/**
 * Arrays for columns, all zeros, cut one after another from larger pieces: of a few rows, an array that has memory of its
 * own costs more than to fill it. None is ever used again, so what was handed on stays as it is.
 */
const pieceBytes = 1 << 15;
/** Longer ones have memory of their own: little of a piece is left unused. */
const mostBytes = pieceBytes / 8;

export class ColumnMemory {
  #piece = new ArrayBuffer(0);
  #used = 0;

  reals(length: number): Float64Array {
    if (length * 8 > mostBytes) return new Float64Array(length);
    const at = this.#cut(length * 8);
    return new Float64Array(this.#piece, at, length);
  }

  codes(length: number): Int32Array {
    if (length * 4 > mostBytes) return new Int32Array(length);
    const at = this.#cut(length * 4);
    return new Int32Array(this.#piece, at, length);
  }

  bytes(length: number): Uint8Array {
    if (length > mostBytes) return new Uint8Array(length);
    const at = this.#cut(length);
    return new Uint8Array(this.#piece, at, length);
  }

  /** Where as many bytes begin in the piece. */
  #cut(size: number): number {
    const at = this.#used;
    // What follows begins at a multiple of 8 again.
    this.#used = at + ((size + 7) & ~7);
    if (this.#used <= this.#piece.byteLength) return at;
    this.#piece = new ArrayBuffer(pieceBytes);
    this.#used = (size + 7) & ~7;
    return 0;
  }
}
