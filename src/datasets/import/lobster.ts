/** LOBSTER: message files, with the order book files beside them for bid and ask. */
import { TapewrightError } from '../../core/errors.js';
import { csvHead, type Head } from './head.js';
import { usual, type Kind, type Mapping } from './layout.js';
import type { Lines } from './text-file.js';
import { isShaped } from './shape.js';

const messageName = /_message_(\d+)/i;
export const bookName = /_orderbook_(\d+)/i;
/** Fields of a message; what a joined file has beyond them is of the order book. */
const messageFields = 6;

export const lobster: Mapping = {
  name: 'lobster',
  title: "LOBSTER's message files",
  headers: ['time', 'type', 'order_id', 'size', 'price', 'direction'],
  layout(head, asked) {
    const isMessage = isShaped(head, 'seconds event int int int side') || head.metadata['book'] !== undefined || ((asked || messageName.test(head.name)) && head.columns.length >= messageFields);
    if (head.form !== 'csv' || head.hasHeader || !isMessage) return null;
    const hasBook = head.metadata['book'] !== undefined;
    const fields = Number(head.metadata['fields'] ?? messageFields);
    const place = (index: number): string => String(fields + index);
    const book = hasBook ? { ask: place(1), askSize: place(2), bid: place(3), bidSize: place(4) } : {};
    return {
      ...usual, roles: { time: '1', size: '4', price: '5', ...book }, type: { column: '2', of: (value) => kindOf(value, hasBook) },
      time: { kind: 'seconds', advice: "LOBSTER's times are those of the exchange: --time-zone America/New_York" },
      priceExponent: -4, noPrices: ['9999999999', '-9999999999'], symbol: /^([A-Z0-9.-]+)_\d{4}-/i.exec(head.name)?.[1] ?? null, exchange: 'NASDAQ',
      says: [hasBook ? 'Bid and ask are those of the order book after each message.' : 'Without the orderbook file there are only trades, without bid and ask.'],
    };
  },
};

function kindOf(type: string | null, hasBook: boolean): Kind | undefined {
  switch (type) {
    case '1': case '2': case '3': return hasBook ? 'BBO' : { leftOut: 'orders submitted, changed or deleted (name the orderbook file too for their bid and ask)' };
    case '4': case '5': case '6': return 'TRADE';
    case '7': return { leftOut: 'trading halts' };
    default: return undefined;
  }
}

/** Message files joined, line by line, with those order book files of the same day that are there too. Throws DATASET_INVALID for a book alone. */
export function joinBooks(heads: readonly Head[]): Head[] {
  const books = heads.filter((head) => head.form === 'csv' && bookName.test(head.name));
  const taken = new Set<Head>();
  const joined = heads.filter((head) => !books.includes(head)).map((head) => {
    if (head.form !== 'csv' || !messageName.test(head.name)) return head;
    const book = books.find((each) => each.name.replace(bookName, '_') === head.name.replace(messageName, '_'));
    if (book === undefined) return head;
    taken.add(book);
    return join(head, book);
  });
  const alone = books.find((book) => !taken.has(book));
  if (alone !== undefined) {
    throw new TapewrightError('DATASET_INVALID', `${alone.path}: an order book file has no times of its own; name the message file beside it too`, { file: alone.path });
  }
  return joined;
}

function join(message: Head, book: Head): Head {
  const fields = message.columns.length;
  const sample = message.sample.map((record, index) => [...record, ...(book.sample[index] ?? [])].join(','));
  const lines = (): AsyncGenerator<Lines> => together(message, book);
  const head = csvHead(message.path, message.name, message.size + book.size, sample, lines);
  return { ...head, metadata: { book: book.path, fields: String(fields) } };
}

/** The records of both, side by side. */
async function* together(message: Head, book: Head): AsyncGenerator<Lines> {
  const others = lineByLine(book);
  let bytes = 0;
  for await (const piece of message.records([])) {
    const lines: string[] = [];
    for (let record = 0; record < piece.length; record += 1) {
      const line = piece.text(record);
      if (line === '') continue;
      const other = await others.next();
      if (other.done === true) throw uneven(message, book);
      lines.push(`${line},${other.value}`);
    }
    bytes = piece.bytes;
    yield { lines, foreign: null, bytes };
  }
  if ((await others.next()).done !== true) throw uneven(message, book);
}

async function* lineByLine(head: Head): AsyncGenerator<string> {
  for await (const piece of head.records([])) {
    for (let record = 0; record < piece.length; record += 1) if (piece.text(record) !== '') yield piece.text(record);
  }
}

const uneven = (message: Head, book: Head): TapewrightError =>
  new TapewrightError('DATASET_CORRUPT', `${message.path} and ${book.path} differ in their number of rows, but belong together row by row; fetch both again`, { message: message.path, book: book.path });
