/** CREATE TABLE: columns of all kinds, watermark, key and options. */
import { changeColumns } from '../core/change.js';
import { typeName, withNullable } from '../core/types.js';
import type { Field, SqlType } from '../core/types.js';
import { implicitCast } from '../functions/scalar.js';
import type { Session } from '../functions/kernel.js';
import { columnRef, substitute, usesClock } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { SourceTable } from '../plan/plan.js';
import { noAggregates } from './aggregate-calls.js';
import type { ColumnDefinition, CreateTable, MetadataColumn, Name, PhysicalColumn, WatermarkDefinition } from './ast.js';
import { bind } from './binder.js';
import type { Remark, Surroundings } from './binder.js';
import type { DeclaredTable } from './catalog.js';
import { didYouMean, tableName } from './names.js';
import { resolveColumn } from './relation.js';
import type { RefusedColumn, Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { typeFrom } from './type-names.js';

type DeclaredColumn = SourceTable['columns'][number];

/** Reads a declaration. Throws SQL_INVALID and SQL_UNSUPPORTED with the place of what is wrong. */
export function declareTable(create: CreateTable, session: Session, remark: Remark): DeclaredTable {
  if (create.query !== undefined) throw sqlUnsupported(create.query.place, 'CREATE TABLE … AS is not supported', 'Declare the table with its columns, then INSERT INTO it.');
  const name = tableName(create.name);
  checkDuplicates(create.columns);
  const key = primaryKey(create);
  const typed = (column: PhysicalColumn | MetadataColumn): SqlType => {
    const type = typeFrom(column.type);
    return key.includes(column.name.text) ? withNullable(type, false) : type;
  };
  const definitions = create.columns.filter((column) => !isMap(column));
  const physical = definitions.filter((column) => column.kind === 'physicalColumn').map((column) => ({ name: column.name.text, type: typed(column) }));
  const metadata = definitions.filter((column) => column.kind === 'metadataColumn').map((column) => ({ name: column.name.text, key: column.key, type: typed(column) }));
  const base = surroundings([...physical, ...metadata], name, session, remark, 'a computed column');
  const { columns, refused } = declaredColumns(definitions, base, name);
  if (columns.length === 0) throw sqlInvalid(create.place, `table '${name}' has no columns`);
  if (physical.length + metadata.length === 0) throw sqlInvalid(create.place, `table '${name}' has computed columns only: there is nothing to read or write`, 'Declare a column of the data.');
  const written = definitions.filter((column): column is PhysicalColumn | MetadataColumn => column.kind === 'physicalColumn' || (column.kind === 'metadataColumn' && !column.virtual));
  const sinkFields = written.map((column) => ({ name: column.name.text, type: typed(column) }));
  const beside = written.flatMap((column, index) => (column.kind === 'metadataColumn' ? [{ column: index, key: column.key }] : []));
  const [watermark, second] = create.watermarks;
  if (second !== undefined) throw sqlInvalid(second.place, 'a table has one WATERMARK', 'Leave one out.');
  const options = tableOptions(create);
  const declared = {
    name, physical, metadata, columns, primaryKey: key, options, place: create.name.place,
    watermark: watermark === undefined ? null : readWatermark(watermark, columns, name, session, remark),
  };
  return {
    source: withChanges(declared),
    sink: { name, schema: sinkFields, primaryKey: key, options, changes: 'none', ...(beside.length === 0 ? {} : { metadata: beside }) },
    refused: [...refused, ...create.columns.filter(isMap).map((column) => refusedMap(column.name.text, name))],
  };
}

/** As Flink has a message's headers: many tables declare them and few read them. */
const isMap = (column: ColumnDefinition): boolean => column.kind === 'metadataColumn' && column.type.name === 'MAP';

const refusedMap = (name: string, table: string): RefusedColumn =>
  ({ name, qualifier: [table], message: `'${name}' is a MAP, which no column here holds`, instead: "Declare it as STRING METADATA FROM 'headers': live gives a JSON object." });

/** A table whose format tells changes delivers two columns more, which nobody sees. */
function withChanges(table: SourceTable): SourceTable {
  const format = table.options['value.format'] ?? table.options['format'] ?? '';
  if (format !== 'debezium-json' && format !== 'debezium-avro-confluent') return table;
  const first = table.physical.length + table.metadata.length;
  const columns = changeColumns.map(({ name, type }, index) => ({ name, type, expression: columnRef(first + index, type) }));
  return {
    ...table, changeFormat: format, columns: [...table.columns, ...columns],
    metadata: [...table.metadata, ...changeColumns.map(({ name, type }) => ({ name, key: name, type }))],
  };
}

/** Expressions over `fields` alone. */
function surroundings(fields: readonly Field[], table: string, session: Session, remark: Remark, clause: string): Surroundings {
  const relation: Relation = {
    node: { kind: 'union', inputs: [], schema: fields, rowtime: null },
    columns: fields.map((field) => ({ name: field.name, qualifier: [table], role: null })),
    refused: [],
    window: null,
  };
  return { relation, session, remark, places: new Map(), aliases: [], aggregate: noAggregates(clause) };
}

function declaredColumns(definitions: readonly ColumnDefinition[], base: Surroundings, table: string): { readonly columns: readonly DeclaredColumn[]; readonly refused: readonly RefusedColumn[] } {
  const computed = definitions.filter((column) => column.kind === 'computedColumn').map((column) => column.name.text);
  const columns: DeclaredColumn[] = [];
  const refused: RefusedColumn[] = [];
  for (const column of definitions) {
    const name = column.name.text;
    if (column.kind !== 'computedColumn') {
      const index = base.relation.columns.findIndex((known) => known.name === name);
      const { type } = base.relation.node.schema[index]!;
      columns.push({ name, type, expression: columnRef(index, type) });
    } else if (column.expression.kind === 'call' && column.expression.name === 'PROCTIME') {
      // Many tables declare one and never use it: refused where it is read.
      refused.push({ name, qualifier: [table], message: `'${name}' is PROCTIME(), which a replay does not have`, instead: 'Use the column of WATERMARK FOR instead.' });
    } else {
      const expression = computedExpression(column.expression, base, computed);
      columns.push({ name, type: expression.type, expression });
    }
  }
  return { columns, refused };
}

function computedExpression(written: Parameters<typeof bind>[0], base: Surroundings, computed: readonly string[]): Expression {
  if (written.kind === 'name' && computed.includes(written.parts[0]!.text)) throw refersToComputed(written.parts[0]!);
  const expression = bind(written, base);
  if (expression.type.kind === 'NULL') throw sqlInvalid(written.place, 'the column has no type', 'Write CAST(NULL AS …).');
  return expression;
}

const refersToComputed = (name: Name): Error =>
  sqlInvalid(name.place, `'${name.text}' is a computed column, and computed columns do not see each other`, 'Repeat its expression, or compute it in a view.');

function checkDuplicates(columns: readonly ColumnDefinition[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name.text)) throw sqlInvalid(name.place, `column '${name.text}' is declared twice`, 'Give one of them another name.');
    seen.add(name.text);
  }
}

function primaryKey(create: CreateTable): readonly string[] {
  const [key, second] = create.primaryKeys;
  if (second !== undefined) throw sqlInvalid(second.place, 'a table has one PRIMARY KEY', 'Name all its columns in one.');
  if (key === undefined) return [];
  if (!key.notEnforced) throw sqlInvalid(key.place, 'a PRIMARY KEY is not checked', 'Write PRIMARY KEY (…) NOT ENFORCED.');
  const definitions = create.columns.filter((column) => !isMap(column));
  const physical = definitions.filter((column) => column.kind === 'physicalColumn').map((column) => column.name.text);
  for (const { text, place } of key.columns) {
    if (!physical.includes(text)) throw sqlInvalid(place, `PRIMARY KEY names '${text}', which is no physical column`, didYouMean(text, physical));
  }
  return key.columns.map((column) => column.text);
}

function tableOptions(create: CreateTable): Readonly<Record<string, string>> {
  const options = new Map<string, string>();
  for (const { key, value, place } of create.options) {
    if (options.has(key)) throw sqlInvalid(place, `option '${key}' is given twice`);
    options.set(key, value);
  }
  return Object.fromEntries(options);
}

function readWatermark(written: WatermarkDefinition, columns: readonly DeclaredColumn[], table: string, session: Session, remark: Remark): SourceTable['watermark'] {
  const around = surroundings(columns.map(({ name, type }) => ({ name, type })), table, session, remark, 'WATERMARK');
  const { column: name, expression, place } = written;
  if (name.parts.length > 1) throw sqlUnsupported(name.place, 'a WATERMARK on a nested field is not supported', 'Make it a computed column first.');
  const index = resolveColumn(around.relation, name.parts, name.place);
  const { type } = columns[index]!;
  checkTimeType(type, name.parts[0]!.text, name.place);
  if (usesClock(columns[index]!.expression)) throw clockIsNoEventTime(name.place);
  if (expression.kind === 'call' && expression.name === 'SOURCE_WATERMARK') return { column: index, expression: null, place };
  const bound = bind(expression, around);
  if (bound.type.kind !== 'TIMESTAMP' && bound.type.kind !== 'TIMESTAMP_LTZ') {
    throw sqlInvalid(expression.place, `the WATERMARK is ${typeName(bound.type, false)}, not a time`, `Write ${name.parts[0]!.text} - INTERVAL '5' SECOND.`);
  }
  if (bound.type.kind !== type.kind) {
    throw sqlInvalid(expression.place, `the WATERMARK is ${typeName(bound.type, false)}, its column ${typeName(type, false)}`, 'CAST it to the type of the column.');
  }
  const over = substitute(bound, (at) => columns[at]!.expression);
  if (usesClock(over)) throw clockIsNoEventTime(expression.place);
  return { column: index, expression: implicitCast(over, { ...type, nullable: over.type.nullable, precision: 3 }, expression.place), place };
}

const clockIsNoEventTime = (place: Place): Error =>
  sqlUnsupported(place, 'event time cannot come from the clock: a replay could not repeat it', 'Use a column of the data, or SOURCE_WATERMARK().');

/** Event time is whole milliseconds. */
function checkTimeType(type: SqlType, name: string, place: Place): void {
  const time = type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
  if (time && (type.precision ?? 6) <= 3) return;
  const advice = time
    ? `Declare it ${type.kind}(3), or add a computed column: ${name}_ms AS CAST(${name} AS ${type.kind}(3)).`
    : type.kind === 'BIGINT' ? `Add a computed column: event_time AS TO_TIMESTAMP_LTZ(${name}, 3).`
    : `Add a computed column: event_time AS CAST(${name} AS TIMESTAMP(3)).`;
  throw sqlInvalid(place, `the column of a WATERMARK is TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, and '${name}' is ${typeName(type, false)}`, advice);
}
