/** The list of symbols, the most eventful first: searched by typing, walked through by arrow keys. */

/** Points of a small picture of a day. */
const sparkPoints = 40;

/**
 * @param {MarketData} market @param {(index: number) => void} choose
 * @returns {{ node: HTMLElement, show: (index: number) => void, step: (by: number) => void }}
 */
function symbolPicker(market, choose) {
  const { symbols } = market;
  const list = element('ul', { class: 'symbols', role: 'listbox', id: 'symbols', tabindex: 0, 'aria-label': `${market.symbol}, the most eventful first` });
  const search = element('input', {
    type: 'search', placeholder: `Find a ${market.symbol}`, 'aria-label': `Find a ${market.symbol}`, 'aria-controls': 'symbols', spellcheck: 'false', autocomplete: 'off',
  });
  const options = symbols.map((symbol, index) => {
    const option = element('li', { role: 'option', id: `symbol-${index}`, 'aria-selected': 'false' }, ...optionParts(symbol, market.price.isPrice));
    option.addEventListener('click', () => choose(index));
    return option;
  });
  list.append(...options);
  const state = { shown: -1, words: '' };

  const visible = () => options.flatMap((option, index) => (option.hidden ? [] : [index]));

  /** To a neighbour among those that the search has left. @param {number} by */
  function step(by) {
    const places = visible();
    const at = places.indexOf(state.shown);
    const next = places[at < 0 ? 0 : Math.max(0, Math.min(places.length - 1, at + by))];
    if (next !== undefined && next !== state.shown) choose(next);
  }

  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase();
    options.forEach((option, index) => { option.hidden = !symbols[index].name.toLowerCase().includes(wanted); });
    // Whoever typed a whole name means it, and not others that hold it.
    const exact = symbols.findIndex(({ name }) => name.toLowerCase() === wanted);
    if (exact >= 0) choose(exact);
  });
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Enter' && event.target === search) {
      const [first] = visible();
      if (first !== undefined) choose(first);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  search.addEventListener('keydown', onKey);
  list.addEventListener('keydown', onKey);

  /** @param {number} index */
  function show(index) {
    if (state.shown >= 0) options[state.shown].setAttribute('aria-selected', 'false');
    state.shown = index;
    options[index].setAttribute('aria-selected', 'true');
    list.setAttribute('aria-activedescendant', `symbol-${index}`);
    // Within the list only: the page stays where it is.
    const { offsetTop, offsetHeight } = options[index];
    if (offsetTop < list.scrollTop) list.scrollTop = offsetTop;
    else if (offsetTop + offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = offsetTop + offsetHeight - list.clientHeight;
  }

  const more = market.known > symbols.length ? [element('p', { class: 'note' }, `${countText(symbols.length)} of ${countText(market.known)}: those with most alerts and rows`)] : [];
  return { node: element('div', { class: 'picker-list' }, search, list, ...more), show, step };
}

/** @param {MarketSymbol} symbol @param {boolean} isPrice Whether it has a change that means something. */
function optionParts(symbol, isPrice) {
  const bars = finestBars(symbol);
  const [first, last] = [bars[0], bars[bars.length - 1]];
  const change = first === undefined || first.open === 0 ? null : (last.close / first.open - 1) * 100;
  const moved = change === null || !isPrice ? '' : `${change >= 0 ? '+' : '−'}${Math.abs(change).toFixed(2)} %`;
  return [
    element('span', { class: 'name' }, symbol.name === '' ? '(empty)' : symbol.name), sparkOf(bars, (change ?? 0) >= 0),
    element('span', { class: change !== null && change < 0 ? 'change down' : 'change up' }, moved),
    element('span', { class: symbol.alerts === 0 ? 'badge none' : 'badge', title: `${countText(symbol.alerts)} alerts` }, countText(symbol.alerts)),
  ];
}

/** @param {MarketBar[]} bars @param {boolean} isUp */
function sparkOf(bars, isUp) {
  const step = Math.max(1, Math.floor(bars.length / sparkPoints));
  const closes = bars.filter((_, index) => index % step === 0).map(({ close }) => close);
  const [least, most] = [Math.min(...closes), Math.max(...closes)];
  const path = closes.map((close, index) => `${index === 0 ? 'M' : 'L'}${((index / Math.max(1, closes.length - 1)) * 56).toFixed(1)} ${(15 - ((close - least) / (most - least || 1)) * 14).toFixed(1)}`).join('');
  return drawn('svg', { class: isUp ? 'spark up' : 'spark down', viewBox: '0 0 56 16', width: 56, height: 16, 'aria-hidden': 'true' }, drawn('path', { d: path }));
}
