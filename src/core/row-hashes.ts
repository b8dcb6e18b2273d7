/** The sum of the hashes of rows, by code of WebAssembly where there is such a thing. */
import { littleEndian } from './byte-reader.js';
import { murmur3 } from './murmur3.js';
import { ENDS, rowHashCode, SUM } from './row-hash-code.js';

/** Of WebAssembly, what is used here: the pure layers know no more than the language. */
interface Code {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  sum(count: number, at: number, bias: number): void;
}
interface Compiler {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

declare const WebAssembly: Compiler | undefined;

const PAGE = 65_536;
/** Bytes of rows that are copied into the code's memory, which never shrinks. */
const BYTES_MOST = 1 << 22;
/** That the code may read behind the rows. */
const BEHIND = 8;

let code: Code | null | undefined;
/** The code's memory. */
let bytes = new Uint8Array(0);
let words = new Uint32Array(0);

function prepared(): Code | null {
  if (code !== undefined) return code;
  // Some run without: they hash as the code does.
  if (typeof WebAssembly === 'undefined' || !littleEndian) return (code = null);
  return (code = new WebAssembly.Instance(new WebAssembly.Module(rowHashCode())).exports as Code);
}

const rowHash = new Int32Array(4);

/**
 * Adds the hashes of `count` rows, at most 1,024, to `sum`, four words of 32 bits, highest first; none of them is carried.
 * The first row begins at byte `start` of `view`, and `ends` says where each ends.
 */
export function addRowHashes(view: DataView, start: number, ends: Int32Array, count: number, sum: Float64Array): void {
  if (count === 0) return;
  const length = ends[count - 1]! - start;
  const made = length <= BYTES_MOST ? prepared() : null;
  if (made === null) addOneByOne(view, start, ends, count, sum);
  else addByCode(made, view, start, length, ends, count, sum);
}

function addByCode({ memory, sum: run }: Code, view: DataView, start: number, length: number, ends: Int32Array, count: number, sum: Float64Array): void {
  const at = ENDS + 4 * count;
  const size = at + length + BEHIND;
  if (size > memory.buffer.byteLength) memory.grow(Math.ceil((size - memory.buffer.byteLength) / PAGE));
  if (bytes.buffer !== memory.buffer) {
    bytes = new Uint8Array(memory.buffer);
    words = new Uint32Array(memory.buffer);
  }
  for (let row = 0; row < count; row++) words[ENDS / 4 + row] = ends[row]!;
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), at);
  run(count, at, at - start);
  sum[0] = sum[0]! + words[SUM / 4 + 1]!;
  sum[1] = sum[1]! + words[SUM / 4]!;
  sum[2] = sum[2]! + words[SUM / 4 + 3]!;
  sum[3] = sum[3]! + words[SUM / 4 + 2]!;
}

/** As the code does it, in a language that has no integers of 64 bits. */
export function addOneByOne(view: DataView, start: number, ends: Int32Array, count: number, sum: Float64Array): void {
  let from = start;
  for (let row = 0; row < count; row++) {
    const to = ends[row]!;
    murmur3(view, from, to, rowHash);
    for (let word = 0; word < 4; word++) sum[word] = sum[word]! + (rowHash[word]! >>> 0);
    from = to;
  }
}
