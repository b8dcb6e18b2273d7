/** The reader for a binding's format. */
import { openDuckReader } from './duck-reader.js';
import type { Reader, ReaderRequest } from './reader.js';

export function openReader(request: ReaderRequest): Promise<Reader> {
  return openDuckReader(request);
}
