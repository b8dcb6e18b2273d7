/** A pipeline's statements as they go to a Flink cluster, and what was changed of the text, and why. */
import { assert } from '../core/errors.js';
import { typeName } from '../core/types.js';
import { isUpdating, uniqueKeys } from '../plan/changes.js';
import type { Pipeline, Statement } from '../plan/plan.js';
import type { Cluster } from '../scenario/cluster.js';
import type { CreateTable, Insert } from '../sql/ast.js';
import { connect, listed, type TableUse } from './connector.js';
import { literalText, nameText } from './reserved-words.js';
import { hiddenChange, optionsOf, rawSetting, rewrite, withClause } from './rewrite.js';
import { ScriptText, type Piece } from './script.js';
import { shown } from './secrets.js';
import { settingsOf } from './settings.js';
import { timeAttributes } from './time-attributes.js';

export interface FlinkStatement {
  readonly kind: 'set' | 'table' | 'view' | 'insert';
  /** The table or view; null for a setting. */
  readonly name: string | null;
  /** 1-based line of the joined text that it stands at; null: it is not in the text. */
  readonly line: number | null;
  /** Without its semicolon. */
  readonly text: string;
  /** The user's comments above it, as lines. */
  readonly comments: string;
  /** What is otherwise than in the text, and why. */
  readonly changes: readonly string[];
  /** What Flink refuses of it, and no other words help. */
  readonly refusals: readonly string[];
}

/** In the order in which Flink must get them; inserts are one statement set. */
export function flinkStatements(text: string, pipeline: Pipeline, name: string, key: readonly string[] | null, cluster: Cluster): { readonly statements: readonly FlinkStatement[]; readonly closing: string } {
  return new Statements(new ScriptText(text), pipeline, name, key, cluster).all();
}

class Statements {
  readonly #made: ReadonlySet<string>;

  constructor(
    private readonly script: ScriptText, private readonly pipeline: Pipeline, private readonly name: string, private readonly key: readonly string[] | null, private readonly cluster: Cluster,
  ) {
    this.#made = new Set(script.pieces.flatMap(({ statement }) => (statement.kind === 'set' ? [statement.key] : [])));
  }

  all(): { readonly statements: readonly FlinkStatement[]; readonly closing: string } {
    const { pieces } = this.script;
    const said = pieces.filter(({ statement }) => statement.kind === 'set' || statement.kind === 'reset').map((piece) => this.#setting(piece));
    const settings = settingsOf(this.name, this.cluster, this.#made).map(([key, value]): FlinkStatement => {
      const text = shown(key, value);
      return { kind: 'set', name: null, line: null, text: `SET ${literalText(key)} = ${literalText(text)}`, comments: '', changes: text === value ? [] : [hiddenChange(key)], refusals: [] };
    });
    const definitions = pieces.flatMap((piece) => this.#definition(piece));
    const written = pieces.filter(({ statement: { kind } }) => kind === 'insert' || kind === 'queryStatement').map((piece) => ({ piece, plan: this.#planOf(piece) }));
    const prints = written.flatMap(({ piece, plan }) => (piece.statement.kind === 'queryStatement' ? [printTable(plan)] : []));
    const inserts = written.map(({ piece, plan }) => (piece.statement.kind === 'insert' ? this.#insert(piece, piece.statement, plan) : this.#query(piece, plan)));
    return { statements: [...said, ...settings, ...definitions, ...prints, ...inserts], closing: this.script.closing };
  }

  #planOf({ statement: { place } }: Piece): Statement {
    const plan = this.pipeline.statements.find((one) => one.place.line === place.line && one.place.column === place.column);
    assert(plan !== undefined, 'every statement of the text is planned');
    return plan;
  }

  #setting(piece: Piece): FlinkStatement {
    const raw = rawSetting(this.script, piece);
    const { edits, changes } = rewrite(this.script, piece);
    const text = raw ?? this.script.edited(piece, edits);
    return { ...this.#head(piece), kind: 'set', name: null, text, changes: raw === null ? changes : ['in quotes, as Flink wants settings'], refusals: [] };
  }

  #definition(piece: Piece): FlinkStatement[] {
    const { statement } = piece;
    if (statement.kind === 'createTable') return [this.#table(piece, statement)];
    if (statement.kind !== 'createView') return [];
    const { edits, changes, refusals = [] } = rewrite(this.script, piece);
    return [{ ...this.#head(piece), kind: 'view', name: statement.name.parts.at(-1)!.text, text: this.script.edited(piece, edits), changes, refusals }];
  }

  #table(piece: Piece, statement: CreateTable): FlinkStatement {
    const use = this.#useOf(statement);
    const written = optionsOf(statement);
    const { options, changes } = connect(use, written, this.cluster, this.name);
    const clause = changes.length === 0 ? null : withClause(this.script, piece, options);
    const rest = rewrite(this.script, piece, clause);
    const hidden = clause === null ? [] : Object.entries(options).filter(([key, value]) => shown(key, value) !== value).map(([key]) => hiddenChange(key));
    return {
      ...this.#head(piece), kind: 'table', name: use.name, text: this.script.edited(piece, [...rest.edits, ...(clause === null ? [] : [clause])]), changes: [...changes, ...hidden, ...rest.changes], refusals: [],
    };
  }

  #useOf(statement: CreateTable): TableUse {
    const name = statement.name.parts.at(-1)!.text;
    const sink = this.pipeline.sinks.find((one) => one.name === name);
    const primaryKey = statement.primaryKeys.flatMap(({ columns }) => columns.map(({ text }) => text));
    return {
      name, isSource: this.pipeline.sources.some((one) => one.name === name), isSink: sink !== undefined, updates: sink !== undefined && sink.changes !== 'none',
      primaryKey, keyFormat: isOneText(statement, primaryKey) ? 'raw' : 'json', key: isOneText(statement, this.key ?? []) ? this.key![0]! : null,
    };
  }

  #insert(piece: Piece, statement: Insert, plan: Statement): FlinkStatement {
    const { edits, changes, refusals = [] } = rewrite(this.script, piece);
    const query = this.script.indexAt(statement.query.place)!;
    const start = this.script.tokens[query]!.startOffset;
    const times = this.#onlyOneTime(statement, plan);
    const conflict = conflictClause(plan);
    const end = this.script.endOf(piece.end - 1);
    const text = this.script.edited(piece, [
      ...edits, ...(times === null ? [] : [{ start, end: start, text: times.before }, { start: end, end, text: times.after }]), ...(conflict === null ? [] : [{ start: end, end, text: `\n${conflict.text}` }]),
    ]);
    return { ...this.#head(piece), kind: 'insert', name: plan.sink.name, text, changes: [...changes, ...(times === null ? [] : [times.why]), ...(conflict === null ? [] : [conflict.why])], refusals: [...refusals, ...unkeyed(plan)] };
  }

  /** Flink writes one event time a row at the most: the others become plain times. */
  #onlyOneTime(statement: Insert, { sink, root }: Statement): { readonly before: string; readonly after: string; readonly why: string } | null {
    const names = statement.columns.length > 0 ? statement.columns.map(({ text }) => text) : sink.schema.slice(0, root.schema.length).map(({ name }) => name);
    const times = timeAttributes(root);
    const plain = names.filter((name) => times.has(sink.schema.findIndex((field) => field.name === name))).slice(1);
    if (plain.length === 0) return null;
    const type = (name: string): string => typeName(sink.schema.find((field) => field.name === name)!.type, false);
    const items = names.map((name) => (plain.includes(name) ? `CAST(${nameText(name)} AS ${type(name)}) AS ${nameText(name)}` : nameText(name)));
    return {
      before: `SELECT ${items.join(', ')}\nFROM (\n`, after: `\n) AS written (${names.map(nameText).join(', ')})`,
      why: `CAST of ${listed(plain)}: Flink writes no more than one event time a row`,
    };
  }

  #query(piece: Piece, plan: Statement): FlinkStatement {
    const { edits, changes, refusals = [] } = rewrite(this.script, piece);
    const text = `INSERT INTO ${nameText(plan.sink.name)}\n${this.script.edited(piece, edits)}`;
    return { ...this.#head(piece), kind: 'insert', name: plan.sink.name, text, changes: [`into ${plan.sink.name}: a cluster's job writes into tables`, ...changes], refusals };
  }

  #head({ statement, comments }: Piece): Pick<FlinkStatement, 'line' | 'comments'> {
    return { line: statement.place.line, comments };
  }
}

/** Whether these columns are one, and a text. */
function isOneText({ columns }: CreateTable, names: readonly string[]): boolean {
  const column = names.length === 1 ? columns.find(({ name }) => name.text === names[0]) : undefined;
  return column?.kind === 'physicalColumn' && ['STRING', 'VARCHAR', 'CHAR'].includes(column.type.name);
}

/** Whether Flink must be told what a key means that the query's rows may share. */
function conflictClause({ sink, root }: Statement): { readonly text: string; readonly why: string } | null {
  if (sink.primaryKey.length === 0) return null;
  const key = new Set(sink.primaryKey.map((name) => sink.schema.findIndex((field) => field.name === name)));
  if (uniqueKeys(root).some((unique) => unique.every((column) => key.has(column)))) return null;
  const cost = isUpdating(root) ? 'Flink keeps the rows of each key for it' : 'as the rows are only ever added, it costs no state';
  return {
    text: 'ON CONFLICT DO DEDUPLICATE',
    why: `ON CONFLICT DO DEDUPLICATE: Flink 2.3 refuses rows that its rules do not know to be one for each primary key (${sink.primaryKey.join(', ')}); the newest stays, as here, and ${cost}`,
  };
}

/** JDBC's tables take changes by their primary key only. */
function unkeyed({ sink, root }: Statement): string[] {
  const refused = sink.options['connector'] === 'jdbc' && sink.primaryKey.length === 0 && isUpdating(root);
  return refused ? [`Flink writes rows that change later into a JDBC table by its PRIMARY KEY only, and ${sink.name} has none`] : [];
}

/** What a bare SELECT writes into. */
function printTable({ sink }: Statement): FlinkStatement {
  const columns = sink.schema.filter(({ name }) => name !== '_op').map(({ name, type }) => `  ${nameText(name)} ${typeName(type)}`);
  const text = `CREATE TABLE ${nameText(sink.name)} (\n${columns.join(',\n')}\n) WITH ('connector' = 'print')`;
  return { kind: 'table', name: sink.name, line: null, text, comments: '', changes: ['for the rows of a SELECT that stands by itself'], refusals: [] };
}
