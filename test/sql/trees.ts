/** Random syntax trees of queries, without places. Every kind of node of the query and expression grammar is among them. */
import fc from 'fast-check';
import type {
  FrameBound, GroupItem, Name, NumberLiteral, OrderItem, Query, QueryBody, Select, SelectItem, SqlExpression, TableAlias, TableArgument,
  TableReference, TypeName, WindowSpecification,
} from '../../src/sql/ast.js';

/** Trees are made without places, which the comparison leaves out. */
type Made<T> = fc.Arbitrary<T>;
const place = { line: 1, column: 1, text: '' };
/** One depth for all kinds of node together: a tree's size is bounded, not only each kind's. */
const depth = { maxDepth: 5, depthIdentifier: fc.createDepthIdentifier(), depthSize: 'small' } as const;
const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2, ...depth });
/** Up to two; where a tree is deep already, as few as may be. */
const few = <T>(arbitrary: fc.Arbitrary<T>, minLength = 0): fc.Arbitrary<T[]> =>
  fc.oneof(depth, fc.array(arbitrary, { minLength, maxLength: minLength }), fc.array(arbitrary, { minLength, maxLength: 2 }));
const node = <T>(parts: { [Key in keyof T]: fc.Arbitrary<T[Key]> | T[Key] }): Made<T & { place: typeof place }> =>
  fc.record(Object.fromEntries(Object.entries({ ...parts, place }).map(([key, value]) => [key, value instanceof fc.Arbitrary ? value : fc.constant(value)]))) as never;

export const names: Made<Name> = fc.oneof(
  fc.constantFrom('a', 'price', 'event_time', 'timestamp', 'value', 'watermark', 'current', 'first', 'key', 'if', 'grouping', 'Ünï').map((text) => ({ text, quoted: false, place })),
  fc.constantFrom('order', 'select', 'a b', '`', "it's", '价格').map((text) => ({ text, quoted: true, place })),
);
const column = few(names, 1).map((parts) => ({ kind: 'name' as const, parts, place }));
const qualified = few(names, 1).map((parts) => ({ parts, place }));

const numbers: Made<NumberLiteral> = fc.oneof(
  fc.bigInt(0n, 10n ** 30n).map((value) => ({ kind: 'number' as const, form: 'integer' as const, text: value.toString(), place })),
  fc.constantFrom('1.50', '.5', '2.').map((text) => ({ kind: 'number' as const, form: 'decimal' as const, text, place })),
  fc.constantFrom('1e3', '1.5E-3').map((text) => ({ kind: 'number' as const, form: 'double' as const, text, place })),
);

const types: Made<TypeName> = fc.letrec<{ type: TypeName }>((tie) => ({
  type: fc.oneof(depth,
    fc.constantFrom<[string, number[]]>(['INT', []], ['STRING', []], ['DECIMAL', [10, 2]], ['TIMESTAMP', [3]], ['TIMESTAMP_LTZ', []], ['FOO', []])
      .chain(([name, parameters]) => node<TypeName>({ name, parameters, elements: [], fields: [], nullable: fc.boolean() } as never)),
    node<TypeName>({ name: 'ARRAY', parameters: [], elements: fc.tuple(tie('type')), fields: [], nullable: true } as never),
    node<TypeName>({ name: 'MAP', parameters: [], elements: fc.tuple(tie('type'), tie('type')), fields: [], nullable: false } as never),
    node<TypeName>({ name: 'ROW', parameters: [], elements: fc.tuple(tie('type')), fields: fc.tuple(names), nullable: true } as never)),
})).type;

/** VALUES (ROW(1)) is read as VALUES ROW(1). */
const isNotOneRow = (values: SqlExpression[]) => values.length > 1 || values[0]!.kind !== 'row';

interface Kinds {
  expression: SqlExpression;
  order: OrderItem;
  window: WindowSpecification;
  query: Query;
  body: QueryBody;
  select: Select;
  table: TableReference;
  simpleTable: TableReference;
}

const leaves = fc.oneof(
  column, numbers, fc.string({ maxLength: 4 }).map((value) => ({ kind: 'string' as const, value, place })),
  fc.constantFrom(true, false, null).map((value) => ({ kind: 'boolean' as const, value, place })), fc.constant({ kind: 'null' as const, place }),
  fc.constantFrom('DATE' as const, 'TIME' as const, 'TIMESTAMP' as const).map((type) => ({ kind: 'temporal' as const, type, text: '2024-01-02', place })),
  fc.integer({ min: -1e6, max: 1e6 }).map((value) => ({ kind: 'interval' as const, type: 'INTERVAL_DAY' as const, value: value * 1000, from: 'SECOND' as const, to: undefined, place })),
  fc.integer({ min: -99, max: 99 }).map((value) => ({ kind: 'interval' as const, type: 'INTERVAL_MONTH' as const, value, from: 'MONTH' as const, to: undefined, place })),
);

const kinds = fc.letrec<Kinds>((tie) => {
  const operand = tie('expression') as Made<SqlExpression>;
  const compound = fc.oneof(depth,
    leaves,
    node({ kind: 'unary', operator: fc.constantFrom('NOT', '-', '+'), operand }),
    node({ kind: 'binary', operator: fc.constantFrom('OR', 'AND', '=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '*', '/', '%'), left: operand, right: operand }),
    node({ kind: 'is', test: fc.constantFrom('NULL', 'TRUE', 'FALSE', 'UNKNOWN'), negated: fc.boolean(), operand }),
    node({ kind: 'distinctFrom', negated: fc.boolean(), left: operand, right: operand }),
    node({ kind: 'between', negated: fc.boolean(), symmetric: fc.boolean(), operand, low: operand, high: operand }),
    node({ kind: 'inList', negated: fc.boolean(), operand, list: few(operand, 1) }),
    node({ kind: 'inQuery', negated: fc.boolean(), operand, query: tie('query') }),
    node({ kind: 'like', operator: fc.constantFrom('LIKE', 'SIMILAR TO'), negated: fc.boolean(), operand, pattern: operand, escape: option(operand) }),
    node({ kind: 'case', operand: option(operand), branches: few(fc.record({ when: operand, then: operand }), 1), otherwise: option(operand) }),
    node({ kind: 'cast', safe: fc.boolean(), operand, type: types }),
    node({
      kind: 'call', name: fc.constantFrom('SUM', 'COALESCE', 'IF', 'LEFT', 'FLOOR', 'SUBSTRING'), args: few(operand, 1), star: false, distinct: fc.boolean(),
      filter: option(operand), nulls: option(fc.constantFrom('IGNORE', 'RESPECT')), withinGroup: few(tie('order')), over: option(tie('window')),
    }),
    node({ kind: 'call', name: 'COUNT', args: [], star: true, distinct: false, filter: undefined, nulls: undefined, withinGroup: [], over: undefined }),
    node({ kind: 'extract', unit: fc.constantFrom('DAY', 'EPOCH'), operand }),
    node({ kind: 'roundTo', name: fc.constantFrom('FLOOR', 'CEIL'), operand, unit: 'MINUTE' }),
    node({ kind: 'timestampCall', name: fc.constantFrom('TIMESTAMPADD', 'TIMESTAMPDIFF'), unit: 'SECOND', args: fc.tuple(operand, operand) }),
    node({ kind: 'trim', side: fc.constantFrom('BOTH', 'LEADING', 'TRAILING'), characters: option(operand), operand }),
    node({ kind: 'row', values: few(operand, 1) }), node({ kind: 'array', values: few(operand) }), node({ kind: 'map', values: few(operand) }),
    node({ kind: 'item', operand, index: operand }), node({ kind: 'field', operand, name: names }),
    node({ kind: 'exists', query: tie('query') }), node({ kind: 'scalarQuery', query: tie('query') }),
  ) as Made<SqlExpression>;
  const bound: Made<FrameBound> = fc.oneof(
    fc.constantFrom('UNBOUNDED PRECEDING' as const, 'CURRENT ROW' as const, 'UNBOUNDED FOLLOWING' as const).map((kind) => ({ kind, offset: undefined, place })),
    node<FrameBound>({ kind: fc.constantFrom('PRECEDING', 'FOLLOWING'), offset: operand } as never),
  );
  const alias: Made<TableAlias> = node<TableAlias>({ name: names, columns: few(names) } as never);
  const argument = node<TableArgument>({ name: option(fc.constantFrom('DATA', 'SIZE')), value: fc.oneof(
    node({ kind: 'descriptor', columns: few(names, 1) }),
    node({ kind: 'tableInput', partitionBy: few(column), orderBy: few(tie('order')), input: fc.oneof(
      node({ kind: 'table', name: qualified, hints: [], systemTime: undefined, alias: undefined }),
      node({ kind: 'derivedTable', lateral: false, query: tie('query'), alias: undefined }),
    ) }),
    leaves,
  ) } as never);
  const group = fc.oneof(
    node({ kind: 'groupExpression', expression: operand }),
    node({ kind: 'groupingSets', form: fc.constantFrom('GROUPING SETS', 'ROLLUP', 'CUBE'), sets: few(few(column), 1) }),
  ) as Made<GroupItem>;
  const item = fc.oneof(node({ kind: 'selectStar', qualifier: option(qualified) }), node({ kind: 'selectExpression', expression: operand, alias: option(names) })) as Made<SelectItem>;
  return {
    expression: compound,
    order: node<OrderItem>({ expression: operand, descending: fc.boolean(), nulls: option(fc.constantFrom('FIRST', 'LAST')) } as never),
    window: node<WindowSpecification>({
      base: option(names), partitionBy: few(operand), orderBy: few(tie('order')),
      frame: option(node({ unit: fc.constantFrom('ROWS', 'RANGE'), start: bound, end: bound })),
    } as never),
    query: node<Query>({
      kind: 'query', with: few(node({ name: names, columns: few(names), query: tie('query') })), body: tie('body'), orderBy: few(tie('order')),
      limit: option(numbers), offset: option(numbers),
    } as never),
    body: fc.oneof(depth, tie('select'),
      node({ kind: 'values', rows: few(few(operand, 1).filter(isNotOneRow), 1) }),
      node({ kind: 'setOperation', operator: fc.constantFrom('UNION', 'INTERSECT', 'EXCEPT'), all: fc.boolean(), left: tie('body'), right: tie('body') }),
    ) as Made<QueryBody>,
    select: node<Select>({
      kind: 'select', distinct: fc.boolean(), hints: [], items: few(item, 1), from: option(tie('table')), where: option(operand),
      groupBy: option(node({ distinct: false, items: few(group, 1) })), having: option(operand),
      windows: few(node({ name: names, window: tie('window') })), qualify: option(operand),
    } as never),
    table: fc.oneof(depth, tie('simpleTable'),
      node({
        kind: 'join', type: fc.constantFrom('INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS'), natural: fc.boolean(), comma: false, left: tie('table'), right: tie('table'),
        on: option(operand), using: [],
      }),
      node({ kind: 'join', type: 'CROSS', natural: false, comma: true, left: tie('table'), right: tie('table'), on: undefined, using: [] }),
    ) as Made<TableReference>,
    simpleTable: fc.oneof(depth,
      node({ kind: 'table', name: qualified, hints: [], systemTime: option(operand), alias: option(alias) }),
      node({ kind: 'derivedTable', lateral: fc.boolean(), query: tie('query'), alias: option(alias) }),
      node({ kind: 'tableFunction', name: fc.constantFrom('TUMBLE', 'F'), lateral: fc.boolean(), args: few(argument), ordinality: false, alias: option(alias) }),
    ) as Made<TableReference>,
  };
});

export const queries: fc.Arbitrary<Query> = kinds.query;
export const expressionTrees: fc.Arbitrary<SqlExpression> = kinds.expression;
