/**
 * From hashes to addresses: a table with open addressing, in typed arrays, of 8 bytes for each place. It is cut into
 * segments that grow by themselves, so that no growth stops the flow for long. Nothing is ever read out in its order.
 */
interface Segment {
  /** Two words a place: an address + 2, or 0: never used, or 1: used before; then its hash. */
  words: Uint32Array;
  /** Places that hold or have held an address. */
  taken: number;
  live: number;
}

const SEGMENT_BITS = 6;
const SEGMENT_SHIFT = 32 - SEGMENT_BITS;
const FIRST = 2;
const USED_BEFORE = 1;
const SMALLEST = 16;

const emptySegment = (places: number): Segment => ({ words: new Uint32Array(2 * places), taken: 0, live: 0 });

export class KeyIndex {
  #segments = Array.from({ length: 1 << SEGMENT_BITS }, () => emptySegment(SMALLEST));
  /** Where in its segment `find` has found. */
  #found = 0;

  /** An address of that hash, 32 bits: the first, or the one after what was found for it last, `next`; -1: there is none. */
  find(hash: number, next = false): number {
    const { words } = this.#segments[hash >>> SEGMENT_SHIFT]!;
    const mask = words.length - 1;
    for (let at = (next ? this.#found + 2 : hash << 1) & mask; ; at = (at + 2) & mask) {
      const word = words[at]!;
      if (word === 0) return -1;
      if (word < FIRST || (words[at + 1]! ^ hash) !== 0) continue;
      this.#found = at;
      return word - FIRST;
    }
  }

  /** The address that stands where each hash is sought first, likely its own, or 0; so those places are at hand when they are sought. */
  likely(hashes: Int32Array, length: number, addresses: Uint32Array): void {
    const segments = this.#segments;
    for (let index = 0; index < length; index += 1) {
      const hash = hashes[index]!;
      const { words } = segments[hash >>> SEGMENT_SHIFT]!;
      const at = (hash << 1) & (words.length - 1), word = words[at]!;
      addresses[index] = word >= FIRST && (words[at + 1]! ^ hash) === 0 ? word - FIRST : 0;
    }
  }

  /** An address that is not there yet. */
  add(hash: number, address: number): void {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT]!;
    // A quarter stays empty, so that what is not there is soon known.
    if ((segment.taken + 1) * 8 > segment.words.length * 3) grow(segment);
    put(segment, hash, address + FIRST);
  }

  replace(hash: number, from: number, to: number): void {
    const { words } = this.#segments[hash >>> SEGMENT_SHIFT]!;
    // Mostly it was found just now.
    words[words[this.#found] === from + FIRST ? this.#found : placeOf(words, hash, from)] = to + FIRST;
  }

  remove(hash: number, address: number): void {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT]!;
    segment.words[placeOf(segment.words, hash, address)] = USED_BEFORE;
    segment.live -= 1;
  }

  clear(): void {
    this.#segments = this.#segments.map(() => emptySegment(SMALLEST));
  }
}

/** Without the places that were used before, and larger where more than half of the others is full. */
function grow(segment: Segment): void {
  const { words } = segment;
  const places = words.length / 2;
  const larger = emptySegment(segment.live * 2 >= places ? places * 2 : places);
  for (let at = 0; at < words.length; at += 2) if (words[at]! >= FIRST) put(larger, words[at + 1]!, words[at]!);
  Object.assign(segment, larger);
}

function put(segment: Segment, hash: number, word: number): void {
  const { words } = segment;
  const mask = words.length - 1;
  let at = (hash << 1) & mask;
  while (words[at] !== 0) at = (at + 2) & mask;
  words[at] = word;
  words[at + 1] = hash;
  segment.taken += 1;
  segment.live += 1;
}

function placeOf(words: Uint32Array, hash: number, address: number): number {
  const mask = words.length - 1;
  let at = (hash << 1) & mask;
  while (words[at] !== address + FIRST) at = (at + 2) & mask;
  return at;
}
