/**
 * From hashes to addresses: a table with open addressing, in typed arrays, of 5 bytes for each place. It is cut into
 * segments that grow by themselves, so that no growth stops the flow for long. Nothing is ever read out in its order.
 */
interface Segment {
  /** An address + 2; 0: never used, 1: used before. */
  places: Uint32Array;
  /** Bits of the hash that do not choose the place: what differs in them is not looked at. */
  tags: Uint8Array;
  /** Places that hold or have held an address. */
  taken: number;
  live: number;
}

const SEGMENT_BITS = 6;
const SEGMENT_SHIFT = 32 - SEGMENT_BITS;
const TAG_SHIFT = SEGMENT_SHIFT - 8;
const FIRST = 2;
const USED_BEFORE = 1;
const SMALLEST = 16;

const emptySegment = (places: number): Segment => ({ places: new Uint32Array(places), tags: new Uint8Array(places), taken: 0, live: 0 });

export class KeyIndex {
  #segments = Array.from({ length: 1 << SEGMENT_BITS }, () => emptySegment(SMALLEST));

  /** `hashAt`: the hash, 32 bits, of what lies at an address. */
  constructor(private readonly hashAt: (address: number) => number) {}

  /** The address of that hash which `isSought` takes; -1: there is none. */
  find(hash: number, isSought: (address: number) => boolean): number {
    const { places, tags } = this.#segments[hash >>> SEGMENT_SHIFT]!;
    const mask = places.length - 1;
    const tag = (hash >>> TAG_SHIFT) & 255;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const place = places[at]!;
      if (place === 0) return -1;
      if (place >= FIRST && tags[at] === tag && isSought(place - FIRST)) return place - FIRST;
    }
  }

  /** An address that is not there yet. */
  add(hash: number, address: number): void {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT]!;
    // A quarter stays empty, so that what is not there is soon known.
    if ((segment.taken + 1) * 4 > segment.places.length * 3) this.#grow(segment);
    put(segment, hash, address);
  }

  replace(hash: number, from: number, to: number): void {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT]!;
    segment.places[placeOf(segment, hash, from)] = to + FIRST;
  }

  remove(hash: number, address: number): void {
    const segment = this.#segments[hash >>> SEGMENT_SHIFT]!;
    segment.places[placeOf(segment, hash, address)] = USED_BEFORE;
    segment.live -= 1;
  }

  clear(): void {
    this.#segments = this.#segments.map(() => emptySegment(SMALLEST));
  }

  /** Without the places that were used before, and larger where more than half of the others is full. */
  #grow(segment: Segment): void {
    const { places } = segment;
    const larger = emptySegment(segment.live * 2 >= places.length ? places.length * 2 : places.length);
    for (const place of places) if (place >= FIRST) put(larger, this.hashAt(place - FIRST), place - FIRST);
    Object.assign(segment, larger);
  }
}

function put(segment: Segment, hash: number, address: number): void {
  const { places, tags } = segment;
  const mask = places.length - 1;
  let at = hash & mask;
  while (places[at] !== 0) at = (at + 1) & mask;
  places[at] = address + FIRST;
  tags[at] = (hash >>> TAG_SHIFT) & 255;
  segment.taken += 1;
  segment.live += 1;
}

function placeOf({ places }: Segment, hash: number, address: number): number {
  const mask = places.length - 1;
  let at = hash & mask;
  while (places[at] !== address + FIRST) at = (at + 1) & mask;
  return at;
}
