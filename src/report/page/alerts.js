/**
 * The alerts that the page holds, by symbol, in order of event time. `at`: within the bar that an alert belongs to, which
 * the end of a window is not.
 * @typedef {import('../evidence.js').Evidence} Evidence
 * @typedef {import('../evidence.js').AlertEvidence} AlertEvidence
 * @typedef {{ table: TableData, row: number, symbol: string, kind: string, millis: number, at: number, evidence: { of: Evidence, one: AlertEvidence } | null }} Alert
 * @typedef {{ kinds: string[], bySymbol: Map<string, Alert[]>, byRow: Map<string, Alert> }} Alerts
 */

/** The same kind has the same sign everywhere. */
const kindColors = ['--kind-1', '--kind-2', '--kind-3', '--kind-4', '--kind-5', '--kind-6'];
const kindShapes = /** @type {const} */ (['circle', 'square', 'arrowDown', 'arrowUp']);
const kindSigns = ['●', '■', '▼', '▲'];

/** @param {PageData} data @returns {Alerts} */
function collectAlerts({ tables, evidence, alerts }) {
  /** @type {Alert[]} */
  const all = [];
  for (const { table: name, time, symbol, kind } of alerts) {
    const table = tables.find((one) => one.name === name);
    if (table === undefined) continue;
    const place = (/** @type {string | null} */ column) => table.columns.findIndex((one) => one.name === column);
    const [timeAt, symbolAt, kindAt] = [place(time), place(symbol), place(kind)];
    const of = evidence.find((one) => one.table === name);
    const made = new Map((of?.alerts ?? []).map((one) => [one.alert, one]));
    table.rows.forEach((cells, row) => {
      const millis = millisOf(cells[timeAt]);
      // Without a time it has no place in the chart.
      if (Number.isNaN(millis)) return;
      const one = made.get(row);
      all.push({
        table, row, symbol: symbolAt < 0 ? '' : String(cells[symbolAt]), kind: exactText(cells[kindAt]), millis, at: time === 'window_end' ? millis - 1 : millis,
        evidence: of === undefined || one === undefined ? null : { of, one },
      });
    });
  }
  all.sort((a, b) => a.millis - b.millis);
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort((a, b) => (a < b ? -1 : 1));
  /** @type {Map<string, Alert[]>} */
  const bySymbol = new Map();
  for (const alert of all) {
    const own = bySymbol.get(alert.symbol);
    if (own === undefined) bySymbol.set(alert.symbol, [alert]);
    else own.push(alert);
  }
  return { kinds, bySymbol, byRow: new Map(all.map((alert) => [rowKey(alert.table.name, alert.row), alert])) };
}

/** @param {string} table @param {number} row */
function rowKey(table, row) {
  return `${row} ${table}`;
}

/** The sign of a kind, for text. @param {number} kind */
function signOf(kind) {
  return element('span', { class: `sign kind-${(kind % kindColors.length) + 1}`, 'aria-hidden': 'true' }, kindSigns[kind % kindSigns.length]);
}
