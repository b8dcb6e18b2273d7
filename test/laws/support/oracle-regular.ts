/** Regular joins by Flink's rules: all rows of both sides, looked through with each that comes. */
import { textOf, type Cell } from './cells.js';
import type { OracleRow } from './oracle.js';
import { isAdded, valueText, type Lifetime, type Op } from './oracle-changes.js';
import { isUpdating, type Query } from './query.js';
import { identityOf, uniqueKeys } from './unique.js';

interface Kept {
  readonly row: OracleRow;
  partners: number;
  touched: number;
}

export function oracleRegular(query: Extract<Query, { kind: 'regular' }>, inputs: readonly [readonly OracleRow[], readonly OracleRow[]], { ttl, now }: Lifetime): OracleRow[] {
  const { type, keys, less, inputs: queries } = query;
  const tests = type === 'semi' || type === 'anti';
  const pads = [type === 'left' || type === 'full', type === 'right' || type === 'full'] as const;
  const at = (side: number, row: OracleRow, name: string): Cell => row.cells[queries[side]!.fields.findIndex((field) => field.name === name)] as Cell;
  const keyOf = (side: number, row: OracleRow): string | null => {
    const parts = keys.map((key) => at(side, row, key));
    return parts.includes(null) ? null : parts.map(textOf).join('|');
  };
  const isLess = (left: Cell, right: Cell): boolean => left !== null && right !== null && left < right;
  const meet = (left: OracleRow, right: OracleRow): boolean => keyOf(0, left) !== null && keyOf(0, left) === keyOf(1, right) && (less === null || isLess(at(0, left, less), at(1, right, less)));
  const identities = queries.map(identityOf);
  // Where such a row is there already, its time-to-live has let what was below it forget it.
  const unique = queries.map((side) => isUpdating(side) && uniqueKeys(side).length > 0);
  const sides: [Kept[], Kept[]] = [[], []];
  const nulls = (side: number) => queries[side]!.fields.map(() => null);
  const out: OracleRow[] = [];
  let [last, time] = [-1, -Infinity];
  const arrivals = inputs.flatMap((rows, side) => rows.map((row) => ({ row, side: side as 0 | 1 }))).sort((a, b) => a.row.released - b.row.released || a.side - b.side);
  for (const { row, side } of arrivals) {
    const { released, op = '+I' } = row;
    // What one row causes leaves in one piece.
    time = released === last ? Math.max(time, row.time) : row.time;
    last = released;
    const give = (own: OracleRow, other: OracleRow | null, kind: Op, of: number = side): void => {
      const cells = tests ? own.cells : of === 0 ? [...own.cells, ...(other?.cells ?? nulls(1))] : [...(other?.cells ?? nulls(0)), ...own.cells];
      out.push({ cells, op: kind, released, time });
    };
    const clock = now(released);
    for (const each of [0, 1] as const) sides[each] = sides[each].filter(({ touched }) => ttl === null || clock - touched <= ttl);
    const [own, others] = [sides[side], sides[1 - side]!];
    const partners = others.filter((other) => (side === 0 ? meet(row, other.row) : meet(other.row, row)));
    const added = isAdded(row);
    const touch = (other: Kept, by: number): void => {
      other.partners += by;
      other.touched = clock;
    };
    const known = own.findIndex((other) => keyOf(side, other.row) === keyOf(side, row) && identities[side]!.every((name) => valueText(at(side, other.row, name)) === valueText(at(side, row, name))));
    const replaces = added && unique[side]! && known >= 0;
    if (keyOf(side, row) !== null) {
      const one = { row, partners: partners.length, touched: clock };
      if (replaces) own[known] = one;
      else if (added) own.push(one);
      else if (known >= 0) own.splice(known, 1);
    }
    if (tests && side === 0) {
      if (partners.length > 0 === (type === 'semi')) give(row, null, op);
    } else if (tests) {
      for (const other of partners) {
        if (other.partners === (added ? 0 : 1)) give(other.row, null, type === 'semi' ? op : added ? '-D' : '+I');
        touch(other, added ? 1 : -1);
      }
    } else {
      const kind = (whole: boolean): Op => (whole ? (added ? '+I' : '-D') : op);
      if (pads[side] && partners.length === 0) give(row, null, kind(true));
      for (const other of partners) {
        const first = pads[1 - side]! && other.partners === (added ? 0 : 1);
        if (added && first) give(other.row, null, '-D', 1 - side);
        give(row, other.row, kind(added ? pads[0] || pads[1] : pads[side]));
        if (!added && first) give(other.row, null, '+I', 1 - side);
        if (pads[1 - side] && (first || !replaces)) touch(other, added ? 1 : -1);
      }
    }
  }
  return out;
}
