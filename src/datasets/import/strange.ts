/** Files that hold no lines of rows, told by their first line: a reader of CSV would only say that the columns fit nothing. */

const spreadsheet = 'is an Excel workbook; save it as CSV';

/** In latin1 what is not UTF-8, as the lines are. */
const kinds: readonly [RegExp, string][] = [
  [/^(?:ÿþ|þÿ|(?:[\t -~]\0){2}|(?:\0[\t -~]){2})/, "is UTF-16; write it as UTF-8 (iconv -f UTF-16 -t UTF-8 does)"],
  [/^\s*<(?:!doctype|html|head|\?xml|[a-z]+[ >])/i, 'is a web page or XML, as failed downloads often are; fetch the file again'],
  [/^%PDF-/, 'is a PDF; rows are read from CSV, JSON lines and Parquet'],
  [/^ÐÏ\x11à/, spreadsheet],
  [/^PK\x03\x04/, 'is an archive within an archive; unpack the outer one'],
  [/^\x1f/, 'is packed twice; unpack the outer archive'],
  [/[\0-\x08\x0e-\x1f]/, 'is no text; rows are read from CSV, JSON lines and Parquet'],
  [/\r./s, "has lines that end with a carriage return alone; write them with line feeds (tr '\\r' '\\n' does)"],
];

/** What the file is instead and what to do, to follow its name; null: nothing strange. */
export const strangeness = (line: string): string | null => kinds.find(([pattern]) => pattern.test(line))?.[1] ?? null;

/** The same of an archive that holds these files. */
export const strangeArchive = (names: readonly string[]): string | null => (names.includes('[Content_Types].xml') ? spreadsheet : null);
