/**
 * A chart of one symbol of one output: candles, a line, or markers where the output tells of events.
 * @typedef {import('../chart-series.js').ChartData} ChartData
 * @typedef {import('../chart-series.js').Series} Series
 * @typedef {import('../roles.js').Candle} Candle
 * @typedef {{ label: string, candle: Candle | null, column: string | null }} Drawing
 * @typedef {{ data: ChartData, drawing: Drawing, name: string }} Base
 * @typedef {{ times: number[], values: Readonly<Record<string, readonly (number | null)[]>>, kinds: readonly number[] }} Points
 */

const library = /** @type {typeof import('lightweight-charts')} */ (/** @type {any} */ (window).LightweightCharts);

/** Shapes tell kinds apart where colours do not. */
const markerShapes = /** @type {const} */ (['circle', 'square', 'arrowDown', 'arrowUp']);
const shapeSigns = ['●', '■', '▼', '▲'];
const markerColors = ['--kind-1', '--kind-2', '--kind-3', '--kind-4', '--kind-5', '--kind-6'];

/** Charts of outputs that name symbols by the same column show the same symbol. @type {Map<string, ((symbol: string) => void)[]>} */
const symbolListeners = new Map();

/** @param {string} name */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {ChartData} data @returns {Drawing[]} */
function drawingsOf({ candles, numbers }) {
  const drawn = candles.map((candle) => ({ label: candle.name === '' ? 'candles' : `candles: ${candle.name}`, candle, column: null }));
  return [...drawn, ...numbers.map((column) => ({ label: column, candle: null, column }))];
}

/** Times as epoch ms again. @param {ChartData} data @param {string} symbol @returns {Points} */
function pointsOf(data, symbol) {
  const series = data.series[data.symbols.indexOf(symbol)];
  if (series === undefined) return { times: [], values: {}, kinds: [] };
  let time = 0;
  return { times: series.times.map((added) => (time += added)), values: series.values, kinds: series.kinds ?? [] };
}

/**
 * What alerts are drawn upon: candles of the same symbols, the finest there are; else a line of them; else their own numbers.
 * @param {string} name @param {ChartData} data @param {Readonly<Record<string, ChartData>>} charts @returns {Base}
 */
function baseOf(name, data, charts) {
  const size = (/** @type {ChartData} */ { series }) => series.reduce((sum, { times }) => sum + times.length, 0);
  const others = Object.entries(charts).filter(([, other]) => other.kind === null && other.symbol === data.symbol && size(other) > 0);
  others.sort(([, a], [, b]) => Number(b.candles.length > 0) - Number(a.candles.length > 0) || size(b) - size(a));
  const [[table, base]] = others.length > 0 ? others : [[name, data]];
  return { data: base, drawing: drawingsOf(base)[0] ?? { label: '', candle: null, column: null }, name: table };
}

/** @param {string} name @param {ChartData} data @param {Readonly<Record<string, ChartData>>} charts */
function makeChart(name, data, charts) {
  const isAlerts = data.kind !== null;
  const base = isAlerts ? baseOf(name, data, charts) : null;
  const drawings = drawingsOf(data);
  const state = { symbol: data.symbols[0] ?? '', drawing: 0, /** @type {Set<number>} */ hidden: new Set() };
  const canvas = element('div', { class: 'canvas', role: 'img' });
  const legend = element('p', { class: 'legend' });
  const kinds = element('div', { class: 'kinds' });
  /** @type {ReturnType<typeof openChart> | null} */
  let open = null;

  function draw() {
    const shown = base ?? { data, drawing: drawings[state.drawing], name };
    const alerts = isAlerts ? pointsOf(data, state.symbol) : null;
    if (alerts !== null) kinds.replaceChildren(...kindButtons(data, alerts, state.hidden, draw));
    canvas.setAttribute('aria-label', `${name}${state.symbol === '' ? '' : ` of ${state.symbol}`}: ${isAlerts ? `alerts on ${shown.name}` : shown.drawing.label}; the table below has the numbers`);
    open?.draw(shown, state.symbol, alerts, data, state.hidden);
  }

  const controls = element('div', { class: 'bar' });
  if (data.symbol !== null) {
    const { select, labelled } = picker(data.symbol, data.symbols, (index) => {
      for (const listener of symbolListeners.get(data.symbol ?? '') ?? []) listener(data.symbols[index]);
    });
    const listeners = symbolListeners.get(data.symbol) ?? [];
    listeners.push((symbol) => {
      if (!data.symbols.includes(symbol)) return;
      state.symbol = symbol;
      select.selectedIndex = data.symbols.indexOf(symbol);
      draw();
    });
    symbolListeners.set(data.symbol, listeners);
    controls.append(labelled);
  }
  if (!isAlerts && drawings.length > 1) {
    controls.append(picker('series', drawings.map(({ label }) => label), (index) => {
      state.drawing = index;
      draw();
    }).labelled);
  }
  const zooms = [button('−', () => open?.zoom(1.6), { 'aria-label': 'Zoom out' }), button('+', () => open?.zoom(0.625), { 'aria-label': 'Zoom in' }), button('Fit', () => open?.fit())];
  controls.append(element('span', { class: 'note' }, noteOf(data, base)), element('span', { class: 'pager' }, ...zooms));

  whenIdle(() => {
    open = openChart(canvas, legend);
    draw();
  });
  return element('div', { class: 'chart' }, controls, kinds, legend, canvas);
}

/** @param {ChartData} data @param {Base | null} base */
function noteOf(data, base) {
  const notes = [`over ${data.time}`];
  if ((base?.drawing ?? drawingsOf(data)[0])?.candle) notes.push('far wicks run off the scale');
  if (base !== null && base.data !== data) notes.push(`drawn on ${base.name}`);
  const { every } = base?.data ?? data;
  if (every > 0) notes.push(`a point is ${durationText(every)}`);
  return notes.join(', ');
}

/** Buttons that show and hide the alerts of a kind. @param {ChartData} data @param {Points} alerts @param {Set<number>} hidden @param {() => void} changed */
function kindButtons(data, alerts, hidden, changed) {
  return data.kinds.map((kind, index) => {
    const count = alerts.kinds.filter((one) => one === index).length;
    const sign = element('span', { class: `sign kind-${(index % markerColors.length) + 1}`, 'aria-hidden': 'true' }, shapeSigns[index % shapeSigns.length]);
    const made = button('', () => {
      if (!hidden.delete(index)) hidden.add(index);
      const row = made.parentElement;
      changed();
      // The buttons were made anew: the keyboard stays where it was.
      /** @type {HTMLElement | undefined} */ (row?.children[index])?.focus();
    }, { class: 'kind', 'aria-pressed': String(!hidden.has(index)) });
    made.append(sign, ` ${kind} `, element('span', { class: 'count' }, countText(count)));
    return made;
  });
}

/** Runs `act` once the browser has time for it, and before the page is printed. @param {() => void} act */
function whenIdle(act) {
  let done = false;
  const once = () => {
    if (!done) act();
    done = true;
  };
  if (typeof requestIdleCallback === 'function') requestIdleCallback(once, { timeout: 5_000 });
  else setTimeout(once);
  addEventListener('beforeprint', once);
}

/** @param {HTMLElement} canvas @param {HTMLElement} legend */
function openChart(canvas, legend) {
  const chart = library.createChart(canvas, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 11, fontFamily: 'system-ui, sans-serif' },
    localization: { locale: 'en-US', timeFormatter: (/** @type {any} */ time) => `${dateText(time * 1000)} ${clockText(time * 1000)}` },
    timeScale: { timeVisible: true, minBarSpacing: 0.05, borderVisible: false, tickMarkFormatter: (/** @type {any} */ time, /** @type {number} */ kind) => (kind <= 2 ? dateText(time * 1000) : clockText(time * 1000)) },
    rightPriceScale: { borderVisible: false },
    crosshair: { mode: 0 },
    // The wheel belongs to the page, and so does a finger that moves up or down.
    handleScroll: { mouseWheel: false, vertTouchDrag: false }, handleScale: { mouseWheel: false },
  });
  /** @type {import('lightweight-charts').ISeriesApi<any>[]} */
  let shown = [];
  /** @type {((index: number | null) => string)} */
  let describe = () => '';
  /** @type {Map<number, number>} */
  let places = new Map();
  let redraw = () => {};

  const tell = (/** @type {number | null} */ index) => { legend.textContent = describe(index); };
  chart.subscribeCrosshairMove(({ time }) => tell(time === undefined ? null : (places.get(Number(time)) ?? null)));
  const paint = () => {
    const line = { color: color('--grid') };
    chart.applyOptions({ layout: { background: { color: 'transparent' }, textColor: color('--muted') }, grid: { vertLines: line, horzLines: line } });
    redraw();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);

  /** @param {Base} base @param {string} symbol @param {Points | null} alerts @param {ChartData} data @param {Set<number>} hidden */
  function drawAll(base, symbol, alerts, data, hidden) {
    for (const series of shown) chart.removeSeries(series);
    const points = pointsOf(base.data, symbol);
    const bars = barsOf(points, base.drawing);
    places = new Map(bars.map(({ time }, index) => [time, index]));
    shown = addSeries(chart, base, points, bars);
    const grouped = alerts === null ? [] : markersOf(bars, alerts, data, hidden);
    if (grouped.length > 0 && shown.length > 0) library.createSeriesMarkers(shown[0], grouped.map(({ marker }) => marker));
    describe = describer(symbol, base.drawing, bars, grouped);
    tell(null);
  }

  paint();
  return {
    /** @param {Parameters<typeof drawAll>} of */
    draw(...of) {
      redraw = () => drawAll(...of);
      redraw();
      chart.timeScale().fitContent();
    },
    fit: () => chart.timeScale().fitContent(),
    /** @param {number} factor */
    zoom(factor) {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null) return;
      const [middle, half] = [(range.from + range.to) / 2, ((range.to - range.from) / 2) * factor];
      chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half });
    },
  };
}
