/** What else may become of a connector's records on their way. */
import { numbered, type ModelRecord } from './model.js';

/** Topics of several partitions: a record goes where its key says, one without a key anywhere. */
export function partitioned(records: readonly ModelRecord[], partitions: number): readonly ModelRecord[] {
  const partitionOf = ({ topic, key }: ModelRecord, index: number): number => {
    if (!topic.startsWith('db.cdc.')) return 0;
    if (key === null) return index % partitions;
    let hash = 7;
    for (const letter of key) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521;
    return hash % partitions;
  };
  return numbered(records.map((record, index) => ({ ...record, partition: partitionOf(record, index) })));
}

/** The connector was killed in the midst of its first snapshot, and made another one: of rows that were gone then, too. */
export function brokenOff(records: readonly ModelRecord[], rows: number): readonly ModelRecord[] {
  const first = records.slice(0, rows).map((record) => ({
    ...record, headers: { ...record.headers, '__debezium.context.runId': 'run-0' },
    value: record.value!.replace(/"snapshot":"\w+"/, '"snapshot":"true"').replaceAll('1000', '992'),
  }));
  const gone = first.map((record, index) => ({ ...record, key: `{"id":${900 + index}}`, value: record.value.replace(/"id":\d+/, `"id":${900 + index}`) }));
  return numbered([...first, ...gone, ...records]);
}

/** As Debezium before 3.7 leaves it that is killed before the record `at`: it counts the changes of that transaction from 1 again. */
export function countedAnew(records: readonly ModelRecord[], at: number, back: number): readonly ModelRecord[] {
  const xidOf = ({ value }: ModelRecord): string | undefined => /"id":"(\d+):\d+"/.exec(value ?? '')?.[1];
  const record = records[at];
  const xid = record === undefined ? undefined : xidOf(record);
  if (xid === undefined) return records;
  const begins = records.findIndex((other) => xidOf(other) === xid);
  let from = Math.max(begins + 1, at - back);
  // It takes up a record of the log, and a change of a key is one.
  while (records[from]?.value === null || records[from]?.headers['__debezium.oldkey'] !== undefined) from -= 1;
  // It has to be in the midst of the transaction.
  if (from >= at || !records.slice(begins + 1, from).some((other) => xidOf(other) === xid)) return records;
  let order = 0;
  const counts = new Map<string, number>();
  const again = records.slice(from).map((other) => {
    const run = other.headers['__debezium.context.runId'];
    const headers = run === undefined ? other.headers : { ...other.headers, '__debezium.context.runId': `${run}, taken up` };
    if (other.value === null || xidOf(other) !== xid) return { ...other, headers };
    const value = JSON.parse(other.value) as { transaction?: { total_order: number }; source?: { table: string }; status?: string; event_count?: number; data_collections?: unknown };
    if (value.transaction !== undefined) {
      value.transaction.total_order = order += 1;
      counts.set(value.source!.table, (counts.get(value.source!.table) ?? 0) + 1);
    } else if (value.status === 'END') {
      value.event_count = order;
      value.data_collections = [...counts].map(([table, count]) => ({ data_collection: `public.${table}`, event_count: count }));
    }
    return { ...other, headers, value: JSON.stringify(value) };
  });
  // Without a change its END counts nothing, and who reads it cannot know whether all came.
  return order === 0 ? records : numbered([...records.slice(0, at), records[begins]!, ...again]);
}
