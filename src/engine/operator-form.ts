/** What an operator of the plan takes in and gives, once it is known which of its columns anyone asks for. */
import type { Schema } from '../core/types.js';
import type { Operator, TwoInputOperator } from '../operators/operator.js';
import type { StatefulNode } from '../plan/plan.js';
import { joinForm } from './join-form.js';
import { overForm, windowAggregateForm, windowForm } from './window-form.js';
import { matchForm } from './match-form.js';
import { processForm } from './process-form.js';
import { globalWindowForm, haltsForm } from './timeline-form.js';
import { changelogForm } from './changelog-form.js';
import { groupAggregateForm, rankForm } from './updating-form.js';

export type MadeOperator =
  | { readonly inputs: 1; readonly operator: Operator }
  | { readonly inputs: 2; readonly operator: TwoInputOperator };

export interface OperatorForm {
  /** Of each input, the columns that are taken in, ascending. */
  readonly columns: readonly (readonly number[])[];
  readonly schema: Schema;
  /** Which of its columns, by `schema`, a column of the plan node is; those that nobody asks for are left out. */
  readonly map: ReadonlyMap<number, number>;
  make(name: string): MadeOperator;
}

/** The form of `node` when `needs` of its columns are asked for. */
export function formOf(node: StatefulNode, needs: ReadonlySet<number>): OperatorForm {
  switch (node.kind) {
    case 'window': return windowForm(node, needs);
    case 'window-aggregate': return windowAggregateForm(node, needs);
    case 'over': return overForm(node, needs);
    case 'group-aggregate': return groupAggregateForm(node, needs);
    case 'changelog': return changelogForm(node, needs);
    case 'rank': case 'window-rank': return rankForm(node, needs);
    case 'process': return processForm(node);
    case 'match': return matchForm(node);
    case 'global-window': return globalWindowForm(node, needs);
    case 'halts': return haltsForm(node);
    case 'interval-join': case 'temporal-join': case 'join': case 'window-join': return joinForm(node, needs);
  }
}

export const ascending = (columns: Iterable<number>): number[] => [...new Set(columns)].sort((a, b) => a - b);

/** Columns of `input` by `columns`, in that order. */
export const picked = (input: Schema, columns: readonly number[]): Schema => columns.map((column) => input[column]!);
