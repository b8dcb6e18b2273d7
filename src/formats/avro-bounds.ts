/** Whether lists end where their message does: avsc reads as many items as a list says, also behind the end of the message. */
import { cursor, longAt, sizeAt } from './avro-bytes.js';
import type { Avro } from './avro-type.js';

/** Of items that have no bytes, as nulls: more are a damaged number. */
const emptyItemsMost = 1 << 16;

/** Whether a message of the type may have a list or a map. `open`: what is being looked at. */
export function hasLists(type: Avro, open: readonly Avro[] = []): boolean {
  if (open.includes(type)) return false;
  switch (type.kind) {
    case 'array': case 'map': return true;
    case 'union': return type.branches.some((branch) => hasLists(branch, open));
    case 'record': return type.fields.some((field) => hasLists(field.type, [...open, type]));
    default: return false;
  }
}

/** Where the value at `at` ends, as avsc reads it; -1: not by `last`. */
export function endOf(type: Avro, bytes: Uint8Array, at: number, last: number): number {
  switch (type.kind) {
    case 'null': return at;
    case 'boolean': return within(at + 1, last);
    case 'float': return within(at + 4, last);
    case 'double': return within(at + 8, last);
    case 'fixed': return within(at + type.size, last);
    case 'int': case 'long': case 'enum': return longEnd(bytes, at, last);
    case 'bytes': case 'string': {
      const size = sizeAt(bytes, at, last);
      return size < 0 ? -1 : cursor.at + size;
    }
    case 'union': {
      const branch = type.branches[longAt(bytes, at, last)];
      return branch === undefined ? -1 : endOf(branch, bytes, cursor.at, last);
    }
    case 'record': {
      let end = at;
      for (const field of type.fields) if (end >= 0) end = endOf(field.type, bytes, end, last);
      return end;
    }
    case 'array': return blocksEnd(bytes, at, last, (from) => endOf(type.items, bytes, from, last));
    case 'map': return blocksEnd(bytes, at, last, (from) => {
      const size = sizeAt(bytes, from, last);
      return size < 0 ? -1 : endOf(type.values, bytes, cursor.at + size, last);
    });
  }
}

const within = (end: number, last: number): number => (end <= last ? end : -1);

/** Longer ones than integers have are read, too. */
function longEnd(bytes: Uint8Array, start: number, last: number): number {
  for (let at = start; at < last; at += 1) if (bytes[at]! < 128) return at + 1;
  return -1;
}

function blocksEnd(bytes: Uint8Array, start: number, last: number, item: (from: number) => number): number {
  let empty = 0;
  for (let at = start; ;) {
    const count = longAt(bytes, at, last);
    at = cursor.at;
    if (at < 0 || Number.isNaN(count)) return -1;
    if (count === 0) return at;
    // The size of the block, which avsc does not look at.
    if (count < 0) at = longEnd(bytes, at, last);
    for (let left = Math.abs(count); left > 0 && at >= 0; left -= 1) {
      const end = item(at);
      if (end === at && (empty += 1) > emptyItemsMost) return -1;
      at = end;
    }
    if (at < 0) return -1;
  }
}
