/** What about a pipeline's outputs is decided by event time and keys alone, and what by the order of arrival. */
import type { Case } from './random-pipelines.js';
import { inputsOf, tableFields, tablesOf, type Query } from './query.js';

/** `sequence`: rows come in the order of event time and keys. `set`: in the order of arrival, at least in part. */
export function orderOf(query: Query): 'sequence' | 'set' {
  switch (query.kind) {
    case 'table': case 'union': case 'join': case 'group': case 'rank': case 'regular': case 'sets': return 'set';
    case 'assign': return query.window.kind === 'session' ? 'sequence' : 'set';
    case 'filter': case 'project': return orderOf(query.input);
    case 'window': case 'regroup': return 'sequence';
    case 'temporal': return keepsPeers(query.inputs[0]) ? 'sequence' : 'set';
    case 'over': case 'match': case 'process': case 'global': return keepsPeers(query.input) ? 'sequence' : 'set';
  }
}

/** Rows of one instant (of the rowtime column) come in an order that does not depend on arrival, given that peers keep theirs. */
const keepsPeers = (query: Query): boolean => (query.rowtime === 'event_time' && !hasJoin(query)) || orderOf(query) === 'sequence';

/** The pairs of one row come in the order in which its partners do. */
const hasJoin = (query: Query): boolean => query.kind === 'join' || inputsOf(query).some(hasJoin);

const edges = ['FIRST_VALUE', 'LAST_VALUE', 'LAG'];

/** What they say depends on which of two rows is given to them first. */
const rowByRow: readonly string[] = ['match', 'process', 'global'];

/** No value of the outputs depends on the order of arrival, beyond peers. */
export function isOrderFree({ pipeline, tables }: Case): boolean {
  const free = (query: Query): boolean => {
    // What changes does so as rows come; and which of equal rows are first, these decide by coming.
    if (query.kind === 'group' || query.kind === 'rank' || query.kind === 'regular') return false;
    const ordered = ('aggregates' in query && query.aggregates.some(({ name }) => edges.includes(name))) || (query.kind === 'over' && query.frame.unit === 'rows') || rowByRow.includes(query.kind);
    const inputs = inputsOf(query);
    // Versions of one instant replace each other as they come.
    if (query.kind === 'temporal' && !keepsPeers(inputs[1]!)) return false;
    return (!ordered || inputs.every(keepsPeers)) && !touches(query, tables) && inputs.every(free);
  };
  return pipeline.statements.every(({ query }) => free(query));
}

/**
 * The tables that outputs add up to depend neither on how rows of different keys come nor on which of two tables gives
 * the next one: what is forgotten, and what comes first, would.
 */
export function isTableFree({ pipeline, tables }: Case): boolean {
  const free = (query: Query, alone: boolean): boolean => {
    const ordered = ('aggregates' in query && query.aggregates.some(({ name }) => edges.includes(name))) || (query.kind === 'over' && query.frame.unit === 'rows') || rowByRow.includes(query.kind) || query.kind === 'rank';
    // Of a key's own rows the order is the same everywhere, as long as they come straight from one table.
    return (!ordered || (alone && inputsOf(query).every(isPlain))) && !touches(query, tables) && inputsOf(query).every((input) => free(input, alone));
  };
  return (pipeline.ttl === null || pipeline.ttl > 1e7) && pipeline.statements.every(({ query }) => free(query, tablesOf(query).length === 1));
}

const isPlain = (query: Query): boolean => query.kind === 'table' || ((query.kind === 'filter' || query.kind === 'project') && isPlain(query.input));

/**
 * Whether two rows may be exactly a gap apart: as in Flink, the session is one, unless the first has fired when the
 * second comes, which need not be behind.
 */
function touches(query: Query, tables: Case['tables']): boolean {
  if (!('window' in query) || query.window.kind !== 'session') return false;
  const { gap } = query.window;
  // Bounds of aligned windows are whole hundreds apart; those of sessions anything.
  if (query.input.rowtime !== 'event_time') return gap % 100 === 0 || hasSession(query.input);
  const rowtime = tableFields.length - 1;
  const times = new Set(tablesOf(query).flatMap((table) => tables[table]!.map((row) => row[rowtime] as number)));
  return [...times].some((time) => times.has(time + gap));
}

const hasSession = (query: Query): boolean => ('window' in query && query.window.kind === 'session') || inputsOf(query).some(hasSession);
