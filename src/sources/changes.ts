/** One captured table from a recording, change by change: where nothing tells of transactions. */
import type { ChangeEvent } from '../cdc/event.js';
import { utf8Units } from '../core/utf8.js';
import type { DebeziumAvro } from '../formats/debezium-avro.js';
import { decodeRecord, type Change } from '../formats/debezium-envelope.js';
import { captureOf, topicAhead } from '../formats/debezium-record.js';
import { ChangeReader } from '../formats/debezium-values.js';
import { captureLines } from './capture-lines.js';
import { fingerprintOf } from './files.js';
import { batchOfRows, type RowValues } from './row-columns.js';
import type { RejectedRow, Source, SourceBatch, SourceColumn } from './source.js';

export interface ChangesOptions {
  readonly table: string;
  readonly files: readonly string[];
  readonly topics: readonly string[];
  /** What to say where the recording has nothing of it. */
  readonly absence: string | null;
  readonly columns: readonly SourceColumn[];
  readonly avro: DebeziumAvro | null;
  /** First position to deliver. Positions count the table's changes. */
  readonly from: number;
  readonly batchRows: number;
}

export class ChangesSource implements Source {
  readonly rowsTotal = null;
  readonly #lines: AsyncGenerator<readonly string[]>;
  readonly #reader: ChangeReader;
  #position = 0;
  #line = 0;
  #repeats = 0;
  /** By topic and partition: where the change before stands. */
  readonly #places = new Map<string, Place>();

  constructor(private readonly options: ChangesOptions) {
    this.#lines = captureLines(options.files);
    this.#reader = new ChangeReader(options.columns);
  }

  get remarks(): readonly string[] {
    const { table, absence } = this.options;
    const repeats = this.#repeats === 0 ? [] : [`${table}: ${this.#repeats} changes came again, and were left out`];
    return [`${table}: changes are applied one by one: the recording does not tell which belong to one transaction, so outputs show states between them`, ...(absence === null ? [] : [absence]), ...repeats];
  }

  async next(): Promise<SourceBatch | null> {
    const rows: RowValues[] = [];
    const positions: number[] = [];
    const rejected: RejectedRow[] = [];
    while (rows.length < this.options.batchRows && rejected.length < 4096) {
      const piece = await this.#lines.next();
      if (piece.done === true) break;
      for (const line of piece.value) this.#take(line, rows, positions, rejected);
    }
    if (rows.length === 0 && rejected.length === 0) return null;
    return {
      batch: batchOfRows(this.options.columns, rows), position: positions[0] ?? rejected[0]!.position, positions: Float64Array.from(positions), watermarks: null, rejected,
    };
  }

  #take(line: string, rows: RowValues[], positions: number[], rejected: RejectedRow[]): void {
    const at = this.#line;
    this.#line += 1;
    const ahead = topicAhead(line);
    if (ahead !== null && !this.options.topics.includes(ahead)) return;
    const record = captureOf(line, at);
    if (record !== null && !this.options.topics.includes(record.topic)) return;
    const decoded = record === null ? { kind: 'bad' as const, error: 'the line is not a JSON object' } : decodeRecord(record, this.options.avro);
    if (decoded.kind === 'nothing' || (decoded.kind === 'event' && decoded.event.kind !== 'change')) return;
    if (decoded.kind === 'event' && this.#isRepeat(decoded.event as ChangeEvent<Change>)) {
      this.#repeats += 1;
      return;
    }
    const position = this.#position;
    this.#position += 1;
    if (position < this.options.from) return;
    const read = decoded.kind === 'bad' ? { column: null, error: decoded.error } : this.#reader.read((decoded.event as ChangeEvent<Change>).row);
    if ('error' in read) rejected.push({ position, column: read.column, error: read.error, value: utf8Units(line) });
    else {
      rows.push(read);
      positions.push(position);
    }
  }

  /** A restarted connector sends again what it sent since its last flush. */
  #isRepeat({ topic, partition, lsn, lastCommit, order, snapshot }: ChangeEvent<Change>): boolean {
    if (snapshot !== null || lsn === null) return false;
    const name = `${topic} ${partition}`;
    const before = this.#places.get(name);
    const place = { lastCommit: lastCommit ?? -1, lsn, order };
    if (before !== undefined && isAtOrBefore(place, before)) return true;
    this.#places.set(name, place);
    return false;
  }

  fingerprint(): Promise<string> {
    return fingerprintOf(this.options.files);
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }
}

interface Place {
  readonly lastCommit: number;
  readonly lsn: number;
  /** Its number in its transaction; 0: it does not say, and changes may share an LSN. */
  readonly order: number;
}

/** By the commit before, then in its transaction: LSNs alone do not ascend, since transactions run side by side. */
function isAtOrBefore(one: Place, other: Place): boolean {
  if (one.lastCommit !== other.lastCommit) return one.lastCommit < other.lastCommit;
  if (one.order > 0 && other.order > 0) return one.order <= other.order;
  return one.lsn < other.lsn;
}
