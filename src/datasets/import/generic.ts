/** Files of nobody in particular: columns that are called what they are. */
import type { TimeForm } from './clock.js';
import type { Head } from './head.js';
import { columnsOf, plain, sampleOf, usual, type Kind, type Mapping } from './layout.js';

const symbols = ['symbol', 'ticker', 'instrument', 'instrumentid', 'sym', 'pair', 'code'];
const exchanges = ['exchange', 'venue', 'market', 'mic'];
const times = ['eventtime', 'timestamp', 'ts', 'tsevent', 'datetime', 'time', 'transacttime', 'transactiontime', 'exchangetime', 'tradetime', 'quotetime', 'timestampms', 'timems'];
const prices = ['price', 'tradeprice', 'lastprice', 'last', 'px'];
const sizes = ['size', 'qty', 'quantity', 'volume', 'amount', 'tradesize', 'tradevolume', 'lastsize', 'vol'];
const bids = ['bid', 'bidprice', 'bidpx', 'bestbid', 'bestbidprice', 'bidpx00'];
const asks = ['ask', 'askprice', 'askpx', 'bestask', 'bestaskprice', 'offer', 'offerprice', 'ofr', 'askpx00'];
const bidSizes = ['bidsize', 'bidqty', 'bidquantity', 'bidvolume', 'bidsz', 'bestbidqty', 'bestbidsize', 'bidamount', 'bidsz00'];
const askSizes = ['asksize', 'askqty', 'askquantity', 'askvolume', 'asksz', 'bestaskqty', 'bestasksize', 'askamount', 'offersize', 'asksz00'];

/** What columns are called most often, as `plain` compares names. */
export const usualNames = { symbol: symbols, time: times, price: prices, size: sizes, bid: bids, ask: asks } as const;

interface Timing {
  readonly time: string;
  readonly date?: string;
  readonly form: TimeForm;
}

function timingOf(head: Head): Timing | null {
  const column = columnsOf(head);
  const date = column('date', 'day', 'tradedate');
  const time = column(...times) ?? date;
  if (time === undefined) return null;
  const texts = sampleOf(head, time);
  const isTimeOfDay = texts.length > 0 && texts.every((text) => /^\d\d?:\d\d:\d\d/.test(text));
  if (!isTimeOfDay) return { time, form: { kind: 'any' } };
  return date === undefined || date === time ? { time, form: { kind: 'day' } } : { time, date, form: { kind: 'any' } };
}

const kinds: Readonly<Record<string, Kind>> = { TRADE: 'TRADE', QUOTE: 'QUOTE', BBO: 'BBO' };

export const marketData: Mapping = {
  name: 'market-data',
  title: "Tapewright's own columns (symbol, price, volume, bid, ask, event_time or timestamp, exchange, event_type)",
  headers: ['symbol', 'price', 'volume', 'bid', 'ask', 'event_time', 'exchange', 'event_type'],
  layout(head) {
    const column = columnsOf(head);
    const timing = timingOf(head);
    const [symbol, price, size, type] = [column('symbol'), column('price'), column('volume'), column('eventtype')];
    if (timing === null || symbol === undefined || price === undefined || size === undefined || type === undefined) return null;
    const { form, ...when } = timing;
    const roles = { ...when, symbol, price, size, bid: column('bid'), ask: column('ask'), exchange: column('exchange') };
    return { ...usual, roles, time: form, type: { column: type, of: (value) => kinds[value?.toUpperCase() ?? ''] }, isComplete: true };
  },
};

export const bidAsk: Mapping = {
  name: 'bid-ask',
  title: 'quotes: columns for time, bid and ask, with or without sizes',
  headers: ['time', 'symbol', 'bid', 'ask', 'bid_size', 'ask_size'],
  layout(head, asked) {
    const column = columnsOf(head);
    const timing = timingOf(head);
    const [bid, ask] = [column(...bids), column(...asks)];
    if (timing === null || bid === undefined || ask === undefined) return null;
    // Trades that have bid and ask beside them are trades.
    if (!asked && column(...prices) !== undefined && column('size', 'qty', 'quantity', 'tradesize') !== undefined) return null;
    const { form, ...when } = timing;
    const roles = { ...when, bid, ask, bidSize: column(...bidSizes), askSize: column(...askSizes), symbol: column(...symbols), exchange: column(...exchanges) };
    return { ...usual, roles, time: form, type: 'QUOTE' };
  },
};

export const trades: Mapping = {
  name: 'trades',
  title: 'trades: columns for time, price and size',
  headers: ['time', 'symbol', 'price', 'size', 'exchange'],
  layout(head) {
    const column = columnsOf(head);
    const timing = timingOf(head);
    const [price, size] = [column(...prices), column(...sizes)];
    if (timing === null || price === undefined || size === undefined || isBars(head)) return null;
    const { form, ...when } = timing;
    const roles = { ...when, price, size, bid: column(...bids), ask: column(...asks), symbol: column(...symbols), exchange: column(...exchanges) };
    return { ...usual, roles, time: form, type: 'TRADE' };
  },
};

/** Bars have no ticks in them. */
export function isBars(head: Head): boolean {
  const names = new Set(head.columns.map(plain));
  return names.has('open') && names.has('high') && names.has('low') && names.has('close');
}
