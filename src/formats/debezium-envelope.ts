/** Debezium's envelopes: what happened to a row, in which transaction, and how the connector wrote its values. */
import { REMOVE, TRUNCATE, UPSERT } from '../core/change.js';
import type { CaptureEvent, SnapshotPlace } from '../cdc/event.js';
import type { DebeziumAvro } from './debezium-avro.js';
import { memberText, objectOf, type CapturedRecord } from './debezium-record.js';

export type Json = Readonly<Record<string, unknown>>;

/** How a connector wrote the values of a field: Connect's name of the type, and the digits after a decimal's point. */
export interface WrittenType {
  readonly name: string | null;
  readonly scale: number | null;
}

/** A change as it was written: the row after it, or of a row that is gone its key. */
export interface Change {
  /** As core/change.ts numbers them. */
  readonly operation: number;
  readonly image: Json;
  /** By field; null: the values came without a schema. */
  readonly types: ReadonlyMap<string, WrittenType> | null;
  readonly source: Json;
  /** When the connector took it, epoch ms. */
  readonly taken: number | null;
  readonly record: Pick<CapturedRecord, 'topic' | 'partition' | 'offset' | 'timestamp'>;
  /** Where the row's key changes: the place in the log that the delete of the one and the create of the other share; null: it does not. */
  readonly moved: string | null;
  /** The source text of a field: JavaScript rounds numbers beyond 2^53. Null: its values are exact. */
  readonly text: ((field: string) => string) | null;
}

export type Decoded =
  | { readonly kind: 'event'; readonly event: CaptureEvent<Change> }
  /** A tombstone, a heartbeat, a message that a transaction wrote: nothing that a table has. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'bad'; readonly error: string };

const nothing: Decoded = { kind: 'nothing' };
const bad = (error: string): Decoded => ({ kind: 'bad', error });

/** `avro`: for payloads in bytes; null: there are no schemas, and such records are bad. */
export function decodeRecord(record: CapturedRecord, avro: DebeziumAvro | null): Decoded {
  const { value } = record;
  if (value === null || value.length === 0) return nothing;
  if (typeof value !== 'string') return avro === null ? bad('the value is Avro, and its schemas are not at hand') : avro.decode(record, value);
  const read = objectOf(value);
  if (read === null) return bad('the value is not a JSON object');
  const wrapped = 'payload' in read && 'schema' in read;
  const envelope = wrapped ? (read['payload'] as Json | null) : read;
  if (envelope === null) return nothing;
  if (!isObject(envelope)) return bad("the value's payload is not a JSON object");
  const place = wrapped ? ['payload'] : [];
  return eventOf(record, envelope, {
    key: () => keyOf(record), types: wrapped ? typesOf(read['schema'] as Json | null) : null,
    text: (image) => (field) => memberText(value, [...place, image, field]),
  });
}

/** What the formats say of an envelope besides its values. */
export interface Written {
  /** Asked for where the row is gone. */
  readonly key: () => Json | null;
  readonly types: ReadonlyMap<string, WrittenType> | null;
  readonly text: ((image: 'before' | 'after') => (field: string) => string) | null;
}

export function eventOf(record: CapturedRecord, envelope: Json, written: Written): Decoded {
  const { status } = envelope;
  if ((status === 'BEGIN' || status === 'END') && typeof envelope['id'] === 'string') return boundaryOf(envelope, status);
  const source = envelope['source'] as Json | null | undefined;
  const op = envelope['op'];
  if (typeof op !== 'string' && isHeartbeat(envelope)) return nothing;
  if (typeof op !== 'string') return bad(`the value has no 'op': it is not a Debezium envelope${'after' in envelope ? '' : '; where the connector flattens records (ExtractNewRecordState), take that out'}`);
  if (op === 'm') return messageOf(envelope, source ?? {});
  if (!['r', 'c', 'u', 'd', 't'].includes(op)) return bad(`the value's op '${op}' is none of r, c, u, d, t, m`);
  const change = changeOf(op, envelope, record, source ?? {}, written);
  if (typeof change === 'string') return bad(change);
  return { kind: 'event', event: { kind: 'change', ...placeOf(record, envelope, source ?? {}, op), isTruncate: op === 't', row: change } };
}

/** Told by the connector now and then, in a topic of its own, or where it is routed to. */
const isHeartbeat = (envelope: Json): boolean => typeof envelope['ts_ms'] === 'number' && Object.keys(envelope).length === 1;

function changeOf(op: string, envelope: Json, record: CapturedRecord, source: Json, { key, types, text }: Written): Change | string {
  const before = envelope['before'] as Json | null | undefined;
  const after = envelope['after'] as Json | null | undefined;
  const common = { types, source, taken: numberOf(envelope['ts_ms']), record, moved: movedOf(op, record, source) };
  if (op === 't') return { ...common, operation: TRUNCATE, image: {}, text: null };
  if (op !== 'd') {
    if (after == null) return `the value has op '${op}' and no 'after'`;
    if (!isObject(after)) return "the value's 'after' is no row: it is not a JSON object";
    return { ...common, operation: UPSERT, image: after, text: text?.('after') ?? null };
  }
  // Of the image before, only the key is to be trusted; the record's own key is that in any case.
  const known = key();
  if (before == null && known === null) return "the value has op 'd', and neither a 'before' nor the record a key";
  return { ...common, operation: REMOVE, image: { ...before, ...known }, text: before == null ? null : (text?.('before') ?? null) };
}

/** Each has the key of the other in a header. */
function movedOf(op: string, { headers }: CapturedRecord, { lsn }: Json): string | null {
  const isMoved = (op === 'd' && headers['__debezium.newkey'] !== undefined) || (op === 'c' && headers['__debezium.oldkey'] !== undefined);
  return isMoved && numberOf(lsn) !== null ? String(lsn) : null;
}

function placeOf(record: CapturedRecord, envelope: Json, source: Json, op: string) {
  const transaction = envelope['transaction'] as Json | null | undefined;
  const id = transaction?.['id'];
  const lastCommit = /^\["(\d+)"/.exec(String(source['sequence']))?.[1];
  const run = record.headers['__debezium.context.runId'];
  const schema = source['schema'] ?? source['db'];
  return {
    topic: record.topic, partition: record.partition, offset: record.offset,
    table: `${schema == null ? '' : `${String(schema)}.`}${String(source['table'] ?? '')}`,
    // The second half of the id differs from change to change.
    xid: typeof id === 'string' ? xidOf(id) : null, order: numberOf(transaction?.['total_order']) ?? 0,
    lsn: numberOf(source['lsn']), lastCommit: lastCommit === undefined ? null : Number(lastCommit),
    time: numberOf(source['ts_ms']) ?? -Infinity, snapshot: snapshotOf(source['snapshot'], op), run: typeof run === 'string' ? run : null,
  };
}

const xidOf = (id: string): string => id.slice(0, id.includes(':') ? id.indexOf(':') : id.length);

export function snapshotOf(marker: unknown, op: string): SnapshotPlace | null {
  switch (marker) {
    case 'incremental': return 'incremental';
    case 'last': return 'end';
    case 'last_in_data_collection': return 'table-end';
    case 'true': case true: case 'first': case 'first_in_data_collection': return 'within';
    default: return op === 'r' ? 'within' : null;
  }
}

/** Of the messages that clients write into the log, those outside of transactions count for commits. */
function messageOf({ transaction }: Json, { lsn }: Json): Decoded {
  const at = numberOf(lsn);
  return at === null || transaction != null ? nothing : { kind: 'event', event: { kind: 'message', lsn: at } };
}

function boundaryOf(envelope: Json, status: 'BEGIN' | 'END'): Decoded {
  const id = envelope['id'] as string;
  const xid = xidOf(id);
  if (status === 'BEGIN') return { kind: 'event', event: { kind: 'begin', xid } };
  // Other databases name transactions otherwise, and Debezium 1 left out where they were committed.
  if (!/^\d+:\d+$/.test(id)) return bad(`the END of transaction '${id}' does not say xid:LSN, as Debezium 2 and newer do of PostgreSQL: apply its changes one by one, with SET 'cdc.transaction.topic' = 'none'`);
  const collections = envelope['data_collections'] ?? [];
  if (!Array.isArray(collections) || !collections.every((each) => isObject(each) && typeof each['data_collection'] === 'string' && isCount(each['event_count']))) {
    return bad(`the END of transaction '${id}' does not say of each table how many changes it has`);
  }
  return {
    kind: 'event',
    event: {
      kind: 'end', xid, lsn: Number(id.slice(xid.length + 1)), time: numberOf(envelope['ts_ms']) ?? -Infinity,
      counts: new Map((collections as readonly Json[]).map((each) => [String(each['data_collection']), Number(each['event_count'])])),
    },
  };
}

/** Avro's are BIGINT. */
const isCount = (value: unknown): boolean => (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') && Number.isSafeInteger(Number(value)) && Number(value) >= 0;

/** The payload of the record's key. */
function keyOf({ key }: CapturedRecord): Json | null {
  const read = typeof key === 'string' ? objectOf(key) : null;
  if (read === null) return null;
  return 'payload' in read && 'schema' in read ? (read['payload'] as Json | null) : read;
}

export const numberOf = (value: unknown): number | null => (value === null || value === undefined || value === '' || !Number.isFinite(Number(value)) ? null : Number(value));

/** Of the fields of `after`, from the schema that Connect's JSON converter writes beside each value. */
export function typesOf(schema: Json | null): ReadonlyMap<string, WrittenType> | null {
  const fields = fieldsOf(schema);
  const rows = fields.find(({ field }) => field === 'after') ?? fields.find(({ field }) => field === 'before');
  if (rows === undefined) return null;
  return new Map(fieldsOf(rows).map((field) => [String(field['field']), {
    name: typeof field['name'] === 'string' ? field['name'] : null,
    scale: numberOf((field['parameters'] as Json | undefined)?.['scale']),
  }]));
}

/** Those of a schema; none where it is damaged. */
function fieldsOf(schema: Json | null): readonly Json[] {
  const fields = isObject(schema) ? schema['fields'] : null;
  return Array.isArray(fields) ? fields.filter(isObject) : [];
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
