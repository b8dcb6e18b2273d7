/** The market: a symbol, its chart, its alerts one after the other, and what made the chosen one. */

/** Lengths of bars that charts have everywhere, in ms. */
const usualLengths = [60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000];

/** Bars of a day that are wide enough to be told apart on most screens. */
const barsAtFirst = 200;

/** @param {PageData} data @param {Alerts} alerts */
function makeMarket({ market, labels }, alerts) {
  if (market === null) return null;
  const finest = market.symbols[0].every;
  const lengths = [finest, ...usualLengths.filter((length) => length > finest && length % finest === 0).slice(0, 3)];
  const state = {
    index: 0, every: lengths.find((every) => barsOfLength(market.symbols[0], every).length <= barsAtFirst) ?? lengths[0], lines: market.lines.map((_, index) => index === 0 || !market.price.candles), band: true, labels: true, hidden: /** @type {Set<number>} */ (new Set()),
    chosen: /** @type {Alert | null} */ (null),
  };
  const canvas = element('div', { class: 'canvas market-canvas', role: 'img' });
  const legend = element('p', { class: 'legend' });
  const kinds = element('div', { class: 'kinds' });
  const steps = element('div', { class: 'steps' });
  const detail = element('div', { class: 'detail', 'aria-live': 'polite' });
  const title = element('h3', { class: 'symbol-title' });
  const intervals = lengths.map((every) => button(durationText(every), () => {
    state.every = every;
    draw(true);
  }, { class: 'toggle' }));
  /** @type {ReturnType<typeof openMarketChart> | null} */
  let chart = null;

  const symbol = () => market.symbols[state.index];
  const own = () => alerts.bySymbol.get(symbol().name) ?? [];
  const ownLabels = () => labels.filter((label) => label.symbol === null || label.symbol === symbol().name);
  const visible = () => own().filter(({ kind }) => !state.hidden.has(alerts.kinds.indexOf(kind)));

  /** @param {boolean} fit Whether the whole day is to be seen. */
  function draw(fit) {
    const every = Math.max(state.every, symbol().every);
    intervals.forEach((made, index) => {
      made.setAttribute('aria-pressed', String(lengths[index] === every));
      made.disabled = lengths[index] < symbol().every;
    });
    title.textContent = symbol().name === '' ? market?.price.label ?? '' : symbol().name;
    canvas.setAttribute('aria-label', `Prices of ${symbol().name}, with ${own().length} alerts; the tables below have the numbers`);
    kinds.replaceChildren(...kindToggles());
    steps.replaceChildren(...stepButtons());
    chart?.draw({ symbol: symbol(), every, alerts: own(), kinds: alerts.kinds, hidden: state.hidden, lines: state.lines, band: state.band, labels: state.labels ? ownLabels() : [], chosen: own().find((alert) => alert === state.chosen) ?? null });
    tell(null, []);
    if (fit) chart?.fit();
  }

  function kindToggles() {
    return alerts.kinds.flatMap((kind, index) => {
      const count = own().filter((alert) => alert.kind === kind).length;
      if (count === 0) return [];
      const label = element('span', {}, signOf(index), ` ${kind} `, element('span', { class: 'count' }, countText(count)));
      return [toggle(label, !state.hidden.has(index), (on) => {
        if (on) state.hidden.delete(index);
        else state.hidden.add(index);
        draw(false);
        // The buttons were made anew: the keyboard stays where it was.
        /** @type {HTMLElement | null} */ (kinds.querySelector(`[data-kind="${index}"]`))?.focus();
      }, { 'data-kind': String(index) })];
    });
  }

  function stepButtons() {
    const all = visible();
    if (all.length === 0) return [element('span', { class: 'note' }, 'no alerts')];
    const at = state.chosen === null ? -1 : all.indexOf(state.chosen);
    const text = at < 0 ? `${countText(all.length)} ${all.length === 1 ? 'alert' : 'alerts'}` : `alert ${countText(at + 1)} of ${countText(all.length)}`;
    return [button('‹', () => stepAlert(-1), { 'aria-label': 'Previous alert' }), element('span', { class: 'position' }, text), button('›', () => stepAlert(1), { 'aria-label': 'Next alert' }),
      ...(state.chosen === null ? [] : [button('Whole day', () => choose(null), { class: 'quiet' })])];
  }

  /** @param {number} by */
  function stepAlert(by) {
    const all = visible();
    if (all.length === 0) return;
    const at = state.chosen === null ? (by > 0 ? -1 : all.length) : all.indexOf(state.chosen);
    const focused = document.activeElement?.getAttribute('aria-label') ?? null;
    choose(all[Math.max(0, Math.min(all.length - 1, at + by))]);
    if (focused !== null) /** @type {HTMLElement | null} */ (steps.querySelector(`[aria-label="${focused}"]`))?.focus();
  }

  /** @param {Alert | null} alert */
  function choose(alert) {
    state.chosen = alert;
    detail.replaceChildren(...(alert === null ? [] : [alertDetail(alert, alerts.kinds)]));
    for (const row of document.querySelectorAll('tr.chosen')) row.classList.remove('chosen');
    if (alert === null) {
      draw(true);
      return;
    }
    state.hidden.delete(alerts.kinds.indexOf(alert.kind));
    const index = market?.symbols.findIndex(({ name }) => name === alert.symbol) ?? -1;
    if (index >= 0 && index !== state.index) showSymbol(index);
    state.every = lengths[0];
    draw(false);
    // What is of no symbol that has prices is told without them.
    if (index >= 0) chart?.show(alert.evidence?.one.from ?? alert.at - 300_000, alert.at);
    document.getElementById(anchorOf(alert.table.name))?.querySelector(`tr[data-row="${alert.row}"]`)?.classList.add('chosen');
  }

  /** @param {number} index */
  function showSymbol(index) {
    state.index = index;
    list?.show(index);
    if (market !== null && market.symbol !== null) tellSymbol(market.symbol, symbol().name);
  }

  /** @param {number} index */
  function chooseSymbol(index) {
    state.chosen = null;
    detail.replaceChildren();
    showSymbol(index);
    draw(true);
  }

  /** What is under the cursor, or the last bar. @param {MarketBar | null} bar @param {Alert[]} here */
  function tell(bar, here) {
    legend.replaceChildren(...legendParts(/** @type {MarketData} */ (market), state.lines, bar ?? (state.chosen === null ? null : chart?.at(state.chosen.at)) ?? chart?.last() ?? null, here));
  }

  const list = market.symbol === null || market.symbols.length < 2 ? null : symbolPicker(market, chooseSymbol);
  const lineToggles = market.lines.map((line, index) => toggle(element('span', {}, element('span', { class: `stroke line-${index + 1}`, 'aria-hidden': 'true' }), line.label), state.lines[index], (on) => {
    state.lines[index] = on;
    draw(false);
  }));
  const bandLabel = market.band === null ? 'mean of 20 ± 2σ' : `${market.lines[market.band].label} ± 2σ`;
  const bands = toggle(element('span', {}, element('span', { class: 'stroke band-stroke', 'aria-hidden': 'true' }), bandLabel), true, (on) => {
    state.band = on;
    draw(false);
  }, { title: market.band === null ? 'The mean of the last 20 closes that are shown, and twice their deviation to either side' : 'As the outputs have it' });
  const truth = labels.length === 0 ? [] : [toggle('labels', true, (on) => {
    state.labels = on;
    draw(false);
  }, { title: 'What the data say is there, whether an alert found it or not' })];
  const zooms = [button('−', () => chart?.zoom(1.6), { 'aria-label': 'Zoom out' }), button('+', () => chart?.zoom(0.625), { 'aria-label': 'Zoom in' }), button('Fit', () => chart?.fit())];
  const stage = element('div', { class: 'stage', tabindex: 0, 'aria-label': 'Chart: left and right for alerts, up and down for symbols, plus and minus to zoom', role: 'group' }, legend, canvas);
  stage.addEventListener('keydown', (event) => {
    /** @type {Record<string, () => void>} */
    const acts = { ArrowLeft: () => stepAlert(-1), ArrowRight: () => stepAlert(1), ArrowUp: () => list?.step(-1), ArrowDown: () => list?.step(1), '+': () => chart?.zoom(0.625), '-': () => chart?.zoom(1.6), Escape: () => choose(null) };
    const act = acts[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
  });

  whenIdle(() => {
    chart = openMarketChart(canvas, market, {
      hover: tell,
      // Again on the same bar: its next alert.
      pick: (here) => { if (here.length > 0) choose(here[(state.chosen === null ? 0 : here.indexOf(state.chosen) + 1) % here.length]); },
    });
    list?.show(0);
    draw(true);
  });
  const node = element('section', { id: 'market', class: list === null ? 'market alone' : 'market' },
    ...(list === null ? [] : [list.node]),
    element('div', { class: 'view' },
      element('div', { class: 'bar' }, title, element('span', { class: 'group' }, ...intervals), ...lineToggles, bands, ...truth, element('span', { class: 'pager' }, ...zooms)),
      stage, element('div', { class: 'bar under' }, kinds, steps), detail));
  return {
    node,
    /** @param {string} table @param {number} row */
    pick(table, row) {
      const alert = alerts.byRow.get(rowKey(table, row));
      if (alert === undefined) return;
      choose(alert);
      node.scrollIntoView({ block: 'start' });
    },
  };
}

/** @param {MarketData} market @param {boolean[]} lines @param {MarketBar | null} bar @param {Alert[]} here */
function legendParts(market, lines, bar, here) {
  if (bar === null) return ['no prices to draw'];
  const decimals = decimalsFor([bar.open, bar.high, bar.low, bar.close]);
  const part = (/** @type {string} */ name, /** @type {number | null} */ value, digits = decimals) => (value === null ? [] : [element('span', {}, `${name} `, element('b', {}, numberText(value, digits)))]);
  const prices = market.price.candles ? [...part('O', bar.open), ...part('H', bar.high), ...part('L', bar.low), ...part('C', bar.close)] : part(market.price.label, bar.close);
  const found = [...new Set(here.map(({ kind }) => kind))].map((kind) => {
    const count = here.filter((alert) => alert.kind === kind).length;
    return element('span', { class: 'here' }, count === 1 ? kind : `${count} × ${kind}`);
  });
  return [
    element('span', { class: 'when' }, `${dateText(bar.millis)} ${clockText(bar.millis)}`), ...prices,
    ...market.lines.flatMap((line, index) => (lines[index] ? part(line.label, bar.lines[index], decimals + 2) : [])),
    ...(market.volume === null ? [] : part('volume', bar.volume, 0)), ...part('spread', bar.spread, decimals + 2), ...found,
  ];
}
