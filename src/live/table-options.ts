/** Options of Kafka tables: each is honoured, has nothing to say to live, or is refused by its name. */
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import type { JsonStyle } from '../formats/json-writer.js';
import type { JsonOptions } from './json-decoder.js';

export type Options = Readonly<Record<string, string>>;

/** `raw`: one column, its text in UTF-8. */
export type Format = 'json' | 'avro-confluent' | 'raw';

/** Read somewhere in live, or by the plan. */
const honoured = [
  'connector', 'topic', 'format', 'value.format', 'key.format', 'key.fields', 'key.fields-prefix', 'value.fields-include', 'properties.bootstrap.servers',
  'scan.startup.mode', 'scan.startup.timestamp-millis', 'scan.startup.specific-offsets', 'scan.bounded.mode', 'scan.bounded.timestamp-millis', 'scan.bounded.specific-offsets',
  'properties.group.id', 'properties.auto.offset.reset', 'sink.partitioner',
];

const honouredOfFormats: Readonly<Record<string, readonly string[]>> = {
  json: ['fail-on-missing-field', 'ignore-parse-errors', 'timestamp-format.standard', 'encode.ignore-null-fields'],
  'avro-confluent': ['url', 'subject'],
  'debezium-avro-confluent': ['url', 'schema-registry.url'],
  'debezium-json': ['timestamp-format.standard', 'encode.ignore-null-fields'],
  raw: ['charset', 'endianness'],
};

/** A lane, a transaction and our own client take their place: rows are the same whatever they say. */
const indifferent = [
  'sink.delivery-guarantee', 'sink.semantic', 'sink.transactional-id-prefix', 'sink.transaction-naming-strategy', 'sink.parallelism', 'scan.parallelism', 'scan.topic-partition-discovery.interval',
  'sink.buffer-flush.max-rows', 'sink.buffer-flush.interval',
];
const indifferentOfFormats: Readonly<Record<string, readonly string[]>> = {
  json: ['map-null-key.mode', 'map-null-key.literal', 'encode.decimal-as-plain-number', 'decode.json-parser.enabled'],
  'debezium-json': ['schema-include', 'ignore-parse-errors', 'map-null-key.mode', 'map-null-key.literal', 'encode.decimal-as-plain-number'],
};
const tuning = /^properties\.(client\.id|client\.rack|enable\.auto\.commit|auto\.commit\.interval\.ms|isolation\.level|fetch\..+|max\.poll\..+|max\.partition\..+|session\.timeout\.ms|heartbeat\.interval\.ms|request\.timeout\.ms|default\.api\.timeout\.ms|connections\..+|reconnect\..+|retry\..+|retries|metadata\..+|receive\.buffer\.bytes|send\.buffer\.bytes|partition\.discovery\..+|acks|linger\.ms|batch\.size|buffer\.memory|compression\.type|max\.request\.size|max\.in\.flight\..+|max\.block\.ms|enable\.idempotence|delivery\.timeout\.ms|transaction\.timeout\.ms|transactional\.id)$/;

/** What takes the place of an option that is refused. */
const instead: readonly (readonly [RegExp, string])[] = [
  [/^properties\.(sasl|security|ssl)\./, 'give KAFKA_SASL_… and KAFKA_SSL_… in the environment: secrets do not belong into SQL'],
  [/avro-confluent\.(basic-auth|bearer-auth|ssl)\./, 'give SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD in the environment: secrets do not belong into SQL'],
  [/avro-confluent\.schema$/, 'the schema is made of the columns'],
  [/^topic-pattern$/, "name one topic: 'topic' = '…'"],
  [/^scan\.watermark\./, "SET 'table.exec.source.idle-timeout' for partitions that fall silent"],
];

/** Throws SQL_UNSUPPORTED at the first option that is not known here. */
export function checkOptions(table: string, options: Options): void {
  for (const [option, value] of Object.entries(options)) {
    if (option === 'properties.isolation.level' && value !== 'read_committed') throw refused(table, `'${option}' is '${value}'`, 'live reads what is committed');
    if (/(^|\.)raw\.charset$/.test(option) && !/^utf-?8$/i.test(value)) throw refused(table, `'${option}' is '${value}'`, 'live reads and writes texts as UTF-8');
    if (isKnown(option)) continue;
    const meant = nearest(option, [...honoured, ...indifferent, ...Object.entries(honouredOfFormats).flatMap(([format, names]) => names.map((name) => `${format}.${name}`))]);
    throw refused(table, `live does not know its option '${option}'`, instead.find(([pattern]) => pattern.test(option))?.[1] ?? (meant === null ? 'leave it out' : `did you mean '${meant}'?`));
  }
}

function isKnown(option: string): boolean {
  if (honoured.includes(option) || indifferent.includes(option) || tuning.test(option)) return true;
  const found = /^(?:key\.|value\.)?(json|avro-confluent|raw|debezium-json|debezium-avro-confluent)\.(.+)$/.exec(option);
  return found !== null && (honouredOfFormats[found[1]!]!.includes(found[2]!) || indifferentOfFormats[found[1]!]?.includes(found[2]!) === true);
}

/** An option of a format: `json.…` where `format` names it, `value.json.…` or `key.json.…` where the part's own option does. */
export function formatOption(options: Options, part: 'key' | 'value', name: string): string | undefined {
  return part === 'value' && options['value.format'] === undefined ? options[name] : options[`${part}.${name}`];
}

/** Throws SQL_UNSUPPORTED. */
export function jsonOptions(table: string, options: Options, part: 'key' | 'value'): JsonOptions {
  const failOnMissingField = flag(table, options, part, 'json.fail-on-missing-field');
  const ignoreParseErrors = flag(table, options, part, 'json.ignore-parse-errors');
  if (failOnMissingField && ignoreParseErrors) throw refused(table, "'json.fail-on-missing-field' and 'json.ignore-parse-errors' are both true", 'choose one');
  return { failOnMissingField, ignoreParseErrors };
}

export function jsonStyle(table: string, options: Options, part: 'key' | 'value'): JsonStyle {
  const standard = formatOption(options, part, 'json.timestamp-format.standard') ?? 'SQL';
  if (standard !== 'SQL' && standard !== 'ISO-8601') throw refused(table, `'json.timestamp-format.standard' is '${standard}'`, "write 'SQL' or 'ISO-8601'");
  return { isIso: standard === 'ISO-8601', omitsNulls: flag(table, options, part, 'json.encode.ignore-null-fields') };
}

function flag(table: string, options: Options, part: 'key' | 'value', name: string): boolean {
  const given = formatOption(options, part, name) ?? 'false';
  if (given !== 'true' && given !== 'false') throw refused(table, `'${name}' is '${given}'`, 'write true or false');
  return given === 'true';
}

export const refused = (table: string, what: string, instead: string): TapewrightError =>
  new TapewrightError('SQL_UNSUPPORTED', `table ${table} cannot run live: ${what}; ${instead}`, { table });
