/** The tables of a scenario that are kept from a database's changes, and where their topics are. */
import { TapewrightError } from '../core/errors.js';
import type { ChangeFormat, Pipeline, SourceTable } from '../plan/plan.js';
import { transactionTopicSetting } from '../sources/captured-table.js';

export interface CapturedTable {
  /** In the SQL. */
  readonly name: string;
  /** In the database, `schema.table`. */
  readonly table: string;
  readonly topic: string;
  readonly key: readonly string[];
  readonly format: ChangeFormat;
}

export interface CapturedTables {
  readonly tables: readonly CapturedTable[];
  /** Null: the scenario applies changes one by one and wants none. */
  readonly transactionTopic: string | null;
}

/** `names`: `schema.table` by name in the SQL, where it is not `public.NAME`. Throws USAGE where nothing is captured, or one table has several topics. */
export function capturedTables({ sources, settings }: Pick<Pipeline, 'sources' | 'settings'>, names: ReadonlyMap<string, string>): CapturedTables {
  const tables = sources.filter(isCaptured).map((source): CapturedTable => {
    const table = databaseTable(source.name, names);
    const topics = (source.options['topic'] ?? '').split(';').map((topic) => topic.trim()).filter((topic) => topic !== '');
    if (topics.length > 1) throw new TapewrightError('USAGE', `${source.name} reads the topics ${topics.join(', ')}: a connector writes a table's changes to one`, { table: source.name });
    return { name: source.name, table, topic: topics[0] ?? `cdc.${table.slice(table.indexOf('.') + 1)}`, key: source.primaryKey, format: source.changeFormat };
  });
  if (tables.length === 0) throw new TapewrightError('USAGE', "no table of the scenario is kept from changes: 'format' = 'debezium-json' or 'debezium-avro-confluent' says so");
  const stranger = [...names.keys()].find((name) => !tables.some((table) => table.name === name));
  if (stranger !== undefined) throw new TapewrightError('USAGE', `--table ${stranger}=…: the tables kept from changes are ${tables.map(({ name }) => name).join(', ')}`, { table: stranger });
  const asked = settings[transactionTopicSetting];
  return { tables, transactionTopic: asked === 'none' ? null : (asked ?? `${tables[0]!.topic.split('.')[0]!}.transaction`) };
}

const isCaptured = (source: SourceTable): source is SourceTable & { readonly changeFormat: ChangeFormat } => source.changeFormat !== undefined;

/** `schema.table` of a table of the SQL. */
export function databaseTable(name: string, names: ReadonlyMap<string, string>): string {
  const asked = names.get(name) ?? name;
  return asked.includes('.') ? asked : `public.${asked}`;
}

/** `NAME=schema.table` of the command line. Throws USAGE. */
export function tableNames(flags: readonly string[]): ReadonlyMap<string, string> {
  return new Map(flags.map((flag) => {
    const [, name, table] = /^([^=]+)=([^=]+)$/.exec(flag) ?? [];
    if (name === undefined || table === undefined) throw new TapewrightError('USAGE', `--table is NAME=SCHEMA.TABLE, not '${flag}'`, { flag });
    return [name, table];
  }));
}
