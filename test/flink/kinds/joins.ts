/** Interval, regular, temporal and window joins of two tables that race: no row of either is late. */
import fc from 'fast-check';
import type { Drawn, OutputColumn } from '../statement.js';
import type { World } from '../world.js';
import { fieldColumns, tablesWith } from './parts.js';

const sides = fc.constantFrom('INNER', 'LEFT', 'RIGHT', 'FULL');
const bounds = fc.constantFrom(
  `l.event_time BETWEEN r.event_time - INTERVAL '2' SECOND AND r.event_time + INTERVAL '1' SECOND`, `r.event_time BETWEEN l.event_time AND l.event_time + INTERVAL '3' SECOND`,
  `l.event_time = r.event_time`, `l.event_time > r.event_time - INTERVAL '1' SECOND AND l.event_time <= r.event_time`,
);
const extra = fc.constantFrom('', '', ' AND l.qty > r.qty', ' AND l.volume <> r.volume', " AND r.note <> 'a'");

/** Columns of both sides under names of their own. */
const list = ['symbol', 'price', 'qty', 'note', 'event_time'];
const columns: readonly OutputColumn[] = ['l', 'r'].flatMap((side) => list.map((name) => ({ name: `${side}_${name}`, type: fieldColumns.find((field) => field.name === name)!.type })));
const items = ['l', 'r'].flatMap((side) => list.map((name) => `${side}.${name} AS ${side}_${name}`)).join(', ');

export function joins(world: World): fc.Arbitrary<Drawn> {
  const table = tablesWith(world, ({ late }) => !late);
  const key = fc.constantFrom('symbol', 'note');
  return fc.oneof(
    fc.tuple(table, table, sides, key, bounds, extra).map(([left, right, side, by, within, also]) =>
      drawnOf(left, right, `ticks_${left} AS l ${side} JOIN ticks_${right} AS r ON l.${by} = r.${by} AND ${within}${also}`, false)),
    fc.tuple(table, table, sides, extra).map(([left, right, side, also]) =>
      drawnOf(left, right, `${untimed(left)} AS l ${side} JOIN ${untimed(right)} AS r ON l.symbol = r.symbol AND l.note = r.note${also}`, true)),
    fc.tuple(table, table, fc.constantFrom('INNER', 'LEFT'), key).map(([left, right, side, by]) => temporal(left, right, side, by)),
    fc.tuple(table, table, fc.constantFrom('INNER', 'LEFT', 'RIGHT', 'FULL', 'SEMI', 'ANTI'), fc.constantFrom('TUMBLE', 'HOP', 'CUMULATE'), key).map(([left, right, side, window, by]) => windowed(left, right, side, window, by)),
  );
}

/** Flink takes no event time into a regular join. */
const untimed = (table: number): string => `(SELECT symbol, price, qty, volume, note, CAST(event_time AS TIMESTAMP(3)) AS event_time FROM ticks_${table})`;

function drawnOf(left: number, right: number, from: string, updates: boolean, views: readonly string[] = []): Drawn {
  return { kind: 'joins', tables: [...new Set([left, right])], views, inserts: [{ output: 0, select: `SELECT ${items} FROM ${from}` }], outputs: [columns], updates: updates ? { keys: null } : null, exact: null };
}

function temporal(left: number, right: number, side: string, by: string): Drawn {
  const view = `CREATE VIEW view_1 AS SELECT symbol, price, volume, qty, amount, flag, note, event_time FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY ${by} ORDER BY event_time DESC) AS rn FROM ticks_${right}) WHERE rn = 1`;
  return drawnOf(left, right, `ticks_${left} AS l ${side} JOIN view_1 FOR SYSTEM_TIME AS OF l.event_time AS r ON l.${by} = r.${by}`, false, [view]);
}

function windowed(left: number, right: number, side: string, window: string, by: string): Drawn {
  const sizes = window === 'TUMBLE' ? `INTERVAL '5' SECOND` : `INTERVAL '2' SECOND, INTERVAL '6' SECOND`;
  const of = (table: number): string => `(SELECT * FROM TABLE(${window}(TABLE ticks_${table}, DESCRIPTOR(event_time), ${sizes})))`;
  if (side !== 'SEMI' && side !== 'ANTI') return drawnOf(left, right, `${of(left)} AS l ${side} JOIN ${of(right)} AS r ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.${by} = r.${by}`, false);
  const within = `SELECT * FROM ${of(right)} AS r WHERE l.window_start = r.window_start AND l.window_end = r.window_end AND l.${by} = r.${by}`;
  const drawn = drawnOf(left, right, `${of(left)} AS l WHERE ${side === 'SEMI' ? '' : 'NOT '}EXISTS (${within})`, false);
  const half = columns.slice(0, list.length);
  return { ...drawn, outputs: [half], inserts: [{ output: 0, select: drawn.inserts[0]!.select.replace(items, list.map((name) => `l.${name} AS l_${name}`).join(', ')) }] };
}
