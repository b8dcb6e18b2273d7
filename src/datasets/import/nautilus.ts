/** Ticks of a NautilusTrader catalog: Parquet with fixed-point prices and sizes. */
import type { Head } from './head.js';
import { usual, type Mapping } from './layout.js';

/** Fixed-point numbers of 8 bytes count billionths, of 16 bytes 1e-16; integers are of the time of the former. */
const exponents: Readonly<Record<number, number>> = { 16: -9, 32: -16 };

/** `BTCUSDT.BINANCE`: from the metadata, else the folder that the catalog keeps for it. */
function instrumentOf(head: Head): readonly [string | null, string | null] {
  const folders = head.path.split(/[\\/]/);
  const folder = /^(?:trade|quote)(?:s|_ticks?)$/.test(folders.at(-3) ?? '') ? folders.at(-2)! : null;
  const id = head.metadata['instrument_id'] ?? folder;
  if (id === null || id === undefined) return [null, null];
  const point = id.lastIndexOf('.');
  return point < 0 ? [id, null] : [id.slice(0, point), id.slice(point + 1)];
}

export const nautilus: Mapping = {
  name: 'nautilus',
  title: "NautilusTrader's Parquet ticks",
  headers: ['price', 'size', 'aggressor_side', 'trade_id', 'ts_event', 'ts_init'],
  layout(head) {
    const has = (...names: readonly string[]): boolean => names.every((name) => head.columns.includes(name));
    if (head.form !== 'parquet' || !has('ts_event', 'ts_init')) return null;
    const isTrade = has('price', 'size', 'aggressor_side');
    if (!isTrade && !has('bid_price', 'ask_price', 'bid_size', 'ask_size') && !has('bid', 'ask', 'bid_size', 'ask_size')) return null;
    const first = head.columns.findIndex((name) => name === 'price' || name === 'bid_price' || name === 'bid');
    const type = head.types[first]!;
    const width = head.sample[0]?.[first]?.length ?? 16;
    const exponent = type === 'BLOB' ? exponents[width] : /^U?BIGINT$/.test(type) ? -9 : type === 'DOUBLE' || type === 'VARCHAR' ? 0 : undefined;
    if (exponent === undefined) return null;
    const [symbol, exchange] = instrumentOf(head);
    const [bid, ask] = has('bid_price') ? ['bid_price', 'ask_price'] : ['bid', 'ask'];
    const roles = isTrade ? { time: 'ts_event', price: 'price', size: 'size' } : { time: 'ts_event', bid, ask, bidSize: 'bid_size', askSize: 'ask_size' };
    return {
      ...usual, roles, time: { kind: 'any' }, type: isTrade ? 'TRADE' : 'QUOTE', priceExponent: exponent, sizeExponent: exponent, isFixedPoint: type === 'BLOB', symbol, exchange,
      says: exponent === 0 ? [] : [`Prices and sizes are fixed-point numbers of 1e${exponent}.`],
    };
  },
};
