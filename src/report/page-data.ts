/** What a page shows, as plain data: the report, the run's facts, rows for tables, series for charts. */
import { explainTree } from '../plan/explain.js';
import type { Pipeline } from '../plan/plan.js';
import { quoteName } from '../sources/quote.js';
import type { Manifest } from '../stores/manifest.js';
import { changesName } from '../sinks/changelog-view.js';
import { askBound } from './bound-questions.js';
import { chartData, chartSymbolsMax, isAlerts, type ChartData, type Charted } from './chart-series.js';
import type { Evidence } from './evidence.js';
import { marketBars, marketData, rankedSymbols, type MarketData } from './market.js';
import type { PlanGraph } from './plan-graph.js';
import { limitCharts, type LimitChart } from './limits.js';
import { chartedOutputs, rowsOf, standingTables, type OutputReport, type Report } from './report.js';
import { rolesOf } from './roles.js';
import type { Machine } from './machine.js';
import type { Cell, Query } from './summary.js';

export interface TableData {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** All rows of the table; only the first `head` and the last ones are in `rows`. */
  readonly total: number;
  readonly head: number;
  readonly rows: readonly (readonly Cell[])[];
}

export interface PageData {
  readonly report: Omit<Report, 'outputs'> & { readonly outputs: Readonly<Record<string, Omit<OutputReport, 'first'>>> };
  readonly run: {
    readonly id: string; readonly seconds: number; readonly eventsPerSecond: number; readonly peakRssMB: number;
    readonly versions: Manifest['versions']; readonly machine: Machine | null;
    /** Files of the bundle that are not as the run left them. */
    readonly changed: readonly string[];
  };
  readonly plan: string;
  /** In the order of the pipeline; then late rows and dead letters, if there are any. */
  readonly tables: readonly TableData[];
  /** By output. */
  readonly charts: Readonly<Record<string, ChartData>>;
  /** As `limits` of the report. */
  readonly limits: readonly LimitChart[];
  /** Prices of all symbols; null: no output has any. */
  readonly market: MarketData | null;
  /** Outputs whose rows are alerts, with their columns; `time`: when an alert was raised. */
  readonly alerts: readonly { readonly table: string; readonly time: string; readonly symbol: string | null; readonly kind: string }[];
  /** What the data say is there, in order of time; epoch ms. Without a symbol: of the whole market. */
  readonly labels: readonly { readonly type: string; readonly symbol: string | null; readonly from: number; readonly to: number }[];
  /** What made the alerts of an output. */
  readonly evidence: readonly Evidence[];
  readonly graph: PlanGraph;
  /** What the page does not show, and why. */
  readonly missing: readonly string[];
}

/** Rows of all tables, of one at the most, of one at the least, and of a list of alerts. */
const rowsMax = { page: 16_000, most: 2_500, least: 100, alerts: 4_000 } as const;
const labelsMax = 2_000;
/** Characters of a cell: a longer one is cut, and ends in an ellipsis. */
const cellMax = 300;
/** Characters of a table's rows. */
const tableMax = 700_000;

export async function makePageData(
  manifest: Manifest, pipeline: Pipeline, report: Report, about: { readonly machine: Machine | null; readonly changed: readonly string[] }, query: Query,
): Promise<PageData> {
  const { id, seconds, peakRssMB, versions, rows } = manifest;
  const outputs = Object.entries(report.outputs).map(([name, { first: _, ...output }]) => [name, output] as const);
  const charted = chartedOutputs(pipeline, report.outputs);
  const ranked = rankedOnce(query, charted);
  const tables = await tablesOf(report, pipeline, query);
  const bars = await marketBars(query, charted, ranked);
  // The same column may be named otherwise by another output; most often it is not.
  const column = charted.find(({ roles }) => roles.symbol !== null && roles.time !== null)?.roles.symbol ?? null;
  const { known, symbols } = column === null ? { known: 0, symbols: [] } : await ranked(column);
  const asked = await askBound(manifest, pipeline, report, { tables, bars, symbols, alerts: charted.filter(isAlerts).map(({ table }) => table) }, query);
  return {
    report: { ...report, outputs: Object.fromEntries(outputs) },
    run: { id, seconds, eventsPerSecond: seconds > 0 ? Math.round(rows / seconds) : 0, peakRssMB, versions, ...about },
    plan: explainTree(pipeline), tables, charts: await chartsOf(charted.filter(({ table }) => !(report.limits ?? []).some((one) => one.table === table)), ranked, query),
    limits: await limitCharts(report.limits ?? [], charted, query), market: asked.prices?.market(known, symbols, asked.spreads) ?? (bars === null ? null : marketData(bars, asked.spreads)),
    alerts: charted.filter(isAlerts).map(({ table, roles }) => ({ table, time: roles.end ?? roles.time!, symbol: roles.symbol, kind: roles.kind! })), labels: report.accuracy === undefined ? [] : await labelsOf(query),
    evidence: asked.evidence, graph: asked.graph, missing: asked.missing,
  };
}

async function labelsOf(query: Query): Promise<PageData['labels']> {
  const times = ['from_time', 'to_time'].map((name) => `epoch_ms(CAST(${name} AS TIMESTAMP))`).join(', ');
  const { rows } = await query(`SELECT CAST(type AS VARCHAR), CAST(symbol AS VARCHAR), ${times} FROM bundle.labels WHERE type IS NOT NULL AND from_time IS NOT NULL ORDER BY 3, 1, 2 LIMIT ${labelsMax}`);
  return rows.map(([type, symbol, from, to]) => ({ type: String(type), symbol: symbol === null ? null : String(symbol), from: Number(from), to: Number(to ?? from) }));
}

type Ranked = (column: string) => ReturnType<typeof rankedSymbols>;

/** The symbols of each column that names them, asked for once. */
function rankedOnce(query: Query, outputs: readonly Charted[]): Ranked {
  const known = new Map<string, ReturnType<typeof rankedSymbols>>();
  return (column) => {
    const found = known.get(column) ?? rankedSymbols(query, column, outputs.map((output) => ({ ...output, alerts: isAlerts(output) })));
    known.set(column, found);
    return found;
  };
}

async function tablesOf(report: Report, { sinks }: Pipeline, query: Query): Promise<TableData[]> {
  const names = Object.keys(report.outputs);
  const most = Math.max(rowsMax.least, Math.min(rowsMax.most, Math.floor(rowsMax.page / Math.max(1, names.length))));
  const tables: TableData[] = [];
  for (const { name, schema } of standingTables(sinks)) {
    const { rows, columns, changes } = report.outputs[name]!;
    const own = isAlerts({ roles: rolesOf(schema), rows }) ? Math.max(most, rowsMax.alerts) : most;
    tables.push(await tableData(query, name, columns.map((column) => ({ name: column.name, type: column.type })), rows, own));
    // As it came about, after what it came to; an output may have that name.
    if (changes !== undefined && !names.includes(changesName(name))) tables.push(await tableData(query, changesName(name), null, changes, most));
  }
  for (const [name, rows] of [['late', report.late], ['dead_letters', report.deadLetters]] as const) {
    // An output may have the same name, and is then what the name means.
    if (rows > 0 && !names.includes(name)) tables.push(await tableData(query, name, null, rows, most));
  }
  return tables;
}

/** The first and the last rows of a table, half and half where not all fit. */
async function tableData(query: Query, name: string, columns: TableData['columns'] | null, total: number, most: number): Promise<TableData> {
  const half = total <= most ? total : Math.floor(most / 2);
  const described = columns ?? (await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${quoteName(name)})`)).rows.map(([column, type]) => ({ name: String(column), type: String(type) }));
  const first = fitting(await rowsOf(query, name, `LIMIT ${half}`), total <= most ? tableMax : tableMax / 2);
  const rest = total <= most ? [] : await rowsOf(query, name, `LIMIT ${half} OFFSET ${total - half}`);
  const last = fitting(rest.reverse(), tableMax / 2).reverse();
  return { name, columns: described, total, head: first.length, rows: [...first, ...last] };
}

/** So many rows from the first as stay within `characters`. */
function fitting(rows: readonly (readonly Cell[])[], characters: number): Cell[][] {
  const found: Cell[][] = [];
  let used = 0;
  for (const row of rows) {
    const cells = row.map((cell) => (typeof cell === 'string' && cell.length > cellMax ? `${cell.slice(0, cellMax)}…` : cell));
    used += cells.reduce<number>((sum, cell) => sum + String(cell).length + 3, 0);
    if (used > characters && found.length > 0) break;
    found.push(cells);
  }
  return found;
}

async function chartsOf(outputs: readonly Charted[], ranked: Ranked, query: Query): Promise<Record<string, ChartData>> {
  const charts: [string, ChartData][] = [];
  for (const output of outputs) {
    const { symbol } = output.roles;
    const symbols = symbol === null ? [] : (await ranked(symbol)).symbols.slice(0, chartSymbolsMax).map(({ name }) => name);
    const data = output.rows === 0 || isAlerts(output) ? null : await chartData(query, output, symbols);
    if (data !== null) charts.push([output.table, data]);
  }
  return Object.fromEntries(charts);
}
