/** Binance: the public files of trades, aggregated trades and best bids and offers, and captures of its websocket. */
import type { Head } from './head.js';
import { columnsOf, sampleOf, usual, type Kind, type Layout, type Mapping } from './layout.js';
import { isShaped } from './shape.js';

const time = { kind: 'any' } as const;

/** `BTCUSDT-trades-2024-01-01.csv` */
const symbolOf = (head: Head, what: string): string | null => new RegExp(`^([A-Z0-9_]+)-${what}-`, 'i').exec(head.name)?.[1]?.toUpperCase() ?? null;

export const binanceTrades: Mapping = {
  name: 'binance-trades',
  title: "Binance's public trades",
  headers: ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker'],
  layout(head) {
    const common = { ...usual, time, type: 'TRADE', symbol: symbolOf(head, 'trades') } as const;
    if (isShaped(head, 'int decimal decimal decimal epoch bool bool')) return { ...common, roles: { time: '5', price: '2', size: '3' }, exchange: 'BINANCE' };
    if (isShaped(head, 'int decimal decimal decimal epoch bool')) return { ...common, roles: { time: '5', price: '2', size: '3' }, exchange: 'BINANCE' };
    const column = columnsOf(head);
    const [price, size, at, maker] = [column('price'), column('qty'), column('time'), column('isbuyermaker')];
    if (price === undefined || size === undefined || at === undefined || maker === undefined) return null;
    // Only the futures' files have these.
    const exchange = column('baseqty') !== undefined ? 'BINANCE_COINM' : column('isbestmatch') === undefined ? 'BINANCE_USDM' : 'BINANCE';
    return { ...common, roles: { time: at, price, size }, exchange };
  },
};

export const binanceAggTrades: Mapping = {
  name: 'binance-agg-trades',
  title: "Binance's public aggregated trades",
  headers: ['agg_trade_id', 'price', 'quantity', 'first_trade_id', 'last_trade_id', 'transact_time', 'is_buyer_maker'],
  layout(head) {
    const says = ['A row stands for all trades of one order at one price.'];
    const common = { ...usual, time, type: 'TRADE', symbol: symbolOf(head, 'aggTrades'), exchange: 'BINANCE', says } as const;
    const bare = 'int decimal decimal int int epoch bool';
    if (isShaped(head, bare) || isShaped(head, `${bare} bool`)) return { ...common, roles: { time: '6', price: '2', size: '3' } };
    const column = columnsOf(head);
    const [price, size, at, id] = [column('price'), column('quantity'), column('transacttime', 'timestamp'), column('aggtradeid')];
    return price === undefined || size === undefined || at === undefined || id === undefined ? null : { ...common, roles: { time: at, price, size } };
  },
};

export const binanceBookTicker: Mapping = {
  name: 'binance-book-ticker',
  title: "Binance's public best bids and offers (bookTicker)",
  headers: ['update_id', 'best_bid_price', 'best_bid_qty', 'best_ask_price', 'best_ask_qty', 'transaction_time', 'event_time'],
  layout(head) {
    const common = { ...usual, time, type: 'BBO', symbol: symbolOf(head, 'bookTicker'), exchange: 'BINANCE' } as const;
    if (isShaped(head, 'int decimal decimal decimal decimal epoch epoch')) return { ...common, roles: { time: '6', bid: '2', bidSize: '3', ask: '4', askSize: '5' } };
    const column = columnsOf(head);
    const [bid, bidSize, ask, askSize] = [column('bestbidprice'), column('bestbidqty'), column('bestaskprice'), column('bestaskqty')];
    const at = column('transactiontime', 'eventtime');
    if (bid === undefined || bidSize === undefined || ask === undefined || askSize === undefined || at === undefined) return null;
    return { ...common, roles: { time: at, bid, bidSize, ask, askSize } };
  },
};

const captureKinds: Readonly<Record<string, Kind>> = { trade: 'TRADE', aggTrade: 'TRADE', bookTicker: 'BBO' };

export const binanceCapture: Mapping = {
  name: 'binance-capture',
  title: "a capture of Binance's websocket (trade, aggTrade and bookTicker)",
  headers: ['e', 'E', 'T', 's', 'p', 'q', 'b', 'B', 'a', 'A'],
  layout(head): Layout | null {
    const has = (...names: readonly string[]): boolean => names.every((name) => head.columns.includes(name));
    if (head.form !== 'json' || !has('e', 's', 'T') || !(has('p', 'q') || has('b', 'B', 'a', 'A'))) return null;
    const of = (event: string | null): Kind => captureKinds[event ?? ''] ?? { leftOut: event === null ? 'no market event' : `${event} events` };
    // Only what the coin-margined futures send names the pair; only futures send the time of a bookTicker.
    const exchange = sampleOf(head, 'ps').length > 0 ? 'BINANCE_COINM' : has('X') || has('b') ? 'BINANCE_USDM' : 'BINANCE';
    const says = ["Event time is the transaction time T; the capture program's own clock is not used."];
    return { ...usual, time, type: { column: 'e', of }, roles: { time: 'T', symbol: 's', price: 'p', size: 'q', bid: 'b', bidSize: 'B', ask: 'a', askSize: 'A' }, exchange, says };
  },
};
