/** Builds the page from the data that it carries. */
function build() {
  /** @type {PageData} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '');
  document.title = `${data.report.scenario} – Tapewright report`;
  const alerts = collectAlerts(data);
  const market = makeMarket(data, alerts);
  const isAlerts = (/** @type {TableData} */ table) => data.alerts.some((one) => one.table === table.name);
  const outputs = [...data.tables.filter(isAlerts), ...data.tables.filter((table) => !isAlerts(table))];
  document.body.append(
    headSection(data), navigation(data, outputs, market !== null),
    element('main', {},
      ...(market === null ? [] : [market.node]), ...accuracySection(data), ...expectationsSection(data),
      ...outputs.map((table) => outputSection(data, table, market !== null && isAlerts(table) ? (row) => market.pick(table.name, row) : null)),
      planSection(data), runSection(data)),
    footer());
}

build();
