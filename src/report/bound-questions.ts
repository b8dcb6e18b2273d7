/** What a page asks of the bound data: spreads of the market, what made the alerts, rows through the plan's filters. */
import { originsOf } from '../plan/trace.js';
import type { Pipeline, SourceTable } from '../plan/plan.js';
import type { Manifest } from '../stores/manifest.js';
import { readBound, type BoundReader } from './bound-data.js';
import { EvidenceReader, type Evidence } from './evidence.js';
import { evidencePlan } from './evidence-plan.js';
import { isPriced, type EventfulSymbol, type MarketBars } from './market.js';
import type { TableData } from './page-data.js';
import { FilterCounter, GraphBuilder, type PlanGraph } from './plan-graph.js';
import { PriceReader } from './prices.js';
import { standingTables, type Report } from './report.js';
import { rolesOf } from './roles.js';
import { SpreadReader } from './spreads.js';
import type { Query } from './summary.js';

export interface Answers {
  /** Where the outputs have no prices. */
  readonly prices: PriceReader | null;
  readonly spreads: SpreadReader | null;
  readonly evidence: readonly Evidence[];
  readonly graph: PlanGraph;
  /** What could not be asked, in words. */
  readonly missing: readonly string[];
}

export interface Questions {
  readonly tables: readonly TableData[];
  readonly bars: MarketBars | null;
  /** The most eventful first. */
  readonly symbols: readonly EventfulSymbol[];
  /** Outputs whose rows are alerts. */
  readonly alerts: readonly string[];
}

const refusedMax = 100_000;

export async function askBound(manifest: Manifest, pipeline: Pipeline, report: Report, { tables, bars, alerts, symbols }: Questions, query: Query): Promise<Answers> {
  const builder = new GraphBuilder(pipeline);
  const eventful = symbols.map(({ name }) => name);
  const refused = manifest.late === 0 || alerts.length === 0 ? new Map<string, Set<number>>() : await refusedByOver(query);
  const evidence = alerts.flatMap((name) => {
    const plan = evidencePlan(pipeline, pipeline.sinks.find((sink) => sink.name === name)!);
    const { rows } = tables.find((table) => table.name === name)!;
    return plan === null || rows.length === 0 ? [] : [new EvidenceReader(plan, rows, eventful, refused.get(plan.source.name) ?? new Set())];
  });
  let prices = bars !== null && isPriced(bars.plan) ? null : priceReader(pipeline, report);
  let spreads = prices !== null ? SpreadReader.of(prices.table, prices.symbol, prices.every) : bars === null || bars.plan.spread !== null ? null : spreadReader(pipeline, bars);
  const readers: BoundReader[] = [...evidence, ...(spreads === null ? [] : [spreads]), ...(prices === null ? [] : [prices])];
  const missing: string[] = [];
  const read = new Set<string>();
  for (const table of pipeline.sources) {
    const record = manifest.datasets[table.name];
    const counters = isWhole(manifest) ? builder.counters(table) : [];
    const own = [...readers.filter((reader) => reader.table.name === table.name), ...counters];
    if (record === undefined || own.length === 0) continue;
    const why = await readBound(table, record, own);
    if (why !== null) missing.push(why);
    else {
      read.add(table.name);
      for (const counter of own) if (counter instanceof FilterCounter) counter.finish();
    }
  }
  if (spreads !== null && !read.has(spreads.table.name)) spreads = null;
  if (prices !== null && !read.has(prices.table.name)) prices = null;
  return { prices, spreads, evidence: evidence.filter(({ table }) => read.has(table.name)).map((one) => one.finish()), graph: graphOf(builder, manifest, report), missing };
}

/** Late rows of OVER, by table: positions. */
async function refusedByOver(query: Query): Promise<Map<string, Set<number>>> {
  const { rows } = await query(`SELECT input, position FROM bundle.late WHERE window_end IS NULL LIMIT ${refusedMax}`);
  const found = new Map<string, Set<number>>();
  for (const [input, position] of rows) {
    const own = found.get(String(input)) ?? new Set();
    found.set(String(input), own.add(Number(position)));
  }
  return found;
}

/** Whether the run used every row of its data. */
const isWhole = ({ parameters: { from, to }, rejected }: Manifest): boolean => from === null && to === null && rejected === 0;

function spreadReader(pipeline: Pipeline, { symbol, every, plan }: MarketBars): SpreadReader | null {
  const origin = symbol === null ? null : originOf(pipeline, plan.base.table, symbol);
  return origin === null ? null : SpreadReader.of(origin.table, origin.column, every[0]);
}

function priceReader(pipeline: Pipeline, { eventTime }: Report): PriceReader | null {
  if (eventTime === null) return null;
  const span = Date.parse(`${eventTime.to.replace(' ', 'T')}Z`) - Date.parse(`${eventTime.from.replace(' ', 'T')}Z`);
  for (const { name, schema } of standingTables(pipeline.sinks)) {
    const { symbol, time } = rolesOf(schema);
    const origin = symbol === null || time === null ? null : originOf(pipeline, name, symbol);
    const reader = origin === null ? null : PriceReader.of(origin.table, origin.column, symbol!, span);
    if (reader !== null) return reader;
  }
  return null;
}

/** The raw column that a column of an output is, unchanged. */
function originOf({ statements }: Pipeline, output: string, name: string): { readonly table: SourceTable; readonly column: number } | null {
  const statement = statements.find(({ sink }) => sink.name === output);
  const origins = statement === undefined ? null : originsOf(statement.root, statement.sink.schema.findIndex((field) => field.name === name));
  if (origins === null || origins.length === 0) return null;
  const { table, column } = origins[0]!;
  const { expression } = table.columns[column]!;
  return expression.kind === 'column' ? { table, column: expression.index } : null;
}

function graphOf(builder: GraphBuilder, manifest: Manifest, report: Report): PlanGraph {
  const { datasets, rows } = manifest;
  const tables = Object.keys(datasets);
  const counts = isWhole(manifest) ? tables.flatMap((table) => (datasets[table]!.rows === null ? [] : [[table, datasets[table]!.rows!] as const])) : [];
  const sources = new Map(tables.length === 1 ? [[tables[0]!, rows] as const] : counts);
  return builder.graph({ sources, outputs: new Map(Object.entries(report.outputs).map(([name, { rows: standing, changes }]) => [name, changes ?? standing])), lateOver: report.lateRows.reduce((sum, { operator, rows: late }) => sum + (operator.startsWith('over') ? late : 0), 0) });
}
