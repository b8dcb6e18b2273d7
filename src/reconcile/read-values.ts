/** Values from the texts that databases write of them. */
import { TapewrightError } from '../core/errors.js';
import { typeName, type Field } from '../core/types.js';
import { textReader } from '../sources/values.js';
import type { RowValues } from '../sources/row-columns.js';

/** Days and times that a column here cannot hold: infinities, years before 1 and after 9999. They are NULL, as they are from changes. */
const beyond = /^-?infinity$|BC$|^\d{5,}-/;

/** Reads rows of texts, columns in the order of the fields. `from` is for the complaint. Throws DATASET_INVALID for a text that is no value of its type. */
export function rowReader(from: string, fields: readonly Field[]): (texts: readonly (string | null)[]) => RowValues {
  const readers = fields.map(({ name, type }) => {
    const read = textReader(type);
    const isTime = type.kind === 'DATE' || type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
    return (text: string | null): RowValues[number] => {
      if (text === null || (isTime && beyond.test(text))) return null;
      // PostgreSQL's booleans.
      const value = read(type.kind === 'BOOLEAN' && text.length === 1 ? (text === 't' ? 'true' : text === 'f' ? 'false' : text) : text);
      if (value === undefined) throw new TapewrightError('DATASET_INVALID', `${from}: '${text.slice(0, 100)}' in ${name} is no ${typeName(type, false)}; leave the column out with --columns, or declare it otherwise`, { column: name });
      return value;
    };
  });
  return (texts) => readers.map((read, index) => read(texts[index]!));
}
