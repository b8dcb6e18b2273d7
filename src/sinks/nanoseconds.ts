/** Times in nanoseconds that a file cannot hold: it has 64 bits for each, and SQL has the years 1 to 9999. */
import { TapewrightError } from '../core/errors.js';
import { typeName, type Schema } from '../core/types.js';
import { formatTimestamp } from '../functions/timestamps.js';
import type { Block } from './block.js';
import { duckType } from './duck-type.js';

const least = -(2n ** 63n), most = 2n ** 63n - 1n;

/** Throws SQL_UNSUPPORTED for the first that does not fit: cut to 64 bits it would be another time. */
export function refuseUnheldTimes(schema: Schema, blocks: readonly Block[]): void {
  for (const [index, { name, type }] of schema.entries()) {
    if (duckType({ name, type }).name !== 'TIMESTAMP_NS') continue;
    for (const { columns } of blocks) {
      const column = columns[index]!;
      // Numbers are safe integers, and fit.
      if (column.kind !== 'wide') continue;
      const beyond = column.values.find((value) => value < least || value > most);
      if (beyond === undefined) continue;
      const time = formatTimestamp(beyond, type.precision!);
      throw new TapewrightError('SQL_UNSUPPORTED',
        `column ${name}: ${time} cannot be written to Parquet as ${typeName(type, false)}, which reaches from ${formatTimestamp(least, 9)} to ${formatTimestamp(most, 9)}; CAST it to TIMESTAMP(6)`,
        { column: name, value: time });
    }
  }
}
