/** Parts that several kinds of statement are made of. */
import fc from 'fast-check';
import { typeText } from '../../laws/support/cells.js';
import { tableFields } from '../../laws/support/query.js';
import type { OutputColumn } from '../statement.js';
import type { World, WorldTable } from '../world.js';

/** A select item and the column that it makes. */
export interface Item {
  readonly sql: string;
  readonly type: string;
}

export const fieldColumns: readonly OutputColumn[] = tableFields.map((field) => ({ name: field.name, type: typeText(field) }));
export const typeOf = (name: string): string => fieldColumns.find((column) => column.name === name)!.type;

/** Numbers of the tables of a world that are as wanted. Wild ones have sums that leave their type. */
export const tablesWith = (world: World, wanted: (table: WorldTable) => boolean): fc.Arbitrary<number> =>
  fc.constantFrom(...world.flatMap((table, number) => (!table.wild && wanted(table) ? [number] : [])));

export const keySets = fc.constantFrom<readonly string[]>(['symbol'], ['symbol'], ['note'], ['symbol', 'flag'], ['flag', 'note'], ['qty'], []);

const conditions = ["symbol <> 'A'", 'price > 100', 'price <= 0', 'MOD(qty, 2) = 0', 'volume >= 2', 'amount > 10.5', 'flag', 'flag IS NOT TRUE', 'note IS NULL', "note IN ('a', 'Z', '')"];

export const condition = fc.constantFrom(...conditions);

/** Aggregates that both engines compute exactly: none that add doubles. */
const exactAggregates: readonly Item[] = [
  { sql: 'COUNT(*)', type: 'BIGINT' }, { sql: 'COUNT(price)', type: 'BIGINT' }, { sql: 'COUNT(DISTINCT note)', type: 'BIGINT' }, { sql: 'COUNT(DISTINCT qty)', type: 'BIGINT' },
  { sql: 'SUM(qty)', type: 'INT' }, { sql: 'SUM(volume)', type: 'BIGINT' }, { sql: 'SUM(amount)', type: 'DECIMAL(38, 2)' }, { sql: 'SUM(DISTINCT qty)', type: 'INT' },
  { sql: 'AVG(qty)', type: 'INT' }, { sql: 'AVG(volume)', type: 'BIGINT' }, { sql: 'AVG(amount)', type: 'DECIMAL(38, 6)' },
  { sql: 'MIN(price)', type: 'DOUBLE' }, { sql: 'MAX(price)', type: 'DOUBLE' }, { sql: 'MIN(volume)', type: 'BIGINT' }, { sql: 'MAX(amount)', type: 'DECIMAL(12, 2)' },
  { sql: 'MIN(note)', type: 'STRING' }, { sql: 'MAX(symbol)', type: 'STRING' }, { sql: 'MAX(flag)', type: 'BOOLEAN' }, { sql: 'MIN(qty)', type: 'INT' },
];

export const aggregate: fc.Arbitrary<Item> = fc.tuple(fc.constantFrom(...exactAggregates), fc.option(condition, { freq: 2 }))
  .map(([{ sql, type }, filter]) => ({ sql: filter === null ? sql : `${sql} FILTER (WHERE ${filter})`, type }));

export const where = fc.option(condition, { freq: 2 }).map((found) => (found === null ? '' : ` WHERE ${found}`));
