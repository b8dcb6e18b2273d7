/** What is held against a limit over time: an output with a number and, beside it, a number named after it (`exposure`, `exposure_limit`). */
import type { SinkTable } from '../plan/plan.js';
import { quoteList, quoteName } from '../sources/quote.js';
import { isAlerts, spanBetween, spanOfPoint, type Charted } from './chart-series.js';
import { packed, type Packed } from './packed.js';
import { rolesOf } from './roles.js';
import type { Cell, Query } from './summary.js';

export interface LimitRoles {
  readonly table: string;
  readonly time: string;
  /** The columns that tell one series from another. */
  readonly keys: readonly string[];
  readonly value: string;
  readonly limit: string;
}

/** One series, by its key, at its greatest. */
export interface Greatest {
  readonly key: readonly Cell[];
  readonly value: number;
  /** In UTC. */
  readonly at: string;
  /** Rows of it, and those of them that are beyond the limit, above or below. */
  readonly rows: number;
  readonly beyond: number;
  /** Alerts of its key. */
  readonly alerts: number;
}

export interface LimitReport extends LimitRoles {
  /** Null: the rows do not all name the same. */
  readonly most: number | null;
  readonly series: number;
  /** Series that were beyond the limit at least once. */
  readonly beyond: number;
  /** The output of alerts that have the same key; null: there is none. */
  readonly alerts: string | null;
  /** The series that got furthest from zero, furthest first. */
  readonly greatest: readonly Greatest[];
}

export interface LimitSeries {
  /** Beginnings of points, in multiples of `every` since 1970, and the last value of each. */
  readonly times: Packed;
  readonly values: Packed;
  /** Alerts of its key: epoch ms, and the value that they name. */
  readonly alerts: readonly (readonly [number, number | null])[];
}

/** Beside `greatest` of the report, in its order. */
export interface LimitChart {
  readonly table: string;
  /** Milliseconds that a point stands for. */
  readonly every: number;
  readonly series: readonly LimitSeries[];
}

const greatestMax = 12;
const pointsMax = 1_500;
const alertsMax = 500;

/** Null: it is no such output. */
export function limitRoles({ name, schema, primaryKey }: SinkTable): LimitRoles | null {
  const { time, symbol, numbers, kind } = rolesOf(schema);
  const limit = numbers.find((one) => numbers.some((value) => one.toLowerCase() === `${value.toLowerCase()}_limit`));
  if (time === null || kind !== null || limit === undefined) return null;
  const value = numbers.find((one) => limit.toLowerCase() === `${one.toLowerCase()}_limit`)!;
  const keys = primaryKey.filter((key) => key !== time && key !== value && key !== limit);
  return { table: name, time, keys: keys.length > 0 ? keys : symbol === null ? [] : [symbol], value, limit };
}

const millis = (column: string): string => `epoch_ms(CAST(${quoteName(column)} AS TIMESTAMP))`;
const real = (column: string): string => `CAST(${quoteName(column)} AS DOUBLE)`;

/** Of the rows of an output: `k` its key as a list of texts, `t` epoch ms, `v` the value, `m` the limit. */
const rowsOf = ({ table, time, keys, value, limit }: LimitRoles): string =>
  `(SELECT ${keyText(keys)} AS k, ${millis(time)} AS t, ${real(value)} AS v, ${real(limit)} AS m FROM ${quoteName(table)} WHERE ${quoteName(time)} IS NOT NULL AND isfinite(${real(value)}))`;

const keyText = (keys: readonly string[]): string => `[${keys.map((key) => `CAST(${quoteName(key)} AS VARCHAR)`).join(', ')}]::VARCHAR[]`;

/** The alerts of the same key: their output. */
function alertsOf(roles: LimitRoles, outputs: readonly Charted[], sinks: readonly SinkTable[]): Charted | null {
  if (roles.keys.length === 0) return null;
  const names = (table: string): readonly string[] => sinks.find(({ name }) => name === table)!.schema.map(({ name }) => name);
  return outputs.find((output) => isAlerts(output) && roles.keys.every((key) => names(output.table).includes(key))) ?? null;
}

export async function limitReports(sinks: readonly SinkTable[], outputs: readonly Charted[], query: Query): Promise<LimitReport[]> {
  const reports: LimitReport[] = [];
  for (const sink of sinks) {
    const roles = limitRoles(sink);
    if (roles !== null) reports.push(await limitReport(roles, alertsOf(roles, outputs, sinks), query));
  }
  return reports;
}

async function limitReport(roles: LimitRoles, alerts: Charted | null, query: Query): Promise<LimitReport> {
  const rows = rowsOf(roles);
  const [most, limits] = (await query(`SELECT max(m), count(DISTINCT m) FROM ${rows}`)).rows[0]!;
  const raised = alerts === null ? 'SELECT NULL::VARCHAR[] AS k, 0 AS alerts' : `SELECT ${keyText(roles.keys)} AS k, count(*) AS alerts FROM ${quoteName(alerts.table)} GROUP BY 1`;
  const each = `SELECT k, arg_max(v, (abs(v), -t)) AS v, arg_max(t, (abs(v), -t)) AS t, count(*) AS n, count(*) FILTER (abs(v) > m) AS beyond FROM ${rows} GROUP BY 1`;
  const [series, beyond] = (await query(`SELECT count(*), count(*) FILTER (beyond > 0) FROM (${each})`)).rows[0]!;
  const found = await query(`SELECT to_json(own.k), v, strftime(make_timestamp_ms(t), '%Y-%m-%d %H:%M:%S.%g'), n, beyond, coalesce(alerts, 0) FROM (${each}) AS own LEFT JOIN (${raised}) AS raised ON raised.k = own.k ORDER BY abs(v) DESC, own.k LIMIT ${greatestMax}`);
  return {
    ...roles, most: Number(limits) === 1 ? Number(most) : null, series: Number(series), beyond: Number(beyond), alerts: alerts?.table ?? null,
    greatest: found.rows.map(([key, value, at, count, over, reviews]) => ({ key: JSON.parse(String(key)) as Cell[], value: Number(value), at: String(at), rows: Number(count), beyond: Number(over), alerts: Number(reviews) })),
  };
}

export async function limitCharts(reports: readonly LimitReport[], outputs: readonly Charted[], query: Query): Promise<LimitChart[]> {
  const charts: LimitChart[] = [];
  for (const report of reports) {
    const { greatest } = report;
    // One symbol's rows for each key: the names are ours, as spanOfPoint wants them.
    const rows = `(SELECT to_json(k)::VARCHAR AS s, t, v FROM ${rowsOf(report)} WHERE to_json(k)::VARCHAR IN (SELECT unnest(${textList(greatest)}::VARCHAR[])))`;
    const every = (await spanOfPoint(query, rows, pointsMax)) || (await spanBetween(query, rows));
    const points = new Map(greatest.map(({ key }) => [JSON.stringify(key), { times: [] as number[], values: [] as number[] }]));
    for (const [key, bucket, value] of (await query(`SELECT s, t // ${every}, arg_max(v, t) FROM ${rows} GROUP BY 1, 2 ORDER BY 1, 2`)).rows) {
      const own = points.get(String(key));
      own?.times.push(Number(bucket));
      own?.values.push(Number(value));
    }
    const raised = await alertsBy(report, outputs, query);
    charts.push({ table: report.table, every, series: [...points].map(([key, { times, values }]) => ({ times: packed(times), values: packed(values), alerts: raised.get(key) ?? [] })) });
  }
  return charts;
}

async function alertsBy({ alerts, keys, value, greatest }: LimitReport, outputs: readonly Charted[], query: Query): Promise<Map<string, (readonly [number, number | null])[]>> {
  const found = new Map<string, (readonly [number, number | null])[]>();
  const output = outputs.find(({ table }) => table === alerts);
  if (output === undefined) return found;
  const { time, end, numbers } = output.roles;
  const named = numbers.includes(value) ? real(value) : 'NULL';
  const { rows } = await query(`SELECT k, t, v FROM (SELECT to_json(${keyText(keys)})::VARCHAR AS k, ${millis(end ?? time!)} AS t, ${named} AS v FROM ${quoteName(output.table)})
    WHERE t IS NOT NULL AND k IN (SELECT unnest(${textList(greatest)}::VARCHAR[])) ORDER BY t, k, v LIMIT ${alertsMax}`);
  for (const [key, at, worth] of rows) {
    const own = found.get(String(key)) ?? [];
    own.push([Number(at), worth === null || !Number.isFinite(Number(worth)) ? null : Number(worth)]);
    found.set(String(key), own);
  }
  return found;
}

/** Keys as DuckDB writes lists in JSON, which is how JSON.stringify does. */
const textList = (greatest: readonly Greatest[]): string => quoteList(greatest.map(({ key }) => JSON.stringify(key)));
