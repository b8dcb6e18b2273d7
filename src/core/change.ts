/** What a change of a captured table does, and the two columns by which sources tell it to the engine. */
import { sqlType, type Schema } from './types.js';

/** The row of its key is now this one, whether there was one or not. */
export const UPSERT = 1;
/** There is no row of its key any more; of its other columns nothing is to be believed. */
export const REMOVE = 2;
/** There is no row of the table any more. */
export const TRUNCATE = 3;

/** After all other columns: what the change does, and a JSON array of the columns whose values it left out as unchanged, NULL: none. */
export const changeColumns: Schema = [
  { name: '$change', type: sqlType('TINYINT', false) },
  { name: '$unchanged', type: sqlType('STRING') },
];
