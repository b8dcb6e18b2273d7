/**
 * The hashes of rows (see murmur3.ts) as code of WebAssembly, which has the 64-bit integers that the hash is made of. It is
 * put together here, instruction by instruction: one function that adds up the hashes of rows that lie one after the other.
 */

/** In the code's memory: the sum (16 bytes), where rows end (a word each), the rows. */
export const SUM = 0, ENDS = 16;

// Numbers of locals: parameters first.
const COUNT = 0, AT = 1, BIAS = 2;
const END = 3, TO = 4, REST = 5;
const H1 = 6, H2 = 7, K1 = 8, K2 = 9, HIGH = 10, LOW = 11, HASHED = 12;

const C1 = 0x87c37b91114253d5n, C2 = 0x4cf5ad432745937fn;

/** Signed LEB128. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = Number(BigInt.asUintN(7, rest));
    rest >>= 7n;
    const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
    bytes.push(isLast ? low : low + 128);
    if (isLast) return bytes;
  }
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const int = (value: number): number[] => [0x41, ...signed(BigInt(value))];
const long = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];
const block = (...body: readonly number[][]): number[] => [0x02, 0x40, ...body.flat(), 0x0b];
const loop = (...body: readonly number[][]): number[] => [0x03, 0x40, ...body.flat(), 0x0b];
/** Out of the `depth`th block around, or to the start of the loop, where the number on top is not 0. */
const branchIf = (depth: number): number[] => [0x0d, depth];
const branch = (depth: number): number[] => [0x0c, depth];
/** By the number on top. */
const either = (then: readonly number[][], otherwise: readonly number[][]): number[] => [0x04, 0x40, ...then.flat(), 0x05, ...otherwise.flat(), 0x0b];

const isZero = [0x45], lessThan = [0x49], add = [0x6a], subtract = [0x6b], extended = [0xad], shiftLeftOfWord = [0x74];
const lessThanLong = [0x54], addLong = [0x7c], subtractLong = [0x7d], multiply = [0x7e], and = [0x83], xor = [0x85], shiftLeft = [0x86], shiftRight = [0x88], rotate = [0x89];
/** Words need not lie at multiples of their size. */
const loadWord = [0x28, 0, 0];
const loadLong = (offset: number): number[] => [0x29, 0, offset];
const storeLong = (offset: number): number[] => [0x37, 0, offset];

/** The code that scrambles `k` and puts it into `h`. */
const scramble = (h: number, k: number, first: bigint, turn: bigint, second: bigint): number[] =>
  [get(h), get(k), long(first), multiply, long(turn), rotate, long(second), multiply, xor, set(h)].flat();
/** `h` turned, plus the other, times 5, plus a constant. */
const mixIn = (h: number, turn: bigint, other: number, constant: bigint): number[] =>
  [get(h), long(turn), rotate, get(other), addLong, long(5n), multiply, long(constant), addLong, set(h)].flat();
const foldRight = (h: number, bits: bigint): number[] => [get(h), get(h), long(bits), shiftRight, xor, set(h)].flat();
const times = (h: number, factor: bigint): number[] => [get(h), long(factor), multiply, set(h)].flat();
const finalMix = (h: number): number[] => [foldRight(h, 33n), times(h, 0xff51afd7ed558ccdn), foldRight(h, 33n), times(h, 0xc4ceb9fe1a85ec53n), foldRight(h, 33n)].flat();
const addTo = (h: number, other: number): number[] => [get(h), get(other), addLong, set(h)].flat();
const both = (h: number, other: number): number[] => [...addTo(h, other), ...addTo(other, h)];

const firstWord = scramble(H1, K1, C1, 31n, C2), secondWord = scramble(H2, K2, C2, 33n, C1);
/** `k`: the next bytes, of which there are fewer than 8; what lies behind them is left out. */
const part = (k: number, offset: number): number[] =>
  [get(AT), loadLong(offset), long(1n), get(REST), int(3), shiftLeftOfWord, extended, ...(offset === 0 ? [] : [long(64n), subtractLong]), shiftLeft, long(1n), subtractLong, and, set(k)].flat();

const wholeBlocks = block(loop(
  get(TO), get(AT), subtract, int(16), lessThan, branchIf(1),
  get(AT), loadLong(0), set(K1), get(AT), loadLong(8), set(K2),
  firstWord, mixIn(H1, 27n, H2, 0x52dce729n), secondWord, mixIn(H2, 31n, H1, 0x38495ab5n),
  get(AT), int(16), add, set(AT), branch(0),
));

const lastBlock = [
  get(TO), get(AT), subtract, set(REST),
  get(REST), int(8), lessThan,
  either([part(K1, 0), long(0n), set(K2)], [get(AT), loadLong(0), set(K1), part(K2, 8)]),
  firstWord, secondWord,
].flat();

const eachRow = block(loop(
  get(COUNT), isZero, branchIf(1),
  get(END), loadWord, get(BIAS), add, set(TO),
  // The length is put in at the end, but only now is it known where the row began.
  get(TO), get(AT), subtract, extended, set(HASHED),
  long(0n), set(H1), long(0n), set(H2),
  wholeBlocks, lastBlock,
  get(H1), get(HASHED), xor, set(H1), get(H2), get(HASHED), xor, set(H2),
  both(H1, H2), finalMix(H1), finalMix(H2), both(H1, H2),
  addTo(LOW, H2),
  get(HIGH), get(H1), addLong, get(LOW), get(H2), lessThanLong, extended, addLong, set(HIGH),
  get(TO), set(AT), get(END), int(4), add, set(END), get(COUNT), int(1), subtract, set(COUNT), branch(0),
));

const body = [
  int(ENDS), set(END), eachRow,
  int(SUM), get(HIGH), storeLong(0), int(SUM), get(LOW), storeLong(8),
].flat();

const WORD = 0x7f, LONG = 0x7e;
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, ...content: readonly number[]): number[] => [id, ...sized(content)];
const named = (name: string): number[] => sized(Array.from(name, (letter) => letter.charCodeAt(0)));

/**
 * Exports `memory`, a page of 64 KiB at first, and `sum(count, at, bias)`: the sum of the hashes of `count` rows modulo 2^128,
 * its high half before its low one at SUM, little-endian. The first row begins at byte `at`, and each ends `bias` behind what
 * its word says. Eight bytes behind the rows may be read; what they are does not matter.
 */
export function rowHashCode(): Uint8Array {
  const locals = [[3, WORD], [7, LONG]].flat();
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, 1, 0x60, 3, WORD, WORD, WORD, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...named('memory'), 2, 0, ...named('sum'), 0, 0),
    ...section(10, 1, ...sized([2, ...locals, ...body, 0x0b])),
  ]);
}
