/** The rows behind an alert, drawn one by one: each value over its event time, about the mean and twice its deviation. */

const pictureHeight = 210;
const pictureRoom = { left: 8, right: 92, top: 12, bottom: 22 };

/** What is cast is still known by its name. @param {string} name */
function plainName(name) {
  return /^CAST\((\w+) AS \w+\)$/.exec(name)?.[1] ?? name;
}

/** Whether an alert of this kind is about this column, as far as names tell. @param {string} kind @param {string} name */
function aboutKind(kind, name) {
  return [[/spread/i, /spread|ask|bid/i], [/volume|surge/i, /volume|size|quantity/i], [/price|spike/i, /price/i]].some(([what, column]) => what.test(kind) && column.test(name));
}

/** @param {Alert} alert @param {NonNullable<Alert['evidence']>} evidence */
function pictureOf(alert, { of, one }) {
  if (one.count === null) return element('div');
  // Without numbers of an operator, as of a pattern, all columns of numbers are to look at.
  const drawable = of.numbers.length === 0 ? of.columns.filter((_, index) => !Array.isArray(of.groups[one.group].columns[index]))
    : [...new Set(of.numbers.flatMap((number) => (number.of !== null && of.columns.includes(number.of) ? [number.of] : [])))];
  if (drawable.length === 0) return element('div');
  const first = drawable.find((name) => aboutKind(alert.kind, name)) ?? drawable[0];
  const stage = element('div', { class: 'picture' });
  const show = (/** @type {string} */ name) => stage.replaceChildren(drawRows(alert, { of, one }, name));
  const tabs = drawable.map((name, index) => button(plainName(name), () => {
    tabs.forEach((tab, at) => tab.setAttribute('aria-pressed', String(at === index)));
    show(name);
  }, { class: 'toggle', 'aria-pressed': String(name === first) }));
  show(first);
  const held = one.end - one.first;
  const note = held < one.count ? `${countText(held)} of ${countText(one.count)} rows drawn` : `${countText(one.count)} rows`;
  return element('div', { class: 'alert-picture' }, element('div', { class: 'bar' }, ...(tabs.length > 1 ? tabs : [element('code', {}, plainName(drawable[0]))]), element('span', { class: 'note' }, note)), stage);
}

/** @param {Alert} alert @param {NonNullable<Alert['evidence']>} evidence @param {string} name */
function drawRows(alert, { of, one }, name) {
  const group = of.groups[one.group];
  const values = unpacked(/** @type {any} */ (group.columns[of.columns.indexOf(name)])).slice(one.first, one.end);
  const times = unpacked(group.times).slice(one.first, one.end).map(Number);
  const number = (/** @type {RegExp} */ aggregate) => {
    const index = of.numbers.findIndex((one_) => one_.of === name && aggregate.test(one_.aggregate));
    const cell = index < 0 ? null : one.numbers[index];
    return cell === null ? null : Number(cell);
  };
  // Its letters are as large as the page's, so that there is less room on a narrow screen.
  const width = matchMedia('(max-width: 640px)').matches ? 350 : 640;
  const [mean, deviation] = [number(/^AVG$/), number(/^STDDEV/)];
  const own = ownValue(alert, name, times, values);
  const lines = linesOf(mean, deviation, number(/^MAX$/), number(/^MIN$/));
  const finite = [...values.flatMap((value) => (value === null ? [] : [value])), ...lines.map(({ value }) => value), ...(own === null ? [] : [own])];
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  const room = (most - least) * 0.06 || Math.abs(most) * 0.001 || 1;
  const x = (/** @type {number} */ time) => pictureRoom.left + ((time - one.from) / Math.max(1, one.to - one.from)) * (width - pictureRoom.left - pictureRoom.right);
  const y = (/** @type {number} */ value) => pictureRoom.top + ((most + room - value) / (most - least + 2 * room)) * (pictureHeight - pictureRoom.top - pictureRoom.bottom);
  const right = width - pictureRoom.right;
  const svg = drawn('svg', { viewBox: `0 0 ${width} ${pictureHeight}`, role: 'img', 'aria-label': `${plainName(name)} of the rows behind the alert${mean === null ? '' : `, about their mean ${shortNumber(mean)}`}` });
  if (mean !== null && deviation !== null && deviation > 0) {
    svg.append(drawn('rect', { class: 'band', x: pictureRoom.left, y: y(mean + 2 * deviation), width: right - pictureRoom.left, height: Math.max(1, y(mean - 2 * deviation) - y(mean + 2 * deviation)) }));
  }
  for (const { value, kind } of lines) svg.append(drawn('line', { class: kind, x1: pictureRoom.left, x2: right, y1: y(value), y2: y(value) }));
  values.forEach((value, index) => { if (value !== null) svg.append(drawn('circle', { class: 'dot', cx: x(times[index]).toFixed(1), cy: y(value).toFixed(1), r: 1.8 })); });
  if (own !== null) {
    svg.append(drawn('circle', { class: 'own', cx: x(Math.min(one.to, Math.max(one.from, alert.millis))).toFixed(1), cy: y(own).toFixed(1), r: 5 }, drawn('title', {}, `${plainName(name)} ${shortNumber(own)}`)));
  }
  for (const { label, value, at } of spreadLabels([...lines.map((line) => ({ ...line, at: y(line.value) })), ...(own === null ? [] : [{ label: '', value: own, at: y(own) }])])) {
    svg.append(drawn('text', { class: label === '' ? 'label own-label' : 'label', x: right + 6, y: at + 3.5 }, `${label === '' ? '' : `${label} `}${shortNumber(value)}`));
  }
  for (const [at, anchor] of /** @type {const} */ ([[one.from, 'start'], [one.to, 'end']])) svg.append(drawn('text', { class: 'label', x: x(at), y: pictureHeight - 6, 'text-anchor': anchor }, momentText(at)));
  return svg;
}

/** The alert's own value, where it is one of the rows. @param {Alert} alert @param {string} name @param {number[]} times @param {(number | null)[]} values */
function ownValue(alert, name, times, values) {
  const column = alert.table.columns.findIndex((one) => one.name === plainName(name));
  const cell = column < 0 ? null : alert.table.rows[alert.row][column];
  if (cell !== null) return Number(cell);
  const last = times.lastIndexOf(alert.millis);
  return last < 0 ? null : values[last];
}

/** @param {number | null} mean @param {number | null} deviation @param {number | null} most @param {number | null} least */
function linesOf(mean, deviation, most, least) {
  const lines = mean === null ? [] : [{ value: mean, label: 'mean', kind: 'mean' }];
  if (mean !== null && deviation !== null && deviation > 0) {
    lines.push({ value: mean + 2 * deviation, label: '+2σ', kind: 'sigma' }, { value: mean - 2 * deviation, label: '−2σ', kind: 'sigma' });
  }
  if (most !== null) lines.push({ value: most, label: 'max', kind: 'sigma' });
  if (least !== null) lines.push({ value: least, label: 'min', kind: 'sigma' });
  return lines;
}

/** Labels one below the other where they would overlap. @template {{ at: number }} Label @param {Label[]} labels */
function spreadLabels(labels) {
  const sorted = [...labels].sort((a, b) => a.at - b.at);
  let last = -Infinity;
  for (const label of sorted) {
    label.at = Math.max(label.at, last + 12);
    last = label.at;
  }
  return sorted;
}
