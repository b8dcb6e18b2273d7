/** The fills of the ledger are trades of a tape: the day of US equities with the same seed, as scenarios bind it. */
import { generateDay } from '../market/generate.js';
import { usEquities } from '../market/us-equities.js';

/** What the ledger's accounts trade. */
export const ledgerSymbols = ['AAPL', 'TSLA', 'NVDA', 'MSFT', 'AMZN', 'GOOGL', 'NFLX', 'QQQ'] as const;

/** The tape is `us-equities-day?rows=400000`. */
const TAPE_ROWS = 400_000;

export interface Print {
  /** Epoch ms. */
  readonly time: number;
  readonly symbol: string;
  /** Cents. */
  readonly price: number;
  readonly volume: number;
}

/** Trades of the ledger's symbols, by time. */
export function ledgerPrints(seed: number): readonly Print[] {
  const prints: Print[] = [];
  const symbols = new Set<string>(ledgerSymbols);
  for (const { length, columns } of generateDay(usEquities(seed), { seed, rows: TAPE_ROWS })) {
    const [symbol, price, volume, , , time, , type] = columns;
    const text = (column: typeof symbol, row: number): string => (column!.storage === 'text' ? column!.dictionary!.strings[column!.values[row] as number]! : '');
    for (let row = 0; row < length; row += 1) {
      if (text(type, row) !== 'TRADE' || !symbols.has(text(symbol, row))) continue;
      prints.push({ time: Number(time!.values[row]), symbol: text(symbol, row), price: Math.round(Number(price!.values[row]) * 100), volume: Number(volume!.values[row]) });
    }
  }
  return prints.sort((a, b) => a.time - b.time);
}
