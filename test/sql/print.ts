/** Trees back to text, every operand in parentheses: what the parser must read as the same tree. */
import type {
  Call, FrameBound, GroupItem, Name, OrderItem, QualifiedName, Query, QueryBody, Select, SelectItem, SqlExpression, TableAlias,
  TableArgument, TableReference, TypeName, WindowSpecification,
} from '../../src/sql/ast.js';

/** The tree without its places and absent parts, for comparison. */
export function bare(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'place' ? undefined : value)));
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const listed = <T>(items: readonly T[], print: (item: T) => string) => items.map(print).join(', ');
const not = (negated: boolean) => (negated ? 'NOT ' : '');
const when = <T>(value: T | undefined, print: (value: T) => string) => (value === undefined ? '' : ` ${print(value)}`);
const some = <T>(values: readonly T[], print: (values: readonly T[]) => string) => (values.length === 0 ? '' : ` ${print(values)}`);

export const printName = ({ text, quoted: isQuoted }: Name): string => (isQuoted ? `\`${text.replaceAll('`', '``')}\`` : text);
const printNames = ({ parts }: { parts: QualifiedName['parts'] }) => parts.map(printName).join('.');
const inner = (expression: SqlExpression) => `(${printExpression(expression)})`;
const expressions = (list: readonly SqlExpression[]) => listed(list, printExpression);

/** The fully parenthesised text of an expression. */
export function printExpression(tree: SqlExpression): string {
  switch (tree.kind) {
    case 'number': return tree.text;
    case 'string': return quoted(tree.value);
    case 'boolean': return tree.value === null ? 'UNKNOWN' : tree.value ? 'TRUE' : 'FALSE';
    case 'null': return 'NULL';
    case 'temporal': return `${tree.type} ${quoted(tree.text)}`;
    case 'interval': return `INTERVAL ${tree.value < 0 ? '-' : ''}'${Math.abs(tree.value) / (tree.type === 'INTERVAL_DAY' ? 1000 : 1)}' ${tree.from}`;
    case 'name': return printNames(tree);
    case 'unary': return `${tree.operator} ${inner(tree.operand)}`;
    case 'binary': return `${inner(tree.left)} ${tree.operator} ${inner(tree.right)}`;
    case 'is': return `${inner(tree.operand)} IS ${not(tree.negated)}${tree.test}`;
    case 'distinctFrom': return `${inner(tree.left)} IS ${not(tree.negated)}DISTINCT FROM ${inner(tree.right)}`;
    case 'between': return `${inner(tree.operand)} ${not(tree.negated)}BETWEEN ${tree.symmetric ? 'SYMMETRIC ' : ''}${inner(tree.low)} AND ${inner(tree.high)}`;
    case 'inList': return `${inner(tree.operand)} ${not(tree.negated)}IN (${expressions(tree.list)})`;
    case 'inQuery': return `${inner(tree.operand)} ${not(tree.negated)}IN (${printQuery(tree.query)})`;
    case 'like': return `${inner(tree.operand)} ${not(tree.negated)}${tree.operator} ${inner(tree.pattern)}${when(tree.escape, (escape) => `ESCAPE ${inner(escape)}`)}`;
    case 'case': return `CASE${when(tree.operand, printExpression)}${tree.branches.map(({ when: is, then }) => ` WHEN ${printExpression(is)} THEN ${printExpression(then)}`).join('')}${when(tree.otherwise, (otherwise) => `ELSE ${printExpression(otherwise)}`)} END`;
    case 'cast': return `${tree.safe ? 'TRY_' : ''}CAST(${printExpression(tree.operand)} AS ${printType(tree.type)})`;
    case 'call': return printCall(tree);
    case 'extract': return `EXTRACT(${tree.unit} FROM ${printExpression(tree.operand)})`;
    case 'roundTo': return `${tree.name}(${inner(tree.operand)} TO ${tree.unit})`;
    case 'timestampCall': return `${tree.name}(${tree.unit}, ${expressions(tree.args)})`;
    case 'trim': return `TRIM(${tree.side}${when(tree.characters, printExpression)} FROM ${printExpression(tree.operand)})`;
    case 'row': return `ROW(${expressions(tree.values)})`;
    case 'array': return `ARRAY[${expressions(tree.values)}]`;
    case 'map': return `MAP[${expressions(tree.values)}]`;
    case 'item': return `${inner(tree.operand)}[${printExpression(tree.index)}]`;
    case 'field': return `${inner(tree.operand)}.${printName(tree.name)}`;
    case 'exists': return `EXISTS (${printQuery(tree.query)})`;
    case 'scalarQuery': return `(${printQuery(tree.query)})`;
  }
}

function printCall(call: Call): string {
  const args = call.star ? '*' : `${call.distinct ? 'DISTINCT ' : ''}${expressions(call.args)}`;
  return `${call.name}(${args})${when(call.nulls, (nulls) => `${nulls} NULLS`)}`
    + some(call.withinGroup, (items) => `WITHIN GROUP (ORDER BY ${listed(items, printOrder)})`)
    + when(call.filter, (filter) => `FILTER (WHERE ${printExpression(filter)})`) + when(call.over, (over) => `OVER ${printWindow(over)}`);
}

const printOrder = ({ expression, descending, nulls }: OrderItem) => `${printExpression(expression)}${descending ? ' DESC' : ''}${when(nulls, (where) => `NULLS ${where}`)}`;
const printBound = ({ kind, offset }: FrameBound) => (offset === undefined ? kind : `${inner(offset)} ${kind}`);

function printWindow({ base, partitionBy, orderBy, frame }: WindowSpecification): string {
  return `(${base === undefined ? '' : printName(base)}${some(partitionBy, (keys) => `PARTITION BY ${expressions(keys)}`)}`
    + `${some(orderBy, (items) => `ORDER BY ${listed(items, printOrder)}`)}`
    + `${when(frame, ({ unit, start, end }) => `${unit} BETWEEN ${printBound(start)} AND ${printBound(end)}`)})`;
}

export function printType({ name, parameters, elements, fields, nullable }: TypeName): string {
  const inside = elements.map((element, index) => (fields[index] === undefined ? '' : `${printName(fields[index])} `) + printType(element));
  return `${name}${parameters.length > 0 ? `(${parameters.join(', ')})` : ''}${inside.length > 0 ? `<${inside.join(', ')}>` : ''}${nullable ? '' : ' NOT NULL'}`;
}

export function printQuery(query: Query): string {
  return some(query.with, (tables) => `WITH ${listed(tables, (table) => `${printName(table.name)}${columns(table.columns)} AS (${printQuery(table.query)})`)} `)
    + printBody(query.body) + some(query.orderBy, (items) => `ORDER BY ${listed(items, printOrder)}`)
    + when(query.limit, (limit) => `LIMIT ${printExpression(limit)}`) + when(query.offset, (offset) => `OFFSET ${printExpression(offset)}`);
}

function printBody(body: QueryBody): string {
  switch (body.kind) {
    case 'query': return `(${printQuery(body)})`;
    case 'select': return printSelect(body);
    case 'values': return `VALUES ${listed(body.rows, (row) => `(${expressions(row)})`)}`;
    case 'setOperation': return `(${printBody(body.left)}) ${body.operator}${body.all ? ' ALL' : ''} (${printBody(body.right)})`;
  }
}

function printSelect(select: Select): string {
  return `SELECT ${select.distinct ? 'DISTINCT ' : ''}${listed(select.items, printItem)}${when(select.from, (from) => `FROM ${printTable(from)}`)}`
    + when(select.where, (where) => `WHERE ${printExpression(where)}`)
    + when(select.groupBy, ({ items }) => `GROUP BY ${listed(items, printGroup)}`)
    + when(select.having, (having) => `HAVING ${printExpression(having)}`)
    + some(select.windows, (windows) => `WINDOW ${listed(windows, ({ name, window }) => `${printName(name)} AS ${printWindow(window)}`)}`)
    + when(select.qualify, (qualify) => `QUALIFY ${printExpression(qualify)}`);
}

const printItem = (item: SelectItem) => (item.kind === 'selectStar' ? `${item.qualifier === undefined ? '' : `${printNames(item.qualifier)}.`}*`
  : `${printExpression(item.expression)}${when(item.alias, (alias) => `AS ${printName(alias)}`)}`);
const printGroup = (item: GroupItem) => (item.kind === 'groupExpression' ? printExpression(item.expression)
  : `${item.form} (${listed(item.sets, (set) => (set.length === 1 ? inner(set[0]!) : `(${expressions(set)})`))})`);
const columns = (names: readonly Name[]) => (names.length === 0 ? '' : ` (${listed(names, printName)})`);
const printAlias = (alias: TableAlias | undefined) => when(alias, ({ name, columns: names }) => `AS ${printName(name)}${columns(names)}`);

function printTable(table: TableReference): string {
  switch (table.kind) {
    case 'table': return `${printNames(table.name)}${when(table.systemTime, (time) => `FOR SYSTEM_TIME AS OF ${printExpression(time)}`)}${printAlias(table.alias)}`;
    case 'derivedTable': return `${table.lateral ? 'LATERAL ' : ''}(${printQuery(table.query)})${printAlias(table.alias)}`;
    case 'tableFunction': return `${table.lateral ? 'LATERAL ' : ''}TABLE(${table.name}(${listed(table.args, printArgument)}))${printAlias(table.alias)}`;
    case 'join': return printJoin(table);
    case 'matchRecognize': return `${printTable(table.input)} MATCH_RECOGNIZE (PATTERN (A))${printAlias(table.alias)}`;
  }
}

function printJoin(join: Extract<TableReference, { kind: 'join' }>): string {
  const right = join.right.kind === 'join' ? `(${printTable(join.right)})` : printTable(join.right);
  if (join.comma) return `${printTable(join.left)}, ${right}`;
  const left = join.left.kind === 'join' && join.left.comma ? `(${printTable(join.left)})` : printTable(join.left);
  return `${left} ${join.natural ? 'NATURAL ' : ''}${join.type} JOIN ${right}${when(join.on, (on) => `ON ${printExpression(on)}`)}${some(join.using, (names) => `USING${columns(names)}`)}`;
}

function printArgument({ name, value }: TableArgument): string {
  const label = name === undefined ? '' : `${name} => `;
  if (value.kind === 'descriptor') return `${label}DESCRIPTOR(${listed(value.columns, printName)})`;
  if (value.kind !== 'tableInput') return label + printExpression(value);
  const { input, partitionBy, orderBy } = value;
  const table = input.kind === 'table' ? printNames(input.name) : `(${printQuery(input.query)})`;
  return `${label}TABLE ${table}${some(partitionBy, (keys) => `PARTITION BY (${expressions(keys)})`)}${some(orderBy, (items) => `ORDER BY ${listed(items, printOrder)}`)}`;
}
