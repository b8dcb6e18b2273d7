/** All mappings, the ones that ask for most first, and which of them a file has. */
import { TapewrightError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import { binanceAggTrades, binanceBookTicker, binanceCapture, binanceTrades } from './binance.js';
import { databento } from './databento.js';
import { dukascopy } from './dukascopy.js';
import { bidAsk, isBars, marketData, trades } from './generic.js';
import type { Head } from './head.js';
import { plain, type Layout, type Mapping } from './layout.js';
import { lobster } from './lobster.js';
import { mtgox } from './mtgox.js';
import { nautilus } from './nautilus.js';
import { quantconnect } from './quantconnect.js';
import { taq } from './taq.js';

export const mappings: readonly Mapping[] = [
  binanceTrades, binanceAggTrades, binanceBookTicker, binanceCapture, databento, dukascopy, lobster, nautilus, quantconnect, taq, mtgox, marketData, bidAsk, trades,
];

export interface Found {
  readonly mapping: Mapping;
  readonly layout: Layout;
}

/** The mapping named by `as`, else the first that the file has. Throws USAGE, or DATASET_INVALID with the nearest. */
export function findMapping(head: Head, as: string | null): Found {
  if (as !== null) {
    const mapping = mappings.find(({ name }) => name === as);
    if (mapping === undefined) throw unknown(as);
    const layout = mapping.layout(head, true);
    if (layout === null) {
      throw new TapewrightError('DATASET_INVALID', `${head.path} is not of the mapping ${as} (${mapping.title}): ${described(head)}; such files have ${mapping.headers.join(', ')}`, { file: head.path, mapping: as });
    }
    return { mapping, layout };
  }
  for (const mapping of mappings) {
    const layout = mapping.layout(head, false);
    if (layout !== null) return { mapping, layout };
  }
  throw unmatched(head);
}

function unknown(as: string): TapewrightError {
  const names = mappings.map(({ name }) => name);
  const meant = nearest(as, names);
  return new TapewrightError('USAGE', `--as ${as}: there is no such mapping; ${meant === null ? `known are ${names.join(', ')}` : `did you mean '${meant}'?`}`, { as, known: names });
}

function described(head: Head): string {
  if (head.hasHeader) return `its columns are ${head.columns.slice(0, 20).join(', ')}`;
  return `it has no header, and its first row is ${(head.sample[0] ?? []).map((value) => value ?? '').join(', ').slice(0, 200)}`;
}

function unmatched(head: Head): TapewrightError {
  const names = mappings.map(({ name }) => name);
  const bars = isBars(head) ? ' (these look like bars, and bars have no ticks in them)' : '';
  const close = nearestMapping(head);
  const hint = close === null ? '' : `; nearest is ${close.mapping.name} (${close.mapping.title}), which also needs ${close.missing.join(', ')}`;
  const rename = head.hasHeader ? 'rename the columns to time, symbol, price, size, bid, ask' : 'give it a header such as time,symbol,price,size or time,bid,ask';
  return new TapewrightError(
    'DATASET_INVALID', `${head.path} fits no mapping: ${described(head)}${bars}${hint}; known are ${names.join(', ')}; say which with --as, or ${rename}`,
    { file: head.path, columns: head.columns.slice(0, 50), nearest: close?.mapping.name ?? null, known: names },
  );
}

/** The one that shares most names with the file, as a part of those that it has. */
function nearestMapping(head: Head): { readonly mapping: Mapping; readonly missing: readonly string[] } | null {
  if (!head.hasHeader) return null;
  const present = new Set(head.columns.map(plain));
  const scored = mappings.map((mapping) => {
    const missing = mapping.headers.filter((name) => !present.has(plain(name)));
    return { mapping, missing, share: 1 - missing.length / mapping.headers.length };
  });
  const best = scored.reduce((most, each) => (each.share > most.share ? each : most));
  return best.share > 0 && best.missing.length > 0 ? best : null;
}
