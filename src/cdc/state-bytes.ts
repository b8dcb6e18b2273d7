/** What waits of a database's changes, as bytes of a checkpoint. */
import type { ByteReader } from '../core/byte-reader.js';
import type { ByteWriter } from '../core/bytes.js';

/** A row as its values; null: it could not be read. */
export type ChangeValues = readonly (number | bigint | string | null)[] | null;

/** Plain data, member by member, and of arrays element by element: all in one text may be more than a text can hold. */
export function writeState(writer: ByteWriter, state: object): void {
  const members = Object.entries(state) as readonly [string, unknown][];
  writer.varint(members.length);
  for (const [name, value] of members) {
    writer.string(name);
    writer.u8(Array.isArray(value) ? 1 : 0);
    if (!Array.isArray(value)) writer.string(textOf(value));
    else {
      writer.varint(value.length);
      for (const element of value as readonly unknown[]) writer.string(textOf(element));
    }
  }
}

export function readState(reader: ByteReader): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Array.from({ length: reader.varint() }, () => {
    const name = reader.string();
    if (reader.u8() === 0) return [name, valueOf(reader.string())];
    return [name, Array.from({ length: reader.varint() }, () => valueOf(reader.string()))];
  }));
}

/** JSON, and the numbers that it lacks as objects of one member. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return { $bigint: String(member) };
    if (typeof member === 'number' && (!Number.isFinite(member) || Object.is(member, -0))) return { $number: Object.is(member, -0) ? '-0' : String(member) };
    return member;
  });
}

function valueOf(text: string): unknown {
  return JSON.parse(text, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null) return member;
    const { $bigint, $number } = member as { readonly $bigint?: string; readonly $number?: string };
    if ($bigint !== undefined) return BigInt($bigint);
    return $number === undefined ? member : Number($number);
  });
}
