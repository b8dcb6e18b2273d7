/** Lines of text into a file, as they come. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { writing } from '../stores/files.js';

/** Characters that are written in one go. */
const PIECE = 1 << 20;

/** Writes `lines` to a new file at `path`, each with its end; `onLines` hears how many. The SHA-256 of the bytes, in hex. Throws OUTPUT_UNWRITABLE. */
export async function writeLines(path: string, lines: Iterable<string>, onLines: (made: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const file = await writing(path, () => open(path, 'wx'));
  try {
    let piece = '', made = 0;
    const flush = async (): Promise<void> => {
      hash.update(piece);
      await writing(path, () => file.appendFile(piece));
      piece = '';
      onLines(made);
    };
    for (const line of lines) {
      piece += `${line}\n`;
      made += 1;
      if (piece.length >= PIECE) await flush();
    }
    await flush();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
