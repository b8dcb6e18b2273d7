/**
 * The page's parts beside tables and charts.
 * @typedef {import('../page-data.js').PageData} PageData
 * @typedef {import('../summary.js').ColumnSummary} ColumnSummary
 */

/** @param {PageData} data */
function headSection({ report, run }) {
  const { eventTime, datasets, expectations } = report;
  const data = [...new Set(Object.values(datasets).map((one) => one.data))].join(', ');
  const span = eventTime === null ? 'no event time' : `${eventTime.from} to ${eventTime.to} UTC`;
  const rowsOut = Object.values(report.outputs).reduce((sum, { rows }) => sum + rows, 0);
  /** @type {[string, string, string][]} */
  const facts = [
    ['rows in', countText(report.rows), ''], ['rows out', countText(rowsOut), ''], ['late', countText(report.late), report.late > 0 ? 'notable' : ''],
    ['rejected', countText(report.rejected), report.rejected > 0 ? 'notable' : ''], ['dead letters', countText(report.deadLetters), report.deadLetters > 0 ? 'notable' : ''],
    ['events/s', countText(run.eventsPerSecond), ''], ['seconds', numberText(run.seconds, 2), ''], ['peak memory', `${countText(Math.round(run.peakRssMB))} MB`, ''],
  ];
  const unmet = expectations.filter(({ met }) => !met).length;
  const verdict = expectations.length === 0 ? [] : [element('a', { class: unmet === 0 ? 'verdict met' : 'verdict unmet', href: '#expectations' },
    unmet === 0 ? `✓ all ${expectations.length} expectations met` : `✗ ${unmet} of ${expectations.length} expectations not met`)];
  return element('header', {},
    element('p', { class: 'brand' }, 'Tapewright report'),
    element('div', { class: 'title' }, element('h1', {}, report.scenario), ...verdict),
    element('p', { class: 'muted' }, `${data} · ${span} · run ${run.id}`),
    element('dl', { class: 'facts' }, ...facts.map(([name, value, mark]) => element('div', { class: mark || false }, element('dt', {}, name), element('dd', {}, value)))),
    ...[...run.changed.map((file) => `${file} is not as the run left it.`), ...report.remarks].map((text) => element('p', { class: 'remark' }, text)));
}

/** @param {PageData} data */
function navigation({ tables }) {
  return element('nav', { 'aria-label': 'Outputs' }, ...tables.map(({ name, total }) =>
    element('a', { href: `#${anchorOf(name)}` }, name, ' ', element('span', { class: 'count' }, countText(total)))), element('a', { href: '#run' }, 'run'));
}

/** @param {string} name */
function anchorOf(name) {
  return `output-${encodeURIComponent(name)}`;
}

/** @param {PageData} data @param {import('../page-data.js').TableData} table */
function outputSection({ report, charts }, table) {
  const output = Object.hasOwn(report.outputs, table.name) ? report.outputs[table.name] : null;
  const chart = Object.hasOwn(charts, table.name) ? [makeChart(table.name, charts[table.name], charts)] : [];
  const digest = output === null ? [] : [element('span', { class: 'muted' }, 'digest ', digestElement(output.digest))];
  const refused = table.name === 'late' ? report.lateRows : report.deadRows;
  const about = output === null
    ? [plainTable(['rows', 'on the way to', 'operator', 'reason'], refused.map(({ output: to, operator, reason, rows }) => [rows, to ?? '–', operator, reason]))]
    : [element('details', {}, element('summary', {}, `${output.columns.length} columns, digests`), columnsTable(output.columns), ...digestLines(output))];
  return element('section', { id: anchorOf(table.name) },
    element('div', { class: 'heading' }, element('h2', {}, output === null ? (table.name === 'late' ? 'Late rows' : 'Dead letters') : table.name), element('span', { class: 'muted' }, `${countText(table.total)} rows`), ...digest),
    ...(output === null ? about : []), ...chart, makeTable(table), ...(output === null ? [] : about));
}

/** In full, to be copied. @param {{ digest: string, setDigest: string }} output */
function digestLines({ digest, setDigest }) {
  return [['digest', digest], ['set digest', setDigest]].map(([name, value]) => element('p', { class: 'muted whole' }, `${name} `, element('code', {}, value)));
}

/** @param {readonly ColumnSummary[]} columns */
function columnsTable(columns) {
  const text = (/** @type {Cell | undefined} */ cell) => (cell === undefined ? '' : cell === null ? '–' : String(cell));
  const values = (/** @type {ColumnSummary} */ { distinct, top }) => {
    if (top === undefined) return '';
    const shown = top.map(([value, count]) => `${String(value)} ${countText(count)}`).join(' · ');
    return distinct === null || distinct === undefined ? 'too many values to count' : `${countText(distinct)} different: ${shown}${distinct > top.length ? ' …' : ''}`;
  };
  const rows = columns.map((column) => [
    element('code', {}, column.name), column.type, column.nulls, text(column.min), text(column.max), `${values(column)}${(column.nans ?? 0) > 0 ? `${countText(column.nans ?? 0)} NaN` : ''}`,
  ]);
  return plainTable(['column', 'type', 'NULLs', 'least', 'greatest', 'values'], rows);
}

/** @param {PageData} data */
function expectationsSection({ report }) {
  if (report.expectations.length === 0) return [];
  const rows = report.expectations.map(({ of, where, expected, actual, met }) => [
    element('span', { class: met ? 'met' : 'unmet' }, met ? '✓ met' : '✗ not met'), element('code', {}, where === null ? of : `${of} where ${where}`), expected, actual ?? 'could not be asked',
  ]);
  return [element('section', { id: 'expectations' }, element('div', { class: 'heading' }, element('h2', {}, 'Expectations')), plainTable(['', 'rows of', 'expected', 'actual'], rows))];
}

/** @param {PageData} data */
function runSection({ report, run, plan }) {
  const { machine, versions } = run;
  const parameters = Object.entries(report.parameters).filter(([, value]) => value !== null && value !== false);
  /** @type {[string, (Node | string)[]][]} */
  const facts = [
    ...Object.entries(report.datasets).map(([table, { data, fingerprint, rows }]) =>
      /** @type {[string, (Node | string)[]]} */ ([`data of ${table}`, [`${data}, ${rows === null ? 'rows not known' : `${countText(rows)} rows`}, `, digestElement(fingerprint ?? '')]])),
    ...report.texts.map(({ file, digest }) => /** @type {[string, (Node | string)[]]} */ ([file, [digestElement(digest)]])),
    ['parameters', [parameters.map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`).join(' · ')]],
    ['behind the watermark on arrival', [`${countText(report.behind)} rows`]],
    ['tapewright', [`${versions.tapewright}, code `, digestElement(versions.code)]],
    ['Node, DuckDB', [`${versions.node}, ${versions.duckdb}`]],
    ['machine', [machine === null ? 'not known' : `${machine.processor}, ${machine.cores} cores, ${countText(machine.memoryMB)} MB, ${machine.platform}`]],
  ];
  return element('section', { id: 'run' },
    element('div', { class: 'heading' }, element('h2', {}, 'Run')),
    element('dl', { class: 'list' }, ...facts.map(([name, values]) => element('div', {}, element('dt', {}, name), element('dd', {}, ...values)))),
    element('details', { open: true }, element('summary', {}, 'Plan'), scrolled(element('pre', {}, plan), 'Plan')),
    element('p', { class: 'muted' }, 'To run it again and compare: ', element('code', {}, 'tapewright verify DIR'), '. To ask the outputs: ', element('code', {}, 'tapewright query DIR "SELECT …"'), '.'));
}

function footer() {
  const link = element('a', { href: 'https://www.tradingview.com/', rel: 'noopener noreferrer' }, 'TradingView');
  return element('footer', { class: 'muted' }, 'Charts by ', link, ' Lightweight Charts™, Copyright (c) 2026 TradingView, Inc.');
}
