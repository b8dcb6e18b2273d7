/** Tables and views declared so far. */
import type { PlanNode, SinkTable, SourceTable } from '../plan/plan.js';
import type { Place } from '../plan/expression.js';
import type { CreateView } from './ast.js';
import { checkTableName, tableName } from './names.js';
import { checkPlanSize } from './plan-size.js';
import { planQuery } from './query.js';
import type { Environment } from './query.js';
import { checkNameCount } from './relation.js';
import type { RefusedColumn, Relation } from './relation.js';
import { sqlInvalid } from './sql-error.js';

/** A declared table, both ways: which one it is, the statements decide. */
export interface DeclaredTable {
  readonly source: SourceTable;
  readonly sink: SinkTable;
  readonly refused: readonly RefusedColumn[];
}

export class Catalog {
  readonly #tables = new Map<string, DeclaredTable>();
  readonly #views = new Map<string, Relation>();

  names(): readonly string[] {
    return [...this.#tables.keys(), ...this.#views.keys()];
  }

  table(name: string): DeclaredTable | undefined {
    return this.#tables.get(name);
  }

  isView(name: string): boolean {
    return this.#views.has(name);
  }

  addTable(table: DeclaredTable): void {
    this.#tables.set(table.source.name, table);
  }

  /** Whether the name is free; throws when it is not and IF NOT EXISTS was not written. */
  isFree(name: string, place: Place, ifNotExists: boolean): boolean {
    checkTableName(name, place);
    if (!this.#tables.has(name) && !this.#views.has(name)) return true;
    if (ifNotExists) return false;
    throw sqlInvalid(place, `'${name}' is declared twice`, 'Give one of them another name.');
  }

  /** A view is planned where it is declared, so that its mistakes are told there. */
  addView(view: CreateView, environment: Environment): void {
    const name = tableName(view.name);
    if (!this.isFree(name, view.name.place, view.ifNotExists)) return;
    const relation = planQuery(view.query, environment);
    checkPlanSize(relation.node, view.name.place);
    const { columns } = view;
    if (columns.length > 0) checkNameCount(columns, relation.columns.length);
    this.#views.set(name, { ...relation, columns: relation.columns.map((column, index) => ({ ...column, name: columns[index]?.text ?? column.name })) });
  }

  /** The rows of a table or view, or undefined when there is none of that name. */
  read(name: string): Relation | undefined {
    const table = this.#tables.get(name);
    return table === undefined ? this.#views.get(name) : scan(table);
  }
}

function scan({ source, refused }: DeclaredTable): Relation {
  const schema = source.columns.map(({ name, type }) => ({ name, type }));
  const columns = schema.map((field) => ({ name: field.name, qualifier: [source.name], role: null }));
  const node: PlanNode = { kind: 'scan', table: source, schema, rowtime: source.watermark?.column ?? null };
  if (source.changeFormat === undefined) return { node, columns, refused, window: null };
  return { node: changelogOf(node, source), columns: columns.slice(0, -2), refused, window: null };
}

function changelogOf(input: PlanNode, { name, columns, primaryKey, changeFormat, place }: SourceTable): PlanNode {
  if (primaryKey.length === 0) throw sqlInvalid(place, `table '${name}' of format ${changeFormat} has no PRIMARY KEY, by which its changes find their rows`, 'Add PRIMARY KEY (…) NOT ENFORCED.');
  const keys = primaryKey.map((key) => columns.findIndex((column) => column.name === key));
  return { kind: 'changelog', input, keys, schema: input.schema.slice(0, -2), rowtime: input.rowtime, place };
}

