/** Flink's `raw`, for one column of text: the bytes are its UTF-8. */
import type { Cells, TextCells } from '../formats/message-cells.js';
import type { MessageBytes, MessageFormat, MessagePart, ReadEnd } from '../formats/message-format.js';

export class RawFormat implements MessageFormat {
  constructor(private readonly part: MessagePart) {}

  ready(messages: readonly MessageBytes[]): number {
    return messages.length;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** No bytes at all are NULL. */
  read(messages: readonly MessageBytes[], from: number, to: number, cells: readonly Cells[], end: ReadEnd): void {
    const [column] = cells as readonly TextCells[];
    if (column === undefined) {
      // Nobody asks for the text.
      end.row += to - from;
      end.index = to;
      return;
    }
    for (end.index = from; end.index < to; end.index += 1) {
      const { keyBytes, keyAt, keyEnd, valueBytes, valueAt, valueEnd } = messages[end.index]!;
      const isKey = this.part === 'key';
      const bytes = isKey ? keyBytes : valueBytes, first = isKey ? keyAt : valueAt, last = isKey ? keyEnd : valueEnd;
      const code = first < 0 ? 0 : column.strings.codeAt(bytes, first, last - first);
      if (first >= 0 && code === 0) {
        end.failure = 'a text that is not UTF-8';
        end.column = 0;
        return;
      }
      column.codes[end.row] = code;
      end.row += 1;
    }
  }
}
