/**
 * Avro's bytes: what the generated reader calls where a value is not of the usual, short kind. Nothing here reads
 * beyond the message: where bytes are missing, it says so.
 */
import type { Avro } from './avro-type.js';

/** After a call: where the value ended, -1 where there is none; and the integer, where it is beyond ±2^53. */
export const cursor = { at: 0, wide: 0n };

/** The variable-length integer at `at`, NaN where it is beyond ±2^53 or none: `cursor` tells which. The message ends at `last`. */
export function longAt(bytes: Uint8Array, at: number, last: number): number {
  let low = 0, high = 0, shift = 0;
  for (let index = at; index < last; index += 1) {
    const byte = bytes[index]!;
    if (shift < 28) low |= (byte & 127) << shift;
    else high |= (byte & 127) << (shift - 28);
    if (byte < 128) {
      cursor.at = index + 1;
      const half = high * 134_217_728 + (low >>> 1);
      const value = (low & 1) === 0 ? half : -half - 1;
      return Number.isSafeInteger(value) ? value : wideAt(bytes, at, last);
    }
    shift += 7;
    if (shift === 56) return wideAt(bytes, at, last);
  }
  cursor.at = -1;
  return NaN;
}

/** Of eight bytes and more: a bigint, if it must be one. */
function wideAt(bytes: Uint8Array, at: number, last: number): number {
  let zigzag = 0n;
  for (let index = at; index < Math.min(last, at + 10); index += 1) {
    const byte = bytes[index]!;
    zigzag |= BigInt(byte & 127) << BigInt((index - at) * 7);
    if (byte >= 128) continue;
    if (zigzag >= 1n << 64n) break;
    cursor.at = index + 1;
    cursor.wide = (zigzag >> 1n) ^ -(zigzag & 1n);
    const value = Number(cursor.wide);
    return Number.isSafeInteger(value) ? value : NaN;
  }
  cursor.at = -1;
  return NaN;
}

/** The size in bytes at `at` of a text that lies within the message, else -1. */
export function sizeAt(bytes: Uint8Array, at: number, last: number): number {
  const size = longAt(bytes, at, last);
  return size >= 0 && cursor.at + size <= last ? size : -1;
}

/** Where the value at `at` ends; -1 where it does not end by `last`. */
export type Skip = (bytes: Uint8Array, at: number, last: number, depth: number) => number;

/** Of records that hold themselves: deeper ones would fill the stack. */
const depthMax = 200;

const within = (end: number, last: number): number => (end <= last ? end : -1);

function skipLong(bytes: Uint8Array, at: number, last: number): number {
  longAt(bytes, at, last);
  return cursor.at;
}

function skipText(bytes: Uint8Array, at: number, last: number): number {
  const size = sizeAt(bytes, at, last);
  return size < 0 ? -1 : cursor.at + size;
}

/** Passes over values of any type. */
export function skipperOf(type: Avro, known = new Map<Avro, Skip>()): Skip {
  const found = known.get(type);
  if (found !== undefined) return found;
  // It may be asked for again before it is made.
  let made: Skip | null = null;
  known.set(type, (bytes, at, last, depth) => made!(bytes, at, last, depth));
  made = skipper(type, known);
  known.set(type, made);
  return made;
}

function skipper(type: Avro, known: Map<Avro, Skip>): Skip {
  switch (type.kind) {
    case 'null': return (_bytes, at) => at;
    case 'boolean': return (_bytes, at, last) => within(at + 1, last);
    case 'int': case 'long': case 'enum': return skipLong;
    case 'float': return (_bytes, at, last) => within(at + 4, last);
    case 'double': return (_bytes, at, last) => within(at + 8, last);
    case 'fixed': return (_bytes, at, last) => within(at + type.size, last);
    case 'bytes': case 'string': return skipText;
    case 'array': return skipBlocks(skipperOf(type.items, known), isEmpty(type.items));
    case 'map': return skipBlocks(skipEntry(skipperOf(type.values, known)), false);
    case 'union': {
      const branches = type.branches.map((branch) => skipperOf(branch, known));
      return (bytes, at, last, depth) => {
        const branch = branches[longAt(bytes, at, last)];
        return branch === undefined ? -1 : branch(bytes, cursor.at, last, depth);
      };
    }
    case 'record': {
      const fields = type.fields.map((field) => skipperOf(field.type, known));
      return (bytes, start, last, depth) => {
        let at = depth < depthMax ? start : -1;
        for (let index = 0; index < fields.length && at >= 0; index += 1) at = fields[index]!(bytes, at, last, depth + 1);
        return at;
      };
    }
  }
}

const skipEntry = (value: Skip): Skip => (bytes, start, last, depth) => {
  const at = skipText(bytes, start, last);
  return at < 0 ? -1 : value(bytes, at, last, depth);
};

/** Blocks of items, each with their number; a negative number is followed by the block's size in bytes. */
function skipBlocks(item: Skip, itemIsEmpty: boolean): Skip {
  return (bytes, start, last, depth) => {
    for (let at = start; ;) {
      const count = longAt(bytes, at, last);
      at = cursor.at;
      if (at < 0 || Number.isNaN(count) || count === 0) return Number.isNaN(count) ? -1 : at;
      if (count < 0) {
        const size = sizeAt(bytes, at, last);
        if (size < 0) return -1;
        at = cursor.at + size;
      } else if (!itemIsEmpty) {
        // An item has a byte at least: so this ends with the message.
        for (let left = count; left > 0; left -= 1) {
          at = item(bytes, at, last, depth);
          if (at < 0) return -1;
        }
      }
    }
  };
}

/** Whether its values have no bytes. */
function isEmpty(type: Avro, open: readonly Avro[] = []): boolean {
  if (open.includes(type)) return false;
  return type.kind === 'null' || (type.kind === 'fixed' && type.size === 0) || (type.kind === 'record' && type.fields.every((field) => isEmpty(field.type, [...open, type])));
}

/** The integer in two's complement, the highest byte first. */
export function unscaledAt(bytes: Uint8Array, at: number, size: number): bigint {
  let value = 0n;
  for (let index = at; index < at + size; index += 1) value = (value << 8n) | BigInt(bytes[index]!);
  return size > 0 && bytes[at]! >= 128 ? value - (1n << BigInt(size * 8)) : value;
}

/** Sixteen bytes as a UUID is written. */
export function uuidAt(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
