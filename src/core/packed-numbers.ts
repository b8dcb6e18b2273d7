/**
 * Numbers in few bytes: whole numbers, and decimals of a few places, as differences from one to the next, seven bits a
 * byte. Numbers of which one is of another kind stand as they are. What is read is what was written, bit for bit.
 */
import type { ByteReader, ByteWriter } from './bytes.js';

/** By how many decimal places are tried: what they multiply a number by. */
const scales = [1, 10, 100, 1000, 10_000] as const;

/** Stands for places: the numbers themselves follow. */
const PLAIN = 255;

/** A difference of two whole numbers within these bounds, and its sign, are safe integers. */
const WHOLE_MAX = 2 ** 50;

/** Bytes that such a difference takes at the most. */
const DIFFERENCE_BYTES = 8;

/** The numbers of `values` that `order` has at 0..length. */
export function writePacked(writer: ByteWriter, values: Int32Array | Float32Array | Float64Array, order: Int32Array, length: number): void {
  const places = scales.findIndex((scale) => areWhole(values, order, length, scale));
  writer.u8(places < 0 ? PLAIN : places);
  if (places < 0) {
    writer.float64Array(Float64Array.from({ length }, (_, k) => values[order[k]!]!));
    return;
  }
  writer.varint(length);
  const from = writer.reserve(length * DIFFERENCE_BYTES);
  const end = writeDifferences(writer.buffer, from, values, order, length, scales[places]!);
  writer.giveBack(from + length * DIFFERENCE_BYTES - end);
}

/** Whether each number times `scale` is a whole number that gives it back. */
function areWhole(values: Int32Array | Float32Array | Float64Array, order: Int32Array, length: number, scale: number): boolean {
  for (let k = 0; k < length; k += 1) {
    const value = values[order[k]!]!;
    const whole = Math.round(value * scale);
    // Not so: NaN and infinities, and -0, which has the same whole number as 0.
    if (!(whole / scale === value && whole <= WHOLE_MAX && whole >= -WHOLE_MAX) || Object.is(value, -0)) return false;
  }
  return true;
}

/** Returns where the last difference ends. */
function writeDifferences(bytes: Uint8Array, from: number, values: Int32Array | Float32Array | Float64Array, order: Int32Array, length: number, scale: number): number {
  let at = from;
  let last = 0;
  for (let k = 0; k < length; k += 1) {
    const whole = Math.round(values[order[k]!]! * scale);
    const difference = whole - last;
    // The sign is in the lowest bit.
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    while (rest >= 128) {
      const more = Math.floor(rest / 128);
      bytes[at++] = rest - more * 128 + 128;
      rest = more;
    }
    bytes[at++] = rest;
    last = whole;
  }
  return at;
}

/** What `writePacked` wrote. */
export function readPacked(reader: ByteReader): Float64Array {
  const places = reader.u8();
  if (places === PLAIN) return reader.float64Array();
  const scale = scales[places] ?? 1;
  const values = new Float64Array(reader.varint());
  const bytes = reader.buffer;
  let at = reader.position;
  let last = 0;
  for (let k = 0; k < values.length; k += 1) {
    let rest = 0;
    let weight = 1;
    let byte: number;
    do {
      byte = bytes[at++]!;
      rest += (byte & 127) * weight;
      weight *= 128;
    } while (byte >= 128);
    last += rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
    values[k] = last / scale;
  }
  // Bytes that end too soon are met here.
  reader.skip(at - reader.position);
  return values;
}
