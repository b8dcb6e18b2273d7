/** What is known of one alert: its numbers, how they follow from each other, and the rows that made them. */

/** What an aggregate is to a reader. @type {Record<string, string>} */
const aggregateWords = {
  AVG: 'mean', STDDEV_POP: 'deviation', STDDEV_SAMP: 'deviation', VAR_POP: 'variance', VAR_SAMP: 'variance', MIN: 'least', MAX: 'greatest', SUM: 'sum',
  COUNT: 'count', FIRST_VALUE: 'first', LAST_VALUE: 'last', LAG: 'one before',
};

/** @param {Alert} alert @param {string[]} kinds */
function alertDetail(alert, kinds) {
  const { table, row, kind, millis, evidence } = alert;
  const rest = evidence === null ? [] : [...rowsBehind(alert, evidence)];
  return element('div', { class: 'alert' },
    element('p', { class: 'alert-title' }, signOf(kinds.indexOf(kind)), ' ', element('strong', {}, kind), ` ${alert.symbol} `, element('span', { class: 'muted' }, `${dateText(millis)} ${momentText(millis)} UTC · row ${countText(row + 1)} of ${table.name}`)),
    element('div', { class: 'alert-parts' }, numbersOf(alert), ...(evidence === null ? [] : [pictureOf(alert, evidence)])),
    ...(evidence === null ? [element('p', { class: 'note' }, 'The rows behind this alert are not in this page: its numbers are those of the output.')] : []), ...rest);
}

/** The alert's own columns, and those of the operator below. @param {Alert} alert */
function numbersOf({ table, row, kind, symbol, evidence }) {
  const cells = table.rows[row];
  const texts = evidence === null ? new Map() : new Map(evidence.of.formulas.map(({ column, text }) => [column, text]));
  /** @type {HTMLElement[]} */
  const facts = [];
  table.columns.forEach(({ name, type }, index) => {
    const cell = cells[index];
    if (cell === kind || cell === symbol || /^TIMESTAMP/.test(type)) return;
    facts.push(fact(name, cell, texts.get(name) ?? '', isNumberType(type)));
  });
  const made = evidence === null ? [] : evidence.of.numbers.map(({ name, aggregate, of }, index) => {
    const word = aggregateWords[aggregate] ?? aggregate;
    return fact(of === null ? word : `${word} of ${plainName(of)}`, evidence.one.numbers[index], name, true);
  });
  const count = evidence === null || evidence.one.count === null ? [] : [fact('rows', evidence.one.count, evidence.of.operator, true)];
  return element('div', { class: 'alert-numbers' },
    element('h3', {}, 'Alert'), element('dl', { class: 'numbers' }, ...facts),
    ...(evidence === null ? [] : [element('h3', { title: evidence.of.operator }, operatorWords(evidence.of.operator)), element('dl', { class: 'numbers' }, ...made, ...count)]));
}

/** @param {string} name @param {Cell} cell @param {string} how @param {boolean} isNumber */
function fact(name, cell, how, isNumber) {
  const value = cell === null ? 'NULL' : isNumber && Number.isFinite(Number(cell)) ? shortNumber(Number(cell)) : exactText(cell);
  return element('div', how === '' ? {} : { title: how }, element('dt', {}, name), element('dd', { title: exactText(cell) }, value));
}

/** @param {string} operator */
function operatorWords(operator) {
  const frame = /^over RANGE '([\d.]+)' (\w+) PRECEDING$/.exec(operator);
  if (frame !== null) return `The ${frame[1]} ${frame[2].toLowerCase()}${frame[1] === '1' ? '' : 's'} up to it`;
  if (operator.startsWith('match ')) return `Its match: ${operator.slice('match '.length).replaceAll("'", '')}`;
  return operator.startsWith('window-aggregate') ? `Its window: ${operator.slice('window-aggregate '.length).replaceAll("'", '')}` : operator;
}

/** @param {Alert} alert @param {NonNullable<Alert['evidence']>} evidence */
function rowsBehind(alert, { of, one }) {
  const formulas = of.formulas.length === 0 ? [] : [element('details', { class: 'formulas' }, element('summary', {}, 'How the numbers follow'),
    element('dl', { class: 'list' }, ...of.formulas.map(({ column, text }) => element('div', {}, element('dt', {}, element('code', {}, column)), element('dd', {}, element('code', {}, text))))))];
  if (one.count === null) return [...formulas, element('p', { class: 'note' }, 'The numbers were computed again from the bound data; the rows themselves are in this page for other alerts only.')];
  const group = of.groups[one.group];
  const times = unpacked(group.times).slice(one.first, one.end);
  // A column that is there plain as well needs no second place.
  const places = of.columns.flatMap((name, index) => (plainName(name) !== name && of.columns.includes(plainName(name)) ? [] : [index]));
  const columns = places.map((index) => {
    const column = group.columns[index];
    return (Array.isArray(column) ? column : unpacked(/** @type {any} */ (column))).slice(one.first, one.end);
  });
  const headings = places.map((index) => of.columns[index]);
  const shown = Math.min(times.length, 60);
  const from = times.length - shown;
  const numbers = columns.map((values) => values.some((value) => typeof value === 'number'));
  const decimals = columns.map((values, index) => (numbers[index] ? decimalsFor(values.map(Number)) : 0));
  const rows = times.slice(from).map((time, index) => element('tr', { class: time === alert.millis ? 'own' : false },
    element('td', {}, momentText(Number(time))), ...columns.map((values, column) => cellElement(values[from + index], numbers[column], decimals[column]))));
  const head = element('tr', {}, element('th', { scope: 'col' }, 'time'), ...headings.map((name, index) => element('th', { scope: 'col', class: numbers[index] ? 'number' : false }, name)));
  // The newest first: the alert's own row is on top.
  const table = scrolled(element('table', { class: 'rows' }, element('thead', {}, head), element('tbody', {}, ...rows.reverse())), 'Rows behind the alert');
  const names = ['time', ...headings];
  const kept = times.map((time, index) => [new Date(Number(time)).toISOString(), ...columns.map((values) => values[index])]);
  return [...formulas, element('details', { class: 'behind' },
    element('summary', {}, shown === one.count ? `The ${countText(one.count)} rows that made them` : `The last ${countText(shown)} of the ${countText(one.count)} rows that made them`),
    element('div', { class: 'bar' }, element('span', { class: 'note' }, times.length < one.count ? `The page holds ${countText(times.length)} of them.` : ''), element('span', { class: 'pager' }, exportButtons(`${alert.table.name}-${alert.row + 1}-rows`, names, () => kept))), table)];
}
