/** Flink's `json`: an object a message. */
import { JsonScanner } from '../formats/json-scanner.js';
import type { Cells } from '../formats/message-cells.js';
import type { MessageBytes, MessageFormat, MessagePart, ReadEnd } from '../formats/message-format.js';
import { rawMember } from '../sources/jsonl.js';
import type { SourceColumn } from '../sources/source.js';
import { jsonReader, notA } from '../sources/values.js';

export interface JsonOptions {
  /** A field that is not there is no NULL. */
  readonly failOnMissingField: boolean;
  /** A field that cannot be read is NULL. */
  readonly ignoreParseErrors: boolean;
}

interface FieldReader {
  readonly name: string;
  readonly alias: string | null;
  readonly nullable: boolean;
  readonly read: ReturnType<typeof jsonReader>;
  readonly error: string;
}

type Json = Readonly<Record<string, unknown>>;

export class JsonFormat implements MessageFormat {
  readonly #fields: readonly FieldReader[];
  readonly #scanner: JsonScanner;

  constructor(columns: readonly SourceColumn[], private readonly options: JsonOptions = { failOnMissingField: false, ignoreParseErrors: false }, private readonly part: MessagePart = 'value') {
    this.#fields = columns.map(({ name, type, eventTime }) => ({ name, alias: eventTime ? 'timestamp' : null, nullable: type.nullable, read: jsonReader(type), error: notA(type) }));
    this.#scanner = new JsonScanner(columns, this.#fields.map(({ alias }) => alias), columns.map(({ type }) => type.nullable && !options.failOnMissingField));
  }

  ready(messages: readonly MessageBytes[]): number {
    return messages.length;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  read(messages: readonly MessageBytes[], from: number, to: number, cells: readonly Cells[], end: ReadEnd): void {
    for (end.index = from; end.index < to; end.index += 1) {
      const { keyBytes, keyAt, keyEnd, valueBytes, valueAt, valueEnd } = messages[end.index]!;
      const isKey = this.part === 'key';
      const bytes = isKey ? keyBytes : valueBytes, first = isKey ? keyAt : valueAt, last = isKey ? keyEnd : valueEnd;
      if (first >= 0 && this.#scanner.read(bytes, first, last, end.row, cells)) {
        end.row += 1;
        continue;
      }
      for (const each of cells) each.clear(end.row);
      const text = first < 0 ? '' : textOf(bytes.subarray(first, last));
      const record = text === null ? null : parsed(text);
      end.failure = text === null ? 'the message is not UTF-8' : record === null ? 'the message is not a JSON object' : this.#row(record, text, cells, end);
      if (end.failure !== null) return;
      end.row += 1;
    }
  }

  #row(record: Json, text: string, cells: readonly Cells[], end: ReadEnd): string | null {
    const { failOnMissingField, ignoreParseErrors } = this.options;
    for (let index = 0; index < this.#fields.length; index += 1) {
      const { name, alias, nullable, read, error } = this.#fields[index]!;
      const member = Object.hasOwn(record, name) || alias === null ? name : alias;
      const isThere = Object.hasOwn(record, member);
      const found = isThere ? record[member] : null;
      let given = found === null ? null : read(found, () => rawMember(text, member));
      if (given === undefined && ignoreParseErrors && nullable) given = null;
      end.column = index;
      if (given === undefined) return error;
      if (given === null && !isThere && failOnMissingField) return 'the field is not there';
      if (given === null && !nullable) return isThere ? 'NULL, where the column is NOT NULL' : 'the field is not there, and the column is NOT NULL';
      cells[index]!.set(end.row, given);
    }
    end.column = -1;
    return null;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Replaced characters would make different texts one. */
function textOf(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : null;
  } catch {
    return null;
  }
}
