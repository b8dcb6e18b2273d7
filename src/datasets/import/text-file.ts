/** A file of text, plain or packed (gzip, or a zip archive of one file), as lines. */
import { isUtf8 } from 'node:buffer';
import { createReadStream, type ReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Transform, type Readable } from 'node:stream';
import { crc32, createGunzip, createInflateRaw } from 'node:zlib';
import { TapewrightError } from '../../core/errors.js';
import { onlyEntry, type ZipEntry } from './zip.js';

export type Packing = 'none' | 'gzip' | 'zip';
export type Encoding = 'utf8' | 'latin1';

export interface TextFile {
  readonly path: string;
  /** Of what holds the lines: the entry of the archive, or the file without `.gz`. */
  readonly name: string;
  readonly packing: Packing;
  readonly entry: ZipEntry | null;
  /** Bytes on disk. */
  readonly size: number;
}

/** Consecutive lines without their ends. */
export interface Lines {
  readonly lines: readonly string[];
  /** Indices of lines that are not UTF-8, given as latin1; null: none. */
  readonly foreign: ReadonlySet<number> | null;
  /** Of the file on disk, read so far. */
  readonly bytes: number;
}

const pieceBytes = 1 << 20;
/** A line longer than this is no row of market data; the file is something else. */
const lineBytesMax = 16 << 20;

/** Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID. */
export async function findText(path: string): Promise<TextFile> {
  const { size } = await stat(path);
  const head = Buffer.alloc(4);
  const handle = await open(path);
  await handle.read(head, 0, 4, 0);
  await handle.close();
  const name = basename(path);
  if (head[0] === 0x1f && head[1] === 0x8b) return { path, name: name.replace(/\.gz$/i, ''), packing: 'gzip', entry: null, size };
  if (head[0] === 0x50 && head[1] === 0x4b) {
    const entry = await onlyEntry(path);
    return { path, name: basename(entry.name), packing: 'zip', entry, size };
  }
  const packed = Object.entries(otherPackings).find(([magic]) => head.toString('hex').startsWith(magic));
  if (packed !== undefined) throw new TapewrightError('DATASET_INVALID', `${path} is packed with ${packed[1]}; unpack it first (gzip and zip are unpacked here)`, { path });
  return { path, name, packing: 'none', entry: null, size };
}

const otherPackings: Readonly<Record<string, string>> = { '28b52ffd': 'zstd', fd377a58: 'xz', '425a68': 'bzip2', '377abcaf': '7-Zip', '5d000080': 'LZMA' };

/** All lines in pieces. Throws DATASET_CORRUPT where packed bytes are damaged, or a line has no end. */
export async function* linesOf(file: TextFile, encoding: Encoding): AsyncGenerator<Lines> {
  const { stream, disk } = unpacked(file);
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      if (rest.length > lineBytesMax) throw new TapewrightError('DATASET_CORRUPT', `${file.path} has a line longer than 16 MiB: it is no file of rows`, { path: file.path });
      if (end > 0) {
        yield decode(withoutMark(bytes.subarray(0, end - 1), isFirst), encoding, disk.bytesRead);
        isFirst = false;
      }
    }
    if (rest.length > 0) yield decode(withoutMark(rest, isFirst), encoding, disk.bytesRead);
  } catch (cause) {
    if (cause instanceof TapewrightError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new TapewrightError('DATASET_CORRUPT', `${file.path} is damaged: ${said}; fetch it again`, { path: file.path, said }, { cause });
  } finally {
    disk.destroy();
    stream.destroy();
  }
}

const withoutMark = (bytes: Buffer, isFirst: boolean): Buffer =>
  (isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes);

function decode(bytes: Buffer, encoding: Encoding, bytesRead: number): Lines {
  const isDecodable = encoding === 'latin1' || isUtf8(bytes);
  const lines = bytes.toString(isDecodable ? encoding : 'latin1').split('\n');
  const foreign = isDecodable ? null : new Set<number>();
  for (let index = 0; index < lines.length; index += 1) {
    let line = lines[index]!;
    if (line.endsWith('\r')) line = lines[index] = line.slice(0, -1);
    if (foreign === null || /^[\x00-\x7f]*$/.test(line)) continue;
    const own = Buffer.from(line, 'latin1');
    if (isUtf8(own)) lines[index] = own.toString('utf8');
    else foreign.add(index);
  }
  return { lines, foreign, bytes: bytesRead };
}

function unpacked({ path, packing, entry }: TextFile): { readonly stream: Readable; readonly disk: ReadStream } {
  const range = entry === null ? {} : { start: entry.start, end: Math.max(entry.start, entry.start + entry.packed - 1) };
  const disk = createReadStream(path, { highWaterMark: pieceBytes, ...range });
  // Errors come out of the last stream, where they are awaited.
  const done = (): void => undefined;
  if (packing === 'none') return { stream: disk, disk };
  if (packing === 'gzip') return { stream: pipeline(disk, createGunzip({ chunkSize: pieceBytes }), done), disk };
  const checked = checker(entry!);
  const stream = entry!.method === 0 ? pipeline(disk, checked, done) : pipeline(disk, createInflateRaw({ chunkSize: pieceBytes }), checked, done);
  return { stream, disk };
}

/** Passes an entry's bytes on, and fails at their end when they are not those that were packed. */
function checker(entry: ZipEntry): Transform {
  let crc = 0, size = 0;
  return new Transform({
    highWaterMark: pieceBytes,
    transform(piece: Buffer, _encoding, next) {
      crc = crc32(piece, crc);
      size += piece.length;
      next(null, piece);
    },
    flush(next) {
      next(crc === entry.crc && size === entry.size ? null : new Error('its bytes are not those that were packed'));
    },
  });
}
