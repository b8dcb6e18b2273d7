/**
 * From the logical plan to what runs: stages (stateless, fused) between stateful operators, with unused columns left
 * out and equal operators of several statements run once.
 */
import { assert } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { uniqueKeys } from '../plan/changes.js';
import { compileStage } from '../plan/compile.js';
import { conjunction } from '../plan/conjunction.js';
import { columnRef, columnsOf, substitute, usesClock, type Expression } from '../plan/expression.js';
import { columnMayFail, mayFail } from '../plan/failing.js';
import { identityOf } from '../plan/identity.js';
import { inputsOf, joinedColumn } from '../plan/trace.js';
import type { Pipeline, PlanNode, SinkTable, SourceTable, StatefulNode } from '../plan/plan.js';
import { shareWindowAggregates } from '../plan/share.js';
import type { Stage } from '../plan/stage.js';
import { formOf, picked, type MadeOperator } from './operator-form.js';
import type { TableScan } from './scan.js';
import type { Group } from './watermarks.js';

/** A node's index in the list is greater than those of its inputs. */
export type PhysicalNode =
  | { readonly kind: 'source'; readonly input: number; readonly schema: Schema }
  | {
      readonly kind: 'stage'; readonly from: number; readonly stage: Stage; readonly schema: Schema; readonly statement: number; readonly name: string;
      /** Its rows are read within the chunk, and not kept. */
      readonly lends: boolean;
    }
  | {
      readonly kind: 'operator'; readonly from: readonly number[]; readonly made: MadeOperator; readonly schema: Schema;
      readonly inputSchemas: readonly Schema[]; readonly statement: number; readonly group: number;
      /** Its rows are results of windows. */
      readonly window: boolean;
    }
  | { readonly kind: 'union'; readonly from: readonly number[]; readonly schema: Schema }
  | {
      readonly kind: 'output'; readonly table: number; readonly from: readonly number[]; readonly changes: SinkTable['changes'];
      /** Columns of which the values together are there once at a time; null: none are known. */
      readonly key: readonly number[] | null;
    };

export interface PhysicalPlan {
  readonly nodes: readonly PhysicalNode[];
  /** An operator's watermark is the least of its group's: of the sources that reach it. */
  readonly groups: readonly Group[];
  /** Of each source: which of its physical and metadata columns are read at all. */
  readonly columns: readonly (readonly number[])[];
  /** Of each source with a watermark: event time and watermark (unless SOURCE_WATERMARK()) of the raw columns. */
  readonly scans: readonly (TableScan | null)[];
  readonly usesNow: boolean;
}

/** Who a stage is for. */
type StageUse = Pick<Extract<PhysicalNode, { kind: 'stage' }>, 'statement' | 'name' | 'lends'>;

export function rawSchema(table: SourceTable): Schema {
  return [...table.physical, ...table.metadata.map(({ name, type }) => ({ name, type }))];
}

export function buildPhysical(pipeline: Pipeline): PhysicalPlan {
  const shared = shareWindowAggregates(pipeline);
  return new Builder(shared).build();
}

class Builder {
  readonly #pipeline: Pipeline;
  readonly #nodes: PhysicalNode[] = [];
  readonly #groups: Group[] = [];
  readonly #needs = new Map<string, Set<number>>();
  readonly #built = new Map<string, { node: number; map: ReadonlyMap<number, number> }>();
  readonly #keys = new Map<PlanNode, string>();
  readonly #sourceColumns: number[][];
  /** By source and filter: how often its rows are asked for, and the node that delivers them to all who ask. */
  readonly #filterUses = new Map<string, number>();
  readonly #filtered = new Map<string, number>();
  #usesNow = false;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
    this.#sourceColumns = pipeline.sources.map(() => []);
  }

  build(): PhysicalPlan {
    const { sources, sinks, statements } = this.#pipeline;
    const identity = (node: PlanNode) => node.schema.map((field, index) => columnRef(index, field.type));
    for (const { root } of statements) this.#need(root, identity(root), null);
    this.#readColumns();
    sources.forEach((table, input) => {
      const raw = rawSchema(table);
      this.#nodes.push({ kind: 'source', input, schema: this.#sourceColumns[input]!.map((column) => raw[column]!) });
    });
    const roots = statements.map(({ root }, statement) => this.#stage(root, identity(root), null, { statement, name: 'output', lends: false }));
    sinks.forEach((sink, table) => {
      const from = statements.flatMap((statement, index) => (statement.sink.name === sink.name ? [roots[index]!] : []));
      const writers = statements.filter((statement) => statement.sink.name === sink.name);
      const key = writers.length === 1 ? (uniqueKeys(writers[0]!.root)[0] ?? null) : null;
      this.#nodes.push({ kind: 'output', table, from, changes: sink.changes, key });
    });
    return {
      nodes: this.#nodes, groups: this.#groups, columns: this.#sourceColumns,
      scans: sources.map((table, input) => this.#scan(table, input)), usesNow: this.#usesNow,
    };
  }

  #scan(table: SourceTable, input: number): TableScan | null {
    const { watermark } = table;
    if (watermark === null) return null;
    const time = table.columns[watermark.column]!.expression;
    const outputs = [this.#toRead(table, input, this.#declared(table, columnRef(watermark.column, time.type)))];
    if (watermark.expression !== null) outputs.push(this.#toRead(table, input, watermark.expression));
    const schema = this.#nodes[input]!.kind === 'source' ? (this.#nodes[input] as { schema: Schema }).schema : [];
    const compiled = (of: Expression[]): Stage => compileStage({ input: schema, filter: null, outputs: of });
    const delay = delayOf(watermark);
    return { stage: compiled(outputs), delayed: delay === null ? null : { stage: compiled(outputs.slice(0, 1)), delay, column: plainColumn(outputs[0]!) } };
  }

  /** Declared columns replaced by what they are made of: physical and metadata columns. */
  #declared(table: SourceTable, expression: Expression): Expression {
    return substitute(expression, (index) => table.columns[index]!.expression);
  }

  /** Physical and metadata columns renumbered to those that are read. */
  #toRead(_table: SourceTable, input: number, expression: Expression): Expression {
    const read = this.#sourceColumns[input]!;
    return substitute(expression, (index) => {
      const type = rawSchema(this.#pipeline.sources[input]!)[index]!.type;
      return columnRef(read.indexOf(index), type);
    });
  }

  /** First pass: which columns of each stateful operator, and of each source, anyone asks for. */
  #need(node: PlanNode, outputs: readonly Expression[], filter: Expression | null): void {
    if (node.kind === 'project') {
      const inside = (expression: Expression) => substitute(expression, (index) => node.expressions[index]!);
      this.#need(node.input, outputs.map(inside), filter === null ? null : inside(filter));
    } else if (node.kind === 'filter') {
      this.#need(node.input, outputs, filter === null ? node.condition : conjunction(node.condition, filter));
    } else if (node.kind === 'union') {
      for (const input of node.inputs) this.#need(input, outputs, filter);
    } else if (node.kind === 'scan') {
      const input = this.#inputOf(node.table);
      for (const expression of filter === null ? outputs : [...outputs, filter]) {
        for (const column of columnsOf(this.#declared(node.table, expression))) this.#sourceColumns[input]!.push(column);
        this.#noteNow(this.#declared(node.table, expression));
      }
      if (filter !== null) {
        const key = `${node.table.name} ${identityOf(filter)}`;
        this.#filterUses.set(key, (this.#filterUses.get(key) ?? 0) + 1);
      }
    } else {
      const asked = askedOf(outputs, filter);
      const key = this.#operatorKey(node, asked);
      const needs = this.#needs.get(key) ?? new Set<number>();
      const before = needs.size;
      for (const column of asked) needs.add(column);
      for (const expression of filter === null ? outputs : [...outputs, filter]) this.#noteNow(expression);
      const isNew = !this.#needs.has(key);
      this.#needs.set(key, needs);
      if (isNew || needs.size > before) {
        if (timeToLive(node)) this.#usesNow = true;
        const { columns } = formOf(node, needs);
        inputsOf(node).forEach((input, side) => this.#need(input, columns[side]!.map((column) => columnRef(column, input.schema[column]!.type)), null));
      }
    }
  }

  #noteNow(expression: Expression): void {
    if (usesClock(expression)) this.#usesNow = true;
  }

  #readColumns(): void {
    this.#pipeline.sources.forEach((table, input) => {
      const used = new Set(this.#sourceColumns[input]!);
      if (table.watermark !== null) {
        columnsOf(table.columns[table.watermark.column]!.expression, used);
        if (table.watermark.expression !== null) columnsOf(table.watermark.expression, used);
      }
      // A table of which nothing is read still delivers its rows: count them by their first column.
      if (used.size === 0) used.add(0);
      this.#sourceColumns[input] = [...used].sort((a, b) => a - b);
    });
  }

  /** Second pass: the node that delivers `outputs` of the rows of `node` for which `filter` holds. */
  #stage(node: PlanNode, outputs: readonly Expression[], filter: Expression | null, use: StageUse): number {
    if (node.kind === 'project') {
      const inside = (expression: Expression) => substitute(expression, (index) => node.expressions[index]!);
      return this.#stage(node.input, outputs.map(inside), filter === null ? null : inside(filter), use);
    }
    if (node.kind === 'filter') {
      return this.#stage(node.input, outputs, filter === null ? node.condition : conjunction(node.condition, filter), use);
    }
    if (node.kind === 'union') {
      const from = node.inputs.map((input) => this.#stage(input, outputs, filter, use));
      return this.#push({ kind: 'union', from, schema: schemaOf(outputs) });
    }
    if (node.kind === 'scan') {
      const input = this.#inputOf(node.table);
      const raw = (expression: Expression) => this.#toRead(node.table, input, this.#declared(node.table, expression));
      const { schema } = this.#nodes[input] as { schema: Schema };
      const from = filter === null ? null : this.#filteredSource(node.table, input, filter, raw(filter), use.statement);
      if (from !== null) return this.#pushStage(from, schema, outputs.map(raw), null, use);
      return this.#pushStage(input, schema, outputs.map(raw), filter === null ? null : raw(filter), use);
    }
    const built = this.#operator(node, askedOf(outputs, filter), use.statement);
    const remapped = (expression: Expression) => substitute(expression, (index) => columnRef(built.map.get(index)!, node.schema[index]!.type));
    const { schema } = this.#nodes[built.node] as { schema: Schema };
    return this.#pushStage(built.node, schema, outputs.map(remapped), filter === null ? null : remapped(filter), use);
  }

  /**
   * The rows of a source that pass a filter, picked once for all who ask for them; null where one alone asks. A filter
   * that may fail is evaluated by each: what it refuses is told by statement.
   */
  #filteredSource(table: SourceTable, input: number, filter: Expression, raw: Expression, statement: number): number | null {
    const key = `${table.name} ${identityOf(filter)}`;
    if (this.#filterUses.get(key)! < 2 || mayFail(raw) || usesClock(raw)) return null;
    let node = this.#filtered.get(key);
    if (node === undefined) {
      const { schema } = this.#nodes[input] as { schema: Schema };
      const stage = compileStage({ input: schema, filter: raw, outputs: schema.map(({ type }, index) => columnRef(index, type)) });
      node = this.#push({ kind: 'stage', from: input, stage, schema, statement, name: 'filter', lends: false });
      this.#filtered.set(key, node);
    }
    return node;
  }

  #pushStage(from: number, input: Schema, outputs: readonly Expression[], filter: Expression | null, use: StageUse): number {
    const stage = compileStage({ input, filter, outputs });
    return this.#push({ kind: 'stage', from, stage, schema: schemaOf(outputs), ...use });
  }

  #operator(node: StatefulNode, asked: ReadonlySet<number>, statement: number): { node: number; map: ReadonlyMap<number, number> } {
    const key = this.#operatorKey(node, asked);
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const form = formOf(node, this.#needs.get(key)!);
    const name = `${node.kind}-${this.#nodes.filter(({ kind }) => kind === 'operator').length + 1}`;
    const inputs = inputsOf(node);
    // Windows take rows into their accumulators, OVER keeps copies; other operators keep some of the rows themselves.
    const use: StageUse = { statement, name, lends: node.kind === 'window-aggregate' || node.kind === 'over' };
    const from = inputs.map((input, side) => this.#stage(input, form.columns[side]!.map((column) => columnRef(column, input.schema[column]!.type)), null, use));
    const index = this.#push({
      kind: 'operator', from, made: form.make(name), schema: form.schema, inputSchemas: inputs.map((input, side) => picked(input.schema, form.columns[side]!)),
      statement, group: this.#groupOf(node), window: firesWindows(node),
    });
    const built = { node: index, map: form.map };
    this.#built.set(key, built);
    return built;
  }

  #push(node: PhysicalNode): number {
    this.#nodes.push(node);
    return this.#nodes.length - 1;
  }

  #inputOf(table: SourceTable): number {
    const input = this.#pipeline.sources.findIndex(({ name }) => name === table.name);
    assert(input >= 0, `table ${table.name} is a source of the pipeline`);
    return input;
  }

  #groupOf(node: PlanNode): number {
    const delays = new Map<number, number>();
    for (const input of inputsOf(node)) this.#delays(input, 0, delays);
    const group = [...delays].map(([input, delay]) => ({ input, delay })).sort((a, b) => a.input - b.input);
    const text = identityOf(group);
    const known = this.#groups.findIndex((other) => identityOf(other) === text);
    return known >= 0 ? known : this.#groups.push(group) - 1;
  }

  /** By source below `node`, the longest that interval joins on the way hold its rows back. */
  #delays(node: PlanNode, delay: number, into: Map<number, number>): void {
    if (node.kind === 'scan') {
      const input = this.#inputOf(node.table);
      into.set(input, Math.max(delay, into.get(input) ?? 0));
    }
    // A row without partner leaves at the watermark behind its last partner's time: one millisecond more.
    const own = node.kind === 'interval-join' ? Math.max(-node.lower, node.upper) + (node.type === 'inner' ? 0 : 1) : 0;
    for (const input of inputsOf(node)) this.#delays(input, delay + own, into);
  }

  /**
   * Equal keys: one operator. It delivers what anyone asks of it, unless a row could fail on what only one of them
   * asks for: the others would lose that row. Of results that change, what changes is a matter of what is asked for.
   */
  #operatorKey(node: StatefulNode, asked: ReadonlySet<number>): string {
    return `${this.#key(node)} ${[...asked].filter((column) => columnMayFail(node, column) || changesWith(node, column)).sort((a, b) => a - b).join()}`;
  }

  /** Equal keys: equal operators over equal inputs. */
  #key(node: PlanNode): string {
    let key = this.#keys.get(node);
    if (key === undefined) {
      key = identityOf(node);
      this.#keys.set(node, key);
    }
    return key;
  }
}

/** Whether the node's rows are results of windows that fire. */
const firesWindows = (node: StatefulNode): boolean =>
  ['window-aggregate', 'global-window', 'window-join', 'window-rank'].includes(node.kind) || (node.kind === 'window' && node.window.kind === 'session');

/** Whether the node forgets what was not touched for some time. */
const timeToLive = (node: StatefulNode): boolean => 'ttl' in node && [node.ttl].flat().some((ttl) => ttl !== null);

/** Whether the node's rows change when this column does, but for which they would stay. */
function changesWith(node: PlanNode, column: number): boolean {
  switch (node.kind) {
    case 'group-aggregate': return column >= node.keys.length;
    case 'rank': return column === node.input.schema.length || changesWith(node.input, column);
    case 'filter': return changesWith(node.input, column);
    case 'project': return [...columnsOf(node.expressions[column]!)].some((below) => changesWith(node.input, below));
    case 'union': return node.inputs.some((input) => changesWith(input, column));
    case 'join': {
      const { input, column: own } = joinedColumn(node, column);
      return changesWith(input, own);
    }
    default: return false;
  }
}

/** Columns that are asked of a node. */
function askedOf(outputs: readonly Expression[], filter: Expression | null): ReadonlySet<number> {
  const asked = new Set<number>();
  for (const expression of filter === null ? outputs : [...outputs, filter]) columnsOf(expression, asked);
  return asked;
}

const plainColumn = (expression: Expression): number | null => (expression.kind === 'column' ? expression.index : null);

function schemaOf(outputs: readonly Expression[]): Schema {
  return outputs.map(({ type }, index) => ({ name: `c${index}`, type }));
}

/** Of `event_time - INTERVAL …` and of `event_time`; null: the watermark is something else, or may be NULL where event time is not. */
function delayOf({ column, expression }: { readonly column: number; readonly expression: Expression | null }): number | null {
  if (expression === null) return null;
  if (expression.kind === 'column') return expression.index === column ? 0 : null;
  if (expression.kind !== 'call' || expression.name !== '-') return null;
  const [time, interval] = expression.args;
  // At a coarser precision the difference would be floored.
  if (time?.kind !== 'column' || time.index !== column || (time.type.precision ?? 0) < 3 || interval?.kind !== 'literal' || interval.type.kind !== 'INTERVAL_DAY') return null;
  return typeof interval.value === 'number' && interval.value >= 0 ? interval.value : null;
}

/** Nodes that rows of an input reach. */
export function reachable(nodes: readonly PhysicalNode[], input: number): number[] {
  const reached = new Set<number>();
  nodes.forEach((node, index) => {
    const from = node.kind === 'source' ? [] : typeof node.from === 'number' ? [node.from] : node.from;
    if ((node.kind === 'source' && node.input === input) || from.some((source) => reached.has(source))) reached.add(index);
  });
  return [...reached];
}
