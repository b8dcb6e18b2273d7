/** What a change of a captured table does, and the two columns by which sources tell it to the engine. */
import { sqlType, type Schema } from './types.js';

/** The row of its key is now this one, whether there was one or not. */
export const UPSERT = 1;
/** There is no row of its key any more; of its other columns nothing is to be believed. */
export const REMOVE = 2;
/** There is no row of the table any more. */
export const TRUNCATE = 3;

/** What a change did not bring with it. */
export interface LeftOut {
  /** Names of columns whose values it left out as unchanged. */
  readonly left: readonly string[];
  /** Where a key changes: what the delete of the one and the create of the other have in common, and no other change; null: none does. */
  readonly moved: string | null;
}

/** After all other columns: what the change does; and as JSON what it left out: names of columns, or `LeftOut` where a key changes. NULL: nothing. */
export const changeColumns: Schema = [
  { name: '$change', type: sqlType('TINYINT', false) },
  { name: '$unchanged', type: sqlType('STRING') },
];
