/**
 * The page of latencies: each layer's percentiles over time, against its budget.
 * @typedef {import('../latency.js').LatencyReport} LatencyReport
 * @typedef {import('../latency.js').LayerReport} LayerReport
 */

const percentileNames = /** @type {const} */ ([['p50', 'p50', '--line-3'], ['p99', 'p99', '--accent'], ['p999', 'p99.9', '--line-2'], ['max', 'most', '--line-1']]);

/** Milliseconds, three digits. @param {number} millis */
function latencyText(millis) {
  return millis < 10 ? numberText(millis, 2) : numberText(millis, millis < 100 ? 1 : 0);
}

/** @param {LatencyReport} report */
function latencyHead(report) {
  const total = report.layers.find(({ name }) => name === 'total');
  const at = (/** @type {number} */ millis) => `${dateText(millis)} ${clockText(Math.floor(millis / 1000) * 1000)}`;
  /** @type {[string, string][]} */
  const facts = [['rows', countText(report.rows)], ...(report.backlog === 0 ? [] : [/** @type {[string, string]} */ (['left out, sent before', countText(report.backlog)])])];
  if (total !== undefined) facts.push(['p50', `${latencyText(total.whole.p50)} ms`], ['p99', `${latencyText(total.whole.p99)} ms`], ['p99.9', `${latencyText(total.whole.p999)} ms`], ['most', `${latencyText(total.whole.max)} ms`]);
  return element('header', {},
    element('p', { class: 'brand' }, 'Tapewright latency'),
    element('div', { class: 'title' }, element('h1', {}, report.directories.map((path) => path.replace(/\/+$/, '').split('/').at(-1)).join(', ')),
      report.layers.length === 0 ? element('span', { class: 'verdict unmet' }, 'nothing was measured')
        : element('span', { class: report.met ? 'verdict met' : 'verdict unmet' }, report.met ? '✓ the budget is met' : '✗ the budget is not met'), schemeButton()),
    element('p', { class: 'muted' }, `${at(report.from)} to ${at(report.to)} UTC · from the send of a row to the commit of its step`),
    element('dl', { class: 'facts' }, ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))));
}

/** @param {LatencyReport} report */
function latencyTable(report) {
  const names = ['layer', 'rows', 'p50, ms', 'p90', 'p99', 'p99.9', 'most', 'budget of p99'];
  const number = (/** @type {string} */ text) => element('td', { class: 'number' }, text);
  const rows = report.layers.map(({ title, whole, budget, met }) => element('tr', {}, element('td', {}, title), number(countText(whole.count)),
    ...[whole.p50, whole.p90, whole.p99, whole.p999, whole.max].map((millis) => number(latencyText(millis))), number(budget === null ? '–' : `${budget} ms`),
    element('td', {}, met === null ? '' : element('span', { class: met ? 'met' : 'unmet' }, met ? '✓ met' : '✗ not met'))));
  const head = element('tr', {}, ...names.map((name, index) => element('th', { scope: 'col', class: index > 0 && 'number' }, name)), element('th', { scope: 'col' }));
  const table = element('table', { class: 'plain' }, element('thead', {}, head), element('tbody', {}, ...rows));
  return section('layers', 'Layers', [element('span', { class: 'muted' }, 'a layer meets its budget when 99 of 100 rows keep it')], scrolled(table, 'layers'));
}

/** @param {LayerReport} layer @param {number} pointMillis */
function latencySection(layer, pointMillis) {
  const { name, title, budget, points, pointsOver, met } = layer;
  const canvas = element('div', { class: 'canvas' });
  const legend = element('p', { class: 'legend' });
  const over = pointsOver === 0 ? [] : [element('span', { class: 'note' }, `p99 over the budget in ${countText(pointsOver)} of ${countText(points.length)} stretches of ${durationText(pointMillis)}`)];
  const verdict = met === null ? [] : [element('span', { class: met ? 'met' : 'unmet' }, met ? '✓ met' : '✗ not met')];
  whenIdle(() => latencyChart(canvas, legend, points, budget, pointMillis));
  return section(name, title, [...verdict, ...over], element('div', { class: 'stage' }, legend, canvas));
}

/** Stretches of time from which nothing is known: more of them are left out. */
const gapsMax = 5_000;

/** Each point, and null where nothing is known: time passes there as it does elsewhere. @param {LayerReport['points']} points @param {number} pointMillis */
function withGaps(points, pointMillis) {
  /** @type {{ from: number, point: LayerReport['points'][number] | null }[]} */
  const found = [];
  for (const point of points) {
    const last = found.at(-1);
    for (let from = (last?.from ?? point.from) + pointMillis; from < point.from && found.length < gapsMax; from += pointMillis) found.push({ from, point: null });
    found.push({ from: point.from, point });
  }
  return found;
}

/** @param {HTMLElement} canvas @param {HTMLElement} legend @param {LayerReport['points']} points @param {number | null} budget @param {number} pointMillis */
function latencyChart(canvas, legend, points, budget, pointMillis) {
  const chart = openedChart(canvas);
  const decimals = points.some(({ max }) => max >= 50) ? 0 : 1;
  const lines = percentileNames.map(([key, label, hue]) => {
    const line = chart.addSeries(library.LineSeries, { color: color(hue), lineWidth: key === 'p99' ? 2 : 1, priceLineVisible: false, lastValueVisible: false, title: '', pointMarkersVisible: points.length === 1, priceFormat: priceFormatOf(decimals) });
    line.setData(/** @type {any} */ (withGaps(points, pointMillis).map(({ from, point }) => ({ time: from / 1000, ...(point === null ? {} : { value: point[key] }) }))));
    return { key, label, hue, line };
  });
  const limit = budget === null ? null : lines[1].line.createPriceLine({ price: budget, color: color('--bad'), lineWidth: 1, lineStyle: 2, axisLabelVisible: true, title: 'budget of p99' });
  // A budget that is near, or not met, is in sight; one far above would leave the lines flat.
  const most = Math.max(...points.map(({ max }) => max));
  if (budget !== null && budget < 3 * most) {
    lines[1].line.applyOptions({ autoscaleInfoProvider: (/** @type {() => import('lightweight-charts').AutoscaleInfo | null} */ own) => {
      const info = own();
      if (info?.priceRange) info.priceRange = { minValue: Math.min(info.priceRange.minValue, budget), maxValue: Math.max(info.priceRange.maxValue, budget) };
      return info;
    } });
  }
  const tell = (/** @type {LayerReport['points'][number] | undefined} */ point) => legend.replaceChildren(
    ...lines.map(({ key, label, hue }) => {
      const stroke = element('span', { class: 'stroke' });
      stroke.style.borderColor = `var(${hue})`;
      return element('span', {}, stroke, `${label} `, element('b', {}, point === undefined ? '–' : `${latencyText(point[key])} ms`));
    }),
    ...(point === undefined ? [] : [element('span', {}, `${countText(point.count)} rows from ${clockText(point.from)}`)]));
  tell(points.at(-1));
  chart.subscribeCrosshairMove(({ time }) => tell(time === undefined ? points.at(-1) : points.find(({ from }) => from / 1000 === time)));
  whenColorsChange(() => {
    paintChart(chart);
    for (const { line, hue } of lines) line.applyOptions({ color: color(hue) });
    limit?.applyOptions({ color: color('--bad') });
  });
  chart.timeScale().fitContent();
}

/** Builds the page from the report that it carries. */
function buildLatency() {
  /** @type {LatencyReport} */
  const report = JSON.parse(document.getElementById('data')?.textContent ?? '');
  // The whole first, then its parts.
  const layers = [...report.layers.filter(({ name }) => name === 'total'), ...report.layers.filter(({ name }) => name !== 'total')];
  document.body.append(latencyHead(report), element('main', {}, latencyTable(report), ...layers.map((layer) => latencySection(layer, report.pointMillis))), footer());
}

buildLatency();
