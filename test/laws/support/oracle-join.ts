/** Joins by definition: of an interval, every pair is looked at, and what was still kept when its later row came. */
import { textOf, type Cell } from './cells.js';
import type { OracleRow } from './oracle.js';
import type { Query } from './query.js';

type Join = Extract<Query, { kind: 'join' }>;

interface Arrived {
  readonly row: OracleRow;
  readonly side: 0 | 1;
  readonly time: number;
  /** Watermark before it came. */
  readonly before: number;
  /** Its partners' times, at the least and at the most. */
  readonly earliest: number;
  readonly latest: number;
  /** The key as text; null where a part is NULL. */
  readonly key: string | null;
  readonly keys: readonly Cell[];
  paired: boolean;
}

/** `path`: the join's watermark after each input row. */
export function oracleJoin(
  query: Join, inputs: readonly [readonly OracleRow[], readonly OracleRow[]], path: readonly number[],
  refuse: (row: OracleRow, before: number, start: number, end: number) => void,
): OracleRow[] {
  const { type, inputs: [left, right] } = query;
  const rows = inputs.flatMap((side, index) => side.map((row) => arrivedOf(query, row, index as 0 | 1, path)))
    .sort((a, b) => a.row.released - b.row.released || a.side - b.side);
  const out: OracleRow[] = [];
  const cells = (one: Arrived | null, other: Arrived | null) => [...(one?.row.cells ?? left.fields.map(() => null)), ...(other?.row.cells ?? right.fields.map(() => null))];
  rows.forEach((row, index) => {
    const kept = row.before > row.time ? row.before + (row.earliest - row.time) : row.earliest;
    if (row.before > row.time) refuse(row.row, row.before, row.earliest, Math.min(row.latest + 1, kept));
    const partners = rows.slice(0, index).filter((other) => other.side !== row.side && row.key !== null && other.key === row.key
      && other.time >= row.earliest && other.time <= row.latest && other.before < other.latest && row.before <= other.latest);
    for (const other of partners.sort((a, b) => a.time - b.time)) {
      row.paired = other.paired = true;
      const [one, two] = row.side === 0 ? [row, other] : [other, row];
      out.push({ cells: cells(one, two), released: row.row.released, time: Math.max(row.time, other.time) });
    }
  });
  const pads = [type === 'left' || type === 'full', type === 'right' || type === 'full'] as const;
  const padded = rows.filter((row) => pads[row.side] && !row.paired).map((row) => ({
    row, released: row.before < row.latest ? path.findIndex((mark) => mark > row.latest) : row.row.released,
  })).sort((a, b) => a.released - b.released || a.row.time - b.row.time || compareTexts(a.row.keys, b.row.keys) || a.row.side - b.row.side);
  for (const { row, released } of padded) out.push({ cells: row.side === 0 ? cells(row, null) : cells(null, row), released, time: row.time });
  return out.sort((a, b) => a.released - b.released || a.time - b.time);
}

function arrivedOf({ inputs, keys, lower, upper }: Join, row: OracleRow, side: 0 | 1, path: readonly number[]): Arrived {
  const { fields, rowtime } = inputs[side];
  const at = (name: string) => row.cells[fields.findIndex((field) => field.name === name)] as Cell;
  const time = at(rowtime) as number;
  const parts = keys.map(at);
  return {
    row, side, time, before: row.released === 0 ? -Infinity : path[row.released - 1]!,
    earliest: side === 0 ? time - upper : time + lower, latest: side === 0 ? time - lower : time + upper,
    key: parts.includes(null) ? null : parts.map(textOf).join('|'), keys: parts, paired: false,
  };
}

/** Keys here are strings: NULL first, then by code unit. */
function compareTexts(a: readonly Cell[], b: readonly Cell[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index]!;
    if (part === other) continue;
    return part === null ? -1 : other === null ? 1 : (part as string) < (other as string) ? -1 : 1;
  }
  return 0;
}

/** Window joins by definition: window by window and key by key, over the rows that were not late. */
export function oracleWindowJoin(
  { type, inputs: sides, keys, windows }: Join, inputs: readonly [readonly OracleRow[], readonly OracleRow[]], path: readonly number[],
  refuse: (row: OracleRow, before: number, start: number, end: number) => void,
): OracleRow[] {
  const groups = new Map<string, { start: number; end: number; keys: readonly Cell[]; rows: [OracleRow[], OracleRow[]] }>();
  inputs.forEach((rows, side) => rows.forEach((row) => {
    const at = (name: string) => row.cells[sides[side as 0 | 1].fields.findIndex((field) => field.name === name)] as Cell;
    const [start, end] = windows![side as 0 | 1].map((name) => at(name) as number) as [number, number];
    const before = row.released === 0 ? -Infinity : path[row.released - 1]!;
    if (end - 1 <= before) return refuse(row, before, start, end);
    const parts = keys.map(at);
    const name = [start, end, ...parts.map(textOf)].join('|');
    const group = groups.get(name) ?? { start, end, keys: parts, rows: [[], []] };
    groups.set(name, group);
    group.rows[side as 0 | 1].push(row);
  }));
  const sorted = [...groups.values()].sort((a, b) => a.end - b.end || compareTexts(a.keys, b.keys) || a.start - b.start);
  return sorted.flatMap(({ end, keys: parts, rows: [lefts, rights] }) => {
    const [released, time] = [path.findIndex((mark) => mark >= end - 1), end - 1];
    const matches = !parts.includes(null) && lefts.length > 0 && rights.length > 0;
    const nulls = (side: 0 | 1) => sides[side].fields.map(() => null);
    const alone = [
      ...(type === 'left' || type === 'full' ? lefts.map((left) => [...left.cells, ...nulls(1)]) : []),
      ...(type === 'right' || type === 'full' ? rights.map((right) => [...nulls(0), ...right.cells]) : []),
    ];
    const rows = type === 'semi' || type === 'anti' ? (matches === (type === 'semi') ? lefts.map(({ cells }) => cells) : [])
      : matches ? lefts.flatMap((left) => rights.map((right) => [...left.cells, ...right.cells])) : alone;
    return rows.map((cells) => ({ cells, released, time }));
  });
}
