/** The logical plan: what a pipeline computes, typed, with nothing said about how. Plain data; printed by `explain`. */
import type { Schema, SqlType } from '../core/types.js';
import type { UserAggregate } from '../functions/user-function.js';
import type { Expression, Place } from './expression.js';
import type { GlobalWindowNode } from './global-window.js';
import type { HaltsNode } from './halts.js';
import type { MatchNode } from './match.js';
import type { ProcessNode } from './process.js';

/** A table that is read: its declaration, resolved. */
export interface SourceTable {
  readonly name: string;
  /** Physical columns that a source delivers, in declared order (computed and metadata columns excluded). */
  readonly physical: Schema;
  /** Metadata columns delivered after the physical ones: `FROM 'key'` or the column's name. */
  readonly metadata: readonly { readonly name: string; readonly key: string; readonly type: SqlType }[];
  /** Every declared column in order, as expressions over physical then metadata columns. */
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly expression: Expression }[];
  /** WATERMARK FOR column AS expression (over physical then metadata columns); null for `SOURCE_WATERMARK()`. */
  readonly watermark: { readonly column: number; readonly expression: Expression | null; readonly place: Place } | null;
  readonly primaryKey: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly place: Place;
  /** Set where the table's format tells changes: the last two of its columns then say what each does, and are not declared. */
  readonly changeFormat?: ChangeFormat;
}

export type ChangeFormat = 'debezium-json' | 'debezium-avro-confluent';

/** A table that is written: an INSERT target, or `query_N` for a bare SELECT. */
export interface SinkTable {
  readonly name: string;
  /** A changelog has `_op` as its last column. */
  readonly schema: Schema;
  /**
   * How rows that change later are written, by `_op`: not at all (rows are only ever added); as upserts by `primaryKey`
   * (+I, +U, -D); or each change with what it takes back (+I, -U, +U, -D).
   */
  readonly changes: 'none' | 'upsert' | 'all';
  readonly primaryKey: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** Columns of the schema that are declared as METADATA: what the table's system keeps beside a row. */
  readonly metadata?: readonly { readonly column: number; readonly key: string }[];
}

/** Windows on the epoch, in milliseconds: [start, end) with start ≡ offset modulo slide (or step, or size). */
export type AlignedWindow =
  | { readonly kind: 'tumble'; readonly size: number; readonly offset: number }
  | { readonly kind: 'hop'; readonly size: number; readonly slide: number; readonly offset: number }
  | { readonly kind: 'cumulate'; readonly size: number; readonly step: number; readonly offset: number };

/** Rows of one key, none further than `gap` milliseconds from the next: [first, last + gap). */
export interface SessionWindow {
  readonly kind: 'session';
  readonly gap: number;
}

export type WindowSpec = AlignedWindow | SessionWindow;

export type AggregateName =
  | 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX' | 'STDDEV_POP' | 'STDDEV_SAMP' | 'VAR_POP' | 'VAR_SAMP'
  | 'FIRST_VALUE' | 'LAST_VALUE' | 'LAG' | 'USER';

/** Arguments and filter are columns of the operator's input (a projection below computes them). */
export interface AggregateCall {
  readonly name: AggregateName;
  /** Input column aggregated; null for COUNT(*). */
  readonly argument: number | null;
  readonly distinct: boolean;
  /** Boolean input column: only rows where it is true count. */
  readonly filter: number | null;
  /** LAG: how many rows back (1 by default), and the input column of the default value. */
  readonly offset?: number;
  readonly defaultColumn?: number | null;
  /** USER: the function, and the input columns of its arguments after the first. */
  readonly user?: UserAggregate;
  readonly more?: readonly number[];
  /** Type of the result, by Flink's rules. */
  readonly type: SqlType;
  readonly place: Place;
}

export type Frame =
  /** RANGE BETWEEN preceding ms PRECEDING AND CURRENT ROW; null: UNBOUNDED. Peers are included. */
  | { readonly kind: 'range'; readonly preceding: number | null }
  /** ROWS BETWEEN n PRECEDING AND CURRENT ROW; null: UNBOUNDED. */
  | { readonly kind: 'rows'; readonly preceding: number | null };

/** A column of ORDER BY. */
export interface SortKey {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

/** Which rows of a join have no partner and leave all the same; `semi` and `anti` deliver the left's columns only. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

/**
 * Two inputs, left and right: rows with equal keys (NULL equals nothing) for which `condition` holds. The left's
 * columns, then the right's, NULL where there is no partner. `condition` is over those columns; null in inner joins,
 * which have a filter above.
 */
interface JoinBase extends NodeBase {
  readonly inputs: readonly [PlanNode, PlanNode];
  readonly type: JoinType;
  /** Pairs of equal columns: of the left, of the right. */
  readonly keys: { readonly left: readonly number[]; readonly right: readonly number[] };
  readonly condition: Expression | null;
  readonly place: Place;
}

export type JoinNode =
  /** Rows match where left.time - right.time is within [lower, upper] milliseconds; they leave as they meet. */
  | JoinBase & { readonly kind: 'interval-join'; readonly times: readonly [number, number]; readonly lower: number; readonly upper: number }
  /** Each left row with the version of the right table that was valid at its time; leaves at the watermark. */
  | JoinBase & { readonly kind: 'temporal-join'; readonly times: readonly [number, number] }
  /** Every pair, updated for ever. A row not touched for `ttl` milliseconds (of the left, of the right) is forgotten. */
  | JoinBase & { readonly kind: 'join'; readonly ttl: readonly [number | null, number | null] }
  /** Rows of equal windows; leaves when the window fires. */
  | JoinBase & { readonly kind: 'window-join'; readonly windows: readonly [AttachedWindow, AttachedWindow] };

/** Columns that hold a row's window. */
export interface AttachedWindow {
  readonly start: number;
  readonly end: number;
}

/** ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) between `from` and `to` (1-based): Top-N, and with to = 1 deduplication. */
interface RankBase extends NodeBase {
  readonly input: PlanNode;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  readonly from: number;
  readonly to: number;
  /** The row number (BIGINT NOT NULL) is the last column. */
  readonly numbered: boolean;
  readonly place: Place;
}

export type UpdatingNode =
  /** Keys, then aggregates, updated for ever; a group not touched for `ttl` milliseconds is forgotten. */
  | NodeBase & {
      readonly kind: 'group-aggregate'; readonly input: PlanNode; readonly keys: readonly number[];
      readonly aggregates: readonly AggregateCall[]; readonly ttl: number | null; readonly place: Place;
    }
  /** The input's columns; updated for ever. */
  | RankBase & { readonly kind: 'rank'; readonly ttl: number | null };

/**
 * What a table's changes add up to: each row of a key with the one that it takes back. The input's columns without its
 * last two: what a row does (core/change.ts), and which of its values were not sent.
 */
export type ChangelogNode = NodeBase & { readonly kind: 'changelog'; readonly input: PlanNode; readonly keys: readonly number[]; readonly place: Place };

/** The input's columns, when the window fires. */
export type WindowRankNode = RankBase & { readonly kind: 'window-rank'; readonly attached: AttachedWindow };

/**
 * A node's `schema` is what it delivers; `rowtime` is the index of the event-time column (TIMESTAMP(3) or
 * TIMESTAMP_LTZ(3)) that its watermark speaks of, or null when the rows carry none any more.
 */
export interface NodeBase {
  readonly schema: Schema;
  readonly rowtime: number | null;
}

export type PlanNode =
  /** The declared columns of a source table. */
  | NodeBase & { readonly kind: 'scan'; readonly table: SourceTable }
  | NodeBase & { readonly kind: 'filter'; readonly input: PlanNode; readonly condition: Expression }
  | NodeBase & { readonly kind: 'project'; readonly input: PlanNode; readonly expressions: readonly Expression[] }
  /**
   * Rows with window_start, window_end (TIMESTAMP(3) NOT NULL) and window_time (rowtime) appended: once per window.
   * `partition`: the input's columns by which sessions are told apart; empty for other windows. A session's rows wait
   * until it fires; the others pass at once.
   */
  | NodeBase & {
      readonly kind: 'window'; readonly input: PlanNode; readonly time: number; readonly window: WindowSpec;
      readonly partition: readonly number[]; readonly place: Place;
    }
  /**
   * One row per key and window: keys' columns, aggregates, then window_start, window_end, window_time.
   * `time` is the event-time column of the input; without `window` the input rows are already windowed and
   * `time` is replaced by `attached`: the input's window_start and window_end columns. Sessions are those of the keys.
   */
  | NodeBase & {
      readonly kind: 'window-aggregate'; readonly input: PlanNode; readonly time: number; readonly window: WindowSpec | null;
      readonly attached: AttachedWindow | null;
      readonly keys: readonly number[]; readonly aggregates: readonly AggregateCall[]; readonly place: Place;
    }
  /** Input columns, then one column an aggregate; rows leave in event-time order at the watermark. */
  | NodeBase & {
      readonly kind: 'over'; readonly input: PlanNode; readonly time: number; readonly partition: readonly number[];
      readonly frame: Frame; readonly aggregates: readonly AggregateCall[]; readonly place: Place;
    }
  | NodeBase & { readonly kind: 'union'; readonly inputs: readonly PlanNode[] }
  | JoinNode
  | UpdatingNode
  | ChangelogNode
  | WindowRankNode
  | MatchNode
  | GlobalWindowNode
  | HaltsNode
  | ProcessNode;

/** A node that keeps state from row to row. */
export type StatefulNode = Exclude<PlanNode, { kind: 'scan' | 'filter' | 'project' | 'union' }>;

/** One INSERT or bare SELECT. Several statements may write one table. */
export interface Statement {
  readonly sink: SinkTable;
  readonly root: PlanNode;
  readonly place: Place;
}

export interface Pipeline {
  readonly sources: readonly SourceTable[];
  readonly sinks: readonly SinkTable[];
  readonly statements: readonly Statement[];
  /** From SET 'key' = 'value'. */
  readonly settings: Readonly<Record<string, string>>;
  /** Things the run should say: CURRENT_TIMESTAMP used, a watermark finer than 1 ms, and the like. */
  readonly remarks: readonly string[];
}
