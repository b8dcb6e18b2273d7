/** Tables of the builder's tests, and the same in SQL. */
import { table } from '../../src/builder/table.js';

export const trades = table({
  name: 'trades',
  columns: { symbol: 'STRING', venue: 'STRING', price: 'DOUBLE', volume: 'BIGINT', fee: 'DECIMAL(10, 2)', buy: 'BOOLEAN', event_time: 'TIMESTAMP(3)' },
  watermark: { column: 'event_time', delay: '5 seconds' },
});

export const quotes = table({
  name: 'quotes',
  columns: { symbol: 'STRING NOT NULL', bid: 'DOUBLE', ask: 'DOUBLE', event_time: 'TIMESTAMP(3)' },
  watermark: { column: 'event_time', delay: 0 },
  primaryKey: ['symbol'],
});

export const bars = table({ name: 'bars', columns: { symbol: 'STRING', window_start: 'TIMESTAMP(3)', vwap: 'DOUBLE', trades: 'BIGINT' } });

export const declarations = `
CREATE TABLE trades (symbol STRING, venue STRING, price DOUBLE, volume BIGINT, fee DECIMAL(10, 2), buy BOOLEAN, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND);
CREATE TABLE quotes (symbol STRING NOT NULL, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time, PRIMARY KEY (symbol) NOT ENFORCED);
CREATE TABLE bars (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, trades BIGINT);
`;
