/** Types as written, and the types they are. */
import { decimalType, sqlType, timestampType } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { TypeName } from './ast.js';
import { didYouMean } from './names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

const plain: Readonly<Record<string, SqlType['kind']>> = {
  BOOLEAN: 'BOOLEAN', TINYINT: 'TINYINT', SMALLINT: 'SMALLINT', INT: 'INT', BIGINT: 'BIGINT',
  FLOAT: 'FLOAT', DOUBLE: 'DOUBLE', STRING: 'STRING', DATE: 'DATE', VARCHAR: 'STRING', CHAR: 'STRING',
};

const instead: Readonly<Record<string, string>> = {
  TIME: 'Use TIMESTAMP(3), or INT milliseconds of the day.',
  TIMESTAMP_TZ: 'Use TIMESTAMP_LTZ(3).',
  ARRAY: 'Use one column for each element.',
  MAP: 'Use one column for each key.',
  MULTISET: 'Use plain columns.',
  ROW: 'Use one column for each field.',
  BYTES: 'Use STRING, or leave the column out.',
  VARBINARY: 'Use STRING, or leave the column out.',
  BINARY: 'Use STRING, or leave the column out.',
  RAW: 'Use STRING.',
  VARIANT: 'Use plain columns.',
};

/**
 * The type that a declaration or a CAST names; VARCHAR(n) and CHAR(n) are STRING, without a check of length.
 * Throws SQL_INVALID for an unknown type or a precision out of range, SQL_UNSUPPORTED for types kept out.
 */
export function typeFrom(written: TypeName): SqlType {
  const { name, parameters, nullable, place } = written;
  if (name === 'DECIMAL') {
    const [precision = 10, scale = 0] = parameters;
    if (precision < 1 || precision > 38) throw sqlInvalid(place, `DECIMAL has 1 to 38 digits, not ${precision}`);
    if (scale < 0 || scale > precision) throw sqlInvalid(place, `the scale of DECIMAL(${precision}, ${scale}) does not lie between 0 and ${precision}`);
    return decimalType(precision, scale, nullable);
  }
  if (name === 'TIMESTAMP' || name === 'TIMESTAMP_LTZ') {
    const [precision = 6] = parameters;
    if (precision < 0 || precision > 9) throw sqlInvalid(place, `${name} has 0 to 9 digits of a second, not ${precision}`);
    return { ...timestampType(precision, nullable), kind: name };
  }
  const kind = plain[name];
  if (kind !== undefined) return sqlType(kind, nullable);
  const advice = instead[name];
  if (advice !== undefined) throw sqlUnsupported(place, `type ${name} is not supported`, advice);
  if (name.startsWith('INTERVAL')) throw sqlUnsupported(place, 'a column or cast of an interval type is not supported', 'Use BIGINT milliseconds.');
  throw sqlInvalid(place, `no type ${name}`, didYouMean(name, [...Object.keys(plain), 'DECIMAL', 'TIMESTAMP', 'TIMESTAMP_LTZ']));
}

/** In a CAST a length would cut the text, which we do not do: refused. */
export function castTypeFrom(written: TypeName): SqlType {
  if ((written.name === 'VARCHAR' || written.name === 'CHAR') && written.parameters.length > 0 && written.parameters[0]! < 2_147_483_647) {
    throw sqlUnsupported(written.place, `a CAST to ${written.name}(${written.parameters[0]}) is not supported`, `Write SUBSTRING(CAST(… AS STRING), 1, ${written.parameters[0]}).`);
  }
  return typeFrom(written);
}
