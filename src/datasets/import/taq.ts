/** TAQ and files like it: NYSE's Daily TAQ, WRDS's extracts of it, and the monthly TAQ before. */
import type { Head } from './head.js';
import { columnsOf, usual, type Kind, type Layout, type Mapping, type Roles } from './layout.js';

const advice = "TAQ's times are those of New York: --time-zone America/New_York";

/** Corrections of trades that the tape took back, or that repeat what another row holds. */
const takenBack: ReadonlySet<number> = new Set([7, 8, 10, 11, 12]);

export const taq: Mapping = {
  name: 'taq',
  title: 'trades and quotes as TAQ has them (Daily TAQ, WRDS, monthly TAQ)',
  headers: ['Time', 'Exchange', 'Symbol', 'Trade Volume', 'Trade Price', 'DATE', 'TIME_M', 'EX', 'SYM_ROOT', 'SYM_SUFFIX', 'SIZE', 'PRICE', 'BID', 'BIDSIZ', 'ASK', 'ASKSIZ', 'OFR', 'OFRSIZ'],
  layout(head) {
    const column = columnsOf(head);
    const symbol = column('symroot', 'symbol');
    const [exchange, suffix, date] = [column('ex', 'exchange'), column('symsuffix'), column('date')];
    const at = column('timem', 'time');
    if (symbol === undefined || at === undefined) return null;
    // What other files call by these names too counts only with what TAQ alone has.
    const isDaily = column('tradevolume', 'offerprice') !== undefined;
    const isExtract = column('timem', 'bidsiz', 'bestbidsiz', 'trcorr', 'corr', 'g127') !== undefined;
    if (!isDaily && !isExtract) return null;
    const time: Layout['time'] = date === undefined ? { kind: 'day', advice } : { kind: 'any', advice };
    const roles = { time: at, date, symbol, suffix, exchange };
    return trades(head, roles, time) ?? quotes(head, roles, time);
  },
};

function trades(head: Head, roles: Roles, time: Layout['time']): Layout | null {
  const column = columnsOf(head);
  const [price, size] = [column('tradeprice', 'price'), column('tradevolume', 'size')];
  if (price === undefined || size === undefined) return null;
  const correction = column('tradecorrectionindicator', 'trcorr', 'corr');
  const of = (code: string | null): Kind => (takenBack.has(Number(code)) ? { leftOut: 'trades that were cancelled or corrected' } : 'TRADE');
  return { ...usual, roles: { ...roles, price, size }, time, type: correction === undefined ? 'TRADE' : { column: correction, of } };
}

function quotes(head: Head, roles: Roles, time: Layout['time']): Layout | null {
  const column = columnsOf(head);
  const best = column('bestbid', 'bestbidprice');
  const bid = best ?? column('bidprice', 'bid');
  const ask = column('bestask', 'bestofferprice', 'offerprice', 'askprice', 'ask', 'ofr');
  if (bid === undefined || ask === undefined) return null;
  const [bidSize, askSize] = [column('bestbidsiz', 'bestbidsize', 'bidsize', 'bidsiz'), column('bestasksiz', 'bestoffersize', 'offersize', 'asksize', 'asksiz', 'ofrsiz')];
  const says = ['A price of 0 is no price. Sizes are as in the file (round lots in older ones).'];
  return { ...usual, roles: { ...roles, bid, ask, bidSize, askSize }, time, type: best === undefined ? 'QUOTE' : 'BBO', noPrices: ['0', '0.0', '0.00', '0.000', '0.0000', '.0000'], says };
}
