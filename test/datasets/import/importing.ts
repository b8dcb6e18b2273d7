/** Imports as tests make them: files from texts, and the rows that came out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { importDataset, type ImportResult } from '../../../src/datasets/import/import.js';
import { importOptions, type ImportFlags } from '../../../src/datasets/import/options.js';
import { openDuck, textRows } from '../../../src/sources/duck.js';
import { quoteText } from '../../../src/sources/quote.js';

export type Flags = Partial<ImportFlags>;

/** Imports into `imported` of `directory`, or where the flags say. */
export async function importFiles(directory: string, paths: readonly string[], flags: Flags = {}): Promise<ImportResult> {
  return importDataset(paths, importOptions({ name: 'imported', order: 'time', encoding: 'utf8', out: join(directory, 'imported'), ...flags }));
}

/** Writes files into `directory` and gives their paths. */
export function filesIn(directory: string, files: Readonly<Record<string, string | Uint8Array>>): string[] {
  return Object.entries(files).map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}

/** Rows of a dataset's folder in their order, a text each: symbol price volume bid ask time exchange type. */
export async function rowsOf(folder: string): Promise<string[]> {
  const rows = await query([join(folder, 'data.parquet')], `SELECT concat_ws(' ', symbol, coalesce(price::VARCHAR, '-'), volume, coalesce(bid::VARCHAR, '-'), coalesce(ask::VARCHAR, '-'),
    strftime(event_time, '%Y-%m-%dT%H:%M:%S.%g'), coalesce(exchange, '-'), event_type) FROM read_parquet(${quoteText(join(folder, 'data.parquet'))})`);
  return rows.map(([row]) => row!);
}

export async function query(files: readonly string[], sql: string): Promise<(string | null)[][]> {
  const duck = await openDuck({ files });
  try {
    return await textRows(duck.connection, sql);
  } finally {
    duck.close();
  }
}

/** Imports one file and gives its rows. */
export async function imported(directory: string, name: string, content: string | Uint8Array, flags: Flags = {}): Promise<{ readonly rows: string[]; readonly result: ImportResult }> {
  const result = await importFiles(directory, filesIn(directory, { [name]: content }), flags);
  return { rows: await rowsOf(result.path), result };
}

export const gzip = (text: string): Uint8Array => gzipSync(text);

/** A zip archive as the specification has it; `stored` leaves the bytes as they are. */
export function zip(files: Readonly<Record<string, string>>, { stored = false }: { readonly stored?: boolean } = {}): Buffer {
  const locals: Buffer[] = [], entries: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text), packed = stored ? content : deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from('504b01021400', 'hex'), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
