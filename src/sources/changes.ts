/** One captured table from a recording, change by change: where nothing tells of transactions. */
import { ChangePlaces, type ReachedPartition } from '../cdc/change-by-change.js';
import { gapError, gapText, type Gap } from '../cdc/gap.js';
import type { TapewrightError } from '../core/errors.js';
import type { ChangeEvent } from '../cdc/event.js';
import { BAD, type DecodedTable } from './capture-batch.js';
import { CaptureEvents, GatheredRows, isChange, rowOf } from './capture-rows.js';
import { openCaptureSource, type CaptureSource } from './capture-source.js';
import type { Recording } from './recorded-rows.js';
import type { RejectedRow, Source, SourceBatch, SourceColumn } from './source.js';

export interface ChangesOptions {
  readonly table: string;
  readonly recording: Recording;
  readonly topics: readonly string[];
  /** What to say where the recording has nothing of it. */
  readonly absence: string | null;
  readonly columns: readonly SourceColumn[];
  /** First position to deliver. Positions count the table's changes. */
  readonly from: number;
  readonly batchRows: number;
  readonly stopsAtGaps: boolean;
}

export class ChangesSource implements Source {
  readonly rowsTotal = null;
  readonly #source: CaptureSource;
  readonly #events: CaptureEvents;
  readonly #rows: GatheredRows;
  #position = 0;
  #repeats = 0;
  #unreadable = 0;
  #unreadableFirst = '';
  readonly #gaps: Gap[] = [];
  #failure: TapewrightError | null = null;
  readonly #places = new ChangePlaces();

  constructor(private readonly options: ChangesOptions) {
    const { recording, topics, columns } = options;
    const tables: readonly DecodedTable[] = [{ topics, columns }];
    this.#source = openCaptureSource({ recording, tables, transactionTopic: null, tellsAll: true });
    this.#events = new CaptureEvents(tables);
    this.#rows = new GatheredRows(columns);
  }

  get table(): string {
    return this.options.table;
  }

  get remarks(): readonly string[] {
    const { table, absence } = this.options;
    const repeats = this.#repeats === 0 ? [] : [`${table}: ${this.#repeats} changes came again, and were left out`];
    const unreadable = this.#unreadable === 0 ? [] : [`${table}: ${this.#unreadable} record${this.#unreadable === 1 ? '' : 's'} cannot be read (dead letters), the first since ${this.#unreadableFirst}`];
    return [`${table}: changes are applied one by one: the recording does not tell which belong to one transaction, so outputs show states between them`, ...(absence === null ? [] : [absence]), ...repeats, ...unreadable, ...this.#gaps.map((gap) => `${table}: a gap in the changes: ${gapText(gap)}`)];
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** How far each partition was read. */
  reached(): ReachedPartition[] {
    return this.#places.reached();
  }

  /** Throws SOURCE_GAP once what lies before a gap was given. */
  async next(): Promise<SourceBatch | null> {
    if (this.#failure !== null) throw this.#failure;
    const positions: number[] = [];
    const rejected: RejectedRow[] = [];
    while (positions.length < this.options.batchRows && rejected.length < 4096 && this.#failure === null) {
      const batch = await this.#source.next();
      if (batch === null) break;
      const piece = this.#events.piece(batch);
      for (let at = 0; at < batch.length; at += 1) {
        const bad = batch.kinds[at] === BAD ? batch.bad[batch.origins[at]!]! : null;
        if (bad === null && !isChange(batch, at)) continue;
        const change = bad === null ? this.#events.change(piece, at) : null;
        if (change !== null && this.#stopsBefore(change)) break;
        if (change !== null && this.#places.isRepeat(change)) {
          this.#repeats += 1;
          continue;
        }
        if (bad !== null && this.#unreadable === 0) this.#unreadableFirst = bad.error;
        if (bad !== null) this.#unreadable += 1;
        const position = this.#position;
        this.#position += 1;
        if (position < this.options.from) continue;
        const row = bad === null ? rowOf(piece, at, 0) : -1;
        if (row >= 0) {
          this.#rows.add(piece.tables[0]!, row, false);
          positions.push(position);
          continue;
        }
        const unreadable = bad === null ? batch.unreadable[~row]! : null;
        rejected.push({ position, column: unreadable?.column ?? null, error: bad?.error ?? unreadable!.error, value: bad?.line ?? unreadable!.line });
      }
    }
    if (positions.length === 0 && rejected.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      return null;
    }
    return { batch: this.#rows.take(), position: positions[0] ?? rejected[0]!.position, positions: Float64Array.from(positions), watermarks: null, rejected };
  }

  #stopsBefore(change: ChangeEvent<unknown>): boolean {
    const gap = this.#places.gapBefore(change);
    if (gap === null) return false;
    this.#gaps.push(gap);
    if (this.options.stopsAtGaps) this.#failure = gapError(gap);
    return this.options.stopsAtGaps;
  }

  fingerprint(): Promise<string> {
    return this.#source.fingerprint();
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
