/** What was drawn, and how often: operators, aggregates, types, and pairs of operators of which one reads the other. */
import { aggregateNames, operatorNames, type Case } from './random-pipelines.js';
import { inputsOf, isFirst, isUpdating, type Query } from './query.js';
import { windowRules } from './user-code.js';

const kinds = ['DOUBLE', 'BIGINT', 'INT', 'DECIMAL', 'STRING', 'BOOLEAN', 'TIMESTAMP'];
/** Those that stand on any rows with event time; a regrouping and the first rows of a window stand on a window, or a sub-query that hands its columns on. */
const operators = operatorNames.filter((name) => name !== 'regroup' && name !== 'top');
/** Those whose rows have no event time, or change, and those that take such. */
const untimed = ['group', 'rank', 'regular'];
const onUntimed = ['filter', 'project', 'union', 'group', 'rank', 'regular'];
const windowed = ['regroup', 'top'];
const pairs = [
  ...operators.flatMap((above) => operators.filter((name) => !untimed.includes(name)).map((below) => `${above} / ${below}`)),
  ...onUntimed.flatMap((above) => untimed.map((below) => `${above} / ${below}`)),
  ...windowed.flatMap((above) => ['assign', 'tumble', 'hop', 'cumulate', 'session', 'regroup', 'top'].map((below) => `${above} / ${below}`)),
  ...operators.flatMap((above) => windowed.map((below) => `${above} / ${below}`)),
];
const joinTypes = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

export class Tally {
  readonly #groups = new Map<string, Map<string, number>>([
    ['operators', zeros([...operatorNames, 'view', 'older form', 'having', 'offset', 'distinct', 'filter (where)', 'clock', 'two statements', 'one output of two', 'two tables', 'user scalar', 'grouping sets', 'grouping sets of windows', 'first row', 'last row', 'numbered rows', 'rows from the second', 'time-to-live',
      'versions of a table', 'versions of a view', 'changes into groups', 'changes into ranks', 'changes into joins', ...windowRules.map(({ name }) => name)])],
    ['interval joins', zeros(joinTypes.slice(0, 4))], ['window joins', zeros(joinTypes)], ['regular joins', zeros(joinTypes)], ['temporal joins', zeros(joinTypes.slice(0, 2))],
    ['aggregates', zeros(aggregateNames)], ['argument types', zeros(kinds)], ['pairs', zeros(pairs)],
  ]);

  count({ pipeline }: Case): void {
    const { statements } = pipeline;
    if (statements.length === 2) this.#add('operators', statements[0]!.output === statements[1]!.output ? 'one output of two' : 'two statements');
    if (pipeline.ttl !== null && pipeline.ttl < 10_000) this.#add('operators', 'time-to-live');
    for (const { query } of statements) this.#visit(query);
  }

  /** What never occurred. */
  missing(): string[] {
    return [...this.#groups].flatMap(([group, counts]) => [...counts].filter(([, count]) => count === 0).map(([name]) => `${group}: ${name}`));
  }

  /** One line a group; pairs as a table. */
  lines(): string[] {
    const listed = [...this.#groups].filter(([group]) => group !== 'pairs').map(([group, counts]) => `${group}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    const counts = this.#groups.get('pairs')!;
    const width = 10;
    const line = (above: string) => `${above.padEnd(width)} ${operatorNames.map((below) => String(counts.get(`${above} / ${below}`) ?? '').padStart(width)).join('')}`;
    return [...listed, `${'above'.padEnd(width)} ${operatorNames.map((below) => below.padStart(width)).join('')}`, ...operatorNames.map(line)];
  }

  #add(group: string, name: string): void {
    const counts = this.#groups.get(group)!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  #visit(query: Query): void {
    const name = operatorOf(query);
    if (name !== null) {
      this.#add('operators', name);
      for (const input of query.kind === 'sets' ? inputsOf(query.inputs[0]!) : inputsOf(query)) {
        const below = operatorOf(input);
        if (below !== null) this.#add('pairs', `${name} / ${below}`);
      }
    }
    if (query.kind === 'project' && query.items.some(({ sql }) => sql.includes('CURRENT_TIMESTAMP'))) this.#add('operators', 'clock');
    if (query.kind === 'project' && query.items.some(({ sql }) => /^law_/i.test(sql))) this.#add('operators', 'user scalar');
    if (query.kind === 'global') this.#add('operators', windowRules[query.rule]!.name);
    if (query.view) this.#add('operators', 'view');
    if (query.kind === 'window' && query.older) this.#add('operators', 'older form');
    if (query.kind === 'union' && new Set(query.inputs.flatMap(tableOf)).size > 1) this.#add('operators', 'two tables');
    if (query.kind === 'join') this.#add(query.windows === null ? 'interval joins' : 'window joins', query.type);
    if (query.kind === 'regular' || query.kind === 'temporal') this.#add(`${query.kind} joins`, query.type);
    if (query.kind === 'temporal') this.#add('operators', query.inputs[1].kind === 'table' ? 'versions of a table' : 'versions of a view');
    if (query.kind === 'sets') this.#add('operators', query.inputs[0]!.kind === 'group' ? 'grouping sets' : 'grouping sets of windows');
    if (query.kind === 'rank') this.#rank(query);
    if (query.kind === 'group' && isUpdating(query.input)) this.#add('operators', 'changes into groups');
    if (query.kind === 'regular' && query.inputs.some(isUpdating)) this.#add('operators', 'changes into joins');
    if ('window' in query && query.window.kind !== 'session' && query.window.offset !== 0) this.#add('operators', 'offset');
    if ('havingMin' in query && query.havingMin !== null) this.#add('operators', 'having');
    if ('aggregates' in query) {
      for (const aggregate of query.aggregates) {
        this.#add('aggregates', aggregate.name);
        if (aggregate.argument !== null) this.#add('argument types', aggregate.argument.field.kind);
        if (aggregate.distinct) this.#add('operators', 'distinct');
        if (aggregate.filter !== null) this.#add('operators', 'filter (where)');
      }
    }
    for (const input of inputsOf(query)) this.#visit(input);
  }

  #rank(query: Extract<Query, { kind: 'rank' }>): void {
    if (isFirst(query)) this.#add('operators', 'first row');
    else if (query.to === 1 && query.by === query.input.rowtime && query.descending) this.#add('operators', 'last row');
    if (query.numbered !== null && query.to > query.from) this.#add('operators', 'numbered rows');
    if (query.from > 1) this.#add('operators', 'rows from the second');
    if (isUpdating(query.input)) this.#add('operators', 'changes into ranks');
  }
}

const zeros = (names: readonly string[]): Map<string, number> => new Map(names.map((name) => [name, 0]));

const tableOf = (query: Query): number[] => (query.kind === 'table' ? [query.table] : inputsOf(query).flatMap(tableOf));

function operatorOf(query: Query): string | null {
  if (query.kind === 'table') return null;
  if (query.kind === 'rank' && query.carried !== null) return 'top';
  // Of grouping sets each is counted by itself.
  if (query.kind === 'sets') return operatorOf(query.inputs[0]!);
  if (query.kind === 'window') return query.window.kind;
  return query.kind === 'over' ? `${query.frame.unit}${query.frame.preceding === null ? ' all' : ''}` : query.kind;
}
