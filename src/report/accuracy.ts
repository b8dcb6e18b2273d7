/**
 * How well the alerts of a run find what its data's labels say is there.
 *
 * An alert finds a label when its type stands for the label's (its own type, or those that the scenario names), its
 * symbol is the label's (a label without one is of the whole market, and so is an output without a column for it),
 * and its time lies within [from, to + tolerance]. A label is found once, by the first such alert; further ones count
 * as matched, not as false. An alert that finds a label of another type only is explained by that one, and not counted
 * against this type. Labels that begin outside the run's span do not count.
 */
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import type { Field } from '../core/types.js';
import type { SinkTable } from '../plan/plan.js';
import type { AccuracyRules } from '../scenario/accuracy.js';
import { quoteName, quoteText } from '../sources/quote.js';
import { isTime, rolesOf } from './roles.js';
import type { Query } from './summary.js';

export interface TypeAccuracy {
  /** Of the labels. */
  readonly type: string;
  readonly labels: number;
  readonly found: number;
  /** Alerts that stand for this type, but for those that another type's label explains. */
  readonly alerts: number;
  readonly matched: number;
  /** matched / alerts and found / labels, to three decimals; null where there is nothing to divide by. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Event time from a found label's beginning to its first alert, ms; each is one that occurred (nearest rank). */
  readonly delayMs: { readonly median: number; readonly p90: number; readonly max: number } | null;
}

export interface Accuracy {
  /** The outputs whose rows are the alerts. */
  readonly outputs: readonly string[];
  readonly toleranceMs: number;
  /** In the order of their names. */
  readonly types: readonly TypeAccuracy[];
  /** Alerts of types that no label has and the scenario does not name: neither right nor wrong. */
  readonly notJudged: readonly { readonly type: string; readonly alerts: number }[];
}

/** Event times in epoch ms that a run was asked for. */
export interface AskedSpan {
  readonly from: number | null;
  readonly to: number | null;
}

/** Names of times in an alert: when it was raised rather than when its window began. */
const timeNames = ['event_time', 'window_end', 'window_time', 'window_start'];

export interface AlertColumns {
  readonly table: string;
  readonly type: string;
  readonly symbol: string | null;
  readonly time: Field;
}

/** Judges the outputs that `query` asks, whose bundle has labels. Throws SCENARIO_INVALID as `alertOutputs`. */
export async function judgeAlerts(sinks: readonly SinkTable[], rules: AccuracyRules, span: AskedSpan, query: Query): Promise<Accuracy> {
  const outputs = alertOutputs(sinks, rules);
  const common = commonTables(outputs, rules, span);
  const delays = new Map<string, (number | null)[]>();
  for (const [type, delay] of (await query(`${common} SELECT labels.type, min(delay) FROM labels LEFT JOIN hits USING (id) GROUP BY id, labels.type ORDER BY 1, 2`)).rows) {
    const found = delays.get(String(type)) ?? [];
    found.push(delay === null ? null : Number(delay));
    delays.set(String(type), found);
  }
  const counted = new Map((await query(`${common} ${countsText}`)).rows.map(([type, alerts, matched]) => [String(type), { alerts: Number(alerts), matched: Number(matched) }]));
  const names = [...new Set([...delays.keys(), ...Object.keys(rules.types)])].sort((a, b) => (a < b ? -1 : 1));
  const notJudged = await query(`${common} SELECT type, count(*) FROM alerts WHERE type NOT IN (SELECT alert FROM claims) GROUP BY 1 ORDER BY 1`);
  return {
    outputs: outputs.map(({ table }) => table), toleranceMs: rules.toleranceMs,
    types: names.map((type) => typeAccuracy(type, delays.get(type) ?? [], counted.get(type) ?? { alerts: 0, matched: 0 })),
    notJudged: notJudged.rows.map(([type, alerts]) => ({ type: String(type), alerts: Number(alerts) })),
  };
}

function typeAccuracy(type: string, labels: readonly (number | null)[], { alerts, matched }: { readonly alerts: number; readonly matched: number }): TypeAccuracy {
  const delays = labels.filter((delay) => delay !== null).sort((a, b) => a - b);
  const rank = (tenths: number): number => delays[Math.ceil((delays.length * tenths) / 10) - 1]!;
  return {
    type, labels: labels.length, found: delays.length, alerts, matched, precision: ratio(matched, alerts), recall: ratio(delays.length, labels.length),
    delayMs: delays.length === 0 ? null : { median: rank(5), p90: rank(9), max: rank(10) },
  };
}

/** To the nearest thousandth, halves up, without the rounding of a quotient before it. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.floor((2_000 * part + whole) / (2 * whole)) / 1_000;
}

/** Alerts of each label type: those that find one of its labels, and those that find none at all. */
const countsText = `SELECT claims.label, count(*) FILTER (own.n IS NOT NULL OR explained.n IS NULL), count(own.n)
FROM alerts JOIN claims ON claims.alert = alerts.type
LEFT JOIN (SELECT DISTINCT n, type FROM hits) AS own ON own.n = alerts.n AND own.type = claims.label
LEFT JOIN (SELECT DISTINCT n FROM hits) AS explained ON explained.n = alerts.n GROUP BY 1`;

/** SQL of the tables that all questions share: labels, claims (which alert types stand for a label's), alerts, hits. */
function commonTables(outputs: readonly AlertColumns[], rules: AccuracyRules, { from, to }: AskedSpan): string {
  const alerts = outputs.map(({ table, type, symbol, time }) => {
    const at = time.type.kind === 'TIMESTAMP_LTZ' ? quoteName(time.name) : `CAST(${quoteName(time.name)} AS TIMESTAMP)`;
    return `SELECT CAST(${quoteName(type)} AS VARCHAR) AS type, ${symbol === null ? 'NULL' : quoteName(symbol)}::VARCHAR AS symbol, ${symbol === null} AS of_all, epoch_ms(${at}) AS t FROM ${quoteName(table)}`;
  });
  const none = 'SELECT NULL::VARCHAR AS type, NULL::VARCHAR AS symbol, false AS of_all, NULL::BIGINT AS t';
  const spelled = Object.entries(rules.types).flatMap(([label, stands]) => stands.map((alert) => `(${quoteText(label)}, ${quoteText(alert)})`));
  const own = Object.keys(rules.types).map(quoteText);
  const within = [...(from === null ? [] : [`AND epoch_ms(CAST(from_time AS TIMESTAMP)) >= ${from}`]), ...(to === null ? [] : [`AND epoch_ms(CAST(from_time AS TIMESTAMP)) < ${to}`])].join(' ');
  return `WITH labels AS MATERIALIZED (SELECT row_number() OVER () AS id, CAST(type AS VARCHAR) AS type, CAST(symbol AS VARCHAR) AS symbol,
  epoch_ms(CAST(from_time AS TIMESTAMP)) AS since, epoch_ms(CAST(to_time AS TIMESTAMP)) + ${rules.toleranceMs} AS until FROM bundle.labels WHERE type IS NOT NULL ${within}),
claims AS MATERIALIZED (SELECT DISTINCT type AS label, type AS alert FROM labels ${own.length === 0 ? '' : `WHERE type NOT IN (${own.join(', ')}) UNION VALUES ${spelled.join(', ')}`}),
alerts AS MATERIALIZED (SELECT row_number() OVER () AS n, * FROM (${(alerts.length === 0 ? [none] : alerts).join(' UNION ALL ')}) WHERE type IS NOT NULL AND t IS NOT NULL),
hits AS MATERIALIZED (SELECT n, id, labels.type, t - since AS delay FROM alerts JOIN claims ON claims.alert = alerts.type JOIN labels ON labels.type = claims.label
  AND t BETWEEN since AND until AND (labels.symbol IS NULL OR of_all OR labels.symbol = alerts.symbol))`;
}

/** Where the alerts are. Throws SCENARIO_INVALID for rules that fit no output. */
export function alertOutputs(sinks: readonly SinkTable[], rules: AccuracyRules): AlertColumns[] {
  if (rules.outputs === null) return sinks.flatMap((sink) => columnsOf(sink, rules) ?? []);
  return rules.outputs.map((name) => {
    const sink = sinks.find((one) => one.name === name);
    if (sink === undefined) throw misfit(`'${name}' of accuracy.output is no output`, name, sinks.map((one) => one.name));
    const columns = columnsOf(sink, rules);
    if (columns === null) throw misfit(`the output '${name}' has no column for the type or the time of an alert; name them as accuracy.type and accuracy.time`, name, []);
    return columns;
  });
}

/** Null: the rows of this output are no alerts. Columns that the rules name must be there where the output is named as well. */
function columnsOf({ name: table, schema }: SinkTable, rules: AccuracyRules): AlertColumns | null {
  const roles = rolesOf(schema);
  const named = (column: string): Field | null => {
    const field = schema.find(({ name }) => name === column);
    if (field === undefined && rules.outputs !== null) throw misfit(`the output '${table}' has no column '${column}', which accuracy names`, column, schema.map(({ name }) => name));
    return field ?? null;
  };
  const type = rules.type === null ? roles.kind : (named(rules.type)?.name ?? null);
  const times = schema.filter((field) => isTime(field.type.kind));
  const time = rules.time === null ? (timeNames.map((name) => times.find((field) => field.name === name)).find((field) => field !== undefined) ?? times[0] ?? null) : named(rules.time);
  if (type === null || time === null) return null;
  if (!isTime(time.type.kind)) throw misfit(`accuracy.time: the column '${time.name}' of '${table}' is no time`, time.name, []);
  const symbol = rules.symbol === null ? roles.symbol : (named(rules.symbol)?.name ?? null);
  return { table, type, symbol: symbol === type ? null : symbol, time };
}

function misfit(what: string, given: string, known: readonly string[]): TapewrightError {
  const meant = nearest(given, known);
  const hint = known.length === 0 ? '' : meant === null ? `; there are ${known.join(', ')}` : `; did you mean '${meant}'?`;
  return new TapewrightError('SCENARIO_INVALID', `${what}${hint}`, { given });
}
