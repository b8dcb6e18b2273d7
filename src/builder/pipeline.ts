/** Pipelines in TypeScript: tables, and what is inserted into them. */
import type { FunctionDeclaration } from '../functions/user-functions.js';
import { userFunctions } from '../functions/user-functions.js';
import { planSql } from '../sql/planner.js';
import type { BuiltPipeline } from './built-pipeline.js';
import type { Insert } from './query.js';
import type { Table } from './table.js';
import type { ColumnTypes } from './types.js';
import { wrong } from './wrong.js';

/**
 * The pipeline of these inserts. Its SQL is what a bundle keeps and a cluster takes, so its plan is that of the SQL.
 * @throws SQL_INVALID and SQL_UNSUPPORTED with the place in that SQL.
 */
export function pipeline(...inserts: readonly Insert[]): BuiltPipeline {
  if (inserts.length === 0) throw wrong('a pipeline without statements: give it a query with insertInto(table)');
  const tables = new Map<string, Table<ColumnTypes>>();
  for (const { sink, tables: read } of inserts) {
    for (const table of [...read, ...(sink === null ? [] : [sink])]) {
      const other = tables.get(table.name);
      if (other !== undefined && other !== table && other.declaration !== table.declaration) throw wrong(`two tables are named '${table.name}', and they are not the same: rename one`);
      tables.set(table.name, table);
    }
  }
  const functions = [...new Set(inserts.flatMap((insert): readonly FunctionDeclaration[] => insert.functions))];
  const statements = [...[...tables.values()].map(({ declaration }) => declaration), ...inserts.map(({ sql }) => sql)];
  const sql = statements.map((statement) => `${statement};\n`).join('\n');
  // What is wrong is told where it was built, not when it is run.
  planSql(sql, userFunctions(functions));
  return { kind: 'pipeline', sql, functions };
}
