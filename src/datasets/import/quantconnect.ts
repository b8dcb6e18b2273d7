/** QuantConnect Lean's tick files: no header, times in milliseconds since midnight, and the rest told by names of folders and files. */
import { TapewrightError } from '../../core/errors.js';
import type { Head } from './head.js';
import { usual, type Kind, type Mapping, type Roles } from './layout.js';

type Security = 'equity' | 'option' | 'forex' | 'cfd' | 'crypto' | 'cryptofuture' | 'future';
const securities: readonly Security[] = ['equity', 'option', 'forex', 'cfd', 'crypto', 'cryptofuture', 'future'];

/** `20131007_spy_tick_trade.csv` */
const entryName = /^\d{8}_(.+?)_tick_(trade|quote)/i;

export const quantconnect: Mapping = {
  name: 'quantconnect',
  title: "QuantConnect Lean's tick files",
  headers: ['milliseconds', 'price', 'size', 'exchange', 'condition', 'suspicious'],
  layout(head, asked) {
    if (head.form !== 'csv' || head.hasHeader) return null;
    const entry = entryName.exec(head.name);
    if (entry === null) {
      if (!asked && !/^\d{8}_(?:.+_)?(?:trade|quote|minute|second)/i.test(head.name)) return null;
      throw new TapewrightError('DATASET_INVALID', `${head.path}: the name '${head.name}' does not say whether it holds trades or quotes; Lean's own tick files are named as 20131007_spy_tick_trade.csv (bars are not imported)`, { file: head.path });
    }
    const [symbol, isTrade] = [entry[1]!.toUpperCase(), entry[2]!.toLowerCase() === 'trade'];
    const [security, market] = originOf(head);
    const found = rolesOf(head, security, isTrade);
    if (found === null) {
      throw new TapewrightError('DATASET_INVALID', `${head.path}: ${head.columns.length} fields fit no ${security} ${isTrade ? 'trades' : 'quotes'} of Lean's`, { file: head.path });
    }
    const { suspicious, ...roles } = found;
    const kind = isTrade ? 'TRADE' : 'QUOTE';
    const of = (flag: string | null): Kind => (flag === '1' || /^true$/i.test(flag ?? '') ? { leftOut: 'marked as suspicious' } : kind);
    // Of these prices the files hold ten-thousandths.
    const isScaled = security === 'equity' || security === 'option';
    return {
      ...usual, roles, type: suspicious === undefined ? kind : { column: suspicious, of }, priceExponent: isScaled ? -4 : 0, noPrices: isTrade ? [] : ['0', '0.0'],
      time: { kind: 'millis', advice: "Lean's files are in the zone of the data: --time-zone UTC for forex, CFDs and crypto, America/New_York for US equities" },
      symbol, exchange: market, says: [`Prices of ${security} files are ${isScaled ? 'ten-thousandths' : 'decimals'}.`],
    };
  },
};

/** From Lean's folders (forex/oanda/tick/eurusd), also where they have become part of the file's name (forex_oanda_tick_eurusd). */
function originOf(head: Head): readonly [Security, string] {
  const parts = head.path.toLowerCase().split(/[\\/_]/);
  for (let at = parts.length - 3; at >= 0; at -= 1) {
    const security = securities.find((name) => name === parts[at]);
    if (security !== undefined && parts[at + 2] === 'tick') return [security, parts[at + 1]!.toUpperCase()];
  }
  throw new TapewrightError(
    'DATASET_INVALID',
    `${head.path}: whether prices are decimals or ten-thousandths depends on the kind of security, which Lean's folders tell; keep them (as in equity/usa/tick/spy/20131007_trade.zip)`,
    { file: head.path },
  );
}

function rolesOf(head: Head, security: Security, isTrade: boolean): (Roles & { readonly suspicious?: string }) | null {
  const fields = head.columns.length;
  const last = String(fields);
  switch (security) {
    case 'forex': case 'cfd':
      return isTrade || fields !== 3 ? null : { time: '1', bid: '2', ask: '3' };
    case 'crypto': case 'cryptofuture':
      if (isTrade) return fields === 3 ? { time: '1', price: '2', size: '3' } : fields === 4 ? { time: '1', price: '2', size: '3', suspicious: last } : null;
      if (fields !== 5 && fields !== 6) return null;
      return { time: '1', bid: '2', bidSize: '3', ask: '4', askSize: '5', ...(fields === 6 ? { suspicious: last } : {}) };
    default:
      if (isTrade) return fields === 6 ? { time: '1', price: '2', size: '3', exchange: '4', suspicious: last } : null;
      return fields === 7 || fields === 8 ? { time: '1', bid: '2', bidSize: '3', ask: '4', askSize: '5', exchange: '6', suspicious: last } : null;
  }
}

