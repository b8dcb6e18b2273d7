/** What about a pipeline's outputs is decided by event time and keys alone, and what by the order of arrival. */
import type { Case } from './random-pipelines.js';
import { inputsOf, type Query } from './query.js';

/** `sequence`: rows come in the order of event time and keys. `set`: in the order of arrival, at least in part. */
export function orderOf(query: Query): 'sequence' | 'set' {
  switch (query.kind) {
    case 'table': case 'assign': case 'union': return 'set';
    case 'filter': case 'project': return orderOf(query.input);
    case 'window': case 'regroup': return 'sequence';
    case 'over': return keepsPeers(query.input) ? 'sequence' : 'set';
  }
}

/** Rows of one instant (of the rowtime column) come in an order that does not depend on arrival, given that peers keep theirs. */
const keepsPeers = (query: Query): boolean => query.rowtime === 'event_time' || orderOf(query) === 'sequence';

const edges = ['FIRST_VALUE', 'LAST_VALUE', 'LAG'];

/** No value of the outputs depends on the order of arrival, beyond peers. */
export function isOrderFree({ pipeline }: Case): boolean {
  const free = (query: Query): boolean => {
    const ordered = ('aggregates' in query && query.aggregates.some(({ name }) => edges.includes(name))) || (query.kind === 'over' && query.frame.unit === 'rows');
    const inputs = inputsOf(query);
    return (!ordered || inputs.every(keepsPeers)) && inputs.every(free);
  };
  return pipeline.statements.every(({ query }) => free(query));
}
