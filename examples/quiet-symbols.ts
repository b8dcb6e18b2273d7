/**
 * An operator with state and timers: it says when a symbol has been quiet for a minute. From a pipeline in TypeScript, as
 * here; or from SQL, with `--functions quiet-symbols.js`:
 * SELECT * FROM quiet(input => TABLE trades PARTITION BY symbol, on_time => DESCRIPTOR(event_time))
 */
import { pipeline, processFunction, table } from '../src/index.js';

const quietMillis = 60_000;

export const quiet = processFunction({
  name: 'quiet',
  input: { price: 'DOUBLE' },
  output: { last_price: 'DOUBLE', rows_before: 'BIGINT NOT NULL' },
  // Plain data: a checkpoint keeps it, and a run that was killed goes on with it.
  state: () => ({ price: null as number | null, rows: 0, timer: null as number | null }),
  onRow(row, context) {
    const { state } = context;
    if (state.timer !== null) context.deleteTimer(state.timer);
    state.price = row.price;
    state.rows += 1;
    // Event time is the only clock: the timer fires once no row up to then can still come.
    state.timer = context.time + quietMillis;
    context.setTimer(state.timer);
  },
  onTimer(_time, context) {
    context.emit({ last_price: context.state.price, rows_before: context.state.rows });
    context.clear();
  },
});

const trades = table({
  name: 'trades',
  columns: { symbol: 'STRING', price: 'DOUBLE', event_time: 'TIMESTAMP(3)' },
  watermark: { column: 'event_time', delay: '5 seconds' },
});

const silences = table({ name: 'silences', columns: { symbol: 'STRING', last_price: 'DOUBLE', rows_before: 'BIGINT', rowtime: 'TIMESTAMP(3)' } });

export const quietSymbols = pipeline(trades.process(quiet, { keys: ['symbol'] }).insertInto(silences));
