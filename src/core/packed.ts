/**
 * Values as bytes of state: short, exact (texts by code unit, so that a lone surrogate is one), and equal as bytes exactly
 * where they are one value: −0 is another than 0, and there is one NaN.
 */
import type { ByteReader, ByteWriter } from './bytes.js';
import { TapewrightError, assert } from './errors.js';
import type { Int64 } from './types.js';

export type PackedValue = Int64 | string | null;

const tags = { null: 0, real: 1, bigint: 2, narrow: 3, wide: 4, byte: 5, short: 6, int: 7 } as const;

export function writePacked(writer: ByteWriter, value: PackedValue): void {
  if (typeof value === 'number') writeNumber(writer, value);
  else if (value === null) writer.u8(tags.null);
  else if (typeof value === 'string') writeText(writer, value);
  else {
    writer.u8(tags.bigint);
    writer.bigint(value);
  }
}

function writeNumber(writer: ByteWriter, value: number): void {
  const whole = value | 0;
  if (whole !== value || (whole === 0 && Object.is(value, -0))) {
    const at = writer.reserve(9);
    writer.buffer[at] = tags.real;
    // The bits of a NaN may be any.
    if (value === value) writer.view.setFloat64(at + 1, value, true);
    else writer.view.setBigUint64(at + 1, 0x7ff8_0000_0000_0000n, true);
    return;
  }
  const bytes = whole >>> 0 < 256 ? 1 : whole >>> 0 < 65_536 ? 2 : 4;
  const at = writer.reserve(1 + bytes);
  const { buffer } = writer;
  buffer[at] = bytes === 1 ? tags.byte : bytes === 2 ? tags.short : tags.int;
  for (let byte = 0; byte < bytes; byte += 1) buffer[at + 1 + byte] = whole >>> (8 * byte);
}

function writeText(writer: ByteWriter, text: string): void {
  const { length } = text;
  let isNarrow = true;
  for (let unit = 0; unit < length && isNarrow; unit += 1) isNarrow = text.charCodeAt(unit) < 256;
  writer.u8(isNarrow ? tags.narrow : tags.wide);
  writer.varint(length);
  const at = writer.reserve(isNarrow ? length : 2 * length);
  const { buffer } = writer;
  for (let unit = 0; unit < length; unit += 1) {
    const code = text.charCodeAt(unit);
    if (isNarrow) buffer[at + unit] = code;
    else {
      buffer[at + 2 * unit] = code;
      buffer[at + 2 * unit + 1] = code >>> 8;
    }
  }
}

export function readPacked(reader: ByteReader): PackedValue {
  const tag = reader.u8();
  switch (tag) {
    case tags.null: return null;
    case tags.real: return reader.f64();
    case tags.bigint: return reader.bigint();
    case tags.narrow: return textOf(reader.raw(reader.varint()));
    case tags.wide: return textOf(unitsOf(reader.raw(2 * reader.varint())));
    case tags.byte: return reader.u8();
    case tags.short: return reader.u8() | (reader.u8() << 8);
    case tags.int: return reader.u32() | 0;
    default: throw new TapewrightError('CHECKPOINT_MISMATCH', `the snapshot holds a value of the unknown kind ${tag}: delete it and start again`, { tag });
  }
}

/** Arguments of a call that fit on any stack. */
const UNITS_MAX = 4096;

function textOf(units: Uint8Array | Uint16Array): string {
  if (units.length <= UNITS_MAX) return String.fromCharCode.apply(null, units as unknown as number[]);
  const parts: string[] = [];
  for (let at = 0; at < units.length; at += UNITS_MAX) parts.push(textOf(units.subarray(at, at + UNITS_MAX)));
  return parts.join('');
}

function unitsOf(bytes: Uint8Array): Uint16Array {
  assert(bytes.length % 2 === 0, 'a code unit is two bytes');
  return Uint16Array.from({ length: bytes.length / 2 }, (_, unit) => bytes[2 * unit]! | (bytes[2 * unit + 1]! << 8));
}
