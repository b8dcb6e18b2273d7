/** A recording through the assembler alone. */
import type { CaptureEvent, Transaction } from '../../src/cdc/event.js';
import type { Gap, Incomplete, Restart } from '../../src/cdc/gap.js';
import { TransactionAssembler, type AssemblerCounts } from '../../src/cdc/transactions.js';
import { decodeRecord, type Change } from '../../src/formats/debezium-envelope.js';
import type { ModelRecord } from './model.js';

export const topics = ['db.cdc.accounts', 'db.cdc.entries'];

export interface Assembled {
  readonly given: readonly Transaction<Change>[];
  readonly gaps: readonly Gap[];
  readonly incomplete: readonly Incomplete[];
  readonly counts: AssemblerCounts;
  readonly restarts: readonly (Restart & { readonly text: string })[];
}

export interface AssembleOptions {
  /** Before this event the assembler's state goes through JSON into another one. */
  readonly saveAt?: number;
  readonly partitions?: number;
  /** After how many events what is whole is taken. */
  readonly takeEvery?: number;
  /** Those that are read. */
  readonly topics?: readonly string[];
  /** Where it is read, too. */
  readonly messageTopic?: string | null;
}

/** Records are decoded once, however many gaps are planted among them. */
const decodedOf = new WeakMap<ModelRecord, CaptureEvent<Change>[]>();

export const eventsOf = (records: readonly ModelRecord[], read: readonly string[] = topics): CaptureEvent<Change>[] =>
  records.filter(({ topic }) => !topic.startsWith('db.cdc.') || read.includes(topic)).flatMap((record) => {
    let events = decodedOf.get(record);
    if (events === undefined) {
      const decoded = decodeRecord(record, null);
      decodedOf.set(record, events = decoded.kind === 'event' ? [decoded.event] : []);
    }
    return events;
  });

export function assemble(records: readonly ModelRecord[], options: AssembleOptions = {}): Assembled {
  const messageTopic = records.some(({ topic }) => topic === 'db.message') ? 'db.message' : null;
  return assembleEvents(eventsOf(records, options.topics), { messageTopic, ...options });
}

export function assembleEvents(events: readonly CaptureEvent<Change>[], { saveAt = -1, partitions = 1, takeEvery = 1, topics: read = topics, messageTopic = null }: AssembleOptions = {}): Assembled {
  const make = (): TransactionAssembler<Change> => new TransactionAssembler<Change>(read, { partitions: () => partitions, messageTopic });
  let assembler = make();
  const outcomes = [];
  for (const [index, event] of events.entries()) {
    if (index === saveAt) {
      const state = JSON.parse(JSON.stringify(assembler.snapshot())) as ReturnType<typeof assembler.snapshot>;
      assembler = make();
      assembler.restore(state);
    }
    assembler.push(event);
    if ((index + 1) % takeEvery === 0 || index + 1 === saveAt) outcomes.push(...assembler.take());
  }
  const end = assembler.finish();
  outcomes.push(...end.outcomes);
  return {
    given: outcomes.filter((outcome) => outcome.kind === 'transaction'), gaps: outcomes.flatMap((outcome) => (outcome.kind === 'gap' ? [outcome.gap] : [])),
    incomplete: end.incomplete, counts: { ...assembler.counts }, restarts: assembler.restarts,
  };
}
