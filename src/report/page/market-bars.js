/**
 * Bars of a symbol, of the length that is looked at.
 * @typedef {import('../market.js').MarketData} MarketData
 * @typedef {import('../market.js').MarketSymbol} MarketSymbol
 * @typedef {{ time: any, millis: number, open: number, high: number, low: number, close: number, volume: number | null, spread: number | null, lines: (number | null)[], deviation: number | null }} MarketBar
 */

/** Bars that a band is computed over, where no output has one. */
const bandBars = 20;
const bandWidth = 2;

/** Those of the page, unpacked once. @type {Map<MarketSymbol, MarketBar[]>} */
const unpackedBars = new Map();

/** @param {MarketSymbol} symbol @returns {MarketBar[]} */
function finestBars(symbol) {
  const known = unpackedBars.get(symbol);
  if (known !== undefined) return known;
  const price = symbol.price.map(unpacked);
  const [volume, spread, deviation] = [symbol.volume, symbol.spread, symbol.deviation].map((one) => (one === null ? null : unpacked(one)));
  const lines = symbol.lines.map(unpacked);
  /** @type {MarketBar[]} */
  const bars = [];
  unpacked(symbol.times).forEach((time, index) => {
    const [open, high = open, low = open, close = open] = price.map((values) => values[index]);
    if (time === null || open === null || high === null || low === null || close === null) return;
    const millis = time * symbol.every;
    bars.push({
      time: millis / 1000, millis, open, high, low, close, volume: volume?.[index] ?? null, spread: spread?.[index] ?? null,
      lines: lines.map((values) => values[index]), deviation: deviation?.[index] ?? null,
    });
  });
  unpackedBars.set(symbol, bars);
  return bars;
}

/** Several bars as one of `every` ms. @param {MarketSymbol} symbol @param {number} every @returns {MarketBar[]} */
function barsOfLength(symbol, every) {
  const fine = finestBars(symbol);
  if (every <= symbol.every) return fine;
  /** @type {MarketBar[]} */
  const bars = [];
  for (const bar of fine) {
    const millis = Math.floor(bar.millis / every) * every;
    const last = bars[bars.length - 1];
    if (last === undefined || last.millis !== millis) {
      bars.push({ ...bar, millis, time: millis / 1000 });
      continue;
    }
    last.high = Math.max(last.high, bar.high);
    last.low = Math.min(last.low, bar.low);
    last.close = bar.close;
    last.volume = last.volume === null || bar.volume === null ? (last.volume ?? bar.volume) : last.volume + bar.volume;
    last.lines = bar.lines.map((value, index) => value ?? last.lines[index]);
    last.deviation = bar.deviation ?? last.deviation;
    last.spread = bar.spread ?? last.spread;
  }
  return bars;
}

/**
 * The band about the bars: what the outputs have, else the mean of the last twenty closes and twice their deviation.
 * @param {MarketBar[]} bars @param {number | null} band
 * @returns {{ upper: number | null, lower: number | null }[]}
 */
function bandOf(bars, band) {
  if (band !== null) {
    return bars.map(({ lines, deviation }) => {
      const mean = lines[band];
      return mean === null || deviation === null ? { upper: null, lower: null } : { upper: mean + bandWidth * deviation, lower: mean - bandWidth * deviation };
    });
  }
  return bars.map((_, index) => {
    if (index + 1 < bandBars) return { upper: null, lower: null };
    const closes = bars.slice(index + 1 - bandBars, index + 1).map(({ close }) => close);
    const mean = closes.reduce((sum, close) => sum + close, 0) / bandBars;
    const deviation = Math.sqrt(closes.reduce((sum, close) => sum + (close - mean) ** 2, 0) / bandBars);
    return { upper: mean + bandWidth * deviation, lower: mean - bandWidth * deviation };
  });
}

/** Index of the bar that `millis` lies in, or of the last before it; -1 when it lies before all. @param {MarketBar[]} bars @param {number} millis */
function barAt(bars, millis) {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle].millis <= millis) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
