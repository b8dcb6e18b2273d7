/**
 * What is held against a limit: the series that got furthest, over the day, with the limit as a line and alerts as marks.
 * @typedef {import('../limits.js').LimitReport} LimitReport
 * @typedef {import('../limits.js').LimitChart} LimitChart
 * @typedef {{ name: string, color: string, shown: boolean, bars: { time: any, value: number }[], alerts: LimitChart['series'][number]['alerts'] }} LimitLine
 */

const limitColors = ['--kind-2', '--kind-1', '--kind-4', '--kind-3', '--line-1', '--kind-5', '--kind-6', '--line-3', '--up', '--line-2', '--down', '--muted'];
/** Lines of the first sight: more of them are a tangle. */
const shownFirst = 4;

/** `account 11 · AAPL`: a bare number says what it numbers. @param {readonly string[]} keys @param {readonly Cell[]} key */
function keyName(keys, key) {
  if (key.length === 0) return 'all';
  return key.map((cell, index) => (/^-?[\d.]+$/.test(String(cell)) ? `${keys[index].replace(/_(id|no|number)$/i, '')} ${cell}` : cell === '' ? '(empty)' : exactText(cell))).join(' · ');
}

/** @param {PageData} data */
function limitSections({ report: { limits = [] }, limits: charts }) {
  return limits.map((report, index) => limitSection(report, charts[index]));
}

/** @param {string} table */
function limitAnchor(table) {
  return `limit-${encodeURIComponent(table)}`;
}

/** @param {LimitReport} report @param {LimitChart} chart */
function limitSection(report, chart) {
  const { table, value, keys, most, series, beyond, alerts } = report;
  const limit = most === null ? 'limits differ' : `limit ${numberText(most, decimalsFor([most]))}`;
  const about = element('span', { class: 'muted' }, `of ${table}, by ${keys.join(', ') || 'nothing'} · ${limit} · ${countText(beyond)} of ${countText(series)} were beyond it`);
  const title = `${value.charAt(0).toUpperCase()}${value.slice(1).replaceAll('_', ' ')} and limit`;
  if (report.greatest.length === 0) return section(limitAnchor(table), title, [about], element('p', { class: 'note' }, 'No row has a time and a number: there is nothing to draw.'));
  const decimals = decimalsFor(report.greatest.map((one) => Math.round(one.value * 100) / 100));
  const rows = report.greatest.map((one) => [
    keyName(keys, one.key), numberElement(numberText(one.value, decimals)), one.at, numberElement(`${countText(one.beyond)} of ${countText(one.rows)}`), ...(alerts === null ? [] : [one.alerts]),
  ]);
  const names = ['', `greatest ${value}`, 'at', 'rows beyond the limit', ...(alerts === null ? [] : [alerts])];
  return section(limitAnchor(table), title, [about], limitDrawing(report, chart), folded(`The ${report.greatest.length} that got furthest`, false, plainTable(names, rows)));
}

/** @param {LimitReport} report @param {LimitChart} data */
function limitDrawing(report, data) {
  const lines = report.greatest.map(({ key }, index) => limitLine(keyName(report.keys, key), limitColors[index % limitColors.length], index < shownFirst, data.series[index], data.every));
  const canvas = element('div', { class: 'canvas limit-canvas', role: 'img', 'aria-label': `${report.value} of ${lines.map(({ name }) => name).join(', ')}; the table below has the greatest` });
  const legend = element('p', { class: 'legend spread' });
  /** @type {ReturnType<typeof openLimitChart> | null} */
  let open = null;
  const toggles = lines.map((line) => {
    const stroke = element('span', { class: 'stroke' });
    stroke.style.borderColor = `var(${line.color})`;
    return toggle(element('span', {}, stroke, line.name), line.shown, (on) => {
      line.shown = on;
      open?.draw();
    });
  });
  const zooms = [button('−', () => open?.zoom(1.6), { 'aria-label': 'Zoom out' }), button('+', () => open?.zoom(0.625), { 'aria-label': 'Zoom in' }), button('Fit', () => open?.fit())];
  const marks = report.alerts === null ? [] : [element('span', { class: 'note' }, '● ', element('a', { href: `#${anchorOf(report.alerts)}` }, report.alerts))];
  const limit = report.most === null ? [] : [element('span', { class: 'note' }, element('span', { class: 'stroke limit-stroke' }), `limit ${numberText(report.most, decimalsFor([report.most]))}`)];
  whenIdle(() => {
    open = openLimitChart(canvas, legend, report, lines);
    open.draw();
    open.fit();
  });
  return element('div', { class: 'chart' }, element('div', { class: 'bar lines' }, ...toggles), element('div', { class: 'bar' }, ...limit, ...marks, element('span', { class: 'pager' }, ...zooms)), legend, canvas);
}

/** @param {string} name @param {string} color @param {boolean} shown @param {LimitChart['series'][number]} series @param {number} every @returns {LimitLine} */
function limitLine(name, color, shown, series, every) {
  const values = unpacked(series.values);
  const bars = unpacked(series.times).map((bucket, index) => ({ time: ((bucket ?? 0) * every) / 1000, value: values[index] ?? 0 }));
  return { name, color, shown, bars, alerts: series.alerts };
}

/** @param {HTMLElement} canvas @param {HTMLElement} legend @param {LimitReport} report @param {LimitLine[]} lines */
function openLimitChart(canvas, legend, { most, value }, lines) {
  const chart = openedChart(canvas);
  /** @type {{ line: LimitLine, series: import('lightweight-charts').ISeriesApi<any> }[]} */
  let shown = [];
  /** @type {import('lightweight-charts').ISeriesApi<any>[]} */
  let bounds = [];
  const values = lines.flatMap(({ bars }) => bars.map((bar) => bar.value));
  const decimals = values.some((one) => Math.abs(one) >= 100_000) ? 0 : Math.min(4, decimalsFor(values.slice(0, 2_000)));
  // Of all lines, so that a line more does not move what is there.
  const times = [...new Set(lines.flatMap(({ bars }) => bars.map(({ time }) => time)))].sort((a, b) => a - b);

  chart.subscribeCrosshairMove(({ time, seriesData }) => tell(time === undefined ? null : Number(time), seriesData));

  /** @param {number | null} time @param {ReadonlyMap<any, any>} at */
  function tell(time, at) {
    const parts = shown.flatMap(({ line, series }) => {
      const own = time === null ? undefined : /** @type {{ value?: number } | undefined} */ (at.get(series));
      const worth = time === null ? line.bars[line.bars.length - 1]?.value : own?.value;
      if (worth === undefined) return [];
      const sign = element('span', { class: 'stroke' });
      sign.style.borderColor = `var(${line.color})`;
      return [element('span', {}, sign, `${line.name} `, element('b', {}, numberText(worth, decimals)))];
    });
    const moment = time ?? times[times.length - 1];
    legend.replaceChildren(moment === undefined ? `no ${value} to draw` : element('span', {}, `${dateText(moment * 1000)} ${clockText(moment * 1000)}`), ...parts);
  }

  function draw() {
    const range = bounds.length + shown.length === 0 ? null : chart.timeScale().getVisibleLogicalRange();
    paintChart(chart);
    for (const { series } of shown) chart.removeSeries(series);
    for (const series of bounds) chart.removeSeries(series);
    const common = { priceLineVisible: false, lastValueVisible: false, priceFormat: priceFormatOf(decimals), lineWidth: 2, crosshairMarkerRadius: 3 };
    bounds = boundLines();
    shown = lines.filter((line) => line.shown).map((line) => {
      const series = chart.addSeries(library.LineSeries, /** @type {any} */ ({ ...common, color: color(line.color) }));
      series.setData(line.bars);
      library.createSeriesMarkers(series, line.alerts.map((alert) => limitMark(line, alert)).filter((mark) => mark !== null));
      return { line, series };
    });
    if (range !== null) chart.timeScale().setVisibleLogicalRange(range);
    tell(null, new Map());
  }

  /** The limit above, and below where something is. */
  function boundLines() {
    if (most === null || times.length === 0) return [];
    const isBelow = lines.some(({ bars }) => bars.some((bar) => bar.value < 0));
    return (isBelow ? [most, -most] : [most]).map((bound) => {
      const line = chart.addSeries(library.LineSeries, { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, priceFormat: priceFormatOf(decimals), color: color('--bad'), lineWidth: 1, lineStyle: library.LineStyle.Dashed });
      // At all times, so that the scale has each of them whichever lines are shown.
      line.setData(times.map((time) => ({ time: /** @type {any} */ (time), value: bound })));
      return line;
    });
  }

  whenColorsChange(draw);
  return {
    draw, fit: () => chart.timeScale().fitContent(),
    /** @param {number} factor */
    zoom: (factor) => zoomChart(chart, factor),
  };
}

/** An alert on its line, at what it says of itself. @param {LimitLine} line @param {readonly [number, number | null]} alert */
function limitMark({ bars, color: name }, [at, worth]) {
  let index = 0;
  while (index + 1 < bars.length && bars[index + 1].time * 1000 <= at) index += 1;
  const bar = bars[index];
  return bar === undefined ? null : /** @type {any} */ ({ time: bar.time, position: 'atPriceMiddle', price: worth ?? bar.value, shape: 'circle', color: color(name), size: 1 });
}
