/**
 * The syntax tree: what the text says, before any name or type is looked up. Plain frozen-by-type
 * data; every node has its place. Keywords in it are upper case, names are as the user wrote them.
 * Optional parts are `undefined` when absent and lists are empty, so that a node's shape is constant.
 */
import type { Place } from '../plan/expression.js';
import type { MatchRecognize } from './ast-match.js';

export interface SqlNode {
  readonly place: Place;
}

/** One identifier: `text` without its backticks, in the user's case (Flink's names are case-sensitive). */
export interface Name extends SqlNode {
  readonly text: string;
  readonly quoted: boolean;
}

/** `catalog.database.table`, `t.price`: one part or more. */
export interface QualifiedName extends SqlNode {
  readonly parts: readonly Name[];
}

export interface Script {
  readonly text: string;
  readonly statements: readonly Statement[];
}

// ---------------------------------------------------------------------------------- statements

export type Statement =
  | CreateTable | CreateView | Insert | QueryStatement | StatementSet | SetOption | ResetOption | UnsupportedStatement;

export interface CreateTable extends SqlNode {
  readonly kind: 'createTable';
  readonly name: QualifiedName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  /** In the order of the text, physical, computed and metadata columns mixed. */
  readonly columns: readonly ColumnDefinition[];
  /** Flink allows one; the tree holds what was written. */
  readonly watermarks: readonly WatermarkDefinition[];
  /** From column constraints and table constraints alike; more than one is the analyzer's to refuse. */
  readonly primaryKeys: readonly PrimaryKey[];
  readonly comment: string | undefined;
  readonly partitionedBy: readonly Name[];
  /** The place of a DISTRIBUTED clause: it has no meaning in replay. */
  readonly distributed: Place | undefined;
  readonly options: readonly TableOption[];
  /** CREATE TABLE … AS query. */
  readonly query: Query | undefined;
}

export type ColumnDefinition = PhysicalColumn | ComputedColumn | MetadataColumn;

export interface PhysicalColumn extends SqlNode {
  readonly kind: 'physicalColumn';
  readonly name: Name;
  readonly type: TypeName;
  readonly comment: string | undefined;
}

/** `name AS expression`. */
export interface ComputedColumn extends SqlNode {
  readonly kind: 'computedColumn';
  readonly name: Name;
  readonly expression: SqlExpression;
  readonly comment: string | undefined;
}

/** `name TYPE METADATA [FROM 'key'] [VIRTUAL]`; without FROM the key is the column's name. */
export interface MetadataColumn extends SqlNode {
  readonly kind: 'metadataColumn';
  readonly name: Name;
  readonly type: TypeName;
  readonly key: string;
  readonly virtual: boolean;
  readonly comment: string | undefined;
}

/** `WATERMARK FOR column AS expression`. */
export interface WatermarkDefinition extends SqlNode {
  readonly column: QualifiedName;
  readonly expression: SqlExpression;
}

export interface PrimaryKey extends SqlNode {
  readonly constraint: Name | undefined;
  readonly columns: readonly Name[];
  /** NOT ENFORCED was written, the only mode Flink takes. */
  readonly notEnforced: boolean;
}

/** `'key' = 'value'` of WITH or of OPTIONS; `place` spans both. */
export interface TableOption extends SqlNode {
  readonly key: string;
  readonly value: string;
}

export interface CreateView extends SqlNode {
  readonly kind: 'createView';
  readonly name: QualifiedName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  /** Empty: the query's own names. */
  readonly columns: readonly Name[];
  readonly comment: string | undefined;
  readonly query: Query;
}

export interface Insert extends SqlNode {
  readonly kind: 'insert';
  readonly target: QualifiedName;
  readonly overwrite: boolean;
  readonly hints: readonly Hint[];
  /** Empty: positional. */
  readonly columns: readonly Name[];
  /** `PARTITION (a = 1)` was written here. */
  readonly partition: Place | undefined;
  readonly query: Query;
}

/** A query by itself: its rows go to an output of their own. */
export interface QueryStatement extends SqlNode {
  readonly kind: 'queryStatement';
  readonly query: Query;
}

/** `EXECUTE STATEMENT SET BEGIN … END;` or `BEGIN STATEMENT SET; … END;` */
export interface StatementSet extends SqlNode {
  readonly kind: 'statementSet';
  readonly inserts: readonly Insert[];
}

/** `SET 'key' = 'value'`, or `SET key = value` as the SQL client takes it. A bare `SET` is unsupported. */
export interface SetOption extends SqlNode {
  readonly kind: 'set';
  readonly key: string;
  readonly value: string;
}

export interface ResetOption extends SqlNode {
  readonly kind: 'reset';
  /** Undefined: all. */
  readonly key: string | undefined;
}

/** A statement that was recognised and skipped up to its semicolon: `what` is its first words, `DROP TABLE`. */
export interface UnsupportedStatement extends SqlNode {
  readonly kind: 'unsupported';
  readonly what: string;
}

// -------------------------------------------------------------------------------------- types

/**
 * A type as written, synonyms made one: INTEGER is INT; DEC and NUMERIC are DECIMAL; DOUBLE PRECISION is
 * DOUBLE; CHARACTER is CHAR; TIMESTAMP … WITH LOCAL TIME ZONE is TIMESTAMP_LTZ, … WITH TIME ZONE is
 * TIMESTAMP_TZ. Any other word is kept as its upper case, for the analyzer to refuse.
 */
export interface TypeName extends SqlNode {
  readonly name: string;
  /** `DECIMAL(10, 2)`: [10, 2]. */
  readonly parameters: readonly number[];
  /** ARRAY, MULTISET: one type; MAP: key and value; ROW: its fields' types. */
  readonly elements: readonly TypeName[];
  /** ROW only: as many as `elements`. */
  readonly fields: readonly Name[];
  /** False after NOT NULL. */
  readonly nullable: boolean;
}

// ------------------------------------------------------------------------------------ queries

export interface Query extends SqlNode {
  readonly kind: 'query';
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  /** LIMIT n or FETCH FIRST n ROWS ONLY; LIMIT ALL is undefined. */
  readonly limit: SqlExpression | undefined;
  readonly offset: SqlExpression | undefined;
}

export interface CommonTable extends SqlNode {
  readonly name: Name;
  readonly columns: readonly Name[];
  readonly query: Query;
}

/** A query in parentheses that has its own WITH, ORDER BY or LIMIT stays a `Query`. */
export type QueryBody = Select | SetOperation | Values | Query;

export interface Select extends SqlNode {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly hints: readonly Hint[];
  readonly items: readonly SelectItem[];
  /** `FROM a, b` is a CROSS join with `comma` true. */
  readonly from: TableReference | undefined;
  readonly where: SqlExpression | undefined;
  readonly groupBy: GroupBy | undefined;
  readonly having: SqlExpression | undefined;
  readonly windows: readonly NamedWindow[];
  readonly qualify: SqlExpression | undefined;
}

export type SelectItem = SelectStar | SelectExpression;

/** `*`, or `t.*` with its qualifier. */
export interface SelectStar extends SqlNode {
  readonly kind: 'selectStar';
  readonly qualifier: QualifiedName | undefined;
}

export interface SelectExpression extends SqlNode {
  readonly kind: 'selectExpression';
  readonly expression: SqlExpression;
  readonly alias: Name | undefined;
}

export interface SetOperation extends SqlNode {
  readonly kind: 'setOperation';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

/** `VALUES (1, 'a'), (2, 'b')`: a row without parentheses has one value. */
export interface Values extends SqlNode {
  readonly kind: 'values';
  readonly rows: readonly (readonly SqlExpression[])[];
}

export interface GroupBy extends SqlNode {
  readonly distinct: boolean;
  readonly items: readonly GroupItem[];
}

export type GroupItem = GroupExpression | GroupingSets;

export interface GroupExpression extends SqlNode {
  readonly kind: 'groupExpression';
  readonly expression: SqlExpression;
}

/** GROUPING SETS, ROLLUP or CUBE; each set is its expressions, `()` has none. */
export interface GroupingSets extends SqlNode {
  readonly kind: 'groupingSets';
  readonly form: 'GROUPING SETS' | 'ROLLUP' | 'CUBE';
  readonly sets: readonly (readonly SqlExpression[])[];
}

export interface OrderItem extends SqlNode {
  readonly expression: SqlExpression;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST' | undefined;
}

/** `WINDOW w AS (…)`. */
export interface NamedWindow extends SqlNode {
  readonly name: Name;
  readonly window: WindowSpecification;
}

/** What stands in OVER's parentheses. `OVER w` has only `base`. */
export interface WindowSpecification extends SqlNode {
  /** A named window this one is, or extends. */
  readonly base: Name | undefined;
  readonly partitionBy: readonly SqlExpression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: Frame | undefined;
}

/** `ROWS UNBOUNDED PRECEDING` has `end` CURRENT ROW, with that frame's place. */
export interface Frame extends SqlNode {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end: FrameBound;
}

export interface FrameBound extends SqlNode {
  readonly kind: 'UNBOUNDED PRECEDING' | 'PRECEDING' | 'CURRENT ROW' | 'FOLLOWING' | 'UNBOUNDED FOLLOWING';
  /** PRECEDING and FOLLOWING only. */
  readonly offset: SqlExpression | undefined;
}

/** `NAME(…)` of a hint comment; `OPTIONS('k' = 'v')` has its options, any other hint none. */
export interface Hint extends SqlNode {
  readonly name: string;
  readonly options: readonly TableOption[];
}

// ----------------------------------------------------------------------------------- FROM

export type TableReference = NamedTable | DerivedTable | TableFunction | Join | MatchRecognize;

/** `AS name (columns)`. */
export interface TableAlias extends SqlNode {
  readonly name: Name;
  readonly columns: readonly Name[];
}

export interface NamedTable extends SqlNode {
  readonly kind: 'table';
  readonly name: QualifiedName;
  readonly hints: readonly Hint[];
  /** FOR SYSTEM_TIME AS OF expression. */
  readonly systemTime: SqlExpression | undefined;
  readonly alias: TableAlias | undefined;
}

export interface DerivedTable extends SqlNode {
  readonly kind: 'derivedTable';
  readonly lateral: boolean;
  readonly query: Query;
  readonly alias: TableAlias | undefined;
}

/** `TABLE(TUMBLE(…))`, `LATERAL TABLE(f(x))`, `UNNEST(x)`, or the call without its TABLE wrapper. */
export interface TableFunction extends SqlNode {
  readonly kind: 'tableFunction';
  /** Upper case. */
  readonly name: string;
  readonly lateral: boolean;
  readonly args: readonly TableArgument[];
  readonly ordinality: boolean;
  readonly alias: TableAlias | undefined;
}

/** Positional, or `SIZE => INTERVAL …` with its name in upper case. */
export interface TableArgument extends SqlNode {
  readonly name: string | undefined;
  readonly value: TableInput | Descriptor | SqlExpression;
}

/** `TABLE t [PARTITION BY …] [ORDER BY …]`, or a query in parentheses in the same role. */
export interface TableInput extends SqlNode {
  readonly kind: 'tableInput';
  readonly input: NamedTable | DerivedTable;
  readonly partitionBy: readonly SqlExpression[];
  readonly orderBy: readonly OrderItem[];
}

/** `DESCRIPTOR(a, b)`. */
export interface Descriptor extends SqlNode {
  readonly kind: 'descriptor';
  readonly columns: readonly Name[];
}

export interface Join extends SqlNode {
  readonly kind: 'join';
  readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
  readonly natural: boolean;
  /** Written as `a, b`. */
  readonly comma: boolean;
  readonly left: TableReference;
  readonly right: TableReference;
  readonly on: SqlExpression | undefined;
  readonly using: readonly Name[];
}

// -------------------------------------------------------------------------------- expressions

export type SqlExpression =
  | NumberLiteral | StringLiteral | BooleanLiteral | NullLiteral | TemporalLiteral | IntervalLiteral
  | ColumnName | Unary | Binary | IsTest | DistinctFrom | Between | InList | InQuery | Like
  | Case | Cast | Call | Extract | RoundTo | TimestampCall | Trim
  | RowValue | ArrayValue | MapValue | ItemAccess | FieldAccess | Exists | ScalarQuery;

/** `text` as written, without sign: `12` integer, `1.50` decimal, `1e3` double. */
export interface NumberLiteral extends SqlNode {
  readonly kind: 'number';
  readonly form: 'integer' | 'decimal' | 'double';
  readonly text: string;
}

export interface StringLiteral extends SqlNode {
  readonly kind: 'string';
  readonly value: string;
}

export interface BooleanLiteral extends SqlNode {
  readonly kind: 'boolean';
  /** `UNKNOWN` is null. */
  readonly value: boolean | null;
}

export interface NullLiteral extends SqlNode {
  readonly kind: 'null';
}

/** `TIMESTAMP '2024-01-02 10:00:00'`; its text has not been read. */
export interface TemporalLiteral extends SqlNode {
  readonly kind: 'temporal';
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly text: string;
}

export type IntervalField = 'YEAR' | 'QUARTER' | 'MONTH' | 'WEEK' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';

/** `INTERVAL '1:30' MINUTE TO SECOND`, read and checked. */
export interface IntervalLiteral extends SqlNode {
  readonly kind: 'interval';
  /** INTERVAL_DAY: `value` is milliseconds; INTERVAL_MONTH: months. Negative when written so. */
  readonly type: 'INTERVAL_DAY' | 'INTERVAL_MONTH';
  readonly value: number;
  readonly from: IntervalField;
  readonly to: IntervalField | undefined;
}

/** `price`, `t.price`, `row.field`: which it is, the analyzer knows. */
export interface ColumnName extends SqlNode {
  readonly kind: 'name';
  readonly parts: readonly Name[];
}

export interface Unary extends SqlNode {
  readonly kind: 'unary';
  readonly operator: 'NOT' | '-' | '+';
  readonly operand: SqlExpression;
}

export type BinaryOperator = 'OR' | 'AND' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '||' | '+' | '-' | '*' | '/' | '%';

/** `!=` is told as `<>`. */
export interface Binary extends SqlNode {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: SqlExpression;
  readonly right: SqlExpression;
}

/** `x IS [NOT] NULL` and its like. */
export interface IsTest extends SqlNode {
  readonly kind: 'is';
  readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
  readonly negated: boolean;
  readonly operand: SqlExpression;
}

/** `a IS [NOT] DISTINCT FROM b`; `negated` is with NOT. */
export interface DistinctFrom extends SqlNode {
  readonly kind: 'distinctFrom';
  readonly negated: boolean;
  readonly left: SqlExpression;
  readonly right: SqlExpression;
}

export interface Between extends SqlNode {
  readonly kind: 'between';
  readonly negated: boolean;
  readonly symmetric: boolean;
  readonly operand: SqlExpression;
  readonly low: SqlExpression;
  readonly high: SqlExpression;
}

export interface InList extends SqlNode {
  readonly kind: 'inList';
  readonly negated: boolean;
  readonly operand: SqlExpression;
  readonly list: readonly SqlExpression[];
}

export interface InQuery extends SqlNode {
  readonly kind: 'inQuery';
  readonly negated: boolean;
  readonly operand: SqlExpression;
  readonly query: Query;
}

export interface Like extends SqlNode {
  readonly kind: 'like';
  readonly operator: 'LIKE' | 'SIMILAR TO';
  readonly negated: boolean;
  readonly operand: SqlExpression;
  readonly pattern: SqlExpression;
  readonly escape: SqlExpression | undefined;
}

export interface Case extends SqlNode {
  readonly kind: 'case';
  /** `CASE operand WHEN value …`; undefined in `CASE WHEN condition …`. */
  readonly operand: SqlExpression | undefined;
  readonly branches: readonly { readonly when: SqlExpression; readonly then: SqlExpression }[];
  readonly otherwise: SqlExpression | undefined;
}

/** CAST, or TRY_CAST when `safe`. */
export interface Cast extends SqlNode {
  readonly kind: 'cast';
  readonly safe: boolean;
  readonly operand: SqlExpression;
  readonly type: TypeName;
}

/**
 * A function of any kind. `COUNT(*)` has `star`; `CURRENT_TIMESTAMP` without parentheses has no
 * arguments; `SUBSTRING(x FROM a FOR b)`, `POSITION(a IN b)` and `OVERLAY(…)` have theirs in the order
 * of the text.
 */
export interface Call extends SqlNode {
  readonly kind: 'call';
  /** Upper case, the parts of a qualified name joined with a dot. */
  readonly name: string;
  readonly args: readonly SqlExpression[];
  readonly star: boolean;
  readonly distinct: boolean;
  /** FILTER (WHERE …) */
  readonly filter: SqlExpression | undefined;
  readonly nulls: 'IGNORE' | 'RESPECT' | undefined;
  readonly withinGroup: readonly OrderItem[];
  readonly over: WindowSpecification | undefined;
}

/** Unit of EXTRACT, FLOOR … TO, TIMESTAMPDIFF: upper case, as written (`DAY`, `DOW`, `EPOCH`, …). */
export interface Extract extends SqlNode {
  readonly kind: 'extract';
  readonly unit: string;
  readonly operand: SqlExpression;
}

/** `FLOOR(x TO unit)`, `CEIL(x TO unit)`; CEILING is CEIL. */
export interface RoundTo extends SqlNode {
  readonly kind: 'roundTo';
  readonly name: 'FLOOR' | 'CEIL';
  readonly operand: SqlExpression;
  readonly unit: string;
}

/** `TIMESTAMPADD(unit, count, time)` or `TIMESTAMPDIFF(unit, from, to)`: `args` are the latter two. */
export interface TimestampCall extends SqlNode {
  readonly kind: 'timestampCall';
  readonly name: 'TIMESTAMPADD' | 'TIMESTAMPDIFF';
  readonly unit: string;
  readonly args: readonly [SqlExpression, SqlExpression];
}

/** `TRIM([BOTH|LEADING|TRAILING] [characters] FROM operand)`, or `TRIM(operand)`. */
export interface Trim extends SqlNode {
  readonly kind: 'trim';
  readonly side: 'BOTH' | 'LEADING' | 'TRAILING';
  readonly characters: SqlExpression | undefined;
  readonly operand: SqlExpression;
}

/** `ROW(a, b)` or `(a, b)`. */
export interface RowValue extends SqlNode {
  readonly kind: 'row';
  readonly values: readonly SqlExpression[];
}

export interface ArrayValue extends SqlNode {
  readonly kind: 'array';
  readonly values: readonly SqlExpression[];
}

/** `MAP[k1, v1, k2, v2]`, in that order. */
export interface MapValue extends SqlNode {
  readonly kind: 'map';
  readonly values: readonly SqlExpression[];
}

/** `x[index]`. */
export interface ItemAccess extends SqlNode {
  readonly kind: 'item';
  readonly operand: SqlExpression;
  readonly index: SqlExpression;
}

/** `f(x).y`, `(x).y`; a chain of plain names is a `ColumnName`. */
export interface FieldAccess extends SqlNode {
  readonly kind: 'field';
  readonly operand: SqlExpression;
  readonly name: Name;
}

export interface Exists extends SqlNode {
  readonly kind: 'exists';
  readonly query: Query;
}

/** A query in parentheses as a value. */
export interface ScalarQuery extends SqlNode {
  readonly kind: 'scalarQuery';
  readonly query: Query;
}
