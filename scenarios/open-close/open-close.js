// What SQL cannot say: one window a venue, which speaks at the open, at the close, and when a symbol is halted there.
import { anyOf, atCalendar, globalWindow, onCondition } from 'tapewright';

export const openClose = globalWindow({
  name: 'open_close',
  input: { symbol: 'STRING', exchange: 'STRING', volume: 'BIGINT', turnover: 'DOUBLE', price_zscore: 'DOUBLE', is_halt: 'BOOLEAN' },
  aggregates: {
    trade_count: 'COUNT(*)',
    symbol_count: 'COUNT(DISTINCT symbol)',
    total_volume: 'SUM(volume)',
    turnover: 'SUM(turnover)',
    greatest_zscore: 'MAX(price_zscore)',
    last_symbol: 'LAST_VALUE(symbol)',
  },
  // A halt comes with the row that caused it; hours, holidays and half days are those of the venue in the column.
  trigger: anyOf(onCondition('is_halt', 'HALT'), atCalendar({ column: 'exchange' }, 'open', 'close')),
});
