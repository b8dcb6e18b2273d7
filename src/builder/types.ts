/** What the compiler knows of columns and expressions: SQL types as texts, and what comes of mixing them. */
import type { BaseOf, DeclaredType, KindOf, TimeName } from '../functions/declared-types.js';
import type { ColumnTypes } from '../functions/process-function.js';
import type { Typed, Value } from './value.js';

export type { ColumnTypes, DeclaredType };

/** Of a row, or of the rows of a group or frame. */
export type Scope = 'row' | 'group';

type Decimal = `DECIMAL(${number}, ${number})`;
type WithNull<T extends string> = T | `${T} NOT NULL`;

export type NumericType = WithNull<'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | Decimal>;
export type TextType = WithNull<'STRING'>;
export type BooleanType = WithNull<'BOOLEAN'>;
export type TimeType = WithNull<TimeName | 'DATE'>;

export type TypeOf<V> = V extends Typed<infer T, Scope> ? T : V extends number | bigint ? NumberType<V> : V extends string ? 'STRING NOT NULL' : V extends boolean ? 'BOOLEAN NOT NULL' : V extends null ? 'INT' : never;
export type ScopeOf<V> = V extends Typed<DeclaredType, infer S> ? S : never;

/** 0.5 is a DOUBLE, 2 an INT. */
type NumberType<N extends number | bigint> = `${N}` extends `${string}.${string}` ? 'DOUBLE NOT NULL' : 'INT NOT NULL';

type IsNotNull<T> = T extends `${string} NOT NULL` ? true : false;
/** `Base`, which may be NULL where one of the operands may. */
export type Result<Base extends string, A, B = A> = [IsNotNull<A>, IsNotNull<B>] extends [true, true] ? Extract<`${Base} NOT NULL`, DeclaredType> : Extract<Base, DeclaredType>;

/** Columns of two queries under one another. */
export type Merged<C extends ColumnTypes, D extends ColumnTypes> = { readonly [Name in keyof C]: Name extends keyof D ? Result<BaseOf<C[Name]>, C[Name], D[Name]> : never };

/** What arithmetic of two numbers is. */
type ArithmeticBase<A extends string, B extends string> =
  'DOUBLE' extends A | B ? 'DOUBLE'
  : 'FLOAT' extends A | B ? ('DECIMAL' extends A | B ? 'DOUBLE' : 'FLOAT')
  : 'DECIMAL' extends A | B ? Decimal
  : 'BIGINT' extends A | B ? 'BIGINT'
  : 'INT';
export type Arithmetic<A extends string, B extends string> = Result<ArithmeticBase<KindOf<A>, KindOf<B>>, A, B>;

/** What stands beside a value of type T in a comparison. */
export type Comparable<T> =
  T extends NumericType ? number | bigint | Typed<NumericType, Scope>
  : T extends TextType ? string | Typed<TextType, Scope>
  : T extends BooleanType ? boolean | Typed<BooleanType, Scope>
  : T extends TimeType ? Typed<TimeType, Scope>
  : never;

/** Constants and values that may be given for a declared type. */
export type Given<T extends string> = Comparable<T> | null;

/** A row in expressions. */
export type Row<C extends ColumnTypes, S extends Scope = 'row'> = { readonly [Name in keyof C]: Value<C[Name], S> };

/** Values by the names of the columns that they become. */
export type Values<S extends Scope = Scope> = Readonly<Record<string, Typed<DeclaredType, S>>>;

/** The columns that values become. */
export type ColumnsOf<V extends Values> = { readonly [Name in keyof V]: V[Name] extends Typed<infer T, Scope> ? T : never };

/** Columns of A, and those of B, which replace those of the same name. */
export type Both<A extends ColumnTypes, B extends ColumnTypes> = { readonly [Name in keyof A | keyof B]: Name extends keyof B ? B[Name] : Name extends keyof A ? A[Name] : never };

export type NameOf<C extends ColumnTypes> = keyof C & string;

export type WindowColumns = Readonly<Record<'window_start' | 'window_end' | 'window_time', 'TIMESTAMP(3) NOT NULL'>>;

type Family<T> = T extends NumericType ? 'a number' : T extends TextType ? 'a text' : T extends BooleanType ? 'a truth' : T extends TimeType ? 'a time' : never;
/** Columns of a sink that rows do not fill, or with values of another kind. */
type Unfilled<C extends ColumnTypes, S extends ColumnTypes> = { [Name in keyof S & string]: Name extends keyof C ? (Family<C[Name]> extends Family<S[Name]> ? never : Name) : Name }[keyof S & string];

/** No obstacle where the columns C fill the columns S; else a type that says which do not. */
export type Fills<C extends ColumnTypes, S extends ColumnTypes> = [Unfilled<C, S>] extends [never] ? unknown : { readonly problem: `the rows do not fill column '${Unfilled<C, S>}' with a value of its kind` };

export type Nullable<T extends string> = Extract<BaseOf<T>, DeclaredType>;
