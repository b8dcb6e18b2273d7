/**
 * Unpacks Zstandard piece by piece: what is unpacked is used where it lies, while it is in the processor's cache. A page of
 * megabytes unpacked whole is written to memory, copied and cleared, which costs half as much again as unpacking it.
 */
import { ZSTDDecoder } from 'zstddec/stream';
import { assert } from '../../core/errors.js';

/** Of what is unpacked, and of what is packed, in the code's own memory. */
const pieceBytes = 1 << 17, packedBytes = 1 << 14;
/** Codes of errors are the last values of a size. */
const errorsFrom = 2 ** 32 - 120;

interface Code {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly malloc: (bytes: number) => number;
  readonly ZSTD_createDCtx: () => number;
  readonly ZSTD_freeDCtx: (context: number) => void;
  readonly ZSTD_decompressStream: (context: number, output: number, input: number) => number;
}

/** Places in the code's memory: of pieces, and of three words each that say where they are, their sizes, and how far they are used. */
interface Room {
  readonly code: Code;
  readonly piece: number;
  readonly packed: number;
  readonly output: number;
  readonly input: number;
}

let preparing: Promise<Room> | null = null;
let room: Room | null = null;

/** Must have been waited for once before anything is unpacked. */
export async function prepareZstdStream(): Promise<void> {
  room = await (preparing ??= load());
}

async function load(): Promise<Room> {
  const decoder = new ZSTDDecoder();
  let code: Code | null = null;
  // Its own way of streaming makes an array of each piece.
  decoder._init = (result) => {
    ZSTDDecoder.prototype._init.call(decoder, result);
    code = result.instance.exports as unknown as Code;
  };
  await decoder.init();
  const { malloc } = code! as Code;
  return { code: code!, piece: malloc(pieceBytes), packed: malloc(packedBytes), output: malloc(12), input: malloc(12) };
}

/** A piece is valid until anything is unpacked again. Throws an Error where it is damaged, or not of that length. */
export function* unpackPieces(packed: Uint8Array, length: number): Generator<Uint8Array, undefined> {
  assert(room !== null, 'code to unpack is there');
  const { code, piece, packed: held, output, input } = room;
  const context = code.ZSTD_createDCtx();
  try {
    for (let used = 0, unpacked = 0; used < packed.length || unpacked < length;) {
      // Who unpacks another page meanwhile has written over all of it.
      const given = packed.subarray(used, used + packedBytes);
      new Uint8Array(code.memory.buffer, held, given.length).set(given);
      new Uint32Array(code.memory.buffer, output, 3).set([piece, pieceBytes, 0]);
      new Uint32Array(code.memory.buffer, input, 3).set([held, given.length, 0]);
      const result = code.ZSTD_decompressStream(context, output, input) >>> 0;
      if (result > errorsFrom) throw new Error(`a page cannot be unpacked (Zstandard's error ${2 ** 32 - result})`);
      const made = new Uint32Array(code.memory.buffer, output, 3)[2]!, taken = new Uint32Array(code.memory.buffer, input, 3)[2]!;
      used += taken;
      unpacked += made;
      if (unpacked > length || (made === 0 && taken === 0)) throw new Error(`${unpacked} bytes were unpacked where ${length} were said`);
      if (made > 0) yield new Uint8Array(code.memory.buffer, piece, made);
    }
  } finally {
    code.ZSTD_freeDCtx(context);
  }
}
