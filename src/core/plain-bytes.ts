/** State of the user's code as bytes: numbers, texts, booleans, null, arrays, plain objects, maps, sets and typed arrays of them. */
import type { ByteReader, ByteWriter } from './bytes.js';
import { TapewrightError } from './errors.js';

const depthMax = 100;

const tags = { undefined: 0, null: 1, false: 2, true: 3, number: 4, bigint: 5, string: 6, array: 7, object: 8, map: 9, set: 10, float64: 11, int32: 12, uint8: 13 } as const;

/** @throws FUNCTION_INVALID for what is no plain data; `what` begins the message: 'the state of the function ewma'. */
export function writePlain(writer: ByteWriter, value: unknown, what: string, depth = 0): void {
  if (depth > depthMax) throw notPlain(what, `is nested more than ${depthMax} levels deep, or in itself`);
  const inner = (part: unknown): void => writePlain(writer, part, what, depth + 1);
  switch (typeof value) {
    case 'undefined': return writer.u8(tags.undefined);
    case 'boolean': return writer.u8(value ? tags.true : tags.false);
    case 'number':
      writer.u8(tags.number);
      return writer.f64(value);
    case 'bigint':
      writer.u8(tags.bigint);
      return writer.bigint(value);
    case 'string':
      writer.u8(tags.string);
      return writeText(writer, value);
    case 'object': return value === null ? writer.u8(tags.null) : writeObject(writer, value, inner, what);
    default: throw notPlain(what, `holds a ${typeof value}`);
  }
}

function writeObject(writer: ByteWriter, value: object, inner: (part: unknown) => void, what: string): void {
  const begin = (tag: number, size: number): void => {
    writer.u8(tag);
    writer.varint(size);
  };
  if (Array.isArray(value)) {
    begin(tags.array, value.length);
    // By index: a hole is undefined.
    for (let at = 0; at < value.length; at += 1) inner(value[at]);
  } else if (value instanceof Map) {
    begin(tags.map, value.size);
    for (const [key, part] of value) {
      inner(key);
      inner(part);
    }
  } else if (value instanceof Set) {
    begin(tags.set, value.size);
    for (const part of value) inner(part);
  } else if (value instanceof Float64Array) {
    writer.u8(tags.float64);
    writer.float64Array(value);
  } else if (value instanceof Int32Array) {
    writer.u8(tags.int32);
    writer.int32Array(value);
  } else if (value instanceof Uint8Array) {
    writer.u8(tags.uint8);
    writer.bytes(value);
  } else {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== null && prototype !== Object.prototype) throw notPlain(what, `holds an object of class ${value.constructor.name || 'without a name'}`);
    const entries = Object.entries(value);
    begin(tags.object, entries.length);
    for (const [key, part] of entries) {
      writeText(writer, key);
      inner(part);
    }
  }
}

/** By code unit: UTF-8 would lose a lone surrogate. */
function writeText(writer: ByteWriter, text: string): void {
  writer.varint(text.length);
  for (let at = 0; at < text.length; at += 1) writer.varint(text.charCodeAt(at));
}

function readText(reader: ByteReader): string {
  const units: string[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) units.push(String.fromCharCode(reader.varint()));
  return units.join('');
}

export function readPlain(reader: ByteReader): unknown {
  const tag = reader.u8();
  switch (tag) {
    case tags.undefined: return undefined;
    case tags.null: return null;
    case tags.false: return false;
    case tags.true: return true;
    case tags.number: return reader.f64();
    case tags.bigint: return reader.bigint();
    case tags.string: return readText(reader);
    case tags.array: return Array.from({ length: reader.varint() }, () => readPlain(reader));
    case tags.object: return readObject(reader);
    case tags.map: return new Map(Array.from({ length: reader.varint() }, () => [readPlain(reader), readPlain(reader)] as const));
    case tags.set: return new Set(Array.from({ length: reader.varint() }, () => readPlain(reader)));
    case tags.float64: return reader.float64Array();
    case tags.int32: return reader.int32Array();
    case tags.uint8: return reader.bytes().slice();
    default: throw new TapewrightError('CHECKPOINT_MISMATCH', `the snapshot holds a value of the unknown kind ${tag}: delete it and start again`, { tag });
  }
}

function readObject(reader: ByteReader): object {
  const object: Record<string, unknown> = {};
  for (let left = reader.varint(); left > 0; left -= 1) {
    const key = readText(reader);
    // A key named __proto__ is a key like any other.
    Object.defineProperty(object, key, { value: readPlain(reader), writable: true, enumerable: true, configurable: true });
  }
  return object;
}

const notPlain = (what: string, why: string): TapewrightError => new TapewrightError('FUNCTION_INVALID',
  `${what} ${why}, which no snapshot can keep; keep numbers, texts, arrays, plain objects, maps and sets, or declare encode and decode`, { what });
