/** Records of JSON lines: an object a line, after a receive time perhaps, as capture programs write it. Numbers are kept as written. */
import { notUtf8, type Piece } from './record.js';
import type { Lines } from './text-file.js';

type Texts = ReadonlyMap<string, string | null>;

/** Strings, which are left alone, and numbers, which become strings so that no digit is lost. */
const scalars = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * The members of a line's object as texts, or null when it is none. What a websocket sends as
 * `{"stream": …, "data": {…}}` counts as what `data` holds.
 */
export function jsonTexts(line: string): Texts | null {
  const start = /^\d+\s+\{/.test(line) ? line.indexOf('{') : 0;
  let value: unknown;
  try {
    value = JSON.parse(line.slice(start).replace(scalars, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  } catch {
    return null;
  }
  const outer = asObject(value);
  const members = outer === null ? null : 'stream' in outer ? asObject(outer['data']) : outer;
  if (members === null) return null;
  return new Map(Object.entries(members).map(([name, member]) => [name, typeof member === 'string' ? member : member === null ? null : JSON.stringify(member)]));
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

/** A member that a record lacks is null. */
export async function* jsonRecords(pieces: AsyncIterable<Lines>, names: readonly string[]): AsyncGenerator<Piece> {
  for await (const { lines, foreign, bytes } of pieces) {
    const values = (record: number): ReturnType<Piece['values']> => {
      if (foreign !== null && foreign.has(record)) return notUtf8;
      const line = lines[record]!;
      if (line.trim() === '') return null;
      const texts = jsonTexts(line);
      return texts === null ? 'the line is no JSON object' : names.map((name) => texts.get(name)?.trim() || null);
    };
    yield { length: lines.length, values, text: (record) => lines[record]!, bytes };
  }
}
