/** The random pipelines of the laws: windows, sessions, OVER, aggregates, filters, projections, unions, on each other. */
import fc from 'fast-check';
import { buildPhysical } from '../../../src/engine/physical.js';
import { Over } from '../../../src/operators/over.js';
import { planSql } from '../../../src/sql/planner.js';
import { oracle } from '../../laws/support/oracle.js';
import { Root, type Value } from '../../laws/support/oracle-aggregates.js';
import { typeText, type Field } from '../../laws/support/cells.js';
import { inputsOf, sqlOf, tablesOf, type Pipeline, type Query } from '../../laws/support/query.js';
import { randomCases } from '../../laws/support/random-pipelines.js';
import { isNearRoot } from '../../laws/support/rational.js';
import type { Drawn, ExactValue } from '../statement.js';
import { canonical, decimalText } from '../value.js';
import type { World } from '../world.js';

const cases = randomCases({ disorder: 'late', rowsMax: 0 });

export function pipelines(world: World): fc.Arbitrary<Drawn> {
  const table = fc.nat(world.length - 1);
  return fc.tuple(cases, table, table)
    .map(([{ pipeline }, first, second]) => ({ pipeline: { ...pipeline, ttl: null, delays: [world[first]!.delay, world[second]!.delay] }, tables: [first, second] as const }))
    .filter(({ pipeline, tables }) => pipeline.statements.every(({ query }) => tablesOf(query).every((read) => read < tables.length) && isJudged(query, world, tables)))
    .filter(({ pipeline }) => pipeline.statements.every((statement) => !hasIdleOver(sqlOf({ ...pipeline, statements: [statement] }))))
    .map(({ pipeline, tables }) => drawnOf(pipeline, tables))
    // Flink loses the brackets around a session's keys when it keeps a view's text.
    .filter(({ views }) => !views.some((view) => / PARTITION BY \([^()]*,/.test(view)));
}

/** Queries that only add rows: other kinds of statement draw those that change them. */
const adding: readonly string[] = ['table', 'filter', 'project', 'assign', 'window', 'regroup', 'over', 'union', 'join'];
const edges = ['FIRST_VALUE', 'LAST_VALUE', 'LAG'];

/** Whether Flink defines the result: not by how its tasks race, nor in which order a stateful operator hands on peers. */
function isJudged(query: Query, world: World, tables: readonly [number, number]): boolean {
  if (!adding.includes(query.kind)) return false;
  const inputs = inputsOf(query);
  const read = tablesOf(query).map((table) => world[tables[table]!]!);
  const ordered = (('aggregates' in query && query.aggregates.some(({ name }) => edges.includes(name))) || (query.kind === 'over' && query.frame.unit === 'rows'));
  const byEdge = 'aggregates' in query && query.aggregates.some(({ name }) => edges.includes(name));
  if (ordered && !isStateless(inputs[0]!)) return false;
  if (byEdge && read.some(({ sorted }) => !sorted)) return false;
  // How two tables race decides what is late.
  if ((query.kind === 'union' || query.kind === 'join') && read.some(({ late }) => late)) return false;
  // Window joins are drawn among the joins.
  if (query.kind === 'join' && query.windows !== null) return false;
  // Without a key it is no interval join there.
  if (query.kind === 'join' && query.keys.length === 0) return false;
  // Flink refuses these where panes or sessions merge.
  if (byEdge && (query.kind === 'regroup' || (query.kind === 'window' && query.window.kind !== 'tumble'))) return false;
  // Flink 2.3 finds no function that takes values away for these.
  if (query.kind === 'window' && query.window.kind === 'hop' && query.aggregates.some(({ distinct, name }) => distinct && name !== 'COUNT')) return false;
  if ('window' in query && query.window.kind !== 'session' && Math.abs(query.window.offset) >= query.window.size) return false;
  // Its planner fails where a window table stands on another.
  if ((query.kind === 'assign' || (query.kind === 'window' && !query.older)) && isOnWindowTable(query.input)) return false;
  // The job would fail at the first 0.
  const texts = query.kind === 'project' ? query.items : 'aggregates' in query ? query.aggregates.flatMap(({ argument }) => argument ?? []) : [];
  if (texts.some(({ sql }) => sql.startsWith('1000 /'))) return false;
  // Functions in TypeScript it does not have.
  if (texts.some(({ sql }) => /^law_/i.test(sql)) || ('aggregates' in query && query.aggregates.some(({ name }) => name === 'LAW_MIX'))) return false;
  return inputs.every((input) => isJudged(input, world, tables));
}

/** Whether nothing is asked of an OVER: Flink leaves it out, and with it what it refuses as late. */
function hasIdleOver(text: string): boolean {
  return buildPhysical(planSql(text)).nodes.some((node) => node.kind === 'operator' && node.made.operator instanceof Over && node.schema.length === node.inputSchemas[0]!.length);
}

function isOnWindowTable(query: Query): boolean {
  return query.kind === 'assign' || ((query.kind === 'filter' || query.kind === 'project' || query.kind === 'over' || query.kind === 'union' || query.kind === 'join') && inputsOf(query).some(isOnWindowTable));
}

function isStateless(query: Query): boolean {
  if (query.kind === 'table') return true;
  return (query.kind === 'filter' || query.kind === 'project' || (query.kind === 'assign' && query.window.kind !== 'session')) && isStateless(query.input);
}

/** Several keys of a session in brackets; the sign of an interval inside it. */
function asFlinkTakesIt(text: string): string {
  return text.replace(/ PARTITION BY ([^()]+), DESCRIPTOR/g, ' PARTITION BY ($1), DESCRIPTOR').replace(/-INTERVAL '/g, "INTERVAL '-");
}

function drawnOf(pipeline: Pipeline, tables: readonly [number, number]): Drawn {
  const statements = sqlOf(pipeline).split(/;\n?/).filter((text) => text !== '').map(asFlinkTakesIt).map((text) => text.replace(/\bticks\b/g, `ticks_${tables[0]}`).replace(/\bquotes\b/g, `ticks_${tables[1]}`));
  const fields = [...new Map(pipeline.statements.map(({ query, output }) => [output, query.fields])).entries()].sort(([a], [b]) => a - b).map(([, of]) => of);
  return {
    kind: 'pipelines',
    tables: [...new Set(pipeline.statements.flatMap(({ query }) => tablesOf(query)).map((table) => tables[table]!))],
    views: statements.filter((text) => text.startsWith('CREATE VIEW')),
    inserts: statements.flatMap((text) => {
      const found = /^INSERT INTO out_(\d+)\n([^]*)$/.exec(text);
      return found === null ? [] : [{ output: Number(found[1]), select: found[2]! }];
    }),
    outputs: fields.map((of) => of.map((field) => ({ name: field.name, type: typeText(field) }))),
    updates: null,
    exact: (world) => {
      const { outputs } = oracle({ pipeline, tables: tables.map((table) => world[table]!.rows) });
      return outputs.map((rows, output) => rows.map((row) => row.map((value, column) => exactValue(value, fields[output]![column]!))));
    },
  };
}

function exactValue(value: Value, field: Field): ExactValue {
  if (value instanceof Root) return (found) => isNearRoot(found, value.numerator, value.denominator);
  if (value === null || typeof value === 'number' && field.kind === 'DOUBLE') return value;
  if (typeof value === 'number') return canonical(new Date(value).toISOString().slice(0, -1), 'TIMESTAMP(3)');
  if (field.kind === 'DECIMAL') return canonical(decimalText(value as bigint, field.scale!), 'DECIMAL');
  return canonical(String(value), typeText(field));
}
