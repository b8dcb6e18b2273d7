/** Flink's `raw`, for one column of text: the bytes are its UTF-8. */
import type { Cells, TextCells } from '../formats/message-cells.js';
import type { MessageFormat, MessagePart, ReadEnd } from '../formats/message-format.js';

export class RawFormat implements MessageFormat {
  constructor(private readonly part: 'key' | 'value') {}

  ready(messages: readonly MessagePart[]): number {
    return messages.length;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** No bytes at all are NULL. */
  read(messages: readonly MessagePart[], from: number, to: number, cells: readonly Cells[], end: ReadEnd): void {
    const [column] = cells as readonly TextCells[];
    for (end.index = from; end.index < to; end.index += 1) {
      const bytes = messages[end.index]![this.part];
      const code = bytes === null ? 0 : column!.strings.codeAt(bytes, 0, bytes.length);
      if (bytes !== null && code === 0) {
        end.failure = 'a text that is not UTF-8';
        end.column = 0;
        return;
      }
      column!.codes[end.row] = code;
      end.row += 1;
    }
  }
}
