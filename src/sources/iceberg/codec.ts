/** Unpacks the blocks of Avro files. Every codec is bounded, so that a few bytes cannot become a full memory. */
import { crc32, inflateRawSync } from 'node:zlib';
import { Decompress } from 'fzstd';

/** Throws what the library raises, or an Error saying what is wrong with the bytes. */
export type Unpack = (packed: Buffer, bytesMax: number) => Buffer;

/** By the name in a file's header. */
export const codecs: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['null', (packed) => packed],
  ['deflate', (packed, bytesMax) => inflateRawSync(packed, { maxOutputLength: bytesMax })],
  ['zstandard', zstandard],
  ['snappy', (packed, bytesMax) => {
    // Avro puts a checksum behind the block, which Snappy has none of.
    const bytes = snappy(packed.subarray(0, -4), bytesMax);
    if (packed.length < 5 || crc32(bytes) !== packed.readUInt32BE(packed.length - 4)) throw new Error('the checksum of a block is not that of its bytes');
    return bytes;
  }],
]);

const tooLong = (bytesMax: number): Error => new Error(`a block has more than ${bytesMax} bytes`);

function zstandard(packed: Buffer, bytesMax: number): Buffer {
  const pieces: Uint8Array[] = [];
  let length = 0;
  new Decompress((piece) => {
    length += piece.length;
    if (length > bytesMax) throw tooLong(bytesMax);
    pieces.push(piece);
  }).push(packed, true);
  return Buffer.concat(pieces, length);
}

/** Snappy's raw format: the length, then literals and copies of what came before. */
function snappy(packed: Buffer, bytesMax: number): Buffer {
  const damaged = (): Error => new Error('a block is no Snappy');
  let at = 0, length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = packed[at]!;
    if (shift > 28 || at >= packed.length) throw damaged();
    at += 1;
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  if (length > bytesMax) throw tooLong(bytesMax);
  const bytes = Buffer.alloc(length);
  let to = 0;
  while (at < packed.length) {
    const tag = packed[at]!, kind = tag & 3;
    at += 1;
    // How many bytes follow the tag: of a long literal its length, of a copy where it is from.
    const more = kind === 0 ? Math.max(0, (tag >> 2) - 59) : [0, 1, 2, 4][kind]!;
    if (at + more > packed.length) throw damaged();
    const number = more === 0 ? 0 : packed.readUIntLE(at, more);
    at += more;
    if (kind === 0) {
      const size = (more === 0 ? tag >> 2 : number) + 1;
      if (at + size > packed.length || to + size > length) throw damaged();
      packed.copy(bytes, to, at, at + size);
      at += size;
      to += size;
      continue;
    }
    const size = kind === 1 ? 4 + ((tag >> 2) & 7) : (tag >> 2) + 1;
    const back = kind === 1 ? ((tag >> 5) << 8) | number : number;
    if (back === 0 || back > to || to + size > length) throw damaged();
    // Byte by byte: a copy may run into what it writes.
    for (const end = to + size; to < end; to += 1) bytes[to] = bytes[to - back]!;
  }
  if (to !== length) throw damaged();
  return bytes;
}
