/** Messages as they lie in what a broker answers: one behind the other, so that whoever reads on reads another's bytes. */
import { StoredRecord } from '../../src/live/stored-record.js';

export function stored(values: readonly (Buffer | null)[]): StoredRecord[] {
  const bytes = Buffer.concat(values.map((value) => value ?? Buffer.alloc(0)));
  let at = 0;
  return values.map((value, offset) => {
    const from = at;
    at += value?.length ?? 0;
    return value === null ? new StoredRecord(offset, 0, bytes, -1, -1, bytes, -1, -1) : new StoredRecord(offset, 0, bytes, -1, -1, bytes, from, at);
  });
}
