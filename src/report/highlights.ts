/** What a terminal shows of a run that has ended: the most eventful symbols as curves, and how many alerts of which kind. */
import type { Field } from '../core/types.js';
import type { SinkTable } from '../plan/plan.js';
import { quoteList, quoteName } from '../sources/quote.js';
import { alignedTable, visible } from './aligned-table.js';
import type { Accuracy } from './accuracy.js';
import { isNumeric, rolesOf, type Roles } from './roles.js';
import { sparkline } from './sparkline.js';
import type { Query } from './summary.js';

export interface Curve {
  /** Null: the output has no column for one. */
  readonly symbol: string | null;
  readonly alerts: number;
  /** The last value of each of equally long stretches of the output's event time; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Highlights {
  /** What the curves show: a column of an output; null: no output has a time and a number. */
  readonly of: { readonly table: string; readonly column: string } | null;
  readonly curves: readonly Curve[];
  /** By kind, most first. */
  readonly alerts: readonly { readonly kind: string; readonly rows: number }[];
}

const curvesMax = 5;
const stretches = 40;
/** Names of prices where there are no candles. */
const priceNames = [/^close/i, /^vwap/i, /^price$/i, /^(mid|last|avg_price|mean|ma)$/i, /price|vwap/i];

interface Candidate {
  readonly sink: SinkTable;
  readonly roles: Roles;
  readonly column: string;
  /** The less, the more a price. */
  readonly rank: number;
}

export async function highlightsOf(sinks: readonly SinkTable[], query: Query): Promise<Highlights> {
  const all = sinks.map((sink) => ({ sink, roles: rolesOf(sink.schema) }));
  const alarms = all.filter(({ roles }) => roles.kind !== null && roles.time !== null);
  const priced = all.flatMap((one) => candidate(one.sink, one.roles) ?? []).reduce<Candidate | null>((best, each) => (best === null || each.rank < best.rank ? each : best), null);
  const alerts = alarms.length === 0 ? [] : (await query(`SELECT coalesce(kind, 'NULL'), count(*) FROM (${alarms.map(({ sink, roles }) => `SELECT CAST(${quoteName(roles.kind!)} AS VARCHAR) AS kind FROM ${quoteName(sink.name)}`).join(' UNION ALL ')}) GROUP BY 1 ORDER BY 2 DESC, 1`)).rows;
  return {
    of: priced === null ? null : { table: priced.sink.name, column: priced.column },
    curves: priced === null ? [] : await curvesOf(priced, alarms, query),
    alerts: alerts.map(([kind, rows]) => ({ kind: String(kind), rows: Number(rows) })),
  };
}

function candidate(sink: SinkTable, roles: Roles): Candidate | null {
  const numbers = sink.schema.filter((field: Field) => isNumeric(field.type.kind)).map(({ name }) => name);
  if (roles.time === null || roles.kind !== null || numbers.length === 0) return null;
  const [candle] = roles.candles;
  if (candle !== undefined) return { sink, roles, column: candle.close, rank: 0 };
  const rank = priceNames.findIndex((pattern) => numbers.some((name) => pattern.test(name)));
  return { sink, roles, column: rank < 0 ? numbers[0]! : numbers.find((name) => priceNames[rank]!.test(name))!, rank: rank < 0 ? 99 : rank + 1 };
}

async function curvesOf({ sink, roles, column }: Candidate, alarms: readonly { readonly sink: SinkTable; readonly roles: Roles }[], query: Query): Promise<Curve[]> {
  const table = quoteName(sink.name);
  const symbols = roles.symbol === null ? [null] : await eventful(sink, roles.symbol, alarms, query);
  const time = `epoch_ms(CAST(${quoteName(roles.time!)} AS TIMESTAMP))`;
  const named = symbols.flatMap((one) => (one === null ? [] : [one.symbol]));
  const where = roles.symbol === null ? '' : `WHERE ${quoteName(roles.symbol)} IN (SELECT unnest(${quoteList(named)}::VARCHAR[]))`;
  const found = await query(`WITH points AS (SELECT ${roles.symbol === null ? "''" : `CAST(${quoteName(roles.symbol)} AS VARCHAR)`} AS s, ${time} AS t, CAST(${quoteName(column)} AS DOUBLE) AS v, row_number() OVER () AS n FROM ${table} ${where}),
    span AS (SELECT min(t) AS since, greatest(1, max(t) - min(t) + 1) AS length FROM points)
    SELECT s, (t - since) * ${stretches} // length AS place, arg_max(v, (t, n)) FROM points, span WHERE t IS NOT NULL AND isfinite(v) GROUP BY 1, 2`);
  const curves = new Map(symbols.map((one) => [one?.symbol ?? '', Array<number | null>(stretches).fill(null)]));
  for (const [symbol, place, value] of found.rows) {
    const values = curves.get(String(symbol));
    if (values !== undefined) values[Number(place)] = Number(value);
  }
  return symbols.map((one) => ({ symbol: one?.symbol ?? null, alerts: one?.alerts ?? 0, values: curves.get(one?.symbol ?? '')! }));
}

/** Symbols of the output with most alerts, then with most rows, then by name. */
async function eventful(sink: SinkTable, column: string, alarms: readonly { readonly sink: SinkTable; readonly roles: Roles }[], query: Query): Promise<{ readonly symbol: string; readonly alerts: number }[]> {
  const counts = alarms.filter(({ roles }) => roles.symbol !== null).map((alarm) => `SELECT CAST(${quoteName(alarm.roles.symbol!)} AS VARCHAR) AS s, 1 AS alert FROM ${quoteName(alarm.sink.name)}`);
  const own = `SELECT CAST(${quoteName(column)} AS VARCHAR) AS s, count(*) AS row_count FROM ${quoteName(sink.name)} WHERE ${quoteName(column)} IS NOT NULL GROUP BY 1`;
  const raised = counts.length === 0 ? "SELECT NULL::VARCHAR AS s, 0 AS alerts" : `SELECT s, count(*) AS alerts FROM (${counts.join(' UNION ALL ')}) GROUP BY 1`;
  const { rows } = await query(`SELECT own.s, coalesce(alerts, 0) FROM (${own}) AS own LEFT JOIN (${raised}) AS raised ON raised.s = own.s ORDER BY 2 DESC, row_count DESC, 1 LIMIT ${curvesMax}`);
  // DuckDB ends an SQL text at a NUL, so that such a symbol cannot be asked for.
  return rows.map(([symbol, alerts]) => ({ symbol: String(symbol), alerts: Number(alerts) })).filter(({ symbol }) => !symbol.includes('\0'));
}

/** Lines for a terminal; '' where there is nothing to show. Escapes only where `colours` says so. */
export function highlightsText({ of, curves, alerts }: Highlights, accuracy: Accuracy | null, colours: boolean): string {
  const parts: string[] = [];
  const drawn = curves.filter(({ values }) => values.some((value) => value !== null));
  if (of !== null && drawn.length > 0) {
    const rows = drawn.map(curveCells);
    const lines = alignedTable(['', 'first', 'last', 'change', 'alerts', ''], rows, 1).split('\n').slice(1);
    const colour = (line: string, changed: string): string => (colours && changed !== '' ? line.replace(changed, `\u001b[${changed.startsWith('−') ? 31 : 32}m${changed}\u001b[0m`) : line);
    parts.push(`${visible(of.column)} of ${visible(of.table)}, the most eventful first:`, ...lines.map((line, index) => `  ${colour(line, rows[index]![3]!)}`));
  }
  if (alerts.length > 0) parts.push(`Alerts: ${alerts.map(({ kind, rows }) => `${rows} ${visible(kind)}`).join(', ')}`);
  // Where no alert is of a label's type, none was meant to find one.
  if (accuracy?.types.some(({ alerts: judged }) => judged > 0) === true) parts.push(foundText(accuracy.types));
  return parts.join('\n');
}

function foundText(types: Accuracy['types']): string {
  const sum = (of: 'labels' | 'found'): number => types.reduce((total, type) => total + type[of], 0);
  const missed = types.filter(({ labels, found }) => found < labels).map(({ type, labels, found }) => `${labels - found} ${visible(type)}`);
  return `Labels found: ${sum('found')} of ${sum('labels')}${missed.length === 0 ? '' : `, not ${missed.join(', ')}`} (more: tapewright report accuracy)`;
}

function curveCells({ symbol, alerts, values }: Curve): string[] {
  const there = values.filter((value) => value !== null);
  const [first, last] = [there[0]!, there.at(-1)!];
  const change = first > 0 ? last / first - 1 : null;
  const changed = change === null ? '' : `${change < 0 ? '−' : '+'}${(Math.abs(change) * 100).toFixed(2)} %`;
  const short = (value: number): string => String(Number(value.toPrecision(7)));
  return [symbol ?? 'all', short(first), short(last), changed, alerts === 0 ? '' : `${alerts} alert${alerts === 1 ? '' : 's'}`, sparkline(values)];
}
