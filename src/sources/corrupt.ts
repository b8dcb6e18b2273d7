/** A file whose bytes are not what they should be. */
import { TapewrightError } from '../core/errors.js';
import { shortened } from './duck-error.js';

/** What reading it failed with, as an error that says what to do. `where`: how far it was read. */
export function corrupt(file: string, where: string, cause: unknown): TapewrightError {
  const said = shortened(cause);
  // DuckDB's words; the bytes may be sound.
  if (said.startsWith('Out of Memory Error')) {
    return new TapewrightError('DATASET_INVALID', `${file} needs more memory than reading may take: ${where} (${said}); write it again with smaller row groups`, { path: file, said }, { cause });
  }
  return new TapewrightError('DATASET_CORRUPT', `${file} is damaged: ${where} (${said}); fetch or write the file again`, { path: file, said }, { cause });
}
