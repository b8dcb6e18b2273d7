/**
 * A chart of one symbol of one output: candles or a line of one of its columns.
 * @typedef {import('../chart-series.js').ChartData} ChartData
 * @typedef {import('../chart-series.js').Series} Series
 * @typedef {import('../roles.js').Candle} Candle
 * @typedef {{ label: string, candle: Candle | null, column: string | null }} Drawing
 * @typedef {{ time: any, index: number, open?: number, high?: number, low?: number, close?: number, value?: number }} Bar
 * @typedef {{ times: number[], values: Readonly<Record<string, readonly (number | null)[]>> }} Points
 */

/** Charts of outputs that name symbols by the same column show the same symbol. @type {Map<string, ((symbol: string) => void)[]>} */
const symbolListeners = new Map();

/** @param {string} column @param {string} symbol */
function tellSymbol(column, symbol) {
  for (const listener of symbolListeners.get(column) ?? []) listener(symbol);
}

/** @param {string} column @param {(symbol: string) => void} listener */
function listenToSymbol(column, listener) {
  symbolListeners.set(column, [...(symbolListeners.get(column) ?? []), listener]);
}

/** @param {ChartData} data @returns {Drawing[]} */
function drawingsOf({ candles, numbers }) {
  const drawn = candles.map((candle) => ({ label: candle.name === '' ? 'candles' : `candles: ${candle.name}`, candle, column: null }));
  return [...drawn, ...numbers.map((column) => ({ label: column, candle: null, column }))];
}

/** Times as epoch ms again. @param {ChartData} data @param {string} symbol @returns {Points} */
function pointsOf(data, symbol) {
  const series = data.series[data.symbols.indexOf(symbol)];
  if (series === undefined) return { times: [], values: {} };
  let time = 0;
  return { times: series.times.map((added) => (time += added)), values: series.values };
}

/** @param {string} name @param {ChartData} data */
function makeChart(name, data) {
  const drawings = drawingsOf(data);
  const state = { symbol: data.symbols[0] ?? '', drawing: 0 };
  const canvas = element('div', { class: 'canvas', role: 'img' });
  const legend = element('p', { class: 'legend' });
  /** @type {ReturnType<typeof openChart> | null} */
  let open = null;

  function draw() {
    const drawing = drawings[state.drawing];
    canvas.setAttribute('aria-label', `${name}${state.symbol === '' ? '' : ` of ${state.symbol}`}: ${drawing.label}; the table below has the numbers`);
    open?.draw(data, drawing, state.symbol);
  }

  const controls = element('div', { class: 'bar' });
  const { symbol: column } = data;
  if (column !== null) {
    const { select, labelled } = picker(column, data.symbols, (index) => tellSymbol(column, data.symbols[index]));
    listenToSymbol(column, (symbol) => {
      if (!data.symbols.includes(symbol)) return;
      state.symbol = symbol;
      select.selectedIndex = data.symbols.indexOf(symbol);
      draw();
    });
    controls.append(labelled);
  }
  if (drawings.length > 1) {
    controls.append(picker('series', drawings.map(({ label }) => label), (index) => {
      state.drawing = index;
      draw();
    }).labelled);
  }
  const zooms = [button('−', () => open?.zoom(1.6), { 'aria-label': 'Zoom out' }), button('+', () => open?.zoom(0.625), { 'aria-label': 'Zoom in' }), button('Fit', () => open?.fit())];
  controls.append(element('span', { class: 'note' }, noteOf(data)), element('span', { class: 'pager' }, ...zooms));
  const chart = element('div', { class: 'chart' }, controls, legend, canvas);

  // Few look at all of them: each is drawn when it is opened.
  const details = element('details', { class: 'chart-of' }, element('summary', {}, 'Chart'), chart);
  details.addEventListener('toggle', () => {
    if (!details.open || open !== null) return;
    open = openChart(canvas, legend);
    draw();
  });
  return details;
}

/** @param {ChartData} data */
function noteOf(data) {
  const notes = [`over ${data.time}`];
  if (data.candles.length > 0) notes.push('far wicks run off the scale');
  if (data.every > 0) notes.push(`a point is ${durationText(data.every)}`);
  return notes.join(', ');
}

/** @param {HTMLElement} canvas @param {HTMLElement} legend */
function openChart(canvas, legend) {
  const chart = openedChart(canvas);
  /** @type {import('lightweight-charts').ISeriesApi<any>[]} */
  let shown = [];
  /** @type {((index: number | null) => string)} */
  let describe = () => '';
  /** @type {Map<number, number>} */
  let places = new Map();
  let redraw = () => {};

  const tell = (/** @type {number | null} */ index) => { legend.textContent = describe(index); };
  chart.subscribeCrosshairMove(({ time }) => tell(time === undefined ? null : (places.get(Number(time)) ?? null)));
  whenColorsChange(() => {
    const range = chart.timeScale().getVisibleLogicalRange();
    redraw();
    if (range !== null) chart.timeScale().setVisibleLogicalRange(range);
  });

  /** @param {ChartData} data @param {Drawing} drawing @param {string} symbol */
  function drawAll(data, drawing, symbol) {
    paintChart(chart);
    for (const series of shown) chart.removeSeries(series);
    const points = pointsOf(data, symbol);
    const bars = pointBars(points, drawing);
    places = new Map(bars.map(({ time }, index) => [time, index]));
    shown = addSeries(chart, data, drawing, points, bars);
    describe = describer(symbol, drawing, bars);
    tell(null);
  }

  return {
    /** @param {Parameters<typeof drawAll>} of */
    draw(...of) {
      redraw = () => drawAll(...of);
      redraw();
      chart.timeScale().fitContent();
    },
    fit: () => chart.timeScale().fitContent(),
    /** @param {number} factor */
    zoom: (factor) => zoomChart(chart, factor),
  };
}

/** Points that have all numbers of the drawing, one an instant, the last one counting. @param {Points} points @param {Drawing} drawing @returns {Bar[]} */
function pointBars({ times, values }, { candle, column }) {
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

/** @param {import('lightweight-charts').IChartApi} chart @param {ChartData} data @param {Drawing} drawing @param {Points} points @param {Bar[]} bars */
function addSeries(chart, data, drawing, points, bars) {
  const decimals = decimalsFor(bars.slice(0, 2_000).map(({ value, close }) => value ?? close ?? 0));
  const common = { priceLineVisible: false, priceFormat: priceFormatOf(decimals) };
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
  const volume = chart.addSeries(library.HistogramSeries, { priceScaleId: 'volume', priceLineVisible: false, lastValueVisible: false, color: color('--volume-up'), priceFormat: { type: 'volume' } });
  volume.setData(bars.map(({ time, index }) => ({ time, value: volumes[index] ?? 0 })));
  chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
  return [candles, volume];
}

/** Says what is under the cursor, or what the chart is of. @param {string} symbol @param {Drawing} drawing @param {Bar[]} bars */
function describer(symbol, { candle, label }, bars) {
  const decimals = decimalsFor(bars.slice(0, 2_000).map(({ value, close }) => value ?? close ?? 0));
  const number = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : numberText(value, decimals));
  return (/** @type {number | null} */ place) => {
    const name = symbol === '' ? '' : `${symbol}  `;
    if (bars.length === 0) return `${name}no ${candle === null ? 'values' : 'candles'} to draw`;
    const bar = bars[place ?? bars.length - 1];
    const values = candle === null ? `${label} ${number(bar.value)}` : `O ${number(bar.open)}  H ${number(bar.high)}  L ${number(bar.low)}  C ${number(bar.close)}`;
    return `${name}${dateText(bar.time * 1000)} ${clockText(bar.time * 1000)}  ${values}`;
  };
}
