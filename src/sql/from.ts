/** FROM: tables, views, common tables, sub-queries, window table functions and joins. */
import type { Hint, NamedTable, TableReference } from './ast.js';
import { planMatch } from './match.js';
import { openJoin } from './join.js';
import { closed } from './join-lowering.js';
import { didYouMean, tableName } from './names.js';
import { planQuery } from './query.js';
import type { Environment } from './query.js';
import { aliased } from './relation.js';
import type { Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { processTable } from './process-tables.js';
import { windowTable } from './window-tables.js';

export function planFrom(reference: TableReference, environment: Environment): Relation {
  switch (reference.kind) {
    case 'table': return namedTable(reference, environment);
    case 'derivedTable':
      if (reference.lateral) throw sqlUnsupported(reference.place, 'LATERAL is not supported', 'Use a plain sub-query.');
      return aliased(planQuery(reference.query, environment), reference.alias, []);
    case 'tableFunction': {
      if (reference.ordinality) throw sqlUnsupported(reference.place, 'WITH ORDINALITY is not supported', 'Leave it out.');
      const process = environment.session.functions?.processes.get(reference.name);
      if (process !== undefined) {
        const relation = processTable(reference, process, ({ input }) => planFrom(input, environment));
        return reference.alias === undefined ? relation : aliased(relation, reference.alias, []);
      }
      const relation = windowTable(reference, ({ input }) => planFrom(input, environment), environment.session.timeZone);
      return reference.alias === undefined ? relation : aliased(relation, reference.alias, []);
    }
    case 'join': return openJoin(reference, (side) => planFrom(side, environment), environment);
    case 'matchRecognize': return planMatch(reference, closed(planFrom(reference.input, environment), null, environment), environment);
  }
}

function namedTable(reference: NamedTable, environment: Environment): Relation {
  if (reference.systemTime !== undefined) throw sqlInvalid(reference.systemTime.place, 'FOR SYSTEM_TIME AS OF stands on the right side of a join', 'Write FROM a JOIN b FOR SYSTEM_TIME AS OF a.event_time ON a.k = b.k.');
  checkHints(reference.hints, environment);
  const name = tableName(reference.name);
  const parts = reference.name.parts.map((part) => part.text);
  const common = environment.commonTables.get(name);
  if (common !== undefined) return aliased(common, reference.alias, parts);
  const relation = environment.catalog.read(name);
  if (relation === undefined) {
    const known = [...environment.commonTables.keys(), ...environment.catalog.names()];
    throw sqlInvalid(reference.name.place, `no table or view '${name}'`, known.length === 0 ? 'Declare it with CREATE TABLE first.' : didYouMean(name, known));
  }
  return aliased(relation, reference.alias, parts);
}

/** OPTIONS change how a connector reads, which a replay does not do; other hints ask for what is not here. */
function checkHints(hints: readonly Hint[], { remark }: Environment): void {
  for (const { name, place } of hints) {
    if (name !== 'OPTIONS') throw sqlUnsupported(place, `the hint ${name} is not supported`, 'Leave it out.');
    remark(`line ${place.line}, column ${place.column}: the OPTIONS hint is ignored: tables are bound to data, not to connectors`);
  }
}
