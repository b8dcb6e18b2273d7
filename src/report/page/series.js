/**
 * From points to what the chart library draws.
 * @typedef {{ time: any, index: number, open?: number, high?: number, low?: number, close?: number, value?: number }} Bar
 * @typedef {{ marker: any, bar: number, kind: string, count: number }} Marked
 */

/** Points that have all numbers of the drawing, one an instant, the last one counting. @param {Points} points @param {Drawing} drawing @returns {Bar[]} */
function barsOf({ times, values }, { candle, column }) {
  /** @type {Bar[]} */
  const bars = [];
  times.forEach((millis, index) => {
    const at = (/** @type {string} */ name) => values[name][index] ?? undefined;
    /** @type {Bar} */
    const bar = { time: millis / 1000, index };
    if (candle !== null) Object.assign(bar, { open: at(candle.open), high: at(candle.high), low: at(candle.low), close: at(candle.close) });
    else bar.value = column === null ? 0 : at(column);
    const isWhole = candle === null ? bar.value !== undefined : [bar.open, bar.high, bar.low, bar.close].every((value) => value !== undefined);
    if (!isWhole) return;
    if (bars.length > 0 && bars[bars.length - 1].time === bar.time) bars.pop();
    bars.push(bar);
  });
  return bars;
}

/** @param {import('lightweight-charts').IChartApi} chart @param {Base} base @param {Points} points @param {Bar[]} bars */
function addSeries(chart, { data, drawing }, points, bars) {
  const decimals = decimalsFor(bars.slice(0, 2_000).map(({ value, close }) => value ?? close ?? 0));
  const common = {
    priceLineVisible: false,
    priceFormat: /** @type {const} */ ({ type: 'custom', minMove: Number(`1e-${decimals}`), formatter: (/** @type {number} */ value) => numberText(value, decimals) }),
  };
  if (drawing.candle === null) {
    const line = chart.addSeries(library.LineSeries, { ...common, color: color('--accent'), lineWidth: 2, pointMarkersVisible: bars.length === 1 });
    line.setData(/** @type {any} */ (bars));
    return [line];
  }
  const [up, down] = [color('--up'), color('--down')];
  const candles = chart.addSeries(library.CandlestickSeries, { ...common, upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
  candles.setData(/** @type {any} */ (bars));
  candles.applyOptions({ autoscaleInfoProvider: () => ({ priceRange: bodyRange(chart, bars) }) });
  const volumes = data.volume === null ? undefined : points.values[data.volume];
  if (volumes === undefined) return [candles];
  const volume = chart.addSeries(library.HistogramSeries, { priceScaleId: 'volume', priceLineVisible: false, lastValueVisible: false, color: color('--volume'), priceFormat: { type: 'volume' } });
  volume.setData(bars.map(({ time, index }) => ({ time, value: volumes[index] ?? 0 })));
  chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
  return [candles, volume];
}

/**
 * The prices to show of the candles in view: all bodies, and wicks up to as far again. One bad tick would flatten a day.
 * @param {import('lightweight-charts').IChartApi} chart @param {Bar[]} bars
 */
function bodyRange(chart, bars) {
  const seen = chart.timeScale().getVisibleLogicalRange();
  const inView = seen === null ? bars : bars.slice(Math.max(0, Math.floor(seen.from)), Math.max(1, Math.ceil(seen.to) + 1));
  let [least, most, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const bar of inView) {
    least = Math.min(least, bar.open ?? least, bar.close ?? least);
    most = Math.max(most, bar.open ?? most, bar.close ?? most);
    low = Math.min(low, bar.low ?? low);
    high = Math.max(high, bar.high ?? high);
  }
  if (least > most) return null;
  const room = (most - least) / 2 || high - low || 1;
  return { minValue: Math.max(low, least - room), maxValue: Math.min(high, most + room) };
}

/** One marker for all alerts of a kind within a bar. @param {Bar[]} bars @param {Points} alerts @param {ChartData} data @param {Set<number>} hidden @returns {Marked[]} */
function markersOf(bars, alerts, data, hidden) {
  if (bars.length === 0) return [];
  /** @type {Map<string, Marked>} */
  const found = new Map();
  let bar = 0;
  alerts.times.forEach((millis, index) => {
    const kind = alerts.kinds[index];
    if (hidden.has(kind)) return;
    while (bar + 1 < bars.length && bars[bar + 1].time * 1000 <= millis) bar += 1;
    const key = `${bar} ${kind}`;
    const before = found.get(key);
    if (before !== undefined) before.count += 1;
    else found.set(key, { bar, kind: data.kinds[kind], count: 1, marker: markerOf(bars[bar].time, kind) });
  });
  return [...found.values()].sort((a, b) => a.bar - b.bar);
}

/** @param {number} time @param {number} kind */
function markerOf(time, kind) {
  const shape = markerShapes[kind % markerShapes.length];
  return { time, position: shape === 'arrowUp' ? 'belowBar' : 'aboveBar', color: color(markerColors[kind % markerColors.length]), shape, size: 0.8 };
}

/** Says what is under the cursor, or what the chart is of. @param {string} symbol @param {Drawing} drawing @param {Bar[]} bars @param {Marked[]} marked */
function describer(symbol, { candle, label }, bars, marked) {
  const decimals = decimalsFor(bars.slice(0, 2_000).map(({ value, close }) => value ?? close ?? 0));
  const number = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : numberText(value, decimals));
  return (/** @type {number | null} */ place) => {
    const name = symbol === '' ? '' : `${symbol}  `;
    if (bars.length === 0) return `${name}no ${candle === null ? 'values' : 'candles'} to draw`;
    const index = place ?? bars.length - 1;
    const bar = bars[index];
    const values = candle === null ? `${label} ${number(bar.value)}` : `O ${number(bar.open)}  H ${number(bar.high)}  L ${number(bar.low)}  C ${number(bar.close)}`;
    const alerts = place === null ? [] : marked.filter((one) => one.bar === index).map(({ kind, count }) => (count === 1 ? kind : `${count} × ${kind}`));
    return `${name}${dateText(bar.time * 1000)} ${clockText(bar.time * 1000)}  ${values}${alerts.length === 0 ? '' : `  ·  ${alerts.join(', ')}`}`;
  };
}
