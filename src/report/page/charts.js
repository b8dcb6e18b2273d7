/** What all charts share: the library, its colours and how they move. */

const library = /** @type {typeof import('lightweight-charts')} */ (/** @type {any} */ (window).LightweightCharts);

const probe = element('span', { hidden: true });

/** A colour of the style as the library reads it: of the scheme that is shown. @param {string} name */
function color(name) {
  if (probe.parentElement === null) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** @type {(() => void)[]} */
const colorListeners = [];

/** @param {() => void} act */
function whenColorsChange(act) {
  colorListeners.push(act);
}

function repaint() {
  for (const act of colorListeners) act();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
// Paper is white, whatever the screen is.
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('printing');
  repaint();
  // The library draws in the next frame, which paper does not have: there a picture stands for each chart.
  for (const { chart, paper } of openCharts) paper.replaceChildren(chart.takeScreenshot());
});
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('printing');
  repaint();
});

/** @type {{ chart: import('lightweight-charts').IChartApi, paper: HTMLElement }[]} */
const openCharts = [];

/** @param {HTMLElement} canvas */
function openedChart(canvas) {
  const chart = library.createChart(canvas, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 11, fontFamily: 'system-ui, sans-serif', panes: { enableResize: false } },
    localization: { locale: 'en-US', timeFormatter: (/** @type {any} */ time) => `${dateText(time * 1000)} ${clockText(time * 1000)}` },
    // With fixed edges the times at them are written whole.
    timeScale: { fixLeftEdge: true, fixRightEdge: true, timeVisible: true, minBarSpacing: 0.05, borderVisible: false, tickMarkFormatter: (/** @type {any} */ time, /** @type {number} */ kind) => (kind <= 2 ? dateText(time * 1000).slice(5) : clockText(time * 1000)) },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, minimumWidth: 64 },
    crosshair: { mode: 0 },
    // The wheel belongs to the page, and so does a finger that moves up or down.
    handleScroll: { mouseWheel: false, vertTouchDrag: false }, handleScale: { mouseWheel: false },
  });
  const paper = element('div', { class: 'paper' });
  canvas.after(paper);
  openCharts.push({ chart, paper });
  paintChart(chart);
  return chart;
}

/** @param {import('lightweight-charts').IChartApi} chart */
function paintChart(chart) {
  const line = { color: color('--grid') };
  const crosshair = { color: color('--muted'), labelBackgroundColor: color('--label') };
  chart.applyOptions({
    layout: { background: { color: 'transparent' }, textColor: color('--muted'), panes: { separatorColor: color('--line'), separatorHoverColor: color('--line') } },
    grid: { vertLines: line, horzLines: line }, crosshair: { vertLine: crosshair, horzLine: crosshair },
  });
}

/** @param {import('lightweight-charts').IChartApi} chart @param {number} factor Beyond 1: further away. */
function zoomChart(chart, factor) {
  const range = chart.timeScale().getVisibleLogicalRange();
  if (range === null) return;
  const [middle, half] = [(range.from + range.to) / 2, ((range.to - range.from) / 2) * factor];
  chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half });
}

/** @param {number} decimals */
function priceFormatOf(decimals) {
  return /** @type {const} */ ({ type: 'custom', minMove: Number(`1e-${decimals}`), formatter: (/** @type {number} */ value) => numberText(value, decimals) });
}

/**
 * The prices to show of the candles in view: all bodies, and wicks up to as far again. One bad tick would flatten a day.
 * @param {import('lightweight-charts').IChartApi} chart @param {{ open?: number, high?: number, low?: number, close?: number }[]} bars
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

/** Runs `act` once the browser has time for it, and before the page is printed. @param {() => void} act */
function whenIdle(act) {
  let done = false;
  const once = () => {
    if (!done) act();
    done = true;
  };
  if (typeof requestIdleCallback === 'function') requestIdleCallback(once, { timeout: 2_000 });
  else setTimeout(once);
  addEventListener('beforeprint', once);
}
