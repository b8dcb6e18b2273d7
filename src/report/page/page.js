/** Where there are no prices, an alert is told below its table. @param {Alerts} alerts @param {string} table @param {number} row */
function tellAlert(alerts, table, row) {
  const alert = alerts.byRow.get(rowKey(table, row));
  const place = document.getElementById(anchorOf(table))?.querySelector('.table');
  if (alert === undefined || !place) return;
  place.parentElement?.querySelector('.alert')?.remove();
  place.after(alertDetail(alert, alerts.kinds));
}

/** Builds the page from the data that it carries. */
function build() {
  /** @type {PageData} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '');
  document.title = `${data.report.scenario} – Tapewright report`;
  const alerts = collectAlerts(data);
  const market = makeMarket(data, alerts);
  const isAlerts = (/** @type {TableData} */ table) => data.alerts.some((one) => one.table === table.name);
  const inChart = (/** @type {TableData} */ table) => {
    const roles = data.alerts.find((one) => one.table === table.name);
    if (roles === undefined) return null;
    return { pick: (/** @type {number} */ row) => (market === null ? tellAlert(alerts, table.name, row) : market.pick(table.name, row)), column: table.columns.findIndex(({ name }) => name === roles.kind), sign: (/** @type {string} */ kind) => signOf(alerts.kinds.indexOf(kind)) };
  };
  // A changelog stands folded below what it adds up to.
  const changelogs = new Map(data.tables.flatMap((table) => {
    const of = table.name.replace(/__changes$/, '');
    return of !== table.name && !Object.hasOwn(data.report.outputs, table.name) && Object.hasOwn(data.report.outputs, of) ? [/** @type {const} */ ([of, table])] : [];
  }));
  const own = data.tables.filter((table) => changelogs.get(table.name.replace(/__changes$/, '')) !== table);
  const outputs = [...own.filter(isAlerts), ...own.filter((table) => !isAlerts(table))];
  document.body.append(
    headSection(data), navigation(data, outputs, market !== null),
    element('main', {},
      ...limitSections(data), ...changesSections(data), ...(market === null ? [] : [market.node]), ...accuracySection(data), ...expectationsSection(data),
      ...outputs.map((table) => outputSection(data, table, inChart(table), changelogs.get(table.name) ?? null)),
      planSection(data), runSection(data)),
    footer());
}

build();
