/** Rows as files, made here: the page asks nobody for them. */

/** As a spreadsheet reads it; NULL is an empty field, an empty text is quoted. @param {readonly string[]} columns @param {readonly (readonly Cell[])[]} rows */
function csvText(columns, rows) {
  const field = (/** @type {Cell} */ cell) => {
    if (cell === null) return '';
    const text = String(cell);
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[columns, ...rows].map((row) => row.map(field).join(',')).join('\r\n')}\r\n`;
}

/** A list of objects. @param {readonly string[]} columns @param {readonly (readonly Cell[])[]} rows */
function jsonRows(columns, rows) {
  return `[\n${rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, row[index]])))).join(',\n')}\n]\n`;
}

/** @param {string} name @param {string} type @param {string} text */
function saveFile(name, type, text) {
  const link = element('a', { download: name });
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  // The browser has taken the file up by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * Buttons that save rows as CSV or JSON.
 * @param {string} name @param {readonly string[]} columns @param {() => readonly (readonly Cell[])[]} rows
 */
function exportButtons(name, columns, rows) {
  const file = name.replace(/[^\p{L}\p{N}_.-]+/gu, '_');
  return element('span', { class: 'exports' },
    button('CSV', () => saveFile(`${file}.csv`, 'text/csv', csvText(columns, rows())), { class: 'quiet', title: 'Save the rows that are found as CSV', 'aria-label': `Save rows of ${name} as CSV` }),
    button('JSON', () => saveFile(`${file}.json`, 'application/json', jsonRows(columns, rows())), { class: 'quiet', title: 'Save the rows that are found as JSON', 'aria-label': `Save rows of ${name} as JSON` }));
}
