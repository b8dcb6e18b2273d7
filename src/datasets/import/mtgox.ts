/** Mt.Gox trades: the id of a trade is its time in microseconds. */
import { columnsOf, sampleOf, usual, type Mapping } from './layout.js';

export const mtgox: Mapping = {
  name: 'mtgox',
  title: 'Mt.Gox trades',
  headers: ['id', 'price', 'amount', 'type'],
  layout(head) {
    const column = columnsOf(head);
    const [id, price, size, type] = [column('id'), column('price'), column('amount'), column('type')];
    if (head.columns.length !== 4 || id === undefined || price === undefined || size === undefined || type === undefined) return null;
    if (!sampleOf(head, id).some((text) => /^1\d{15}$/.test(text))) return null;
    const currency = /(?:^|-)(usd|eur|gbp|jpy|aud|cad|chf|cny|dkk|hkd|nzd|pln|rub|sek|sgd|thb|nok|czk)(?=[-.])/i.exec(head.name)?.[1];
    return {
      ...usual, roles: { time: id, price, size }, time: { kind: 'any' }, type: 'TRADE', exchange: 'MTGOX',
      symbol: currency === undefined ? null : `BTC${currency.toUpperCase()}`, says: ['The id of a trade is its time.'],
    };
  },
};
