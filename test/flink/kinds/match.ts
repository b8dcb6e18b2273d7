/** MATCH_RECOGNIZE: random patterns, each variable told by its first and last row, a count and a sum. */
import fc from 'fast-check';
import { clausesOf, randomMatches } from '../../laws/support/random-matches.js';
import type { Drawn } from '../statement.js';
import type { World } from '../world.js';

const matches = randomMatches({ physical: false });

export function match(world: World): fc.Arbitrary<Drawn> {
  // Where integers are wild their sums leave their type, in which Flink wraps around.
  const tables = world.flatMap(({ wild }, table) => (wild ? [] : [table]));
  return fc.tuple(matches, fc.constantFrom(...tables), fc.constantFrom('PARTITION BY symbol ', 'PARTITION BY symbol ', ''), fc.boolean()).map(([drawn, table, partition, byName]): Drawn => {
    const measures = drawn.variables.flatMap(({ name }) => [
      { sql: `FIRST(${name}.event_time)`, name: `${name}_first`, type: 'TIMESTAMP(3)' }, { sql: `LAST(${name}.event_time)`, name: `${name}_last`, type: 'TIMESTAMP(3)' },
      { sql: `COUNT(${name}.qty)`, name: `${name}_count`, type: 'BIGINT' }, { sql: `SUM(${name}.qty)`, name: `${name}_sum`, type: 'INT' },
    ]);
    const all = [
      { sql: 'MAX(volume)', name: 'most', type: 'BIGINT' }, { sql: 'FIRST(note, 1)', name: 'note_2', type: 'STRING' },
      { sql: 'LAST(price * 2)', name: 'twice', type: 'DOUBLE' }, { sql: 'AVG(amount)', name: 'mean', type: 'DECIMAL(38, 6)' },
    ];
    const told = [...measures, ...all];
    const key = partition === '' ? [] : [{ name: 'symbol', type: 'STRING' }];
    const select = `SELECT * FROM ticks_${table} MATCH_RECOGNIZE (\n${partition}ORDER BY event_time${byName ? ', note DESC, qty' : ''}\nMEASURES ${told.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}\nONE ROW PER MATCH\n${clausesOf(drawn)}\n) AS m`;
    return {
      kind: 'match', tables: [table], views: [], inserts: [{ output: 0, select }], outputs: [[...key, ...told.map(({ name, type }) => ({ name, type }))]], updates: null, exact: null,
    };
  });
}
