/** Buffers of a record batch as they were before they were packed. */
import { decompress } from 'fzstd';
import { unpackLz4 } from './lz4.js';

/** As Arrow numbers them. */
const lz4 = 0, zstd = 1;
/** Of one buffer: a hostile file says more than it holds. */
const bytesMax = 2 ** 30;

/**
 * `packing`: as the batch says, null for none. The result begins at a multiple of 8, so that any typed array can lie
 * over it. Throws an Error where the bytes are damaged.
 */
export function unpack(bytes: Uint8Array, packing: number | null): Uint8Array {
  if (packing === null || bytes.length === 0) return aligned(bytes);
  if (bytes.length < 8) throw new Error('a packed buffer has no length');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true));
  const packed = bytes.subarray(8);
  // One that packing would have made longer lies as it is.
  if (length === -1) return aligned(packed);
  if (length < 0 || length > bytesMax) throw new Error(`a packed buffer says it holds ${length} bytes; at most 1 GiB is unpacked`);
  const target = new Uint8Array(length);
  if (length === 0) return target;
  if (packing === lz4) unpackLz4(packed, target);
  else if (packing === zstd) unpackZstd(packed, target);
  else throw new Error(`packing ${packing} is not known (LZ4 and ZSTD are)`);
  return target;
}

function unpackZstd(packed: Uint8Array, target: Uint8Array): void {
  const unpacked = decompress(packed, target);
  if (unpacked.length !== target.length) throw new Error(`${unpacked.length} bytes were unpacked where ${target.length} were said`);
  if (unpacked.buffer !== target.buffer) target.set(unpacked);
}

const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());
