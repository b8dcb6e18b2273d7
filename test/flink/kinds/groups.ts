/** GROUP BY without a window, DISTINCT, grouping sets, and groups of groups: tables that change. */
import fc from 'fast-check';
import type { Drawn } from '../statement.js';
import type { World } from '../world.js';
import { aggregate, keySets, tablesWith, typeOf, where, type Item } from './parts.js';

const aggregates = fc.array(aggregate, { minLength: 1, maxLength: 4 });
const having = fc.constantFrom('', '', '', ' HAVING COUNT(*) >= 2', ' HAVING MAX(qty) > 2', ' HAVING SUM(qty) > 0', ' HAVING COUNT(*) < 4');

export function groups(world: World): fc.Arbitrary<Drawn> {
  const table = tablesWith(world, () => true);
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(table, keySets, aggregates, where, having).map(([from, keys, items, condition, having]) => plain(from, keys, items, condition + groupBy(keys) + having)) },
    { weight: 1, arbitrary: fc.tuple(table, keySets, where).map(([from, keys, condition]) => plain(from, keys.length === 0 ? ['qty'] : keys, [], condition, 'DISTINCT ')) },
    { weight: 2, arbitrary: fc.tuple(table, fc.constantFrom('ROLLUP (symbol, note)', 'CUBE (symbol, flag)', 'GROUPING SETS ((symbol, note), (symbol), ())', 'GROUPING SETS ((qty), (flag))'), aggregates, where).map(([from, sets, items, condition]) => sums(from, sets, items, condition)) },
    { weight: 2, arbitrary: fc.tuple(table, fc.constantFrom(['symbol', 'note'], ['symbol', 'qty'], ['note', 'flag']), where).map(([from, keys, condition]) => nested(from, keys, condition)) },
  );
}

const groupBy = (keys: readonly string[]): string => (keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`);

function plain(table: number, keys: readonly string[], items: readonly Item[], rest: string, before = ''): Drawn {
  const list = [...keys, ...items.map(({ sql }, index) => `${sql} AS a${index}`)].join(', ');
  return {
    kind: 'groups', tables: [table], views: [], inserts: [{ output: 0, select: `SELECT ${before}${list} FROM ticks_${table}${rest}` }],
    outputs: [[...keys.map((name) => ({ name, type: typeOf(name) })), ...items.map(({ type }, index) => ({ name: `a${index}`, type }))]], updates: { keys }, exact: null,
  };
}

function sums(table: number, sets: string, items: readonly Item[], condition: string): Drawn {
  const keys = [...new Set(sets.match(/\b[a-z]+\b/g)!)];
  const drawn = plain(table, keys, items, `${condition} GROUP BY ${sets}`);
  const select = drawn.inserts[0]!.select.replace(' FROM ', `, GROUPING_ID(${keys.join(', ')}) AS g FROM `);
  // A NULL may be a value, or stand for all.
  return { ...drawn, inserts: [{ output: 0, select }], outputs: [[...drawn.outputs[0]!, { name: 'g', type: 'BIGINT' }]], updates: { keys: [...keys, 'g'] } };
}

/** What a group takes back, the group above takes back. (Flink does not where it knows that a value only grows: a MAX of MAX.) */
function nested(table: number, keys: readonly string[], condition: string): Drawn {
  const inner = `SELECT ${keys.join(', ')}, COUNT(*) AS c, SUM(qty) AS s, AVG(volume) AS m FROM ticks_${table}${condition}${groupBy(keys)}`;
  return {
    kind: 'groups', tables: [table], views: [],
    inserts: [{ output: 0, select: `SELECT ${keys[0]!}, COUNT(*) AS a0, SUM(c) AS a1, MIN(s) AS a2, MAX(m) AS a3, AVG(s) AS a4, COUNT(DISTINCT c) AS a5 FROM (${inner}) GROUP BY ${keys[0]!}` }],
    outputs: [[{ name: keys[0]!, type: typeOf(keys[0]!) }, ...['BIGINT', 'BIGINT', 'INT', 'BIGINT', 'INT', 'BIGINT'].map((type, index) => ({ name: `a${index}`, type }))]],
    updates: { keys: [keys[0]!] }, exact: null,
  };
}
