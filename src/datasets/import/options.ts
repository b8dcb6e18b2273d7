/** The flags of an import as what they mean. */
import { join } from 'node:path';
import { TapewrightError } from '../../core/errors.js';
import { isDataset } from '../dataset.js';
import { dateMillis } from './clock.js';
import type { ImportOptions } from './import.js';
import type { Encoding } from './text-file.js';
import { parseZone } from './zone.js';

export interface ImportFlags {
  readonly name: string;
  readonly as?: string | undefined;
  readonly symbol?: string | undefined;
  readonly exchange?: string | undefined;
  readonly date?: string | undefined;
  readonly 'time-zone'?: string | undefined;
  readonly 'size-scale'?: string | undefined;
  readonly order: string;
  readonly encoding: string;
  readonly origin?: string | undefined;
  readonly licence?: string | undefined;
  readonly out?: string | undefined;
}

/** Throws USAGE. */
export function importOptions(flags: ImportFlags): ImportOptions {
  const { name, out } = flags;
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(name)) throw new TapewrightError('USAGE', `--name ${name}: must be letters, digits, points, hyphens and underscores`, { name });
  if (out === undefined && isDataset(name)) throw new TapewrightError('USAGE', `--name ${name}: there is a dataset of that name already; choose another name`, { name });
  return {
    name, out: out ?? join('datasets', name), as: flags.as ?? null, symbol: flags.symbol ?? null, exchange: flags.exchange ?? null,
    date: flags.date === undefined ? null : dateFrom(flags.date), zone: flags['time-zone'] === undefined ? null : parseZone(flags['time-zone']),
    sizeExponent: flags['size-scale'] === undefined ? null : exponentFrom(flags['size-scale']),
    order: flags.order === 'file' ? 'file' : 'time', encoding: flags.encoding as Encoding, origin: flags.origin ?? null, licence: flags.licence ?? null,
  };
}

function dateFrom(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  const millis = match === null ? null : dateMillis(Number(match[1]), Number(match[2]), Number(match[3]));
  if (millis === null) throw new TapewrightError('USAGE', `--date ${text}: must be a day such as 2024-01-31`, { date: text });
  return millis;
}

/** `1e8` and `100000000` are 8. */
function exponentFrom(text: string): number {
  const match = /^1(?:e\+?(\d{1,2})|(0*))$/i.exec(text.trim());
  const exponent = match === null ? NaN : match[1] === undefined ? match[2]!.length : Number(match[1]);
  if (!(exponent <= 18)) throw new TapewrightError('USAGE', `--size-scale ${text}: must be a power of ten from 1 to 1e18, such as 1e8`, { scale: text });
  return exponent;
}
