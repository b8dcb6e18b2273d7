/** What is known of a function of the user's without its code: enough to plan with, never to run. */
import type { ColumnTypes, ProcessDeclaration } from './process-function.js';
import type { DeclaredType } from './declared-types.js';
import { failure } from './kernel.js';
import type { FunctionDeclaration } from './user-functions.js';
import type { AggregateDeclaration, NullRule, ScalarDeclaration } from './user-function.js';

/** Plain data. */
export interface FunctionSignature {
  readonly kind: 'scalar' | 'aggregate' | 'process';
  readonly name: string;
  /** Types of arguments and of the result; empty for an operator. */
  readonly args: readonly string[];
  readonly returns: string;
  readonly nulls: string;
  /** Columns of an operator: what it reads, and what it puts out. */
  readonly input: Readonly<Record<string, string>>;
  readonly output: Readonly<Record<string, string>>;
  readonly order: string;
  /** Optional parts that its code has. */
  readonly can: readonly string[];
}

const optionalParts = ['retract', 'merge', 'encode', 'decode', 'onTimer'] as const;

export function signatureOf(declaration: FunctionDeclaration): FunctionSignature {
  const code = declaration as unknown as Readonly<Record<string, unknown>>;
  const can = optionalParts.filter((part) => typeof code[part] === 'function');
  const { name } = declaration;
  if ('onRow' in declaration) {
    return { kind: 'process', name, args: [], returns: '', nulls: '', input: declaration.input, output: declaration.output, order: declaration.order ?? 'event time', can };
  }
  const { args, returns, nulls = 'skip' } = declaration;
  return { kind: 'evaluate' in declaration ? 'scalar' : 'aggregate', name, args, returns, nulls, input: {}, output: {}, order: '', can };
}

/** A declaration of that signature, whose code is not there. */
export function declarationOf({ kind, name, args, returns, nulls, input, output, order, can }: FunctionSignature): FunctionDeclaration {
  // What is computed again for a report says so, and goes on without.
  const absent = (): never => {
    throw failure(`the code of ${name} is not there`);
  };
  const parts = Object.fromEntries(can.map((part) => [part, absent]));
  if (kind === 'process') {
    // State is asked for when the operator is made.
    const columns = { input: input as ColumnTypes, output: output as ColumnTypes };
    return { ...parts, name, ...columns, order: order as NonNullable<ProcessDeclaration['order']>, state: () => null, onRow: absent, encode: () => null, decode: () => null };
  }
  const signature = { name, args: args as readonly DeclaredType[], returns: returns as DeclaredType, nulls: nulls as NullRule };
  if (kind === 'scalar') return { ...signature, evaluate: absent } satisfies ScalarDeclaration;
  return { ...parts, ...signature, create: () => null, add: absent, result: absent, encode: () => null, decode: () => null } satisfies AggregateDeclaration;
}
