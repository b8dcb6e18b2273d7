/**
 * A pipeline in TypeScript: `tapewright replay bars.js --bind trades=trades.parquet`. Its SQL is what `explain` prints, a run
 * bundle keeps, and a Flink cluster takes; columns that are not there do not compile. In a project of your own, import
 * from 'tapewright'.
 */
import { avg, count, max, min, pipeline, stddevPop, sum, table, tumble } from '../src/index.js';

const trades = table({
  name: 'trades',
  columns: { symbol: 'STRING', price: 'DOUBLE', volume: 'BIGINT', event_time: 'TIMESTAMP(3)' },
  watermark: { column: 'event_time', delay: '5 seconds' },
});

const bars = table({
  name: 'bars_1m',
  columns: { symbol: 'STRING', window_start: 'TIMESTAMP(3)', vwap: 'DOUBLE', low: 'DOUBLE', high: 'DOUBLE', trades: 'BIGINT' },
});

const spikes = table({ name: 'spikes', columns: { symbol: 'STRING', event_time: 'TIMESTAMP(3)', price: 'DOUBLE', z: 'DOUBLE' } });

const traded = trades.where((row) => row.price.gt(0).and(row.volume.gt(0)));

export const market = pipeline(
  traded
    .window(tumble('1 minute'))
    .groupBy('symbol')
    .aggregate((row) => ({
      vwap: sum(row.price.times(row.volume)).dividedBy(sum(row.volume)),
      low: min(row.price),
      high: max(row.price),
      trades: count(),
    }))
    .insertInto(bars),
  traded
    .over({ by: ['symbol'], range: '5 minutes' }, (row) => ({
      z: row.price.minus(avg(row.price)).dividedBy(stddevPop(row.price).nullIf(0)),
    }))
    .where((row) => row.z.absolute().gt(3))
    .insertInto(spikes),
);
