/**
 * Functions that SQL calls: `tapewright replay query.sql --functions functions.js`. In a project of your own, import from
 * 'tapewright'.
 */
import { aggregateFunction, scalarFunction } from '../src/index.js';

/** The middle of a quote: `SELECT mid(bid, ask) …`. A NULL argument makes the result NULL; the code is not called. */
export const mid = scalarFunction({
  name: 'mid',
  args: ['DOUBLE', 'DOUBLE'],
  returns: 'DOUBLE',
  evaluate: (bid, ask) => (bid + ask) / 2,
});

/** The root of an option's symbol: 'AAPL  260320C00150000' is of AAPL. A text that is none goes to the dead letters. */
export const root = scalarFunction({
  name: 'option_root',
  args: ['STRING'],
  returns: 'STRING NOT NULL',
  evaluate(symbol) {
    const match = /^([A-Z.]{1,6}) *\d{6}[CP]\d{8}$/.exec(symbol);
    if (match === null) throw new Error(`'${symbol}' is no symbol of an option`);
    return match[1]!;
  },
});

/**
 * The price that half of the volume was traded at or below: `weighted_median(price, volume)`. It needs all rows of a group,
 * so its state is a list; `merge` lets it stand in sliding windows and sessions.
 */
export const weightedMedian = aggregateFunction({
  name: 'weighted_median',
  args: ['DOUBLE', 'BIGINT'],
  returns: 'DOUBLE',
  create: () => ({ prices: [] as number[], volumes: [] as number[] }),
  add(state, price, volume) {
    state.prices.push(price);
    state.volumes.push(Number(volume));
  },
  merge(state, other) {
    for (const price of other.prices) state.prices.push(price);
    for (const volume of other.volumes) state.volumes.push(volume);
  },
  result({ prices, volumes }) {
    const order = prices.map((_, index) => index).sort((a, b) => prices[a]! - prices[b]! || a - b);
    const half = volumes.reduce((sum, volume) => sum + volume, 0) / 2;
    let seen = 0;
    for (const index of order) {
      seen += volumes[index]!;
      if (seen >= half) return prices[index]!;
    }
    return null;
  },
});
