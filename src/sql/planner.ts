/** From the text of a pipeline to its plan. */
import { flinkMillis } from '../core/flink-duration.js';
import { sqlType } from '../core/types.js';
import { noUserFunctions } from '../functions/user-functions.js';
import type { UserFunctions } from '../functions/user-functions.js';
import type { Pipeline, PlanNode, SinkTable, SourceTable, Statement } from '../plan/plan.js';
import { isUpdating, uniqueKeys, updatesBelow } from '../plan/changes.js';
import type { Place } from '../plan/expression.js';
import { idleTimeoutSetting } from '../plan/idle-timeout.js';
import { operatorText } from '../plan/operator-text.js';
import { inputsOf } from '../plan/trace.js';
import type { Insert, QueryStatement, Statement as SqlStatement } from './ast.js';
import { Catalog } from './catalog.js';
import { declareTable } from './create-table.js';
import { intoSink } from './insert.js';
import { didYouMean, tableName } from './names.js';
import { parseSql } from './parser.js';
import { checkPlanSize } from './plan-size.js';
import { planQuery } from './query.js';
import type { Environment } from './query.js';
import { withRowNumbers } from './ranks.js';
import { simplify } from './simplify.js';
import { checkUserAggregates, createsFunction } from './user-functions.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { timeToLiveOf, timeToLiveSetting } from './time-to-live.js';

const timeZoneSetting = 'table.local-time-zone';

/**
 * Plans every statement of `text`. Throws TapewrightError SQL_INVALID where the text is wrong, and SQL_UNSUPPORTED
 * where it asks for what is not there, each with line and column and what to write instead. `functions` are the user's.
 */
export function planSql(text: string, functions: UserFunctions = noUserFunctions): Pipeline {
  const planner = new Planner(functions);
  for (const statement of parseSql(text).statements) planner.add(statement);
  return planner.finish();
}

class Planner {
  readonly #catalog = new Catalog();
  readonly #settings = new Map<string, string>();
  readonly #remarks = new Set<string>();
  readonly #statements: Statement[] = [];
  readonly #written = new Map<string, Place>();
  #queries = 0;
  /** Milliseconds, by SET; null: state is kept for ever. */
  #timeToLive: number | null = null;

  constructor(private readonly functions: UserFunctions) {}

  add(statement: SqlStatement): void {
    switch (statement.kind) {
      case 'createTable': {
        const name = tableName(statement.name);
        if (this.#catalog.isFree(name, statement.name.place, statement.ifNotExists)) {
          this.#catalog.addTable(declareTable(statement, this.#environment().session, (text) => this.#remarks.add(text)));
        }
        return;
      }
      case 'createView': return this.#catalog.addView(statement, this.#environment());
      case 'insert': return this.#insert(statement);
      case 'queryStatement': return this.#query(statement);
      case 'statementSet': return statement.inserts.forEach((insert) => this.#insert(insert));
      case 'set': return this.#set(statement.key, statement.value, statement.place);
      case 'reset':
        if (statement.key === undefined) this.#settings.clear();
        else this.#settings.delete(statement.key);
        if (!this.#settings.has(timeToLiveSetting)) this.#timeToLive = null;
        return;
      case 'unsupported':
        if (createsFunction(statement, this.functions)) return;
        throw sqlUnsupported(statement.place, `${statement.what} is not supported`, instead(statement.what));
    }
  }

  finish(): Pipeline {
    if (this.#statements.length === 0) {
      throw sqlInvalid({ line: 1, column: 1, text: '' }, 'the text has no INSERT INTO and no SELECT, so there is nothing to run', 'Add INSERT INTO table SELECT … FROM ….');
    }
    const sources = sourcesOf(this.#statements);
    for (const { name } of sources) {
      const place = this.#written.get(name);
      if (place !== undefined) throw sqlUnsupported(place, `'${name}' is read and written: a table is a source or a sink, and rows written would have to be read again`, 'Read what is written through a view, or write into another table.');
    }
    const sinks = new Map(this.#statements.map(({ sink }) => [sink, changingSink(sink, this.#statements)]));
    const statements = this.#statements.map((statement) => ({ ...statement, sink: sinks.get(statement.sink)! }));
    return { sources, sinks: [...sinks.values()], statements, settings: Object.fromEntries(this.#settings), remarks: [...this.#remarks] };
  }

  #environment(): Environment {
    const timeZone = this.#settings.get(timeZoneSetting) ?? 'UTC';
    return { catalog: this.#catalog, commonTables: new Map(), session: { timeZone, functions: this.functions }, remark: (text) => this.#remarks.add(text), timeToLive: this.#timeToLive };
  }

  #insert(insert: Insert): void {
    if (insert.overwrite) throw sqlUnsupported(insert.place, 'INSERT OVERWRITE is not supported', 'Write INSERT INTO.');
    if (insert.partition !== undefined) throw sqlUnsupported(insert.partition, 'INSERT … PARTITION is not supported', 'Select the value as a column.');
    const name = tableName(insert.target);
    const { place } = insert.target;
    if (this.#catalog.isView(name)) throw sqlInvalid(place, `'${name}' is a view and cannot be written`, 'Declare a table with CREATE TABLE.');
    const table = this.#catalog.table(name);
    if (table === undefined) {
      const known = this.#catalog.names();
      throw sqlInvalid(place, `no table '${name}'`, known.length === 0 ? 'Declare it with CREATE TABLE first.' : didYouMean(name, known));
    }
    const environment = this.#environment();
    const root = intoSink(planQuery(insert.query, environment), insert, table.sink, environment.session, environment.remark);
    if (!this.#written.has(name)) this.#written.set(name, place);
    this.#addStatement(table.sink, root, insert.place);
  }

  #query(statement: QueryStatement): void {
    const { node, columns } = planQuery(statement.query, this.#environment());
    this.#queries += 1;
    const schema = columns.map(({ name }, index) => ({ name, type: node.schema[index]!.type }));
    const untyped = schema.find((field) => field.type.kind === 'NULL');
    if (untyped !== undefined) throw sqlInvalid(statement.place, `column '${untyped.name}' is NULL without a type`, 'Write CAST(NULL AS …).');
    const sink: SinkTable = { name: this.#queryName(), schema, primaryKey: [], options: {}, changes: 'none' };
    this.#addStatement(sink, node, statement.place);
  }

  #addStatement(sink: SinkTable, given: PlanNode, place: Place): void {
    checkPlanSize(given, place);
    this.#checkCase(sink, place);
    const root = withRowNumbers(given);
    checkUpdates(root, place);
    const simple = simplify(root);
    checkUserAggregates(simple);
    this.#statements.push({ sink, root: simple, place });
  }

  /** Outputs are files with columns, and neither all file systems nor all readers of Parquet tell upper from lower case. */
  #checkCase(sink: SinkTable, place: Place): void {
    const twin = this.#statements.find((statement) => isTwin(statement.sink.name, sink.name))?.sink;
    if (twin !== undefined) throw sqlUnsupported(place, `the outputs '${twin.name}' and '${sink.name}' differ only in case`, 'Rename one: on many file systems they would be one file.');
    for (const [index, { name }] of sink.schema.entries()) {
      const other = sink.schema.slice(0, index).find((field) => isTwin(field.name, name));
      if (other !== undefined) throw sqlUnsupported(place, `the columns '${other.name}' and '${name}' of '${sink.name}' differ only in case`, 'Rename one: many readers of Parquet take them for one.');
    }
  }

  /** `query_N`; a table of that name keeps it. */
  #queryName(): string {
    while (this.#catalog.names().includes(`query_${this.#queries}`)) this.#queries += 1;
    return `query_${this.#queries}`;
  }

  #set(key: string, value: string, place: Place): void {
    // The shape alone: which zones there are, the functions that use them know.
    if (key === timeZoneSetting && !/^([A-Za-z]+([/_+-][A-Za-z0-9_+-]+)*|GMT[+-]\d{1,2}:\d{2})$/.test(value)) {
      throw sqlInvalid(place, `'${value}' is no time zone`, "Write SET 'table.local-time-zone' = 'America/New_York', or 'UTC'.");
    }
    if (key === idleTimeoutSetting && flinkMillis(value) === null) throw sqlInvalid(place, `'${value}' is no time-out`, `Write SET '${idleTimeoutSetting}' = '30 s', or '0' to wait for ever.`);
    if (key === timeToLiveSetting) this.#timeToLive = timeToLiveOf(value, place);
    this.#settings.set(key, value);
  }
}

/** Refuses what would need rows that stay, and gets rows that change. */
function checkUpdates(root: PlanNode, statement: Place): void {
  const node = updatesBelow(root);
  if (node === null) return;
  const place = 'place' in node ? node.place : statement;
  throw sqlUnsupported(place, `${operatorText(node)} over rows that change later (GROUP BY without a window, Top-N or a join without a time bound below it) is not supported`, 'Aggregate by windows below, or write this part as a statement of its own that reads rows that stay.');
}

/** How a table that these statements write takes their changes. */
function changingSink(sink: SinkTable, statements: readonly Statement[]): SinkTable {
  const own = statements.filter((statement) => statement.sink === sink);
  const updating = own.filter(({ root }) => isUpdating(root));
  if (updating.length === 0) return sink;
  const taken = sink.schema.find(({ name }) => isTwin(name, '_op') || name === '_op');
  if (taken !== undefined) throw sqlUnsupported(updating[0]!.place, `'${sink.name}' has a column '${taken.name}', which a changelog adds`, 'Rename it.');
  const key = sink.primaryKey.map((name) => sink.schema.findIndex((field) => field.name === name)).sort((a, b) => a - b).join();
  const isKey = own.length === 1 && key !== '' && uniqueKeys(own[0]!.root).some((unique) => [...new Set(unique)].sort((a, b) => a - b).join() === key);
  return { ...sink, schema: [...sink.schema, { name: '_op', type: sqlType('STRING', false) }], changes: isKey ? 'upsert' : 'all' };
}

const isTwin = (one: string, other: string): boolean => one !== other && one.toLowerCase() === other.toLowerCase();

/** Tables that statements read, in the order in which they are declared. */
function sourcesOf(statements: readonly Statement[]): readonly SourceTable[] {
  const found = new Set<SourceTable>();
  const visit = (node: PlanNode): void => {
    if (node.kind === 'scan') found.add(node.table);
    inputsOf(node).forEach(visit);
  };
  for (const { root } of statements) visit(root);
  return [...found].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function instead(what: string): string {
  if (what.startsWith('CREATE') && what.includes('FUNCTION')) return 'Write it in TypeScript, and give its module with --functions, or as functions: in the scenario.';
  if (what.startsWith('DROP') || what.startsWith('ALTER')) return 'Leave it out: every run starts with no tables.';
  if (what.startsWith('CREATE')) return 'Declare tables with CREATE TABLE.';
  if (what.startsWith('EXPLAIN')) return 'Use the explain command.';
  if (what.startsWith('USE') || what.startsWith('SHOW') || what.startsWith('DESC')) return 'Leave it out.';
  return 'Leave it out, or write CREATE TABLE, CREATE VIEW, INSERT INTO … SELECT, SELECT or SET.';
}
