/** Our rows against the peer's: the same keys, equal integers and texts, doubles to 1e-9 relative. */
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Assignment, Comparison } from './processes.js';
import { workloadNamed, type PeerQuery } from './workloads.js';

const tolerance = 1e-9;

/**
 * How far a variance from running sums may be from the exact one, in squares of the mean: each row of the busiest symbol comes
 * and leaves with a rounding of 2^-53 at the most, a million in all. (3.4 M rows: 2e-11 was seen, where a frame of many rows
 * had left its roundings to one of few.)
 */
const drift = 1e6 * 2 ** -53;

/**
 * DuckDB counts in the rows that were late; ours are without them. So rows whose window or frame a late row belongs
 * to, by late.parquet, are left out on both sides. `drifting`: the peer's variances are from running sums.
 */
export async function compareOutputs({ workload, bundle, peer }: Assignment, drifting = false): Promise<Comparison[]> {
  const { peer: queries } = await workloadNamed(workload);
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run(`CREATE TABLE late AS SELECT json_extract_string(row, '$.symbol') AS symbol, event_time, window_start, window_end
    FROM read_parquet('${join(bundle, 'late.parquet')}')`);
  const comparisons: Comparison[] = [];
  for (const query of queries) {
    const ours = join(bundle, 'outputs', `${query.table}.parquet`);
    comparisons.push(await compareTable(connection, query, ours, join(peer, `${query.table}.parquet`), drifting ? query.running : undefined));
  }
  return comparisons;
}

async function compareTable(connection: DuckDBConnection, query: PeerQuery, ours: string, theirs: string, running: PeerQuery['running']): Promise<Comparison> {
  const { key, values, table } = query;
  const fromSums = running === undefined ? [] : [running.deviation, running.score];
  const types = new Map((await rows(connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${ours}'))`)) as [string, string][]);
  for (const [side, path] of [['ours', ours], ['theirs', theirs]] as const) {
    // Instants are compared as epoch milliseconds, whichever of the two a side has.
    const columns = [...key, ...values].map((name) => (isTime(types, name) && side === 'ours' ? `epoch_ms(${name}) AS ${name}` : name));
    const own = side === 'ours' ? columns : await asMillis(connection, path, columns, types);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${side} AS
      SELECT *, row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${values.join(', ')}) AS ordinal, ${touched(query)} AS touched, ${atBound(query, running)} AS at_bound
      FROM (SELECT ${own.join(', ')} FROM read_parquet('${path}')) AS o`);
  }
  const doubles = values.filter((name) => types.get(name) === 'DOUBLE' && !fromSums.includes(name));
  // A score is a difference in units of its usual size: near 0 its own size says nothing about the error of its parts.
  const least = (name: string): string => (query.bounds?.[name] === undefined ? '' : ', 1');
  const gap = (name: string): string =>
    `CASE WHEN a.${name} IS NOT DISTINCT FROM b.${name} THEN 0 ELSE coalesce(abs(a.${name} - b.${name}) / greatest(abs(a.${name}), abs(b.${name})${least(name)}), 'inf'::DOUBLE) END`;
  const worst = doubles.length === 0 ? '0' : `greatest(${doubles.map(gap).join(', ')}, 0)`;
  const exact = values.filter((name) => !doubles.includes(name) && !fromSums.includes(name)).map((name) => `a.${name} IS DISTINCT FROM b.${name}`);
  const differs = [`worst > ${tolerance}`, 'astray', ...(exact.length === 0 ? [] : ['inexact'])].join(' OR ');
  await connection.run(`CREATE OR REPLACE TEMP TABLE matched AS
    SELECT to_json(a)::VARCHAR AS our_row, to_json(b)::VARCHAR AS peer_row, a.ordinal IS NOT NULL AS has_ours, b.ordinal IS NOT NULL AS has_peer, has_ours AND has_peer AS both_have,
      ${worst} AS worst, ${exact.length === 0 ? 'false' : `(${exact.join(' OR ')})`} AS inexact, ${astray(running)} AS astray, ${running === undefined ? 'false' : `${gap(running.deviation)} > ${tolerance}`} AS drifted, coalesce(a.at_bound, b.at_bound) AS at_bound
    FROM (SELECT * FROM ours WHERE NOT touched) AS a FULL JOIN (SELECT * FROM theirs WHERE NOT touched) AS b
    ON ${[...key, 'ordinal'].map((name) => `a.${name} IS NOT DISTINCT FROM b.${name}`).join(' AND ')}`);
  const [counts] = await rows(connection, `
    SELECT count(*) FILTER (both_have AND NOT (${differs})), count(*) FILTER (both_have AND (${differs})),
      count(*) FILTER (NOT has_peer AND NOT at_bound), count(*) FILTER (NOT has_ours AND NOT at_bound), count(*) FILTER (NOT both_have AND at_bound),
      (SELECT count(*) FROM ours WHERE touched), coalesce(max(worst) FILTER (both_have), 0), count(*) FILTER (both_have AND drifted AND NOT (${differs}))
    FROM matched`);
  const [equal, different, onlyOurs, onlyPeer, onBound, leftOut, largest, drifts] = counts!.map(Number);
  const examples = await rows(connection, `SELECT our_row, peer_row FROM matched WHERE (both_have AND (${differs})) OR (NOT both_have AND NOT at_bound) LIMIT 3`);
  return { examples: examples.map(([our, their]) => `ours ${String(our)}, the peer's ${String(their)}`), table, equal: equal!, different: different!, onlyOurs: onlyOurs!, onlyPeer: onlyPeer!, atBound: onBound!, leftOut: leftOut!, worst: largest!, drifted: drifts! };
}

const isTime = (types: ReadonlyMap<string, string>, name: string): boolean => types.get(name)!.startsWith('TIMESTAMP');

async function asMillis(connection: DuckDBConnection, path: string, columns: readonly string[], types: ReadonlyMap<string, string>): Promise<string[]> {
  const own = new Map((await rows(connection, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${path}'))`)) as [string, string][]);
  return columns.map((name) => (isTime(types, name) && isTime(own, name) ? `epoch_ms(${name}) AS ${name}` : name));
}

/** Whether a late row belongs to the window or the frame of row `o`. */
function touched({ touchedBy, key }: PeerQuery): string {
  if (touchedBy === 'frame') {
    return `EXISTS (SELECT 1 FROM late AS l WHERE l.window_end IS NULL AND l.symbol = o.symbol
      AND o.event_time BETWEEN epoch_ms(l.event_time) AND epoch_ms(l.event_time) + 300000)`;
  }
  const start = key.includes('window_start') ? 'AND epoch_ms(l.window_start) = o.window_start' : '';
  return `EXISTS (SELECT 1 FROM late AS l WHERE l.symbol = o.symbol AND epoch_ms(l.window_end) = o.window_end ${start})`;
}

function atBound({ bounds = {} }: PeerQuery, running: PeerQuery['running']): string {
  const near = Object.entries(bounds).flatMap(([score, limits]) => limits.map((limit) => `coalesce(abs(${score} / ${limit} - 1) <= ${tolerance}, false)`));
  // With another variance within the drift the score would be on the other side.
  const drifts = running === undefined ? [] : [`coalesce(abs(((${running.value} - ${running.mean}) / ${running.limit}) ** 2 - ${running.deviation} ** 2) <= ${drift} * ${running.mean} ** 2, false)`];
  return near.length + drifts.length === 0 ? 'false' : [...near, ...drifts].join(' OR ');
}

/** Whether the peer's variance is further from ours than running sums explain; NaN is the root of one below 0. */
function astray(running: PeerQuery['running']): string {
  if (running === undefined) return 'false';
  const { deviation, mean } = running;
  return `coalesce(abs((CASE WHEN isnan(b.${deviation}) THEN 0 ELSE b.${deviation} END) ** 2 - a.${deviation} ** 2) > ${drift} * a.${mean} ** 2, false)`;
}

async function rows(connection: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
