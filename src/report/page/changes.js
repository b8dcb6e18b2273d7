/**
 * Transactions that were applied, gaps between them, and what had to hold whenever one ended.
 * @typedef {import('../changes.js').CaptureReport} CaptureReport
 * @typedef {import('../changes.js').BoundReport} BoundReport
 */

/** @param {PageData} data */
function changesSections({ report: { changes } }) {
  if (changes === undefined) return [];
  const { captures, oneByOne = [], invariants } = changes;
  const gapped = [...captures.map((capture) => ({ ...capture, follows: capture.transactions >= 2 })), ...oneByOne.filter(({ gapCount }) => gapCount > 0).map((one) => ({ ...one, follows: false }))];
  const named = (/** @type {{ readonly tables: readonly string[] }} */ one, /** @type {boolean} */ several, /** @type {Node[]} */ parts) => (several ? [element('h3', {}, one.tables.join(', ')), ...parts] : parts);
  const about = captures.length === 1 ? [element('span', { class: 'muted' }, `of ${captures[0].tables.join(', ')}, by ${captures[0].transactionTopic}`)] : [];
  return [
    ...(captures.length === 0 ? [] : [section('transactions', 'Transactions', about, ...captures.flatMap((capture) => named(capture, captures.length > 1, transactionParts(capture))))]),
    ...(oneByOne.length === 0 ? [] : [oneByOneSection(oneByOne)]),
    ...(gapped.length === 0 ? [] : [section('gaps', 'Gaps', [], ...gapped.flatMap((one) => named(one, gapped.length > 1 || oneByOne.length > 0, gapParts(one))))]),
    ...(invariants.length === 0 ? [] : [invariantsSection(invariants)]),
  ];
}

/** Where the page tells of changes. @param {PageData} data */
function changesAnchors({ report: { changes } }) {
  if (changes === undefined) return [];
  const { captures, oneByOne = [] } = changes;
  const isGapped = captures.length > 0 || oneByOne.some(({ gapCount }) => gapCount > 0);
  return [...(captures.length > 0 ? ['transactions'] : []), ...(oneByOne.length > 0 ? ['one-by-one'] : []), ...(isGapped ? ['gaps'] : [])];
}

/** @param {readonly import('../changes.js').OneByOneReport[]} all */
function oneByOneSection(all) {
  const verdict = element('span', { class: 'unmet' }, 'atomicity is not kept');
  const note = element('span', { class: 'note' }, 'each change is applied as it comes: outputs show states between the changes of a transaction');
  return section('one-by-one', 'Changes one by one', [verdict, note], ...all.flatMap(({ tables, changes, repeats, partitionCount, partitions }) => [
    element('h3', {}, tables.join(', ')),
    element('dl', { class: 'facts' }, .../** @type {[string, number][]} */ ([['changes', changes], ['repeats dropped', repeats], ['partitions', partitionCount]]).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, countText(value))))),
    listed(['topic', 'partition', 'changes', 'repeats dropped', 'read up to LSN', 'commit before', 'latest commit'], partitionCount,
      partitions.map(({ topic, partition, changes: own, repeats: again, lsn, lastCommit, time }) => [topic, partition, own, again, ...[lsn, lastCommit, time].map((part) => (part === null ? '–' : element('span', { class: 'exact' }, String(part))))])),
  ]));
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

/** @param {Pick<CaptureReport, 'gapCount' | 'gaps'> & { follows: boolean }} one */
function gapParts({ gapCount, gaps, follows }) {
  if (gapCount === 0) return [element('p', {}, element('span', { class: 'met' }, '✓ none'), !follows ? '' : ': each transaction follows the one before it, and none lacks a change')];
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
