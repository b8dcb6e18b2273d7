/**
 * −0 beside 0: two values for us, one for the dictionaries that DuckDB makes of a column, which then reads as whichever came
 * first in its row group. Where a column has both, its file is written without dictionaries.
 */
import type { Field, Schema } from '../core/types.js';
import { textRows, type Duck } from '../sources/duck.js';
import { quoteName } from '../sources/quote.js';
import type { Block } from './block.js';

/** Among the options of a COPY. */
export const withoutDictionaries = 'DICTIONARY_SIZE_LIMIT 0';

const isReal = ({ type: { kind } }: Field): boolean => kind === 'DOUBLE' || kind === 'FLOAT';

/** Whether a column has both zeros. Among the rows of NULLs there is a 0 as well: then it may have but one. */
export function haveBothZeros(schema: Schema, blocks: readonly Block[]): boolean {
  return schema.some((field, index) => isReal(field) && hasBothZeros(blocks, index));
}

function hasBothZeros(blocks: readonly Block[], index: number): boolean {
  let hasZero = false, hasNegative = false;
  for (const { columns, length } of blocks) {
    const { values } = columns[index] as { readonly values: Float64Array };
    for (let row = 0; row < length; row += 1) {
      if (values[row] !== 0) continue;
      if (1 / values[row]! > 0) hasZero = true;
      else hasNegative = true;
    }
    if (hasZero && hasNegative) return true;
  }
  return false;
}

/** As `haveBothZeros`, of the rows that the SQL `rows` gives. */
export async function giveBothZeros(duck: Duck, schema: Schema, rows: string): Promise<boolean> {
  const names = schema.filter(isReal).map(({ name }) => quoteName(name));
  if (names.length === 0) return false;
  const both = names.map((name) => `(bool_or(${name} = 0 AND signbit(${name})) AND bool_or(${name} = 0 AND NOT signbit(${name})))`);
  const [row] = await textRows(duck.connection, `SELECT CAST(coalesce(${both.join(' OR ')}, false) AS VARCHAR) FROM (${rows})`);
  return row![0] === 'true';
}
