/** The one file of rows in a zip archive, found through its central directory. Knows stored and deflated entries, and zip64. */
import { open, type FileHandle } from 'node:fs/promises';
import { TapewrightError } from '../../core/errors.js';
import { strangeArchive } from './strange.js';

export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Of its first byte in the archive. */
  readonly start: number;
}

const endSignature = 0x06054b50, end64Signature = 0x06064b50, locatorSignature = 0x07064b50, entrySignature = 0x02014b50, localSignature = 0x04034b50;
/** A size, an offset or a number of entries for which the zip64 fields are to be read. */
const beyond32 = 0xffffffff, beyond16 = 0xffff;

type Listed = Omit<ZipEntry, 'start'> & { readonly header: number; readonly encrypted: boolean };

/** Throws DATASET_CORRUPT for what is no whole archive, DATASET_INVALID unless exactly one file is in it. */
export async function onlyEntry(path: string): Promise<ZipEntry> {
  const handle = await open(path);
  try {
    const listed = await entriesOf(handle, path);
    const files = listed.filter(({ name }) => !name.endsWith('/') && !/(^|\/)(__MACOSX\/|\.DS_Store$)/.test(name));
    const strange = strangeArchive(files.map(({ name }) => name));
    if (strange !== null) throw new TapewrightError('DATASET_INVALID', `${path} ${strange}`, { path });
    if (files.length !== 1) {
      const names = files.slice(0, 5).map(({ name }) => name);
      const held = files.length === 0 ? 'holds no file' : `holds ${files.length} files (${names.join(', ')}${files.length > 5 ? ', …' : ''})`;
      throw new TapewrightError('DATASET_INVALID', `${path} ${held}; an archive must hold one: unpack it, and import the files that are wanted`, { path, files: names });
    }
    const { header, encrypted, ...file } = files[0]!;
    if (encrypted) throw new TapewrightError('DATASET_INVALID', `${path} is encrypted; unpack it first`, { path });
    if (file.method !== 0 && file.method !== 8) {
      throw new TapewrightError('DATASET_INVALID', `${path} is packed with method ${file.method}, and only deflate is known here; unpack it first`, { path, method: file.method });
    }
    // The local header repeats name and extra fields, at lengths of its own.
    const local = await read(handle, path, header, 30);
    if (local.readUInt32LE(0) !== localSignature) throw damaged(path);
    return { ...file, start: header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28) };
  } finally {
    await handle.close();
  }
}

async function entriesOf(handle: FileHandle, path: string): Promise<Listed[]> {
  const { size } = await handle.stat();
  // The end record is the last, but for a comment of up to 64 KiB.
  const tailLength = Math.min(size, 22 + beyond16);
  const tail = await read(handle, path, size - tailLength, tailLength);
  let at = tailLength - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at -= 1;
  if (at < 0) throw damaged(path);
  let count = tail.readUInt16LE(at + 10), length = tail.readUInt32LE(at + 12), offset = tail.readUInt32LE(at + 16);
  if (count === beyond16 || length === beyond32 || offset === beyond32) {
    if (at < 20 || tail.readUInt32LE(at - 20) !== locatorSignature) throw damaged(path);
    const end = await read(handle, path, Number(tail.readBigUInt64LE(at - 20 + 8)), 56);
    if (end.readUInt32LE(0) !== end64Signature) throw damaged(path);
    count = Number(end.readBigUInt64LE(32));
    length = Number(end.readBigUInt64LE(40));
    offset = Number(end.readBigUInt64LE(48));
  }
  const directory = await read(handle, path, offset, length);
  const entries: Listed[] = [];
  for (let from = 0; entries.length < count;) {
    if (from + 46 > directory.length || directory.readUInt32LE(from) !== entrySignature) throw damaged(path);
    const nameEnd = from + 46 + directory.readUInt16LE(from + 28), extraEnd = nameEnd + directory.readUInt16LE(from + 30);
    entries.push(entryAt(directory, from, nameEnd, extraEnd));
    from = extraEnd + directory.readUInt16LE(from + 32);
  }
  return entries;
}

function entryAt(directory: Buffer, at: number, nameEnd: number, extraEnd: number): Listed {
  const sizes = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
  for (let from = nameEnd; from + 4 <= extraEnd;) {
    const end = from + 4 + directory.readUInt16LE(from + 2);
    if (directory.readUInt16LE(from) === 1) {
      // Only those that did not fit are there, in this order.
      let wide = from + 4;
      for (let index = 0; index < sizes.length && wide + 8 <= end; index += 1) {
        if (sizes[index] !== beyond32) continue;
        sizes[index] = Number(directory.readBigUInt64LE(wide));
        wide += 8;
      }
    }
    from = end;
  }
  return {
    name: directory.toString('utf8', at + 46, nameEnd), method: directory.readUInt16LE(at + 10), crc: directory.readUInt32LE(at + 16),
    size: sizes[0]!, packed: sizes[1]!, header: sizes[2]!, encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
  };
}

async function read(handle: FileHandle, path: string, position: number, length: number): Promise<Buffer> {
  const { size } = await handle.stat();
  if (position < 0 || position + length > size) throw damaged(path);
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, position);
  return bytes;
}

const damaged = (path: string): TapewrightError =>
  new TapewrightError('DATASET_CORRUPT', `${path} is no whole zip archive: its directory cannot be read; fetch it again`, { path });
