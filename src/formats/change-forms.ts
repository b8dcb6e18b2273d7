/** How the values of a column look in a change, where they are of the usual form, by its type and by how the connector says that it wrote them. */
import { storageOf, timestampUnits, type SqlType } from '../core/types.js';
import type { WrittenType } from './debezium-envelope.js';

export const TEXT = 0, BOOLEAN = 1, REAL = 2, SINGLE = 3, INTEGER = 4, DECIMAL = 5, DATE = 6, TIME = 7, UNSCALED = 8, OTHER = 9;

export interface ChangeForm {
  readonly form: number;
  /** Of integers: values lie in [-limit, limit). Of decimals: unscaled values lie within ±limit. */
  readonly limit: number;
  /** Of decimals: digits after the point. */
  readonly scale: number;
  /** Of decimals that come unscaled: what they are multiplied with. */
  readonly factor: number;
  /** Of times: units of a second of the column, and of a count that is one. 0: a count is none. */
  readonly units: number;
  readonly counted: number;
}

/** More digits than these are not exact as a number. */
export const digitsMax = 15;

/** Exact: each is an integer below 2^53. */
export const powers: readonly number[] = Array.from({ length: digitsMax + 1 }, (_, exponent) => Number(`1e${exponent}`));

const ticks: Readonly<Record<string, number>> = {
  'io.debezium.time.Timestamp': 1e3, 'org.apache.kafka.connect.data.Timestamp': 1e3, 'io.debezium.time.MicroTimestamp': 1e6, 'io.debezium.time.NanoTimestamp': 1e9,
};

const integerLimits: Readonly<Partial<Record<SqlType['kind'], number>>> = { TINYINT: 2 ** 7, SMALLINT: 2 ** 15, INT: 2 ** 31, BIGINT: Infinity };

/** As `ChangeReader` reads them; whatever is not of the form is left to that. */
export function changeForm(type: SqlType, written: WrittenType | undefined): ChangeForm {
  const { kind, precision = 0, scale = 0 } = type;
  const of = (form: number, more: Partial<ChangeForm> = {}): ChangeForm => ({ form, limit: 0, scale, factor: 1, units: 0, counted: 0, ...more });
  const name = written?.name ?? null;
  if (name === 'org.apache.kafka.connect.data.Decimal') {
    const finer = scale - (written?.scale ?? 0);
    return kind === 'DECIMAL' && finer >= 0 && finer <= digitsMax ? of(UNSCALED, { limit: powers[Math.min(precision, digitsMax)]!, factor: powers[finer]! }) : of(OTHER);
  }
  if (name === 'io.debezium.data.VariableScaleDecimal' || name === 'io.debezium.time.IsoDate') return of(OTHER);
  const limit = integerLimits[kind];
  if (limit !== undefined) return of(INTEGER, { limit });
  switch (kind) {
    case 'STRING': return of(TEXT);
    case 'BOOLEAN': return of(BOOLEAN);
    case 'DOUBLE': return of(REAL);
    case 'FLOAT': return of(SINGLE);
    case 'DECIMAL': return of(DECIMAL, { limit: powers[Math.min(precision, digitsMax)]! });
    case 'DATE': return of(DATE);
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': {
      const units = timestampUnits(type.precision ?? 6);
      const from = name === null ? undefined : ticks[name];
      // Nanoseconds are beyond what a number holds.
      return units > 1e6 ? of(OTHER) : of(TIME, { units, counted: from ?? units });
    }
    default: return of(OTHER);
  }
}

/** Metadata that a number or a text of its own says; others are left to `ChangeReader`. */
export const isPlainNumber = (type: SqlType): boolean =>
  type.kind === 'INT' || type.kind === 'BIGINT' || ((type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') && timestampUnits(type.precision ?? 6) === 1e3);
export const isText = (type: SqlType): boolean => type.kind === 'STRING' && storageOf(type) === 'text';
