/** Whether the rows of a pipeline can be divided by a key: lanes share nothing, so every state must belong to one key. */
import type { Pipeline, PlanNode, SourceTable, StatefulNode } from './plan.js';
import type { Place } from './expression.js';
import { inputsOf, isJoin, keyOrigins, nodesBelow, originsOf, scansBelow, type ColumnOrigin } from './trace.js';
import { operatorText } from './operator-text.js';

export interface LaneKeys {
  readonly possible: boolean;
  /** Why not, or by what: one clause, for explain and errors. */
  readonly reason: string;
  /** For each source of the pipeline the key's columns, as indexes into its `columns`; empty when not possible. */
  readonly columns: readonly (readonly number[])[];
}

/** Windows of fixed bounds are told from a row alone; the rows of a session wait for each other. */
const isStateful = (node: PlanNode): node is StatefulNode =>
  node.kind !== 'scan' && node.kind !== 'filter' && node.kind !== 'project' && node.kind !== 'union' && (node.kind !== 'window' || node.window.kind === 'session');

/** Input columns by which the state is divided; of a join, those of its left. */
function keysOf(node: StatefulNode): readonly number[] {
  if (isJoin(node)) return node.keys.left;
  return 'keys' in node ? node.keys : node.partition;
}

/** Where each key comes from: its column in every scan below; null where a value of it is computed. */
function originsOfKeys(node: StatefulNode): readonly (readonly ColumnOrigin[] | null)[] {
  if (isJoin(node)) return node.keys.left.map((_, key) => keyOrigins(node, key));
  return keysOf(node).map((index) => originsOf(node.input, index));
}

/** A stateful operator of a statement. */
export interface StatefulOperator {
  /** Index of the statement. */
  readonly statement: number;
  /** `window-aggregate TUMBLE '1' MINUTE`. */
  readonly operator: string;
  /** Names of the key's columns; empty: one state for all rows. */
  readonly keys: readonly string[];
  /** What is kept for each key, in words. */
  readonly state: string;
  readonly place: Place;
}

/**
 * Whether `key` (column names; null: the tables' own `key.fields`) divides the pipeline into lanes: it must occur,
 * unchanged or renamed, in the keys of every stateful operator.
 */
export function laneKeys(pipeline: Pipeline, key: readonly string[] | null): LaneKeys {
  const fields = new Map<SourceTable, readonly string[]>();
  for (const source of pipeline.sources) {
    const names = key ?? keyFields(source);
    if (names.length === 0) return impossible(key === null ? `no key is given, and table '${source.name}' has no 'key.fields'` : 'the key has no columns');
    const missing = names.find((name) => !source.columns.some((column) => column.name === name));
    if (missing !== undefined) return impossible(`table '${source.name}' has no column '${missing}'`);
    fields.set(source, names);
  }
  const counts = new Set([...fields.values()].map((names) => names.length));
  if (counts.size > 1) return impossible("the tables' 'key.fields' have different numbers of columns");
  for (const { root } of pipeline.statements) {
    for (const node of nodesBelow(root)) {
      if (!isStateful(node)) continue;
      const lacking = lacks(node, fields);
      if (lacking !== null) {
        const keys = keyNames(node);
        const has = keys.length === 0 ? 'keeps one state for all rows' : `is keyed by ${keys.join(', ')}`;
        return impossible(`${operatorText(node)} (line ${node.place.line}) ${has}, which does not hold '${lacking}' unchanged`);
      }
    }
  }
  const columns = pipeline.sources.map((source) => fields.get(source)!.map((name) => source.columns.findIndex((column) => column.name === name)));
  const names = [...new Set([...fields.values()].map((list) => list.join(', ')))];
  return { possible: true, reason: `every stateful operator is keyed by ${names.join(' or ')}`, columns };
}

const impossible = (reason: string): LaneKeys => ({ possible: false, reason, columns: [] });

/** `'key.fields' = 'symbol;venue'`. */
function keyFields(source: SourceTable): readonly string[] {
  return (source.options['key.fields'] ?? '').split(';').map((name) => name.trim()).filter((name) => name !== '');
}

/** The first key field that no single key of `node` carries from all scans below it; null when all are there. */
function lacks(node: StatefulNode, fields: ReadonlyMap<SourceTable, readonly string[]>): string | null {
  const origins = originsOfKeys(node);
  const scans = scansBelow(node);
  const [first] = scans;
  if (first === undefined) return null;
  const names = fields.get(first.table)!;
  // One key column must carry the field from every scan: two that carry it crosswise would join rows of two lanes.
  const at = names.findIndex((_, field) => !origins.some((origin) => origin !== null
    && origin.every(({ table, column }) => table.columns[column]!.name === fields.get(table)![field])));
  return at < 0 ? null : names[at]!;
}

function keyNames(node: StatefulNode): readonly string[] {
  return keysOf(node).map((index) => inputsOf(node)[0]!.schema[index]!.name);
}

/** Every operator that keeps state, statement by statement, inputs first. */
export function statefulOperators(pipeline: Pipeline): readonly StatefulOperator[] {
  return pipeline.statements.flatMap(({ root }, statement) => [...nodesBelow(root)].flatMap((node) => {
    if (!isStateful(node)) return [];
    return [{ statement, operator: operatorText(node), keys: keyNames(node), state: stateOf(node), place: node.place }];
  }));
}

function stateOf(node: StatefulNode): string {
  switch (node.kind) {
    case 'window': return 'the rows of each open session';
    case 'interval-join': return `the left's rows of the last ${Math.max(0, -node.lower) / 1000} s of event time, the right's of the last ${Math.max(0, node.upper) / 1000} s`;
    case 'temporal-join': return 'the versions that the watermark has not passed, and left rows that wait for it';
    case 'join': return `every row of both sides${ttlText(Math.max(...node.ttl.map((ttl) => ttl ?? Infinity)))}`;
    case 'window-join': return 'the rows of each open window';
    case 'global-window': return `${node.aggregates.length} aggregates, the trigger's numbers and timers, and rows that wait for the watermark`;
    case 'halts': return 'the halt under way, and anomalies that wait for the watermark';
    case 'process': return `what ${node.process.name} keeps, and its timers${node.process.order === 'arrival' ? '' : ', and rows that wait for the watermark'}`;
    case 'match': return `rows of matches in the making${node.within === null ? ', as long as these take' : `, for ${node.within / 1000} s of event time at the most`}, and rows that wait for the watermark`;
    case 'rank': return `the first ${node.to} rows${ttlText(node.ttl ?? Infinity)}`;
    case 'changelog': return 'the row of each key, for ever';
    case 'window-rank': return `the first ${node.to} rows of each open window`;
    default: return aggregatesText(node);
  }
}

const ttlText = (ttl: number): string => (ttl === Infinity ? ', for ever' : `, for ${ttl / 1000} s after they were last touched`);

function aggregatesText(node: Extract<StatefulNode, { kind: 'window-aggregate' | 'group-aggregate' | 'over' }>): string {
  const count = node.aggregates.length;
  const sums = count === 1 ? '1 aggregate' : `${count} aggregates`;
  const distinct = node.aggregates.some((call) => call.distinct) ? ', and the distinct values' : '';
  if (node.kind === 'group-aggregate') return `${sums}${distinct}${ttlText(node.ttl ?? Infinity)}`;
  if (node.kind === 'window-aggregate') return `${sums} for each open window${distinct}`;
  const { kind, preceding } = node.frame;
  const kept = preceding === null ? 'nothing of past rows'
    : kind === 'rows' ? `the last ${preceding + 1} rows` : `the rows of the last ${preceding / 1000} s of event time`;
  const lag = node.aggregates.reduce((rows, call) => Math.max(rows, call.offset ?? 0), 0);
  const back = lag > 0 ? `, the last ${lag} values for LAG` : '';
  return `${sums}, ${kept}${back}${distinct}, and rows that wait for the watermark`;
}
