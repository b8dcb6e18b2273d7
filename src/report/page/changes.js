/**
 * Transactions that were applied, gaps between them, and what had to hold whenever one ended.
 * @typedef {import('../changes.js').CaptureReport} CaptureReport
 * @typedef {import('../changes.js').BoundReport} BoundReport
 */

/** @param {PageData} data */
function changesSections({ report: { changes } }) {
  if (changes === undefined) return [];
  const { captures, invariants } = changes;
  const several = captures.length > 1;
  const named = (/** @type {CaptureReport} */ capture, /** @type {Node[]} */ parts) => (several ? [element('h3', {}, capture.tables.join(', ')), ...parts] : parts);
  return [
    section('transactions', 'Transactions', several ? [] : [element('span', { class: 'muted' }, `of ${captures[0].tables.join(', ')}, by ${captures[0].transactionTopic}`)], ...captures.flatMap((capture) => named(capture, transactionParts(capture)))),
    section('gaps', 'Gaps', [], ...captures.flatMap((capture) => named(capture, gapParts(capture)))),
    ...(invariants.length === 0 ? [] : [invariantsSection(invariants)]),
  ];
}

/** @param {CaptureReport} capture */
function transactionParts({ transactions, rows, rowsPerTransaction, repeats, repeatedTransactions, alone, incompleteCount, incomplete, restartCount, restarts }) {
  /** @type {[string, string, boolean][]} */
  const facts = [
    ['applied', countText(transactions), false], ['rows', rows === null ? 'not known' : countText(rows), false],
    ['rows per transaction', rowsPerTransaction === null ? '–' : numberText(rowsPerTransaction, 2), false], ['repeats dropped', countText(repeats), false],
    ...(repeatedTransactions === 0 ? [] : [/** @type {[string, string, boolean]} */ (['ENDs that came again', countText(repeatedTransactions), false])]),
    ...(alone === 0 ? [] : [/** @type {[string, string, boolean]} */ (['changes of no transaction', countText(alone), false])]),
    ['incomplete, not applied', countText(incompleteCount), incompleteCount > 0], ['restarts', countText(restartCount), restarts.some(({ overlaps }) => !overlaps)],
  ];
  const grid = element('dl', { class: 'facts' }, ...facts.map(([name, value, isNotable]) => element('div', { class: isNotable && 'notable' }, element('dt', {}, name), element('dd', {}, value))));
  return [
    grid,
    ...(incompleteCount === 0 ? [] : [folded(`${countText(incompleteCount)} incomplete where the data end`, true, listed(['transaction', 'changes there', 'expected'], incompleteCount, incomplete.map(incompleteCells)))]),
    ...(restartCount === 0 ? [] : [folded(`${countText(restartCount)} ${restartCount === 1 ? 'restart' : 'restarts'} of the connector`, restarts.some(({ overlaps }) => !overlaps),
      listed(['sent again', ...boundNames], restartCount, restarts.map(({ overlaps, unseen, after, before }) => [overlapText(overlaps, unseen), ...boundCells(after), ...boundCells(before)])))]),
  ];
}

/** @param {CaptureReport['incomplete'][number]} one @returns {(string | number | Node)[]} */
function incompleteCells({ xid, found, expected, alone }) {
  if (alone === undefined) return [xid ?? 'the snapshot', found, expected === null ? 'not known: no END' : countText(expected)];
  const { table, firstLsn, lastLsn } = alone;
  return [`none: ${table}, ${firstLsn === null ? 'LSN not known' : firstLsn === lastLsn ? `LSN ${firstLsn}` : `LSN ${firstLsn} to ${lastLsn}`}`, found, 'what came before them'];
}

/** @param {boolean} overlaps @param {number | null} unseen */
function overlapText(overlaps, unseen) {
  if (overlaps) return element('span', { class: 'met' }, 'yes: nothing is missing');
  return element('span', { class: 'unmet' }, unseen === null ? 'no: only the database knows' : `no: ${countText(unseen)} numbers not seen, only the database knows`);
}

const boundNames = ['after transaction', 'LSN', 'committed', 'before transaction', 'LSN', 'committed'];

/** @param {BoundReport | null} bound @returns {(string | Node)[]} */
function boundCells(bound) {
  if (bound === null) return ['none', '–', '–'];
  const { xid, lsn, time } = bound;
  return [xid, lsn === null ? null : String(lsn), time].map((part) => (part === null ? '–' : element('span', { class: 'exact' }, part)));
}

/** @param {CaptureReport} capture */
function gapParts({ gapCount, gaps, transactions }) {
  if (gapCount === 0) return [element('p', {}, element('span', { class: 'met' }, '✓ none'), transactions < 2 ? '' : ': each transaction follows the one before it, and none lacks a change')];
  const about = (/** @type {CaptureReport['gaps'][number]['tables']} */ tables) => (tables.length === 0 ? 'any' : tables.map(({ table, expected, found }) => (expected === 0 && found === 0 ? table : `${table}: ${countText(found)} of ${countText(expected)}`)).join(', '));
  return [
    listed(['kind', ...boundNames, 'tables', 'changes not used'], gapCount, gaps.map(({ kind, after, before, tables, unused, text }) => [
      element('span', { class: 'unmet', title: text }, kind), ...boundCells(after), ...boundCells(before), about(tables), unused,
    ])),
  ];
}

/** A table with a word on what it leaves out. @param {string[]} names @param {number} count @param {(string | number | Node)[][]} rows */
function listed(names, count, rows) {
  const table = plainTable(names, rows);
  if (count > rows.length) table.append(element('p', { class: 'note' }, `The first ${countText(rows.length)} of ${countText(count)}; cdc.json of the bundle has all.`));
  return table;
}

/** @param {string} title @param {boolean} open @param {Node[]} content */
function folded(title, open, ...content) {
  return element('details', { open }, element('summary', {}, title), ...content);
}

/** @param {readonly import('../changes.js').InvariantReport[]} invariants */
function invariantsSection(invariants) {
  const broken = invariants.filter(({ held }) => !held).length;
  const verdict = element('span', { class: broken === 0 ? 'met' : 'unmet' }, broken === 0 ? `✓ all ${invariants.length} held at each transaction's end` : `✗ ${broken} of ${invariants.length} were broken`);
  const rows = invariants.map(({ output, rows: standing, changes, held }) => [
    element('span', { class: held ? 'met' : 'unmet' }, held ? '✓ held' : standing === 0 ? '✗ broken on the way' : '✗ broken'), element('a', { href: `#${anchorOf(output)}` }, output), standing, changes ?? '–',
  ]);
  return section('invariants', 'Invariants', [verdict, element('span', { class: 'note' }, 'outputs that must have no row, not even for a moment')], plainTable(['', 'output', 'rows', 'changes'], rows));
}
