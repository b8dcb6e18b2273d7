/**
 * Matches by definition: from each row on, every way of giving the rows that follow to the variables is tried, row by
 * row; a match is whole with the first row that completes one of them.
 */
import { isPossessive } from '../../../src/plan/match.js';
import type { Match } from './random-matches.js';

export interface KeyRow {
  readonly time: number;
  readonly qty: number | null;
}

/** Rows of each variable, by index. */
export type Mapping = readonly (readonly number[])[];

interface Way {
  /** The variable that the next row may be of, and how many rows it has. */
  readonly variable: number;
  readonly mapping: Mapping;
}

export interface Matches {
  /**
   * All mappings with which the first match from row `start` on can end; empty: there is none. Null: the rows end before
   * that is known, so that no later match is known to be the next.
   */
  from(start: number): readonly Mapping[] | null;
  /** The event time at which that is known; null: never. */
  known(start: number): number | null;
  /** Where the search goes on after it. */
  next(mapping: Mapping): number;
}

export function matchesIn(rows: readonly KeyRow[], { variables, skip, within }: Match): Matches {
  const qty = (row: number): number | null => rows[row]!.qty;
  const rowsOf = (mapping: Mapping): number[] => mapping.flat().sort((a, b) => a - b);

  const holds = (variable: number, row: number, mapping: Mapping): boolean => variables[variable]!.condition.holds(qty, {
    row, before: row === 0 ? null : row - 1, all: [...rowsOf(mapping), row], of: (other) => (other === variable ? [...mapping[other]!, row] : mapping[other]!),
  });
  /** Whether the variable can be left with row `row` not its own: a greedy one takes every row that it may take. */
  const mayLeave = (variable: number, row: number, mapping: Mapping, count: number): boolean => {
    const { min, max } = variables[variable]!;
    return count === max || (count >= min && !(isPossessive(variables[variable]!) && holds(variable, row, mapping)));
  };

  /** The ways to take `row` after `way`. */
  function* taking({ variable, mapping }: Way, row: number): Generator<Way> {
    for (let v = variable; v < variables.length; v += 1) {
      const count = mapping[v]!.length;
      if (count !== variables[v]!.max && holds(v, row, mapping)) yield { variable: v, mapping: mapping.map((taken, index) => (index === v ? [...taken, row] : taken)) };
      if (!mayLeave(v, row, mapping, count)) return;
    }
  }

  const isWhole = ({ variable, mapping }: Way): boolean => variables.every(({ min }, v) => v < variable || mapping[v]!.length >= min);

  /** The mappings that the first row to complete any completes, and when it is known that there are these, or none. */
  function search(start: number): { readonly whole: readonly Mapping[]; readonly known: number | null } {
    let ways: Way[] = [{ variable: 0, mapping: variables.map(() => []) }];
    const timeOut = within === null ? null : rows[start]!.time + within;
    for (let row = start; row < rows.length; row += 1) {
      const { time } = rows[row]!;
      if (timeOut !== null && time >= timeOut) return { whole: [], known: timeOut };
      const taken = ways.flatMap((way) => [...taking(way, row)]);
      const whole = taken.filter(isWhole).map(({ mapping }) => mapping);
      if (whole.length > 0 || taken.length === 0) return { whole, known: time };
      ways = taken;
    }
    return { whole: [], known: timeOut };
  }

  return {
    from(start) {
      const { whole, known } = search(start);
      return known === null ? null : whole;
    },
    known: (start) => search(start).known,
    next(mapping) {
      const all = rowsOf(mapping);
      if (skip.to === 'past') return all.at(-1)! + 1;
      if (skip.to === 'next') return all[0]! + 1;
      return (skip.to === 'first' ? mapping[skip.variable]![0] : mapping[skip.variable]!.at(-1))!;
    },
  };
}
