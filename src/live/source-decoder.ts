/** The decoder of a source's messages: what is in the value, what in the key, and what only Kafka knows. */
import type { MessageFormat, MessagePart } from '../formats/message-format.js';
import type { SourceColumn } from '../sources/source.js';
import { AvroFormat } from './avro-decoder.js';
import type { SourceTopic } from './connectors.js';
import { Decoder, type DecoderPart } from './decoder.js';
import { JsonFormat, type JsonOptions } from './json-decoder.js';
import { metadataReader, type MetadataReader } from './metadata.js';
import { RawFormat } from './raw-decoder.js';
import type { SchemaRegistry } from './registry.js';
import { refused, type Format } from './table-options.js';

/** `columns`: those that are read, metadata columns among them. Throws SQL_UNSUPPORTED. */
export function sourceDecoder({ table, topic, format, json, key }: SourceTopic, columns: readonly SourceColumn[], registry: SchemaRegistry | null): Decoder {
  const metadata: { column: number; read: MetadataReader }[] = [];
  const inKey: number[] = [], inValue: number[] = [];
  columns.forEach(({ name, type }, column) => {
    const found = table.metadata.find((each) => each.name === name);
    if (found !== undefined) {
      const read = metadataReader(found.key, type, topic);
      if (typeof read === 'string') throw refused(table.name, read, `leave the column ${name} out`);
      metadata.push({ column, read });
    } else (key?.fields.has(name) === true ? inKey : inValue).push(column);
  });
  const formatOf = (name: Format, part: MessagePart, named: readonly SourceColumn[], style: JsonOptions): MessageFormat =>
    (name === 'raw' ? new RawFormat(part) : name === 'json' ? new JsonFormat(named, style, part) : new AvroFormat(named, registry!, part));
  const parts: DecoderPart[] = [{ part: 'value', columns: inValue, format: formatOf(format, 'value', inValue.map((column) => columns[column]!), json) }];
  if (key !== null && inKey.length > 0) {
    const named = inKey.map((column) => ({ ...columns[column]!, name: key.fields.get(columns[column]!.name)! }));
    parts.push({ part: 'key', columns: inKey, format: formatOf(key.format, 'key', named, key.json) });
  }
  return new Decoder(columns, { parts, metadata });
}
