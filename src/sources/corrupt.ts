/** A file whose bytes are not what they should be. */
import { TapewrightError } from '../core/errors.js';
import { shortened } from './duck-error.js';

export function corrupt(file: string, where: string, cause: unknown): TapewrightError {
  const said = shortened(cause);
  return new TapewrightError('DATASET_CORRUPT', `${file} is damaged: ${where} (${said}); fetch or write the file again`, { path: file, said }, { cause });
}
