/** Dukascopy's quotes, as its website and the common download programs write them. */
import { columnsOf, usual, type Mapping } from './layout.js';
import { utc } from './zone.js';

export const dukascopy: Mapping = {
  name: 'dukascopy',
  title: "Dukascopy's quotes",
  headers: ['Gmt time', 'Ask', 'Bid', 'AskVolume', 'BidVolume'],
  layout(head) {
    const column = columnsOf(head);
    const [bid, ask, bidSize, askSize] = [column('bid', 'bidprice'), column('ask', 'askprice'), column('bidvolume'), column('askvolume')];
    const gmt = column('gmttime');
    const at = gmt ?? column('localtime', 'timestamp', 'time');
    if (bid === undefined || ask === undefined || bidSize === undefined || askSize === undefined || at === undefined) return null;
    return {
      ...usual, roles: { time: at, bid, ask, bidSize, askSize }, time: gmt === undefined ? { kind: 'any' } : { kind: 'any', zone: utc }, type: 'QUOTE',
      symbol: /^([A-Z]{6}|[A-Z0-9.]+?)(?=[-_ ])/i.exec(head.name)?.[1]?.toUpperCase() ?? null, exchange: 'DUKASCOPY',
      says: ['Sizes are in the units of the file: Dukascopy writes millions.'],
    };
  },
};
