/**
 * Prices, volume and spread of one symbol, one above the other, with the signs of its alerts.
 * @typedef {{ symbol: MarketSymbol, every: number, alerts: Alert[], kinds: string[], hidden: Set<number>, lines: boolean[], band: boolean, labels: PageData['labels'], chosen: Alert | null }} MarketView
 * @typedef {{ bars: MarketBar[], band: { upper: number | null, lower: number | null }[], marks: Map<number, Alert[]> }} Drawn
 */

const lineColors = ['--line-1', '--line-2', '--line-3'];

/**
 * @param {HTMLElement} canvas @param {MarketData} market
 * @param {{ hover: (bar: MarketBar | null, alerts: Alert[]) => void, pick: (alerts: Alert[]) => void }} on
 */
function openMarketChart(canvas, market, on) {
  const chart = openedChart(canvas);
  /** @type {import('lightweight-charts').ISeriesApi<any>[]} */
  let series = [];
  /** @type {Drawn} */
  let drawn = { bars: [], band: [], marks: new Map() };
  /** @type {MarketView | null} */
  let view = null;
  let shownKey = '';

  const indexOf = (/** @type {any} */ time) => (time === undefined ? -1 : barAt(drawn.bars, Number(time) * 1000));
  chart.subscribeCrosshairMove(({ time }) => {
    const index = indexOf(time);
    on.hover(drawn.bars[index] ?? null, drawn.marks.get(index) ?? []);
  });
  chart.subscribeClick(({ time }) => on.pick(drawn.marks.get(indexOf(time)) ?? []));

  function redraw() {
    if (view === null) return;
    // Other series of the same bars: what is looked at stays in view.
    const key = `${view.every} ${view.symbol.name}`;
    const range = key === shownKey ? chart.timeScale().getVisibleLogicalRange() : null;
    shownKey = key;
    paintChart(chart);
    for (const one of series) chart.removeSeries(one);
    const bars = barsOfLength(view.symbol, view.every);
    drawn = { bars, band: bandOf(bars, market.band), marks: marksOf(bars, view) };
    series = addMarketSeries(chart, market, view, drawn);
    addPaneTitles(chart, market);
    if (range !== null) chart.timeScale().setVisibleLogicalRange(range);
  }

  whenColorsChange(redraw);
  return {
    /** @param {MarketView} next */
    draw(next) {
      view = next;
      redraw();
    },
    fit: () => chart.timeScale().fitContent(),
    /** @param {number} factor */
    zoom: (factor) => zoomChart(chart, factor),
    /** Bars from one event time to another, and some to either side. @param {number} from @param {number} to */
    show(from, to) {
      const [first, last] = [barAt(drawn.bars, from), barAt(drawn.bars, to)];
      const room = Math.max(12, (last - first) * 1.5);
      chart.timeScale().setVisibleLogicalRange({ from: Math.max(-2, first - room), to: Math.max(first - room, -2) + last - first + 2 * room });
    },
    /** The bar of an event time. @param {number} millis */
    at: (millis) => drawn.bars[barAt(drawn.bars, millis)] ?? null,
    last: () => drawn.bars[drawn.bars.length - 1] ?? null,
  };
}

/** Alerts by the bar that they fall into. @param {MarketBar[]} bars @param {MarketView} view */
function marksOf(bars, { alerts, kinds, hidden }) {
  /** @type {Map<number, Alert[]>} */
  const marks = new Map();
  for (const alert of alerts) {
    if (hidden.has(kinds.indexOf(alert.kind))) continue;
    const index = Math.max(0, barAt(bars, alert.at));
    const own = marks.get(index);
    if (own === undefined) marks.set(index, [alert]);
    else own.push(alert);
  }
  return marks;
}

/**
 * @param {import('lightweight-charts').IChartApi} chart @param {MarketData} market @param {MarketView} view @param {Drawn} drawn
 * @returns {import('lightweight-charts').ISeriesApi<any>[]}
 */
function addMarketSeries(chart, market, view, { bars, band, marks }) {
  const decimals = decimalsFor(bars.slice(0, 2_000).map(({ close }) => close));
  const price = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, priceFormat: priceFormatOf(decimals) };
  /** @type {import('lightweight-charts').ISeriesApi<any>[]} */
  const series = [];
  const { evidence } = view.chosen ?? { evidence: null };
  if (view.chosen !== null) series.push(frameSeries(chart, bars, evidence === null ? view.chosen.at : evidence.one.from, view.chosen.at));
  const main = market.price.candles ? candleSeries(chart, bars, price) : lineSeries(chart, bars.map(({ close }) => close), bars, { ...price, color: color('--accent'), lineWidth: 2 });
  series.push(main);
  if (view.band) for (const side of /** @type {const} */ (['upper', 'lower'])) series.push(lineSeries(chart, band.map((one) => one[side]), bars, { ...price, color: color('--band'), lineWidth: 1 }));
  market.lines.forEach((_, index) => {
    if (view.lines[index]) series.push(lineSeries(chart, bars.map(({ lines }) => lines[index]), bars, { ...price, color: color(lineColors[index % lineColors.length]), lineWidth: view.every > market.symbols[0].every ? 2 : 1 }));
  });
  library.createSeriesMarkers(main, markersOf(bars, marks, view));
  let pane = 1;
  if (market.volume !== null) {
    const [up, down] = [color('--volume-up'), color('--volume-down')];
    const volume = chart.addSeries(library.HistogramSeries, { priceLineVisible: false, lastValueVisible: false, priceFormat: { type: 'volume' } }, pane++);
    volume.setData(bars.map(({ time, open, close, volume: value }) => (value === null ? { time } : { time, value, color: close < open ? down : up })));
    series.push(volume);
  }
  if (market.spread !== null) {
    const spreads = bars.map(({ spread }) => spread);
    const digits = Math.min(6, decimals + 2);
    series.push(lineSeries(chart, spreads, bars, { ...price, priceFormat: priceFormatOf(digits), color: color('--spread'), lineWidth: 1 }, pane));
  }
  chart.panes().forEach((one, index) => one.setStretchFactor(index === 0 ? 5 : 1.15));
  return series;
}

/** @param {import('lightweight-charts').IChartApi} chart @param {MarketBar[]} bars @param {any} options */
function candleSeries(chart, bars, options) {
  const [up, down] = [color('--up'), color('--down')];
  const candles = chart.addSeries(library.CandlestickSeries, { ...options, upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false, lastValueVisible: true });
  candles.setData(bars.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })));
  candles.applyOptions({ autoscaleInfoProvider: () => ({ priceRange: bodyRange(chart, bars) }) });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.08 } });
  return candles;
}

/**
 * @param {import('lightweight-charts').IChartApi} chart @param {(number | null)[]} values @param {MarketBar[]} bars
 * @param {any} options @param {number} [pane]
 */
function lineSeries(chart, values, bars, options, pane = 0) {
  const line = chart.addSeries(library.LineSeries, options, pane);
  line.setData(bars.map(({ time }, index) => { const value = values[index]; return value === null ? { time } : { time, value }; }));
  return line;
}

/** The span of the chosen alert, behind the candles. @param {import('lightweight-charts').IChartApi} chart @param {MarketBar[]} bars @param {number} from @param {number} to */
function frameSeries(chart, bars, from, to) {
  const frame = chart.addSeries(library.HistogramSeries, { priceScaleId: 'frame', color: color('--frame'), priceLineVisible: false, lastValueVisible: false });
  const [first, last] = [barAt(bars, from), barAt(bars, to)];
  frame.setData(bars.map(({ time }, index) => (index >= Math.max(0, first) && index <= last ? { time, value: 1 } : { time })));
  frame.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
  return frame;
}

/** One sign for all alerts of a kind within a bar, and below it what the data say is there. @param {MarketBar[]} bars @param {Map<number, Alert[]>} marks @param {MarketView} view */
function markersOf(bars, marks, { kinds, chosen, labels }) {
  /** @type {any[]} */
  const markers = [];
  for (const [index, alerts] of [...marks].sort(([a], [b]) => a - b)) {
    const bar = bars[index];
    if (bar === undefined) continue;
    for (const kind of [...new Set(alerts.map((alert) => kinds.indexOf(alert.kind)))]) {
      const isChosen = chosen !== null && alerts.includes(chosen) && kinds.indexOf(chosen.kind) === kind;
      const shape = kindShapes[kind % kindShapes.length];
      markers.push({ time: bar.time, shape, position: shape === 'arrowUp' ? 'belowBar' : 'aboveBar', color: color(kindColors[kind % kindColors.length]), size: isChosen ? 1.3 : 0.8 });
    }
  }
  for (const { type, from } of labels) {
    const bar = bars[Math.max(0, barAt(bars, from))];
    if (bar !== undefined) markers.push({ time: bar.time, shape: 'square', position: 'belowBar', color: color('--muted'), size: 0.5, text: type });
  }
  return markers.sort((a, b) => a.time - b.time);
}

/** @type {WeakMap<object, { detach: () => void }[]>} */
const paneTitles = new WeakMap();

/** What the lower panes hold, in their corner. @param {import('lightweight-charts').IChartApi} chart @param {MarketData} market */
function addPaneTitles(chart, market) {
  for (const title of paneTitles.get(chart) ?? []) title.detach();
  const lower = [market.volume, market.spread].flatMap((line) => (line === null ? [] : [line.label]));
  const panes = chart.panes().slice(1);
  paneTitles.set(chart, lower.flatMap((text, index) => (panes[index] === undefined ? [] : [
    library.createTextWatermark(panes[index], { horzAlign: 'left', vertAlign: 'top', lines: [{ text, color: color('--muted'), fontSize: 10, fontFamily: 'system-ui, sans-serif' }] }),
  ])));
}
