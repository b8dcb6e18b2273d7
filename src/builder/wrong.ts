/** What is wrong with a pipeline that is being built. */
import { TapewrightError } from '../core/errors.js';

export const wrong = (message: string): TapewrightError => new TapewrightError('SQL_INVALID', message);
