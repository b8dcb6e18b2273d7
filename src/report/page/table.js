/**
 * The rows of one output: filtered by words, sorted by a column, a page at a time.
 * @typedef {import('../page-data.js').TableData} TableData
 */

const pageRows = 12;

/**
 * @param {TableData} data
 * @param {{ pick: (row: number) => void, column: number, sign: (kind: string) => Node } | null} [alerts] Of alerts: what a row does when it is chosen, and the sign of its kind.
 */
function makeTable(data, alerts = null) {
  const { columns, rows } = data;
  const isNumber = columns.map(({ type }) => isNumberType(type));
  const decimals = columns.map((_, column) => (isNumber[column] ? decimalsFor(rows.map((row) => numberOf(row[column]))) : 0));
  const isTime = columns.map(({ type }) => /^(TIMESTAMP|DATE)/.test(type));
  const digits = columns.map((_, column) => (isTime[column] ? Math.max(0, ...rows.map((row) => fractionOf(row[column]).length)) : 0));
  const texts = rows.map((row) => row.map(exactText).join('\u0000').toLowerCase());
  /** @type {{ words: string[], column: number, down: boolean, page: number }} */
  const state = { words: [], column: -1, down: false, page: 0 };

  const body = element('tbody');
  const position = element('span', { class: 'position', role: 'status' });
  const back = button('‹', () => turn(-1), { 'aria-label': 'Previous rows' });
  const on = button('›', () => turn(1), { 'aria-label': 'Next rows' });
  const headings = columns.map(({ name, type }, column) => {
    const sorter = button(name, () => sortBy(column), { title: `${type}; press to sort` });
    return element('th', { scope: 'col', class: isNumber[column] ? 'number' : false }, sorter);
  });

  /** @param {number} pages */
  function turn(pages) {
    state.page += pages;
    show();
  }

  /** Up, then down, then as emitted. @param {number} column */
  function sortBy(column) {
    if (state.column !== column) Object.assign(state, { column, down: false });
    else if (!state.down) state.down = true;
    else Object.assign(state, { column: -1, down: false });
    state.page = 0;
    headings.forEach((heading, index) => {
      if (index === state.column) heading.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    });
    show();
  }

  function chosen() {
    const found = rows.flatMap((_, index) => (state.words.every((word) => texts[index].includes(word)) ? [index] : []));
    if (state.column < 0) return found;
    const { column, down } = state;
    return found.sort((a, b) => compareCells(rows[a][column], rows[b][column], isNumber[column], down) || a - b);
  }

  function show() {
    const found = chosen();
    state.page = Math.max(0, Math.min(state.page, Math.ceil(found.length / pageRows) - 1));
    const first = state.page * pageRows;
    const shown = found.slice(first, first + pageRows);
    body.replaceChildren(...shown.map((index) => {
      const cells = rows[index].map((cell, column) => (isTime[column] ? timeElement(cell, digits[column]) : cellElement(cell, isNumber[column], decimals[column])));
      if (alerts === null) return element('tr', {}, ...cells);
      cells[alerts.column]?.prepend(alerts.sign(exactText(rows[index][alerts.column])), ' ');
      return pickable(element('tr', { 'data-row': index, tabindex: 0, class: 'pick', title: 'Show it in the chart' }, ...cells), () => alerts.pick(index));
    }));
    if (shown.length === 0) body.append(element('tr', {}, element('td', { colspan: columns.length, class: 'none' }, rows.length === 0 ? 'no rows' : 'no row has all these words')));
    position.textContent = found.length === 0 ? '0 rows' : `${countText(first + 1)}–${countText(first + shown.length)} of ${countText(found.length)}`;
    back.disabled = first === 0;
    on.disabled = first + pageRows >= found.length;
  }

  const filter = element('input', { type: 'search', placeholder: 'Filter rows', 'aria-label': `Filter rows of ${data.name}`, spellcheck: 'false' });
  filter.addEventListener('input', () => {
    state.words = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
    state.page = 0;
    show();
  });
  show();
  const exports = exportButtons(data.name, columns.map(({ name }) => name), () => chosen().map((index) => rows[index]));
  const pager = rows.length <= pageRows ? [] : [position, back, on];
  const found = rows.length <= pageRows ? [] : [filter, element('span', { class: 'note' }, heldText(data))];
  const bar = rows.length === 0 ? [] : [element('div', { class: 'bar' }, ...found, element('span', { class: 'pager' }, ...pager, exports))];
  const table = element('table', { class: 'rows' }, element('thead', {}, element('tr', {}, ...headings)), body);
  return element('div', { class: 'table' }, ...bar, scrolled(table, `Rows of ${data.name}`));
}

/** A row that is chosen by mouse, Enter or space, and left for its neighbours by arrow keys. @param {HTMLElement} row @param {() => void} act */
function pickable(row, act) {
  row.addEventListener('click', act);
  row.addEventListener('keydown', (event) => {
    const beside = event.key === 'ArrowDown' ? row.nextElementSibling : event.key === 'ArrowUp' ? row.previousElementSibling : null;
    if (event.key === 'Enter' || event.key === ' ') act();
    else if (beside instanceof HTMLElement) beside.focus();
    else return;
    event.preventDefault();
  });
  return row;
}

/** Which rows the page holds. @param {TableData} data */
function heldText({ rows, total, head }) {
  if (rows.length >= total) return '';
  return `Here are the first ${countText(head)} and the last ${countText(rows.length - head)} of ${countText(total)} rows; tapewright query asks all.`;
}

/** @param {Cell} cell */
function numberOf(cell) {
  return cell === null ? NaN : Number(cell);
}

/** NULL is last either way, NaN above all numbers; text by its code units. @param {Cell} a @param {Cell} b @param {boolean} isNumber @param {boolean} down */
function compareCells(a, b, isNumber, down) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const [x, y] = isNumber ? [Number(a), Number(b)] : [String(a), String(b)];
  const order = x === y ? 0 : Number.isNaN(x) || Number.isNaN(y) ? Number(Number.isNaN(x)) - Number(Number.isNaN(y)) : x < y ? -1 : 1;
  return down ? -order : order;
}

/** The digits after the point of a time's seconds. @param {Cell} cell */
function fractionOf(cell) {
  return /\.(\d+)/.exec(String(cell))?.[1] ?? '';
}

/** A time with so many digits of its seconds' fraction, and a date that a narrow screen may leave out. @param {Cell} cell @param {number} digits */
function timeElement(cell, digits) {
  const [, date, clock, zone] = /^(\S+) ([\d:]+)(?:\.\d+)?(.*)$/.exec(String(cell)) ?? [];
  if (date === undefined) return cellElement(cell, false, 0);
  const fraction = digits === 0 ? '' : `.${fractionOf(cell).padEnd(digits, '0')}`;
  return element('td', { title: String(cell) }, element('span', { class: 'date' }, `${date} `), `${clock}${fraction}${zone}`);
}

/** @param {Cell} cell @param {boolean} isNumber @param {number} decimals */
function cellElement(cell, isNumber, decimals) {
  const exact = exactText(cell);
  if (cell === null) return element('td', { class: isNumber ? 'number null' : 'null' }, exact);
  if (exact === '') return element('td', { class: 'null' }, '(empty)');
  if (!isNumber) return element('td', { title: exact.length > 40 ? exact : false }, exact);
  const value = Number(cell);
  // What a double cannot hold is shown digit by digit.
  const text = typeof cell === 'string' && Number.isFinite(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER ? exact : numberText(value, decimals);
  return element('td', { class: 'number', title: text === exact ? false : exact }, text);
}
