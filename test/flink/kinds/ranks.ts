/** ROW_NUMBER: Top-N over rows and over groups, the first and the last row of a key, Top-N of windows. */
import fc from 'fast-check';
import type { Drawn, OutputColumn } from '../statement.js';
import type { World } from '../world.js';
import { fieldColumns, keySets, tablesWith, typeOf, where } from './parts.js';

const order = fc.constantFrom('volume DESC', 'volume', 'amount DESC, volume', 'qty, volume DESC', 'note DESC, qty', 'event_time DESC', 'event_time');
const count = fc.integer({ min: 1, max: 3 });

export function ranks(world: World): fc.Arbitrary<Drawn> {
  const any = tablesWith(world, () => true);
  return fc.oneof(
    fc.tuple(any, keySets, order, count, fc.boolean(), fc.boolean(), where).map(([table, keys, by, most, shown, qualified, condition]) => (qualified ? ofQualify : ranked)(table, keys, by, most, shown, `ticks_${table}${condition}`)),
    fc.tuple(tablesWith(world, ({ sorted }) => sorted), keySets, fc.constantFrom('ASC', 'DESC'), where).map(([table, keys, way, condition]) => ranked(table, keys, `event_time ${way}`, 1, false, `ticks_${table}${condition}`)),
    fc.tuple(any, count, fc.boolean(), where).map(([table, most, shown, condition]) => ofGroups(table, most, shown, condition)),
    fc.tuple(any, order, count, fc.constantFrom('TUMBLE', 'HOP', 'CUMULATE')).map(([table, by, most, window]) => ofWindows(table, by, most, window)),
  );
}

const partition = (keys: readonly string[]): string => (keys.length === 0 ? '' : `PARTITION BY ${keys.join(', ')} `);

function ranked(table: number, keys: readonly string[], by: string, most: number, shown: boolean, from: string): Drawn {
  const columns: OutputColumn[] = [...fieldColumns, ...(shown ? [{ name: 'rn', type: 'BIGINT' }] : [])];
  const inner = `SELECT *, ROW_NUMBER() OVER (${partition(keys)}ORDER BY ${by}) AS rn FROM ${from}`;
  return drawnOf(table, `SELECT ${columns.map(({ name }) => name).join(', ')} FROM (${inner}) WHERE rn <= ${most}`, columns, keys);
}

/** The same with QUALIFY. Flink's planner fails at more than five columns where the number is none of them. */
function ofQualify(table: number, keys: readonly string[], by: string, most: number, shown: boolean, from: string): Drawn {
  const told = shown ? fieldColumns : fieldColumns.filter(({ name }) => ['symbol', 'volume', 'qty', 'amount', 'note'].includes(name));
  const columns: OutputColumn[] = [...told, ...(shown ? [{ name: 'rn', type: 'BIGINT' }] : [])];
  const number = `ROW_NUMBER() OVER (${partition(keys)}ORDER BY ${by})`;
  const items = [...told.map(({ name }) => name), ...(shown ? [`${number} AS rn`] : [])].join(', ');
  // The order of changes can be told by the keys that are there.
  return drawnOf(table, `SELECT ${items} FROM ${from} QUALIFY ${shown ? 'rn' : number} <= ${most}`, columns, keys.filter((key) => told.some(({ name }) => name === key)));
}

function ofGroups(table: number, most: number, shown: boolean, condition: string): Drawn {
  const columns: OutputColumn[] = [{ name: 'symbol', type: 'STRING' }, { name: 'note', type: 'STRING' }, { name: 's', type: 'BIGINT' }, ...(shown ? [{ name: 'rn', type: 'BIGINT' }] : [])];
  const groups = `SELECT symbol, note, SUM(volume) AS s FROM ticks_${table}${condition} GROUP BY symbol, note`;
  const inner = `SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY s DESC, note) AS rn FROM (${groups})`;
  // The order in which one group's change moves the others is not defined: only the table is.
  return { ...drawnOf(table, `SELECT ${columns.map(({ name }) => name).join(', ')} FROM (${inner}) WHERE rn <= ${most}`, columns, []), updates: { keys: null } };
}

function ofWindows(table: number, by: string, most: number, window: string): Drawn {
  const sizes = window === 'TUMBLE' ? `INTERVAL '5' SECOND` : `INTERVAL '2' SECOND, INTERVAL '6' SECOND`;
  const columns: OutputColumn[] = [...fieldColumns, { name: 'window_start', type: 'TIMESTAMP(3)' }, { name: 'window_end', type: 'TIMESTAMP(3)' }, { name: 'rn', type: 'BIGINT' }];
  const inner = `SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, symbol ORDER BY ${by}) AS rn FROM TABLE(${window}(TABLE ticks_${table}, DESCRIPTOR(event_time), ${sizes}))`;
  return { ...drawnOf(table, `SELECT ${columns.map(({ name }) => name).join(', ')} FROM (${inner}) WHERE rn <= ${most}`, columns, []), updates: null };
}

function drawnOf(table: number, select: string, columns: readonly OutputColumn[], keys: readonly string[]): Drawn {
  return { kind: 'ranks', tables: [table], views: [], inserts: [{ output: 0, select }], outputs: [columns], updates: { keys: keys.every((key) => typeOf(key) !== '') ? keys : null }, exact: null };
}
