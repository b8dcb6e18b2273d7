/** Elements are made here, and text enters them as text: nothing in a run's data is ever read as markup. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} [attributes] `false` leaves one out.
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== false) made.setAttribute(name, value === true ? '' : String(value));
  for (const child of children) made.append(child);
  return made;
}

/** @param {string} label @param {() => void} act @param {Record<string, string | boolean>} [attributes] */
function button(label, act, attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}

/**
 * A select with its label.
 * @param {string} label @param {readonly string[]} options @param {(index: number) => void} choose
 */
function picker(label, options, choose) {
  const select = element('select', {}, ...options.map((text, index) => element('option', { value: index }, text === '' ? '(empty)' : text)));
  select.addEventListener('change', () => choose(select.selectedIndex));
  return { select, labelled: element('label', { class: 'picker' }, element('span', {}, label), select) };
}

/**
 * A small table that neither sorts nor pages. Numbers, and elements of the class `number`, stand to the right.
 * @param {readonly string[]} names @param {readonly (readonly (string | number | Node)[])[]} rows
 */
function plainTable(names, rows) {
  const isNumeric = (/** @type {string | number | Node | undefined} */ value) => typeof value === 'number' || (value instanceof HTMLElement && value.classList.contains('number'));
  const cell = (/** @type {string | number | Node} */ value) => element('td', { class: isNumeric(value) && 'number' }, typeof value === 'number' ? countText(value) : value);
  const isNumber = names.map((_, index) => rows.length > 0 && isNumeric(rows[0][index]));
  const head = element('tr', {}, ...names.map((name, index) => element('th', { scope: 'col', class: isNumber[index] ? 'number' : false }, name)));
  const body = element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell))));
  return scrolled(element('table', { class: 'plain' }, element('thead', {}, head), body), 'table');
}

/** A number in a table of those, with its unit or its decimals. @param {string} text */
function numberElement(text) {
  return element('span', { class: 'number' }, text);
}

/** Wide content scrolls by itself, also by keyboard. @param {Node} content @param {string} label */
function scrolled(content, label) {
  return element('div', { class: 'scrolled', tabindex: 0, role: 'region', 'aria-label': label }, content);
}

/** A digest, short, with the whole of it on hovering and in a copy. @param {string} digest */
function digestElement(digest) {
  return element('code', { class: 'digest', title: digest }, digest.length > 16 ? `${digest.slice(0, 16)}…` : digest || '–');
}

/**
 * An element of a drawing.
 * @param {string} tag @param {Record<string, string | number>} [attributes] @param {(Node | string)[]} children
 * @returns {SVGElement}
 */
function drawn(tag, attributes = {}, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS('http://www.w3.org/2000/svg', tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** A button that is on or off. @param {string | Node} label @param {boolean} on @param {(on: boolean) => void} change @param {Record<string, string>} [attributes] */
function toggle(label, on, change, attributes = {}) {
  const made = element('button', { type: 'button', class: 'toggle', ...attributes, 'aria-pressed': String(on) }, label);
  made.addEventListener('click', () => {
    const next = made.getAttribute('aria-pressed') !== 'true';
    made.setAttribute('aria-pressed', String(next));
    change(next);
  });
  return made;
}

/** A section with its heading. @param {string} id @param {string} title @param {(Node | string)[]} beside @param {Node[]} content */
function section(id, title, beside, ...content) {
  return element('section', { id }, element('div', { class: 'heading' }, element('h2', {}, title), ...beside), ...content);
}
