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
    fc.tuple(table, table, fc.boolean(), tests).map(([left, right, not, test]) => tested(left, right, `${untimed(left)} AS l WHERE ${test(not ? 'NOT ' : '', untimed(right))}`)),
    fc.tuple(table, table, fc.constantFrom('FULL', 'LEFT', 'RIGHT'), fc.constantFrom('symbol', 'symbol, note')).map(([left, right, side, by]) => sharing(left, right, side, by)),
    fc.tuple(table, table, fc.constantFrom('INNER', 'LEFT'), key).map(([left, right, side, by]) => temporal(left, right, side, by)),
    fc.tuple(table, table, fc.constantFrom('INNER', 'LEFT', 'RIGHT', 'FULL', 'SEMI', 'ANTI'), fc.constantFrom('TUMBLE', 'HOP', 'CUMULATE'), key).map(([left, right, side, window, by]) => windowed(left, right, side, window, by)),
  );
}

/** Flink takes no event time into a regular join. */
const untimed = (table: number): string => `(SELECT symbol, price, qty, volume, note, CAST(event_time AS TIMESTAMP(3)) AS event_time FROM ticks_${table})`;

function drawnOf(left: number, right: number, from: string, updates: boolean, views: readonly string[] = []): Drawn {
  return { kind: 'joins', tables: [...new Set([left, right])], views, inserts: [{ output: 0, select: `SELECT ${items} FROM ${from}` }], outputs: [columns], updates: updates ? { keys: null } : null, exact: null };
}

/** Rows for having a partner in the sub-query, or for having none. */
const tests = fc.constantFrom<(not: string, right: string) => string>(
  (not, right) => `${not}EXISTS (SELECT * FROM ${right} AS r WHERE r.symbol = l.symbol AND r.qty < l.qty)`,
  (not, right) => `${not}EXISTS (SELECT 1 FROM ${right} AS r WHERE r.volume > 1500)`,
  (not, right) => `l.qty > 0 AND ${not}EXISTS (SELECT * FROM ${right} AS r WHERE r.note = l.note AND l.event_time BETWEEN r.event_time - INTERVAL '2' SECOND AND r.event_time)`,
  (not, right) => `symbol ${not}IN (SELECT symbol FROM ${right} AS r WHERE qty > 2)`,
  (not, right) => `note ${not}IN (SELECT note FROM ${right} AS r WHERE note IS NOT NULL) AND price > 0`,
  (not, right) => `qty ${not}IN (SELECT qty FROM ${right} AS r WHERE r.symbol = l.symbol)`,
  (not, right) => `symbol ${not}IN (SELECT symbol FROM ${right} AS r GROUP BY symbol HAVING COUNT(*) < 12)`,
  (not, right) => `(symbol, note) ${not}IN (SELECT symbol, note FROM ${right} AS r WHERE qty > 2)`,
);

function tested(left: number, right: number, from: string): Drawn {
  const drawn = drawnOf(left, right, from, true);
  const half = columns.slice(0, list.length);
  return { ...drawn, outputs: [half], inserts: [{ output: 0, select: drawn.inserts[0]!.select.replace(items, list.map((name) => `l.${name} AS l_${name}`).join(', ')) }] };
}

/** USING: of the shared columns the one that is there. */
function sharing(left: number, right: number, side: string, by: string): Drawn {
  const keys = by.split(', ');
  const from = `${untimed(left)} AS l ${side} JOIN ${untimed(right)} AS r USING (${by})`;
  return {
    ...drawnOf(left, right, from, true), inserts: [{ output: 0, select: `SELECT ${by}, l.qty AS l_qty, r.qty AS r_qty, r.event_time AS r_event_time FROM ${from}` }],
    outputs: [[...keys, 'l_qty', 'r_qty', 'r_event_time'].map((name) => columns.find((column) => column.name === name) ?? { name, type: 'STRING' })],
  };
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
  return { ...tested(left, right, `${of(left)} AS l WHERE ${side === 'SEMI' ? '' : 'NOT '}EXISTS (${within})`), updates: null };
}
