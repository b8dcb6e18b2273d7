/** Parquet files as one, without reading their rows: the bytes of all row groups, and one footer that says where they lie now. */
import { open, type FileHandle } from 'node:fs/promises';
import { bytesAt } from '../sources/parquet/footer.js';
import { factsOf, mergedFooter, type FooterFacts } from './merged-footer.js';

/** Before the row groups, and after the footer. */
const mark = Uint8Array.from([0x50, 0x41, 0x52, 0x31]);
/** What is copied at once. */
const pieceBytes = 1 << 20;
/** Rows of a row group, on average: of smaller ones readers would have to open too many. */
const groupRowsLeast = 4096;

interface Part {
  readonly handle: FileHandle;
  readonly footer: Uint8Array;
  readonly facts: FooterFacts;
  /** Bytes of row groups. */
  readonly length: number;
}

/**
 * Writes `target`, with the rows of `files` in that order. False, and no file: their columns differ, or their row groups
 * are so small that they should be made anew; `anySize`: they are taken as they are.
 */
export async function mergeFiles(files: readonly string[], target: string, anySize = false): Promise<boolean> {
  const handles: FileHandle[] = [];
  try {
    const parts: Part[] = [];
    for (const file of files) {
      const handle = await open(file, 'r');
      handles.push(handle);
      parts.push(await partOf(handle));
    }
    if (!areAlike(parts, anySize)) return false;
    const made = await open(target, 'w');
    handles.push(made);
    await write(made, parts);
    return true;
  } finally {
    for (const handle of handles) await handle.close();
  }
}

function areAlike(parts: readonly Part[], anySize: boolean): boolean {
  const first = Buffer.from(parts[0]!.facts.schema);
  let rows = 0, groups = 0;
  for (const { facts } of parts) {
    if (!first.equals(facts.schema)) return false;
    rows += facts.rows;
    groups += facts.groups;
  }
  return anySize || rows >= groups * groupRowsLeast;
}

async function partOf(handle: FileHandle): Promise<Part> {
  const { size } = await handle.stat();
  const tail = await bytesAt(handle, size - 8, 8);
  const length = new DataView(tail.buffer).getUint32(0, true);
  const start = size - 8 - length;
  if (start < mark.length) throw new Error(`the footer says it has ${length} bytes`);
  const footer = await bytesAt(handle, start, length);
  return { handle, footer, facts: factsOf(footer), length: start - mark.length };
}

async function write(made: FileHandle, parts: readonly Part[]): Promise<void> {
  await made.writeFile(mark);
  const piece = new Uint8Array(pieceBytes);
  let shift = 0;
  const places: { readonly footer: Uint8Array; readonly shift: number }[] = [];
  for (const { handle, footer, length } of parts) {
    places.push({ footer, shift });
    for (let at = 0; at < length;) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(pieceBytes, length - at), mark.length + at);
      if (bytesRead === 0) throw new Error('the file ends early');
      await made.writeFile(piece.subarray(0, bytesRead));
      at += bytesRead;
    }
    shift += length;
  }
  const footer = mergedFooter(places);
  const tail = new DataView(new ArrayBuffer(4));
  tail.setUint32(0, footer.length, true);
  await made.writeFile(Buffer.concat([footer, new Uint8Array(tail.buffer), mark]));
}
