/** The plan as a graph to be drawn: what reads, filters, aggregates and writes, equal parts once, with the rows between them. */
import { conjunction } from '../plan/conjunction.js';
import { columnRef, columnsOf, substitute, usesClock, type Expression } from '../plan/expression.js';
import { identityOf } from '../plan/identity.js';
import { patternText } from '../plan/match.js';
import { aggregateText, frameText, operatorText, orderText, rankText, windowText } from '../plan/operator-text.js';
import type { Pipeline, PlanNode, SourceTable, WindowSpec } from '../plan/plan.js';
import { durationText, printExpression } from '../plan/print.js';
import { triggerText } from '../plan/trigger.js';
import { compileStage } from '../plan/compile.js';
import type { Stage } from '../plan/stage.js';
import { rawSchema } from '../engine/physical.js';
import { overRead, type BoundReader, type BoundRows } from './bound-data.js';

export interface GraphNode {
  readonly kind: 'source' | 'filter' | 'window' | 'over' | 'join' | 'union' | 'output';
  readonly title: string;
  readonly lines: readonly string[];
  readonly from: readonly number[];
  /** Rows that leave it, or, of an output, that it holds; null: not known. */
  readonly rows: number | null;
}

/** A node's index is greater than those that it comes from. */
export type PlanGraph = readonly GraphNode[];

interface Drawn {
  readonly kind: GraphNode['kind'];
  readonly title: string;
  readonly lines: readonly string[];
  readonly from: readonly number[];
  rows: number | null;
  /** As many rows leave as come in. */
  readonly keeps: boolean;
  /** A filter of a source's own columns, with nothing but filters below. */
  readonly condition: { readonly table: SourceTable; readonly expression: Expression } | null;
}

/** Lines of a node, and characters of a line. */
const linesMax = 5;

export class GraphBuilder {
  readonly #nodes: Drawn[] = [];
  readonly #known = new Map<string, number>();

  constructor(pipeline: Pipeline) {
    for (const source of pipeline.sources) this.#source(source);
    const roots = pipeline.statements.map(({ root }) => this.#node(root).index);
    for (const { name, primaryKey } of pipeline.sinks) {
      const from = pipeline.statements.flatMap(({ sink }, index) => (sink.name === name ? [roots[index]!] : []));
      this.#nodes.push({ kind: 'output', title: name, lines: primaryKey.length === 0 ? [] : [`key ${primaryKey.join(', ')}`], from: [...new Set(from)], rows: null, keeps: from.length === 1, condition: null });
    }
  }

  /** Filters whose rows a pass over their table can count. */
  counters(table: SourceTable): FilterCounter[] {
    return this.#nodes.flatMap((node) => (node.condition !== null && node.condition.table.name === table.name ? [new FilterCounter(table, node.condition.expression, (rows) => { node.rows = rows; })] : []));
  }

  /** With what is known of rows, and what follows from it. `lateOver`: rows that OVER refused. */
  graph(rows: { readonly sources: ReadonlyMap<string, number>; readonly outputs: ReadonlyMap<string, number>; readonly lateOver: number }): PlanGraph {
    for (const node of this.#nodes) {
      if (node.kind === 'source') node.rows = rows.sources.get(node.title) ?? null;
      if (node.kind === 'output') node.rows = rows.outputs.get(node.title) ?? null;
    }
    // Which of several refused them is not told.
    const late = this.#nodes.filter(({ kind }) => kind === 'over').length === 1 ? rows.lateOver : rows.lateOver > 0 ? null : 0;
    // Twice through the graph in either direction is enough: what is known moves along edges that keep rows.
    for (let round = 0; round < 2; round += 1) {
      for (const node of this.#nodes) this.#forward(node, late);
      for (const node of [...this.#nodes].reverse()) this.#backward(node, late);
    }
    return this.#nodes.map(({ kind, title, lines, from, rows: count }) => ({ kind, title, lines, from, rows: count }));
  }

  /** `late`: rows that the OVER refused; null: not known of which. */
  #forward(node: Drawn, late: number | null): void {
    const lost = node.kind === 'over' ? late : 0;
    if (node.rows !== null || !node.keeps || node.from.length === 0 || lost === null) return;
    const counts = node.from.map((from) => this.#nodes[from]!.rows);
    if (!counts.includes(null)) node.rows = counts.reduce<number>((sum, count) => sum + count!, -lost);
  }

  #backward(node: Drawn, late: number | null): void {
    const lost = node.kind === 'over' ? late : 0;
    if (node.rows === null || !node.keeps || node.from.length !== 1 || lost === null) return;
    this.#nodes[node.from[0]!]!.rows ??= node.rows + lost;
  }

  #source(table: SourceTable): number {
    const lines = [`${table.physical.length} columns`, ...(table.watermark === null ? ['no watermark'] : [`event time ${table.columns[table.watermark.column]!.name}`])];
    return this.#add(`scan ${table.name}`, { kind: 'source', title: table.name, lines, from: [], keeps: false });
  }

  /** The node that `node`'s rows leave, and what its columns are of that node's. */
  #node(node: PlanNode): { readonly index: number; readonly columns: readonly Expression[] } {
    const own = node.schema.map(({ type }, index) => columnRef(index, type));
    switch (node.kind) {
      case 'scan': return { index: this.#source(node.table), columns: own };
      case 'project': {
        const { index, columns } = this.#node(node.input);
        return { index, columns: node.expressions.map((expression) => substitute(expression, (column) => columns[column]!)) };
      }
      case 'filter': {
        const { index, columns } = this.#node(node.input);
        const condition = substitute(node.condition, (column) => columns[column]!);
        return { index: this.#filter(node, index, condition), columns };
      }
      case 'union': {
        const from = node.inputs.map((input) => this.#node(input).index);
        return { index: this.#add(`union ${from.join()} ${identityOf(node)}`, { kind: 'union', title: 'UNION ALL', lines: [], from: [...new Set(from)], keeps: new Set(from).size === from.length }), columns: own };
      }
      case 'window': {
        const { index } = this.#node(node.input);
        return { index: this.#add(identityOf(node), { kind: 'window', title: windowLines(node.window)[0]!, lines: [...windowLines(node.window).slice(1), 'a row for each window'], from: [index], keeps: node.window.kind === 'tumble' }), columns: own };
      }
      case 'interval-join': case 'temporal-join': case 'join': case 'window-join': {
        const from = node.inputs.map((input) => this.#node(input).index);
        const [left] = node.inputs;
        const lines = [node.keys.left.length === 0 ? 'every row with every row' : `by ${node.keys.left.map((key) => left.schema[key]!.name).join(', ')}`];
        return { index: this.#add(identityOf(node), { kind: 'join', title: operatorText(node).replace('-', ' ').toUpperCase(), lines, from: [...new Set(from)], keeps: false }), columns: own };
      }
      case 'global-window': case 'halts': {
        const { index } = this.#node(node.input);
        const names = node.input.schema.map(({ name }) => name);
        const lines = [node.keys.length === 0 ? 'all rows together' : `by ${node.keys.map((key) => names[key]).join(', ')}`];
        const more = node.kind === 'halts' ? node.rules.map(({ anomaly }) => anomaly) : [triggerText(node.trigger, names), ...node.aggregates.map((call) => aggregateText(call, names))];
        return { index: this.#add(identityOf(node), { kind: 'window', title: node.kind === 'halts' ? 'HALTS' : 'GLOBAL WINDOW', lines: [...lines, ...shortList(more)], from: [index], keeps: false }), columns: own };
      }
      case 'match': {
        const { index } = this.#node(node.input);
        const lines = [node.partition.length === 0 ? 'all rows together' : `by ${node.partition.map((key) => node.input.schema[key]!.name).join(', ')}`, patternText(node.pattern)];
        const within = node.within === null ? [] : [`within ${unquoted(durationText(node.within))}`];
        return { index: this.#add(identityOf(node), { kind: 'window', title: 'MATCH', lines: [...lines, ...within], from: [index], keeps: false }), columns: own };
      }
      case 'process': {
        const { index } = this.#node(node.input);
        const keys = node.keys.map((key) => node.input.schema[key]!.name);
        const lines = [keys.length === 0 ? 'all rows together' : `by ${keys.join(', ')}`];
        return { index: this.#add(identityOf(node), { kind: 'window', title: node.process.name, lines, from: [index], keeps: false }), columns: own };
      }
      case 'changelog': {
        const { index } = this.#node(node.input);
        const lines = [`by ${node.keys.map((key) => node.schema[key]!.name).join(', ')}`];
        return { index: this.#add(identityOf(node), { kind: 'window', title: 'CHANGELOG', lines, from: [index], keeps: false }), columns: own };
      }
      case 'rank': case 'window-rank': {
        const { index } = this.#node(node.input);
        const names = node.input.schema.map(({ name }) => name);
        const lines = [node.partition.length === 0 ? 'all rows together' : `by ${node.partition.map((key) => names[key]).join(', ')}`, `order ${orderText(node.order, names)}`];
        return { index: this.#add(identityOf(node), { kind: 'window', title: rankText(node), lines, from: [index], keeps: false }), columns: own };
      }
      case 'window-aggregate': case 'group-aggregate': case 'over': {
        const { index } = this.#node(node.input);
        const names = node.input.schema.map(({ name }) => name);
        const keys = (node.kind === 'over' ? node.partition : node.keys).map((column) => names[column]!);
        const lines = [keys.length === 0 ? 'all rows together' : `by ${keys.join(', ')}`, ...shortList(node.aggregates.map((call) => aggregateText(call, names)))];
        const [title, ...more] = node.kind === 'over' ? ['OVER', unquoted(frameText(node.frame))] : node.kind === 'group-aggregate' ? ['GROUP BY'] : node.window === null ? ['GROUP BY window'] : windowLines(node.window);
        return { index: this.#add(identityOf(node), { kind: node.kind === 'over' ? 'over' : 'window', title: title!, lines: [...more, ...lines], from: [index], keeps: node.kind === 'over' }), columns: own };
      }
    }
  }

  #filter(node: Extract<PlanNode, { kind: 'filter' }>, index: number, condition: Expression): number {
    const below = this.#nodes[index]!;
    const text = printExpression(node.condition, node.input.schema.map(({ name }) => name));
    const table = below.kind === 'source' ? tableOf(node) : (below.condition?.table ?? null);
    const all = below.condition === null ? condition : conjunction(below.condition.expression, condition);
    return this.#add(`filter ${index} ${identityOf(condition)}`, {
      kind: 'filter', title: 'WHERE', lines: [text], from: [index], keeps: false,
    }, table === null || usesClock(all) ? null : { table, expression: all });
  }

  #add(key: string, node: Omit<Drawn, 'rows' | 'condition'>, condition: Drawn['condition'] = null): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#nodes.push({ ...node, rows: null, condition });
    this.#known.set(key, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }
}

function tableOf(node: PlanNode): SourceTable | null {
  if (node.kind === 'scan') return node.table;
  return node.kind === 'filter' || node.kind === 'project' ? tableOf(node.input) : null;
}

const unquoted = (text: string): string => text.replaceAll("'", '');

/** `HOP 5 MINUTE`, and `EVERY 30 SECOND` below it. */
const windowLines = (window: WindowSpec): string[] => unquoted(windowText(window)).split(/ (?=EVERY|STEP|OFFSET)/);

const shortList = (texts: readonly string[]): string[] => (texts.length <= linesMax ? [...texts] : [...texts.slice(0, linesMax - 1), `and ${texts.length - linesMax + 1} more`]);

/** Counts the rows of a table for which a condition over its declared columns holds. */
export class FilterCounter implements BoundReader {
  readonly columns: readonly number[];
  readonly #raw: Expression;
  #rows = 0;
  #stage: Stage | null = null;

  constructor(readonly table: SourceTable, condition: Expression, private readonly done: (rows: number) => void) {
    this.#raw = substitute(condition, (index) => table.columns[index]!.expression);
    this.columns = [...columnsOf(this.#raw)];
  }

  take({ batch, at }: BoundRows): void {
    if (this.#stage === null) {
      const raw = rawSchema(this.table);
      const read = raw.flatMap((_, column) => (at(column) < 0 ? [] : [column])).sort((a, b) => at(a) - at(b));
      this.#stage = compileStage({ input: read.map((column) => raw[column]!), filter: overRead(this.#raw, read, raw), outputs: [] });
    }
    this.#rows += this.#stage.run(batch, 0, batch.length, null).length;
  }

  /** Call once all rows were taken, and only if they were those of the run. */
  finish(): void {
    this.done(this.#rows);
  }
}
