/** What was drawn, and how often: operators, aggregates, types, and pairs of operators of which one reads the other. */
import { aggregateNames, operatorNames, type Case } from './random-pipelines.js';
import { inputsOf, type Query } from './query.js';
import { windowRules } from './user-code.js';

const kinds = ['DOUBLE', 'BIGINT', 'INT', 'DECIMAL', 'STRING', 'BOOLEAN', 'TIMESTAMP'];
/** Those that can stand above others; a regrouping stands on a window, or a sub-query that hands its columns on. */
const operators = operatorNames.filter((name) => name !== 'regroup');
const pairs = [
  ...operators.flatMap((above) => operators.filter((name) => name !== 'group' && name !== 'rank').map((below) => `${above} / ${below}`)),
  ...['assign', 'tumble', 'hop', 'cumulate', 'session'].map((below) => `regroup / ${below}`), ...operators.map((above) => `${above} / regroup`),
];

export class Tally {
  readonly #groups = new Map<string, Map<string, number>>([
    ['operators', zeros([...operatorNames, 'view', 'older form', 'having', 'offset', 'distinct', 'filter (where)', 'clock', 'two statements', 'one output of two', 'two tables', 'window join', 'user scalar', ...windowRules.map(({ name }) => name)])],
    ['aggregates', zeros(aggregateNames)], ['argument types', zeros(kinds)], ['pairs', zeros(pairs)],
  ]);

  count({ pipeline }: Case): void {
    const { statements } = pipeline;
    if (statements.length === 2) this.#add('operators', statements[0]!.output === statements[1]!.output ? 'one output of two' : 'two statements');
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
      for (const input of inputsOf(query)) {
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
    if (query.kind === 'join' && query.windows !== null) this.#add('operators', 'window join');
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
}

const zeros = (names: readonly string[]): Map<string, number> => new Map(names.map((name) => [name, 0]));

const tableOf = (query: Query): number[] => (query.kind === 'table' ? [query.table] : inputsOf(query).flatMap(tableOf));

function operatorOf(query: Query): string | null {
  if (query.kind === 'table') return null;
  if (query.kind === 'window') return query.window.kind;
  return query.kind === 'over' ? `${query.frame.unit}${query.frame.preceding === null ? ' all' : ''}` : query.kind;
}
