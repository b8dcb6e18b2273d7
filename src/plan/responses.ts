/**
 * What a pipeline's anomalies lead to, as further outputs of it: trading halts, reviews of risk, notifications. They are
 * statements over the rows of one output, so that a replay makes them again to the byte. They never place orders.
 */
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { sqlType, withNullable, type Schema } from '../core/types.js';
import { makeCall } from '../functions/scalar.js';
import { columnRef, literal, type Expression, type Place } from './expression.js';
import { halts } from './halts.js';
import { knownTexts } from './known-texts.js';
import type { Pipeline, PlanNode, SinkTable, Statement } from './plan.js';
import { isRowtime } from './trace.js';

/** What anomalies of one type lead to. */
export interface ResponseRule {
  readonly anomaly: string;
  /** Milliseconds of event time; null: trading goes on. */
  readonly halt: { readonly halt: number; readonly after: number; readonly quiet: number } | null;
  /** Channels, in order. */
  readonly review: readonly string[];
  readonly notify: readonly string[];
  /** In place of the output's own, or of the type's usual one. */
  readonly severity: string | null;
  /** For errors: `scenario.yaml, line 12`. */
  readonly where: string;
}

export interface ResponsePolicy {
  /** The output whose rows are the anomalies; null: the one that has their columns. */
  readonly output: string | null;
  readonly rules: readonly ResponseRule[];
  readonly where: string;
}

export const responseOutputs = { halts: 'trading_halts', reviews: 'risk_reviews', notifications: 'notifications' } as const;

const noticeColumns = ['symbol', 'event_time', 'anomaly_type', 'severity', 'channel'];

/** Whether rows repeat anomalies for those who must know of them: they are no alerts of their own. */
export const repeatsAnomalies = (schema: Schema): boolean => schema.length === noticeColumns.length && schema.every(({ name }, index) => name === noticeColumns[index]);

/** Of types that the product knows, where neither the output nor the policy says. */
const severities: Readonly<Record<string, string>> = { PRICE_SPIKE: 'critical', COMBINED_ANOMALY: 'high' };
const SEVERITY = 'warning';

const text = sqlType('STRING');

/** The output's rows, by what their columns are. */
interface Anomalies {
  readonly sink: SinkTable;
  readonly rows: PlanNode;
  readonly symbol: number;
  readonly time: number;
  readonly type: number;
  readonly severity: number | null;
  readonly place: Place;
}

/** The pipeline with the outputs of the policy. @throws SCENARIO_INVALID, naming the place in the scenario. */
export function withResponses(pipeline: Pipeline, policy: ResponsePolicy): Pipeline {
  const anomalies = anomaliesOf(pipeline, policy);
  checkTypes(anomalies, policy);
  const made: { readonly name: string; readonly root: PlanNode }[] = [];
  const halting = policy.rules.flatMap(({ anomaly, halt }) => (halt === null ? [] : [{ anomaly, ...halt }]));
  if (halting.length > 0) {
    const { rows, symbol, time, type, place } = anomalies;
    made.push({ name: responseOutputs.halts, root: halts({ input: rows, time, keys: [symbol], anomaly: type, rules: halting, place }) });
  }
  const told = (name: string, channels: (rule: ResponseRule) => readonly string[]): void => {
    const roots = policy.rules.flatMap((rule) => channels(rule).map((channel) => noticeOf(anomalies, rule, channel)));
    const [first] = roots;
    if (first !== undefined) made.push({ name, root: roots.length === 1 ? first : { kind: 'union', inputs: roots, schema: first.schema, rowtime: first.rowtime } });
  };
  told(responseOutputs.reviews, ({ review }) => review);
  told(responseOutputs.notifications, ({ notify }) => notify);
  const taken = made.find(({ name }) => [...pipeline.sinks, ...pipeline.sources].some((table) => table.name === name));
  if (taken !== undefined) throw refused(policy.where, `responses make an output '${taken.name}', which the SQL has as well; rename the table there`);
  const statements = made.map(({ name, root }): Statement => ({ sink: sinkOf(name, root.schema, anomalies.sink), root, place: anomalies.place }));
  return { ...pipeline, sinks: [...pipeline.sinks, ...statements.map(({ sink }) => sink)], statements: [...pipeline.statements, ...statements] };
}

const refused = (where: string, message: string): TapewrightError => new TapewrightError('SCENARIO_INVALID', `${where}: ${message}`, { where });

/** Beside the anomalies' own topic; names of topics have hyphens. */
function sinkOf(name: string, schema: Schema, { options }: SinkTable): SinkTable {
  const servers = options['properties.bootstrap.servers'];
  const kafka = { connector: 'kafka', topic: name.replaceAll('_', '-'), ...(servers === undefined ? {} : { 'properties.bootstrap.servers': servers }), format: 'json' };
  return { name, schema, changes: 'none', primaryKey: [], options: options['connector'] === 'kafka' ? kafka : {} };
}

function anomaliesOf(pipeline: Pipeline, { output, where }: ResponsePolicy): Anomalies {
  const found = pipeline.sinks.flatMap((sink) => (output === null || sink.name === output ? [columnsOf(pipeline, sink)] : []));
  const [first, second] = found.filter((each) => typeof each !== 'string');
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) throw refused(where, `several outputs have the columns of anomalies (${first!.sink.name}, ${second.sink.name}); say which with 'output: ${first!.sink.name}'`);
  if (output === null) throw refused(where, `no output has the columns of anomalies: symbol, anomaly_type and, as its event time, event_time; say which is meant with 'output: NAME'`);
  const names = pipeline.sinks.map(({ name }) => name);
  const [why] = found;
  throw refused(where, why === undefined ? `there is no output '${output}'; the SQL writes ${names.join(', ')}` : `output '${output}' ${why as string}`);
}

/** What of an output is an anomaly's, or why it holds none. */
function columnsOf(pipeline: Pipeline, sink: SinkTable): Anomalies | string {
  const at = (name: string): number => sink.schema.findIndex((field) => field.name === name);
  const [symbol, time, type] = [at('symbol'), at('event_time'), at('anomaly_type')];
  for (const [name, index] of [['symbol', symbol], ['event_time', time], ['anomaly_type', type]] as const) if (index < 0) return `has no column ${name}`;
  if (sink.schema[type]!.type.kind !== 'STRING') return 'has an anomaly_type that is no STRING';
  if (sink.changes !== 'none') return 'takes back rows that it gave: responses cannot be taken back';
  const statements = pipeline.statements.filter((statement) => statement.sink.name === sink.name);
  const roots = statements.map(({ root }) => root);
  if (!roots.every((root) => isRowtime(root, time))) return 'has an event_time that is not the event time of its rows';
  const rows: PlanNode = roots.length === 1 ? roots[0]! : { kind: 'union', inputs: roots, schema: sink.schema, rowtime: time };
  const severity = at('severity');
  return { sink, rows, symbol, time, type, severity: severity >= 0 && sink.schema[severity]!.type.kind === 'STRING' ? severity : null, place: statements[0]!.place };
}

/** A type that can never come is a slip of the pen. */
function checkTypes({ rows, type, sink }: Anomalies, { rules }: ResponsePolicy): void {
  const known = knownTexts(rows, type);
  if (known === null) return;
  const stranger = rules.find(({ anomaly }) => !known.has(anomaly));
  if (stranger === undefined) return;
  const names = [...known].sort();
  const meant = nearest(stranger.anomaly, names);
  throw refused(stranger.where, `no anomaly of output ${sink.name} has the type '${stranger.anomaly}'; ${meant === null ? `its types are ${names.join(', ')}` : `did you mean '${meant}'?`}`);
}

/** symbol, event_time, anomaly_type, severity, channel: a row for each anomaly of the rule's type. */
function noticeOf({ rows, symbol, time, type, severity, place }: Anomalies, rule: ResponseRule, channel: string): PlanNode {
  const column = (index: number): Expression => columnRef(index, rows.schema[index]!.type);
  const condition = makeCall('=', [column(type), literal(rule.anomaly, text)], place, { timeZone: 'UTC' });
  const usual = literal(rule.severity ?? severities[rule.anomaly] ?? SEVERITY, text);
  const graded = severity === null || rule.severity !== null ? usual : makeCall('COALESCE', [column(severity), usual], place, { timeZone: 'UTC' });
  const filtered: PlanNode = { kind: 'filter', input: rows, condition, schema: rows.schema, rowtime: rows.rowtime };
  const label = literal(channel, withNullable(text, false));
  const expressions = [column(symbol), column(time), column(type), graded, label];
  return { kind: 'project', input: filtered, expressions, schema: expressions.map((expression, index) => ({ name: noticeColumns[index]!, type: expression.type })), rowtime: 1 };
}
