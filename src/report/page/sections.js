/**
 * The page's parts beside tables and charts.
 * @typedef {import('../page-data.js').PageData} PageData
 * @typedef {import('../summary.js').ColumnSummary} ColumnSummary
 */

/** @param {PageData} data */
function headSection({ report, run, missing }) {
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
    element('div', { class: 'title' }, element('h1', {}, report.scenario), ...verdict, schemeButton()),
    element('p', { class: 'muted' }, `${data} · ${span} · run ${run.id}`),
    element('dl', { class: 'facts' }, ...facts.map(([name, value, mark]) => element('div', { class: mark || false }, element('dt', {}, name), element('dd', {}, value)))),
    ...[...run.changed.map((file) => `${file} is not as the run left it.`), ...report.remarks, ...missing.map((what) => `${what}: this page lacks what only they could tell.`)].map((text) => element('p', { class: 'remark' }, text)));
}

/** @param {PageData} data @param {TableData[]} outputs @param {boolean} hasMarket */
function navigation(data, outputs, hasMarket) {
  const link = (/** @type {string} */ to, /** @type {(Node | string)[]} */ ...content) => element('a', { href: `#${to}` }, ...content);
  return element('nav', { 'aria-label': 'Parts of the report' },
    ...(data.report.limits ?? []).map(({ table, value }) => link(limitAnchor(table), value)), ...changesAnchors(data).map((id) => link(id, id.replaceAll('-', ' '))),
    ...(hasMarket ? [link('market', 'market')] : []), ...(data.report.accuracy === undefined ? [] : [link('accuracy', 'accuracy')]),
    ...outputs.map(({ name, total }) => link(anchorOf(name), name, ' ', element('span', { class: 'count' }, countText(total)))), link('plan', 'plan'), link('run', 'run'));
}

/** From the system's scheme to the other one, and back. */
function schemeButton() {
  return button('◐', () => {
    const root = document.documentElement;
    const isDark = getComputedStyle(root).getPropertyValue('color-scheme') === 'dark' || (root.dataset.scheme === undefined && matchMedia('(prefers-color-scheme: dark)').matches);
    root.dataset.scheme = isDark ? 'light' : 'dark';
    repaint();
  }, { class: 'quiet scheme', 'aria-label': 'Light or dark', title: 'Light or dark' });
}

/** @param {string} name */
function anchorOf(name) {
  return `output-${encodeURIComponent(name)}`;
}

/** @param {PageData} data @param {TableData} table @param {Parameters<typeof makeTable>[1]} alerts Where its rows can be shown in the chart. @param {TableData | null} changelog */
function outputSection({ report, charts, evidence }, table, alerts, changelog) {
  const output = Object.hasOwn(report.outputs, table.name) ? report.outputs[table.name] : null;
  const chart = Object.hasOwn(charts, table.name) ? [makeChart(table.name, charts[table.name])] : [];
  const digest = output === null ? [] : [element('span', { class: 'muted' }, 'digest ', digestElement(output.digest))];
  const refused = table.name === 'late' ? report.lateRows : table.name === 'dead_letters' ? report.deadRows : null;
  const about = output === null
    ? refused === null ? [] : [plainTable(['rows', 'on the way to', 'operator', 'reason'], refused.map(({ output: to, operator, reason, rows }) => [rows, to ?? '–', operator, reason]))]
    : [element('details', {}, element('summary', {}, `${countedText(output.columns.length, 'column')}, digests`), columnsTable(output.columns), ...digestLines(output))];
  const title = refused === null || output !== null ? table.name : table.name === 'late' ? 'Late rows' : 'Dead letters';
  const changes = output?.changes === undefined ? '' : ` after ${countedText(output.changes, 'change')}`;
  const hint = alerts == null || table.rows.length === 0 ? [] : [element('span', { class: 'note' }, `choose a row to see ${evidence.some((one) => one.table === table.name) ? 'what made it' : 'it in the chart'}`)];
  return section(anchorOf(table.name), title, [element('span', { class: 'muted' }, `${countedText(table.total, 'row')}${changes}`), ...digest, ...hint],
    ...(output === null ? about : []), makeTable(table, alerts), ...chart, ...(changelog === null || changelog.total === 0 ? [] : [changelogDetails(changelog)]), ...(output === null ? [] : about));
}

/** Made when it is opened. @param {TableData} changelog */
function changelogDetails(changelog) {
  const details = element('details', { class: 'changelog' }, element('summary', {}, changelog.total === 1 ? 'Its one change' : `Its ${countText(changelog.total)} changes, as they came about`));
  details.addEventListener('toggle', () => { if (details.open && details.childElementCount === 1) details.append(makeTable(changelog)); });
  return details;
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
  const table = plainTable(['', 'rows of', 'expected', 'actual'], rows);
  const unmet = report.expectations.filter(({ met }) => !met).length;
  const summary = element('summary', {}, unmet === 0 ? `All ${report.expectations.length} are met` : `${unmet} of ${report.expectations.length} are not met`);
  return [section('expectations', 'Expectations', [], element('details', { open: unmet > 0 }, summary, table))];
}

/** @param {PageData} data */
function accuracySection({ report: { accuracy } }) {
  if (accuracy === undefined) return [];
  const share = (/** @type {number | null} */ value) => (value === null ? '–' : `${numberText(value * 100, 1)} %`);
  const delay = (/** @type {number | undefined} */ millis) => (millis === undefined ? '–' : millis < 10_000 ? `${countText(Math.round(millis))} ms` : `${numberText(millis / 1000, 1)} s`);
  const unanswered = accuracy.types.filter(({ alerts, found }) => alerts === 0 && found === 0);
  // Where most labels have no alert at all, the alerts were meant for the others: those have the table.
  const silent = unanswered.length > accuracy.types.length / 2 && unanswered.length < accuracy.types.length ? unanswered : [];
  const rows = accuracy.types.filter((one) => !silent.includes(one)).map(({ type, labels, found, alerts, matched, precision, recall, delayMs }) => [
    element('code', {}, type), labels, found, meter(recall, share(recall)), alerts, matched, meter(precision, share(precision)), ...[delayMs?.median, delayMs?.p90, delayMs?.max].map((millis) => numberElement(delay(millis))),
  ]);
  const names = ['label', 'in the data', 'found', 'recall', 'alerts', 'right', 'precision', 'delay: median', 'p90', 'greatest'];
  const beside = element('span', { class: 'muted' }, `of ${accuracy.outputs.join(', ')}, up to ${durationText(accuracy.toleranceMs)} after a label ends`);
  const { notJudged } = accuracy;
  const unheard = silent.length === 0 ? [] : [element('p', { class: 'note' }, `No alert was raised for ${silent.map(({ type, labels }) => `${countText(labels)} ${type}`).join(', ')} of the labels.`)];
  const rest = notJudged.length === 0 ? [] : [element('p', { class: 'note' }, `No label is of the kind of ${notJudged.map(({ type, alerts }) => `${countText(alerts)} ${type}`).join(', ')}: neither right nor wrong.`)];
  return [section('accuracy', 'Accuracy', [beside], plainTable(names, rows), ...unheard, ...rest)];
}

/** A share as a bar with its number. @param {number | null} value @param {string} text */
function meter(value, text) {
  const bar = drawn('svg', { class: 'meter', viewBox: '0 0 60 8', width: 60, height: 8, 'aria-hidden': 'true' }, drawn('rect', { class: 'of', width: 60, height: 8, rx: 4 }), drawn('rect', { class: 'is', width: 60 * Math.max(0, Math.min(1, value ?? 0)), height: 8, rx: 4 }));
  return element('span', { class: 'share' }, bar, text);
}

/** @param {PageData} data */
function planSection({ graph, plan }) {
  return section('plan', 'Plan', [element('span', { class: 'muted' }, 'rows on the edges')], planDrawing(graph),
    element('details', {}, element('summary', {}, 'As text'), scrolled(element('pre', {}, plan), 'Plan')));
}

/** @param {PageData} data */
function runSection({ report, run }) {
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
  return section('run', 'Run', [],
    element('dl', { class: 'list' }, ...facts.map(([name, values]) => element('div', {}, element('dt', {}, name), element('dd', {}, ...values)))),
    element('p', { class: 'muted' }, 'To run it again and compare: ', element('code', {}, 'tapewright verify DIR'), '. To ask the outputs: ', element('code', {}, 'tapewright query DIR "SELECT …"'), '.'));
}

function footer() {
  const link = element('a', { href: 'https://www.tradingview.com/', rel: 'noopener noreferrer' }, 'TradingView');
  return element('footer', { class: 'muted' }, 'Charts by ', link, ' Lightweight Charts™, Copyright (c) 2026 TradingView, Inc.');
}
