/** Bytes that come again and again, each known by a number from 0 on. Everything here runs for each record. */
export class KnownBytes {
  readonly sizes: number[] = [];
  /** Of each, four bytes at a time, of which the last ones overlap: where they begin in `#words`. Fewer than four are one word. */
  readonly #starts: number[] = [];
  #words = new Int32Array(64);
  #end = 0;
  #last = 0;

  /** `most`: as many are known, and no more. */
  constructor(private readonly most: number) {}

  /** Which of them begins at `at`, where none is the beginning of another; -1: none that ends by `last`. Four bytes may be looked at. */
  find(view: DataView, at: number, last: number): number {
    const { length } = this.sizes;
    if (this.#last < length && this.#isAt(this.#last, view, at, last)) return this.#last;
    for (let number = 0; number < length; number += 1) {
      if (number !== this.#last && this.#isAt(number, view, at, last)) return (this.#last = number);
    }
    return -1;
  }

  #isAt(number: number, view: DataView, at: number, last: number): boolean {
    const size = this.sizes[number]!, words = this.#words, end = at + size - 4;
    if (end + 4 > last) return false;
    let word = this.#starts[number]!;
    if (size < 4) return lowest(view.getInt32(at, true), size) === words[word];
    for (let from = at; from < end; from += 4, word += 1) if (view.getInt32(from, true) !== words[word]) return false;
    return view.getInt32(end, true) === words[word];
  }

  /** The number of bytes that are new; -1: there are too many. */
  add(bytes: Buffer, start: number, end: number): number {
    if (this.sizes.length === this.most) return -1;
    const size = end - start, count = Math.max(1, Math.ceil(size / 4));
    while (this.#end + count > this.#words.length) {
      const larger = new Int32Array(2 * this.#words.length);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#starts.push(this.#end);
    if (size < 4) this.#words[this.#end] = size === 0 ? 0 : bytes.readUIntLE(start, size);
    else for (let word = 0; word < count; word += 1) this.#words[this.#end + word] = bytes.readInt32LE(start + Math.min(4 * word, size - 4));
    this.#end += count;
    return this.sizes.push(size) - 1;
  }
}

/** Of a word, its first bytes: fewer than four. */
const lowest = (word: number, size: number): number => word & ((1 << (8 * size)) - 1);
