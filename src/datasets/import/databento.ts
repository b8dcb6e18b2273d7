/** Databento's CSV of the schemas trades, tbbo and mbp-1 (of mbo the trades). */
import { TapewrightError } from '../../core/errors.js';
import type { Head } from './head.js';
import { columnsOf, sampleOf, usual, type Kind, type Mapping } from './layout.js';

/** The greatest 64-bit integer stands for no price. */
const noPrices = ['9223372036854775807'];

/** `xnas-itch-20220610.trades.csv` is of the dataset XNAS.ITCH. */
const datasetOf = (head: Head): string | null => {
  const match = /^([a-z0-9]+)-([a-z0-9]+)-\d{8}/i.exec(head.name);
  return match === null ? null : `${match[1]}.${match[2]}`.toUpperCase();
};

export const databento: Mapping = {
  name: 'databento',
  title: "Databento's CSV (trades, tbbo, mbp-1)",
  headers: ['ts_recv', 'ts_event', 'rtype', 'publisher_id', 'instrument_id', 'action', 'side', 'depth', 'price', 'size', 'flags', 'ts_in_delta', 'sequence', 'bid_px_00', 'ask_px_00', 'symbol'],
  layout(head) {
    const column = columnsOf(head);
    const [at, action, price, size] = [column('tsevent'), column('action'), column('price'), column('size')];
    if (at === undefined || action === undefined || price === undefined || size === undefined || column('publisherid', 'instrumentid', 'rtype') === undefined) return null;
    const symbol = column('symbol');
    checkInstruments(head, symbol, column('instrumentid'));
    const [bid, ask] = [column('bidpx00'), column('askpx00')];
    const hasBook = bid !== undefined && ask !== undefined;
    const book = hasBook ? { bid, ask, bidSize: column('bidsz00'), askSize: column('asksz00') } : {};
    // Whole numbers are billionths; with pretty prices there is a point.
    const isRaw = sampleOf(head, price).every((text) => /^-?\d+$/.test(text));
    return {
      ...usual, roles: { time: at, price, size, symbol, ...book }, time: { kind: 'any' }, type: { column: action, of: (value) => kindOf(value, hasBook) },
      priceExponent: isRaw ? -9 : 0, noPrices, exchange: datasetOf(head),
      says: [isRaw ? 'Prices are whole billionths.' : 'Prices are decimals.', "Event time is ts_event, the venue's."],
    };
  },
};

function kindOf(action: string | null, hasBook: boolean): Kind | undefined {
  switch (action) {
    case 'T': return 'TRADE';
    case 'A': case 'C': case 'M': return hasBook ? 'BBO' : { leftOut: 'order book actions (the schema has no best bid and ask)' };
    case 'R': return { leftOut: 'order books cleared' };
    case 'F': return { leftOut: 'fills, which repeat trades' };
    case 'N': return { leftOut: 'no action' };
    default: return undefined;
  }
}

function checkInstruments(head: Head, symbol: string | undefined, instrument: string | undefined): void {
  const ids = instrument === undefined || symbol !== undefined ? [] : [...new Set(sampleOf(head, instrument))];
  if (ids.length < 2) return;
  throw new TapewrightError(
    'DATASET_INVALID',
    `${head.path}: it has several instruments (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}) and no column symbol; ask Databento for the file with map_symbols`,
    { file: head.path, instruments: ids.slice(0, 10) },
  );
}
