/** Builds the page from the data that it carries. */
function build() {
  /** @type {PageData} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '');
  document.title = `${data.report.scenario} – Tapewright report`;
  document.body.append(
    headSection(data), navigation(data),
    element('main', {}, ...data.tables.map((table) => outputSection(data, table)), ...expectationsSection(data), runSection(data)), footer());
}

build();
