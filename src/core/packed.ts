/**
 * Values as bytes of state: short, exact (texts by code unit, so that a lone surrogate is one), and equal as bytes exactly
 * where they are one value: −0 is another than 0, and there is one NaN.
 */
import type { ByteReader, ByteWriter } from './bytes.js';
import { TapewrightError, assert } from './errors.js';
import type { Int64 } from './types.js';

export type PackedValue = Int64 | string | null;

/** What a value begins with. */
export const packedTags = { null: 0, real: 1, bigint: 2, narrow: 3, wide: 4, byte: 5, short: 6, int: 7 } as const;

export function writePacked(writer: ByteWriter, value: PackedValue): void {
  if (typeof value === 'number') writePackedNumber(writer, value);
  else if (value === null) writer.u8(packedTags.null);
  else if (typeof value === 'string') writePackedText(writer, value);
  else {
    writer.u8(packedTags.bigint);
    writer.bigint(value);
  }
}

function writePackedNumber(writer: ByteWriter, value: number): void {
  const whole = value | 0;
  if (whole !== value || (whole === 0 && Object.is(value, -0))) {
    const at = writer.reserve(9);
    writer.buffer[at] = packedTags.real;
    // The bits of a NaN may be any.
    if (value === value) writer.view.setFloat64(at + 1, value, true);
    else writer.view.setBigUint64(at + 1, 0x7ff8_0000_0000_0000n, true);
    return;
  }
  const bytes = whole >>> 0 < 256 ? 1 : whole >>> 0 < 65_536 ? 2 : 4;
  const at = writer.reserve(1 + bytes);
  const { buffer } = writer;
  buffer[at] = bytes === 1 ? packedTags.byte : bytes === 2 ? packedTags.short : packedTags.int;
  for (let byte = 0; byte < bytes; byte += 1) buffer[at + 1 + byte] = whole >>> (8 * byte);
}

export function writePackedText(writer: ByteWriter, text: string): void {
  const { length } = text;
  const head = length < 128 ? 2 : 0;
  if (head === 0) {
    writer.u8(packedTags.narrow);
    writer.varint(length);
  }
  const at = writer.reserve(head + length);
  const { buffer } = writer;
  if (head > 0) {
    buffer[at] = packedTags.narrow;
    buffer[at + 1] = length;
  }
  let all = 0;
  for (let unit = 0; unit < length; unit += 1) {
    const code = text.charCodeAt(unit);
    all |= code;
    buffer[at + head + unit] = code;
  }
  if (all >= 256) widen(writer, text, at + head);
}

/** As `writePackedText`, of a short text whose units are bytes[from, to): fewer than 128. */
export function writePackedAscii(writer: ByteWriter, bytes: Uint8Array, from: number, to: number): void {
  writer.u8(packedTags.narrow);
  writer.u8(to - from);
  writer.rawRange(bytes, from, to);
}

/** The text, written as if its units were bytes from `at` on, once more: two bytes a unit. */
function widen(writer: ByteWriter, text: string, at: number): void {
  const { length } = text;
  writer.reserve(length);
  const { buffer } = writer;
  let lengthBytes = 1;
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) lengthBytes += 1;
  buffer[at - lengthBytes - 1] = packedTags.wide;
  for (let unit = 0; unit < length; unit += 1) {
    const code = text.charCodeAt(unit);
    buffer[at + 2 * unit] = code;
    buffer[at + 2 * unit + 1] = code >>> 8;
  }
}

export function readPacked(reader: ByteReader): PackedValue {
  const tag = reader.u8();
  switch (tag) {
    case packedTags.null: return null;
    case packedTags.real: return reader.f64();
    case packedTags.bigint: return reader.bigint();
    case packedTags.narrow: return narrowText(reader);
    case packedTags.wide: return textOf(unitsOf(reader.raw(2 * reader.varint())));
    case packedTags.byte: return reader.u8();
    case packedTags.short: return reader.u8() | (reader.u8() << 8);
    case packedTags.int: return reader.u32() | 0;
    default: throw new TapewrightError('CHECKPOINT_MISMATCH', `the snapshot holds a value of the unknown kind ${tag}: delete it and start again`, { tag });
  }
}

/** Units of the texts that are kept once read, and how many of them: codes and states come again and again. */
const KEPT_UNITS = 24;
const KEPT_TEXTS = 4096;
const keptTexts = new Array<string>(KEPT_TEXTS).fill('');

function narrowText(reader: ByteReader): string {
  const length = reader.varint();
  if (length === 0 || length > KEPT_UNITS) return textOf(reader.raw(length));
  const at = reader.skip(length);
  const { buffer } = reader;
  let hash = length;
  for (let unit = 0; unit < length; unit += 1) hash = Math.imul(hash ^ buffer[at + unit]!, 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (KEPT_TEXTS - 1);
  const kept = keptTexts[place]!;
  if (kept.length === length) {
    let unit = 0;
    while (unit < length && kept.charCodeAt(unit) === buffer[at + unit]) unit += 1;
    if (unit === length) return kept;
  }
  return (keptTexts[place] = textOf(buffer.subarray(at, at + length)));
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
